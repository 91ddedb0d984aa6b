"""Any sound plant survives its file, and any broken one is refused with every fault named: plants made at random."""

import copy
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twin.atlas.definition import parse
from twin.atlas.equipment import EQUIPMENT_TYPES, Instrument
from twin.atlas.plant import Plant
from twin.atlas.save import edited, text_of

Tree = dict[str, Any]
Faults = Callable[[Any], dict[str, str]]

SOME = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

THROUGH = {
    "pump": ("suction", "discharge"), "compressor": ("suction", "discharge"), "blower": ("suction", "discharge"),
    "turbine": ("inlet", "exhaust"), "control-valve": ("inlet", "outlet"), "valve": ("inlet", "outlet"),
    "check-valve": ("inlet", "outlet"), "tank": ("inlet", "outlet"), "lying-tank": ("inlet", "outlet"),
    "tubular-reactor": ("feed", "outlet"), "stirred-reactor": ("feed", "liquid"),
    "batch-reactor": ("charge", "discharge"), "fired-heater": ("inlet", "outlet"), "cooler": ("inlet", "outlet"),
    "heater": ("inlet", "outlet"), "condenser": ("inlet", "outlet"), "reboiler": ("inlet", "outlet"),
    "shell-and-tube-exchanger": ("inlet", "outlet"), "boiler": ("feed_water", "steam"),
    "cooling-tower": ("hot", "cold"),
}  # fmt: skip
PARTS = {
    "flash-drum": ("feed", "vapour", "liquid"), "decanter": ("feed", "light", "heavy"),
    "filter": ("feed", "filtrate", "solids"), "distillation-column": ("feed", "vapour", "liquid"),
    "stripper": ("feed", "vapour", "liquid"), "splitter": ("inlet", "outlet", "side_outlet"),
}  # fmt: skip
WORDS = st.text(st.sampled_from("aZ0 é蒸,:#'\"[]{}&*-?|>%@\n"), max_size=12).map(str.strip)
UNITS = ("degC", "bar(g)", "kg/s", "m3/h", "%", "mol%", "kW", "")


