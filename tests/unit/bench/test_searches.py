"""The count of runs that searches need: the one along derivatives is there within 25, a missing package is told."""

import pytest

from api.bench.searches import as_dict, as_table
from stream.bench import search_figures
from stream.bench.search_figures import measure_search
from twin.metis.errors import MissingSearchError


def test_derivatives_are_there_within_25_runs() -> None:
    figures = measure_search("derivatives", seeds=3)

    (needed,) = figures.needed
    assert needed is not None
    assert needed <= 25
    assert figures.profit_per_s == pytest.approx(190.9906, abs=1e-3)
    told = as_dict([figures])["searches"]["derivatives"]
    assert told == {"runs_needed": [needed], "budget": 25, "profit_per_s": round(figures.profit_per_s, 6)}
    assert as_table([figures]).row_count == 1


def test_a_search_that_does_not_get_there_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(search_figures.BUDGETS, "tpe", 4)

    figures = measure_search("tpe", seeds=2)

    assert figures.needed == (None, None)
    assert as_dict([figures])["searches"]["tpe"]["runs_needed"] == [None, None]


def test_a_search_whose_package_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*args: object, **named: object) -> object:
        raise MissingSearchError("it needs the package 'cmaes'", remedy="install it")

    monkeypatch.setattr(search_figures, "choose_search", missing)

    figures = measure_search("cma-es", seeds=2)

    assert as_dict([figures])["searches"]["cma-es"] == {"why_not": "it needs the package 'cmaes'; install it"}
