from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from twin.matrix import registry
from twin.matrix.errors import MissingSimulatorError, UnknownModelError, UnusableModelError
from twin.matrix.registry import find_model, registered_models
from twin.matrix.williams_otto.adapter import WilliamsOttoProcess


class Missing:
    def __init__(self) -> None:
        raise MissingSimulatorError("no simulator", remedy="install it")


@pytest.fixture
def register(monkeypatch):
    find_model.cache_clear()
    yield lambda **entries: monkeypatch.setattr(
        registry,
        "entry_points",
        lambda group: [EntryPoint(key, value, group) for key, values in entries.items() for value in values],
    )
    find_model.cache_clear()


def test_the_plants_that_ship_have_their_models_made_once():
    assert isinstance(find_model("williams-otto"), WilliamsOttoProcess)
    assert find_model("williams-otto") is find_model("williams-otto")
    assert {"williams-otto", "tennessee-eastman"} <= registered_models().keys()


def test_an_unknown_key_names_the_nearest():
    with pytest.raises(UnknownModelError, match="did you mean 'williams-otto'"):
        find_model("william-otto")


def test_what_cannot_be_used_takes_nothing_else_down(register):
    ours = "twin.matrix.williams_otto.adapter:WilliamsOttoProcess"
    register(good=[ours], broken=["no_such_package:model"], wrong=["builtins:dict"], twice=[ours, ours])
    told = registered_models()
    assert told["good"] is None
    for key in ("broken", "wrong", "twice"):
        assert "uninstall" in (told[key] or "")
        with pytest.raises(UnusableModelError):
            find_model(key)


def test_a_family_makes_every_member_that_has_no_entry_of_its_own(register, monkeypatch):
    register(**{"*/echo": ["builtins:dict"], "own/echo": ["builtins:dict"]})
    made = []

    class Echo:
        def __init__(self, member="its own"):
            made.append(member)

        declaration = WilliamsOttoProcess().declaration
        start = simulate = None

    monkeypatch.setattr(EntryPoint, "load", lambda entry: Echo)
    for key in ("unit-7/echo", "own/echo"):
        assert isinstance(find_model(key), Echo)
    assert made == ["unit-7", "its own"]
    assert registered_models() == {"own/echo": None}
    for key in ("unit-7", "unit-7/other", "echo"):
        with pytest.raises(UnknownModelError):
            find_model(key)


def test_a_missing_simulator_is_told_with_its_own_remedy(register, monkeypatch):
    register(missing=["builtins:dict"])
    monkeypatch.setattr(EntryPoint, "load", lambda entry: Missing)
    assert registered_models() == {"missing": "no simulator; install it"}
    with pytest.raises(MissingSimulatorError):
        find_model("missing")


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "simulators"
    folder.mkdir()
    registry.use_simulators(folder)
    yield folder
    registry.use_simulators(None)


def test_the_name_of_a_simulator_file_is_a_key(folder):
    with pytest.raises(UnusableModelError, match="cannot be read"):
        find_model("unit-7/none.yaml")
    (folder / "secret.yaml").write_text("password: hunter2\n")
    with pytest.raises(UnusableModelError, match="no simulator file") as told:
        find_model("secret.yaml")
    assert "hunter2" not in str(told.value)


def test_simulator_files_that_cannot_be_used_are_listed_with_their_reason(folder):
    (folder / "unit-7").mkdir()
    (folder / "unit-7" / "column.yaml").write_text("password: hunter2\n")
    assert "no simulator file" in (registered_models()["unit-7/column.yaml"] or "")


def test_files_outside_the_folder_are_not_opened(folder, tmp_path):
    outside = tmp_path / "outside.yaml"
    outside.write_text("atlas_simulator: 1\n")
    (folder / "link.yaml").symlink_to(outside)
    for key in (str(outside), "../outside.yaml", "link.yaml"):
        with pytest.raises(UnknownModelError, match="outside the folder"):
            find_model(key)


def test_no_file_is_opened_unless_a_folder_is_named():
    with pytest.raises(UnknownModelError, match="ATLAS_SIMULATORS"):
        find_model("column.yaml")