class Growth:
    """A plant that grows from its feeds to its products."""

    def __init__(self, data: st.DataObject) -> None:
        self.draw = data.draw
        self.equipment: list[Tree] = []
        self.streams: list[Tree] = []
        self.open: list[tuple[str, frozenset[str]]] = []

    def add(self, kind: str) -> str:
        name = f"X-{len(self.equipment)}"
        self.equipment.append({"id": name, "type": kind})
        return name

    def join(self, source: str, target: str, carries: str = "material") -> None:
        self.streams.append({"name": f"S-{len(self.streams)}", "from": source, "to": target, "carries": carries})

    def step(self) -> None:
        end, mixers = self.open.pop(self.draw(st.integers(0, len(self.open) - 1)))
        way = self.draw(st.sampled_from(["through", "parts", "mixed", "recycled"]))
        if way == "mixed":
            mixer = self.add("mixer")
            self.join(end, f"{mixer}.inlet")
            if self.open:
                other, more = self.open.pop()
                self.join(other, f"{mixer}.top_inlet")
                mixers |= more
            self.open.append((f"{mixer}.outlet", mixers | {mixer}))
        elif way == "recycled" and mixers:
            splitter = self.add("splitter")
            self.join(end, f"{splitter}.inlet")
            self.join(f"{splitter}.side_outlet", f"{self.draw(st.sampled_from(sorted(mixers)))}.side_inlet")
            self.open.append((f"{splitter}.outlet", mixers))
        elif way == "parts":
            kind = self.draw(st.sampled_from(sorted(PARTS)))
            into, *outs = PARTS[kind]
            name = self.add(kind)
            self.join(end, f"{name}.{into}")
            self.open += [(f"{name}.{out}", mixers) for out in outs]
        else:
            kind = self.draw(st.sampled_from(sorted(THROUGH)))
            into, out = THROUGH[kind]
            name = self.add(kind)
            self.join(end, f"{name}.{into}")
            self.open.append((f"{name}.{out}", mixers))

    def control(self) -> None:
        for valve in [item["id"] for item in self.equipment if item["type"] == "control-valve"]:
            stream = next(each["name"] for each in self.streams if each["to"] == f"{valve}.inlet")
            if not self.draw(st.booleans()):
                continue
            controller = self.add("controller")
            self.join(controller, f"{valve}.stem", "signal")
            if self.draw(st.booleans()):
                sensor = self.add("transmitter")
                self.equipment[-1]["measures"] = stream
                self.join(sensor, f"{controller}.measurement", "signal")
            else:
                self.equipment[-1]["measures"] = self.draw(st.sampled_from([stream, valve]))
            if self.draw(st.booleans()):
                master = self.add("controller")
                self.equipment[-1]["measures"] = valve
                self.join(master, f"{controller}.setpoint", "signal")

    def describe(self) -> None:
        """Design data, areas, places and names, here and there."""
        for item in self.equipment:
            known = EQUIPMENT_TYPES[item["type"]].design_fields
            for field in self.draw(st.lists(st.sampled_from(known), unique=True, max_size=2)) if known else ():
                value = self.draw(st.floats(1e-3, 1e4).map(lambda number: round(number, 4)))
                given: object = f"{value} {field.unit}" if field.unit else value
                item.setdefault("design", {})[field.name] = "316L" if field.unit is None else given
            if self.draw(st.booleans()):
                item |= {"area": "A1", "unit": "U1"} if self.draw(st.booleans()) else {"area": "A2"}
            if self.draw(st.booleans()):
                item |= {"name": self.draw(WORDS), "at": [self.draw(st.integers(-500, 500)), 2.5]}
            if self.draw(st.booleans()):
                item["modes"] = self.draw(st.sampled_from([["normal"], ["normal", "cleaning"], ["shutdown"]]))
        for stream in self.streams:
            if stream["carries"] == "material" and self.draw(st.booleans()):
                share = self.draw(st.integers(1, 99))
                unit = self.draw(st.sampled_from(["wt%", "mol%"]))
                stream["composition"] = {"water": f"{share} {unit}", "salt": f"{100 - share} {unit}"}
            stream["description"] = self.draw(WORDS)


def tag(draw: Callable[[Any], Any], number: int, equipment: list[str], streams: list[str]) -> Tree:
    low, span = draw(st.integers(-100, 100)), draw(st.integers(1, 500))
    written = {
        "name": f"TI-{number}.PV", "description": draw(WORDS.filter(bool)), "unit": draw(st.sampled_from(UNITS)),
        "range": [low, low + span], "source": draw(st.sampled_from(["opcua", "other"])), "address": f"ns=2;s={number}",
    }  # fmt: skip
    optional = {
        "equipment": draw(st.sampled_from(equipment)), "stream": draw(st.sampled_from(streams)), "decimals": 3,
        "limits": {"low": low, "high": low + span / 2, "deadband": span / 100}, "stale_after_s": 0,
        "shown": draw(st.sampled_from([True, [1, 2.5]])), "kind": "setpoint",
    }  # fmt: skip
    return written | {key: value for key, value in optional.items() if draw(st.booleans())}


