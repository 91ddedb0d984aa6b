"""`atlas demo` from the outside: up with both plants live, healing what dies, resuming, and leaving nothing behind."""

import os
import signal

import psutil
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(280)]


def check_status_and_secrets(running):
    told = running.status()
    assert set(told["addresses"]) == {"api", "dashboard", "kafka", "database", "opcua"}
    assert told["api_key"]
    names = {each["name"] for each in told["processes"]}
    assert names == {
        "kafka", "database", "plants", "api", "worker", "historian", "keeper", "runner", "connector",
        "dashboard",
    }  # fmt: skip
    for secret in ("run.json", "keys.json", "local_keys.json", "ticket_secret"):
        assert (running.folder / secret).stat().st_mode & 0o077 == 0, secret


def check_portfolio(running, plants):
    with running.client() as client:
        listed = [portfolio.id for portfolio in client.portfolios().portfolios]
        if plants < {"williams-otto", "tennessee-eastman"}:
            assert listed == [], "without its second plant the portfolio is left out"
            return
        assert listed == ["demo"]
        steam = client.portfolio_overview("demo").utilities[0]
        assert [use.measure.tag for use in steam.uses if use.measure] == ["FI-219.PV"]
        assert client.portfolio_graphic("demo").startswith("<svg")


def check_second_start_is_refused(running):
    second = running.atlas("demo", "--servers", "embedded")
    assert second.returncode == 1
    assert "runs already" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_demo_comes_up_heals_resumes_and_leaves_nothing_behind(demo):
    with demo() as running:
        plants = running.until(running.live_plants, 120, "a live plant")
        assert "williams-otto" in plants
        running.until(lambda: "Stop " in running.told, 60, "the closing lines")
        closing = running.told.splitlines()[-4:]
        assert [line.split()[0] for line in closing] == ["Dashboard", "API", "Status", "Stop"]

        check_status_and_secrets(running)
        check_portfolio(running, plants)
        check_second_start_is_refused(running)

        for name in ("historian", "kafka"):
            before = running.process_of(name)
            os.kill(before["pid"], signal.SIGKILL)
            running.until(lambda n=name: running.process_of(n)["restarts"] >= 1, 30, f"{name} to be started again")
        running.until(running.all_up, 90, "everything to be up again")
        running.until(lambda: running.live_plants() >= plants, 60, "live plants after the kills")

        pids = running.pids()
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(40) == 0
        assert not [pid for pid in pids if psutil.pid_exists(pid)]
        assert running.atlas("status").returncode == 1

    # A second start resumes: the database still has the plants' past, and a killed supervisor leaves nothing behind.
    with demo() as running:
        running.until(lambda: running.live_plants() >= plants, 120, "live plants after a restart")
        pids = running.pids()
        running.process.kill()
        running.process.wait()
    for _ in psutil.wait_procs([psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)], timeout=30)[1]:
        pytest.fail(f"orphans still run: {[pid for pid in pids if psutil.pid_exists(pid)]}")
