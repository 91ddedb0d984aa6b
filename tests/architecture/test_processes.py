"""docs/reference/processes.md says who runs and who writes what; the code must agree, in both directions."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import grimp
import pytest
from click.testing import CliRunner

from api.cli.main import COMMANDS, cli
from api.cli.run_plan import Addresses, RunRequest, early_processes, processes
from api.settings import Settings
from stream import topics
from stream.store.tables import METADATA

if TYPE_CHECKING:
    from conftest import Module

TOPICS = {name: topic.name for name, topic in vars(topics).items() if isinstance(topic, topics.Topic)}
SENDS = {"send", "send_and_wait"}
REMOVES_WHAT_IS_OLD = "stream.store.retention"
BENCHMARK = "stream/bench/"
"""Plays the connector, against topics and databases of its own."""


@pytest.fixture(scope="module")
def rows(process_table) -> list[dict[str, str]]:
    return process_table["Processes"]


def _name(row: dict[str, str]) -> str:
    return row["process"].split(" ")[0]


def _verb(row: dict[str, str]) -> str:
    return row["command"].removeprefix("atlas ")


def test_the_page_names_every_command_that_is_a_process(rows):
    commands = {name for name, (module, _text) in COMMANDS.items() if module == "api.cli.processes"}
    assert {_verb(row) for row in rows} == commands
    for verb in commands:
        assert CliRunner().invoke(cli, [verb, "--help"]).exit_code == 0


def test_the_supervisor_starts_the_pages_processes_and_asks_where_the_page_says(rows, tmp_path):
    ports = {_verb(row): int(re.findall(r"\d+", row["health"])[0]) for row in rows}
    request = RunRequest("demo", tmp_path, (), simulated=True)
    addresses = Addresses("127.0.0.1", ports["serve"], ports["dashboard"], ports, {})
    keys = type("Keys", (), {"viewer": "v", "operator": "o"})
    specs = [*early_processes(request, addresses, {}), *processes(addresses, {}, keys)]
    started = {(spec.name, spec.command[-1], spec.health_url.removeprefix("http://127.0.0.1")) for spec in specs}
    assert started == {(_name(row), _verb(row), row["health"]) for row in rows}


def test_the_pages_health_ports_are_the_default_ones(rows):
    settings = Settings()
    served = {"serve": settings.api_port, "dashboard": settings.dashboard_port}
    for row in rows:
        verb = _verb(row)
        port = served[verb] if verb in served else settings.health_port(verb)
        assert row["health"].startswith(f":{port}/"), verb


@dataclass
class Writing:
    """What one module writes: topics it sends to, tables it puts rows in, tables whose rows it changes or removes."""

    topics: set[str] = field(default_factory=set)
    makes: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def writing(modules: list[Module]) -> dict[str, Writing]:
    """Per module what it writes, where it writes anything."""
    texts = {module.name: _texts(module.nodes) for module in modules}
    found = {
        module.name: _writing(module, texts)
        for module in modules
        if "/migrations/" not in module.path and not module.path.startswith(BENCHMARK)
    }
    return {name: each for name, each in found.items() if each != Writing()}


def _texts(nodes: tuple[ast.AST, ...]) -> set[str]:
    values = {node.value for node in nodes if isinstance(node, ast.Constant)}
    return {value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in values}


def _writing(module: Module, texts: dict[str, set[str]]) -> Writing:
    found = Writing()
    # A name filled in later is one that the module spells out, or a module that it imports.
    spelt = set().union(*(texts[name] for name in {module.name, *module.sources} & set(texts))) & set(METADATA.tables)
    for text in texts[module.name]:
        for verb, table in re.findall(r"\b(INSERT INTO|MERGE INTO|COPY|UPDATE|DELETE FROM) (\w+|\{\w*\})", text):
            tables = spelt if table.startswith("{") else {table} & set(METADATA.tables)
            (found.changes if verb in {"UPDATE", "DELETE FROM"} else found.makes).update(tables)
    for node in module.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.topics |= _sent_to(node)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            table = node.args[0].id.lower() if isinstance(node.args[0], ast.Name) else ""
            if table in METADATA.tables and node.func.id in {"insert", "update", "delete"}:
                (found.makes if node.func.id == "insert" else found.changes).add(table)
    return found


def _sent_to(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Topics that a function names, where it sends to a topic: `producer.send(READINGS.name, …)`."""
    nodes = list(ast.walk(function))
    sends = any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in SENDS
        and node.args
        and isinstance(node.args[0], ast.Attribute)
        and node.args[0].attr == "name"
        for node in nodes
    )
    if not sends:
        return set()
    named = {node.id for node in nodes if isinstance(node, ast.Name)}
    named |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    assert named & set(TOPICS), f"{function.name} sends to a topic that it does not name"
    return {TOPICS[name] for name in named & set(TOPICS)}


def test_topics_are_spelt_out_in_one_module_only(modules):
    spelt = {
        module.path
        for module in modules
        for node in module.nodes
        if isinstance(node, ast.Constant) and node.value in TOPICS.values()
    }
    assert spelt == {"stream/topics.py"}


def test_each_topic_is_written_where_the_page_says_and_nowhere_else(process_table, writing):
    table = process_table["Topics"]
    assert {row["topic"] for row in table} == set(TOPICS.values())
    written = {(topic, module) for module, each in writing.items() for topic in each.topics}
    assert written == {(row["topic"], row["module"]) for row in table}


def test_each_topic_has_one_writer_and_readings_one_for_each_kind_of_record(process_table):
    table = process_table["Topics"]
    keys = [(row["topic"], row["record"] if row["topic"] == topics.READINGS.name else "") for row in table]
    assert len(keys) == len(set(keys))


def test_a_process_reaches_the_writers_of_its_own_topics_and_of_no_others(process_table, rows, packages):
    graph = grimp.build_graph(*packages, cache_dir=None)
    writers = {row["module"]: row["written by"] for row in process_table["Topics"]}
    for row in rows:
        entry = row["entry"]
        reached = graph.find_upstream_modules(entry) | {entry}
        own = {module for module, process in writers.items() if process == _name(row)}
        shared = {module for module, process in writers.items() if process.startswith("whoever")}
        assert reached & set(writers) - shared == own, entry


def test_each_tables_rows_are_made_where_the_page_says_and_nowhere_else(process_table, writing):
    table = process_table["Tables"]
    homes = {row["table"]: row["module"] for row in table}
    assert len(homes) == len(table), "a table has one home"
    assert set(homes) == set(METADATA.tables)
    made = {(name, module) for module, each in writing.items() for name in each.makes}
    assert {name for name, _ in made} == set(homes)
    assert not {(name, module) for name, module in made if not _within(module, homes[name])}


def test_a_tables_rows_are_changed_by_its_home_and_by_whom_the_page_names(process_table, writing):
    declared = {(row["table"], row["changed by others"]) for row in process_table["Tables"] if row["changed by others"]}
    homes = {row["table"]: row["module"] for row in process_table["Tables"]}
    changed = {
        (name, module)
        for module, each in writing.items()
        for name in each.changes
        if module != REMOVES_WHAT_IS_OLD and not _within(module, homes[name])
    }
    assert changed == declared


def _within(module: str, home: str) -> bool:
    return module == home or module.startswith(f"{home}.")