@st.composite
def plants(draw: Callable[[Any], Any]) -> Tree:
    growth = Growth(draw(st.data()))
    for _ in range(draw(st.integers(1, 3))):
        growth.open.append((f"{growth.add('feed')}.outlet", frozenset()))
    for _ in range(draw(st.integers(1, 8))):
        growth.step()
    for end, _ in growth.open:
        growth.join(end, growth.add("product"))
    growth.control()
    growth.describe()
    equipment, streams = [item["id"] for item in growth.equipment], [each["name"] for each in growth.streams]
    return {
        "atlas": 2, "plant": "made", "name": draw(WORDS.filter(bool)), "description": draw(WORDS),
        "history_from": draw(st.sampled_from(["2000-01-01", "2020-02-03", "2020-02-03T04:05:06+00:00"])),
        "scan": {"period_s": draw(st.sampled_from([1, 0.5, 60])), "grace_s": 2, "silent_after_s": 10.5},
        "location": {"enterprise": draw(WORDS), "site": draw(WORDS)},
        "areas": [{"id": "A1", "units": [{"id": "U1", "name": "One"}]}, {"id": "A2", "name": "Two"}],
        "compounds": [
            {"id": "water", "formula": "H2O", "cas": "7732-18-5"}, {"id": "salt", "molar_mass": "58.44 g/mol"},
            {"id": "oxygen", "formula": "O2"}, {"id": "hydrogen", "formula": "H2"},
        ],
        "reactions": [
            {"id": "R1", "equation": "2 hydrogen + oxygen -> 2 water", "equipment": draw(st.sampled_from(equipment)),
             "kinetics": {"factor": "1.5 mol/(m3 s)", "activation": "20 kJ/mol", "basis": "mole_fraction"}},
        ],
        "sources": [{"name": "opcua", "endpoint": "opc.tcp://x"}, {"name": "other", "options": {"security": "none"}}],
        "equipment": growth.equipment,
        "streams": growth.streams,
        "prices": [{"item": "salt", "price": "0.25 USD/kg", "from": "2020-01-01", "until": "2021-01-01"},
                   {"item": "salt", "price": "0.3 USD/kg", "from": "2021-01-01"}],
        "policies": [{
            "name": "all", "equipment": draw(st.sampled_from(equipment)), "signals": ["TI-0.PV"],
            "stale_after_s": {"TI-0.PV": 5},
            "triggers": [{"name": "any", "when": {"tag": "TI-0.PV", "above": 0.5}, "hold": "90 s"}],
        }] if draw(st.booleans()) else [],
        "tags": [{"name": "TI-0.PV", "description": "T", "unit": "K", "range": [0, 9], "source": "opcua",
                  "address": "t"}]
        + [tag(draw, number, equipment, streams) for number in range(1, draw(st.integers(1, 5)))],
    }  # fmt: skip


@SOME
@given(tree=plants())
def test_a_sound_plant_survives_its_file(tree: Tree, plant_of: Callable[[Any], Plant]) -> None:
    plant = plant_of(tree)
    text = text_of(plant)
    again = parse(text)
    assert again == plant
    assert text_of(again) == text
    assert Plant.of(**{field.name: getattr(plant, field.name) for field in fields(plant)}) == plant


@SOME
@given(tree=plants(), data=st.data())
def test_an_edited_file_says_what_was_edited(tree: Tree, plant_of: Callable[[Any], Plant], data: st.DataObject) -> None:
    plant = plant_of(tree)
    text = "# The plant\n" + text_of(plant)
    assert edited(text, plant) == text
    order = data.draw(st.permutations(range(len(plant.tags))))
    changed = replace(
        plant,
        name="Other",
        description="",
        tags=tuple(replace(plant.tags[n], unit="K" if n == order[0] else plant.tags[n].unit) for n in order),
        equipment=tuple(replace(item, area="", unit="", name="X") for item in plant.equipment),
    )
    after = edited(text, changed)
    assert parse(after) == changed
    assert after.startswith("# The plant\n")


def _first(tree: Tree, kind: type) -> int | None:
    known = {name for name, row in EQUIPMENT_TYPES.items() if issubclass(row.kind, kind)}
    return next((n for n, item in enumerate(tree["equipment"]) if item["type"] in known), None)


def break_type(tree: Tree) -> str:
    tree["equipment"][0]["type"] = "feet"
    return "equipment[0].type"


def break_area(tree: Tree) -> str:
    tree["equipment"][-1].update(area="A9", unit="")
    return f"equipment[{len(tree['equipment']) - 1}].area"


def break_unit_of_area(tree: Tree) -> str:
    tree["areas"][1]["units"] = [{"id": "U1"}]
    return "areas[1].units[0].id"


def break_design(tree: Tree) -> str:
    tree["equipment"][1]["design"] = {"colour": "red"}
    return "equipment[1].design.colour"


def break_tag_unit(tree: Tree) -> str:
    tree["tags"][0]["unit"] = "degX"
    return "tags[0].unit"


