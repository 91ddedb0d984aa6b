"""What a twin that goes on in a new log is told of the table."""

from __future__ import annotations

import psycopg

from stream.handlers.change_prices import ChangePrices, change_prices
from stream.handlers.store_plant import PlantRevised, StorePlant, store_plant
from stream.store.database import DatabaseConfig, Pool, open_engine
from stream.store.stored_state import stored_state
from stream.store.unit_of_work import SqlUnitOfWork
from twin import plants

PLANT = plants.names()[0]


async def test_log_may_vanish_table_readings_marks_and_prices_are_told(dsn: str, pool: Pool) -> None:
    assert (await stored_state(pool, PLANT)).tag_table == ""
    engine = open_engine(DatabaseConfig(dsn))
    revised, *_ = await store_plant(StorePlant(definition_text=plants.text(PLANT)), SqlUnitOfWork(engine))
    assert isinstance(revised, PlantRevised)
    entries = [{"item": "steam", "price": "18 EUR/t"}]
    for price in ("18", "19"):
        entries[0]["price"] = f"{price} EUR/t"
        await change_prices(ChangePrices(plant=PLANT, entries=entries), SqlUnitOfWork(engine))
    await engine.dispose()
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("INSERT INTO last_reading (tag_id, ts, value, quality) VALUES (1, to_timestamp(1), 2.5, 0)")
        connection.execute("INSERT INTO stored_mark VALUES (%s, 'opcua', 7, 42, now())", [PLANT])
    state = await stored_state(pool, PLANT)
    assert state.tag_table == revised.tag_table
    assert (state.tag_ids.tolist(), state.times.tolist(), state.values.tolist()) == ([1], [1_000_000], [2.5])
    assert state.marks == (("opcua", 7, 42),)
    assert [str(price) for price in state.prices] == ["19.0 EUR/t"]
