"""What a run consists of: the processes, their environment and their addresses, from a request."""

import json
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from api.cli.local_keys import LocalKeys
from api.settings import PROCESSES, foreign_environment
from api.supervision.child import ProcessSpec
from api.supervision.free_ports import PortPicker

API_PORT: Final = 8000
DASHBOARD_PORT: Final = 8501
WRITERS: Final = ("connector", "worker", "historian", "keeper")
"""The processes that write to Kafka all the time."""
_LOOPBACK: Final = "127.0.0.1"
_OPC_UA_PORT: Final = 4840
_EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound


@dataclass(frozen=True, slots=True)
class PlantFile:
    """A plant to run: its id, its file, and the endpoint of each of its sources."""

    plant: str
    path: Path
    endpoints: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What the user asked for; `simulated` plants are served by a process of the run."""

    command: str
    data_dir: Path
    plants: tuple[PlantFile, ...]
    simulated: bool
    portfolios: tuple[Path, ...] = ()
    servers: str = "auto"
    kafka: str = ""
    database: str = field(default="", repr=False)
    host: str = _LOOPBACK
    fresh: bool = False
    api_port: int = API_PORT
    dashboard_port: int = DASHBOARD_PORT
    history_hours: float | None = None


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everything of a run is found; chosen once, so that a restarted process keeps its place."""

    host: str
    api_port: int
    dashboard_port: int
    health_ports: Mapping[str, int]
    endpoints: Mapping[str, str]
    kafka: str = ""
    database: str = field(default="", repr=False)

    @property
    def api(self) -> str:
        """The API as this machine reaches it."""
        return f"http://{_own_name(self.host)}:{self.api_port}"

    @property
    def public_api(self) -> str:
        """The API as browsers reach it."""
        return f"http://{_public_name(self.host)}:{self.api_port}"

    @property
    def dashboard(self) -> str:
        """The dashboard; it shows its own key to the API for whoever opens it, so it stays on loopback."""
        return f"http://{_LOOPBACK}:{self.dashboard_port}"

    def as_dict(self) -> dict[str, Any]:
        """The addresses by name, as `atlas status --json` tells them."""
        opcua = {key.split("/")[0]: endpoint for key, endpoint in self.endpoints.items()}
        return {
            "api": self.public_api,
            "dashboard": self.dashboard,
            "kafka": self.kafka,
            "database": self.database,
            "opcua": opcua,
        }


def choose_addresses(request: RunRequest) -> Addresses:
    """Ports that are free now, the usual ones where possible; the servers' addresses come when they have started."""
    public, local = PortPicker(request.host), PortPicker(_LOOPBACK)
    api_port = public.pick(request.api_port)
    dashboard_port = local.pick(request.dashboard_port)
    endpoints: dict[str, str] = {}
    for plant in request.plants:
        for source, endpoint in plant.endpoints.items():
            endpoints[f"{plant.plant}/{source}"] = _own_endpoint(plant, local) if request.simulated else endpoint
    return Addresses(
        host=request.host,
        api_port=api_port,
        dashboard_port=dashboard_port,
        health_ports={process: local.pick() for process in PROCESSES},
        endpoints=endpoints,
    )


def environment(request: RunRequest, addresses: Addresses, keys: LocalKeys, ticket_secret: Path) -> dict[str, str]:
    """The environment of every process of the run."""
    variables = {
        **foreign_environment(),
        "ATLAS_KAFKA": addresses.kafka,
        "ATLAS_DATABASE": addresses.database,
        "ATLAS_DATA_DIR": str(request.data_dir),
        "ATLAS_DEMO": "1",  # Its secrets are of its own making, the embedded database has no password.
        "ATLAS_PLANTS": ",".join(plant.plant for plant in request.plants),
        "ATLAS_API_HOST": addresses.host,
        "ATLAS_API_PORT": str(addresses.api_port),
        "ATLAS_API_URL": addresses.api,
        "ATLAS_API_PUBLIC_URL": addresses.public_api,
        "ATLAS_KEYS_FILE": str(request.data_dir / "keys.json"),
        "ATLAS_TICKET_SECRET_FILE": str(ticket_secret),
        "ATLAS_DASHBOARD_HOST": _LOOPBACK,
        "ATLAS_DASHBOARD_PORT": str(addresses.dashboard_port),
        "ATLAS_DASHBOARD_ORIGIN": addresses.dashboard,
        "ATLAS_ENDPOINTS": json.dumps(dict(addresses.endpoints)),
        "ATLAS_HEALTH_PORTS": json.dumps(dict(addresses.health_ports)),
        "ATLAS_API_KEY": keys.ingest,
    }
    if request.history_hours is not None:
        variables["ATLAS_HISTORY_HOURS"] = str(request.history_hours)
    return variables


def command(*arguments: str) -> tuple[str, ...]:
    """A command of ours as a process: this interpreter, and `-P` so that the working folder shadows no package."""
    return (sys.executable, "-P", "-m", "api.cli", *arguments)


def early_processes(request: RunRequest, addresses: Addresses, variables: Mapping[str, str]) -> list[ProcessSpec]:
    """Processes that need no server: they start while these do, since the plants' past takes seconds to simulate."""
    if not request.simulated:
        return []
    return [_spec("plants", "simulate", _own_page(addresses, "simulate"), variables)]


def processes(addresses: Addresses, variables: Mapping[str, str], keys: LocalKeys) -> list[ProcessSpec]:
    """The processes upon the servers, in the order of their start."""
    return [
        _spec("api", "serve", f"{addresses.api}/health/ready", variables),
        _spec("worker", "work", _own_page(addresses, "work"), variables),
        _spec("historian", "store", _own_page(addresses, "store"), variables),
        _spec("keeper", "keep", _own_page(addresses, "keep"), variables),
        _spec("runner", "jobs", _own_page(addresses, "jobs"), variables),
        _spec("connector", "connect", _own_page(addresses, "connect"), variables),
        _spec(
            "dashboard",
            "dashboard",
            f"{addresses.dashboard}/_stcore/health",
            {**variables, "ATLAS_API_KEY": keys.operator},
        ),
    ]


def _spec(name: str, verb: str, health: str, variables: Mapping[str, str]) -> ProcessSpec:
    return ProcessSpec(name, command(verb), health, variables)


def _own_page(addresses: Addresses, verb: str) -> str:
    return f"http://{_LOOPBACK}:{addresses.health_ports[verb]}/health"


def _own_endpoint(plant: PlantFile, ports: PortPicker) -> str:
    wanted = _OPC_UA_PORT
    for endpoint in plant.endpoints.values():
        port = endpoint.rpartition(":")[2].partition("/")[0]
        wanted = int(port) if port.isdecimal() else _OPC_UA_PORT
    return f"opc.tcp://{_LOOPBACK}:{ports.pick(wanted)}/{plant.plant}"


def _own_name(host: str) -> str:
    if host in _EVERYWHERE:
        return _LOOPBACK
    return f"[{host}]" if ":" in host else host


def _public_name(host: str) -> str:
    """What others call this machine, where it listens on all its addresses."""
    return socket.gethostname() if host in _EVERYWHERE else _own_name(host)
