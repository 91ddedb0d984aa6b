"""Recommended settings in a report: found from the situation, with a reason where there are none, kept on record."""

from dataclasses import replace
from typing import Any

import pytest

from stream.jobs.answer import advice
from stream.jobs.answer.advice import advise
from tests.unit.jobs.situations import BOOK, asked, economics, situation
from twin.atlas.definition import parse
from twin.atlas.optimisation import Adjustable
from twin.metis.errors import TrackingError
from twin.metis.study import Study
from twin.metis.tracking import RunRecord
from twin.plants import text


def _content(*changes: str) -> dict[str, Any]:
    return asked(*changes).question.as_content()


def _situation() -> Any:
    return replace(
        situation(), optimisation=parse(text("williams-otto")).optimisation, economics=economics(), prices=BOOK
    )


class _Shelf:
    def __init__(self, *, away: bool = False) -> None:
        self.away = away
        self.kept: list[tuple[RunRecord, Study]] = []

    def keep(self, record: RunRecord, study: Study) -> None:
        if self.away:
            raise TrackingError("could not be recorded", remedy="look whether the MLflow server runs")
        self.kept.append((record, study))


def test_better_settings_are_told_in_the_plants_words_and_kept_on_record(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = _Shelf()
    monkeypatch.setattr(advice, "tracker", lambda uri: shelf if uri else None)

    found = advise(_situation(), _content("TIC-101.SP=85 degC"), 7, records="http://127.0.0.1:5000").recommendation

    assert found is not None
    temperature, feed = found.settings
    assert (temperature.name, temperature.unit, temperature.asked) == ("TIC-101.SP", "degC", 85.0)
    assert 87.0 < temperature.value < 92.0
    assert (feed.name, feed.unit) == ("FIC-102.SP", "kg/s")
    assert found.gain_unit == "USD/h"
    assert found.gain.mid is not None
    assert found.gain.mid > 0
    assert found.model_runs <= 25 + 2  # each setting is tried back where it was
    ((record, study),) = shelf.kept
    assert record.reproduces["model"] == "williams-otto/1"
    assert record.reproduces["seed"] == 7
    assert record.reproduces["asked"] == "TIC-101.SP=85 degC"
    assert record.reproduces["from TIC-101.SP"] == "72 to 94 degC"
    assert len(study.trials) == found.model_runs


def test_a_server_of_records_that_is_away_spoils_no_answer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(advice, "tracker", lambda uri: _Shelf(away=True))

    found = advise(_situation(), _content("TIC-101.SP=85 degC"), 7, records="http://127.0.0.1:5000")

    assert found.recommendation is not None
    assert "look whether the MLflow server runs" in caplog.text


def test_why_there_is_no_advice_is_told() -> None:
    nobody_says = replace(_situation(), optimisation=None)
    no_money = replace(_situation(), economics=None)

    assert "does not say what may be set" in advise(nobody_says, _content("TIC-101.SP=85 degC"), 7).why_not
    assert "profit is the goal" in advise(no_money, _content("TIC-101.SP=85 degC"), 7).why_not
    at = _situation()
    slave = Adjustable(tag="TIC-102.SP", unit="degC", low=80.0, high=120.0)  # its master writes it
    refused = advise(replace(at, optimisation=replace(at.optimisation, adjustable=(slave,))), _content(), 7)
    assert refused.recommendation is None
    assert "TIC-102.SP" in refused.why_not
