"""The tutorial `docs/tutorial/your-plant.md` does what it says, from its empty file to its last command."""

import importlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.supervision.places import server_places
from stream.servers.find import available, choose

pytestmark = [pytest.mark.slow, pytest.mark.timeout(290)]

DOCS = Path(__file__).parents[3] / "docs"
FAULTY = ".venv/bin/atlas plant check salt-works.yaml"
DIFFERS = ".venv/bin/atlas plant diff "
START_S, ANSWER_S, STOP_S = 120.0, 30.0, 40.0


class Reader:
    """Somebody who follows the tutorial in a folder of their own, whose `.venv` is ours; pip installs beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: subprocess.Popen[bytes] | None = None
        programs = folder / ".venv/bin"
        programs.mkdir(parents=True)
        for name, arguments in (("atlas", "-P -m api.cli"), ("python", "")):
            (programs / name).write_text(f'#!/bin/sh\nexec {sys.executable} {arguments} "$@"\n')
            (programs / name).chmod(0o755)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ATLAS_")}
        self.environment = {**kept, "PYTHONPATH": str(folder / "site"), "COLUMNS": "120"}

    def save(self, name: str, content: str) -> None:
        file = self.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(content)

    def type(self, line: str) -> tuple[int, str]:
        """Run one line; gives its exit code and what it prints."""
        line = line.replace("pip install ", "pip install -q --no-index --no-deps --target site ")
        done = subprocess.run(
            ["sh", "-c", line], cwd=self.folder, env=self.environment, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=120,
        )  # fmt: skip
        return done.returncode, done.stdout

    def start(self, line: str) -> None:
        """Run the line of a second terminal until its closing lines are there."""
        output = self.folder / "second-terminal.txt"
        with output.open("w") as written:
            self.running = subprocess.Popen(
                ["sh", "-c", f"exec {line} --servers embedded"], cwd=self.folder, env=self.environment,
                stdout=written, stderr=written, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + START_S
        while "Stop " not in output.read_text():
            if self.running.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"nothing runs:\n{output.read_text()[-3000:]}")
            time.sleep(0.3)

    def stop(self) -> None:
        """Press Ctrl-C in the second terminal."""
        if self.running is None or self.running.poll() is not None:
            return
        self.running.send_signal(signal.SIGINT)
        try:
            assert self.running.wait(STOP_S) == 0
        finally:
            self.running.kill()
            self.running.wait()


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    places = server_places(tmp_path / ".atlas")
    (embedded,) = [look for look in available(places) if look.kind == "embedded"]
    if not embedded.ok:
        pytest.skip(f"no embedded servers here: {embedded.reason}")
    reader = Reader(tmp_path)
    try:
        yield reader
    finally:
        reader.stop()
        choose("embedded", places).forget()


def exit_codes(line: str, told: str | None) -> set[int]:
    """What a line may exit with: a check that tells faults, and a difference that is one, with 1."""
    if (line == FAULTY and told is not None and " faults" in told) or line.startswith(DIFFERS):
        return {1}
    return {0}


def follow(reader: Reader, commands) -> None:
    """Type the commands; where the plant runs, what they print may take its time."""
    deadline = time.monotonic() + (ANSWER_S if reader.running else 0.0)
    while True:
        done = [(line, *reader.type(line)) for line in commands.lines]
        for line, code, output in done:
            assert code in exit_codes(line, commands.printed), f"{line}: exit code {code}\n{output}"
        printed = "".join(output for _, _, output in done)
        if commands.prints(printed):
            return
        if time.monotonic() > deadline:
            pytest.fail(f"{' && '.join(commands.lines)} prints\n{printed}\nand the page says\n{commands.printed}")
        commands = type(commands)(commands.lines[-1:], commands.printed)
        time.sleep(1.0)


def test_whoever_follows_the_tutorial_gets_what_it_shows(reader, monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    steps = importlib.import_module("generate.steps")
    page = (DOCS / "tutorial/your-plant.md").read_text(encoding="utf-8")
    followed = 0
    for step in steps.steps(page):
        followed += 1
        if isinstance(step, steps.File):
            reader.save(step.name, step.content)
        elif " run " in step.lines[0]:
            reader.start(step.lines[0])
        else:
            follow(reader, step)
    assert followed > 15
    assert reader.running is not None
    assert "revision 2" in page, "the page shows a revision of a running plant"
