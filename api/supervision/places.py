"""Where a run's servers live: in its data folder, downloads in the user's cache."""

from pathlib import Path

from stream.servers.find import ServerPlaces


def server_places(data_dir: Path, kafka: str = "", database: str = "") -> ServerPlaces:
    """The places of a data folder; addresses only where the user gave them."""
    return ServerPlaces(data_dir / "servers", Path("~/.cache/atlas-live").expanduser(), kafka, database)
