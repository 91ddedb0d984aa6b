"""Policies: what holds in which mode, what overrides what, and what may be changed."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.atlas.allowed import Allowed
from twin.atlas.limits import limit_arrays, stricter
from twin.atlas.policies import Policies, Policy
from twin.atlas.tags import Limits, Tag, TagTable, TagTableContent
from twin.atlas.triggers import Threshold, Trigger

HOT = Trigger("hot", Threshold("TI-1.PV", 90.0), "simulation")
POLICIES = Policies(
    (
        Policy(
            name="always", equipment="R-1", signals=("TI-1.PV", "LI-1.PV"), stale_after_s={"TI-1.PV": 5.0},
            limits={"TI-1.PV": Limits(high=80.0), "LI-1.PV": Limits(low=1.0)},
            changes={"TI-1.SP": Allowed(low=60, high=80, max_step=5, unit="degC")}, triggers=(HOT,),
        ),
        Policy(
            name="cleaning", equipment="R-1", modes=frozenset({"cleaning"}), signals=("TI-1.PV",),
            limits={"TI-1.PV": Limits(high=110.0)}, changes={"TI-1.SP": Allowed(low=90, high=105)},
            triggers=(Trigger("hot", Threshold("TI-1.PV", 120.0), "simulation"),),
        ),
        Policy(
            name="cooler", equipment="E-1", limits={"TI-1.PV": Limits(high=100.0, low=4.0, deadband=1.0)},
            changes={"TI-1.SP": Allowed(high=78, max_rate=0.5, unit="degC")}, stale_after_s={"TI-1.PV": 9.0},
        ),
    )
)  # fmt: skip


@pytest.fixture
def table() -> TagTable:
    names = ("TI-1.PV", "LI-1.PV", "PI-1.PV")
    limits = Limits(low=2.0, high=95.0, deadband=0.5)
    tags = tuple(
        Tag(tag_id=n, name=name, description="", unit="", low=0, high=200, limits=limits, stale_after_s=10)
        for n, name in enumerate(names)
    )
    return TagTable.of(TagTableContent(plant="mill", number=1, revision=1, tags=tags))


def test_of_one_equipment_the_policy_for_the_mode_overrides_the_one_for_all_modes_tag_by_tag() -> None:
    normal, cleaning = POLICIES.in_mode({}), POLICIES.in_mode({"R-1": "cleaning"})
    assert normal.limits["LI-1.PV"] == cleaning.limits["LI-1.PV"] == Limits(low=1.0)
    assert (normal.limits["TI-1.PV"].high, cleaning.limits["TI-1.PV"].high) == (80.0, 100.0)
    assert (normal.signals, cleaning.signals) == (frozenset({"TI-1.PV", "LI-1.PV"}), frozenset({"TI-1.PV"}))
    assert list(POLICIES.in_force(normal)) == [True, False]
    assert list(POLICIES.in_force(cleaning)) == [False, True]


def test_the_order_of_the_policies_changes_nothing() -> None:
    backwards = Policies(POLICIES.policies[::-1])
    for modes in ({}, {"R-1": "cleaning"}, {"E-1": "shutdown"}):
        assert backwards.in_mode(modes) == POLICIES.in_mode(modes)


def test_of_several_equipments_the_stricter_limits_hold_and_each_must_allow_a_change() -> None:
    rules = POLICIES.in_mode({})
    assert rules.limits["TI-1.PV"] == Limits(low=4.0, high=80.0, deadband=1.0)
    assert rules.stale_after_s == {"TI-1.PV": 5.0}
    assert rules.refusals("TI-1.SP", 70.0, 74.0) == ()
    assert rules.refusals("TI-1.SP", 74.0, 79.0, elapsed_s=4) == (
        "TI-1.SP: 79 degC is outside 60 to 78 degC",
        "TI-1.SP: 5 degC after 4 s is faster than 30 degC in a minute",
    )
    assert POLICIES.in_mode({"R-1": "cleaning"}).refusals("TI-1.SP", 70.0, 74.0) != ()


def test_what_no_policy_allows_is_refused() -> None:
    assert POLICIES.in_mode({}).refusals("FI-1.SP", 1.0, 1.0) == (
        "no policy allows to change FI-1.SP in this operating mode",
    )


def test_rules_become_arrays_by_position_where_a_tags_own_stand_unless_a_policy_speaks(table: TagTable) -> None:
    rules = POLICIES.in_mode({})
    arrays = rules.limit_arrays(table)
    assert arrays.high.tolist() == [80.0, math.inf, 95.0]
    assert arrays.low.tolist() == [4.0, 1.0, 2.0]
    assert arrays.deadband.tolist() == [1.0, 0.0, 0.5]
    assert rules.stale_after_us(table).tolist() == [5_000_000, 10_000_000, 10_000_000]
    assert Policies().in_mode({}).limit_arrays(table).high.tolist() == [95.0] * 3


def test_a_watch_follows_the_triggers_in_force_over_a_tables_values(table: TagTable) -> None:
    watch = POLICIES.watch(table)
    values = np.array([95.0, 1.0, 1.0])
    called = {}
    for mode in ("normal", "cleaning"):
        in_force = POLICIES.in_force(POLICIES.in_mode({"R-1": mode}))
        _, triggers = watch(watch.start(), values, 1, in_force)
        called[mode] = triggers
    assert called == {"normal": (HOT,), "cleaning": ()}


numbers = st.integers(-50, 50).map(float)
ranges = st.builds(
    Allowed, low=st.integers(-40, 0).map(float), high=st.integers(0, 40).map(float),
    max_step=st.integers(1, 20).map(float), max_rate=st.sampled_from([0.25, 1.0, math.inf]),
)  # fmt: skip


@given(ranges, numbers, numbers, st.sampled_from([0.0, 1.0, 8.0, math.inf]))
def test_the_nearest_value_is_allowed_or_no_change_and_the_wanted_one_where_that_is_allowed(
    allowed: Allowed, before: float, wanted: float, elapsed: float
) -> None:
    nearest = allowed.nearest(before, wanted, elapsed)
    assert nearest == before or allowed(before, nearest, elapsed) == ()
    if allowed(before, wanted, elapsed) == ():
        assert nearest == wanted


@given(ranges, ranges, numbers, numbers, st.sampled_from([1.0, 8.0, math.inf]))
def test_both_allow_what_each_allows(one: Allowed, other: Allowed, before: float, after: float, elapsed: float) -> None:
    each = one(before, after, elapsed) == () and other(before, after, elapsed) == ()
    assert (one.both(other)(before, after, elapsed) == ()) == each


limits = st.builds(
    Limits, low=st.none() | numbers, high=st.none() | numbers, low_low=st.none() | numbers,
    high_high=st.none() | numbers, deadband=st.integers(0, 3).map(float),
)  # fmt: skip


@given(limits, limits)
def test_the_stricter_limits_of_two_let_through_what_both_do(one: Limits, other: Limits) -> None:
    both, each = limit_arrays([stricter(one, other)]), limit_arrays([one, other])
    assert both.high[0] == each.high.min()
    assert both.high_high[0] == each.high_high.min()
    assert both.low[0] == each.low.max()
    assert both.low_low[0] == each.low_low.max()
    assert both.deadband[0] == each.deadband.max()
