"""`atlas bench spine` end to end on embedded servers: all figures are there and plausible; none has to be fast."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

COMMAND = (sys.executable, "-P", "-m", "api.cli", "bench", "spine")


@pytest.fixture(scope="module")
def figures():
    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run(
            [*COMMAND, "--json", "--seconds", "1", "--growth", "", "--servers", "embedded"],
            capture_output=True,
            text=True,
            timeout=280,
            env={"PATH": "/usr/bin:/bin", "HOME": str(Path.home()), "TMPDIR": folder},
        )
        left = list(Path(folder).iterdir())
    assert ran.returncode == 0, ran.stderr
    assert not left
    return json.loads(ran.stdout)


def test_every_value_sent_can_be_queried(figures):
    assert figures["values_sent"] == figures["values_stored"] > 0


def test_rates_fit_one_another(figures):
    assert figures["values_per_second"] == pytest.approx(figures["values_sent"] / figures["seconds"], rel=0.01)
    assert figures["share_of_copy"] == pytest.approx(
        figures["values_per_second"] / figures["copy_values_per_second"], abs=0.001
    )
    # One message a scan is the design's lever: a worker that is not far ahead of one event a tag has lost it.
    assert figures["naive_faust_ratio"] > 20


def test_latency_and_viewers_are_measured(figures):
    assert 0 < figures["latency_p50_ms"] <= figures["latency_p95_ms"] <= figures["latency_p99_ms"]
    assert figures["latency_scans"] > 0
    assert 0 < figures["viewer_cpu_percent"] < 200


def test_memory_is_told_for_every_process(figures):
    names = {"worker", "historian", "keeper", "api", "dashboard", "kafka", "database"}
    assert set(figures["peak_rss_mb"]) == names
    assert all(10 < peak < 10_000 for peak in figures["peak_rss_mb"].values())


def test_figures_say_on_what_they_were_measured(figures):
    assert figures["servers"] == "embedded"
    assert figures["machine"]["cores"] >= 1
    assert figures["plan"]["tags"] == 1000
