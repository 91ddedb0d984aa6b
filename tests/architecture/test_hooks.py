"""What pre-commit runs is what `make check` runs, from the developers' environment: it fetches nothing."""

import re

from ruamel.yaml import YAML


def test_the_hooks_are_make_checks_own_tools(root):
    config = YAML(typ="safe").load((root / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repo["repo"] for repo in config["repos"]] == ["local"]
    hooks = config["repos"][0]["hooks"]
    assert all(hook["language"] == "system" for hook in hooks)
    recipe = re.search(r"^check:.*\n((?:\t.*\n)+)", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert recipe is not None
    lines = recipe[1].replace("$(BIN)", ".venv/bin").splitlines()
    linters = [line.strip() for line in lines if "$(PYTEST)" not in line]
    run = [hook["entry"].replace(" --force-exclude", "") for hook in hooks]
    assert [line.removesuffix(" .").replace(" . ", " ") for line in linters] == run
