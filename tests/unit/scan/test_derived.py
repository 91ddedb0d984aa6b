"""Derived tags at a closed scan: inputs first, as bad as the worst of them, as stale as any of them."""

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.quality import (
    BAD,
    BAD_NO_DATA,
    BAD_SENSOR_FAILURE,
    GOOD,
    GOOD_LOCAL_OVERRIDE,
    UNCERTAIN,
    UNCERTAIN_SUB_NORMAL,
)
from stream.scan.derived import DerivedTags
from stream.scan.grid import Scan
from twin.atlas.expressions import compile_expression
from twin.atlas.tags import Tag, TagTable, TagTableContent


def table_of(**expressions: str) -> TagTable:
    """Tags A and B are measured; others are derived, numbered backwards so that later ones come first."""
    names = ["A", "B", *expressions]
    tags = tuple(
        Tag(
            tag_id=100 - n, name=name, description="", unit="", low=0, high=1, expression=expressions.get(name, ""),
            kind="derived" if name in expressions else "measured",
        )
        for n, name in enumerate(names)
    )  # fmt: skip
    return TagTable.of(TagTableContent(plant="mill", number=1, revision=1, tags=tags))


def evaluated(
    table: TagTable, a: float, b: float, quality_a: int = GOOD, quality_b: int = GOOD
) -> dict[str, tuple[float, int]]:
    values, quality = np.full(len(table), np.nan), np.full(len(table), BAD, dtype=np.uint32)
    for name, value, code in (("A", a, quality_a), ("B", b, quality_b)):
        values[table.position(name)], quality[table.position(name)] = value, code
    scan = Scan(0, values, quality, np.zeros(len(values), dtype=np.int64))
    derived = DerivedTags.of(table)
    got_values, got_quality = derived.evaluate(scan)
    names = [table.tags[position].name for position in derived.positions]
    return {n: (float(v), int(q)) for n, v, q in zip(names, got_values, got_quality, strict=True)}


@given(order=st.permutations(["C", "D", "E"]), a=st.floats(-100, 100))
def test_a_derived_tag_is_computed_after_those_it_needs(order: list[str], a: float) -> None:
    expressions = {"C": "A + 1", "D": "C + 1", "E": "C + D"}
    found = evaluated(table_of(**{name: expressions[name] for name in order}), a, 0.0)
    assert found["D"][0] == a + 1 + 1
    assert found["E"][0] == (a + 1) + (a + 1 + 1)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (GOOD, GOOD, GOOD),
        (GOOD, UNCERTAIN_SUB_NORMAL, UNCERTAIN_SUB_NORMAL),
        (BAD_SENSOR_FAILURE, UNCERTAIN_SUB_NORMAL, BAD_SENSOR_FAILURE),
        (UNCERTAIN_SUB_NORMAL, BAD_SENSOR_FAILURE, BAD_SENSOR_FAILURE),
    ],
)
def test_quality_is_the_worst_of_the_inputs_through_any_depth(first: int, second: int, expected: int) -> None:
    found = evaluated(table_of(C="A + B", D="C * 2"), 1.0, 2.0, first, second)
    assert found == {"C": (3.0, expected), "D": (6.0, expected)}


def test_what_cannot_be_computed_has_no_data_and_neither_has_what_needs_it() -> None:
    found = evaluated(table_of(C="A / B", D="C + 1", E="A"), 1.0, 0.0)
    assert [found[name][1] for name in "CDE"] == [BAD_NO_DATA, BAD_NO_DATA, GOOD]
    assert np.isnan([found["C"][0], found["D"][0]]).all()


def test_a_constant_is_good() -> None:
    assert evaluated(table_of(C="2 * 3"), np.nan, np.nan, BAD, BAD) == {"C": (6.0, GOOD)}


@given(stale_a=st.booleans(), stale_b=st.booleans())
def test_a_derived_tag_is_as_stale_as_any_of_its_inputs(stale_a: bool, stale_b: bool) -> None:
    table = table_of(C="A", D="C + B", E="1")
    stale = np.zeros(len(table), dtype=np.bool_)
    stale[table.position("A")], stale[table.position("B")] = stale_a, stale_b
    derived = DerivedTags.of(table)
    changed = {table.tags[position].name for position in derived.stale(stale)}
    now = {name: bool(stale[table.position(name)]) for name in "CDE"}
    assert now == {"C": stale_a, "D": stale_a or stale_b, "E": False}
    assert changed == {name for name, is_stale in now.items() if is_stale}
    assert len(derived.stale(stale)) == 0


def test_derived_tags_in_a_circle_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="C, D depend on each other|D, C depend on each other"):
        DerivedTags.of(table_of(C="D", D="C"))


names = ("A", "B", "C", "D", "E", "F")
formulas = st.lists(
    st.sampled_from(["1", "A", "B", "A + B", "B + A * A", "C + A", "A / B", "D - C + B", "B + E"]),
    min_size=4,
    max_size=4,
)
codes = st.sampled_from([GOOD, GOOD_LOCAL_OVERRIDE, UNCERTAIN, UNCERTAIN_SUB_NORMAL, BAD, BAD_SENSOR_FAILURE])
numbers = st.sampled_from([0.0, 1.5, -2.0, np.nan])


@given(formulas, numbers, numbers, codes, codes, st.booleans(), st.booleans())
def test_all_together_are_what_one_would_compute_one_by_one(
    texts: list[str], a: float, b: float, code_a: int, code_b: int, stale_a: bool, stale_b: bool
) -> None:
    expressions = dict(zip(names[2:], texts, strict=True))
    needs = {name: {part for part in names if part in text} for name, text in expressions.items()}
    hypothesis.assume(all(need < set(names[: names.index(name)]) for name, need in needs.items()))
    table = table_of(**expressions)
    found = evaluated(table, a, b, code_a, code_b)
    stale = np.zeros(len(table), dtype=np.bool_)
    stale[table.position("A")], stale[table.position("B")] = stale_a, stale_b
    derived = DerivedTags.of(table)
    derived.stale(stale)
    known: dict[str, tuple[float, int, bool]] = {"A": (a, code_a, stale_a), "B": (b, code_b, stale_b)}
    for name, text in expressions.items():
        inputs = list(compile_expression(text, names).inputs)
        value = compile_expression(text, names).evaluate([known[part][0] for part in inputs])
        worst = max((known[part][1] for part in inputs), key=lambda code: code >> 30, default=GOOD)
        code = BAD_NO_DATA if np.isnan(value) and worst < BAD else worst
        known[name] = value, code, any(known[part][2] for part in inputs)
        assert repr(found[name]) == repr((value, code))
        assert stale[table.position(name)] == known[name][2]
