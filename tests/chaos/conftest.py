"""A whole running system, to be hurt.

The plants are a field of their own (`atlas simulate`), reached over lines that can be cut; `atlas run` does the rest
under its own supervisor, on servers that a test may hurt.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stream.servers.ports import free_port
from twin.plants import path, simulated_names

pytest.register_assert_rewrite("tests.chaos.table_check", "tests.chaos.twin_check", "tests.chaos.live_system")

from tests.chaos.line import Line  # noqa: E402 - its asserts are to be explained
from tests.chaos.live_system import LiveSystem, start  # noqa: E402


def plant_file(plant: str, port: int, folder: Path) -> Path:
    """The shipped plant's file with its source behind a line."""
    text = Path(path(plant)).read_text(encoding="utf-8")
    text, found = re.subn(r"(endpoint: opc\.tcp://127\.0\.0\.1:)\d+", rf"\g<1>{port}", text)
    assert found == 1
    file = folder / f"{plant}.yaml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def start_system(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Iterator[LiveSystem]]:
    """Start the plants and a system upon servers: yields it once all is up, and stops it at the end."""

    def begin(servers: str, kafka: str = "", dsn: str = "") -> Iterator[LiveSystem]:
        folder = tmp_path_factory.mktemp("system")
        lines = {plant: Line(free_port()) for plant in simulated_names()}
        environment = {name: text for name, text in os.environ.items() if not name.startswith("ATLAS_")}
        environment["PYTHONPATH"] = str(Path(__file__).parents[2])
        plants = environment | {
            "ATLAS_PLANTS": ",".join(lines),
            "ATLAS_DATA_DIR": str(folder / "field"),
            "ATLAS_HISTORY_HOURS": "0.05",
            "ATLAS_HEALTH_PORTS": json.dumps({"simulate": free_port()}),
            "ATLAS_ENDPOINTS": json.dumps(
                {f"{plant}/opcua": f"opc.tcp://127.0.0.1:{line.target}/{plant}" for plant, line in lines.items()}
            ),
        }
        environment |= {"ATLAS_KAFKA": kafka, "ATLAS_DATABASE": dsn}
        files = [plant_file(plant, line.port, folder) for plant, line in lines.items()]
        options = ["--servers", servers, "--api-port", str(free_port()), "--dashboard-port", str(free_port())]
        run = ["run", "--data-dir", str(folder / "data"), *options]
        system = LiveSystem(folder, {}, lines, environment)
        try:
            system.processes["plants"] = start(["simulate"], plants, folder / "plants.log")
            system.processes["system"] = start(
                run + [word for file in files for word in ("--plant", str(file))], environment, folder / "system.log"
            )
            system.wait_healthy()
            yield system
        finally:
            system.stop()

    return begin
