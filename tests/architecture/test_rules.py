"""Every rule of delivery has tests that bear its name (DESIGN, section 5)."""

import ast

import pytest

RULES = (
    "one-partition", "one-in-flight", "stored-then-trimmed", "log-may-vanish", "admit-once", "pure-twin",
    "snapshot-and-replay", "named-outputs", "closed-scans", "tag-tables", "honest-times", "one-row", "back-fill",
    "outbox", "bad-row-not-dead-sink", "resumable-stream",
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
