"""`make rules`: break each rule of delivery in a copy of the tree; the tests that bear its name must notice.

Arguments name rules, all where there are none.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from breaches import BREACHES, Breach

ROOT = Path(__file__).parents[2]
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "*-data", "docs")
LONGEST_S = 900


def main() -> int:
    """Try the breaches and print a line of each; 1 where a broken rule went unnoticed."""
    wanted = set(sys.argv[1:]) or {breach.rule for breach in BREACHES}
    unnoticed = 0
    with tempfile.TemporaryDirectory(prefix="atlas-rules-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=NOT_COPIED)
        chosen = [each for each in BREACHES if each.rule in wanted]
        # A test that fails in the copy anyway would seem to notice everything.
        sound = run_tests(tree, *sorted({test for each in chosen for test in each.tests}))
        if sound.returncode != 0:
            print(sound.stdout)
            return 1
        for breach in chosen:
            for test in breach.tests:
                began = time.monotonic()
                noticed = is_noticed(tree, breach, test)
                unnoticed += not noticed
                word = "noticed  " if noticed else "UNNOTICED"
                print(f"{word} {time.monotonic() - began:5.1f} s  {breach.rule}: {breach.done}  [{test}]", flush=True)
    return 1 if unnoticed else 0


def is_noticed(tree: Path, breach: Breach, test: str) -> bool:
    """Whether the test runs and fails with the rule broken; the tree is whole again afterwards."""
    path = tree / breach.path
    sound = path.read_text()
    path.write_text(sound.replace(breach.sound, breach.broken))
    try:
        ran = run_tests(tree, test)
    finally:
        path.write_text(sound)
    return ran.returncode == 1 and re.search(r"\b[1-9]\d* failed\b", ran.stdout) is not None


def run_tests(tree: Path, *tests: str) -> "subprocess.CompletedProcess[str]":
    """Run tests of the copy, which stands before the installed project on the path, in what they start, too."""
    return subprocess.run(
        [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests],
        cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)}, capture_output=True, text=True, timeout=LONGEST_S,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