def break_tag_stream(tree: Tree) -> str:
    tree["tags"].append(tree["tags"][0] | {"name": "TI-99.PV", "address": "99", "stream": "S-999"})
    return f"tags[{len(tree['tags']) - 1}].stream"


def break_tag_name(tree: Tree) -> str:
    tree["tags"].append(tree["tags"][0] | {"address": "98"})
    return f"tags[{len(tree['tags']) - 1}].name"


def break_compound(tree: Tree) -> str:
    tree["compounds"][0]["cas"] = "7732-18-6"
    return "compounds[0].cas"


def break_balance(tree: Tree) -> str:
    tree["reactions"].append({"id": "R2", "equation": "oxygen -> hydrogen"})
    return "reactions[1].equation"


def break_composition(tree: Tree) -> str:
    tree["streams"][0]["composition"] = {"oxygen": "90 wt%"}
    return "streams[0].composition"


def break_price(tree: Tree) -> str:
    tree["prices"][1]["price"] = "0.3 m"
    return "prices[1].price"


def break_policy(tree: Tree) -> str:
    tree["policies"] = [{"name": "one", "equipment": "X-999"}]
    return "policies[0].equipment"


def break_stream_end(tree: Tree) -> str:
    tree["streams"][-1]["to"] = "NOWHERE"
    return f"streams[{len(tree['streams']) - 1}].to"


def break_key(tree: Tree) -> str:
    tree["location"]["town"] = "Here"
    return "location.town"


def break_measuring(tree: Tree) -> str:
    index = _first(tree, Instrument)
    if index is None:
        tree["equipment"].append({"id": "LT-1", "type": "transmitter"})
        index = len(tree["equipment"]) - 1
    tree["equipment"][index]["measures"] = "X-999"
    return f"equipment[{index}].measures"


BREAKS = [
    break_type, break_area, break_unit_of_area, break_design, break_tag_unit, break_tag_stream, break_tag_name,
    break_compound, break_balance, break_composition, break_price, break_policy, break_stream_end, break_key,
    break_measuring,
]  # fmt: skip


@SOME
@given(tree=plants(), breaks=st.lists(st.sampled_from(BREAKS), min_size=1, max_size=5, unique=True))
def test_a_broken_plant_is_refused_with_every_fault_named(
    tree: Tree, breaks: list[Callable[[Tree], str]], faults: Faults
) -> None:
    broken = copy.deepcopy(tree)
    expected = {mutate(broken) for mutate in breaks}
    found = faults(broken)
    assert expected <= set(found), expected - set(found)


@SOME
@given(tree=plants(), data=st.data())
def test_a_stream_that_is_missing_leaves_a_fault_at_one_of_its_ends(
    tree: Tree, faults: Faults, data: st.DataObject
) -> None:
    lost = tree["streams"].pop(data.draw(st.integers(0, len(tree["streams"]) - 1)))
    ids = [item["id"] for item in tree["equipment"]]
    ends = {ids.index(lost[end].partition(".")[0]) for end in ("from", "to")}
    found = faults(tree)
    told = any(path.startswith(f"equipment[{end}].") for path in found for end in ends)
    assert told or _still_fed(tree, lost), found


def _still_fed(tree: Tree, lost: Tree) -> bool:
    """Whether both ends of a stream that is gone have others of their kind: a recycle or a second outlet."""
    left = [each for each in tree["streams"] if each["carries"] == lost["carries"]]
    source, target = lost["from"].partition(".")[0], lost["to"].partition(".")[0]
    return any(each["from"].partition(".")[0] == source for each in left) and any(
        each["to"].partition(".")[0] == target for each in left
    )


@pytest.mark.parametrize("kind", sorted(EQUIPMENT_TYPES))
def test_the_generator_speaks_of_types_that_exist(kind: str) -> None:
    ports = {port.name for port in EQUIPMENT_TYPES[kind].ports}
    assert set(THROUGH.get(kind, ())) | set(PARTS.get(kind, ())) <= ports
