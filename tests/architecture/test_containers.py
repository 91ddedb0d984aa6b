"""docker-compose.yml, Dockerfile and their settings say what the code understands: no engine is needed to know it."""

import os
import re
import shlex
import shutil
import subprocess

import click
import pytest
from ruamel.yaml import YAML

from api.cli import configs
from api.cli.main import cli
from api.settings import Settings, load, variables
from dashboards.settings import DashboardSettings
from stream.health import Health
from stream.servers.containers import DATABASE_IMAGE, KAFKA_IMAGE

OURS = "atlas-live:"
GIVEN = {"DATABASE_PASSWORD", "TICKET_SECRET", "CONNECTOR_KEY", "DASHBOARD_KEY", "PLANTS"}
"""What a user has to set."""


@pytest.fixture(scope="module")
def compose(root) -> dict:
    return YAML(typ="safe").load((root / "docker-compose.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def services(compose) -> dict[str, dict]:
    return compose["services"]


@pytest.fixture(scope="module")
def ours(services) -> dict[str, dict]:
    """The services that run our image."""
    return {name: service for name, service in services.items() if service["image"].startswith(OURS)}


@pytest.fixture(scope="module")
def rows(process_table) -> dict[str, dict[str, str]]:
    """Rows of the process table by the name of the process."""
    return {row["process"].split(" ")[0]: row for row in process_table["Processes"]}


def _filled(value: object) -> str:
    """A value with each variable in its default, or what a careful user sets."""
    given = {name: f"{number:02x}" * 24 for number, name in enumerate(sorted(GIVEN), start=23)} | {"PLANTS": "a.yaml"}

    def fill(found: re.Match[str]) -> str:
        default = found["rest"].removeprefix(":-") if (found["rest"] or "").startswith(":-") else ""
        return given.get(found["name"], default)

    return re.sub(r"\$\{(?P<name>\w+)(?P<rest>:[-?][^}]*)?\}", fill, str(value))


def _words(service: dict) -> list[str]:
    command = service["command"]
    return shlex.split(_filled(command)) if isinstance(command, str) else [_filled(word) for word in command]


def _environment(service: dict) -> dict[str, str]:
    return {name: _filled(value) for name, value in service.get("environment", {}).items()}


def test_each_process_of_the_table_is_one_service_of_that_name(ours, rows):
    processes = {name: service for name, service in ours.items() if service["restart"] != "no"}
    assert set(processes) == set(rows)
    for name, service in processes.items():
        assert _words(service) == rows[name]["command"].split()[1:]
    assert [name for name, service in processes.items() if service.get("profiles") == ["demo"]] == ["plants"]


def test_every_command_exists_and_takes_its_arguments(ours):
    for service in ours.values():
        command: click.Command = cli
        words = _words(service)
        context = command.make_context("atlas", list(words))
        while isinstance(command, click.Group):
            name, found, rest = command.resolve_command(context, [*context._protected_args, *context.args])
            assert found is not None, words
            command, context = found, found.make_context(name, list(rest), parent=context)


def test_every_variable_is_one_that_the_settings_know(ours):
    known = variables() | {"HEALTH_URL"}
    for name, service in ours.items():
        assert set(_environment(service)) <= known, name


def _set(monkeypatch, service: dict) -> None:
    for name in [name for name in os.environ if name.startswith("ATLAS_")]:
        monkeypatch.delenv(name)
    for name, value in _environment(service).items():
        monkeypatch.setenv(name, value)


NEEDS = {
    "connector": ("kafka", "api_url", "api_key"),
    "worker": ("kafka", "database"),
    "historian": ("kafka", "database"),
    "keeper": ("kafka", "database"),
    "runner": ("kafka", "database"),
    "api": ("kafka", "database", "ticket_secret"),
    "dashboard": ("api_url", "api_public_url", "api_key"),
    "plants": ("plants", "endpoints"),
    "prepare": ("kafka", "database"),
    "admit-connector": ("api_key",),
    "admit-dashboard": ("api_key",),
}
"""Settings without which a service is of no use."""


def test_each_service_is_told_all_that_it_needs(ours, monkeypatch):
    assert set(NEEDS) == set(ours)
    for name, service in ours.items():
        _set(monkeypatch, service)
        settings = load()
        assert not settings.demo, "secrets are looked at"
        settings.need(*NEEDS[name])


def test_the_addresses_that_services_give_one_another_fit(ours, monkeypatch):
    _set(monkeypatch, ours["plants"])
    (plant,) = configs.simulated_plants(load()).plants
    _set(monkeypatch, ours["connector"])
    connector = load()
    assert plant.endpoint == connector.endpoints[f"{plant.plant}/opcua"]
    assert plant.endpoint.startswith("opc.tcp://plants:")
    _set(monkeypatch, ours["api"])
    api = load()
    assert api.api_host == "0.0.0.0"  # noqa: S104
    assert connector.api_address == f"http://api:{api.api_port}"
    _set(monkeypatch, ours["dashboard"])
    dashboard = DashboardSettings()
    assert dashboard.api_url == connector.api_address
    assert dashboard.browser_url == f"http://127.0.0.1:{api.api_port}"
    assert dashboard.read_key() == _environment(ours["admit-dashboard"])["ATLAS_API_KEY"]
    assert load().dashboard_host == "0.0.0.0"  # noqa: S104
    assert api.dashboard_address == f"http://127.0.0.1:{load().dashboard_port}"


def test_health_is_asked_where_the_process_tells_it(ours, rows, root):
    for name, row in rows.items():
        assert _environment(ours[name])["HEALTH_URL"] == f"http://127.0.0.1{row['health']}"
    dockerfile = (root / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^HEALTHCHECK .*\n +CMD .*HEALTH_URL", dockerfile, re.MULTILINE)
    assert f"HEALTH_URL=http://127.0.0.1{rows['api']['health']}" in dockerfile


def test_the_paths_of_health_are_served(rows, modules):
    """The dashboard's is Streamlit's own; `atlas demo` asks the same and its test sees it answer."""
    (api,) = [module for module in modules if module.name == "api.routes.health"]
    assert f'@router.get(\n    "/{rows["api"]["health"].partition("/")[2]}"' in api.text
    for name in set(rows) - {"api", "dashboard"}:
        path = rows[name]["health"].partition("/")[2]
        assert b"503" in Health("p")._response(f"GET /{path} HTTP/1.1".encode())


def test_nobody_starts_before_what_it_needs(services):
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            once = services[other].get("restart") == "no"
            wanted = "service_completed_successfully" if once else "service_healthy"
            assert how["condition"] == wanted, f"{name} waits for {other}"
            assert once or services[other]["image"].startswith(OURS) or "test" in services[other]["healthcheck"]
    addressed = {"kafka:9092": "kafka", "@database:5432": "database", "http://api:": "api"}
    for name, service in services.items():
        text = " ".join(_environment(service).values())
        for address, other in addressed.items():
            if address in text and name != other:
                assert other in service["depends_on"], f"{name} does not wait for {other}"


def test_secrets_are_asked_for_and_never_have_a_default(root, services):
    text = (root / "docker-compose.yml").read_text(encoding="utf-8")
    asked = dict(re.findall(r"\$\{(\w+)(:[-?][^}]*|)\}", text))
    assert {name for name, rest in asked.items() if rest.startswith(":?set ")} == GIVEN
    assert {name for name in asked if name not in GIVEN} == {"API_PORT", "DASHBOARD_PORT", "MLFLOW_PORT"}
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"SECRET|PASSWORD|KEY", variable):
                assert str(value).startswith("${"), f"{name} {variable} is written out"


def test_the_example_names_what_is_asked_and_gives_no_secret(root):
    text = (root / ".env.example").read_text(encoding="utf-8")
    given = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
    assert set(given) == GIVEN
    assert [name for name, value in given.items() if value] == ["PLANTS"]
    assert set(re.findall(r"^#(\w+)=", text, re.MULTILINE)) == {"API_PORT", "DASHBOARD_PORT", "MLFLOW_PORT"}


def test_ports_are_open_on_this_machine_only(services):
    ports = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert set(ports) == {"api", "dashboard", "mlflow"}
    assert all(port.startswith("127.0.0.1:") for each in ports.values() for port in each)


def test_images_are_pinned_and_those_that_the_code_uses(services, project):
    assert services["kafka"]["image"] == KAFKA_IMAGE
    assert services["database"]["image"] == DATABASE_IMAGE
    for name, service in services.items():
        assert re.search(r":v?\d+\.\d+\.\d+(-\w+)?$", service["image"]), name
        if service["image"].startswith(OURS):
            assert service["image"] == f"{OURS}{project['project']['version']}"
    (wanted,) = [each for each in project["project"]["optional-dependencies"]["ai"] if each.startswith("mlflow")]
    assert services["mlflow"]["image"].endswith(f":v{wanted.removeprefix('mlflow>=')}.0")


def test_nobody_phones_home(services):
    assert "timescaledb.telemetry_level=off" in services["database"]["command"]
    assert services["mlflow"]["environment"]["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_what_must_outlive_a_container_lies_in_a_volume(compose, services, ours):
    for name, folder in {
        "kafka": "/var/lib/kafka/data",
        "database": "/var/lib/postgresql/data",
        "mlflow": "/mlflow",
    }.items():
        assert services[name]["volumes"] == [f"{name}:{folder}"]
    assert services["kafka"]["environment"]["KAFKA_LOG_DIRS"] == "/var/lib/kafka/data"
    keeps = {name for name, service in ours.items() for each in service.get("volumes", []) if each.endswith(":/data")}
    assert keeps == {"connector", "plants", "api", "admit-connector", "admit-dashboard"}
    named = {each.split(":")[0] for service in services.values() for each in service.get("volumes", [])} - {"./plants"}
    assert named == set(compose["volumes"])


def test_every_process_is_started_again_and_has_time_to_end(ours):
    for name, service in ours.items():
        if service["restart"] != "no":
            assert service["restart"] == "unless-stopped", name
            assert int(service["stop_grace_period"].removesuffix("s")) >= 15, name


def test_the_image_runs_what_is_locked_without_rights_and_without_tep(root, packages):
    text = (root / "Dockerfile").read_text(encoding="utf-8")
    assert "--require-hashes --only-binary :all: -r requirements.lock" in text
    assert "tep-studio" not in (root / "requirements.lock").read_text(encoding="utf-8")
    last = text.rpartition("\nFROM ")[2]
    assert re.search(r"^USER (?!0|root)", last, re.MULTILINE)
    assert 'ENTRYPOINT ["atlas"]' in last
    copied = set(re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE))
    copied = {name for line in copied for name in line.split()}
    assert set(packages) <= copied
    let_in = set(re.findall(r"^!(\S+)$", (root / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE))
    assert let_in == copied
    assert all((root / name).exists() for name in copied)
    assert (root / ".dockerignore").read_text(encoding="utf-8").splitlines()[1] == "*"


def test_the_engine_accepts_the_compose_file(root):
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("docker compose is not installed")
    given = {name: "17" * 24 for name in GIVEN}
    command = [docker, "compose", "--profile", "demo", "config", "--quiet"]
    done = subprocess.run(command, cwd=root, env=given, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr


def test_the_default_data_folder_is_the_images(root):
    assert f"ATLAS_DATA_DIR={Settings(data_dir='/data').data_dir}" in (root / "Dockerfile").read_text(encoding="utf-8")
