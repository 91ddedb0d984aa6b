"""Times in a query."""

from api import problems
from api.plant_time import read_iso
from api.problems import Problem


def read_query_time(name: str, text: str) -> int:
    """Microseconds UTC of the query's parameter `name`.

    Raises
    ------
    Problem
        422 where it is no ISO 8601 time with offset.
    """
    try:
        return read_iso(text)
    except ValueError as error:
        fault = {"path": name, "detail": str(error), "remedy": "write it like 2026-11-24T00:00:00Z"}
        raise Problem(problems.INVALID, f"The time {name} cannot be read: {error}.", faults=[fault]) from None
