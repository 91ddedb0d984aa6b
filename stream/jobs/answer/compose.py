"""The report, made of what the steps found out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from stream.jobs import report as told
from stream.jobs.answer.advice import NO_ADVICE, Advice
from stream.jobs.answer.asking import Asked
from stream.jobs.answer.crossings import beyond_now, crossings, shutdowns
from stream.jobs.answer.episodes import similar_episodes
from stream.jobs.answer.learnt import NO_ANSWER, Learnt
from stream.jobs.answer.money import Prices, reckon
from stream.jobs.answer.numbers import curve, number, sampled, thinned
from stream.jobs.answer.shown import Shown, shown
from stream.jobs.answer.trust import agreement, trust
from stream.jobs.answer.words import change_text, limit_text, share_text, span_text
from twin.atlas.errors import AtlasError
from twin.estimation.bands import LEVEL, BandCalibration, Bands, bands
from twin.matrix.trajectory import Trajectory

MOST_KEY = 8
MOST_DRAFTED = 120
"""Points of a draft's curves, which are sent while the job runs."""
_MOVED_PERCENT = 0.5
"""Of the instrument's range: an output that moves less than this is not what a reader looks for first."""


@dataclass(frozen=True, eq=False)
class Cases:
    """What the models answered: the base case, the change, and the learnt model's answer to the change."""

    base: Trajectory
    change: Trajectory
    learnt: Learnt = NO_ANSWER


@dataclass(frozen=True, eq=False)
class _Drawn:
    """A report that has its curves, with what else is made of them: how outputs are shown, and the change's bands."""

    report: told.Report
    outputs: Sequence[Shown]
    bands: Bands


def compose_draft(asked: Asked, cases: Cases) -> told.Report:
    """The curves alone, of few points, for whoever waits."""
    return _draw(asked, cases, None, MOST_DRAFTED).report


def compose(
    asked: Asked, cases: Cases, *, calibration: BandCalibration | None = None, advice: Advice = NO_ADVICE
) -> told.Report:
    """The whole report."""
    drawn = _draw(asked, cases, calibration, told.MOST_POINTS)
    report, outputs, learnt = drawn.report, drawn.outputs, cases.learnt.told
    agreed = agreement(drawn.bands, learnt, outputs) if learnt is not None else ()
    key = [output.name for output in report.outputs if output.key]
    tested = _fitting(calibration, cases.change)
    situation = asked.situation
    economics, no_money = _economics(asked, cases, calibration)
    notes = [*_warnings(report, beyond_now(cases.base, outputs)), *situation.notes]
    for what, why in (("No economics", no_money), ("No recommendation", advice.why_not)):
        if why:
            notes.append(told.Note(kind="info", text=f"{what}: {why}"))
    return report.model_copy(
        update={
            "draft": False,
            "trust": trust(situation.estimate, drawn.bands, tested, agreed, key=key, learnt=learnt is not None),
            "economics": economics,
            "recommendation": advice.recommendation,
            "similar": _similar(asked, report.question.changes, outputs),
            "notes": tuple(notes),
        }
    )


def _draw(asked: Asked, cases: Cases, calibration: BandCalibration | None, points: int) -> _Drawn:
    situation, scenario = asked.situation, asked.scenario
    outputs = [shown(variable, situation.tags) for variable in asked.declaration.outputs]
    found = [*crossings("base", cases.base, outputs), *crossings("change", cases.change, outputs)]
    at = thinned(len(scenario.times_s), points)
    few = [sampled(case, at) for case in (cases.base, cases.change)]
    both = [bands(case, situation.noise, _fitting(calibration, case)) for case in few]
    key = _key(asked, both, outputs, {crossing.tag for crossing in found})
    report = told.Report(
        draft=True,
        plant=situation.plant,
        question=_question(asked, _changes(asked)),
        models=_models(asked, cases),
        level=LEVEL,
        begin_us=situation.begin_us,
        times_s=tuple(scenario.times_s[at].tolist()),
        outputs=_outputs(outputs, key, both, cases.learnt),
        crossings=tuple(found),
        shutdowns=(*shutdowns("base", cases.base), *shutdowns("change", cases.change)),
        end_state={"base": _end(both[0], outputs), "change": _end(both[1], outputs)},
    )
    return _Drawn(report, outputs, both[1])


def _fitting(calibration: BandCalibration | None, case: Trajectory) -> BandCalibration | None:
    """The calibration, where it was made for this model and level."""
    if calibration is None or (calibration.model, calibration.level) != (case.model, LEVEL):
        return None
    return calibration


def _question(asked: Asked, changes: Sequence[told.AskedChange]) -> told.Question:
    question = asked.question
    title = "; ".join(change.text for change in changes) or "No change"
    return told.Question(
        id=asked.id,
        title=f"{title}, {span_text(asked.scenario.horizon_s)} ahead",
        written=question.changes,
        horizon=question.horizon,
        changes=tuple(changes),
        horizon_s=asked.scenario.horizon_s,
        asked_by=question.by or question.reason,
        asked_at_us=question.at_us,
        position=str(question.position),
    )


def _changes(asked: Asked) -> list[told.AskedChange]:
    declaration, ensemble = asked.declaration, asked.situation.ensemble
    read = []
    for change in asked.scenario.changes:
        one = shown(declaration.changeable[change.name], asked.situation.tags)
        at_input = declaration.input_index.get(change.name)
        held = (
            ensemble.inputs[:, at_input]
            if at_input is not None
            else ensemble.parameters[:, declaration.parameter_index[change.name]]
        )
        before, value = one.number(float(np.median(held))), one.number(change.value)
        read.append(
            told.AskedChange(
                name=change.name,
                description=one.description,
                unit=one.unit,
                decimals=one.decimals,
                before=number(before),
                value=value,
                start_s=change.start_s,
                over_s=change.over_s,
                text=change_text(one, before, value, change.start_s, change.over_s),
                states=one.states,
            )
        )
    return read


