"""The pages of a report and of a comparison: complete, escaped, without anything that runs or is fetched."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from api.reports.page import HTML_HEADERS, render_comparison, render_report
from stream.jobs.report import Report
from twin.atlas.definition import parse
from twin.atlas.graphic import draw
from twin.plants import text

DRAWING = draw(parse(text("williams-otto"), "williams-otto"))


class Reader(HTMLParser):
    """Elements and visible words of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        if self.names[-1:] != ["style"]:
            self.words += f" {data}"


def words(page: str) -> str:
    return re.sub(r"[ \n]+", " ", Reader(page).words)


@pytest.fixture
def page(report: Report) -> str:
    return render_report(report, DRAWING)


@pytest.fixture(params=["report", "comparison"])
def any_page(request: pytest.FixtureRequest, report: Report) -> str:
    return render_report(report, DRAWING) if request.param == "report" else render_comparison(report, report)


def test_nothing_runs_and_nothing_is_fetched(any_page: str) -> None:
    read = Reader(any_page)
    assert not {"script", "iframe", "link", "img", "object", "form"} & set(read.names)
    assert not [name for name, _ in read.attributes if name.startswith("on") or name in ("src", "href")]
    assert not re.search(r"@import|url\((?!#)", any_page)
    assert "script-src" not in HTML_HEADERS["Content-Security-Policy"]
    assert HTML_HEADERS["Content-Security-Policy"].startswith("default-src 'none'")


def test_hostile_texts_stay_texts(any_page: str) -> None:
    assert "<script" not in any_page
    assert any_page.count("&lt;script&gt;") >= 4


def test_it_opens_on_what_a_shift_leader_asks_first(page: str) -> None:
    told = words(page)
    for first in ("+80\u202f876 USD/h", "1 crossed", "TIC-101.PV high 84.0 °C after 30 min", "TIC-101.SP 89.7 °C"):
        assert first in told
    assert told.index("1 crossed") < told.index("Behaviour") < told.index("How far this can be trusted")


def test_a_question_is_put_in_a_sentence_with_units_and_words(told: dict[str, Any], page: str) -> None:
    assert "<h1>What if TIC-101.SP goes to 85.0 °C?</h1>" in page
    mode = {"name": "TIC-101.MODE", "unit": "", "decimals": 0, "value": 1.0, "states": ["Manual", "Automatic"]}
    told["question"]["changes"].append(told["question"]["changes"][0] | mode)
    both = render_report(Report.model_validate(told), "")
    assert "<h1>What if TIC-101.SP goes to 85.0 °C and TIC-101.MODE becomes Automatic?</h1>" in both
    told["question"]["changes"] = []
    assert "<h1>What if nothing is changed?</h1>" in render_report(Report.model_validate(told), "")


def test_times_are_the_plants_and_the_band_is_named(page: str) -> None:
    told = words(page)
    assert "Starts from the plant at 2026-11-24 01:00:00 UTC+01:00" in told
    assert "after 30 min, at 01:30:00" in told
    assert "90 % band" in told


def test_what_moves_is_drawn_and_what_hardly_moves_is_a_row(page: str) -> None:
    assert page.count('class="plot" viewBox="0 0 560') == 3, "profit, the key output and the one that moves"
    assert "What hardly moves" in page
    assert "TI-103.PV about" in words(page).partition("What hardly moves")[2]


def test_no_code_names_and_no_positions_reach_a_reader(page: str) -> None:
    told = words(page)
    assert "0f343b0931126a20" not in told
    assert not re.search(r"Matrix|Daedalus|Metis|Athena|Capricorn|degC", told)


def test_the_graphic_shows_the_end_with_the_change(page: str) -> None:
    assert 'class="tag is-inner" data-tag="TIC-101.PV"' in page
    assert "The plant 2 h later, with the change" in page


def test_a_draft_shows_its_first_curves_and_says_that_more_comes(told: dict[str, Any]) -> None:
    parts = ("trust", "economics", "recommendation", "similar", "end_state", "crossings", "notes")
    draft = Report.model_validate({k: v for k, v in told.items() if k not in parts} | {"draft": True})
    page = render_report(draft, "")
    assert "First curves" in page
    assert page.count('class="plot" viewBox="0 0 560') == 2
    empty = render_report(draft.model_copy(update={"outputs": ()}), "")
    assert "The simulation runs" in empty


@pytest.mark.parametrize("left_out", ["trust", "economics", "recommendation", "similar", "crossings", "notes"])
def test_parts_that_there_are_not_leave_no_hole(told: dict[str, Any], left_out: str) -> None:
    page = render_report(Report.model_validate({k: v for k, v in told.items() if k != left_out}), DRAWING)
    assert "None" not in words(page).replace("None crossed", "")
    if left_out == "crossings":
        assert "None crossed" in page


def test_a_shutdown_comes_before_every_limit(told: dict[str, Any]) -> None:
    told["shutdowns"] = [{"case": "change", "time_s": 600.0, "reason": "level too low", "probability": 0.5}]
    page = words(render_report(Report.model_validate(told), ""))
    assert "Shuts down level too low, after 10 min, at 01:10:00 (50 % likely)" in page


def test_a_comparison_lays_two_questions_over_one_another(told: dict[str, Any], report: Report) -> None:
    told["horizon_s"] = 3600.0
    other = told | {"outputs": told["outputs"][:1], "economics": None}
    page = render_comparison(report, Report.model_validate(other))
    assert page.count('class="plot" viewBox="0 0 560') == 1, "only what both tell of"
    assert "A 85.0 °C, B 85.0 °C" in words(page)
    assert ">Economics<" not in page, "profits are compared where both have one"
    assert ">Economics<" in render_comparison(report, report)
