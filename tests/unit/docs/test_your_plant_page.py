"""The tutorial about a plant of one's own, as far as it goes without servers; `tests/e2e/run` follows all of it."""

import importlib
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[3] / "docs"
NEEDS_SERVERS = ("atlas run", "atlas keys", "atlas trace", "atlas plant store", "atlas plant diff", "send.py")


@pytest.fixture
def steps(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    return importlib.import_module("generate.steps")


def install(package: Path, site: Path) -> None:
    """What pip leaves of a package: its modules, and the folder that tells its entry points."""
    about = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    info = site / f"{about['name'].replace('-', '_')}-{about['version']}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {about['name']}\nVersion: {about['version']}\n")
    groups = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
        for group, entries in about["entry-points"].items()
    ]
    (info / "entry_points.txt").write_text("\n".join(groups))
    for module in package.glob("*.py"):
        (site / module.name).write_text(module.read_text())


def type_line(line: str, folder: Path) -> str:
    """What a line prints; its exit code is the test's where the page shows faults."""
    arguments = {".venv/bin/atlas": f"{sys.executable} -P -m api.cli", ".venv/bin/python": sys.executable}
    program, _, rest = line.partition(" ")
    line = f"{arguments.get(program, program)} {rest}"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder / "site"), "COLUMNS": "120"}
    done = subprocess.run(
        ["sh", "-c", line], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=60,
    )  # fmt: skip
    return done.stdout


def test_files_and_commands_of_the_tutorial_that_need_no_servers_do_what_it_shows(steps, tmp_path):
    shown = 0
    for step in steps.steps((DOCS / "tutorial/your-plant.md").read_text(encoding="utf-8")):
        if isinstance(step, steps.File):
            file = tmp_path / step.name
            file.parent.mkdir(exist_ok=True)
            file.write_text(step.content)
        elif "pip install" in step.lines[0]:
            install(tmp_path / step.lines[0].rpartition("./")[2], tmp_path / "site")
        elif not any(word in line for word in NEEDS_SERVERS for line in step.lines):
            printed = "".join(type_line(line, tmp_path) for line in step.lines)
            assert step.prints(printed), f"{step.lines} prints\n{printed}"
            shown += step.printed is not None
    assert shown == 4


def test_the_steps_of_a_page_are_its_files_and_its_commands_with_what_they_print(steps):
    page = """
Save this as `a.txt`:

```yaml
a: 1
```

```python
not_a_file()
```

```sh
one
two
```

They print:

```text
1 … 2
…
```

```sh
three
```
"""
    found = list(steps.steps(page))
    assert found == [
        steps.File("a.txt", "a: 1\n"), steps.Commands(("one", "two"), "1 … 2\n…\n"), steps.Commands(("three",)),
    ]  # fmt: skip
    assert found[1].prints("1 and 2  \nmore\nand more\n")
    assert not found[1].prints("1 and 3\nmore\n")
    assert not found[1].prints("")
    assert found[2].prints("whatever")
    assert not steps.Commands(("x",), "1\n").prints("1\n2\n")
