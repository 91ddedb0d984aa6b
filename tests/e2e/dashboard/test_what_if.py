"""The page "What if" in a real browser: form, progress, first curves, report, comparison, and what goes wrong.

Beside it the estimate from which every answer starts, on the plant's page.
"""

from typing import Any

import pytest

pytestmark = [pytest.mark.chromium, pytest.mark.slow]

PAGE = "/?page=what-if&plant=williams-otto&tag=TIC-101.SP"
NEW = "[data-test=new-value]"
ASK = "[data-test=ask]:not([disabled])"


def text_of(page: Any, selector: str) -> str:
    return str(page.locator(selector).first.text_content())


@pytest.fixture
def form(api: Any, dashboard: str, watched: Any) -> Any:
    watched.page.goto(dashboard + PAGE)
    watched.page.wait_for_selector(NEW)
    return watched.page


def ask(page: Any, value: str) -> None:
    page.fill(NEW, value)
    page.wait_for_selector(f"[data-test=told]:has-text('TIC-101.SP={value} °C')")
    page.wait_for_selector(ASK)
    page.click(ASK)


def answered(page: Any) -> Any:
    page.wait_for_selector("[data-test=print]:not([hidden])")
    return page.frame_locator("[data-test=report]")


def test_the_form_opens_on_the_live_value_of_what_was_pointed_at(form: Any) -> None:
    assert form.locator(NEW).input_value() == "89.70"
    hint = text_of(form, ".hint")
    assert hint == "now 89.70 °C; 20.00 to 150.00 °C can be asked"
    form.select_option("[aria-label='What changes']", "TIC-101.MODE")
    assert form.locator("[aria-label='New value']").input_value() == "Automatic"


def test_an_impossible_value_is_told_at_its_field_while_typing_and_cannot_be_asked(form: Any) -> None:
    form.fill(NEW, "400")
    form.wait_for_selector("[data-test=fault]:has-text('outside 20 to 150 °C: ask for a value in this range')")
    assert form.locator("[data-test=ask]").is_disabled()
    form.fill("[aria-label='Look ahead']", "soon")
    form.wait_for_selector("[data-test=general-fault]:has-text('write it like 8 h')")
    form.fill("[aria-label='Look ahead']", "8 h")
    form.fill(NEW, "85")
    form.wait_for_selector(ASK)
    assert form.locator("[data-test=fault]").is_hidden()


def test_a_question_shows_progress_first_curves_and_then_its_report(api: Any, form: Any) -> None:
    api.behave(hold=True)
    ask(form, "85")
    form.wait_for_selector("progress:not([hidden])")
    form.wait_for_selector("[data-test=message]:has-text('Simulates the change')")
    form.wait_for_selector("[data-test=report]:not([hidden])")
    frame = form.frame_locator("[data-test=report]")
    frame.locator("text=First curves.").wait_for()
    assert form.locator("[data-test=print]").is_hidden(), "a draft is nothing to keep"
    api.behave(hold=False)
    frame = answered(form)
    frame.locator("text=How far this can be trusted").wait_for()
    assert frame.locator("svg.plot[role=img]").count() >= 4
    assert form.locator("progress").is_hidden()
    first = form.locator("[data-test=asked] li").first
    assert first.text_content().startswith("TIC-101.SP=85 °C8 h ahead")
    assert "answered" in first.text_content()


def test_nothing_in_a_report_runs(form: Any) -> None:
    ask(form, "84")
    answered(form).locator("h1").wait_for()
    assert form.evaluate("window.hacked") is None


def test_pointing_at_a_curve_reads_it(form: Any) -> None:
    ask(form, "83")
    slices = answered(form).locator("svg.plot[role=img]").first.locator("g.at")
    slices.nth(20).locator("rect").hover()
    assert slices.nth(20).locator("text").evaluate("node => getComputedStyle(node).visibility") == "visible"
    assert slices.nth(3).locator("text").evaluate("node => getComputedStyle(node).visibility") == "hidden"


