"""Policies survive their writing: read, written and read again they are the same."""

from hypothesis import given
from hypothesis import strategies as st

from twin.atlas.allowed import Allowed
from twin.atlas.policies import Policy
from twin.atlas.policy_file import PolicyEntry, read_policies
from twin.atlas.policy_writing import write_policies
from twin.atlas.tag_definition import TagDefinition
from twin.atlas.tags import Limits
from twin.atlas.triggers import AllOf, AnyOf, Condition, Threshold, Trigger

TAGS = {
    "TI-1.PV": TagDefinition(name="TI-1.PV", description="T", unit="degC", low=0, high=200),
    "PI-1.PV": TagDefinition(name="PI-1.PV", description="P", unit="bar(g)", low=0, high=20),
}

numbers = st.floats(-1e6, 1e6)
positive = st.floats(1e-6, 1e6)
names = st.sampled_from(sorted(TAGS))
seconds = st.integers(0, 10**9).map(lambda micro: micro / 1e6)
thresholds = st.builds(Threshold, names, numbers, st.just(0.0) | positive, st.booleans())
conditions: st.SearchStrategy[Condition] = st.recursive(
    thresholds,
    lambda inner: (
        st.builds(AllOf, st.lists(inner, min_size=1, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, min_size=1, max_size=3).map(tuple))
    ),
    max_leaves=4,
)
limits = st.builds(
    Limits,
    low=st.none() | numbers,
    high=st.none() | numbers,
    high_high=st.none() | numbers,
    deadband=st.just(0) | positive,
)


def allowed(tag: str) -> st.SearchStrategy[Allowed]:
    ranges = st.tuples(numbers, numbers) | st.just((float("-inf"), float("inf")))
    steps = st.just(float("inf")) | positive
    return st.builds(
        lambda span, step, rate: Allowed(low=span[0], high=span[1], max_step=step, max_rate=rate, unit=TAGS[tag].unit),
        ranges,
        steps,
        steps,
    )


policies = st.builds(
    Policy,
    name=st.just("one"),
    equipment=st.just("R-1"),
    modes=st.frozensets(st.sampled_from(["normal", "cleaning"])),
    signals=st.lists(names, unique=True).map(tuple),
    limits=st.dictionaries(names, limits),
    stale_after_s=st.dictionaries(names, positive),
    changes=st.fixed_dictionaries({}, optional={tag: allowed(tag) for tag in TAGS}),
    triggers=st.lists(
        st.builds(Trigger, st.just("t"), conditions, st.sampled_from(["simulation", "optimisation"]), seconds, seconds),
        max_size=2,
    ).map(tuple),
)


@given(policies)
def test_what_is_written_is_read_as_the_same(policy: Policy) -> None:
    [written] = write_policies([policy])
    read, findings = read_policies({0: PolicyEntry.model_validate(written)}, TAGS)
    assert findings == []
    assert read[0] == policy
