"""`atlas plant`: writing, showing, comparing and importing plants."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from api.cli.main import cli
from api.cli.plants.new import TEMPLATES
from twin.atlas.definition import parse
from twin.plants import path


def plant(*arguments, code=0):
    done = CliRunner().invoke(cli, ["plant", *map(str, arguments)], standalone_mode=False)
    if done.exception is not None and code != "error":
        raise done.exception
    if code != "error":
        assert (done.return_value or 0) == code, done.output
    return done


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_new_plant_file_is_sound_and_has_a_schema_for_editors_beside_it(template, tmp_path):
    file = tmp_path / "boiler-house.yaml"
    done = plant("new", "boiler-house", "--template", template, "-o", file)
    assert f"wrote {file}" in done.output
    text = file.read_text()
    assert text.startswith("# yaml-language-server: $schema=plant-file.schema.json\n")
    made = parse(text)
    assert (made.id, made.name) == ("boiler-house", "Boiler house")
    schema = json.loads((tmp_path / "plant-file.schema.json").read_text())
    assert "pump" in schema["$defs"]["EquipmentEntry"]["properties"]["type"]["enum"]
    assert "is sound: boiler-house" in plant("check", file).output


def test_new_overwrites_nothing_and_wants_an_id(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("mine")
    assert "is there already" in str(plant("new", "mine", "-o", file, code="error").exception)
    assert file.read_text() == "mine"
    assert "'My Plant' is no plant's id" in str(plant("new", "My Plant", "-o", "-", code="error").exception)
    assert parse(plant("new", "mine", "-o", "-").output).id == "mine"


def test_show_tells_equipment_streams_and_tags_and_draws_the_flowsheet():
    done = plant("show", "williams-otto")
    assert "R-101 Reactor  stirred-reactor" in done.output
    assert "TIC-101.PV Reactor temperature  40 – 120 degC" in done.output
    assert "FIC-101.MODE Flow of feed A, mode  MAN, AUTO, CAS" in done.output
    assert "[ PRODUCT ]" in done.output
    assert "[ PRODUCT ]" not in plant("show", "williams-otto", "--no-picture").output


def test_show_of_a_terminal_of_another_width_breaks_no_line_of_the_picture(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    assert "[LV-101]──────────▶[ PRODUCT ]" in plant("show", "williams-otto").output


def test_diff_tells_changes_and_exits_with_1_where_there_are_any(tmp_path):
    before = tmp_path / "before.yaml"
    with open(path("williams-otto"), encoding="utf-8") as file:
        before.write_text(file.read())
    after = tmp_path / "after.yaml"
    after.write_text("# A comment.\n" + before.read_text().replace("high: 96, high_high: 100", "high: 95, high_high: 100"))
    assert plant("diff", before, "williams-otto").output == ""
    assert plant("diff", before, after, code=1).output == "~ tags TIC-101.PV limits.high: 96.0 -> 95.0\n"


def test_the_exit_code_of_a_difference_reaches_the_shell():
    done = subprocess.run(
        [sys.executable, "-P", "-m", "api.cli", "plant", "diff", path("williams-otto"), path("tennessee-eastman")],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "")


def test_what_is_neither_file_nor_plant_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("ATLAS_DATA_DIR", str(tmp_path))
    assert "no plant's id" in str(plant("show", "no/such.yaml", code="error").exception)
    assert "nothing runs in" in str(plant("show", "boiler-house@3", code="error").exception)
