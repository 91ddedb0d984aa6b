"""Reading answers: model or error, the same for the sync and the async client."""

from collections.abc import Callable
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from api.client.errors import UnreadableAnswerError, error_for
from api.schemas import PriceList, ProblemDetail

_M = TypeVar("_M", bound=BaseModel)

RETRIED_STATUSES = frozenset({429, 502, 503, 504})
"""Statuses after which an idempotent request may succeed when repeated."""


def read_model(response: httpx.Response, model: type[_M]) -> _M:
    """The answer's content as `model`.

    Raises
    ------
    ApiAnswerError
        Where the answer is an error.
    UnreadableAnswerError
        Where the content is not such a model.
    """
    raise_for_problem(response)
    try:
        return model.model_validate_json(response.content)
    except ValidationError as error:
        raise UnreadableAnswerError(
            f"{response.request.url} answered something that is no {model.__name__}: {error.error_count()} faults,"
            f" first {error.errors()[0]['loc']}; are client and server of the same release?"
        ) from error


class TaggedText(str):
    """A text with the `etag` of its revision, which a change of it must name."""

    etag: str = ""


class TaggedPrices(PriceList):
    """A price book with the `etag` of its version, which a change of it must name."""

    etag: str = ""


def read_prices(response: httpx.Response) -> TaggedPrices:
    """The answer's price book with its ETag; errors as of `read_model`."""
    return read_model(response, TaggedPrices).model_copy(update={"etag": response.headers.get("ETag", "")})


def read_text(response: httpx.Response) -> TaggedText:
    """The answer's text with its ETag; raises `ApiAnswerError` where the answer is an error."""
    raise_for_problem(response)
    text = TaggedText(response.text)
    text.etag = response.headers.get("ETag", "")
    return text


def precondition(etag: str | None) -> dict[str, str]:
    """The header by which a change names the revision it was made for; None is for something new."""
    return {"If-None-Match": "*"} if etag is None else {"If-Match": etag}


def raise_for_problem(response: httpx.Response) -> None:
    """Raise the error that the answer is, if it is one."""
    if response.is_success:
        return
    raise error_for(_problem(response), retry_after_s(response))


def retry_after_s(response: httpx.Response) -> float | None:
    """Seconds that the server asks to wait, or None."""
    try:
        return float(response.headers["Retry-After"])
    except (KeyError, ValueError):
        return None


def _problem(response: httpx.Response) -> ProblemDetail:
    try:
        return ProblemDetail.model_validate_json(response.content)
    except ValidationError:
        return ProblemDetail(
            type="about:blank",
            title=response.reason_phrase or "Error",
            status=response.status_code,
            detail=f"{response.request.url} answered {response.status_code} without saying why.",
            instance=response.request.url.path,
            remedy="Check that the address is the API's own and no proxy's.",
        )


def pause_s(attempt: int, asked_s: float | None, jitter: Callable[[], float]) -> float:
    """Seconds to wait before the next attempt: doubling from 0.2, at most 5, between half and all of it by `jitter`."""
    if asked_s is not None:
        return min(asked_s, 5.0) + 0.2 * jitter()
    return float(min(5.0, 0.2 * 2**attempt)) * (0.5 + 0.5 * jitter())
