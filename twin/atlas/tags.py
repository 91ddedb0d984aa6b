"""Tags and the tag table: the immutable, content-named list of a plant's measured points that the scan path works by.

A table is named by the hash of its content, so whoever holds the name can check what it was given, and a copy beside
a connector's spool never goes stale unseen (rule tag-tables). Everything that the pure twin needs of a plant is in it.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal, NewType

import msgspec
import numpy as np
from numpy.typing import NDArray

PlantId = NewType("PlantId", str)
TagId = NewType("TagId", int)
TableName = NewType("TableName", str)

_SPREAD: Final = 16
"""Numbers a tag up to which positions are looked up in an array."""


class UnknownTagError(KeyError):
    """A tag name or number that the table does not hold."""

    def __init__(self, tag: str | int, plant: str) -> None:
        super().__init__(f"plant {plant} has no tag {tag}; 'atlas plant show {plant}' lists its tags")


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of one tag in its stored unit; `deadband` is how far a value must come back before a limit clears."""

    low_low: float | None = None
    low: float | None = None
    high: float | None = None
    high_high: float | None = None
    deadband: float = 0.0


class Tag(msgspec.Struct, frozen=True, kw_only=True):
    """A named measurement point.

    `unit` is the stored unit; `scale` and `offset` turn the source's number into it (stored = scale * source +
    offset). `low` and `high` are the instrument's range in the stored unit. `stale_after_s` is the age, counted from
    the last report, after which a value is called stale; 0 for a tag that reports on change only, which is stale only
    when its whole source is silent. `expression` makes a derived tag of it, computed by the twin
    from the names it mentions, and `estimate` one that shows that unknown or output of the estimated process model.
    `states` names the integers of an enumeration, in order from 0.
    """

    tag_id: int
    name: str
    description: str
    unit: str
    low: float
    high: float
    decimals: int = 2
    limits: Limits = Limits()
    stale_after_s: float = 10.0
    equipment: str = ""
    source: str = ""
    address: str = ""
    scale: float = 1.0
    offset: float = 0.0
    expression: str = ""
    estimate: str | msgspec.UnsetType = msgspec.UNSET
    states: tuple[str, ...] = ()
    kind: Literal["measured", "setpoint", "output", "mode", "derived"] = "measured"


class LiveModel(msgspec.Struct, frozen=True, kw_only=True):
    """The process model that is estimated beside the twin, and `plan`, what `EstimateEntry` says of it."""

    process_model: str
    plan: dict[str, Any]


class LiveTrigger(msgspec.Struct, frozen=True, kw_only=True):
    """A policy's trigger that the twin watches; `when` is its condition as `twin.atlas.live_triggers` writes it.

    `policy` and `equipment` say whose it is; the rest is as `twin.atlas.triggers.Trigger` has it.
    """

    policy: str
    equipment: str
    name: str
    when: dict[str, Any]
    calls: Literal["simulation", "optimisation"]
    hold_s: float = 0.0
    cool_down_s: float = 0.0
    changes: tuple[str, ...] = ()
    horizon: str = ""


class TagTableContent(msgspec.Struct, frozen=True, kw_only=True):
    """What a tag table says; its canonical JSON is what the table's name is the hash of.

    `scan_period_us` and `grace_us` make the plant's grid (rule closed-scans), `silent_after_us` is how long a source
    may say nothing before all its tags are stale, `history_from_us` is the earliest time a reading may bear. What a
    plant may leave out is not written where it does, so that tables keep the names that they had before there was such
    a thing.
    """

    plant: str
    number: int
    revision: int
    time_zone: str = "UTC"
    scan_period_us: int = 1_000_000
    grace_us: int = 2_000_000
    silent_after_us: int = 10_000_000
    history_from_us: int = 0
    tags: tuple[Tag, ...] = ()
    model: LiveModel | msgspec.UnsetType = msgspec.UNSET
    triggers: tuple[LiveTrigger, ...] | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True)
