"""The guide to portfolios says what is so: its file is sound over such plants, and its Python runs."""

import re
from pathlib import Path
from typing import Any

from twin.atlas.definition import parse
from twin.atlas.portfolio_file import parse_portfolio, read_plant_ids

PAGE = (Path(__file__).parents[3] / "docs/how-to/join-plants-in-a-portfolio.md").read_text(encoding="utf-8")
PLANTS = {
    "boiler-house": """
equipment:
  - {id: WATER, type: feed}
  - {id: SP-1, type: splitter}
  - {id: STEAM, type: product}
  - {id: CONDENSATE, type: product}
streams:
  - {name: S-1, from: WATER, to: SP-1}
  - {name: S-2, from: SP-1.outlet, to: STEAM}
  - {name: S-3, from: SP-1.outlet, to: CONDENSATE}
""",
    "salt-works": """
equipment:
  - {id: WATER, type: feed}
  - {id: E-101, type: heater}
  - {id: SALT, type: product}
streams:
  - {name: S-1, from: WATER, to: E-101.inlet}
  - {name: S-2, from: E-101.outlet, to: SALT}
""",
}


def plant(name: str) -> Any:
    head = f"atlas: 2\nplant: {name}\nname: {name}\nsources: [{{name: opcua, endpoint: 'opc.tcp://127.0.0.1:4840'}}]\n"
    tag = "{name: FI-110.PV, description: Steam, unit: kg/s, range: [0, 2], address: a}"
    return parse(f"{head}{PLANTS[name]}\ntags:\n  - {tag}\n")


def test_the_file_of_the_guide_is_sound() -> None:
    text = re.search(r"(?m)^    atlas: 2\n(?:    .*\n)+", PAGE)
    assert text is not None
    file = re.sub(r"(?m)^    ", "", text[0])
    assert read_plant_ids(file) == ("boiler-house", "salt-works")
    found = parse_portfolio(file, {name: plant(name) for name in PLANTS})
    assert [link.name for link in found.links] == ["T-1", "STEAM supply 1", "STEAM use 1", "S-1"]


def test_the_python_of_the_guide_runs(capsys: Any) -> None:
    [code] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(code, "guide", "exec"), {})  # noqa: S102 - our own guide
    told = capsys.readouterr().out
    assert "'tennessee-eastman', 'williams-otto'" in told
    assert "STEAM: 1.43 t/h of 3 t/h, 48%" in told
