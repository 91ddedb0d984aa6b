"""What a person is told when the API cannot be asked: what failed and what to do, without the names of our insides."""

from typing import TypedDict

from api.client import ApiAnswerError, ApiClientError, ApiUnreachableError, NotAllowedError, TooManyRequestsError


class Trouble(TypedDict):
    """One failure in words."""

    title: str
    detail: str
    remedy: str


def trouble_of(error: ApiClientError | OSError, *, has_key: bool, address: str) -> Trouble:
    """The words for an error of the client, or of reading the key file."""
    if isinstance(error, ApiUnreachableError):
        return Trouble(
            title="The plant service does not answer",
            detail=f"Nothing answers at {address}",
            remedy="This screen keeps trying; if it lasts, run 'atlas doctor' or start the service with 'atlas run'",
        )
    if isinstance(error, NotAllowedError):
        return _refusal(error, has_key=has_key)
    if isinstance(error, TooManyRequestsError):
        return Trouble(title="The plant service is being asked too often", detail="", remedy="This screen waits")
    if isinstance(error, ApiAnswerError):
        return Trouble(title=error.problem.title, detail=error.problem.detail, remedy=error.problem.remedy)
    if isinstance(error, OSError):
        return Trouble(
            title="The key file cannot be read",
            detail=f"{error.filename}: {error.strerror}",
            remedy="Set ATLAS_API_KEY_FILE to a file that the dashboard may read, and restart the dashboard",
        )
    return Trouble(
        title="The plant service answers in a form that this dashboard does not know",
        detail="Dashboard and service are of different releases",
        remedy="Install the same release of both, and restart the dashboard",
    )


def _refusal(error: NotAllowedError, *, has_key: bool) -> Trouble:
    if not has_key:
        return Trouble(
            title="The plant service asks for a key and this dashboard has none",
            detail="",
            remedy=(
                "Make one with 'atlas keys create dashboard --role operator', set ATLAS_API_KEY or ATLAS_API_KEY_FILE, "
                "and restart the dashboard"
            ),
        )
    return Trouble(
        title="The plant service does not accept this dashboard's key",
        detail=error.problem.detail,
        remedy="Give the dashboard a key with the role operator ('atlas keys create') and restart it",
    )
