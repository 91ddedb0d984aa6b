"""The report that is made of the steps' answers."""

from dataclasses import replace

import numpy as np
import pytest

from stream.jobs.answer.asking import Asked
from stream.jobs.answer.compose import MOST_DRAFTED, Cases, compose, compose_draft
from stream.jobs.answer.learnt import Learnt
from stream.jobs.answer.run_case import base_case, first_look, run_case
from stream.jobs.answer.situation import Past
from stream.jobs.report import Report
from tests.unit.jobs.situations import BEGIN_US, asked, situation, without_economics
from twin.atlas.prices import PriceBook
from twin.matrix.trajectory import Trip
from twin.matrix.williams_otto.adapter import WilliamsOttoProcess

MODEL = WilliamsOttoProcess()
HOTTER = "TIC-101.SP=97 degC over 10 min"


def _cases(question: Asked) -> Cases:
    at = question.situation
    return Cases(run_case(MODEL, at, base_case(question.scenario)), run_case(MODEL, at, question.scenario))


@pytest.fixture(scope="module")
def hotter() -> tuple[Asked, Cases]:
    """The reactor taken above its high limit of 96 degC."""
    question = asked(HOTTER)
    return question, _cases(question)


@pytest.fixture(scope="module")
def report(hotter: tuple[Asked, Cases]) -> Report:
    return compose(*hotter)


def test_a_report_reads_back_from_its_json(report: Report) -> None:
    assert Report.model_validate_json(report.model_dump_json()) == report
    assert not report.draft


def test_the_question_is_told_as_it_was_read(report: Report) -> None:
    (change,) = report.question.changes
    assert (change.name, change.unit, change.before, change.value) == ("TIC-101.SP", "degC", 80.0, 97.0)
    assert report.question.title == (
        "Reactor temperature, setpoint (TIC-101.SP) from 80.00 to 97.00 degC over 10 min, 1 h ahead"
    )
    assert (report.question.asked_by, report.question.position, report.question.id) == ("anna", "0f343b09:1041", "17")


def test_curves_tell_both_cases_with_bands(report: Report) -> None:
    temperature = next(output for output in report.outputs if output.name == "TIC-101.PV")
    assert len(report.times_s) == len(temperature.change.mid) == 121
    assert temperature.base.mid[-1] == pytest.approx(80.0, abs=0.3)
    assert temperature.change.mid[-1] == pytest.approx(97.0, abs=0.3)
    for case in (temperature.base, temperature.change):
        assert case.low is not None
        assert case.high is not None
        for low, mid, high in zip(case.low, case.mid, case.high, strict=True):
            assert low is not None
            assert mid is not None
            assert high is not None
            assert low <= mid <= high
    assert report.end_state["change"]["TIC-101.PV"] == temperature.change.mid[-1]


def test_what_a_reader_looks_for_comes_first(report: Report) -> None:
    key = [output.name for output in report.outputs if output.key]
    assert key == [output.name for output in report.outputs[: len(key)]]
    assert key[:3] == ["TIC-101.PV", "TIC-101.SP", "TIC-101.OP"]
    assert len(key) == 8


def test_a_limit_that_only_the_change_crosses_is_told_with_its_time(report: Report) -> None:
    crossing = next(each for each in report.crossings if each.tag == "TIC-101.PV")
    assert (crossing.limit, crossing.limit_value, crossing.case, crossing.probability) == ("high", 96.0, "change", 1.0)
    assert 400.0 < crossing.time_s < 900.0
    assert any("Reactor temperature (TIC-101.PV) crosses its high limit, 96.00 degC" in n.text for n in report.notes)


def test_profit_is_the_sum_of_its_lines_and_the_gain_the_difference(report: Report) -> None:
    money = report.economics
    assert money is not None
    assert [line.item for line in money.lines] == ["P", "A", "B"]
    assert all(line.base_per_h is not None and (line.base_per_h > 0) == (line.item == "P") for line in money.lines)
    assert sum(line.change_per_h or 0.0 for line in money.lines) == pytest.approx(money.change_per_h.mid, rel=1e-3)
    assert money.gain_total.low is not None
    assert money.gain_total.low < money.gain_total.mid < money.gain_total.high  # type: ignore[operator]
    assert money.change_total.mid == pytest.approx((money.base_total.mid or 0.0) + money.gain_total.mid, rel=1e-3)  # type: ignore[operator]


def test_the_same_question_from_the_same_state_has_the_same_report(hotter: tuple[Asked, Cases], report: Report) -> None:
    question = asked(HOTTER)
    assert compose(question, _cases(question)) == report


