"""A twin's whole carried state as bytes and back; equal twins give equal bytes (rules pure-twin, snapshot-and-replay).

The state is cut into parts with a version each. A part whose version this build does not know starts afresh, and the
restored twin says which, so that the rest continues.
"""

from dataclasses import asdict
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from analytics.conditions import Delayed
from stream.scan import stored_estimating
from stream.scan.admit import Admitted
from stream.scan.controls import Applied
from stream.scan.grid import Grid
from stream.scan.marks import Marks
from stream.scan.plant_twin import Counts, FindTable, PlantTwin
from twin.atlas.errors import AtlasError
from twin.atlas.prices import PriceBook
from twin.atlas.state import ARRAYS
from twin.atlas.tags import TagTable
from twin.atlas.triggers import WatchState
from twin.estimation.errors import StoredEstimateError

PARTS: Final = {"live": 2, "grid": 1, "marks": 1, "controls": 1, "prices": 1, "estimating": 1, "watching": 1}
"""The parts of a snapshot and the version in which this build writes each; `_READERS` tells which ones it reads."""

_ARRAY_TYPES: Final = {
    "times": "<i8", "reported": "<i8", "values": "<f8", "quality": "<u4", "limits": "<i1", "stale": "|b1",
    "source": "<i4", "positions": "<i8", "tag_ids": "<i4", "passed": "|b1", "holds": "|b1", "since": "<i8",
    "active": "|b1", "waiting": "|b1", "called": "<i8",
}  # fmt: skip
_DELAYED: Final = ("holds", "since", "active", "waiting", "called")


class SnapshotError(AtlasError):
    """Bytes that are no snapshot, or one of a plant or table that is not at hand."""


class _Part(msgspec.Struct, frozen=True):
    version: int
    content: dict[str, Any]


class _Snapshot(msgspec.Struct, frozen=True):
    plant: str
    tag_table: str
    incarnation: str
    offset: int
    clock: int
    last_full: int
    counts: dict[str, int]
    parts: dict[str, _Part]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Snapshot)


def save(twin: PlantTwin) -> bytes:
    """The twin's state."""
    live, grid = twin.live, twin.grid
    contents: dict[str, dict[str, Any]] = {
        "live": {**_packed(live, ARRAYS), "sources": live.sources},
        "grid": {
            **_packed(grid, ("times", "values", "quality")),
            "closed": grid.closed,
            "late": grid.late,
            "waiting": [_packed(w, ("positions", "tag_ids", "times", "values", "quality")) for w in grid.waiting],
        },
        "marks": {"seen": [[source, epoch, seq] for (source, epoch), seq in twin.marks.seen.items()]},
        "controls": {"identities": list(twin.controls.identities)},
        "prices": twin.prices.as_content(),
        "estimating": stored_estimating.pack(twin.estimating, twin.rules.estimate),
        "watching": {"passed": twin.watching.passed.tobytes(), **_packed(twin.watching.delayed, _DELAYED)},
    }
    return _encoder.encode(
        _Snapshot(
            plant=twin.table.plant,
            tag_table=twin.table.name,
            incarnation=twin.incarnation,
            offset=twin.offset,
            clock=twin.clock,
            last_full=twin.last_full,
            counts=asdict(twin.counts),
            parts={name: _Part(PARTS[name], contents[name]) for name in PARTS},
        )
    )


def table_named_by(state: bytes) -> str:
    """The tag table that a snapshot needs for `restore`; raises `SnapshotError`."""
    return _read(state).tag_table


def restore(
    state: bytes, table: TagTable, incarnation: str, find_table: FindTable
) -> tuple[PlantTwin, tuple[str, ...]]:
    """The twin that `save` saw, and the parts that had to start afresh.

    Where the log is another one than the snapshot's, the twin goes on from what it knew at offset -1 of the new log:
    its marks keep it from taking again what comes a second time (rule log-may-vanish).

    Raises
    ------
    SnapshotError
        Where the bytes are no snapshot, or not one made with this table.
    """
    saved = _read(state)
    if saved.tag_table != table.name:
        raise SnapshotError(f"the snapshot of {saved.plant} needs tag table {saved.tag_table}, not {table.name}")
    twin = PlantTwin.new(table, incarnation, find_table)
    same_log = saved.incarnation == incarnation
    twin.offset = saved.offset if same_log else -1
    twin.clock, twin.last_full = saved.clock, saved.last_full if same_log else 0
    twin.counts = Counts(**{name: saved.counts.get(name, 0) for name in asdict(Counts())})
    afresh = []
    for name in PARTS:
        part = saved.parts.get(name)
        read = _READERS.get((name, part.version)) if part else None
        if part is None or read is None:
            afresh.append(name)
            continue
        try:
            read(twin, part.content)
        except StoredEstimateError:  # another model or plan is estimated now
            afresh.append(name)
    return twin, tuple(afresh)


def _read(state: bytes) -> _Snapshot:
    try:
        return _decoder.decode(state)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise SnapshotError(f"not a snapshot: {error}; an older one and the log rebuild the twin") from error


def _packed(state: object, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: np.asarray(getattr(state, name)).astype(_ARRAY_TYPES[name]).tobytes() for name in names}


def _array(content: dict[str, Any], name: str) -> NDArray[Any]:
    return np.frombuffer(content[name], dtype=_ARRAY_TYPES[name]).copy()


def _read_live(twin: PlantTwin, content: dict[str, Any]) -> None:
    """Version 1 did not tell whose the values are, which is unknown then."""
    for name in ARRAYS:
        if name in content:
            setattr(twin.live, name, _array(content, name))
    twin.live.sources = tuple(content.get("sources", ()))


def _read_grid(twin: PlantTwin, content: dict[str, Any]) -> None:
    twin.grid = Grid(
        period=twin.table.content.scan_period_us,
        grace=twin.table.content.grace_us,
        times=_array(content, "times"),
        values=_array(content, "values"),
        quality=_array(content, "quality"),
        closed=content["closed"],
        late=content["late"],
        waiting=[_admitted(readings) for readings in content["waiting"]],
    )


def _admitted(content: dict[str, Any]) -> Admitted:
    return Admitted(
        _array(content, "positions"),
        _array(content, "tag_ids"),
        _array(content, "times"),
        _array(content, "values"),
        _array(content, "quality"),
    )


def _read_marks(twin: PlantTwin, content: dict[str, Any]) -> None:
    twin.marks = Marks({(source, epoch): seq for source, epoch, seq in content["seen"]})


def _read_controls(twin: PlantTwin, content: dict[str, Any]) -> None:
    twin.controls = Applied(dict.fromkeys(content["identities"]))


def _read_prices(twin: PlantTwin, content: dict[str, Any]) -> None:
    twin.prices = PriceBook.of_content(content)


def _read_estimating(twin: PlantTwin, content: dict[str, Any]) -> None:
    twin.estimating = stored_estimating.unpack(content, twin.rules.estimate, twin.rules.no_estimate)


def _read_watching(twin: PlantTwin, content: dict[str, Any]) -> None:
    twin.watching = WatchState(_array(content, "passed"), Delayed(**{name: _array(content, name) for name in _DELAYED}))


_READERS: Final = {
    ("live", 1): _read_live,
    ("live", 2): _read_live,
    ("grid", 1): _read_grid,
    ("marks", 1): _read_marks,
    ("controls", 1): _read_controls,
    ("prices", 1): _read_prices,
    ("estimating", 1): _read_estimating,
    ("watching", 1): _read_watching,
}
