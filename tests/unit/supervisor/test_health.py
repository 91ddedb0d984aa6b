import asyncio
import io
import json
import logging

import pytest

from stream import health as health_module
from stream import json_log
from stream.health import Health


async def ask(port: int, request: bytes) -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    await writer.drain()
    answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


@pytest.fixture
async def served():
    health = Health("historian", now=lambda: 100.0)
    task = asyncio.create_task(health.serve(0))
    while not health.port:
        await asyncio.sleep(0.001)
    yield health
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_health_is_503_until_every_named_condition_holds(served):
    assert (await ask(served.port, b"GET /health HTTP/1.1\r\n\r\n"))[0] == 503
    served.set("kafka", ok=True)
    served.set("database", ok=False, detail="connection refused")
    status, body = await ask(served.port, b"GET /health HTTP/1.1\r\n\r\n")
    assert status == 503
    assert json.loads(body)["conditions"]["database"] == {"ok": False, "detail": "connection refused", "since": 100.0}
    served.set("database", ok=True)
    assert (await ask(served.port, b"GET /health HTTP/1.1\r\n\r\n"))[0] == 200


async def test_metrics_show_each_condition(served):
    served.set("kafka", ok=True)
    status, body = await ask(served.port, b"GET /metrics HTTP/1.1\r\n\r\n")
    assert status == 200
    assert b'atlas_condition_ok{condition="kafka",process="historian"} 1.0' in body


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [(b"POST /health HTTP/1.1\r\n\r\n", 405), (b"GET /nothing HTTP/1.1\r\n\r\n", 404), (b"\x00\xff\r\n\r\n", 405)],
)
async def test_other_requests_are_refused(served, request_bytes, status):
    assert (await ask(served.port, request_bytes))[0] == status


async def test_a_silent_client_is_let_go(served, monkeypatch):
    monkeypatch.setattr(health_module, "_REQUEST_TIMEOUT_S", 0.01)
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    assert await reader.read() == b""
    writer.close()


def test_since_moves_only_with_the_condition():
    clock = iter([0.0, 1.0, 2.0, 3.0, 4.0])
    health = Health("worker", now=lambda: next(clock))
    health.set("kafka", ok=True)
    health.set("kafka", ok=True, detail="still")
    assert health._conditions["kafka"].since == 1.0
    health.set("kafka", ok=False)
    assert health._conditions["kafka"].since == 2.0


@pytest.fixture
def root_logger():
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


def test_a_record_is_one_json_line_with_plant_and_position(root_logger):
    out = io.StringIO()
    json_log.configure("worker", "info", out)
    logging.getLogger("stream.worker").info("closed %d", 3, extra={"plant": "p1", "position": "7:42"})
    logging.getLogger("stream.worker").debug("unseen")
    (line,) = out.getvalue().splitlines()
    record = json.loads(line)
    assert record["process"] == "worker"
    assert record["message"] == "closed 3"
    assert (record["plant"], record["position"]) == ("p1", "7:42")
    assert record["time"].endswith("+00:00")


def test_an_error_keeps_its_traceback_in_the_line(root_logger):
    out = io.StringIO()
    json_log.configure("worker", "info", out)
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("x").exception("failed")
    (line,) = out.getvalue().splitlines()
    assert "ValueError: broken" in json.loads(line)["error"]


def test_an_unknown_level_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="use debug, info"):
        json_log.configure("worker", "loud")
