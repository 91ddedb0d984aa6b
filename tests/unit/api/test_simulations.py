"""What-if questions over the API: asked, followed, read, compared and cancelled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from api.plant_directory import PlantFile
from api.questions import MOST_WAITING
from stream.handlers.store_plant import StorePlant, store_plant
from stream.jobs.answer.compose import Cases, compose
from stream.jobs.answer.run_case import base_case, first_look
from stream.jobs.job import JobFailure, JobRequest
from stream.jobs.report import Report
from tests.unit.jobs.situations import asked
from twin.matrix.williams_otto.adapter import WilliamsOttoProcess
from twin.plants import text

URL = "/v1/plants/williams-otto/simulations"
NOW = datetime(2026, 11, 24, tzinfo=UTC)
HOTTER = {"changes": ["TIC-101.SP=85 degC over 10 min"], "horizon": "1 h"}


@pytest.fixture
async def reactor(plant: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The reactor, stored, with two live values."""
    await store_plant(StorePlant(definition_text=text("williams-otto")), plant.unit)
    plant.unit.outbox.events.clear()
    stored = await plant.unit.plants.find("williams-otto")
    plant.records.plants.append(stored)
    plant.table = plant.unit.plants.tables[stored.tag_table]
    plant.records.tables[stored.tag_table] = plant.table
    plant.services.plants.forget()
    drawn = PlantFile([], [], (), "<svg xmlns='http://www.w3.org/2000/svg'/>")
    monkeypatch.setattr(plant.services.plants, "_read_file", lambda text: drawn)
    plant.happen({"TIC-101.SP": 80.0, "TIC-101.PV": 80.1}, offset=41)
    return plant


