"""`atlas keys`: create, admit, list and revoke API keys."""

from pathlib import Path

import click

from api.cli import key_file


@click.group()
def keys() -> None:
    """Create, admit, list and revoke API keys.

    The file is ATLAS_KEYS_FILE, or keys.json in the data folder; a running API takes a change up by itself.
    """


def _path(file: Path | None) -> Path:
    from api.settings import load

    return load(keys_file=file).keys_path


_file = click.option("--file", type=click.Path(path_type=Path), help="Key file instead of the settings' one.")

_role = click.option("--role", type=click.Choice(key_file.ROLES), default="viewer", show_default=True,
                     help="What the key may do; docs/reference/http-api.md lists it.")  # fmt: skip


@keys.command()
@click.argument("name")
@_role
@_file
def create(name: str, role: str, file: Path | None) -> None:
    """Make a key called NAME and print it: this one time only."""
    path = _path(file)
    click.echo(key_file.create(path, name, role))
    click.echo(f"Stored its hash in {path}; the key itself is not kept, so copy it now.", err=True)


@keys.command()
@click.argument("name")
@_role
@_file
def admit(name: str, role: str, file: Path | None) -> None:
    """Let in a key that was made elsewhere, that of ATLAS_API_KEY, as NAME; it replaces the one of that name.

    This is for containers, where the key is a secret like any other and known before anything runs.
    """
    from api.settings import load

    settings = load(keys_file=file)
    settings.need("api_key")
    key_file.admit(settings.keys_path, name, role, settings.api_key.get_secret_value())
    click.echo(f"The key called {name} is let in as {role}.")


@keys.command("list")
@_file
def list_keys(file: Path | None) -> None:
    """List names and roles."""
    path = _path(file)
    found = key_file.read(path)
    if not found:
        click.echo(f"{path} holds no key; 'atlas keys create NAME --role viewer' makes one.")
    for key in found:
        click.echo(f"{key.name:<24} {key.role}")


@keys.command()
@click.argument("name")
@_file
def revoke(name: str, file: Path | None) -> None:
    """Take the key called NAME away."""
    key_file.revoke(_path(file), name)
    click.echo(f"Revoked {name}.")
