"""A question as a browser sends it: nothing in it is believed, each part is read by what it must be."""

from collections.abc import Mapping
from typing import Any

Question = Mapping[str, Any]
Answer = dict[str, Any]


class UnknownQuestionError(ValueError):
    """A question that no page of ours asks."""


def text(question: Question, name: str) -> str:
    """A part that is text and not empty; raises `UnknownQuestionError`."""
    value = question.get(name)
    if not isinstance(value, str) or not value:
        raise UnknownQuestionError(f"{name} is {value!r}; reload the page")
    return value


def texts(question: Question, name: str) -> list[str]:
    """A part that is a list of texts; raises `UnknownQuestionError`."""
    values = question.get(name)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise UnknownQuestionError(f"{name} is no list of names; reload the page")
    return values


def number(question: Question, name: str) -> int:
    """A part that is a whole number; raises `UnknownQuestionError`."""
    value = question.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise UnknownQuestionError(f"{name} is {value!r}; reload the page")
    return value
