"""The trials of the plants that ship: which plants, what is asked of them, and what is told of the answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stream.bench.truth_eastman import EastmanPlants
from stream.bench.truth_fleet import Fleet, Surprises
from stream.bench.truth_judge import TrialFigures, calibration, judge
from stream.bench.truth_reactors import Reactors
from stream.bench.truth_trial import MONEY, Course, Trial, run
from twin.atlas.definition import parse
from twin.atlas.economics import Economics
from twin.atlas.plant import Plant
from twin.estimation.bands import BandCalibration
from twin.estimation.errors import EstimatePlanError
from twin.estimation.plan import EstimatePlan
from twin.estimation.plan_reader import read_plan
from twin.matrix.declaration import Declaration
from twin.matrix.scenario import Change
from twin.matrix.tennessee_eastman.adapter import TennesseeEastmanProcess
from twin.matrix.williams_otto.adapter import WilliamsOttoProcess
from twin.plants import text

Floats = NDArray[np.float64]

ANALYSED: Final = tuple(f"AI-101{component}.PV" for component in "ABCEGP")
"""Compositions that the Williams-Otto plant's analyser tells."""

POOLED: Final = ("TIC-101.PV", "AI-101E.PV", "AI-101P.PV", "AI-101G.PV", "TIC-102.OP", MONEY)
"""Outputs whose bands are counted together: reactor temperature, E, P, G, jacket valve, profit."""

EASTMAN_JUDGED: Final[Mapping[str, float]] = {
    "TIC-209.PV": 0.1,
    "FIC-217.PV": 1.0,
    "AI-225G.PV": 1.0,
    "TIC-211.PV": 1.0,
    "LIC-208.PV": 1.5,
    "PIC-207.PV": 4.0,
    "LIC-212.PV": 4.0,
    "LIC-215.PV": 8.0,
}
"""Outputs of the Tennessee Eastman plant that are judged, and the median error aimed at, % of range."""

INERT_IN_B: Final = 0.02
"""Mass share of what feed B holds besides B, in the plants only."""

UNSEEN: Final = (8, 13)
"""Disturbances of the article that act in the Tennessee Eastman plants only: feed composition and kinetics."""

_FIRST_TEST_SEED: Final = 5000
_FIRST_CALIBRATION_SEED: Final = 1000
"""Seeds below 1000 are for tuning the plans, so that neither set was seen before."""


@dataclass(frozen=True, kw_only=True)
class TruthPlan:
    """How many plants of each kind are tried, and with how many others their bands are calibrated.

    0 of a kind leaves it out; bands at 90 % need 9 plants to calibrate with at least.
    """

    williams_otto: int = 100
    williams_otto_calibration: int = 40
    tennessee_eastman: int = 20
    tennessee_eastman_calibration: int = 20


@dataclass(frozen=True)
class Tried:
    """Figures of one kind of plant, the horizons that they are for, and what the bands learned."""

    figures: TrialFigures
    horizons_s: tuple[int, ...]
    learned: BandCalibration


def try_williams_otto(surprises: Surprises, plan: TruthPlan, report: Callable[[str], None]) -> Tried:
    """8 h beside each reactor, then from 80 to 85 degC and 8 h on."""
    plant = parse(text("williams-otto"))
    model = WilliamsOttoProcess()
    trial = Trial(
        model=model,
        plan=_estimate_plan(plant, model.declaration, 120),
        every_s=120,
        watched_s=8 * 3600,
        judged_s=4 * 3600,
        changes=(Change(name="TIC-101.SP", value=85.0, unit="degC"),),
        horizons_s=(600, 1800, 3600, 7200, 14400, 28800),
        money=_money(plant, plant.economics, model.declaration) if plant.economics else None,
        open_loop=True,
    )

    def fleet(seeds: Sequence[int]) -> Fleet:
        return Reactors(seeds, surprises, purity_b=1.0 - INERT_IN_B)

    names = ("TIC-101.PV", "TIC-102.PV", "TIC-102.OP", "LIC-101.PV", *ANALYSED, MONEY)
    counts = (plan.williams_otto_calibration, plan.williams_otto)
    return _try("williams-otto", trial, fleet, counts, names, (3600, 28800), report)


