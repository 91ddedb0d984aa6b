"""Domain events: they tell exactly what changed between two states, and nothing where nothing did."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.quality import BAD_SENSOR_FAILURE, GOOD, GOOD_LOCAL_OVERRIDE, UNCERTAIN_SUB_NORMAL
from twin.atlas.events import (
    LimitEntered,
    LimitLeft,
    QualityTurned,
    TagBecameFresh,
    TagBecameStale,
    events_between,
)
from twin.atlas.state import PlantState
from twin.atlas.tags import Tag, TagTable, TagTableContent

NAMES = ("TI-1.PV", "TI-2.PV", "TI-3.PV")
TABLE = TagTable.of(
    TagTableContent(
        plant="mill",
        number=1,
        revision=1,
        tags=tuple(Tag(tag_id=n, name=name, description="", unit="K", low=0, high=1) for n, name in enumerate(NAMES)),
    )
)
PASSED = {-2: {"low", "low_low"}, -1: {"low"}, 0: set(), 1: {"high"}, 2: {"high", "high_high"}}
QUALITIES = (GOOD, GOOD_LOCAL_OVERRIDE, UNCERTAIN_SUB_NORMAL, BAD_SENSOR_FAILURE, 0xFFFF_0000)
SEVERITY = ("good", "good", "uncertain", "bad", "bad")


def state(rows: list[tuple[int, bool, int]]) -> PlantState:
    made = PlantState.empty(len(NAMES))
    made.values[:] = 7.0
    for position, (limit, stale, quality) in enumerate(rows):
        made.limits[position], made.stale[position], made.quality[position] = limit, stale, QUALITIES[quality]
    return made


states = st.lists(st.tuples(st.integers(-2, 2), st.booleans(), st.integers(0, 4)), min_size=3, max_size=3)


@given(states, states)
def test_events_lead_from_one_state_to_the_other(
    before: list[tuple[int, bool, int]], after: list[tuple[int, bool, int]]
) -> None:
    told = events_between(state(before), state(after), TABLE, at=5)
    limits = [set(PASSED[row[0]]) for row in before]
    stale = [row[1] for row in before]
    severity = [SEVERITY[row[2]] for row in before]
    for event in told:
        at = NAMES.index(event.tag)
        assert (event.plant, event.at) == ("mill", 5)
        if isinstance(event, LimitEntered):
            assert event.limit not in limits[at]
            limits[at].add(event.limit)
        elif isinstance(event, LimitLeft):
            limits[at].remove(event.limit)
        elif isinstance(event, QualityTurned):
            assert event.before == severity[at] != event.after
            severity[at] = event.after
        else:
            assert stale[at] == isinstance(event, TagBecameFresh)
            stale[at] = isinstance(event, TagBecameStale)
    assert limits == [PASSED[row[0]] for row in after]
    assert stale == [row[1] for row in after]
    assert severity == [SEVERITY[row[2]] for row in after]
    assert [event.tag for event in told] == sorted(event.tag for event in told)


def test_a_value_that_crosses_from_high_high_to_low_leaves_outermost_first_and_then_enters() -> None:
    told = events_between(state([(2, False, 0)] * 3), state([(-1, False, 0), (2, False, 0), (2, False, 0)]), TABLE, 5)
    assert told == [
        LimitLeft(plant="mill", tag="TI-1.PV", at=5, limit="high_high", value=7.0),
        LimitLeft(plant="mill", tag="TI-1.PV", at=5, limit="high", value=7.0),
        LimitEntered(plant="mill", tag="TI-1.PV", at=5, limit="low", value=7.0),
    ]


def test_another_code_of_the_same_severity_is_no_event_and_the_code_is_told_where_there_is_one() -> None:
    before = state([(0, False, 0), (0, False, 0), (0, False, 3)])
    after = state([(0, False, 1), (0, False, 3), (0, False, 4)])
    after.values[:] = np.nan
    assert events_between(before, after, TABLE, 5) == [
        QualityTurned(plant="mill", tag="TI-2.PV", at=5, before="good", after="bad", code=BAD_SENSOR_FAILURE)
    ]


def test_states_of_different_tables_are_refused() -> None:
    with pytest.raises(ValueError, match="states of 3 and 2 tags"):
        events_between(PlantState.empty(3), PlantState.empty(2), TABLE, 5)
