"""`python -m stream.servers`, as `make servers` and CI call it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from stream.servers import debian_tree, kafka_artefacts

_CACHE = Path("~/.cache/atlas-live").expanduser()


def _servers(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "stream.servers", "native", command, "--folder", str(folder)]
    return subprocess.run(call, capture_output=True, text=True, timeout=280, check=False)


def test_env_of_what_does_not_run_fails_and_says_how_to_start_it(tmp_path: Path) -> None:
    result = _servers(tmp_path, "env")
    assert result.returncode == 1
    assert result.stdout == ""
    assert "make servers" in result.stderr


@pytest.mark.real
@pytest.mark.usefixtures("real_servers")
def test_up_prints_addresses_that_env_repeats_until_down(tmp_path: Path) -> None:
    if kafka_artefacts.missing() or debian_tree.missing() or not (_CACHE / "timescaledb-trixie").exists():
        pytest.skip("this machine has its real servers from elsewhere")
    try:
        up = _servers(tmp_path, "up")
        assert up.returncode == 0, up.stderr
        assert _servers(tmp_path, "env").stdout == up.stdout
        addresses = dict(line.split("=", 1) for line in up.stdout.splitlines())
        assert set(addresses) == {"ATLAS_KAFKA", "ATLAS_DATABASE"}
        with psycopg.connect(addresses["ATLAS_DATABASE"]) as connection:
            assert connection.execute("SELECT current_database()").fetchone() == ("atlas",)
    finally:
        assert _servers(tmp_path, "down").returncode == 0
    assert _servers(tmp_path, "env").returncode == 1
