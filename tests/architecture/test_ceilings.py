"""Ceilings of size; complexity is ruff's (C90). Tests obey them too."""

import ast

MODULE_LINES = 400
FUNCTION_LINES = 40
"""Without the docstring."""


def test_no_module_is_longer_than_400_lines(python_files):
    long = {module.path: n for module in python_files if (n := module.text.count("\n")) > MODULE_LINES}
    assert not long


def test_no_function_is_longer_than_40_lines(python_files):
    long = [
        f"{module.path}:{node.lineno} {node.name}: {lines}"
        for module in python_files
        for node in module.nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (lines := _lines(node)) > FUNCTION_LINES
    ]
    assert not long, "\n".join(long)


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert node.end_lineno is not None
    lines = node.end_lineno - node.lineno + 1
    if ast.get_docstring(node) is not None:
        docstring = node.body[0]
        assert docstring.end_lineno is not None
        lines -= docstring.end_lineno - docstring.lineno + 1
    return lines