def test_without_prices_the_report_says_why_there_is_no_money(hotter: tuple[Asked, Cases]) -> None:
    question, cases = hotter
    unpriced = replace(question, situation=replace(question.situation, prices=PriceBook()))
    untold = replace(question, situation=without_economics(question.situation))
    for one, word in ((unpriced, "price"), (untold, "plant file")):
        made = compose(one, cases)
        assert made.economics is None
        assert any(note.text.startswith("No economics: ") and word in note.text for note in made.notes)


def test_a_shutdown_ends_curves_and_money(hotter: tuple[Asked, Cases], report: Report) -> None:
    question, cases = hotter
    times, trip = cases.change.times_s, Trip(1200.0, "the reactor is empty")
    values = np.where((times > trip.time_s)[:, None], np.nan, cases.change.values)
    ended = replace(cases.change, values=values, trips=(trip,) * cases.change.members)
    made = compose(question, replace(cases, change=ended))
    assert [(each.case, each.time_s, each.probability) for each in made.shutdowns] == [("change", 1200.0, 1.0)]
    assert made.notes[0].text == "With the change the plant shuts down after 20 min: the reactor is empty."
    assert made.end_state["change"]["TIC-101.PV"] is None
    assert made.economics is not None
    assert report.economics is not None
    assert made.economics.change_per_h.mid == pytest.approx(0.0, abs=1e-6)
    assert made.economics.change_total.mid == pytest.approx(report.economics.change_total.mid or 0.0 / 3, rel=1.0)
    assert "NaN" not in made.model_dump_json()


def test_two_models_that_agree_are_trusted_and_two_that_do_not_are_not(hotter: tuple[Asked, Cases]) -> None:
    question, cases = hotter
    learnt = replace(cases.change.member(0), model="williams-otto-surrogate/3")
    near = compose(question, replace(cases, learnt=Learnt(learnt, np.ones_like(learnt.values[0]), "Learnt reactor")))
    assert near.trust is not None
    assert near.trust.surrogate is not None
    assert near.trust.surrogate.verdict == "good"
    assert near.models.surrogate is not None
    assert near.models.surrogate.version == 3
    temperature = learnt.names.index("TIC-101.PV")
    values = learnt.values.copy()
    values[:, :, temperature] += 8.0
    far = compose(question, replace(cases, learnt=Learnt(replace(learnt, values=values))))
    assert far.trust is not None
    assert far.trust.surrogate is not None
    assert far.trust.surrogate.verdict == "poor"
    assert "Reactor temperature (TIC-101.PV)" in far.trust.surrogate.text


def test_a_time_when_the_same_was_changed_is_found_in_the_past(hotter: tuple[Asked, Cases]) -> None:
    question, cases = hotter
    setpoint = np.r_[np.full(300, 80.0), np.linspace(82.0, 96.0, 10), np.full(290, 96.0)]
    measured = np.r_[np.full(305, 80.2), np.full(295, 95.9)]
    past = Past(
        tags=("TIC-101.SP", "TIC-101.PV", "FIC-101.PV"), end_us=BEGIN_US, step_s=60.0,
        values=np.c_[setpoint, measured, np.full(600, np.nan)],
    )  # fmt: skip
    made = compose(replace(question, situation=replace(question.situation, past=past)), cases)
    (episode,) = made.similar
    assert abs(episode.begin_us - (BEGIN_US - 300 * 60_000_000)) <= 3 * 60_000_000
    assert episode.end_us - episode.begin_us == 3600_000_000
    assert [(each.name, each.before, each.after) for each in episode.followed] == [("TIC-101.PV", 80.2, 95.9)]


def test_no_change_asks_what_happens_if_nobody_does_anything() -> None:
    question = asked(horizon="10 min")
    cases = _cases(question)
    made = compose(question, cases)
    assert np.array_equal(cases.base.values, cases.change.values)
    assert made.question.title == "No change, 10 min ahead"
    assert made.economics is not None
    assert made.economics.gain_total.mid == 0.0


def test_a_draft_has_curves_of_one_member_and_few_points() -> None:
    question = asked("TIC-101.SP=85 degC", horizon="8 h", every="10 s")
    looks = Cases(
        first_look(MODEL, question.situation, base_case(question.scenario)),
        first_look(MODEL, question.situation, question.scenario),
    )
    made = compose_draft(question, looks)
    assert made.draft
    assert made.trust is None
    assert made.economics is None
    assert 60 <= len(made.times_s) <= MOST_DRAFTED + 1
    assert (made.times_s[0], made.times_s[-1]) == (0.0, 28800.0)


def test_a_plant_whose_state_is_not_estimated_has_a_single_member() -> None:
    at = situation()
    alone = replace(at, ensemble=at.ensemble.member(0), plan=None)
    question = asked("TIC-101.SP=85 degC", horizon="10 min", at=alone)
    made = compose(question, _cases(question))
    assert made.models.physics.members == 1
    assert made.economics is not None
    assert made.economics.gain_per_h.low is None
