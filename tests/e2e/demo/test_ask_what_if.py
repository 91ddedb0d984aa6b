"""The example of the issue, end to end: 80 to 85 degC, asked in a browser of a live plant, answered by a runner."""

import json

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.chromium, pytest.mark.timeout(300)]

PAGE = "/?page=what-if&plant=williams-otto&tag=TIC-101.SP"
ANSWER_S = 120.0


def _check_browser(running, page):
    address = running.status()["addresses"]["dashboard"]
    page.goto(address + PAGE)
    page.wait_for_selector("[data-test=new-value]")
    assert page.locator("[data-test=new-value]").input_value() == "80.00", "the live setpoint is what the form opens on"
    page.fill("[data-test=new-value]", "400")
    page.wait_for_selector("[data-test=fault]:has-text('ask for a value in this range')")
    page.fill("[data-test=new-value]", "85")
    page.wait_for_selector("[data-test=told]:has-text('to 85 °C')")
    page.click("[data-test=ask]:not([disabled])")
    page.wait_for_selector("[data-test=report]:not([hidden])", timeout=ANSWER_S * 1000)
    page.wait_for_selector("[data-test=print]:not([hidden])", timeout=ANSWER_S * 1000)
    report = page.frame_locator("[data-test=report]")
    assert report.locator("h1").text_content() == "What if TIC-101.SP goes to 85.00 °C?"
    for part in ("Behaviour", "Economics of the change", "Recommended settings", "How far this can be trusted"):
        assert report.locator(f"h2:has-text('{part}')").count() == 1
    assert report.locator("g.tag[data-tag='TIC-101.PV'] .value").text_content().startswith("8")


def _check_command(running, folder):
    page = folder / "report.html"
    told = running.atlas(
        "what-if", "williams-otto", "--set", "TIC-101.SP=85 degC", "--horizon", "1h", "--json", "--html", str(page)
    )
    assert told.returncode == 0, told.stderr
    report = json.loads(told.stdout)
    temperature = next(output for output in report["outputs"] if output["name"] == "TIC-101.PV")
    assert temperature["change"]["mid"][-1] == pytest.approx(85.0, abs=0.5)
    assert "What if TIC-101.SP goes to 85.00 °C?" in page.read_text(encoding="utf-8")


def test_a_question_is_asked_in_the_browser_and_from_the_command_line(demo, watched, tmp_path):
    with demo() as running:
        running.until(lambda: "williams-otto" in running.live_plants(), 120, "a live reactor")
        running.until(running.all_up, 90, "every process")
        _check_browser(running, watched.page)
        _check_command(running, tmp_path)
        assert watched.complaints == []
