"""`atlas plant`: writing, showing, comparing and importing plants."""

import json
import subprocess
import sys
from pathlib import Path

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
    assert "R-101 Reactor  stirred-reactor; volume 4.21 m3" in done.output
    assert "R2 B + C -> P + E  R-101" in done.output
    assert "P 1143.38 USD/kg" in done.output
    assert "TIC-101.PV Reactor temperature  40 – 120 degC" in done.output
    assert "FIC-101.MODE Flow of feed A, mode  MAN, AUTO, CAS" in done.output
    assert "[ PRODUCT ]" in done.output
    assert "[ PRODUCT ]" not in plant("show", "williams-otto", "--no-picture").output


def test_show_of_a_terminal_of_another_width_breaks_no_line_of_the_picture(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    assert "[LV-101]──────────▶[ PRODUCT ]" in plant("show", "williams-otto").output


def test_an_area_or_unit_is_shown_alone_with_what_crosses_its_boundary():
    output = plant("show", "williams-otto", "--area", "U120").output
    assert "TV-102" in output
    assert "FEED-A" not in output
    assert "in   S-7 from R-101, C-4 from TIC-101\nout  S-6 to R-101\n" in output
    assert "S-6 → R-101.jacket_inlet" in output
    assert "TIC-102.PV" in output
    assert "no area or unit 'U1200'; did you mean 'U120'?" in str(
        plant("show", "williams-otto", "--area", "U1200", code="error").exception
    )


def test_draw_writes_the_process_graphic(tmp_path):
    file = tmp_path / "graphic.svg"
    plant("draw", "williams-otto", "-o", file)
    assert file.read_text().startswith("<svg")
    assert plant("draw", "williams-otto").output.rstrip("\n") == file.read_text()


def test_a_plant_that_fills_no_terminal_is_told_without_its_picture(tmp_path):
    feeds = "".join(f"  - {{id: F-{n}, type: feed}}\n" for n in range(151))
    streams = "".join(f"  - {{name: S-{n}, from: F-{n}, to: T-1}}\n" for n in range(151))
    file = tmp_path / "many.yaml"
    file.write_text(
        f"atlas: 2\nplant: many\nname: Many\nsources: [{{name: push, kind: push}}]\nequipment:\n{feeds}"
        "  - {id: T-1, type: tank}\n  - {id: OUT, type: product}\n"
        f"streams:\n{streams}  - {{name: S-OUT, from: T-1, to: OUT}}\n"
        "tags: [{name: T, description: t, range: [0, 1]}]\n"
    )
    output = plant("show", file).output
    assert "F-150 F-150  feed" in output
    assert output.endswith("no picture: 153 pieces of equipment fill no terminal; --area shows a part\n")


def test_diff_tells_changes_and_exits_with_1_where_there_are_any(tmp_path):
    before = tmp_path / "before.yaml"
    with open(path("williams-otto"), encoding="utf-8") as file:
        before.write_text(file.read())
    after = tmp_path / "after.yaml"
    after.write_text("# A comment.\n" + before.read_text().replace("high: 96, high_high", "high: 95, high_high"))
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
    for command in ("show", "draw"):
        assert "nothing runs in" in str(plant(command, "boiler-house@3", code="error").exception)


LIST = "tag;description;unit;low;high;address\nTI-1.PV;Wärme;degC;0;100;a\nTI-2.PV;Bad;degCC;0;100;b\n"


def test_import_of_a_tag_list_writes_a_sound_file_and_tells_what_it_left_out(tmp_path):
    source, file = tmp_path / "Boiler House.csv", tmp_path / "boiler-house.yaml"
    source.write_text(LIST, encoding="cp1252")
    done = plant("import", source, "-o", file, code=1)
    assert f"wrote {file}: 0 equipment, 0 streams, 1 tags" in done.output
    assert "unknown unit 'degCC'" in done.output
    assert "did you mean 'degC'?" in done.output
    text = file.read_text()
    assert text.startswith("# yaml-language-server: $schema=plant-file.schema.json\n")
    assert text.splitlines()[1] == "# Imported from Boiler House.csv."
    assert text.endswith("address: a\n")
    assert "history_from" not in text
    made = parse(text)
    assert (made.id, made.tags[0].description, made.tags[0].address) == ("boiler-house", "Wärme", "a")
    assert "is sound" in plant("check", file).output
    assert "is there already" in str(plant("import", source, "-o", file, code="error").exception)


def test_import_of_a_diagram_and_its_tag_list_makes_one_plant(tmp_path):
    pytest.importorskip("pydexpi", reason="the extra 'dexpi' is not installed")
    sample = Path(__file__).parents[1] / "importing/feed_section.xml"
    tags, file = tmp_path / "tags.csv", tmp_path / "plant.yaml"
    tags.write_text("tag,description,unit,low,high,address\nLI-102.PV,Level,mm,0,5000,ns=2;s=L\n")
    done = plant("import", sample, tags, "--endpoint", "opc.tcp://10.0.0.1:4840", "-o", file)
    assert "7 equipment, 7 streams, 1 tags" in done.output
    made = parse(file.read_text())
    assert made.id == "feed-section"
    assert (made.tags[0].equipment, made.tags[0].unit) == ("T-101", "mm")
    assert "# Drawn, but not in the tag list, and left out: FIC-101.\n" in file.read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.csv", "b.csv"], "give one tag list, one P&ID, or one of each"),
        (["a.csv", "--column", "tag"], "'tag' is no FIELD=TITLE"),
        (["a.csv", "--id", "Boiler House"], "'Boiler House' is no plant's id"),
        (["_.csv"], "no plant's id can be made of _.csv"),
    ],
)
def test_import_tells_what_it_cannot_use(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.csv", "b.csv", "_.csv"):
        Path(name).write_text(LIST)
    assert said in str(plant("import", *arguments, code="error").exception)


OLD = """# My boilers.
atlas: 1
plant: boilers
name: Boilers
sources: [{name: push, kind: push}]
equipment:
  - {id: IN, type: feed}     # from the well
  - {id: E-1, type: heat-exchanger}
  - {id: OUT, type: product}
streams:
  - {name: S-1, from: IN, to: E-1.inlet}
  - {name: S-2, from: E-1.outlet, to: OUT}
tags: [{name: T, description: t, range: [0, 1]}]
"""


def test_upgrade_keeps_comments_and_writes_only_where_told(tmp_path):
    file = tmp_path / "old.yaml"
    file.write_text(OLD)
    expected = OLD.replace("atlas: 1", "atlas: 2").replace("heat-exchanger", "shell-and-tube-exchanger")
    assert plant("upgrade", file).output == expected
    assert file.read_text() == OLD
    assert "is of the current version now" in plant("upgrade", file, "--in-place").output
    assert file.read_text() == expected
    assert "is current already" in plant("upgrade", file, "--in-place").output


def test_upgrade_leaves_a_file_alone_that_the_new_version_would_refuse(tmp_path):
    file = tmp_path / "old.yaml"
    deadend = OLD.replace("heat-exchanger", "tank").replace("  - {name: S-2, from: E-1.outlet, to: OUT}\n", "")
    file.write_text(deadend.replace("  - {id: OUT, type: product}\n", ""))
    assert "is sound" in plant("check", file).output
    assert "upgraded: 1 fault" in plant("upgrade", file, "--in-place", code=1).output.replace("\n", " ")
    assert "atlas: 1" in file.read_text()
