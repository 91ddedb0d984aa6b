"""A study: a search asked and told until it is content or its runs are spent, and the best that came of it."""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal

from twin.metis.evaluation import Evaluation, Outcome
from twin.metis.problem import Problem
from twin.metis.searches.search import Search

Ended = Literal["content", "runs spent"]


@dataclass(frozen=True, eq=False)
class Trial:
    """One run of the model: the settings by name, and what came of them."""

    number: int
    settings: Mapping[str, float]
    outcome: Outcome


@dataclass(frozen=True, eq=False)
class Study:
    """All runs of a search in their order, and how it ended."""

    method: str
    trials: tuple[Trial, ...]
    ended: Ended

    @property
    def best(self) -> Trial | None:
        """The trial with the best value of those in which everything holds; None where there is none."""
        feasible = [trial for trial in self.trials if trial.outcome.feasible]
        return min(feasible, key=lambda trial: trial.outcome.cost, default=None)

    def as_content(self) -> dict[str, Any]:
        """All runs as plain values for JSON; null where a run gave no value."""
        return {
            "method": self.method,
            "ended": self.ended,
            "runs": [
                {
                    "settings": dict(trial.settings),
                    "value": None if trial.outcome.failure else trial.outcome.value,
                    "violation": None if trial.outcome.failure else trial.outcome.violation,
                    "failure": trial.outcome.failure,
                }
                for trial in self.trials
            ],
        }


def run_study(
    problem: Problem,
    evaluation: Evaluation,
    search: Search,
    budget: int,
    noted: Callable[[Trial], None] = lambda trial: None,
) -> Study:
    """Ask and tell for `budget` runs at most; `noted` is called after each of them.

    Raises
    ------
    MatrixError
        What the model raised that no other settings would mend, and what its watch raised.
    """
    trials: list[Trial] = []
    with closing(search):
        while len(trials) < budget:
            point = search.ask()
            if point is None:
                return Study(search.method, tuple(trials), "content")
            outcome = evaluation(point, slopes=search.wants_slopes)
            trials.append(Trial(len(trials) + 1, problem.values(point), outcome))
            noted(trials[-1])
            search.tell(outcome)
    return Study(search.method, tuple(trials), "runs spent")
