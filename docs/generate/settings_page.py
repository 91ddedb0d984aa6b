"""`docs/reference/settings.md`, from the two settings models."""

import textwrap
from typing import Any, Final

from generate.markdown import code, table
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from api import settings
from dashboards.settings import DashboardSettings

_HEAD: Final = """# Settings

Every process reads its settings from environment variables; there is no settings file. `atlas demo` and `atlas run` set
all of them for the processes that they start, but for these, which they take from you: `ATLAS_KAFKA`, `ATLAS_DATABASE`,
`ATLAS_DATA_DIR`, {passed}.
Faults are told all at once, by the variable's name, and a variable that begins with `ATLAS_` and means nothing is told
by `atlas doctor`.

This page is written by `make docs` from `api/settings.py` and `dashboards/settings.py`.
"""

_SECRETS: Final = """
## Secrets

{secrets} may be given as a file instead, as container engines hand secrets out: set {files} to its path. Secrets that come with examples ("changeme", "postgres", "xxxx") are refused.

## Health

{processes} answer `/health` and `/metrics` on 127.0.0.1 at a port each: {ports}, or as `ATLAS_HEALTH_PORTS` says. The API answers `/health/live`, `/health/ready` and `/metrics` at its own port, the dashboard `/_stcore/health` at its own.
"""  # noqa: E501 - filled when it is written


def text() -> str:
    """The page."""
    known = [settings.variable(name) for name in settings.Settings.model_fields]
    files = sorted(settings.variables() - set(known))
    unset = settings.Settings.model_construct()
    ports = {verb: unset.health_port(verb) for verb in settings.PROCESSES}
    words = {
        "secrets": _listed([code(name.removesuffix("_FILE")) for name in files]),
        "files": _listed([code(name) for name in files], "or"),
        "processes": _listed([code(f"atlas {verb}") for verb in settings.PROCESSES]),
        "ports": _listed([f"{port} ({verb})" for verb, port in ports.items()]),
    }
    own = table(("variable", "default", "what it sets"), map(_row, _rows(settings.Settings)))
    dashboard = table(("variable", "default", "what it sets"), map(_row, _rows(DashboardSettings)))
    tail = "\n\n".join(textwrap.fill(each, 120) for each in _SECRETS.format(**words).strip().split("\n\n"))
    head = _HEAD.format(passed=_listed([code(settings.variable(name)) for name in settings.PASSED_ON]))
    return f"{head}\n## All processes but the dashboard\n\n{own}\n\n## Dashboard\n\n{dashboard}\n\n{tail}\n"


def _rows(model: type[BaseSettings]) -> list[tuple[str, FieldInfo]]:
    return list(model.model_fields.items())


def _row(field: tuple[str, FieldInfo]) -> tuple[str, str, str]:
    name, info = field
    return code(settings.variable(name)), code(_default(info)), _bounded(info)


def _default(info: FieldInfo) -> str:
    value: Any = info.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    return "0" if value is False else str(value) if value not in (None, "", (), {}) else ""


def _bounded(info: FieldInfo) -> str:
    bounds = {type(item).__name__: item for item in info.metadata if type(item).__name__ in ("Ge", "Le")}
    low, high = getattr(bounds.get("Ge"), "ge", None), getattr(bounds.get("Le"), "le", None)
    told = f" ({low} to {high})" if high is not None else f" ({low} or more)" if low is not None else ""
    return f"{info.description}{told}"


def _listed(words: list[str], last: str = "and") -> str:
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)