def _models(asked: Asked, cases: Cases) -> told.Models:
    declared, learnt = asked.declaration, cases.learnt
    physics = told.ModelLine(
        name=declared.name, title=declared.title, version=declared.version, members=cases.change.members
    )
    if learnt.told is None:
        return told.Models(physics=physics, why_no_surrogate=learnt.why_not)
    name, _, version = learnt.told.model.rpartition("/")
    return told.Models(physics=physics, surrogate=told.ModelLine(name=name, title=learnt.title, version=int(version)))


def _key(asked: Asked, both: Sequence[Bands], outputs: Sequence[Shown], crossed: set[str]) -> list[str]:
    """Names of the outputs that a reader wants to see first, in that order."""
    loops = {change.name.rpartition(".")[0] for change in asked.scenario.changes} - {""}
    of_loops = [one.name for one in outputs if one.name.rpartition(".")[0] in loops]
    moved = {one.name: _moved(both, one) for one in outputs}
    settings = asked.declaration.input_index
    most = sorted(
        (name for name in moved if moved[name] >= _MOVED_PERCENT and name not in settings),
        key=lambda name: -moved[name],
    )
    limited = [one.name for one in outputs if any(_limits(one).model_dump().values())]
    return list(dict.fromkeys([*of_loops, *sorted(crossed), *most, *limited]))[:MOST_KEY]


def _moved(both: Sequence[Bands], output: Shown) -> float:
    """How far the change takes an output from the base case at most, percent of the instrument's range."""
    base, change = (output.values(case.of(output.name)[1]) for case in both)
    apart = np.abs(change - base)
    return 100.0 * float(np.nanmax(apart, initial=0.0)) / (output.high - output.low)


def _outputs(
    outputs: Sequence[Shown], key: Sequence[str], both: Sequence[Bands], learnt: Learnt
) -> tuple[told.Output, ...]:
    place = {name: rank for rank, name in enumerate(key)}
    ordered = sorted(outputs, key=lambda one: place.get(one.name, len(key)))
    return tuple(
        told.Output(
            name=one.name,
            description=one.description,
            unit=one.unit,
            decimals=one.decimals,
            low=one.low,
            high=one.high,
            limits=_limits(one),
            key=one.name in place,
            base=_banded(both[0], one),
            change=_banded(both[1], one),
            surrogate=_learnt_curve(learnt, one, both[1].times_s),
        )
        for one in ordered
    )


def _banded(told_bands: Bands, output: Shown) -> told.Curve:
    low, mid, high = (output.values(part) for part in told_bands.of(output.name))
    return curve(mid, low, high)


def _learnt_curve(learnt: Learnt, output: Shown, times_s: NDArray[np.float64]) -> told.Curve | None:
    answer = learnt.told
    if answer is None or output.name not in answer.names:
        return None
    middle = answer[output.name][0]
    ways = [middle]
    if learnt.margins is not None:
        margin = learnt.margins[:, answer.names.index(output.name)]
        ways += [middle - margin, middle + margin]
    return curve(*(np.interp(times_s, answer.times_s, output.values(way)) for way in ways))


def _limits(output: Shown) -> told.TagLimits:
    return told.TagLimits(**{name: getattr(output.limits, name) for name in told.TagLimits.model_fields})


def _end(told_bands: Bands, outputs: Iterable[Shown]) -> dict[str, float | None]:
    return {one.name: number(one.number(float(told_bands.of(one.name)[1][-1]))) for one in outputs}


def _economics(asked: Asked, cases: Cases, calibration: BandCalibration | None) -> tuple[told.Economics | None, str]:
    situation = asked.situation
    if situation.economics is None:
        return None, "the plant file does not say what the plant earns by."
    at = thinned(len(asked.scenario.times_s))
    prices = Prices(situation.economics, situation.prices, situation.begin_us)
    try:
        return reckon(prices, cases.base, cases.change, _fitting(calibration, cases.change), at), ""
    except AtlasError as error:
        return None, f"{error}."


def _similar(asked: Asked, changes: Sequence[told.AskedChange], outputs: Sequence[Shown]) -> tuple[told.Episode, ...]:
    past = asked.situation.past
    if past is None:
        return ()
    inputs = (shown(variable, asked.situation.tags) for variable in asked.declaration.inputs)
    known = {one.name: one for one in (*inputs, *outputs) if one.name in asked.situation.tags and not one.states}
    return similar_episodes(past, changes, asked.situation.values, known, asked.scenario.horizon_s)


def _warnings(report: told.Report, beyond: Iterable[tuple[Shown, str, float]]) -> list[told.Note]:
    ways: Mapping[Literal["base", "change"], str] = {"base": "without the change", "change": "with the change"}
    texts = [
        f"{ways[each.case].capitalize()} the plant shuts down after {span_text(each.time_s)}: {each.reason}"
        f"{share_text(each.probability)}."
        for each in report.shutdowns
    ]
    texts += [
        f"{each.description} ({each.tag}) crosses its {limit_text(each.limit)}, {each.limit_value:.{each.decimals}f}"
        f" {each.unit}, {span_text(each.time_s)} from now {ways[each.case]}{share_text(each.probability)}."
        for each in report.crossings
    ]
    texts += [
        f"{one.description} ({one.name}) is beyond its {limit_text(name)}, {one.text(limit)}, already now."
        for one, name, limit in beyond
    ]
    return [told.Note(kind="warning", text=text) for text in texts]
