"""Every rule of delivery has tests that bear its name (DESIGN, section 5), and a way to break it that they notice."""

import ast
import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BREACHES = runpy.run_path(str(ROOT / "tests/rules/breaches.py"))["BREACHES"]

RULES = (
    "one-partition", "one-in-flight", "stored-then-trimmed", "log-may-vanish", "admit-once", "pure-twin",
    "snapshot-and-replay", "named-outputs", "closed-scans", "tag-tables", "honest-times", "one-row", "back-fill",
    "outbox", "bad-row-not-dead-sink", "jobs-are-rows", "resumable-stream", "shed-in-order",
)  # fmt: skip


@pytest.fixture(scope="module")
def test_names(python_files) -> set[str]:
    return {
        node.name
        for module in python_files
        if module.package == "tests" and not module.path.startswith("tests/architecture/")
        for node in module.nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_test_of_its_name(rule, test_names):
    assert any(rule.replace("-", "_") in name for name in test_names)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_can_be_broken_by_make_rules(rule: str) -> None:
    assert any(breach.rule == rule for breach in BREACHES)


@pytest.mark.parametrize("breach", BREACHES, ids=lambda breach: f"{breach.rule}: {breach.done}")
def test_a_breach_is_one_edit_of_the_code_and_its_tests_bear_the_rules_name(breach: Any, test_names: set[str]) -> None:
    assert (ROOT / breach.path).read_text().count(breach.sound) == 1
    for test in breach.tests:
        path, name = test.split("::")
        assert f"def {name}(" in (ROOT / path).read_text()
        assert name in test_names
        assert breach.rule.replace("-", "_") in name
