"""Analysers sample rarely and report late."""

import pytest

from connectors.simulated.analysers import DelayedAnalyser, ReportOnChange


def test_sample_is_reported_after_its_delay_and_only_then() -> None:
    analyser = DelayedAnalyser(period_s=300, delay_s=150)
    reports = {
        second: report for second in range(1000) if (report := analyser.report(second, [float(second)])) is not None
    }
    assert reports == {150: [0.0], 450: [300.0], 750: [600.0]}


def test_sample_under_way_survives_a_restart() -> None:
    first, second = DelayedAnalyser(300, 150), DelayedAnalyser(300, 150)
    for moment in range(300, 400):
        first.report(moment, [float(moment)])
    second.restore(first.snapshot())
    assert second.report(450, [450.0]) == [300.0]


def test_nothing_is_reported_before_the_first_sample() -> None:
    assert DelayedAnalyser(300, 150).report(150, [1.0]) is None


def test_delay_longer_than_the_period_is_refused() -> None:
    with pytest.raises(ValueError, match="delay of 300"):
        DelayedAnalyser(300, 300)


def test_only_changed_values_count_as_reports() -> None:
    reports = ReportOnChange()
    assert reports.changed([1.0, 2.0]) == [True, True]
    assert reports.changed([1.0, 2.0]) == [False, False]
    assert reports.changed([1.0, 3.0]) == [False, True]
