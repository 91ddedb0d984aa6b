"""The process that runs steps: one after another, until its runner lets it go or is gone itself.

It imports what steps need and makes the process models ahead, while nobody waits: a question then takes seconds less.
"""

import contextlib
import importlib
import logging
import multiprocessing
import os
import pickle
import pkgutil
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from multiprocessing import connection
from pathlib import Path
from typing import Any, Final

import orjson

from stream import json_log
from stream.jobs.errors import JobStoppedError
from stream.jobs.graph import JobServices, StepContext, StepFunction
from stream.jobs.job import JobFailure, Json
from stream.jobs.kinds import AHEAD
from twin.atlas.errors import AtlasError

NICENESS: Final = 10
"""Below the live path: questions wait for the plant, never the other way round."""

_TELL_EVERY_S: Final = 0.1
_GONE: Final = 3


@dataclass(frozen=True, slots=True)
class ChildSettings:
    """What a process is told when it begins.

    Parameters
    ----------
    simulators, models
        Folders of simulator files and of one's own learned models, None where there is none.
    log_level
        As `stream.json_log.configure` takes it.
    ahead
        Whether to import what steps need, and to make the process models, before the first task.
    """

    simulators: Path | None = None
    models: Path | None = None
    log_level: str = "info"
    ahead: bool = True


@dataclass(frozen=True, slots=True)
class StepTask:
    """One step of one job, as it is sent to the process; `inputs` are pickled answers, by step."""

    step: str
    run: StepFunction
    job: int
    plant: str
    content: Mapping[str, Any]
    seed: int
    services: JobServices
    inputs: Mapping[str, bytes]
    as_json: bool


@dataclass(frozen=True, slots=True)
class Told:
    """Progress of the step; `partial` is JSON."""

    done: float
    message: str
    partial: bytes | None


@dataclass(frozen=True, slots=True)
class Answered:
    """The step's answer, pickled, or as JSON where the task said so."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Failed:
    """Why there is no answer, and whether another attempt may do better."""

    failure: JobFailure
    may_pass: bool


@dataclass(frozen=True, slots=True)
class Stopped:
    """The step ended because it was told to."""


FromChild = Told | Answered | Failed | Stopped


def serve_steps(channel: "connection.Connection[Any, Any]", settings: ChildSettings) -> None:
    """Run the tasks that come over the channel until it is closed.

    Pickled `StepTask`s come in, `FromChild` go out; anything that comes in during a step tells it to end.
    """
    with contextlib.suppress(AttributeError, OSError):  # Windows, where some simulators live, has neither.
        os.setpgid(0, 0)  # Killed with all that a simulator started.
        os.nice(NICENESS)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    json_log.configure("runner", settings.log_level)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _prepare(channel, settings)
    with contextlib.suppress(EOFError, OSError):
        while True:
            channel.send(_answer(channel, channel.recv_bytes()))


def _prepare(channel: "connection.Connection[Any, Any]", settings: ChildSettings) -> None:
    from twin.daedalus.library import use_models
    from twin.matrix.registry import find_model, known_models, use_simulators

    use_simulators(settings.simulators)
    use_models(settings.models)
    if not settings.ahead:
        return
    ahead: list[Callable[[], object]] = [
        *(partial(_import, name) for name in AHEAD),
        *(partial(find_model, key) for key in known_models()),
    ]
    for load in ahead:
        if channel.poll():  # Somebody waits.
            return
        with contextlib.suppress(AtlasError, ImportError):  # Told to whoever needs it.
            load()


def _import(name: str) -> None:
    """Import a module; of a package of ours all its modules."""
    module = importlib.import_module(name)
    if name.startswith("stream."):
        for found in pkgutil.iter_modules(module.__path__, f"{name}."):
            importlib.import_module(found.name)


def _end_with_parent() -> None:
    """End at once when the runner is gone: another one takes its jobs over, and this work is for nobody."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        with contextlib.suppress(AttributeError, OSError):
            os.killpg(0, signal.SIGKILL)
        os._exit(_GONE)


def _answer(channel: "connection.Connection[Any, Any]", sent: bytes) -> FromChild:
    step = ""
    try:
        task: StepTask = pickle.loads(sent)  # noqa: S301  # of our own runner
        step = task.step
        inputs = {name: pickle.loads(content) for name, content in task.inputs.items()}  # noqa: S301  # of our own steps
        report = _Reporter(channel, time.monotonic)
        context = StepContext(task.job, task.plant, task.content, task.seed, task.services, report)
        answer = task.run(context, inputs)
        return Answered(encode_json(answer) if task.as_json else pickle.dumps(answer, pickle.HIGHEST_PROTOCOL))
    except JobStoppedError:
        return Stopped()
    except Exception as error:
        from stream.jobs.step_failure import failure_of, may_pass

        failure = failure_of(error, step)
        if failure.message.startswith("unexpected"):
            logging.getLogger(__name__).exception("step %s", step)
        return Failed(failure, may_pass(error))


def encode_json(value: Json) -> bytes:
    """A value as JSON, numpy's included; what is not a number becomes null."""
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)


class _Reporter:
    """Tells the runner of progress, not too often, and raises when the runner wants the step to end."""

    def __init__(self, channel: "connection.Connection[Any, Any]", now: Callable[[], float]) -> None:
        self._channel = channel
        self._now = now
        self._told = 0.0

    def __call__(self, done: float, message: str, partial: Json) -> None:
        now = self._now()
        if partial is None and now - self._told < _TELL_EVERY_S:
            return
        self._told = now
        if self._channel.poll():
            self._channel.recv_bytes()
            raise JobStoppedError
        self._channel.send(Told(done, message, None if partial is None else encode_json(partial)))
