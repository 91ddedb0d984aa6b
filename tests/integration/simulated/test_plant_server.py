"""A simulated plant as an OPC UA client sees it: its nodes, live values, writes and commands."""

import asyncio
import itertools
from typing import Any

import pytest
from asyncua import Client, ua

from twin.matrix.williams_otto.signals import SIGNALS

BAD_SENSOR_FAILURE = 0x808C_0000


async def test_nodes_tell_what_an_engineer_needs(client: Client, plants: Any) -> None:
    for signal in SIGNALS:
        node = plants.node(client, signal.name)
        assert (await node.read_description()).Text == signal.description
        properties = {
            (await one.read_browse_name()).Name: await one.read_value() for one in await node.get_properties()
        }
        if signal.states:
            assert [word.Text for word in properties["EnumStrings"]] == list(signal.states)
            assert isinstance(await node.read_value(), int)
        else:
            assert (properties["EURange"].Low, properties["EURange"].High) == (signal.low, signal.high)
            assert properties["EngineeringUnits"].DisplayName.Text
        access = await node.get_access_level()
        assert {ua.AccessLevel.CurrentRead, ua.AccessLevel.HistoryRead} <= access
        assert (ua.AccessLevel.CurrentWrite in access) == (signal.kind != "measured")


async def test_live_values_come_every_second_and_never_from_the_future(client: Client, plants: Any) -> None:
    collector = await plants.subscribe(client, ["TIC-101.PV", "FIC-101.OP"])
    await asyncio.sleep(3.6)
    times = [plants.us(moment) for name, _, _, moment in list(collector.values) if name == "TIC-101.PV"]
    assert 4 <= len(times) <= 6
    assert {later - earlier for earlier, later in itertools.pairwise(times)} == {1_000_000}
    assert 0.0 <= collector.youngest_s < 1.0


async def test_setpoint_written_acts_on_the_plant(client: Client, plants: Any) -> None:
    before = await plants.node(client, "FIC-102.PV").read_value()
    await plants.node(client, "FIC-102.SP").write_value(6.0, ua.VariantType.Double)
    await plants.shows(client, "FIC-102.SP", lambda value: value == 6.0)
    await plants.shows(client, "FIC-102.PV", lambda value: value > before + 0.5, 12.0)


@pytest.mark.parametrize(
    ("name", "value", "refusal"),
    [
        ("TIC-101.PV", ua.Variant(80.0), "BadUserAccessDenied"),
        ("TIC-101.SP", ua.Variant(1e6), "BadOutOfRange"),
        ("TIC-102.SP", ua.Variant(80.0), "BadInvalidState"),
        ("TIC-101.SP", ua.Variant("hot"), "BadTypeMismatch"),
        ("FIC-101.MODE", ua.Variant(2, ua.VariantType.Int32), "BadOutOfRange"),
        ("XS-902", ua.Variant(1, ua.VariantType.Int32), "BadUserAccessDenied"),
    ],
)
async def test_writes_that_a_plant_cannot_take_are_refused(
    client: Client, plants: Any, name: str, value: ua.Variant, refusal: str
) -> None:
    with pytest.raises(ua.UaStatusCodeError) as refused:
        await plants.node(client, name).write_value(value)
    assert refused.type.__name__ == refusal


async def test_valve_is_taken_by_hand_without_a_bump(client: Client, plants: Any) -> None:
    await plants.node(client, "FIC-101.MODE").write_value(0, ua.VariantType.Int32)
    await plants.shows(client, "FIC-101.MODE", lambda mode: mode == 0)
    assert await plants.node(client, "FIC-101.OP").read_value() == pytest.approx(45.7, abs=4.0)
    await plants.node(client, "FIC-101.OP").write_value(60.0, ua.VariantType.Double)
    await plants.shows(client, "FIC-101.OP", lambda value: value == 60.0)


async def test_status_is_forced_and_released_on_command(client: Client, running: Any, plants: Any) -> None:
    collector = await plants.subscribe(client, ["TIC-101.PV"])
    code = ua.Variant(BAD_SENSOR_FAILURE, ua.VariantType.UInt32)
    await plants.command(client, "ForceQuality", ua.Variant("TIC-101.PV"), code)
    await plants.until(lambda: any(status == BAD_SENSOR_FAILURE for _, _, status, _ in collector.values))
    good = ua.Variant(0, ua.VariantType.UInt32)
    await plants.command(client, "ForceQuality", ua.Variant("TIC-101.PV"), good)
    await plants.until(lambda: collector.values[-1][2] == 0)
    bad = [(value, moment) for _, value, status, moment in collector.values if status == BAD_SENSOR_FAILURE]
    assert all(value is None for value, _ in bad)
    rows = plants.ledger(running.config, "TIC-101.PV")
    assert all(rows[plants.us(moment)][1] == BAD_SENSOR_FAILURE for _, moment in bad)
    history = await plants.node(client, "TIC-101.PV").read_raw_history(bad[0][1], bad[0][1], 1)
    assert [value.StatusCode.value for value in history] == [BAD_SENSOR_FAILURE]


async def test_disturbance_is_switched_on_command(client: Client, plants: Any) -> None:
    words = "Feed temperature low"
    states = [word.Text for word in await plants.node(client, "XS-902/EnumStrings").read_value()]
    await plants.command(client, "SwitchDisturbance", ua.Variant(words), ua.Variant(True))
    await plants.shows(client, "XS-902", lambda number: states[number] == words)
    await plants.command(client, "SwitchDisturbance", ua.Variant(words), ua.Variant(False))
    await plants.shows(client, "XS-902", lambda number: number == 0)


async def test_command_that_names_nothing_known_is_refused(client: Client, plants: Any) -> None:
    with pytest.raises(ua.uaerrors.BadInvalidArgument):
        await plants.command(client, "SwitchDisturbance", ua.Variant("Earthquake"), ua.Variant(True))


async def test_republish_of_an_unknown_message_says_so(client: Client, plants: Any) -> None:
    """asyncua answers with an empty message, over which its own client loops for ever after a cut connection."""
    collector = await plants.subscribe(client, ["TIC-101.PV"])
    await plants.until(lambda: collector.values)
    with pytest.raises(ua.uaerrors.BadMessageNotAvailable):
        await client.uaclient.session.republish(collector.subscription_id, 99_999)
    with pytest.raises(ua.uaerrors.BadSubscriptionIdInvalid):
        await client.uaclient.session.republish(99_999, 1)
