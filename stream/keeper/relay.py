"""The outbox's one relay: unsent events go to Kafka in order, and are marked when acknowledged (rule outbox).

A crash between acknowledgement and mark sends an event again, with the same identity, by which consumers drop it.
"""

from datetime import datetime
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer

from stream import topics
from stream.envelope import Control, encode
from stream.store.database import Connection
from stream.store.outbox import OutboxEvent, mark_sent, read_unsent


def cloud_event(event: OutboxEvent) -> bytes:
    """The event as CloudEvents 1.0 in JSON, structured mode."""
    content: dict[str, Any] = {
        "specversion": "1.0",
        "id": event.event_id,
        "source": f"/{event.aggregate}",
        "type": f"atlas.{event.type}",
        "subject": event.aggregate,
        "time": event.created_at.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "version": event.version,
        "data": event.content,
    }
    return orjson.dumps(content)


def control_record(event: OutboxEvent) -> tuple[int, bytes] | None:
    """The partition and control record that tell a plant's twin of the event, or None where it does not concern it.

    Its identity is the event's, so a twin takes a record that was sent again only once.
    """
    content = event.content
    match event.type:
        case "PlantRevised":
            action, news = "revise", {"tag_table": content["tag_table"], "revision": content["revision"]}
        case "PricesChanged":
            action, news = "prices", {"version": content["version"], "entries": content["entries"]}
        case _:
            return None
    control = Control(plant=str(content["plant"]), identity=event.event_id, action=action, content=news)
    return topics.partition_of(int(content["number"])), encode(control)


def event_partition(event: OutboxEvent) -> int:
    """A plant's events stay in its partition, any other aggregate's in one of its own."""
    number = event.content.get("number")
    if isinstance(number, int):
        return topics.partition_of(number)
    return sum(event.aggregate.encode()) % topics.EVENTS.partitions


async def relay_events(conn: Connection, producer: AIOKafkaProducer, now: datetime, limit: int = 200) -> int:
    """Send unsent events one after the other and mark each; returns how many. The caller holds the relay's lock."""
    events = await read_unsent(conn, limit)
    for event in events:
        control = control_record(event)
        if control is not None:
            partition, record = control
            await producer.send_and_wait(topics.READINGS.name, record, partition=partition)
        await producer.send_and_wait(
            topics.EVENTS.name,
            cloud_event(event),
            key=event.aggregate.encode(),
            partition=event_partition(event),
            headers=[("content-type", b"application/cloudevents+json; charset=UTF-8")],
        )
        await mark_sent(conn, event.event_id, now)
    return len(events)
