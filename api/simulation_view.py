"""What-if questions as the API tells them: what can be asked, how far each is, its draft, and two compared."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analytics.quality import is_bad
from api.live_state import LivePlant
from api.simulation_schemas import (
    ComparedOutput,
    Comparison,
    Simulation,
    SimulationInput,
    SimulationInputs,
)
from stream.jobs.answer.shown import shown
from stream.jobs.job import JobFailure, JobRecord, Progress
from stream.jobs.plant_model import PlantModel
from stream.jobs.report import Report
from twin.atlas.tags import TagTable


def simulation(record: JobRecord) -> Simulation:
    """A question as its job carries it."""
    content = record.request.content
    reason = content.get("reason", "")
    return Simulation(
        id=record.id,
        plant=record.request.plant,
        title=content.get("title") or "What happens if nobody does anything",
        changes=list(content.get("changes", ())),
        horizon=content.get("horizon", ""),
        position=str(content.get("position", "")),
        asked_by=content.get("by") or (reason if isinstance(reason, str) else "a policy"),
        asked_at_us=round(record.asked_at.timestamp() * 1e6),
        state=record.state,
        done=record.done,
        message=record.message,
        error=None if record.failure is None else _told(record.failure),
    )


def inputs(found: PlantModel, table: TagTable, live: LivePlant | None) -> SimulationInputs:
    """Everything that a question may change, in the plant's units, with the values that it has now."""
    now = {} if live is None or not live.known else _values(live)
    tags = {tag.name: tag for tag in table.tags}
    listed = []
    for variable in found.declaration.changeable.values():
        one = shown(variable, tags)
        listed.append(
            SimulationInput(
                name=one.name,
                description=one.description,
                unit=one.unit,
                low=one.number(variable.low),
                high=one.number(variable.high),
                decimals=one.decimals,
                states=list(one.states),
                now=now.get(one.name),
            )
        )
    declared = found.declaration
    return SimulationInputs(plant=table.plant, title=declared.title, longest_s=declared.longest_s, inputs=listed)


def newest_draft(told: Sequence[Progress]) -> Report | None:
    """The first curves of a job that still runs; None where it has none yet."""
    for progress in reversed(told):
        partial: Any = progress.partial
        if isinstance(partial, Mapping) and "report" in partial:
            return Report.model_validate(partial["report"])
    return None


def comparison(first: JobRecord, second: JobRecord, reports: tuple[Report, Report]) -> Comparison:
    """Two answered questions of one plant beside one another, at the end of their horizons."""
    ends = [report.end_state.get("change", {}) for report in reports]
    money = [report.economics for report in reports]
    gains = [None if each is None else each.gain_total.mid for each in money]
    return Comparison(
        plant=first.request.plant,
        first=simulation(first),
        second=simulation(second),
        outputs=[
            ComparedOutput(
                name=output.name,
                description=output.description,
                unit=output.unit,
                decimals=output.decimals,
                first=ends[0].get(output.name),
                second=ends[1].get(output.name),
            )
            for output in reports[0].outputs
        ],
        currency=next((each.currency for each in money if each is not None), None),
        first_gain=gains[0],
        second_gain=gains[1],
    )


def _told(failure: JobFailure) -> str:
    text = f"{failure.message}; {failure.remedy}" if failure.remedy else failure.message
    return f"{text[:1].upper()}{text[1:]}."


def _values(live: LivePlant) -> dict[str, float]:
    """Usable values by tag name, in the tags' units."""
    state = live.snapshot()
    usable = ~is_bad(state.quality) & np.isfinite(state.values)
    tags = state.table.tags
    return {
        tags[position].name: value
        for position, value in zip(state.positions[usable].tolist(), state.values[usable].tolist(), strict=True)
    }
