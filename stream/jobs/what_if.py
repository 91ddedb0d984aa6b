"""How a what-if question is answered: the steps of its job."""

from stream.jobs.graph import Step
from stream.jobs.job import JobRequest
from stream.jobs.steps.fork import fork
from stream.jobs.steps.predict import predict
from stream.jobs.steps.recommend import recommend
from stream.jobs.steps.report import report
from stream.jobs.steps.simulate import look, simulate_base, simulate_change


def steps(request: JobRequest) -> list[Step]:
    """Fork the twin; simulate both cases, predict and look for better settings at the same time; report."""
    forked = ("fork",)
    return [
        Step("fork", fork, weight=2),
        Step("look", look, forked),
        Step("simulate change", simulate_change, forked, weight=5),
        Step("simulate base", simulate_base, forked, weight=5),
        Step("predict", predict, forked),
        Step("recommend", recommend, forked, weight=5),
        Step("report", report, ("fork", "look", "simulate base", "simulate change", "predict", "recommend")),
    ]
