"""The connector's process over real OPC UA, without API or Kafka: it starts from copies, and sources live alone."""

import asyncio
import dataclasses

import pytest

from connectors.connection import Connection, SourceSettings, folder_of, load_connections, save_connection
from connectors.process import ConnectorConfig, run_connector
from connectors.segment import read_record
from stream.envelope import decode
from stream.kafka import KafkaConfig
from twin.atlas.tags import Tag, TagTable, TagTableContent

OPTIONS = {"publishing_ms": 100, "sampling_ms": 0}


@dataclasses.dataclass
class Said:
    conditions: dict = dataclasses.field(default_factory=dict)

    def set(self, condition, ok, detail=""):
        self.conditions[condition] = (ok, detail)

    def of(self, condition):
        return self.conditions.get(condition, (None, ""))


def connection(endpoint, revision=1, sources=(), unit="degC"):
    tag = Tag(
        tag_id=revision, name="TI-1.PV", description="temperature", unit=unit, low=-1e9, high=1e9, source="plc",
        address="ns=2;s=T0",
    )  # fmt: skip
    content = TagTableContent(plant="mill", number=3, revision=revision, tags=(tag,))
    plc = SourceSettings(name="plc", kind="opcua", endpoint=endpoint, options=OPTIONS)
    return Connection(plant="mill", number=3, tag_table=content, sources=(plc, *sources))


@pytest.fixture
async def running(tmp_path, unused_tcp_port):
    """Run the connector with what the API answers; Kafka is away."""
    stop, said = asyncio.Event(), Said()
    config = ConnectorConfig(tmp_path, KafkaConfig(f"127.0.0.1:{unused_tcp_port}", 1_000), look_again_s=0.2)
    tasks = []

    def run(fetch):
        tasks.append(asyncio.create_task(run_connector(config, fetch, said, stop)))
        return said

    yield run
    stop.set()
    for task in tasks:
        await asyncio.wait_for(task, 30)


def spooled(folder):
    """The batches that the plant's source has on disk, in order."""
    found = []
    for path in sorted(folder_of(folder, "mill", "plc").glob("spool/*.spool")):
        data, at = path.read_bytes(), 0
        while (record := read_record(data, at)) is not None:
            found.append(decode(record.payload))
            at = record.end
    return found


async def test_tag_tables_are_kept_beside_the_spool_so_that_a_connector_starts_alone(
    asyncua_field, tmp_path, running, until
):
    field = await asyncua_field(tags=1)
    save_connection(tmp_path, connection(field.endpoint))

    async def nobody_answers():
        raise OSError("no API")

    said = running(nobody_answers)
    await until(lambda: len(spooled(tmp_path)) > 3, "batches on disk")
    assert {batch.tag_table for batch in spooled(tmp_path)} == {TagTable.of(connection("").tag_table).name}
    assert said.of("plants") == (True, "the API does not answer (no API); 1 plants from copies")
    assert said.of("source mill/plc")[0] is True
    await until(lambda: said.of("kafka")[0] is False, "that Kafka is away")
    assert "readings wait on disk" in said.of("kafka")[1]


async def test_a_source_that_cannot_run_says_so_and_disturbs_no_other(asyncua_field, tmp_path, running, until):
    field = await asyncua_field(tags=1)
    wrong = SourceSettings(name="wrong", kind="opcua", endpoint=field.endpoint, options={"queue": 5})
    foreign = SourceSettings(name="foreign", kind="modbus", endpoint="x")

    async def fetch():
        return [connection(field.endpoint, sources=(wrong, foreign))]

    said = running(fetch)
    await until(lambda: len(spooled(tmp_path)) > 3, "batches of the good source")
    await until(lambda: said.of("source mill/wrong")[0] is False, "the wrong options told")
    await until(lambda: said.of("source mill/foreign")[0] is False, "the unknown kind told")
    assert "unknown field `queue`; the options are publishing_ms" in said.of("source mill/wrong")[1]
    assert "no connector for kind 'modbus'; use one of opcua" in said.of("source mill/foreign")[1]
    assert load_connections(tmp_path) == [connection(field.endpoint, sources=(wrong, foreign))]


async def test_tag_tables_of_a_revision_are_taken_up_and_numbers_go_on(asyncua_field, tmp_path, running, until):
    field = await asyncua_field(tags=1)
    answer = [connection(field.endpoint)]

    async def fetch():
        return answer

    running(fetch)
    await until(lambda: len(spooled(tmp_path)) > 3, "batches of the first revision")
    answer[:] = [connection(field.endpoint, revision=2, unit="K")]
    tables = [TagTable.of(connection("").tag_table).name, TagTable.of(answer[0].tag_table).name]
    await until(lambda: spooled(tmp_path)[-1].tag_table == tables[1], "batches of the second revision")
    batches = spooled(tmp_path)
    of_table = [batch.tag_table for batch in batches]
    assert of_table == sorted(of_table, key=tables.index)
    assert [batch.seq for batch in batches] == list(range(len(batches)))
    assert len({batch.epoch for batch in batches}) == 1
    assert all(set(batch.arrays()[0].tolist()) == {tables.index(batch.tag_table) + 1} for batch in batches)