def try_tennessee_eastman(surprises: Surprises, plan: TruthPlan, report: Callable[[str], None]) -> Tried:
    """2 h beside each plant, then 4 h on without a change.

    Raises
    ------
    TennesseeEastmanMissingError
        Where the equations are not installed.
    """
    plant = parse(text("tennessee-eastman"))
    model = TennesseeEastmanProcess()
    trial = Trial(
        model=model,
        plan=_estimate_plan(plant, model.declaration, 60),
        every_s=60,
        watched_s=2 * 3600,
        judged_s=3600,
        changes=(),
        horizons_s=(600, 1800, 3600, 7200, 14400),
    )

    def fleet(seeds: Sequence[int]) -> Fleet:
        return EastmanPlants(seeds, surprises, model.declaration, UNSEEN)

    counts = (plan.tennessee_eastman_calibration, plan.tennessee_eastman)
    return _try("tennessee-eastman", trial, fleet, counts, tuple(EASTMAN_JUDGED), (3600, 14400), report)


def _try(
    plant: str,
    trial: Trial,
    fleet: Callable[[Sequence[int]], Fleet],
    counts: tuple[int, int],
    names: Sequence[str],
    horizons_s: tuple[int, ...],
    report: Callable[[str], None],
) -> Tried:
    """Run both sets side by side, since that costs little more than one; they share nothing but the computer."""
    calibrating, testing = counts
    seeds = [
        *range(_FIRST_CALIBRATION_SEED, _FIRST_CALIBRATION_SEED + calibrating),
        *range(_FIRST_TEST_SEED, _FIRST_TEST_SEED + testing),
    ]
    course = run(trial, fleet(seeds), lambda line: report(f"{plant}: {line}"))
    made = f"{calibrating} simulated plants by 'atlas bench truth'"
    learned = calibration(trial, plant, part(course, slice(0, calibrating)), made)
    figures = judge(trial, part(course, slice(calibrating, None)), learned, names, horizons_s)
    return Tried(figures, horizons_s, learned)


def part(course: Course, plants: slice) -> Course:
    """The course of some of the plants."""
    return replace(
        course,
        told={rival: values[plants] for rival, values in course.told.items()},
        true=course.true[plants],
        shown=course.shown[plants],
        misses=course.misses[plants],
        squares=course.squares[plants],
        explained=course.explained[plants],
        found=course.found[plants],
    )


def _estimate_plan(plant: Plant, declaration: Declaration, every_s: int) -> EstimatePlan:
    """The plan of the plant's file, for an estimator that looks every `every_s`: results wait that much longer."""
    entry = plant.model.estimate if plant.model is not None else None
    if entry is None:
        raise EstimatePlanError(f"{plant.id} estimates nothing", remedy="give its file a section model.estimate")
    plan, findings = read_plan(entry, declaration)
    if plan is None:
        raise EstimatePlanError("; ".join(finding.message for finding in findings), remedy="mend model.estimate")
    waiting = [replace(row, delay_s=row.delay_s + every_s) if row.delay_s else row for row in plan.instruments]
    return replace(plan, instruments=tuple(waiting))


def _money(plant: Plant, economics: Economics, declaration: Declaration) -> Callable[[Mapping[str, Any]], Floats]:
    """Profit per hour of outputs by name, at the plant file's own prices."""
    units = {variable.name: variable.unit for variable in declaration.outputs}
    at = datetime(2026, 1, 1, tzinfo=UTC)

    def profit(values: Mapping[str, Any]) -> Floats:
        return economics.rate(values, units, plant.prices, at).total

    return profit
