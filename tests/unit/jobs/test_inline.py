"""A job's steps in this process."""

from __future__ import annotations

import boiling
import pytest

from stream.jobs.inline import run_inline
from stream.jobs.job import JobRequest
from twin.matrix.errors import ScenarioError

TEA = JobRequest(kind="tea", plant="kettle", identity="one", content={"litres": 2})


def test_the_last_steps_answer_is_the_result_as_json_gives_it_back() -> None:
    told: list[tuple[str, float, str, object]] = []
    result = run_inline(TEA, boiling.KINDS, told=lambda *each: told.append(each))
    assert result == {"weight": 1.996, "temperature": 100.0, "seed": result["seed"], "litres": 2.0, "unknown": None}
    assert told == [("fill", 0.5, "filling", None), ("heat", 0.2, "heating", {"curve": [20, 60]})]


def test_the_same_identity_draws_the_same_numbers_and_another_one_others() -> None:
    seeds = [
        run_inline(JobRequest(kind="tea", plant="kettle", identity=name, content={"litres": 1}), boiling.KINDS)["seed"]
        for name in ("one", "one", "two")
    ]
    assert seeds[0] == seeds[1] != seeds[2]


def test_what_a_step_raises_comes_out() -> None:
    request = JobRequest(kind="refusing", plant="kettle", identity="x", content={"how": "scenario"})
    with pytest.raises(ScenarioError, match="too hot"):
        run_inline(request, boiling.KINDS)
