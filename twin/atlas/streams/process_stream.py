"""Process streams: what flows from one port to another, by what it carries."""

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from twin.atlas.equipment import Carries, Point
from twin.atlas.mixtures import Mixture
from twin.atlas.streams.end import End


@dataclass(frozen=True, kw_only=True)
class ProcessStream:
    """What flows from a port to another.

    >>> feed = ProcessStream.of("S-1", "FEED-A", "R-101.feed", description="Feed A")
    >>> feed.carries, feed.target.port
    ('material', 'feed')

    Parameters
    ----------
    name
        Its number on the flowsheet, like S-1.
    source, target
        Where it comes from and goes to.
    description
        What a person reads of it.
    via
        Corners of its line in drawing units, where the file draws it itself.
    """

    carries: ClassVar[Carries]

    name: str
    source: End
    target: End
    description: str = ""
    via: tuple[Point, ...] = ()

    @staticmethod
    def of(name: str, source: str, target: str, carries: Carries = "material", **fields: Any) -> "ProcessStream":
        """Make the stream of the kind that carries that; ends are written `R-101.feed`, or `R-101` where one fits."""
        return STREAM_KINDS[carries](name=name, source=End.parse(source), target=End.parse(target), **fields)


@dataclass(frozen=True, kw_only=True)
class MaterialStream(ProcessStream):
    """A stream of material.

    Parameters
    ----------
    composition
        What it is made of; None where nobody tells.
    """

    carries = "material"

    composition: Mixture | None = None


@dataclass(frozen=True, kw_only=True)
class EnergyStream(ProcessStream):
    """Heat or power that passes without material."""

    carries = "energy"


@dataclass(frozen=True, kw_only=True)
class SignalStream(ProcessStream):
    """A measured value, an output or a setpoint on its way."""

    carries = "signal"


STREAM_KINDS: Final[dict[Carries, type[ProcessStream]]] = {
    "material": MaterialStream, "energy": EnergyStream, "signal": SignalStream,
}  # fmt: skip
"""The class of stream by what it carries."""
