"""What a library repeats is held back and counted; what we say ourselves always passes."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from stream import json_log
from stream.repeated_messages import RepeatedMessages


def record(name: str, text: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, "", 0, text, arguments, None)


def test_a_message_passes_once_in_a_while_and_tells_how_many_were_held_back() -> None:
    clock = [0.0]
    held = RepeatedMessages(("aiokafka",), every_s=10.0, now=lambda: clock[0])
    passed = []
    for tick in range(201):
        clock[0] = tick / 10
        said = record("aiokafka.consumer.fetcher", "no node %s", tick)
        if held.filter(said):
            passed.append((clock[0], getattr(said, "repeated", 0)))
    assert passed == [(0.0, 0), (10.0, 99), (20.0, 99)]


def test_other_messages_and_other_loggers_pass() -> None:
    held = RepeatedMessages(("aiokafka",), now=lambda: 0.0)
    assert held.filter(record("aiokafka", "one"))
    assert held.filter(record("aiokafka", "another"))
    assert not held.filter(record("aiokafka", "one"))
    assert all(held.filter(record("stream.worker", "one")) for _ in range(3))
    assert all(held.filter(record("aiokafkaesque", "one")) for _ in range(3))


def test_texts_put_together_before_are_told_by_their_beginning_and_few_are_remembered() -> None:
    held = RepeatedMessages(("faust",), now=lambda: 0.0)
    assert held.filter(record("faust", "cannot reach the coordinator of the group, attempt 1"))
    assert not held.filter(record("faust", "cannot reach the coordinator of the group, attempt 2"))
    for number in range(1000):
        held.filter(record("faust", f"{number} is a text of its own"))
    assert len(held._said) <= 256


@pytest.fixture
def root_logger() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in list(root.handlers):
        root.removeHandler(handler)
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(False)


@pytest.mark.usefixtures("root_logger")
def test_the_log_of_a_process_holds_a_library_back() -> None:
    stream = io.StringIO()
    json_log.configure("worker", stream=stream)
    for _ in range(50):
        logging.getLogger("aiokafka").error("no broker")
        logging.getLogger("stream.worker").warning("still trying")
    said = [json.loads(line)["message"] for line in stream.getvalue().splitlines()]
    assert said.count("no broker") == 1
    assert said.count("still trying") == 50
