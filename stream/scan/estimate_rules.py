"""What a tag table says of the estimate beside the twin: the filter, and which tags are variables of its model."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import ceil
from typing import Final, cast

import numpy as np
from msgspec import UNSET
from numpy.typing import NDArray

from stream.scan.grid import Scan
from twin.atlas.errors import AtlasError
from twin.atlas.model_file import EstimateEntry
from twin.atlas.tags import LiveModel, TagTable
from twin.atlas.units import Conversion, conversion, parse_duration
from twin.estimation.ensemble_filter import EnsembleFilter, FollowedModel
from twin.estimation.errors import EstimatePlanError
from twin.estimation.plan import EstimatePlan
from twin.estimation.plan_reader import read_plan
from twin.matrix.declaration import Variable
from twin.matrix.port import ProcessModel, SteppableModel
from twin.matrix.registry import find_model

_SAME: Final = Conversion(1.0, 0.0)
_WAITING: Final = 2
"""Windows that may wait without any hurry: the one that is gone through, and the next."""


@dataclass(frozen=True, slots=True, eq=False)
class LinkedTags:
    """Tags that are variables of the model, k of them; arrays of shape (k,).

    `places` are the variables' in their list, `positions` the tags' in the table; `scales` and `offsets` turn the tag's
    number into the variable's unit.
    """

    places: NDArray[np.intp]
    positions: NDArray[np.intp]
    scales: NDArray[np.float64]
    offsets: NDArray[np.float64]

    @classmethod
    def of(cls, pairs: Iterable[tuple[int, int, Variable]], table: TagTable) -> "LinkedTags":
        """Link places with positions of tags; raises `UnitError` where a tag measures something else."""
        links = list(pairs)
        lines = [_line(table.tags[position].unit, variable) for _, position, variable in links]
        return cls(
            np.array([place for place, _, _ in links], dtype=np.intp),
            np.array([position for _, position, _ in links], dtype=np.intp),
            np.array([line.scale for line in lines]),
            np.array([line.offset for line in lines]),
        )

    def read(self, scan: Scan) -> NDArray[np.float64]:
        """The scan's values of these tags in the variables' units."""
        return scan.values[self.positions] * self.scales + self.offsets

    def write(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """These values of the variables in the tags' units."""
        return (values - self.offsets) / self.scales


def _line(unit: str, variable: Variable) -> Conversion:
    return _SAME if unit == variable.unit or variable.states else conversion(unit, variable.unit)


@dataclass(frozen=True, slots=True, eq=False)
class EstimateRules:
    """How a plant is estimated, made once per table.

    An estimate is made `every_s` seconds of plant time. In each `period_us` of it there are `turns`, in each of which
    `share` members are stepped, or all are corrected, or what is estimated is told; that leaves time over. `inputs` are
    places among the model's inputs, of which `enumerated` tells those that have no mean; `instruments` are places in
    the plan, with their `delays` in seconds. `shown` are the tags that show the quantities called `shown_names`; they
    are stale `stale_us` after the time of their value.
    """

    plant: str
    filter: EnsembleFilter
    every_s: int
    period_us: int
    turns: int
    share: int
    inputs: LinkedTags
    enumerated: NDArray[np.bool_]
    instruments: LinkedTags
    delays: NDArray[np.int64]
    shown: LinkedTags
    shown_names: tuple[str, ...]
    stale_us: int

    @property
    def seed(self) -> int:
        """What tells this plant's random numbers from others' (rule pure-twin: seeds come from plant and offset)."""
        return zlib.crc32(self.plant.encode())

    def due(self, elapsed_us: int, waiting: int) -> int:
        """Turns at a scan, so long after the one before, while so many windows wait: no more than one window takes.

        What waits after a gap in the scans is gone through at twice the pace.
        """
        pace = self.turns * (2 if waiting > _WAITING else 1)
        return min(pace * max(1, elapsed_us // self.period_us), ceil(self.filter.plan.members / self.share) + 2)

    def continues(self, before: "EstimateRules") -> bool:
        """Whether an estimate by those rules goes on by these."""
        return before.filter.identity == self.filter.identity


def read_estimate_rules(table: TagTable) -> tuple[EstimateRules | None, str]:
    """The rules, or None with the reason why there is no estimate; the reason is empty where the plant wants none."""
    if table.content.model is UNSET:
        return None, ""
    try:
        return _rules(table, table.content.model), ""
    except (AtlasError, ValueError) as error:
        return None, str(error)


def _planned(model: ProcessModel, entry: EstimateEntry) -> EstimatePlan:
    declared = model.declaration
    plan, findings = read_plan(entry, declared)
    if plan is None or not isinstance(model, SteppableModel):
        faults = "; ".join(str(finding.fault()) for finding in findings) or f"{declared.title} cannot be stepped"
        raise EstimatePlanError(faults, remedy="mend the section 'model' of the plant's file")
    return plan


def _rules(table: TagTable, wanted: LiveModel) -> EstimateRules:
    entry = EstimateEntry.model_validate(wanted.plan)
    model = find_model(wanted.process_model)
    declared, plan = model.declaration, _planned(model, entry)
    every_s = round(parse_duration(entry.every))
    delays = [row.delay_s for row in plan.instruments]
    # A result is compared with what was predicted at its sample, up to one estimate before it was reported.
    remembering = tuple(replace(row, delay_s=row.delay_s + every_s if row.delay_s else 0) for row in plan.instruments)
    at = table.positions
    outputs = {variable.name: variable for variable in declared.outputs}
    quantities = {variable.name: variable for variable in (*declared.states, *declared.parameters, *declared.outputs)}
    told = {*outputs, *(row.name for row in plan.unknowns)}
    shown = [(i, tag) for i, tag in enumerate(table.tags) if tag.estimate is not UNSET and tag.estimate in told]
    scans = max(1, every_s * 1_000_000 // table.content.scan_period_us)
    parts = min(plan.members, max(1, scans // 2))
    names = tuple(str(tag.estimate) for _, tag in shown)
    return EstimateRules(
        plant=str(table.plant),
        filter=EnsembleFilter(cast(FollowedModel, model), replace(plan, instruments=remembering)),
        every_s=every_s,
        period_us=table.content.scan_period_us,
        turns=ceil((parts + 2) / (0.75 * scans)),
        share=ceil(plan.members / parts),
        inputs=LinkedTags.of(
            ((place, at[row.name], row) for place, row in enumerate(declared.inputs) if row.name in at), table
        ),
        enumerated=np.array([bool(row.states) for row in declared.inputs]),
        instruments=LinkedTags.of(
            ((n, at[row.name], outputs[row.name]) for n, row in enumerate(plan.instruments) if row.name in at), table
        ),
        delays=np.array(delays, dtype=np.int64),
        shown=LinkedTags.of(
            ((n, i, quantities[name]) for n, ((i, _), name) in enumerate(zip(shown, names, strict=True))), table
        ),
        shown_names=names,
        stale_us=(3 * every_s) * 1_000_000 + table.content.grace_us,
    )
