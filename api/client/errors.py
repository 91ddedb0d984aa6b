"""The client's errors.

ApiClientError
  ApiUnreachableError    no answer: connection refused, time-out, broken stream
  ApiAnswerError         an answer that is an error; carries the problem
    NotAllowedError      401, 403
    NotFoundError        404
    ConflictError        412: someone else stored another revision meanwhile
    RejectedError        400, 405, 409, 413, 422, 428: the request must change
    TooManyRequestsError 429: wait `retry_after_s`
    ServiceError         5xx: the server's side
  UnreadableAnswerError  an answer that is not what the API says
"""

from api.schemas import Fault, ProblemDetail


class ApiClientError(Exception):
    """Anything that went wrong between this client and the API."""


class ApiUnreachableError(ApiClientError):
    """No answer came; the message names the address and the cause."""


class UnreadableAnswerError(ApiClientError):
    """The answer is not of the form that this client knows."""


class ApiAnswerError(ApiClientError):
    """The API refused; `problem` says why and what to do."""

    def __init__(self, problem: ProblemDetail, retry_after_s: float | None = None) -> None:
        super().__init__(f"{problem.title}: {problem.detail} {problem.remedy}".rstrip())
        self.problem = problem
        self.retry_after_s = retry_after_s

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.problem.status

    @property
    def faults(self) -> list[Fault]:
        """Every fault of the request, where the answer lists them."""
        return self.problem.faults or []


class NotAllowedError(ApiAnswerError):
    """The key is missing, unknown, or its role may not do this."""


class NotFoundError(ApiAnswerError):
    """There is no such plant, tag or path."""


class ConflictError(ApiAnswerError):
    """What was changed is not what is stored any more; read it again and make the change on that."""


class RejectedError(ApiAnswerError):
    """The request must change before it can succeed."""


class TooManyRequestsError(ApiAnswerError):
    """The key's rate is used up."""


class ServiceError(ApiAnswerError):
    """The server, or something it needs, failed."""


def error_for(problem: ProblemDetail, retry_after_s: float | None = None) -> ApiAnswerError:
    """The error class of an answer's status."""
    if problem.status >= 500:
        return ServiceError(problem, retry_after_s)
    kinds: dict[int, type[ApiAnswerError]] = {
        401: NotAllowedError,
        403: NotAllowedError,
        404: NotFoundError,
        412: ConflictError,
        429: TooManyRequestsError,
    }
    return kinds.get(problem.status, RejectedError)(problem, retry_after_s)
