"""`atlas bench what-if`: its figures bear their names and are those of a real forecast."""

import json

import pytest
from click.testing import CliRunner

from api.bench.what_if import as_dict
from api.cli.bench import bench
from stream.bench.what_if_figures import WhatIfFigures


def test_the_ratio_counts_forecast_and_bands_over_the_solver_s_runs_of_the_same_futures():
    figures = WhatIfFigures(simulator_ms=50.0, still_ms=30.0, question_ms=54.0, bands_ms=6.0, members=50)
    told = as_dict(figures)
    assert told["ratio_to_simulator"] == pytest.approx(1.2)
    assert told["williams_otto_ms"] == pytest.approx(60.0)


def test_the_command_measures_and_tells_both_forms():
    runner = CliRunner()
    told = json.loads(runner.invoke(bench, ["what-if", "--json", "--repeats", "1"]).output)
    assert told["forecast_ms"] > told["bands_ms"] > 0.0
    assert told["members"] == 50
    shown = runner.invoke(bench, ["what-if", "--repeats", "1"]).output
    assert "1.1 or less" in shown