@pytest.fixture
async def operator(reactor: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with reactor.client("operator") as client:
        yield client


@pytest.fixture(scope="module")
def report() -> Report:
    question = asked("TIC-101.SP=85 degC", horizon="10 min")
    model = WilliamsOttoProcess()
    looks = [
        first_look(model, question.situation, scenario)
        for scenario in (base_case(question.scenario), question.scenario)
    ]
    return compose(question, Cases(*looks))


def kind(answer: httpx.Response) -> str:
    return str(answer.json()["type"].rpartition("#")[2])


async def test_a_question_is_stored_with_its_position_and_announced(reactor: Any, operator: httpx.AsyncClient) -> None:
    answer = await operator.post(URL, json=HOTTER)
    told = answer.json()
    assert (answer.status_code, answer.headers["Location"]) == (202, f"{URL}/1")
    assert told["title"] == "Reactor temperature, setpoint (TIC-101.SP) to 85 degC over 10 min, 1 h ahead"
    assert (told["state"], told["asked_by"], told["position"]) == ("waiting", "operator", "0f343b0931126a20:41")
    (event,) = reactor.unit.outbox.events
    assert (event.type, event.content["job"], event.content["position"]) == (
        "SimulationRequested",
        1,
        "0f343b0931126a20:41",
    )
    assert (await operator.get(answer.headers["Location"])).json() == told
    assert (await operator.get(URL)).json()["simulations"] == [told]


async def test_a_position_in_the_past_is_kept_and_an_unknown_one_refused(operator: httpx.AsyncClient) -> None:
    earlier = await operator.post(URL, json=HOTTER | {"position": "0f343b0931126a20:17"})
    assert earlier.json()["position"] == "0f343b0931126a20:17"
    for position in ("0f343b0931126a20:42", "ffff:1", "nonsense"):
        refused = await operator.post(URL, json=HOTTER | {"position": position})
        assert (refused.status_code, refused.json()["faults"][0]["path"]) == (422, "position")
        assert refused.json()["faults"][0]["remedy"]


@pytest.mark.parametrize(
    ("body", "path", "remedy"),
    [
        ({"changes": ["TIC-999.SP=85 degC"]}, "changes[0].name", "TIC-102.SP"),
        ({"changes": ["TIC-101.SP=85 kg/s"]}, "changes[0].value", ""),
        ({"changes": ["TIC-101.SP=400 degC"]}, "changes[0].value", "range"),
        ({"changes": ["TIC-101.SP=85"]}, "changes[0].value", "85 degC"),
        ({"changes": [], "horizon": "87600 h"}, "horizon", "72 h"),
    ],
)
async def test_what_cannot_be_asked_is_answered_with_field_and_remedy_and_makes_no_job(
    reactor: Any, operator: httpx.AsyncClient, body: dict[str, Any], path: str, remedy: str
) -> None:
    for url in (URL, f"{URL}/check"):
        answer = await operator.post(url, json=body)
        (fault,) = answer.json()["faults"]
        assert (answer.status_code, kind(answer), fault["path"]) == (422, "invalid-request", path)
        assert fault["remedy"]
        assert remedy in fault["remedy"]
    assert reactor.unit.jobs.jobs == {}
    assert reactor.unit.outbox.events == []


async def test_a_check_tells_how_the_question_is_read_and_stores_nothing(
    reactor: Any, operator: httpx.AsyncClient
) -> None:
    answer = await operator.post(f"{URL}/check", json=HOTTER)
    assert answer.json()["title"].endswith("to 85 degC over 10 min, 1 h ahead")
    assert answer.json()["horizon_s"] == 3600.0
    assert reactor.unit.jobs.jobs == {}


async def test_a_repeated_request_is_answered_as_the_first(reactor: Any, operator: httpx.AsyncClient) -> None:
    again = {"Idempotency-Key": "button-7"}
    ids = [(await operator.post(URL, json=HOTTER, headers=again)).json()["id"] for _ in range(2)]
    assert ids == [1, 1]
    assert len(reactor.unit.outbox.events) == 1
    assert (await operator.post(URL, json=HOTTER)).json()["id"] == 2


async def test_what_may_be_changed_is_listed_with_range_and_present_value(operator: httpx.AsyncClient) -> None:
    told = (await operator.get(f"{URL}/inputs")).json()
    inputs = {one["name"]: one for one in told["inputs"]}
    assert (told["title"], told["longest_s"]) == ("Williams-Otto reactor", 259200.0)
    setpoint = inputs["TIC-101.SP"]
    assert (setpoint["unit"], setpoint["low"], setpoint["high"], setpoint["now"]) == ("degC", 40.0, 120.0, 80.0)
    assert inputs["TIC-102.MODE"]["states"] == ["MAN", "AUTO", "CAS"]
    assert inputs["TIC-102.SP"]["now"] is None


async def test_viewers_read_and_do_not_ask(reactor: Any) -> None:
    async with reactor.client("viewer") as viewer:
        assert (await viewer.post(URL, json=HOTTER)).status_code == 403
        assert (await viewer.get(URL)).status_code == 200
        assert (await viewer.post(f"{URL}/check", json=HOTTER)).status_code == 200
        assert (await viewer.post(f"{URL}/1/cancel")).status_code == 403


async def test_a_report_is_read_when_it_is_there_and_its_draft_before(
    reactor: Any, operator: httpx.AsyncClient, report: Report
) -> None:
    await operator.post(URL, json=HOTTER)
    early = await operator.get(f"{URL}/1/report")
    assert (early.status_code, kind(early), early.headers["Retry-After"]) == (409, "no-report", "1")
    draft = report.model_copy(update={"draft": True})
    reactor.unit.jobs.report(1, NOW, 0.3, "first curves", {"kind": "curves", "report": draft.as_content()})
    assert (await operator.get(f"{URL}/1/report")).json() == draft.as_content()
    reactor.unit.jobs.finish(1, NOW, report.as_content())
    assert (await operator.get(f"{URL}/1/report")).json() == report.as_content()
    page = await operator.get(f"{URL}/1/report", params={"format": "html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "Reactor temperature" in page.text


async def test_a_failed_question_tells_why_and_what_to_do(reactor: Any, operator: httpx.AsyncClient) -> None:
    await operator.post(URL, json=HOTTER)
    failure = JobFailure("DivergedError", "the reactor has no solution here", "make the change smaller")
    reactor.unit.jobs.finish(1, NOW, failure=failure)
    told = (await operator.get(f"{URL}/1")).json()
    assert told["error"] == "The reactor has no solution here; make the change smaller."
    answer = await operator.get(f"{URL}/1/report")
    assert (answer.status_code, answer.json()["detail"]) == (409, told["error"])


async def test_progress_streams_up_to_the_end_and_goes_on_where_it_broke(reactor: Any) -> None:
    async with reactor.client("operator") as client:
        await client.post(URL, json=HOTTER)
        reactor.unit.jobs.report(1, NOW, 0.3, "first curves", {"kind": "curves"})
        reactor.unit.jobs.finish(1, NOW, {})
        whole = (await client.get(f"{URL}/1/progress")).text
        rest = (await client.get(f"{URL}/1/progress", headers={"Last-Event-ID": "2"})).text
    names = [line.removeprefix("event: ") for line in whole.splitlines() if line.startswith("event: ")]
    assert names == ["progress", "progress", "curves", "progress", "end"]
    assert [line for line in rest.splitlines() if line.startswith(("id", "event"))] == [
        "id: 3", "event: progress", "id: 3", "event: end",
    ]  # fmt: skip


async def test_a_ticket_opens_the_progress_of_its_plant_only(reactor: Any, operator: httpx.AsyncClient) -> None:
    await operator.post(URL, json=HOTTER)
    reactor.unit.jobs.finish(1, NOW, {})
    tickets = [
        (await operator.post("/v1/tickets", json={"plant": name})).json()["ticket"]
        for name in ("williams-otto", "reactor")
    ]
    async with reactor.client(None) as stranger:
        statuses = [
            (await stranger.get(f"{URL}/1/progress", params={"ticket": ticket})).status_code for ticket in tickets
        ]
    assert statuses == [200, 401]


async def test_a_cancelled_question_is_over_and_an_answered_one_stays(
    reactor: Any, operator: httpx.AsyncClient, report: Report
) -> None:
    await operator.post(URL, json=HOTTER)
    told = (await operator.post(f"{URL}/1/cancel")).json()
    assert (told["state"], told["message"]) == ("cancelled", "cancelled by operator")
    await operator.post(URL, json=HOTTER)
    reactor.unit.jobs.finish(2, NOW, report.as_content())
    assert (await operator.post(f"{URL}/2/cancel")).json()["state"] == "done"


async def test_two_questions_stand_beside_one_another(
    reactor: Any, operator: httpx.AsyncClient, report: Report
) -> None:
    for number in (1, 2):
        await operator.post(URL, json=HOTTER)
        reactor.unit.jobs.finish(number, NOW, report.as_content())
    told = (await operator.get(f"{URL}/compare", params={"first": 1, "second": 2})).json()
    temperature = next(output for output in told["outputs"] if output["name"] == "TIC-101.PV")
    assert temperature["first"] == temperature["second"] == report.end_state["change"]["TIC-101.PV"]
    assert (told["currency"], told["first_gain"]) == ("USD", told["second_gain"])
    page = await operator.get(f"{URL}/compare", params={"first": 1, "second": 2, "format": "html"})
    assert "<html" in page.text
    missing = await operator.get(f"{URL}/compare", params={"first": 1, "second": 3})
    assert (missing.status_code, kind(missing)) == (404, "unknown-simulation")


async def test_a_job_of_another_kind_or_plant_is_no_question(reactor: Any, operator: httpx.AsyncClient) -> None:
    await reactor.unit.jobs.add(JobRequest(kind="train", plant="williams-otto", identity="a"), NOW)
    await reactor.unit.jobs.add(JobRequest(kind="what-if", plant="reactor", identity="b"), NOW)
    for number in (1, 2, 3):
        assert kind(await operator.get(f"{URL}/{number}")) == "unknown-simulation"


async def test_questions_wait_in_bounded_number(reactor: Any, operator: httpx.AsyncClient) -> None:
    for number in range(MOST_WAITING):
        await reactor.unit.jobs.add(JobRequest(kind="what-if", plant="williams-otto", identity=str(number)), NOW)
    answer = await operator.post(URL, json=HOTTER)
    assert (answer.status_code, kind(answer)) == (429, "too-many-questions")


async def test_a_plant_without_model_or_values_says_so(reactor: Any, operator: httpx.AsyncClient) -> None:
    await store_plant(StorePlant(definition_text=text("benzene-toluene")), reactor.unit)
    stored = await reactor.unit.plants.find("benzene-toluene")
    reactor.records.plants.append(stored)
    reactor.records.tables[stored.tag_table] = reactor.unit.plants.tables[stored.tag_table]
    reactor.services.plants.forget()
    inputs = await operator.get("/v1/plants/benzene-toluene/simulations/inputs")
    assert (inputs.status_code, kind(inputs)) == (404, "no-process-model")
    assert "process_model" in inputs.json()["remedy"]
    silent = await operator.post("/v1/plants/benzene-toluene/simulations", json=HOTTER)
    assert (silent.status_code, kind(silent)) == (503, "not-ready")
    assert (await operator.get("/v1/plants/none/simulations")).status_code == 404


async def test_better_settings_are_asked_for_and_told_beside_what_if_questions(
    reactor: Any, operator: httpx.AsyncClient, report: Report
) -> None:
    url = URL.replace("simulations", "optimisations")
    answer = await operator.post(url, json={"horizon": "1 h"})
    assert (answer.status_code, answer.headers["Location"]) == (202, f"{url}/1")
    assert reactor.unit.jobs.jobs[1].request.kind == "optimisation"
    assert (await operator.get(URL)).json() == {"simulations": []}
    assert kind(await operator.get(f"{URL}/1")) == "unknown-simulation"
    assert [one["id"] for one in (await operator.get(url)).json()["simulations"]] == [1]
    reactor.unit.jobs.finish(1, NOW, report.as_content())
    assert (await operator.get(f"{url}/1/report")).json() == report.as_content()
    assert "event: end" in (await operator.get(f"{url}/1/progress")).text
    assert (await operator.post(f"{url}/1/cancel")).json()["state"] == "done"
    assert (await operator.get(f"{url}/1")).json()["state"] == "done"
