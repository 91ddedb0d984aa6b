import subprocess
import sys

import psutil
import pytest

from api.supervision import folder, run_state
from api.supervision.log_files import rotate, tail
from api.supervision.run_state import ProcessState, RunState


def state_of(*processes: ProcessState) -> RunState:
    return RunState(
        pid=1, created=1.0, command="demo", servers="embedded", since=0.0, addresses={"dashboard": "http://d"},
        processes=list(processes),
    )  # fmt: skip


def test_a_data_folder_belongs_to_one_supervisor(tmp_path):
    run_state.save(state_of(), tmp_path)
    with folder.held(tmp_path), pytest.raises(folder.AlreadyRunsError, match=r"runs already .* dashboard is http://d"):
        with folder.held(tmp_path, patience_s=0.2):
            pass
    with folder.held(tmp_path):
        pass


def test_the_data_folder_is_its_owners_alone(tmp_path):
    with folder.held(tmp_path / "data"):
        assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_children_of_a_killed_supervisor_are_ended_at_the_next_start(tmp_path):
    toy = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        run_state.save(state_of(ProcessState("toy", pid=toy.pid, created=run_state.created(toy.pid))), tmp_path)
        assert folder.clear_leftovers(tmp_path) == 1
        assert toy.wait(5) != 0
    finally:
        toy.kill()
        toy.wait()


def test_a_process_that_was_given_an_old_number_is_left_alone(tmp_path):
    toy = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        run_state.save(state_of(ProcessState("toy", pid=toy.pid, created=run_state.created(toy.pid) - 100)), tmp_path)
        assert folder.clear_leftovers(tmp_path, patience_s=0.1) == 0
        assert psutil.pid_exists(toy.pid)
        assert toy.poll() is None
    finally:
        toy.kill()
        toy.wait()


def test_the_state_comes_back_as_it_was_saved_and_is_its_owners_alone(tmp_path):
    state = state_of(ProcessState("toy", pid=7, state="up", restarts=2, health={"ok": True}))
    run_state.save(state, tmp_path)
    assert run_state.load(tmp_path) == state
    assert run_state.path(tmp_path).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "{", "[]", '{"v": 99}', '{"v": 1, "processes": [{}]}'])
def test_a_state_that_cannot_be_read_is_none(tmp_path, text):
    run_state.path(tmp_path).write_text(text)
    assert run_state.load(tmp_path) is None
    assert folder.clear_leftovers(tmp_path) == 0


def test_a_log_that_has_grown_is_set_aside_and_the_oldest_goes(tmp_path):
    log = tmp_path / "x.log"
    for turn in range(5):
        log.write_text(f"{turn}" * 20)
        rotate([log], longest_bytes=10, keep=3)
    assert log.read_text() == ""
    assert [(tmp_path / f"x.log.{n}").read_text()[0] for n in (1, 2, 3)] == ["4", "3", "2"]
    assert not (tmp_path / "x.log.4").exists()


def test_a_short_or_missing_log_is_left_alone(tmp_path):
    log = tmp_path / "x.log"
    log.write_text("a\nb\nc\n")
    rotate([log, tmp_path / "none.log"], longest_bytes=10)
    assert tail(log, 2) == ["b", "c"]
    assert tail(tmp_path / "none.log") == []