def test_several_changes_are_one_question(form: Any) -> None:
    form.click("text=Change something else too")
    form.locator("[aria-label='What changes']").nth(1).select_option("TIC-101.OP")
    form.locator(NEW).nth(1).fill("50")
    form.locator("[aria-label='Over how long']").nth(1).fill("30 min")
    form.wait_for_selector("[data-test=told]:has-text('TIC-101.OP=50 % over 30 min')")
    form.locator("[aria-label='Leave this change out']").first.click()
    form.wait_for_selector("[data-test=told]:has-text('What if TIC-101.OP=50 % over 30 min?')")


def test_two_questions_are_compared(form: Any) -> None:
    for value in ("81", "82"):
        ask(form, value)
        answered(form)
    for place in (0, 1):
        form.locator("[data-test=asked] input:not([disabled])").nth(place).check()
    form.click("[data-test=compare]")
    form.frame_locator("[data-test=report]").locator("h1:has-text('Two questions compared')").wait_for()


def test_a_running_question_is_cancelled(api: Any, form: Any) -> None:
    api.behave(hold=True)
    ask(form, "79")
    form.click("[data-test=cancel]")
    form.wait_for_selector("[data-test=message]:has-text('cancelled')")
    form.wait_for_selector("[data-test=asked] li.cancelled")


def test_a_question_that_failed_says_why_and_what_to_do(form: Any) -> None:
    form.select_option("[aria-label='What changes']", "TIC-101.OP")
    form.fill(NEW, "99")
    form.wait_for_selector("[data-test=told]:has-text('TIC-101.OP=99 %')")
    form.click(ASK)
    form.wait_for_selector("[data-test=message]:has-text('ask for a smaller change')")


def test_the_newest_question_is_opened_when_the_page_is(form: Any) -> None:
    ask(form, "78")
    answered(form)
    form.reload()
    assert "TIC-101.SP=78" in text_of(form, "[data-test=asked] li.current")
    assert "What if" in answered(form).locator("h1").text_content()


def test_the_plants_page_leads_there(api: Any, dashboard: str, watched: Any) -> None:
    page = watched.page
    page.goto(dashboard + "/?page=plant&plant=williams-otto&tag=TIC-101.PV")
    page.click("[data-test=faceplate-what-if]")
    page.wait_for_selector(NEW)
    assert page.locator("[aria-label='What changes']").input_value() == "TIC-101.SP"
    page.click("nav.sub >> text=Process")
    page.click("[data-test=what-if]")
    page.wait_for_selector(NEW)


def test_a_plant_without_a_model_says_so(api: Any, dashboard: str, watched: Any) -> None:
    api.behave(no_model=True)
    watched.page.goto(dashboard + PAGE)
    watched.page.wait_for_selector("[data-test=no-model]:has-text('Name one in its file.')")


PLANT = "/?page=plant&plant=williams-otto"


def test_the_estimate_stands_on_the_plants_page_with_its_band(api: Any, dashboard: str, watched: Any) -> None:
    page = watched.page
    page.goto(dashboard + PLANT)
    page.click("button:has-text('Estimate')")
    page.wait_for_selector("[data-test=verdict]:has-text('It explains the plant over the last 2 h.')")
    told = [" ".join(text.split()) for text in page.locator(".estimate").all_text_contents()]
    assert told[0] == "Factor on all three reaction rates0.98190 %: 0.974 to 0.988; by design 1.000"
    assert told[1].endswith("10.71 %90 %: 10.60 to 10.80 %; measured 10.74 %")
    assert page.locator("[data-test=model-warning]").is_hidden()
    assert page.evaluate("window.hacked") is None
    page.click("button:has-text('Trends')")
    assert page.locator("[data-test=estimate]").is_hidden()


def test_a_model_that_no_longer_explains_the_plant_is_told_beside_the_drawing(
    api: Any, dashboard: str, watched: Any
) -> None:
    api.behave(doubted=True)
    watched.page.goto(dashboard + PLANT)
    watched.page.wait_for_selector("[data-test=model-warning]:has-text('no longer explains the plant')")
    watched.page.click("button:has-text('Estimate')")
    assert "by 2 °C" in text_of(watched.page, "[data-test=verdict]")
