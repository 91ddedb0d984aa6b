"""A plant file written by hand, for a server of another make, goes live with `atlas run --plant`."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from analytics.quality import BAD_NODE_ID_UNKNOWN
from api.cli import key_file
from api.client import ClientConfig, NotAllowedError, PlantClient
from api.client.errors import ApiClientError

pytestmark = [pytest.mark.slow, pytest.mark.timeout(280)]

PLANT = """
atlas: 1
plant: boiler-house
name: Boiler house
time_zone: Europe/Berlin
sources:
  - name: plc
    kind: opcua
    endpoint: ENDPOINT
    options: {publishing_ms: 200, sampling_ms: 0}
equipment:
  - {id: FEED, type: feed, name: Feed water}
  - {id: P-201, type: pump, name: Feed water pump}
  - {id: STEAM, type: product, name: Steam}
streams:
  - {name: S-1, from: FEED, to: P-201}
  - {name: S-2, from: P-201, to: STEAM}
tags:
  - name: PI-201.PV
    description: Feed water pressure
    unit: bar
    range: [0, 1.0e+9]
    equipment: P-201
    address: ns=2;s=T0
    shown: true
  - name: TI-201.PV
    description: Feed water temperature
    unit: degC
    source_unit: degF
    range: [-50, 1.0e+9]
    address: nsu=urn:test:field;s=T1
  - name: PI-202.PV
    description: Pressure at a gauge that the server does not know
    unit: bar
    range: [0, 10]
    address: ns=2;s=Absent
  - name: PDI-201.PV
    description: Pressure above its lower limit
    unit: bar
    range: [-20, 1.0e+9]
    kind: derived
    expression: "[PI-201.PV] - 20"
"""

ADDED = {
    "name": "PI-203.PV", "description": "Added while it runs", "unit": "bar", "range": [0, 1.0e9],
    "address": "ns=2;s=T2",
}  # fmt: skip


def values(client):
    return {tag.name: tag for tag in client.state("boiler-house").tags}


def is_live(run, server):
    """Whether the plant shows what the server has just reported."""
    try:
        with run.client() as client:
            found = values(client).get("PI-201.PV")
    except (FileNotFoundError, ApiClientError):  # Nothing answers yet.
        return False
    return found is not None and found.value in [value for _, value in server.offered()[-20:]]


def check_state(client, server):
    found = values(client)
    assert all(found[name].status == "Good" for name in ("PI-201.PV", "TI-201.PV", "PDI-201.PV"))
    fahrenheit = round(found["TI-201.PV"].value * 9 / 5 + 32)
    assert fahrenheit in [value + 1 for _, value in server.offered()[-50:]]
    assert found["PDI-201.PV"].value + 20 in [value for _, value in server.offered()[-50:]]
    assert (found["PI-202.PV"].value, found["PI-202.PV"].quality) == (None, BAD_NODE_ID_UNKNOWN)


def revise(run, client, server):
    """Add a tag over the API while all goes on: connector, twin and screen take it up without a restart."""
    key = key_file.create(run.folder / "keys.json", "anna", "engineer")
    before = [(process["name"], process["pid"]) for process in json.loads(run.atlas("status", "--json"))["processes"]]
    address = json.loads((run.folder / "run.json").read_text())["addresses"]["api"]
    with PlantClient(ClientConfig(address, key)) as anna:
        text = run.until(lambda: read_as(anna), "the new key", 10)
        add = {"op": "add", "path": "/tags/-", "value": ADDED}
        assert anna.patch_definition("boiler-house", [add], text.etag).revision == 2
    run.until(lambda: "PI-203.PV" in values(client), "a value of the added tag", 90)
    assert values(client)["PI-203.PV"].value - 2 in [value for _, value in server.offered()[-50:]]
    told = json.loads(run.atlas("status", "--json"))["processes"]
    assert [(process["name"], process["pid"]) for process in told] == before


def read_as(anna):
    try:
        return anna.definition("boiler-house")
    except NotAllowedError:  # A new key is seen within a second.
        return None


def check_history(run, client, server, since):
    """From the server's start, thus long before ours, until now: what was offered, once each, in order."""
    until_us = server.offered()[-1][0]
    offered = [reading for reading in server.offered() if reading[0] <= until_us]

    def stored():
        (series,) = client.history("boiler-house", ["PI-201.PV"], since, datetime.now(UTC), points=10_000).series
        return [reading for reading in zip(series.times_us, series.values, strict=True) if reading[0] <= until_us]

    run.until(lambda: stored()[-1:] == offered[-1:], "the newest reading in the table", 30)
    assert stored() == offered


def check_commands(run):
    told = json.loads(run.atlas("status", "--json"))
    assert told["healthy"]
    names = {"kafka", "database", "api", "worker", "historian", "keeper", "runner", "connector", "dashboard"}
    assert {process["name"] for process in told["processes"]} == names
    assert {process["state"] for process in told["processes"]} == {"up"}
    traced = json.loads(run.atlas("trace", "PI-201.PV", "--json"))
    assert [step["where"] for step in traced["steps"]] == ["sensor", "connector", "Kafka", "twin", "row"]
    times = [step["time_us"] for step in traced["steps"] if step["time_us"]]
    in_ms = [time // 1000 for time in times]  # Kafka keeps no finer ones
    assert in_ms == sorted(in_ms)
    assert len(times) >= 3
    first = run.atlas("trace", "PI-201.PV").splitlines()[0]
    assert first.startswith("PI-201.PV Feed water pressure: ")
    assert first.endswith(" bar (Good)")


def test_a_plant_of_ones_own_goes_live_with_its_history(foreign_server, run_plant, tmp_path):
    since = datetime.now(UTC) - timedelta(minutes=1)
    file = tmp_path / "boiler-house.yaml"
    file.write_text(PLANT.replace("ENDPOINT", foreign_server.endpoint))
    run = run_plant(file)
    run.until(lambda: is_live(run, foreign_server), "live values")
    run.until(lambda: "Stop " in run.output.read_text(), "the closing lines")
    with run.client() as client:
        # Its first scan closes a moment after the measured values are live.
        run.until(
            lambda: "PDI-201.PV" in (told := values(client)) and told["PDI-201.PV"].value is not None,
            "a derived value",
            30,
        )
        check_state(client, foreign_server)
        revise(run, client, foreign_server)
        check_history(run, client, foreign_server, since)
    check_commands(run)
