"""The command's face: help without imports, plain errors, exit codes."""

import hashlib
import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from api.cli import key_file, local_keys, preflight
from api.cli.configs import origins
from api.cli.doctor import days_of_disk
from api.cli.main import COMMANDS, cli
from api.cli.run_plan import PlantFile, RunRequest, choose_addresses, early_processes, environment, processes
from api.settings import variables
from api.supervision.free_ports import PortPicker


def atlas(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "api.cli", *arguments], capture_output=True, text=True, timeout=60, env=environment
    )


def test_help_lists_every_command_without_loading_any():
    code = """
import sys
from api.cli.main import main
sys.argv = ["atlas", "--help"]
try:
    main()
except SystemExit:
    pass
heavy = {"numpy", "pydantic", "fastapi", "rich", "httpx", "faust"} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_of_the_table_loads_and_has_help(name):
    done = CliRunner().invoke(cli, [name, "--help"])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("Usage:")


def test_an_unknown_command_is_wrong_usage():
    assert CliRunner().invoke(cli, ["nonsense"]).exit_code == 2


def test_a_fault_in_the_settings_is_told_without_a_traceback():
    done = atlas("work", ATLAS_TICKET_SECRET="changeme", ATLAS_API_PORT="many")
    assert done.returncode == 1
    assert done.stderr.startswith("atlas: ATLAS_API_PORT = 'many'")
    assert "Traceback" not in done.stderr


def test_a_process_names_every_setting_that_it_lacks():
    done = atlas("store")
    assert done.returncode == 1
    assert "ATLAS_KAFKA is not set" in done.stderr
    assert "ATLAS_DATABASE is not set" in done.stderr


def test_status_of_an_idle_folder_is_exit_code_1_and_json_where_asked(tmp_path):
    done = CliRunner().invoke(cli, ["status", "--json", "--data-dir", str(tmp_path)], standalone_mode=False)
    assert done.return_value == 1
    assert json.loads(done.output)["state"] == "stopped"


def test_plant_check_tells_all_faults_and_exit_code_1(tmp_path):
    folder = tmp_path / ("a-folder-so-deep-that-its-path-fills-a-line-of-the-terminal-" * 2)
    folder.mkdir()
    file = folder / "bad.yaml"
    file.write_text(
        "atlas: 1\nplant: p\nname: P\nsources:\n  - {name: s, kind: opcua, endpoint: 'opc.tcp://127.0.0.1:1'}\n"
        "tags:\n  - {name: T, description: t, unit: barr, range: [5, 1], address: 'ns=2;s=T'}\n"
    )
    done = CliRunner().invoke(cli, ["plant", "check", str(file)])
    assert done.exit_code == 1
    assert f"{file}: 2 faults" in done.output.splitlines()
    assert "barr" in done.output


def test_keys_are_kept_as_hashes_and_can_be_revoked(tmp_path):
    file = tmp_path / "keys.json"
    key = key_file.create(file, "panel", "viewer")
    assert key not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert [(each.name, each.role) for each in key_file.read(file)] == [("panel", "viewer")]
    with pytest.raises(key_file.KeyFileError, match="already"):
        key_file.create(file, "panel", "viewer")
    key_file.revoke(file, "panel")
    with pytest.raises(key_file.KeyFileError, match="no key called"):
        key_file.revoke(file, "panel")


def admit(file, key, name="panel"):
    arguments = ["keys", "admit", name, "--role", "viewer", "--file", str(file)]
    return CliRunner().invoke(cli, arguments, env={"ATLAS_API_KEY": key}, standalone_mode=False)


def test_a_key_made_elsewhere_is_let_in_and_a_new_one_takes_its_place(tmp_path):
    file = tmp_path / "keys.json"
    old, new = "3f0c8a1be7d94f52" * 3, "77a1c0d95b3e4f68" * 3
    for key in (old, old, new):
        assert admit(file, key).exception is None
    (stored,) = key_file.read(file)
    assert (stored.name, stored.role) == ("panel", "viewer")
    assert stored.sha256 == hashlib.sha256(new.encode()).hexdigest()
    assert new not in file.read_text()


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("", "ATLAS_API_KEY is not set"),
        ("changeme", "ATLAS_API_KEY: the secret is a placeholder"),
        ("3f0c8a1be7d94f52", "the key for 'panel' has 16 characters, 32 are the fewest"),
        ("0d" * 24, "the key for 'panel' is that of 'other'"),
    ],
)
def test_a_key_that_anybody_may_know_is_not_let_in(tmp_path, key, said):
    file = tmp_path / "keys.json"
    key_file.admit(file, "other", "viewer", "0d" * 24)
    refused = admit(file, key).exception
    assert said in str(refused)
    assert [each.name for each in key_file.read(file)] == ["other"]


def test_a_plant_that_is_stored_is_named_by_its_file_or_by_the_name_it_ships_under():
    done = CliRunner().invoke(cli, ["plant", "store", "no-such-plant"])
    assert done.exit_code == 2
    assert "no-such-plant is neither a file nor a shipped plant" in done.output


def test_a_broken_key_file_is_told_and_not_overwritten(tmp_path):
    file = tmp_path / "keys.json"
    file.write_text("{broken")
    with pytest.raises(key_file.KeyFileError, match="no key file"):
        key_file.create(file, "panel", "viewer")
    assert file.read_text() == "{broken"


def test_local_keys_stay_over_restarts_and_come_anew_where_the_key_file_lost_them(tmp_path):
    first = local_keys.ensure(tmp_path)
    assert local_keys.ensure(tmp_path) == first
    assert (tmp_path / "local_keys.json").stat().st_mode & 0o777 == 0o600
    (tmp_path / "keys.json").unlink()
    second = local_keys.ensure(tmp_path)
    assert second.viewer != first.viewer
    assert {key.role for key in key_file.read(tmp_path / "keys.json")} == {
        "viewer", "operator", "ingest", "admin",
    }  # fmt: skip


def test_another_port_is_taken_where_one_is_not_free():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        wanted = taken.getsockname()[1]
        picker = PortPicker()
        got = picker.pick(wanted)
        assert got != wanted
        assert picker.pick(got) != got, "no port is given twice"


def plan(tmp_path, **changes):
    plants = (PlantFile("p1", tmp_path / "p1.yaml", {"opcua": "opc.tcp://10.0.0.1:4840"}),)
    given = {"command": "demo", "data_dir": tmp_path, "plants": plants, "simulated": True, **changes}
    request = RunRequest(**given)
    addresses = choose_addresses(request)
    keys = local_keys.ensure(tmp_path)
    return request, addresses, environment(request, addresses, keys, tmp_path / "ticket"), keys


def test_every_variable_of_a_run_is_one_that_settings_know(tmp_path, monkeypatch):
    monkeypatch.setenv("ATLAS_DATABASE_FILE", "/a/left/over")
    _request, _addresses, told, _keys = plan(tmp_path)
    ours = {name for name in told if name.startswith("ATLAS_")}
    assert ours <= variables()
    assert "ATLAS_DATABASE_FILE" not in told, "two sources of one secret would be refused"


def test_simulated_plants_get_endpoints_on_this_machine_and_own_plants_keep_theirs(tmp_path):
    request, addresses, told, _keys = plan(tmp_path)
    assert addresses.endpoints["p1/opcua"].startswith("opc.tcp://127.0.0.1:")
    assert [spec.name for spec in early_processes(request, addresses, told)] == ["plants"]
    request, addresses, told, _keys = plan(tmp_path, simulated=False)
    assert addresses.endpoints == {"p1/opcua": "opc.tcp://10.0.0.1:4840"}
    assert early_processes(request, addresses, told) == []


def test_the_dashboard_gets_the_operators_key_and_nobody_the_admins(tmp_path):
    _request, addresses, told, keys = plan(tmp_path)
    specs = {spec.name: spec for spec in processes(addresses, told, keys)}
    assert specs["dashboard"].environment["ATLAS_API_KEY"] == keys.operator
    assert specs["connector"].environment["ATLAS_API_KEY"] == keys.ingest
    assert not any(keys.admin in dict(spec.environment).values() for spec in specs.values())


def test_an_open_host_opens_the_api_and_not_the_dashboard(tmp_path):
    _request, _addresses, told, _keys = plan(tmp_path, host="0.0.0.0")  # noqa: S104
    assert told["ATLAS_API_HOST"] == "0.0.0.0"  # noqa: S104
    assert told["ATLAS_API_URL"].startswith("http://127.0.0.1:")
    assert told["ATLAS_DASHBOARD_HOST"] == "127.0.0.1"


def test_both_names_of_loopback_are_origins():
    assert origins("http://127.0.0.1:8501") == ("http://127.0.0.1:8501", "http://localhost:8501")
    assert origins("https://screens.example") == ("https://screens.example",)


def test_the_doctor_tells_a_type_of_equipment_that_cannot_be_used(tmp_path):
    info = tmp_path / "site/salt_equipment-0.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: salt-equipment\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[atlas_live.equipment_types]\ncrystalliser = no_such_module:Crystalliser\n")
    done = atlas("doctor", "--json", "--data-dir", str(tmp_path), PYTHONPATH=str(tmp_path / "site"))
    gaps = [gap for gap in json.loads(done.stdout)["gaps"] if "crystalliser" in gap["what"]]
    assert [(gap["remedy"], gap["fatal"]) for gap in gaps] == [("mend or uninstall that package", False)]
    assert "salt-equipment" in gaps[0]["what"]
    assert "no_such_module" in gaps[0]["what"]


@pytest.mark.parametrize(("columnstore", "days"), [(False, 11.93), (True, 136.2)])
def test_what_the_disk_lasts(columnstore, days):
    assert days_of_disk(100e9, 1000, columnstore) == pytest.approx(days, rel=1e-3)


def test_no_tags_fill_no_disk():
    assert days_of_disk(1e9, 0, False) == float("inf")


@pytest.mark.parametrize(
    ("gap", "fatal"),
    [
        (preflight._python((3, 10)), True),
        (preflight._architecture("aarch64", "embedded"), True),
        (preflight._architecture("aarch64", "auto"), False),
        (preflight._memory(500_000_000), True),
        (preflight._memory(2_000_000_000), False),
    ],
)
def test_a_gap_has_a_remedy_and_is_fatal_only_where_a_run_cannot_begin(gap, fatal):
    assert gap.fatal is fatal
    assert gap.remedy


def test_no_gap_where_all_is_well():
    assert preflight._python((3, 11)) is None
    assert preflight._architecture("aarch64", "external") is None
    assert preflight._memory(16_000_000_000) is None
