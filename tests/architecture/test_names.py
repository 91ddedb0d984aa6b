"""Names of files and packages: a file is named after its concept, and nobody else bears our packages' names."""

import importlib.metadata
import itertools
import re
import subprocess
import sys
import zipfile
from pathlib import PurePath

import pytest

FORBIDDEN = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}
LOCKS = ("requirements.lock", "requirements-tep.lock", "requirements-dev.lock")


def test_no_file_or_folder_is_called_after_nothing(tracked):
    called = {path for path in tracked if FORBIDDEN & set(PurePath(path).with_suffix("").parts)}
    assert not called


def test_test_folders_are_no_packages(tracked):
    """A `tests/unit/stream/__init__.py` would be imported as `stream`."""
    assert not [path for path in tracked if path.startswith("tests/") and path.endswith("__init__.py")]


def _pins(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))


@pytest.fixture(scope="module")
def locks(root) -> dict[str, dict[str, str]]:
    """Pinned versions of each lock file."""
    return {name: _pins((root / name).read_text(encoding="utf-8")) for name in LOCKS}


def test_each_lock_holds_the_pins_of_the_smaller_one(locks):
    for small, large in itertools.pairwise(LOCKS):
        assert locks[small].items() <= locks[large].items(), f"{small} and {large} differ; run make lock"


def test_every_pin_carries_hashes_and_no_address(root):
    for name in LOCKS:
        entries = re.split(r"^(?=[a-z0-9-]+==)", (root / name).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
        assert all("--hash=sha256:" in entry for entry in entries), name
        assert not re.search(r"https?://|--index-url|--find-links", "".join(entries)), name


def test_no_other_distribution_of_the_locks_provides_a_name_of_ours(packages, locks):
    installed = {dist.name.lower().replace("_", "-").replace(".", "-") for dist in importlib.metadata.distributions()}
    lacking = set(locks["requirements.lock"]) - installed
    assert len(lacking) < 10, f"judged by what is installed, but the lock is not: {sorted(lacking)}"
    providers = importlib.metadata.packages_distributions()
    for package in packages:
        assert set(providers.get(package, [])) <= {"atlas-live"}, f"{package} is also of {providers[package]}"


def test_the_wheel_has_exactly_our_six_packages_with_their_data(tmp_path, root, project, packages):
    assert tuple(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == packages
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=root, check=True, capture_output=True, timeout=60)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as content:
        names = content.namelist()
    assert {name.split("/")[0] for name in names} - {f"atlas_live-{project['project']['version']}.dist-info"} == set(
        packages
    )
    for data in (
        "twin/plants/williams-otto.yaml", "api/cli/plants/templates/minimal.yaml",
        "dashboards/components/screen.css", "dashboards/components/text.js",
    ):  # fmt: skip
        assert data in names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
