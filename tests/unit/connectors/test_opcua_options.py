"""Options of an OPC UA source: defaults, bounds, and refusals that name the source, the option and what there is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import SourceOptionsError
from connectors.opcua.options import OpcUaOptions, parse_options
from connectors.opcua.restore import LAST_SEQUENCE, sequence_after


def test_nothing_given_is_the_defaults() -> None:
    assert parse_options("plc", {}) == OpcUaOptions()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"publishing": 500}, "publishing"),
        ({"publishing_ms": 1}, "publishing_ms"),
        ({"queue_size": 0}, "queue_size"),
        ({"queue_size": 1.5}, "queue_size"),
        ({"publishing_ms": "often"}, "publishing_ms"),
        ({"requests_waiting": 21}, "requests_waiting"),
        ({"security": "Basic128"}, "security"),
        ({"mode": "None"}, "mode"),
        ({"history_hours": -1}, "history_hours"),
        ({"timeout_s": float("nan")}, "timeout_s"),
        ({"timeout_s": float("inf")}, "timeout_s"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(options: dict[str, object], named: str) -> None:
    with pytest.raises(SourceOptionsError, match=rf"source plc: .*{named}.*the options are publishing_ms"):
        parse_options("plc", options)


PAIRS = (("certificate", "private_key"), ("user_certificate", "user_private_key"), ("username", "password_file"))


@pytest.mark.parametrize(("one", "other"), [*PAIRS, *((other, one) for one, other in PAIRS)])
def test_half_a_secret_is_refused(one: str, other: str) -> None:
    with pytest.raises(SourceOptionsError, match=f"{one} is given without {other}"):
        parse_options("plc", {one: "a"})
    assert getattr(parse_options("plc", {one: "a", other: "b"}), one) == "a"


@given(publishing=st.floats(10, 600_000), keepalive=st.floats(0.001, 86_400), lifetime=st.floats(0.001, 86_400))
def test_a_subscription_outlives_three_keepalives(publishing: float, keepalive: float, lifetime: float) -> None:
    options = parse_options("plc", {"publishing_ms": publishing, "keepalive_s": keepalive, "lifetime_s": lifetime})
    assert options.keepalive_count >= 1
    assert options.lifetime_count >= 3 * options.keepalive_count  # Part 4, 5.14.2: what a server may demand
    assert abs(options.keepalive_count * publishing - keepalive * 1000) <= publishing


def test_numbers_of_messages_wrap_to_one() -> None:
    assert sequence_after(1) == 2
    assert sequence_after(LAST_SEQUENCE - 1) == LAST_SEQUENCE
    assert sequence_after(LAST_SEQUENCE) == 1
