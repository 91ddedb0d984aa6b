"""The public names of twin.atlas: loaded when asked for, known to type checkers, and never those of a module."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import twin.atlas

FOLDER = Path(twin.atlas.__file__).parent


def test_every_public_name_is_there_and_of_the_module_that_type_checkers_are_told():
    told = re.findall(r"from twin\.atlas\.(\w+) import (\w+) as (\w+)", (FOLDER / "__init__.py").read_text())
    assert {name for _, name, _ in told} == set(dir(twin.atlas))
    for module, name, again in told:
        assert name == again
        found = getattr(twin.atlas, name)
        assert found is getattr(sys.modules[f"twin.atlas.{module}"], name)


def test_no_public_name_is_that_of_a_module_which_would_take_its_place():
    assert not {entry.stem for entry in FOLDER.iterdir()} & set(dir(twin.atlas))


def test_an_unknown_name_is_no_attribute():
    with pytest.raises(AttributeError, match="no attribute 'Reactor'"):
        _ = twin.atlas.Reactor


def test_to_import_the_package_loads_nothing():
    code = "import sys, twin.atlas; print([m for m in sys.modules if m.startswith('twin.atlas.') or m == 'numpy'])"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
