"""The source as the rules see it: every module read and parsed once."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("analytics", "twin", "stream", "connectors", "api", "dashboards")


@dataclass(frozen=True)
class Module:
    """One Python file: its path from the root, its text and what it says."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree."""
        return tuple(ast.walk(self.tree))

    @property
    def name(self) -> str:
        """The dotted name, `stream.historian` for `stream/historian/__init__.py`."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def package(self) -> str:
        return self.path.split("/")[0]

    @cached_property
    def imports(self) -> frozenset[str]:
        """Dotted names of everything imported, `api.client.PlantClient` for `from api.client import PlantClient`."""
        return frozenset(_imports(self.nodes))

    @property
    def sources(self) -> frozenset[str]:
        """Dotted names from which something is imported, `api.client` for `from api.client import PlantClient`."""
        return frozenset(name.rpartition(".")[0] for name in self.imports)


def _imports(nodes: tuple[ast.AST, ...]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _listed(*patterns: str) -> list[str]:
    """Paths of the working tree that git tracks or would track."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return sorted(path for path in set(listed) if (ROOT / path).is_file())


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def packages() -> tuple[str, ...]:
    """The six import packages."""
    return PACKAGES


@pytest.fixture(scope="session")
def project() -> dict:
    """What `pyproject.toml` says."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def tracked() -> list[str]:
    """Every file of the repository, by its path from the root."""
    return _listed(".")


@pytest.fixture(scope="session")
def python_files() -> list[Module]:
    """Every Python file of the repository, tests included."""
    return [Module(path, (ROOT / path).read_text(encoding="utf-8")) for path in _listed("*.py")]


@pytest.fixture(scope="session")
def modules(python_files: list[Module]) -> list[Module]:
    """Every module of the six packages."""
    found = [module for module in python_files if module.package in PACKAGES]
    assert len(found) > 100, "the tree is not where these tests look for it"
    return found


@pytest.fixture(scope="session")
def process_table() -> dict[str, list[dict[str, str]]]:
    """Tables of docs/reference/processes.md by their heading; a row maps column to text without backquotes."""
    page = (ROOT / "docs/reference/processes.md").read_text(encoding="utf-8")
    sections = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    return {section.splitlines()[0].strip(): _rows(section) for section in sections}


def _rows(section: str) -> list[dict[str, str]]:
    lines = [line for line in section.splitlines() if line.startswith("|")]
    cells = [[cell.strip().replace("`", "") for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(cells[0], row, strict=True)) for row in cells[2:]] if cells else []
