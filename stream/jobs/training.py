"""How a plant's learned model is taught as a job: one step, which takes a long time and can be repeated."""

from stream.jobs.graph import Step
from stream.jobs.job import JobRequest
from stream.jobs.steps.train import teach


def steps(request: JobRequest) -> list[Step]:
    """Teach, keep, and take into use."""
    return [Step("train", teach)]
