"""A spool that fills up because nothing is stored: it is seen, and what cannot be kept is never lost in silence."""

from connectors.opcua.backfill import GAPS
from connectors.outlet import FULLNESS, REFUSED

LIMIT_BYTES = 40_000


def fullness() -> float:
    (sample,) = (
        sample
        for metric in FULLNESS.collect()
        for sample in metric.samples
        if sample.labels == {"plant": "plant", "source": "opcua"}
    )
    return sample.value


def take(line, taken):
    """Store what the spool holds, as the historian would: read it, then let it go."""
    batches = line.batches()
    for batch in batches:
        tag_ids, times, values, _ = batch.arrays()
        taken |= set(zip(tag_ids.tolist(), times.tolist(), values.tolist(), strict=True))
    if batches:
        line.spool.trim(batches[-1].epoch, batches[-1].seq)


async def test_stored_then_trimmed_is_waited_for_where_the_field_keeps_what_is_not_fetched(node_field, line_to, until):
    field = await node_field(tags=20, period_s=0.05, history=100_000)
    line = line_to(field.endpoint, tags=20)
    await line.start(limit_bytes=LIMIT_BYTES)
    await until(lambda: fullness() > 0.9, "a spool that shows how full it is")
    filled_until = field.written.readings[-1][1]
    await until(lambda: field.written.readings[-1][1] > filled_until + 2_000_000, "readings while it is full")
    offered = set(field.written.readings)
    taken: set[tuple[int, int, float]] = set()

    def all_taken():
        take(line, taken)
        return offered <= taken

    await until(all_taken, "all that was offered meanwhile", 60)


async def test_what_a_full_spool_refuses_is_counted_where_the_field_keeps_nothing(asyncua_field, line_to, until):
    field = await asyncua_field(tags=20, history=False)
    line = line_to(field.endpoint, tags=20)
    unfilled = GAPS.labels("plant", "opcua", "not filled")
    before, gaps = REFUSED.labels("plant", "opcua")._value.get(), unfilled._value.get()
    await line.start(limit_bytes=LIMIT_BYTES)
    await until(lambda: unfilled._value.get() > gaps, "the connector to learn that nothing is kept")
    await until(lambda: REFUSED.labels("plant", "opcua")._value.get() > before + 100, "refused readings")
    assert line.spool.used_bytes <= LIMIT_BYTES
    assert line.up
    await field.pause()
    first = field.written.readings.index((1, *line.readings(1)[0]))
    offered = len(field.written.readings) - first

    def accounted():
        kept = sum(len(line.readings(tag_id)) for tag_id in range(1, 21))
        return kept + REFUSED.labels("plant", "opcua")._value.get() - before

    await until(lambda: accounted() == offered, "every reading kept or counted as refused")
