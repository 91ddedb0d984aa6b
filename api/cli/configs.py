"""Builds the packages' frozen configurations from the settings; each command imports no more than its own package."""

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from api.settings import Settings

if TYPE_CHECKING:
    from api.client.config import ClientConfig
    from api.config import ApiConfig
    from connectors.process import ConnectorConfig
    from connectors.simulated.config import SimulatedPlantsConfig
    from stream.historian.process import HistorianConfig
    from stream.jobs.process import RunnerConfig
    from stream.kafka import KafkaConfig
    from stream.keeper.process import KeeperConfig
    from stream.store.database import DatabaseConfig
    from stream.worker import WorkerConfig


def kafka(settings: Settings) -> "KafkaConfig":
    """Where Kafka is."""
    from stream.kafka import KafkaConfig

    settings.need("kafka")
    return KafkaConfig(settings.kafka)


def database(settings: Settings, application: str) -> "DatabaseConfig":
    """Where the database is; `application` names the process in the database's own views."""
    from stream.store.database import DatabaseConfig

    settings.need("database")
    return DatabaseConfig(settings.database.get_secret_value(), application=application)


def worker(settings: Settings) -> "WorkerConfig":
    """How the worker runs."""
    from stream.worker import WorkerConfig

    return WorkerConfig(kafka(settings))


def historian(settings: Settings) -> "HistorianConfig":
    """How the historian runs."""
    from stream.historian.process import HistorianConfig

    settings.need("kafka", "database")
    return HistorianConfig(kafka(settings), database(settings, "atlas-historian"))


def keeper(settings: Settings) -> "KeeperConfig":
    """How the keeper runs."""
    from stream.keeper.process import KeeperConfig
    from stream.store.retention import RetentionConfig

    settings.need("kafka", "database")
    retention = RetentionConfig(readings=timedelta(days=settings.retention_days))
    return KeeperConfig(kafka(settings), database(settings, "atlas-keeper"), retention=retention)


def runner(settings: Settings) -> "RunnerConfig":
    """How the runner runs."""
    from stream.jobs.process import RunnerConfig
    from stream.jobs.step_child import ChildSettings

    settings.need("kafka", "database")
    return RunnerConfig(
        kafka(settings),
        database(settings, "atlas-runner"),
        processes=settings.runner_processes,
        mlflow=settings.mlflow,
        child=ChildSettings(settings.simulators, settings.models_path, settings.log_level),
    )


def api(settings: Settings) -> "ApiConfig":
    """What the API is built with."""
    from api.config import ApiConfig, TicketConfig

    settings.need("kafka", "database", "ticket_secret")
    return ApiConfig(
        kafka=kafka(settings),
        database=database(settings, "atlas-api"),
        keys_file=settings.keys_path,
        tickets=TicketConfig(settings.ticket_secret.get_secret_value()),
        dashboard_origins=origins(settings.dashboard_address),
        demo=settings.demo,
    )


def origins(dashboard: str) -> tuple[str, ...]:
    """Origins of the dashboard that browsers may send: on loopback both of its names."""
    parts = urlsplit(dashboard)
    if parts.hostname not in ("127.0.0.1", "localhost"):
        return (dashboard,)
    return tuple(f"{parts.scheme}://{name}:{parts.port or 80}" for name in ("127.0.0.1", "localhost"))


def client(settings: Settings) -> "ClientConfig":
    """How other processes ask the API."""
    from api.client.config import ClientConfig

    return ClientConfig(settings.api_address, settings.api_key.get_secret_value())


def connector(settings: Settings) -> "ConnectorConfig":
    """How the connector runs; its spool lies in the data folder."""
    from connectors.process import ConnectorConfig

    return ConnectorConfig(
        spool_dir=settings.data_dir / "spool",
        spool_limit_bytes=settings.spool_limit_mb * 1_000_000,
        kafka=kafka(settings),
        endpoints=dict(settings.endpoints),
    )


def simulated_plants(settings: Settings) -> "SimulatedPlantsConfig":
    """Which plants are simulated, and on which ports; without ATLAS_PLANTS all that can be."""
    from connectors.simulated.config import PLANTS, SimulatedPlantConfig, SimulatedPlantsConfig

    plants = []
    for number, name in enumerate(settings.plants or PLANTS):
        endpoint = urlsplit(settings.endpoints.get(f"{name}/opcua", ""))
        plants.append(
            SimulatedPlantConfig(
                plant=name,
                host=endpoint.hostname or "127.0.0.1",
                port=endpoint.port or 4840 + number,
                folder=settings.data_dir / "simulated",
                history_hours=settings.history_hours,
            )
        )
    return SimulatedPlantsConfig(plants=tuple(plants))
