"""`docs/reference/commands.md`, from the click commands."""

import inspect
from collections.abc import Iterator
from typing import Final

import click
from generate.markdown import code, table

from api.cli.main import cli

_HEAD: Final = """# Commands

`atlas` lies in `.venv/bin` after `make demo`; `atlas-live` is the same command under a longer name. Each command takes
`--help`. A fault that you can mend is told in plain words, with exit code 1; a wrong use of a command has exit code 2.

This page is written by `make docs` from `api/cli/`.
"""


def text() -> str:
    """The page."""
    return "\n".join([_HEAD, *_sections(cli, "atlas")])


def _sections(group: click.Group, path: str) -> Iterator[str]:
    with click.Context(group, info_name=path) as context:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            if command is None:
                raise LookupError(f"{path} lists {name} and does not have it")
            yield from _section(command, f"{path} {name}")
            if isinstance(command, click.Group):
                yield from _sections(command, f"{path} {name}")


def _section(command: click.Command, path: str) -> Iterator[str]:
    with click.Context(command, info_name=path.rpartition(" ")[2]) as context:
        pieces = " ".join(command.collect_usage_pieces(context))
        yield f"## {path}\n\n    {path} {pieces}\n\n{inspect.cleandoc(command.help or '')}\n"
        rows = [_row(option) for option in command.params if isinstance(option, click.Option)]
        if rows:
            yield table(("option", "what it does"), rows) + "\n"


def _row(option: click.Option) -> tuple[str, str]:
    value = "" if option.is_flag else f" {_value(option.type)}"
    default = f" [{option.default}]" if option.show_default and option.default is not None else ""
    return code(", ".join(option.opts) + value), f"{option.help}{default}"


def _value(kind: click.ParamType) -> str:
    if isinstance(kind, click.Choice):
        return "|".join(kind.choices)
    return {"integer": "NUMBER", "float": "NUMBER", "directory": "FOLDER"}.get(kind.name.split()[0], kind.name.upper())
