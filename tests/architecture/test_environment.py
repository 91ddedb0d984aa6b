"""No hidden inputs: two modules read the environment, everything else is told."""

import ast

READERS = {"api/settings.py", "dashboards/settings.py"}


def _reads_environment(nodes: tuple[ast.AST, ...]) -> bool:
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os":
            if node.attr in {"environ", "environb", "getenv", "getenvb"}:
                return True
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            if {alias.name for alias in node.names} & {"environ", "environb", "getenv", "getenvb"}:
                return True
    return False


def test_only_the_settings_read_the_environment(modules):
    readers = {module.path for module in modules if _reads_environment(module.nodes)}
    readers |= {
        module.path for module in modules if any(name.startswith("pydantic_settings") for name in module.imports)
    }
    assert readers == READERS
