"""Ports: where streams meet equipment, and what may flow there."""

from dataclasses import dataclass
from typing import Literal

Carries = Literal["material", "energy", "signal"]
Flow = Literal["in", "out"]
Side = Literal["left", "right", "top", "bottom"]
Point = tuple[float, float]


@dataclass(frozen=True)
class Port:
    """Where a stream meets a piece of equipment.

    Parameters
    ----------
    name
        What a plant file calls it; without a dot.
    flow, carries
        Which way, and what.
    side, along
        Its place on the symbol; `along` from 0 to 1 counts from the top or the left.
    required
        It must be joined.
    many
        Several streams may meet there.
    circuit
        Material enters and leaves in the same circuit: that of a jacket never mixes with the vessel's. The empty name
        is the equipment's main one.
    """

    name: str
    flow: Flow
    carries: Carries = "material"
    side: Side = "left"
    along: float = 0.5
    required: bool = False
    many: bool = False
    circuit: str = ""


def into(
    name: str, side: Side, along: float = 0.5, *, required: bool = False, many: bool = False, circuit: str = ""
) -> Port:
    """A port that material enters by."""
    return Port(name, "in", "material", side, along, required, many, circuit)


def out_of(
    name: str, side: Side, along: float = 0.5, *, required: bool = False, many: bool = False, circuit: str = ""
) -> Port:
    """A port that material leaves by."""
    return Port(name, "out", "material", side, along, required, many, circuit)


def reading(name: str, side: Side = "right", along: float = 0.5) -> Port:
    """A port that tells a measured value to whoever asks."""
    return Port(name, "out", "signal", side, along, many=True)
