"""The steps of a job: a small graph, each step a function that runs in a process of its own.

Steps that don't need each other run at the same time. The last step's answer is the job's result.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stream.jobs.errors import StepGraphError
from stream.jobs.job import Json
from stream.kafka import KafkaConfig
from stream.store.database import DatabaseConfig


@dataclass(frozen=True, slots=True)
class JobServices:
    """Where the servers are that a step may ask; `mlflow` is empty where nobody keeps records of searches."""

    database: DatabaseConfig
    kafka: KafkaConfig
    mlflow: str = ""


Report = Callable[[float, str, Json], None]


@dataclass(frozen=True, slots=True)
class StepContext:
    """What a step is told besides its inputs.

    `seed` follows from the job's identity, so that every attempt, and the same question asked again under the same
    identity, draws the same numbers.
    """

    job: int
    plant: str
    content: Mapping[str, Any]
    seed: int
    services: JobServices
    report: Report

    def progress(self, done: float, message: str = "", partial: Json = None) -> None:
        """Tell how far the step is; call it several times a second while computing.

        Parameters
        ----------
        done
            Part of this step that is done, 0 to 1.
        message
            What it is doing, for a person; empty leaves what was said before.
        partial
            JSON that the person who waits can be shown already. Every one of them arrives; of other progress only the
            newest may.

        Raises
        ------
        JobStoppedError
            Where the step must end.
        """
        self.report(done, message, partial)

    def watch(self, message: str = "", since: float = 0.0, until: float = 1.0) -> Callable[[float], None]:
        """A process model's `watch` whose 0 to 1 are `since` to `until` of this step."""
        return lambda done: self.report(since + (until - since) * done, message, None)


StepFunction = Callable[[StepContext, Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Step:
    """A step; `run` is a function of a module (or a `partial` of one), because it goes to another process.

    Parameters
    ----------
    name
        A plant word: what the step does.
    run
        Given the context and the answers of the steps it needs, by name. Its answer must be picklable, the last
        step's must be JSON (numpy's arrays and numbers are taken as such).
    needs
        Names of the steps whose answers it needs.
    weight
        Its share of the job's progress, in proportion to the other steps'.
    """

    name: str
    run: StepFunction
    needs: tuple[str, ...] = ()
    weight: float = 1.0


class StepGraph:
    """The steps of a job in an order in which they can be done.

    >>> graph = StepGraph([Step("fork", print), Step("simulate", print, ("fork",)), Step("predict", print, ("fork",))])
    >>> [step.name for step in graph.ready(answered={"fork"}, begun={"fork"})]
    ['simulate', 'predict']

    Raises
    ------
    StepGraphError
        Where there is no step, a name is used twice, or a need is none of the steps before.
    """

    def __init__(self, steps: Iterable[Step]) -> None:
        self.steps = tuple(steps)
        self._check()

    def ready(self, answered: Collection[str], begun: Collection[str]) -> list[Step]:
        """Steps that can begin: not begun yet, and all they need is answered."""
        return [step for step in self.steps if step.name not in begun and set(step.needs) <= set(answered)]

    @property
    def result(self) -> str:
        """The step whose answer is the job's result."""
        return self.steps[-1].name

    def done(self, parts: Mapping[str, float]) -> float:
        """The part of the whole that is done, 0 to 1, from those of the steps."""
        whole = sum(step.weight for step in self.steps)
        return sum(step.weight * min(1.0, max(0.0, parts.get(step.name, 0.0))) for step in self.steps) / whole

    def _check(self) -> None:
        known: set[str] = set()
        for step in self.steps:
            missing = [need for need in step.needs if need not in known]
            if missing or step.name in known:
                what = f"needs {missing[0]!r}, which is no step before it" if missing else "is there twice"
                raise StepGraphError(f"step {step.name!r} {what}", remedy="name each step once, after those it needs")
            known.add(step.name)
        if not self.steps or min(step.weight for step in self.steps) <= 0:
            raise StepGraphError(f"the steps {sorted(known)} have no weight", remedy="give one step at least, above 0")
