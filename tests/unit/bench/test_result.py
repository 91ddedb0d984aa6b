"""The figures as a reader gets them, and the options that choose them."""

import io
import json

import pytest
from click.testing import CliRunner
from rich.console import Console

from api.bench.drain import Drained
from api.bench.latency import Latency
from api.bench.machine import Machine
from api.bench.plan import BenchPlan
from api.bench.result import Growth, SpineResult, as_table
from api.cli.bench import bench

RESULT = SpineResult(
    servers="native",
    machine=Machine("a processor", 2, 25.3, "Debian", "3.11.7"),
    plan=BenchPlan(),
    drained=Drained(16_000_000, 16_000_000, 20.0, 800_000.0, 1_000_000.0, 2_000_000.0, {"worker": 0.4004}),
    share_of_copy=0.8,
    naive_values_per_core_s=2_500.0,
    latency=Latency(5.0, 9.0, 12.345, 120),
    viewer_cpu_percent=0.5,
    peak_rss_mb={"worker": 120.04, "api": 90.0},
    growth=(Growth(100, 700_000.0, 0.7, 6.0, 40.0, {"worker": 400.0}),),
)


def test_json_holds_the_figures_that_were_promised():
    figures = json.loads(json.dumps(RESULT.as_dict()))
    promised = {
        *("values_per_second", "share_of_copy", "naive_faust_ratio", "viewer_cpu_percent", "peak_rss_mb", "growth"),
        *("latency_p50_ms", "latency_p95_ms", "latency_p99_ms"),
    }
    assert promised <= set(figures)
    assert figures["naive_faust_ratio"] == 800.0
    assert figures["latency_p99_ms"] == 12.35
    assert figures["cores"] == {"worker": 0.4}
    assert figures["growth"][0]["plants"] == 100
    assert list(figures["peak_rss_mb"]) == ["api", "worker"]


def test_the_table_sets_each_figure_beside_its_goal():
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(as_table(RESULT))
    lines = console.export_text().splitlines()
    assert any("0.80" in line and "0.7 or more" in line for line in lines)
    assert any("12.3 ms" in line and "100 ms or less" in line for line in lines)
    assert any("100 plants" in line and "700,000" in line for line in lines)


@pytest.mark.parametrize("growth", ["0", "1,x", "1001", "-1", "1.5"])
def test_numbers_of_plants_that_cannot_be_are_refused_in_words(growth):
    ran = CliRunner().invoke(bench, ["spine", "--growth", growth])
    assert ran.exit_code == 2
    assert "numbers of plants from 1 to 1000" in ran.output
