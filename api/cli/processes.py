"""The processes of the service, one command each; all their settings come from `ATLAS_…` variables."""

import asyncio
import os
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from api.cli.process_runner import Body
    from api.settings import Settings
    from connectors.connection import Connection
    from stream.health import Health


@click.command()
def simulate() -> None:
    """Serve the simulated plants over OPC UA (ATLAS_PLANTS, ATLAS_ENDPOINTS, ATLAS_HISTORY_HOURS)."""
    from api.cli import configs
    from api.settings import load

    settings = load()

    async def body(health: "Health", stop: asyncio.Event) -> None:
        from connectors.simulated.process import run_simulated_plants

        config = configs.simulated_plants(settings)
        for plant in config.plants:
            plant.folder.mkdir(parents=True, exist_ok=True)
        await run_simulated_plants(config, stop, health)

    _run("simulate", "plants", settings, body)


@click.command()
def connect() -> None:
    """Read the plants' sources and send their readings on (ATLAS_KAFKA, ATLAS_API_URL, ATLAS_API_KEY)."""
    from api.cli import configs
    from api.settings import load

    settings = load()
    settings.need("kafka")

    async def body(health: "Health", stop: asyncio.Event) -> None:
        from connectors.process import run_connector

        await run_connector(configs.connector(settings), lambda: _fetch_connections(settings), health, stop)

    _run("connect", "connector", settings, body)


async def _fetch_connections(settings: "Settings") -> "list[Connection]":
    """What the API says of the plants of ATLAS_PLANTS, or of all that it has."""
    import msgspec

    from api.cli import configs
    from api.client import AsyncPlantClient
    from connectors.connection import Connection

    async with AsyncPlantClient(configs.client(settings)) as client:
        plants = settings.plants or tuple(each.id for each in (await client.plants()).plants)
        return [msgspec.json.decode(await client.connection(plant), type=Connection) for plant in plants]


@click.command()
def work() -> None:
    """Keep the plants' live twins (ATLAS_KAFKA, ATLAS_DATABASE)."""
    from api.cli import configs
    from api.settings import load

    settings = load()
    settings.need("kafka", "database")

    async def body(health: "Health", stop: asyncio.Event) -> None:
        from stream.store.database import open_pool
        from stream.store.worker_store import SqlWorkerStore
        from stream.worker import run_worker
        from twin.matrix.registry import use_simulators

        use_simulators(settings.simulators)
        pool = await open_pool(configs.database(settings, "atlas-worker"))
        async with pool:
            await run_worker(configs.worker(settings), SqlWorkerStore(pool), health, stop)

    _run("work", "worker", settings, body)


@click.command()
def store() -> None:
    """Write readings into the database (ATLAS_KAFKA, ATLAS_DATABASE)."""
    from api.cli import configs
    from api.settings import load

    settings = load()
    settings.need("kafka", "database")

    async def body(health: "Health", stop: asyncio.Event) -> None:
        from stream.historian.process import run_historian

        await run_historian(configs.historian(settings), health, stop)

    _run("store", "historian", settings, body)


@click.command()
def keep() -> None:
    """Send events out, roll readings up, forget what is old (ATLAS_KAFKA, ATLAS_DATABASE)."""
    from api.cli import configs
    from api.settings import load

    settings = load()
    settings.need("kafka", "database")

    async def body(health: "Health", stop: asyncio.Event) -> None:
        from stream.keeper.process import run_keeper

        await run_keeper(configs.keeper(settings), health, stop)

    _run("keep", "keeper", settings, body)


@click.command()
def jobs() -> None:
    """Compute the answers to questions (ATLAS_KAFKA, ATLAS_DATABASE, ATLAS_RUNNER_PROCESSES)."""
    from api.cli import configs
    from api.settings import load

    settings = load()
    settings.need("kafka", "database")

    async def body(health: "Health", stop: asyncio.Event) -> None:
        from stream.jobs.process import run_runner

        await run_runner(configs.runner(settings), health, stop)

    _run("jobs", "runner", settings, body)


@click.command()
def serve() -> None:
    """Serve the HTTP API (ATLAS_KAFKA, ATLAS_DATABASE, ATLAS_KEYS_FILE, ATLAS_TICKET_SECRET)."""
    import uvicorn

    from api.app import create_app
    from api.cli import configs
    from api.settings import load
    from stream import json_log
    from twin.daedalus.library import use_models
    from twin.matrix.registry import use_simulators

    settings = load()
    use_simulators(settings.simulators)
    use_models(settings.models_path)
    config = configs.api(settings)
    json_log.configure("api", settings.log_level)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(config),
            host=settings.api_host,
            port=settings.api_port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=3,  # Live streams never end by themselves.
        )
    )
    server.run()
    if not server.started:
        raise click.exceptions.Exit(1)


@click.command()
def dashboard() -> None:
    """Serve the dashboard (ATLAS_API_URL, ATLAS_API_KEY, ATLAS_DASHBOARD_HOST, ATLAS_DASHBOARD_PORT)."""
    from api.settings import load

    settings = load()
    where = ("--host", settings.dashboard_host, "--port", str(settings.dashboard_port))
    # Becomes the dashboard, so that signals reach it and no process of ours stands between.
    os.execv(sys.executable, [sys.executable, "-m", "dashboards", *where])  # noqa: S606


def _run(verb: str, name: str, settings: "Settings", body: "Body") -> None:
    from api.cli.process_runner import run_process

    run_process(verb, name, settings, body)
