"""The command `atlas`: a table of commands, each loaded from its own file only when it is asked for."""

import importlib
import sys
from typing import Final

import click

_ROOM: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 110}

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "demo": ("api.cli.demo", "Run two simulated plants live, with everything that belongs to it."),
    "run": ("api.cli.demo", "Run your own plants live, from their plant files."),
    "status": ("api.cli.status", "Tell what runs, where, and how it is."),
    "doctor": ("api.cli.doctor", "Tell what this machine has, lacks, and how long its disk will last."),
    "plant": ("api.cli.plant", "Write, check, show, compare, draw, import and store plants."),
    "portfolio": ("api.cli.portfolio", "Check, draw and store portfolios of plants."),
    "simulator": ("api.cli.simulator", "Check a simulator file, and try its simulator."),
    "models": ("api.cli.models", "List learned models, show their cards, and choose which is in use."),
    "train": ("api.cli.train", "Teach a plant's learned model anew."),
    "trace": ("api.cli.trace", "Show the way of a tag's newest reading, from sensor to screen."),
    "what-if": ("api.cli.what_if", "Ask what a change would do, from the state a plant is in now."),
    "letters": ("api.cli.letters", "List what could not be stored, and release it once its cause is mended."),
    "keys": ("api.cli.keys", "Create, admit, list and revoke API keys."),
    "simulate": ("api.cli.processes", "Serve the simulated plants over OPC UA."),
    "connect": ("api.cli.processes", "Read the plants' sources and send their readings on."),
    "work": ("api.cli.processes", "Keep the plants' live twins."),
    "store": ("api.cli.processes", "Write readings into the database."),
    "keep": ("api.cli.processes", "Send events out, roll readings up, forget what is old."),
    "jobs": ("api.cli.processes", "Compute the answers to questions."),
    "serve": ("api.cli.processes", "Serve the HTTP API."),
    "dashboard": ("api.cli.processes", "Serve the dashboard."),
    "bench": ("api.cli.bench", "Measure this machine's throughput and latency."),
}
"""Name of each command, the module that holds it (under the same name), and its line in the help."""


class LazyCommands(click.Group):
    """A group whose commands are imported when they are called, so that help and completion stay quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command from its file."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(importlib.import_module(COMMANDS[cmd_name][0]), cmd_name.replace("-", "_"))
        if not isinstance(command, click.Command):
            raise TypeError(f"{COMMANDS[cmd_name][0]}.{cmd_name} is no command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_module, text) in COMMANDS.items()])


@click.command(cls=LazyCommands, context_settings=_ROOM)
@click.version_option(package_name="atlas-live", prog_name="atlas")
def cli() -> None:
    """Atlas Live: a streaming digital twin for process plants.

    'atlas demo' shows it; 'atlas run --plant FILE' runs it for a plant of yours.
    """


def main() -> None:
    """Run a command; what a user can mend is told in plain words, with exit code 1 (2 for wrong usage)."""
    try:
        code = cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except Exception as error:
        if not _is_expected(error):
            raise
        click.echo(f"atlas: {error}", err=True)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


def _is_expected(error: Exception) -> bool:
    """Whether an error is one of ours, whose text names the remedy; the trees are imported only now."""
    from twin.atlas.errors import AtlasError

    if isinstance(error, AtlasError):
        return True
    from api.client.errors import ApiClientError

    return isinstance(error, ApiClientError)
