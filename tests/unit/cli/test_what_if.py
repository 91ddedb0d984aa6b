"""`atlas what-if`: what it prints, and that an interrupt cancels."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from api.cli.what_if import _follow, lines_of, what_if
from api.client import PlantClient
from api.client.config import ClientConfig
from api.simulation_schemas import Simulation
from stream.jobs.answer.compose import Cases, compose
from stream.jobs.answer.run_case import base_case, run_case
from stream.jobs.report import Report
from tests.unit.jobs.situations import asked
from twin.matrix.williams_otto.adapter import WilliamsOttoProcess

ASKED: dict[str, Any] = {
    "id": 7,
    "plant": "williams-otto",
    "title": "hotter",
    "changes": ["TIC-101.SP=85 degC"],
    "horizon": "1 h",
    "position": "0f:1",
    "asked_by": "anna",
    "asked_at_us": 0,
    "state": "waiting",
    "done": 0.0,
    "message": "waiting for its turn",
}


@pytest.fixture(scope="module")
def report() -> Report:
    question, model = asked("TIC-101.SP=97 degC"), WilliamsOttoProcess()
    cases = [run_case(model, question.situation, one) for one in (base_case(question.scenario), question.scenario)]
    return compose(question, Cases(*cases))


def answering(*answers: dict[str, Any]) -> tuple[PlantClient, list[str]]:
    """A client whose API gives these answers, one after another, and what it was asked."""
    left, asked_for = list(answers), []

    def answer(request: httpx.Request) -> httpx.Response:
        asked_for.append(f"{request.method} {request.url.path}")
        return httpx.Response(200, json=left.pop(0))

    return PlantClient(ClientConfig("http://api"), transport=httpx.MockTransport(answer)), asked_for


def test_a_report_is_told_in_lines_with_units(report: Report) -> None:
    text = "\n".join(lines_of(report))
    assert "Reactor temperature, setpoint (TIC-101.SP) from 80.00 to 97.00 degC at once, 1 h ahead" in text
    assert "Reactor temperature (TIC-101.PV)" in text
    assert "gain over 1 h: " in text
    assert " USD" in text
    assert "! Reactor temperature (TIC-101.PV) crosses its high limit, 96.00 degC" in text
    assert "trust in the state: good" in text


def test_progress_is_followed_to_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    running = ASKED | {"state": "running", "done": 0.4, "message": "simulating the change"}
    client, _ = answering(running, running, ASKED | {"state": "done", "done": 1.0})
    ended = _follow(client, Simulation.model_validate(ASKED), lambda seconds: None)
    assert ended.state == "done"
    assert capsys.readouterr().err.splitlines() == ["  0%  waiting for its turn", " 40%  simulating the change"]


def test_an_interrupt_cancels_the_question() -> None:
    client, asked_for = answering(ASKED | {"state": "cancelled"})

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _follow(client, Simulation.model_validate(ASKED), interrupt)
    assert asked_for == ["POST /v1/plants/williams-otto/simulations/7/cancel"]


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[httpx.Request], httpx.Response]], None]:
    """Lets the command talk to a handler instead of a service."""

    def serve(handler: Callable[[httpx.Request], httpx.Response]) -> None:
        class Client(PlantClient):
            def __init__(self, config: ClientConfig) -> None:
                super().__init__(config, transport=httpx.MockTransport(handler))

        monkeypatch.setattr("api.client.PlantClient", Client)
        monkeypatch.setenv("ATLAS_API_URL", "http://api")
        monkeypatch.setenv("ATLAS_API_KEY", "a-key-of-an-operator")

    return serve


def test_an_impossible_question_is_told_with_field_and_remedy(api: Any) -> None:
    fault = {
        "path": "changes[0].value",
        "detail": "TIC-101.SP=400 degC is outside 40 to 120 degC",
        "remedy": "lower it",
    }
    problem = {
        "type": "/docs/problems#invalid-request", "title": "Invalid request", "status": 422, "detail": "There is one",
        "instance": "/", "remedy": "Correct it.", "faults": [fault],
    }  # fmt: skip
    api(lambda request: httpx.Response(422, json=problem))
    ended = CliRunner().invoke(what_if, ["williams-otto", "--set", "TIC-101.SP=400 degC"])
    assert ended.exit_code == 1
    assert "changes[0].value: TIC-101.SP=400 degC is outside 40 to 120 degC; lower it" in ended.output


def test_json_is_the_report_itself_and_html_a_file(api: Any, report: Report, tmp_path: Any) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/report"):
            page = request.url.params.get("format") == "html"
            return httpx.Response(200, text="<html>page</html>" if page else report.model_dump_json())
        return httpx.Response(202 if request.method == "POST" else 200, json=ASKED | {"state": "done"})

    api(answer)
    page = tmp_path / "report.html"
    ended = CliRunner().invoke(what_if, ["williams-otto", "--set", "TIC-101.SP=97 degC", "--json", "--html", str(page)])
    assert ended.exit_code == 0, ended.output
    assert Report.model_validate_json(ended.stdout) == report
    assert page.read_text() == "<html>page</html>"


def test_a_failed_question_ends_with_its_reason(api: Any) -> None:
    failed = ASKED | {"state": "failed", "error": "The model diverged; make the change smaller."}
    api(lambda request: httpx.Response(202, json=failed))
    ended = CliRunner().invoke(what_if, ["williams-otto"])
    assert ended.exit_code == 1
    assert "The model diverged; make the change smaller." in ended.output
