"""What an import gives: a plant, what was assumed on the way, and what had to be left out."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from twin.atlas.errors import AtlasError
from twin.atlas.faults import Fault
from twin.atlas.plant import Plant, ScanTimes
from twin.atlas.plant_file import EARLIEST

SCAN: Final = ScanTimes(history_from_us=int(datetime(EARLIEST.year, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000)
"""The usual times of a plant's grid, which a plant file needn't tell."""


class ForeignFileError(AtlasError):
    """A file of another make that no plant can be made of."""


@dataclass(frozen=True)
class Imported:
    """A plant made of another program's file.

    Parameters
    ----------
    plant
        Whole and without faults, ready to be edited.
    notes
        What was assumed, a sentence each; it belongs at the head of the plant file.
    faults
        What was left out, with its line in the foreign file and the remedy.
    """

    plant: Plant
    notes: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
