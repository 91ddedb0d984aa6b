"""Settings of every process but the dashboard, from `ATLAS_…` variables; the only reader of the environment here.

A secret may also come from a file named by `ATLAS_…_FILE`, as container engines hand them out. Faults are told all at
once, by the variable's name, with the remedy.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Self
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from twin.atlas.errors import AtlasError

PREFIX: Final = "ATLAS_"
PROCESSES: Final = ("simulate", "connect", "work", "store", "keep", "jobs")
"""Processes that serve `/health` on a port of their own; api and dashboard answer on the port they serve."""

PASSED_ON: Final = (
    "log_level", "spool_limit_mb", "history_hours", "retention_days", "simulators", "models", "runner_processes",
    "mlflow",
)  # fmt: skip
"""Settings that a run does not choose itself: its processes get them as they were given."""

_SECRETS: Final = ("database", "ticket_secret", "api_key")
_PLACEHOLDERS: Final = frozenset(
    """admin atlas changeit changeme changethis default demo dummy example fixme insecure letmein pass passwd password
    placeholder postgres replaceme secret somesecret supersecret test tobechanged todo token topsecret yourkey
    yourpassword yoursecret 123456 12345678""".split()
)
_SHORTEST_SECRET: Final = 16
_FIRST_HEALTH_PORT: Final = 9101


class SettingsError(AtlasError):
    """Settings with faults, each naming its variable, the value and the remedy."""


def is_placeholder(secret: str) -> bool:
    """Whether a secret is one of those that come with examples ("changeme", "<your-secret>", "xxxx")."""
    bare = re.sub(r"[^a-z0-9]", "", secret.lower())
    return bare in _PLACEHOLDERS or len(set(bare)) <= 1


def password_of(dsn: str) -> str | None:
    """The password within a PostgreSQL address, in URL or keyword form; None where it has none."""
    if "://" in dsn:
        parts = urlsplit(dsn)
        return unquote(parts.password) if parts.password is not None else None
    found = re.search(r"(?:^|\s)password\s*=\s*(?:'((?:[^'\\]|\\.)*)'|(\S+))", dsn)
    return None if found is None else found.group(1) or found.group(2) or ""


def without_password(dsn: str) -> str:
    """An address as a person may see it; what holds no password stays as it is."""
    bare = re.sub(r"(://[^:/@]*:)[^@]*@", r"\1…@", dsn)
    return re.sub(r"(password\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s&]+)", r"\1…", bare)


class Settings(BaseSettings):
    """Everything that can be set from outside; what a process does not use may stay unset."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True)

    kafka: str = Field("", description="Kafka's bootstrap servers, host:port[,host:port]")
    database: SecretStr = Field(SecretStr(""), description="PostgreSQL address, postgresql://user:password@host/name")
    data_dir: Path = Field(Path(".atlas"), description="folder of spool, keys, logs and embedded servers")
    demo: bool = Field(False, description="set by 'atlas demo': allows secrets that it made itself")
    plants: Annotated[tuple[str, ...], NoDecode] = Field((), description="plants to serve, separated by commas")

    api_host: str = Field("127.0.0.1", description="address on which the API listens")
    api_port: int = Field(8000, ge=0, le=65535, description="port on which the API listens")
    api_url: str = Field("", description="where other processes find the API; from host and port if unset")
    api_public_url: str = Field("", description="where browsers find the API; as other processes do if unset")
    api_key: SecretStr = Field(SecretStr(""), description="key with which other processes ask the API")
    keys_file: Path | None = Field(None, description="file of hashed API keys; keys.json in the data folder if unset")
    ticket_secret: SecretStr = Field(
        SecretStr(""), description="signs the live stream's tickets, 16 characters or more"
    )

    dashboard_host: str = Field("127.0.0.1", description="address on which the dashboard listens")
    dashboard_port: int = Field(8501, ge=0, le=65535, description="port on which the dashboard listens")
    dashboard_origin: str = Field("", description="origin that browsers see; from host and port if unset")

    endpoints: Annotated[dict[str, str], NoDecode] = Field(
        default_factory=dict, description='JSON: {"plant/source": "opc.tcp://…"}'
    )
    simulators: Path | None = Field(None, description="folder of simulator files that plants may name; none if unset")
    models: Path | None = Field(None, description="folder of learned models; `models` in the data folder if unset")
    spool_limit_mb: int = Field(1024, ge=16, description="disk that the connector's spool may take, MB")
    retention_days: int = Field(90, ge=1, le=36_500, description="days for which the database keeps each reading")
    runner_processes: int = Field(
        2, ge=1, le=256, description="how many steps of questions a runner computes at once, each in its own process"
    )
    mlflow: str = Field(
        "", description="MLflow server that keeps a record of every search for better settings; none, if unset"
    )
    history_hours: float = Field(4.0, ge=0, le=72, description="hours before now that a simulated plant remembers")
    log_level: str = Field("info", description="debug, info, warning or error")
    health_ports: Annotated[dict[str, int], NoDecode] = Field(
        default_factory=dict, description='JSON: {"work": 9103, …}'
    )

    @field_validator("plants", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("endpoints", "health_ports", mode="before")
    @classmethod
    def _decode(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError as error:
            raise ValueError(f"no JSON object: {error}") from error

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.lower() not in ("debug", "info", "warning", "error"):
            raise ValueError("use debug, info, warning or error")
        return value.lower()

    @field_validator("health_ports")
    @classmethod
    def _known_processes(cls, value: dict[str, int]) -> dict[str, int]:
        unknown = sorted(set(value) - set(PROCESSES))
        if unknown:
            raise ValueError(f"unknown process {unknown[0]!r}; use {', '.join(PROCESSES)}")
        return value

    @field_validator("endpoints")
    @classmethod
    def _plant_and_source(cls, value: dict[str, str]) -> dict[str, str]:
        for key in value:
            if key.count("/") != 1 or key.startswith("/") or key.endswith("/"):
                raise ValueError(f'{key!r} must be "plant/source", for instance "williams-otto/opcua"')
        return value

    @model_validator(mode="after")
    def _refuse_placeholders(self) -> Self:
        if self.demo:
            return self
        given = {
            "database": password_of(self.database.get_secret_value()) or None,
            "ticket_secret": self.ticket_secret.get_secret_value() or None,
            "api_key": self.api_key.get_secret_value() or None,
        }
        for name, secret in given.items():
            if secret is not None and is_placeholder(secret):
                raise ValueError(
                    f"{variable(name)}: the secret is a placeholder; set a random one, as 'openssl rand -hex 24' makes"
                )
        ticket = given["ticket_secret"]
        if ticket is not None and len(ticket) < _SHORTEST_SECRET:
            raise ValueError(
                f"{variable('ticket_secret')}: {len(ticket)} characters are too few; use {_SHORTEST_SECRET} or more"
            )
        return self

    def health_port(self, process: str) -> int:
        """The port of a process's `/health`, as set or by its place in the list of processes."""
        return self.health_ports.get(process, _FIRST_HEALTH_PORT + PROCESSES.index(process))

    @property
    def keys_path(self) -> Path:
        """The file of hashed API keys."""
        return self.keys_file or self.data_dir / "keys.json"

    @property
    def models_path(self) -> Path:
        """The folder of one's own learned models."""
        return self.models or self.data_dir / "models"

    @property
    def api_address(self) -> str:
        """Where other processes find the API, without a slash at its end."""
        host = "127.0.0.1" if self.api_host in ("0.0.0.0", "::") else self.api_host  # noqa: S104 - compared, not bound
        return (self.api_url or f"http://{host}:{self.api_port}").rstrip("/")

    @property
    def dashboard_address(self) -> str:
        """The dashboard's origin as browsers see it."""
        return (self.dashboard_origin or f"http://{self.dashboard_host}:{self.dashboard_port}").rstrip("/")

    def need(self, *names: str) -> None:
        """Make sure that the named settings have been given.

        Raises
        ------
        SettingsError
            Naming every variable that is missing and what it holds.
        """
        missing = [name for name in names if not _text(getattr(self, name))]
        if missing:
            fields = type(self).model_fields
            lines = [f"{variable(name)} is not set: {fields[name].description}" for name in missing]
            raise SettingsError("\n".join(lines), remedy="set it, or let 'atlas demo' or 'atlas run' set everything")


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"{PREFIX}{name.upper()}"


def variables() -> frozenset[str]:
    """Every environment variable that settings know, the `_FILE` forms of secrets included."""
    return frozenset(
        [variable(name) for name in Settings.model_fields] + [f"{variable(name)}_FILE" for name in _SECRETS]
    )


def unknown_variables(environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Variables with our prefix that mean nothing, by default of this process: most often a slip of the pen."""
    environment = os.environ if environment is None else environment
    return tuple(sorted(name for name in environment if name.startswith(PREFIX) and name not in variables()))


def foreign_environment() -> dict[str, str]:
    """Our own environment without our variables but for `PASSED_ON`: what a child gets that is told the rest anew."""
    passed = {variable(name) for name in PASSED_ON}
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX) or name in passed}


def load(**overrides: Any) -> Settings:
    """Read the settings from the environment; overrides (from options of a command, None where not given) win.

    Raises
    ------
    SettingsError
        With every fault, where something given cannot be used.
    """
    given = {key: value for key, value in overrides.items() if value is not None}
    try:
        return Settings(**(_secrets_from_files(os.environ, given) | given))
    except ValidationError as error:
        raise SettingsError("\n".join(_faults(error))) from error


def _secrets_from_files(environment: Mapping[str, str], given: Iterable[str]) -> dict[str, str]:
    found = {}
    for name in _SECRETS:
        path = environment.get(f"{variable(name)}_FILE", "")
        if not path or name in given:
            continue
        if environment.get(variable(name)):
            raise SettingsError(f"both {variable(name)} and {variable(name)}_FILE are set", remedy="keep one of them")
        try:
            found[name] = Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError(
                f"{variable(name)}_FILE: {path} cannot be read ({error.strerror})",
                remedy="name a file that this user may read",
            ) from error
    return found


def _faults(error: ValidationError) -> list[str]:
    lines = []
    for fault in error.errors(include_url=False):
        text = fault["msg"].removeprefix("Value error, ")
        if not fault["loc"]:
            lines.append(text)
            continue
        name = variable(str(fault["loc"][0]))
        shown = "" if fault["loc"][0] in _SECRETS else f" = {fault['input']!r}"
        lines.append(f"{name}{shown}: {text}")
    return lines


def _text(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