class TagTable:
    """A `TagTableContent` with its name and the arrays that the scan path uses; position p is the p-th tag."""

    content: TagTableContent
    encoded: bytes = field(repr=False)
    name: TableName

    @classmethod
    def of(cls, content: TagTableContent) -> "TagTable":
        """Name the content and order its tags by `tag_id`.

        Raises
        ------
        ValueError
            Where two tags share a number or a name.
        """
        tags = tuple(sorted(content.tags, key=lambda tag: tag.tag_id))
        for what, seen in (("number", [str(t.tag_id) for t in tags]), ("name", [t.name for t in tags])):
            twice = [value for value, times in Counter(seen).items() if times > 1]
            if twice:
                raise ValueError(f"plant {content.plant}: two tags share the {what} {twice[0]}; give each its own")
        ordered = msgspec.structs.replace(content, tags=tags)
        # Once through the codec, so that what was written as 0 and read back as 0.0 has one name.
        ordered = msgspec.json.decode(msgspec.json.encode(ordered), type=TagTableContent)
        encoded = msgspec.json.encode(ordered)
        return cls(ordered, encoded, TableName(hashlib.sha256(encoded).hexdigest()[:16]))

    @classmethod
    def decode(cls, encoded: bytes, name: str | None = None) -> "TagTable":
        """Read a stored copy, and check it against the name it was asked for by.

        Raises
        ------
        ValueError
            Where the bytes are no tag table or not the one that `name` names.
        """
        try:
            table = cls.of(msgspec.json.decode(encoded, type=TagTableContent))
        except msgspec.MsgspecError as error:
            raise ValueError(f"not a tag table: {error}; delete the copy and fetch it again") from error
        if name is not None and table.name != name:
            raise ValueError(f"tag table {table.name} was given where {name} was asked for; fetch it again")
        return table

    @property
    def plant(self) -> PlantId:
        """The plant whose tags these are."""
        return PlantId(self.content.plant)

    @property
    def tags(self) -> tuple[Tag, ...]:
        """The tags in position order."""
        return self.content.tags

    def __len__(self) -> int:
        return len(self.content.tags)

    @cached_property
    def tag_ids(self) -> NDArray[np.int32]:
        """Tag numbers by position, ascending; shape (tags,)."""
        return np.array([tag.tag_id for tag in self.tags], dtype=np.int32)

    @cached_property
    def scales(self) -> NDArray[np.float64]:
        """Factor from the source's to the stored unit by position; shape (tags,)."""
        return np.array([tag.scale for tag in self.tags])

    @cached_property
    def offsets(self) -> NDArray[np.float64]:
        """Offset from the source's to the stored unit by position, in the stored unit; shape (tags,)."""
        return np.array([tag.offset for tag in self.tags])

    @cached_property
    def lows(self) -> NDArray[np.float64]:
        """Lower end of the instrument range by position, stored unit; shape (tags,)."""
        return np.array([tag.low for tag in self.tags])

    @cached_property
    def highs(self) -> NDArray[np.float64]:
        """Upper end of the instrument range by position, stored unit; shape (tags,)."""
        return np.array([tag.high for tag in self.tags])

    @cached_property
    def honest_lows(self) -> NDArray[np.float64]:
        """Lowest value that an instrument reports without fault by position (NAMUR NE 43: -1.25 % of span)."""
        return self.lows - 0.0125 * (self.highs - self.lows)

    @cached_property
    def honest_highs(self) -> NDArray[np.float64]:
        """Highest value that an instrument reports without fault by position (NAMUR NE 43: 103.125 % of span)."""
        return self.highs + 0.03125 * (self.highs - self.lows)

    @cached_property
    def stale_after_us(self) -> NDArray[np.int64]:
        """Age after which a value is stale by position, microseconds; shape (tags,)."""
        return np.array([round(tag.stale_after_s * 1e6) for tag in self.tags], dtype=np.int64)

    @cached_property
    def positions(self) -> dict[str, int]:
        """Position by tag name."""
        return {tag.name: position for position, tag in enumerate(self.tags)}

    def position(self, name: str) -> int:
        """Position of the tag called `name`.

        Raises
        ------
        UnknownTagError
            Where the plant has no such tag.
        """
        try:
            return self.positions[name]
        except KeyError:
            raise UnknownTagError(name, self.plant) from None

    def find(self, tag_ids: NDArray[np.int32]) -> NDArray[np.intp]:
        """Positions of the numbers given, -1 where the table has no such tag; shape as given."""
        if len(self.tag_ids) == 0:
            return np.full(len(tag_ids), -1, dtype=np.intp)
        if self._places is not None:
            return self._places.take(tag_ids.astype(np.int64) - (int(self.tag_ids[0]) - 1), mode="clip")
        at = np.searchsorted(self.tag_ids, tag_ids)
        at[at == len(self.tag_ids)] = 0
        return np.where(self.tag_ids[at] == tag_ids, at, -1)

    @cached_property
    def _places(self) -> NDArray[np.intp] | None:
        """Position by number, counted from the one before the lowest; -1 between and at both ends.

        None where numbers lie far apart. Most plants' tags were numbered at once; looking up is faster than searching.
        """
        offsets = self.tag_ids.astype(np.int64) - int(self.tag_ids[0]) + 1
        if offsets[-1] > _SPREAD * len(self):
            return None
        places = np.full(int(offsets[-1]) + 2, -1, dtype=np.intp)
        places[offsets] = np.arange(len(self))
        return places
