"""The job that answers a question, step after step, without servers: only the fork is replaced."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from stream.jobs import what_if
from stream.jobs.answer.situation import Situation
from stream.jobs.graph import Step
from stream.jobs.inline import run_inline
from stream.jobs.job import JobRequest
from stream.jobs.kinds import KINDS, steps_of
from stream.jobs.question import Position, Question
from stream.jobs.report import Report
from tests.unit.jobs.situations import PLAN, situation
from twin.atlas.definition import parse
from twin.matrix.errors import ScenarioError
from twin.plants import text

PLANT = parse(text("williams-otto"))


def request(*changes: str, horizon: str = "1 h") -> JobRequest:
    question = Question(
        changes=changes, horizon=horizon, every="30 s", position=Position("0f34", 7), by="anna", at_us=5
    )
    return JobRequest(kind="what-if", plant="williams-otto", identity="what-if/1", content=question.as_content())


@pytest.fixture
def kinds() -> Iterator[dict[str, str]]:
    """The kind with a fork that rebuilds nothing: it finds the reactor at its design."""
    module: Any = ModuleType("forked_questions")
    module.found = replace(situation(), economics=PLANT.economics, prices=PLANT.prices, optimisation=PLANT.optimisation)

    def steps(asked: JobRequest) -> list[Step]:
        fork = lambda context, inputs: module.found  # noqa: E731
        return [replace(step, run=fork) if step.name == "fork" else step for step in what_if.steps(asked)]

    module.steps = steps
    sys.modules[module.__name__] = module
    yield {"what-if": "forked_questions:steps"}
    del sys.modules[module.__name__]


def answered(kinds: dict[str, str], asked: JobRequest, told: list[Any] | None = None) -> Report:
    kept: list[Any] = [] if told is None else told
    result = run_inline(asked, kinds, told=lambda *progress: kept.append(progress))
    return Report.model_validate(result)


def test_a_hotter_reactor_is_answered_with_curves_money_and_better_settings(kinds: dict[str, str]) -> None:
    told: list[Any] = []
    report = answered(kinds, request("TIC-101.SP=85 degC"), told)
    assert report.models.physics.members == PLAN.members
    assert report.economics is not None
    assert report.economics.gain_per_h.mid is not None
    # 184.700 less 162.203 $/s at the classical optimum's feeds.
    assert report.economics.gain_per_h.mid == pytest.approx(3600.0 * 22.497, rel=0.1)
    advice = report.recommendation
    assert advice is not None
    temperature = next(setting for setting in advice.settings if setting.name == "TIC-101.SP")
    assert (temperature.now, temperature.asked) == (pytest.approx(80.0), pytest.approx(85.0))
    assert temperature.value == pytest.approx(89.7, abs=2.5)
    assert advice.gain.mid is not None
    assert advice.gain.mid > 0.0
    assert report.models.surrogate is None
    assert report.models.why_no_surrogate
    (draft,) = [partial["report"] for _, _, _, partial in told if partial]
    assert Report.model_validate(draft).draft
    names = [name for name, *_ in told]
    assert names.index("look") < names.index("simulate base")


def test_the_same_question_asked_again_is_answered_alike(kinds: dict[str, str]) -> None:
    assert answered(kinds, request("FIC-102.SP=5 kg/s")) == answered(kinds, request("FIC-102.SP=5 kg/s"))


def test_without_adjustable_settings_the_report_says_so(kinds: dict[str, str]) -> None:
    module: Any = sys.modules["forked_questions"]
    found: Situation = module.found
    module.found = replace(found, optimisation=None, surrogate="williams-otto/nobody-made-this")
    report = answered(kinds, request("TIC-101.SP=81 degC", horizon="10 min"))
    assert report.recommendation is None
    assert any(note.text.startswith("No recommendation: the plant file") for note in report.notes)
    assert "nobody-made-this" in report.models.why_no_surrogate


def test_a_change_that_the_control_system_does_not_take_fails_with_its_field(kinds: dict[str, str]) -> None:
    with pytest.raises(ScenarioError) as refused:
        answered(kinds, request("TIC-102.SP=90 degC", horizon="10 min"))
    assert refused.value.faults[0].path == "changes[0].TIC-102.SP"
    assert refused.value.faults[0].remedy


def test_both_kinds_of_question_are_known_to_the_runner() -> None:
    for kind in ("what-if", "optimisation"):
        graph = steps_of(replace(request(), kind=kind), KINDS)
        assert graph.result == "report"
        ready = [step.name for step in graph.ready({"fork"}, {"fork"})]
        assert ready == ["look", "simulate change", "simulate base", "predict", "recommend"]


@pytest.mark.parametrize("written", ["0f34:7", " 0f34:7 ", "0f34-7"])
def test_a_position_is_read_as_screens_and_policies_write_it(written: str) -> None:
    assert Position.parse(written) == Position("0f34", 7)


def test_a_policys_request_is_a_question_without_change() -> None:
    content = {"position": "0f34-7", "reason": {"text": "TIC-101.PV above 94 degC"}, "by": "policy hot"}
    asked = Question.of_content(content)
    assert (asked.changes, asked.horizon, asked.reason) == ((), "8 h", "TIC-101.PV above 94 degC")
