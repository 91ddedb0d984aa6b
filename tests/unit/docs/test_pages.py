"""What any page names exists: links, files, commands with their options, targets of make, variables, tests."""

import ast
import re
import shlex
from functools import cache
from pathlib import Path

import click
import pytest

from api.cli.main import cli
from api.settings import variables

ROOT = Path(__file__).parents[3]
PROMISE = ROOT / "docs/explanation/the-promise.md"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
FOLDERS = "analytics|twin|stream|connectors|api|dashboards|tests|docs"
OURS_IN_TESTS = {"ATLAS_TEST_KAFKA", "ATLAS_TEST_DATABASE", "ATLAS_REQUIRE_REAL"}

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@cache
def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pages
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if re.match(r"https?://|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{target} is not there"
        assert not anchor or anchor in anchors(file), f"{target}: no such heading"


@pages
def test_every_file_that_a_page_names_is_there(page):
    for name in re.findall(rf"`((?:{FOLDERS})/[\w./*<>-]*)`", text_of(page)):
        assert "<" in name or list(ROOT.glob(name.rstrip("/"))), f"{name} is not there"


def command_lines(text: str) -> list[list[str]]:
    """Every line or code span that calls `atlas` with a command, as words up to what a shell would take over."""
    spans = [
        *re.findall(r"`([^`\n]+)`", text),
        *(line.strip() for line in text.splitlines() if line.startswith("    ")),
    ]
    spans += [line.strip() for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    found = [re.search(r"(?:^|[\s/])atlas ([a-z].*)$", span) for span in spans]
    return [shlex.split(re.split(r"[|>;&#…]|\s{3}", match[1])[0], comments=False) for match in found if match]


def resolve(words: list[str]) -> click.Command:
    command, context = cli, click.Context(cli)
    for word in words:
        if not isinstance(command, click.Group) or word.startswith(("[", "-")):
            break
        inner = command.get_command(context, word.rstrip(",.:"))
        assert inner is not None, f"atlas {' '.join(words)}: there is no {word}"
        command = inner
    return command


@pages
def test_every_command_that_a_page_names_exists_with_its_options(page):
    for words in command_lines(text_of(page)):
        command = resolve(words)
        known = {"--help", *(name for each in command.params for name in each.opts)}
        given = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        assert given <= known, f"atlas {' '.join(words)}: no option {given - known}"


@pages
def test_every_target_of_make_that_a_page_names_exists(page):
    targets = set(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^    )make ([a-z-]+)", text_of(page), re.MULTILINE)) <= targets


@pages
def test_every_variable_that_a_page_names_is_known(page):
    named = set(re.findall(r"\bATLAS_[A-Z_]+\b", text_of(page)))
    assert {name for name in named if not name.endswith("_")} <= variables() | OURS_IN_TESTS


@cache
def names_in(file: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(text_of(file))) if hasattr(node, "name") and node.name}


@pages
def test_every_test_that_a_page_names_is_there(page):
    for file, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text_of(page)):
        assert name in names_in(ROOT / file), f"{file} has no {name}"


def test_the_promise_names_a_test_of_each_rule_by_its_slug():
    rules = dict(re.findall(r"^### ([a-z-]+)\n(.*?)(?=^##|\Z)", text_of(PROMISE), re.MULTILINE | re.DOTALL))
    assert len(rules) >= 16
    for rule, told in rules.items():
        assert f"::test_{rule.replace('-', '_')}_" in told, f"{rule} names no test of its own"


def test_every_page_can_be_reached():
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        links = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+\.md[^)\s]*)\)", text_of(page))]
        waiting += [(page.parent / link).resolve() for link in links if "://" not in link]
    assert {str(page.relative_to(ROOT)) for page in PAGES} - {str(page.relative_to(ROOT)) for page in reached} <= {
        "CHANGELOG.md"
    }


def test_the_checks_find_what_is_wrong(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("See [it](gone.md), `api/gone.py`, `atlas demo --gone`, `make gone` and ATLAS_GONE.\n")
    for check in (
        test_every_link_leads_somewhere,
        test_every_file_that_a_page_names_is_there,
        test_every_command_that_a_page_names_exists_with_its_options,
        test_every_target_of_make_that_a_page_names_exists,
        test_every_variable_that_a_page_names_is_known,
    ):
        with pytest.raises(AssertionError):
            check(page)
