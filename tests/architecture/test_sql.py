"""SQL lives in the store and the historian, the keeper marks what it sent; the API has none."""

import ast
import re

HOMES = ("stream/store/", "stream/historian/", "stream/keeper/", "stream/servers/", "stream/bench/")
"""The servers' SQL asks a database what it can do and makes role and database; the benchmark's is its yardstick."""

_SQL = re.compile(
    r"\b(SELECT\b.+\bFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+(TABLE|INDEX)|TRUNCATE\s+\w+|"
    r"COPY\s+\w+\s*(\(|FROM))\b",
    re.DOTALL,
)


def _texts(nodes: tuple[ast.AST, ...]):
    """String constants that are no docstrings."""
    docstrings = {
        id(node.body[0].value)
        for node in nodes
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in nodes:
        if isinstance(node, ast.Constant) and id(node) not in docstrings:
            value = node.value.decode("latin-1") if isinstance(node.value, bytes) else node.value
            if isinstance(value, str):
                yield value


def test_sql_is_written_where_the_tables_live(modules):
    with_sql = {module.path for module in modules if any(_SQL.search(text) for text in _texts(module.nodes))}
    assert with_sql, "no SQL is found anywhere: the search is broken"
    assert not {path for path in with_sql if not path.startswith(HOMES)}
