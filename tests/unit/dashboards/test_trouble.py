from typing import Any

import pytest

from api.client import ApiUnreachableError, UnreadableAnswerError
from api.client.errors import error_for
from api.schemas import ProblemDetail
from dashboards.trouble import trouble_of

ADDRESS = "http://plant.test:8000"


def refusal(status: int) -> Any:
    return error_for(
        ProblemDetail(type="x", title="Title", status=status, detail="Detail.", instance="/", remedy="Remedy.")
    )


def test_an_api_that_is_away_is_told_with_its_address_and_what_to_do() -> None:
    told = trouble_of(ApiUnreachableError("connection refused by 0x7f"), has_key=True, address=ADDRESS)
    assert ADDRESS in told["detail"]
    assert "atlas doctor" in told["remedy"]
    assert "0x7f" not in " ".join(told.values())  # type: ignore[arg-type]


def test_a_missing_key_and_a_wrong_one_have_different_remedies() -> None:
    missing = trouble_of(refusal(401), has_key=False, address=ADDRESS)
    wrong = trouble_of(refusal(401), has_key=True, address=ADDRESS)
    assert "has none" in missing["title"]
    assert "ATLAS_API_KEY" in missing["remedy"]
    assert "does not accept" in wrong["title"]


@pytest.mark.parametrize("status", [404, 422, 500, 503])
def test_the_apis_own_words_are_passed_on(status: int) -> None:
    told = trouble_of(refusal(status), has_key=True, address=ADDRESS)
    assert told == {"title": "Title", "detail": "Detail.", "remedy": "Remedy."}


def test_too_many_questions_ask_for_patience() -> None:
    assert "waits" in trouble_of(refusal(429), has_key=True, address=ADDRESS)["remedy"]


def test_a_key_file_that_cannot_be_read_is_named() -> None:
    told = trouble_of(FileNotFoundError(2, "No such file", "/run/key"), has_key=True, address=ADDRESS)
    assert "/run/key" in told["detail"]
    assert "ATLAS_API_KEY_FILE" in told["remedy"]


def test_another_releases_answer_is_told_as_such() -> None:
    told = trouble_of(UnreadableAnswerError("loc ('plants', 0)"), has_key=True, address=ADDRESS)
    assert "release" in told["remedy"]
