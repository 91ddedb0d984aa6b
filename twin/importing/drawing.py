"""What a piping and instrumentation diagram shows, whoever wrote it: items, lines between them, instruments."""

from dataclasses import dataclass
from typing import Literal

ItemKind = Literal["equipment", "fitting", "feed", "product"]


@dataclass(frozen=True)
class DrawnItem:
    """Something that lines meet.

    Parameters
    ----------
    key
        Names it inside the drawing.
    kind
        Equipment is kept; fittings that a line merely passes are not; feeds and products end at the sheet's edge.
    type
        The type of equipment that it is taken for; empty for fittings.
    label, name
        Its tag on the drawing, like P-101, and what it is called; empty where the drawing doesn't tell.
    """

    key: str
    kind: ItemKind
    type: str = ""
    label: str = ""
    name: str = ""


@dataclass(frozen=True)
class DrawnLine:
    """A piece of pipe from one item to the next; an end that is None lies open.

    `segment` names the stretch of pipe that it is part of; chambers are those of the equipment that it meets, where
    the drawing tells shell from tubes.
    """

    source: str | None
    target: str | None
    segment: str = ""
    source_chamber: str = ""
    target_chamber: str = ""


@dataclass(frozen=True)
class DrawnInstrument:
    """An instrument: its loop, like FIC-101, and the key of the item or segment where it measures."""

    loop: str
    at: str = ""


@dataclass(frozen=True)
class Drawing:
    """Everything that a diagram shows; `notes` say what of it was taken for something else."""

    items: tuple[DrawnItem, ...]
    lines: tuple[DrawnLine, ...]
    instruments: tuple[DrawnInstrument, ...]
    notes: tuple[str, ...] = ()
