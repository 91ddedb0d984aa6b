"""The line to the field is cut, the server restarts, the connector is killed: nothing is lost, doubled or reordered.

Against servers of two makes, because each hides other faults of a client.
"""

import asyncio

import pytest
from prometheus_client import REGISTRY

OUTAGE_S = 2.0


def gaps(outcome):
    labels = {"plant": "plant", "source": "opcua", "outcome": outcome}
    return REGISTRY.get_sample_value("atlas_gaps_total", labels) or 0


def since_first(line, field, tag_id):
    """What a tag's live readings should be: all that was offered since the first one of them."""
    live, offered = line.readings(tag_id, "live"), field.written.of(tag_id)
    return live, offered[offered.index(live[0]) :]


@pytest.fixture(params=["asyncua_field", "node_field"])
def any_field(request):
    return request.getfixturevalue(request.param)


async def test_a_cut_that_the_session_survives_loses_doubles_and_reorders_nothing(any_field, proxy_to, line_to, until):
    field = await any_field(tags=30, period_s=0.1)
    proxy = await proxy_to(field.port)
    line = line_to(f"opc.tcp://127.0.0.1:{proxy.port}", tags=30)
    await line.start()
    await until(lambda: len(line.readings(30, "live")) > 5, "live values")
    for _ in range(2):
        await proxy.cut()
        await asyncio.sleep(OUTAGE_S)
        await proxy.mend()
        newest = field.written.of(30)[-1]
        await until(lambda newest=newest: newest in line.readings(30, "live"), "what was offered during the cut")
    last = field.written.of(30)[-1]
    await until(lambda: last in line.readings(30, "live"), "values after the last cut")
    for tag_id in range(1, 31):
        live, offered = since_first(line, field, tag_id)
        assert live == offered[: len(live)]
        assert last[0] <= live[-1][0]
