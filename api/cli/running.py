"""Finding the Atlas Live that runs in a data folder, so that commands need no addresses."""

from dataclasses import dataclass
from pathlib import Path

from api.cli import local_keys
from api.settings import Settings
from api.supervision import run_state
from api.supervision.run_state import RunState
from twin.atlas.errors import AtlasError


class NothingRunsError(AtlasError):
    """No Atlas Live runs in the data folder."""


@dataclass(frozen=True, slots=True)
class ApiAccess:
    """Address and key with which a command asks the API."""

    address: str
    key: str


def find(data_dir: Path) -> RunState | None:
    """The state of the supervisor that runs in a folder; None where none does."""
    state = run_state.load(data_dir)
    return state if state is not None and run_state.is_alive(state.pid, state.created) else None


def require(data_dir: Path) -> RunState:
    """The same, for commands that cannot do without.

    Raises
    ------
    NothingRunsError
        Where nothing runs.
    """
    state = find(data_dir)
    if state is None:
        raise NothingRunsError(
            f"nothing runs in {data_dir}", remedy="start it with 'atlas demo', or name its folder with --data-dir"
        )
    return state


def api_access(settings: Settings, *, as_admin: bool = False, as_operator: bool = False) -> ApiAccess:
    """The API that settings name, else the one that runs in the data folder, with its own key: a viewer's, if unset."""
    key = settings.api_key.get_secret_value()
    if settings.api_url:
        return ApiAccess(settings.api_address, key)
    state = require(settings.data_dir)
    own = key or state.api_key
    if not key and (as_admin or as_operator):
        local = local_keys.ensure(settings.data_dir)
        own = local.admin if as_admin else local.operator
    return ApiAccess(str(state.addresses["api"]), own)


def kafka_address(settings: Settings) -> str:
    """The Kafka that settings name, else that of what runs in the data folder."""
    return settings.kafka or str(require(settings.data_dir).addresses["kafka"])


def database_address(settings: Settings) -> str:
    """The database that settings name, else that of what runs in the data folder."""
    return settings.database.get_secret_value() or str(require(settings.data_dir).addresses["database"])
