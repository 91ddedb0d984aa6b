"""Monitored items on real servers: each node is judged by itself, silence and overflow are noticed, types are told."""

import math
from datetime import UTC, datetime

import pytest
from asyncua import ua

import connectors.opcua.silence
import connectors.opcua.source
from analytics.quality import (
    BAD_NODE_ID_UNKNOWN,
    BAD_SENSOR_FAILURE,
    SERVER_TIME_USED,
    UNCERTAIN_SENSOR_NOT_ACCURATE,
)
from connectors.opcua.silence import AGE
from connectors.opcua.subscription import OVERFLOWS

HISTORY = 100_000


@pytest.fixture
def looks_often(monkeypatch):
    monkeypatch.setattr(connectors.opcua.source, "_LOOK_EVERY_S", 0.2)


async def test_one_bad_node_spoils_no_other_of_its_batch(node_field, line_to, until, caplog):
    field = await node_field()
    addresses = ["ns=2;s=T0", "ns=2;s=Absent", "not an address", "nsu=urn:test:field;s=T3", "nsu=urn:none;s=T4"]
    line = line_to(field.endpoint, addresses=addresses)
    await line.start()
    await until(lambda: len(line.readings(1)) > 3 and len(line.readings(4)) > 3, "the good nodes' values")
    assert line.qualities(2) == [BAD_NODE_ID_UNKNOWN]
    assert all(math.isnan(value) for tag_id in (2, 3, 5) for _, value in line.readings(tag_id))
    assert all(len(line.readings(tag_id)) == 1 for tag_id in (2, 3, 5))
    assert "tag TI-2.PV: the server refuses ns=2;s=Absent (BadNodeIdUnknown, 0x80340000)" in caplog.text


async def test_a_node_that_appears_later_is_taken_up(asyncua_field, line_to, until, looks_often):
    field = await asyncua_field()
    line = line_to(field.endpoint, addresses=["ns=2;s=T0", "ns=2;s=Late"], retry_nodes_s=0.5)
    await line.start()
    await until(lambda: line.qualities(2) == [BAD_NODE_ID_UNKNOWN], "the refusal")
    await field.add("Late")
    await until(lambda: line.qualities(2)[-1] == 0, "the late node's value")
    assert line.readings(2)[-1][1] == 1.0


async def test_a_tag_that_falls_silent_is_subscribed_to_anew_and_back_filled(
    asyncua_field, line_to, until, looks_often, monkeypatch
):
    monkeypatch.setattr(connectors.opcua.silence, "_LEAST_S", 1.0)
    field = await asyncua_field()
    line = line_to(field.endpoint, stale_after_s=0.3)
    await line.start()
    await until(lambda: len(line.readings(5, "live")) > 3, "live values")
    forget_items_of(field, "T4")
    silent_since = field.written.of(5)[-1]
    await until(lambda: AGE.labels("plant", "TI-5.PV")._value.get() > 0.8, "the silent tag's age")
    assert AGE.labels("plant", "TI-1.PV")._value.get() < 0.8
    await until(lambda: line.readings(5, "live")[-1][0] > silent_since[0] + 1_000_000, "live values again")
    unheard = [reading for reading in field.written.of(5) if reading[0] <= line.readings(5, "live")[-1][0]]
    await until(lambda: set(unheard) <= set(line.readings(5)), "what it did not report, from history")


def forget_items_of(field, name):
    """Make the server forget that anyone watches a node, without telling anyone: a fault seen in the field."""
    for subscription in field.server.iserver.subscription_service.subscriptions.values():
        for item in subscription.monitored_item_srv._monitored_items.values():
            if item.read_value_id.NodeId == ua.NodeId(name, 2):
                field.server.iserver.aspace.delete_datachange_callback(item.callback_handle)


async def test_overflow_of_the_servers_queue_is_counted_and_back_filled(node_field, line_to, until):
    field = await node_field(tags=1, period_s=0.02, history=HISTORY)
    overflows = OVERFLOWS.labels("plant")
    before = overflows._value.get()
    line = line_to(field.endpoint, tags=1, queue_size=2, publishing_ms=300)
    await line.start()
    await until(lambda: overflows._value.get() > before + 3, "overflows")
    live = line.readings(1, "live")
    await until(
        lambda: {reading for reading in field.written.of(1) if reading[0] <= live[-1][0]} <= set(line.readings(1)),
        "what the queue lost, from history",
    )


async def test_numbers_of_every_type_are_kept_and_others_refused_in_plain_words(node_field, line_to, until, caplog):
    wanted = {
        "Boolean": 1.0, "SByte": -5.0, "Byte": 250.0, "Int16": -30_000.0, "UInt16": 60_000.0, "Int32": -2e9,
        "UInt32": 4e9, "Int64": -10.0, "UInt64": 2.0**32, "Float": 0.5, "Enumeration": 2.0,
    }  # fmt: skip
    field = await node_field()
    names = [*wanted, "String", "Array"]
    line = line_to(field.endpoint, addresses=[f"ns=2;s={name}" for name in names])
    await line.start()
    await until(lambda: line.readings(len(wanted)), "a value of the last type")
    assert {name: [value for _, value in line.readings(at)] for at, name in enumerate(wanted, 1)} == {
        name: [value] for name, value in wanted.items()
    }
    assert line.readings(12) == line.readings(13) == []
    assert (
        "tag TI-12.PV reports values of type String; only numbers are kept: give the address of a number" in caplog.text
    )
    assert "tag TI-13.PV reports an array; only numbers are kept: give the address of a number" in caplog.text


async def test_status_codes_are_carried_with_their_values(node_field, line_to, until):
    field = await node_field()
    line = line_to(field.endpoint, addresses=["ns=2;s=Uncertain", "ns=2;s=Bad"])
    await line.start()
    await until(lambda: line.readings(1) and line.readings(2), "both values")
    assert line.qualities(1) == [UNCERTAIN_SENSOR_NOT_ACCURATE]
    assert line.qualities(2) == [BAD_SENSOR_FAILURE]
    assert line.readings(1)[0][1] == 1.5


async def test_honest_times_take_the_servers_time_flagged_where_the_source_gives_none(asyncua_field, line_to, until):
    field = await asyncua_field(tags=1, period_s=3600, history=False)
    line = line_to(field.endpoint, tags=1)
    await line.start()
    await until(lambda: line.readings(1), "the first value")
    at = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
    old = datetime(2020, 1, 1, tzinfo=UTC)
    await field.report("T0", ua.DataValue(ua.Variant(7.0), SourceTimestamp=None, ServerTimestamp=at))
    await field.report("T0", ua.DataValue(ua.Variant(8.0), SourceTimestamp=old, ServerTimestamp=at))
    await until(lambda: len(line.readings(1)) == 3, "both values")
    assert line.readings(1)[1:] == [(1_767_323_045_678_901, 7.0), (1_577_836_800_000_000, 8.0)]
    assert line.qualities(1)[1:] == [SERVER_TIME_USED, 0]
