from datetime import timedelta

import pytest

from api import settings
from api.cli import configs
from api.settings import SettingsError, is_placeholder, load, password_of, unknown_variables, without_password


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch):
    import os

    for name in list(os.environ):
        if name.startswith("ATLAS_"):
            monkeypatch.delenv(name)


@pytest.mark.parametrize(
    "secret", ["changeme", "Change-Me", "secret", "<your-secret>", "xxxxxxxxxxxxxxxxxxxx", "postgres"]
)
def test_placeholders_are_recognised(secret):
    assert is_placeholder(secret)


def test_a_random_secret_is_no_placeholder():
    assert not is_placeholder("3f0c8a1be7d94f52a6c1")


@pytest.mark.parametrize(
    ("dsn", "password"),
    [
        ("postgresql://u:p%40ss@h:5432/db", "p@ss"),
        ("postgresql://u@h/db", None),
        ("host=h user=u password='it is' dbname=d", "it is"),
        ("host=h user=u password=plain", "plain"),
        ("host=h user=u", None),
    ],
)
def test_password_of_an_address(dsn, password):
    assert password_of(dsn) == password


@pytest.mark.parametrize(
    ("dsn", "shown"),
    [
        ("postgresql://u:p%2fss@h:5432/db", "postgresql://u:…@h:5432/db"),
        ("postgresql://u@h/db?password=ab&sslmode=require", "postgresql://u@h/db?password=…&sslmode=require"),
        ("host=h password='it is' dbname=d", "host=h password=… dbname=d"),
        ("postgresql://atlas@127.0.0.1:30411/atlas", "postgresql://atlas@127.0.0.1:30411/atlas"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ],
)
def test_an_address_is_shown_without_its_password(dsn, shown):
    assert without_password(dsn) == shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ATLAS_TICKET_SECRET", "changeme"),
        ("ATLAS_API_KEY", "secret"),
        ("ATLAS_DATABASE", "postgresql://atlas:changeme@db/atlas"),
        ("ATLAS_DATABASE", "host=db password=postgres"),
    ],
)
def test_a_placeholder_is_refused_outside_the_demo_and_named(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"{name}: the secret is a placeholder"):
        load()
    monkeypatch.setenv("ATLAS_DEMO", "1")
    assert load().demo


def test_a_short_ticket_secret_is_refused(monkeypatch):
    monkeypatch.setenv("ATLAS_TICKET_SECRET", "k3y9q")
    with pytest.raises(SettingsError, match="5 characters are too few; use 16"):
        load()


def test_a_secret_may_come_from_a_file(monkeypatch, tmp_path):
    file = tmp_path / "ticket"
    file.write_text("6c1f0d0c9d1b4f3e8a77\n")
    monkeypatch.setenv("ATLAS_TICKET_SECRET_FILE", str(file))
    assert load().ticket_secret.get_secret_value() == "6c1f0d0c9d1b4f3e8a77"


def test_a_placeholder_in_a_file_is_refused_too(monkeypatch, tmp_path):
    file = tmp_path / "ticket"
    file.write_text("changeme\n")
    monkeypatch.setenv("ATLAS_TICKET_SECRET_FILE", str(file))
    with pytest.raises(SettingsError, match="placeholder"):
        load()


def test_secret_and_its_file_together_are_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("ATLAS_API_KEY", "6c1f0d0c9d1b4f3e8a77")
    monkeypatch.setenv("ATLAS_API_KEY_FILE", str(tmp_path / "key"))
    with pytest.raises(SettingsError, match="keep one of them"):
        load()


def test_a_missing_secret_file_names_variable_and_path(monkeypatch):
    monkeypatch.setenv("ATLAS_DATABASE_FILE", "/nowhere/dsn")
    with pytest.raises(SettingsError, match="ATLAS_DATABASE_FILE: /nowhere/dsn cannot be read"):
        load()


def test_all_faults_are_told_at_once(monkeypatch):
    monkeypatch.setenv("ATLAS_API_PORT", "many")
    monkeypatch.setenv("ATLAS_LOG_LEVEL", "loud")
    monkeypatch.setenv("ATLAS_ENDPOINTS", '{"williams-otto": "opc.tcp://x"}')
    with pytest.raises(SettingsError) as error:
        load()
    for part in ("ATLAS_API_PORT = 'many'", "ATLAS_LOG_LEVEL = 'loud'", "ATLAS_ENDPOINTS", '"plant/source"'):
        assert part in str(error.value)


def test_broken_json_names_its_variable(monkeypatch):
    monkeypatch.setenv("ATLAS_ENDPOINTS", "{broken")
    with pytest.raises(SettingsError, match="ATLAS_ENDPOINTS"):
        load()


def test_a_secret_never_shows_in_a_fault_or_in_the_settings_text(monkeypatch):
    monkeypatch.setenv("ATLAS_DATABASE", "postgresql://u:9a7c5e3b1d@h/db")
    assert "9a7c5e3b1d" not in repr(load())


def test_what_a_command_needs_is_told_in_one_error():
    with pytest.raises(SettingsError) as error:
        load().need("kafka", "database")
    assert "ATLAS_KAFKA is not set" in str(error.value)
    assert "ATLAS_DATABASE is not set" in str(error.value)


def test_plants_are_separated_by_commas(monkeypatch):
    monkeypatch.setenv("ATLAS_PLANTS", "a, b,,c")
    assert load().plants == ("a", "b", "c")


def test_health_ports_default_apart_and_can_be_set(monkeypatch):
    ports = [load().health_port(process) for process in settings.PROCESSES]
    assert len(set(ports)) == len(ports)
    monkeypatch.setenv("ATLAS_HEALTH_PORTS", '{"work": 1234}')
    assert load().health_port("work") == 1234


def test_a_slip_in_a_variables_name_is_found():
    assert unknown_variables({"ATLAS_KAFKAA": "x", "ATLAS_KAFKA": "x", "PATH": "x"}) == ("ATLAS_KAFKAA",)


def test_addresses_follow_host_and_port(monkeypatch):
    monkeypatch.setenv("ATLAS_API_HOST", "0.0.0.0")  # noqa: S104
    monkeypatch.setenv("ATLAS_API_PORT", "8123")
    assert load().api_address == "http://127.0.0.1:8123"
    monkeypatch.setenv("ATLAS_API_URL", "http://api:8000/")
    assert load().api_address == "http://api:8000"


def test_a_runs_processes_get_what_the_run_does_not_choose(monkeypatch):
    monkeypatch.setenv("ATLAS_LOG_LEVEL", "debug")
    monkeypatch.setenv("ATLAS_DATABASE_FILE", "/run/secrets/database")
    monkeypatch.setenv("LANG", "C.UTF-8")
    given = settings.foreign_environment()
    assert (given["ATLAS_LOG_LEVEL"], given["LANG"]) == ("debug", "C.UTF-8")
    assert "ATLAS_DATABASE_FILE" not in given


def test_readings_are_kept_as_long_as_the_setting_says(monkeypatch):
    monkeypatch.setenv("ATLAS_KAFKA", "127.0.0.1:9092")
    monkeypatch.setenv("ATLAS_DATABASE", "postgresql://atlas@127.0.0.1/atlas")
    monkeypatch.setenv("ATLAS_RETENTION_DAYS", "7")
    assert configs.keeper(load()).retention.readings == timedelta(days=7)
    monkeypatch.setenv("ATLAS_RETENTION_DAYS", "0")
    with pytest.raises(SettingsError, match="ATLAS_RETENTION_DAYS"):
        load()
