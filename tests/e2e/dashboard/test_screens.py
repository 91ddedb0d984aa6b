"""The dashboard in a real browser, against a fake API whose faults are ours to choose."""

import re
import time
from typing import Any
from urllib.parse import urlsplit

import pytest

pytestmark = [pytest.mark.chromium, pytest.mark.slow]

PLANT = "/?page=plant&plant=williams-otto"
TAGS = "/?page=tags&plant=williams-otto"
REACTOR = "g.tag[data-tag='TIC-101.PV'] .value"


def text_of(page: Any, selector: str) -> str:
    return str(page.locator(selector).first.text_content())


def seconds_until(page: Any, expression: str, limit_s: float) -> float:
    begun = time.monotonic()
    page.wait_for_function(expression, timeout=limit_s * 1000)
    return time.monotonic() - begun


def test_values_on_the_drawing_change_within_two_seconds(api: Any, dashboard: str, watched: Any) -> None:
    page = watched.page
    page.goto(dashboard + PLANT)
    page.wait_for_selector(REACTOR)
    first = text_of(page, REACTOR)
    assert re.fullmatch(r"\d+\.\d\d", first), "a value carries its tag's own decimals"
    begun = time.monotonic()
    while text_of(page, REACTOR) == first and time.monotonic() < begun + 2.5:
        time.sleep(0.02)
    assert time.monotonic() - begun < 2.0


def test_dims_and_says_since_when_after_five_silent_seconds_and_recovers(
    api: Any, dashboard: str, watched: Any
) -> None:
    page = watched.page
    page.goto(dashboard + PLANT)
    page.wait_for_selector(REACTOR)
    page.wait_for_timeout(1500)
    assert page.locator("[data-test=banner]").is_hidden()
    api.behave(paused=True)
    begun = time.monotonic()
    page.wait_for_selector("main.dim")
    assert 3.9 < time.monotonic() - begun < 6.6
    assert re.match(r"No data since \d\d:\d\d:\d\d – ", text_of(page, "[data-test=banner]"))
    opacity = page.locator(REACTOR).evaluate("node => getComputedStyle(node).opacity")
    assert float(opacity) < 0.5
    age = text_of(page, "[data-test=data-age]")
    page.wait_for_timeout(2100)
    assert int(text_of(page, "[data-test=data-age]").split()[0]) >= int(age.split()[0]) + 2
    api.behave(paused=False)
    page.wait_for_selector("main:not(.dim)")
    page.wait_for_selector("[data-test=banner]", state="hidden")


def test_old_values_are_called_old_even_while_they_stream(api: Any, dashboard: str, watched: Any) -> None:
    api.behave(late_s=90.0)
    page = watched.page
    page.goto(dashboard + "/?page=plant&plant=tennessee-eastman")
    page.wait_for_selector("[data-test=banner]:has-text('old. The service is catching up')")
    page.wait_for_selector("main.dim")
    api.behave(late_s=0.0)
    page.wait_for_selector("[data-test=banner]", state="hidden")


def test_service_that_went_away_is_told_and_taken_up_where_it_broke(api: Any, dashboard: str, watched: Any) -> None:
    page = watched.page
    page.goto(dashboard + PLANT)
    page.wait_for_selector(REACTOR)
    page.wait_for_timeout(1500)
    api.stop()
    page.wait_for_selector("[data-test=banner]:has-text('The plant service does not answer')")
    assert "atlas doctor" in text_of(page, "[data-test=banner]")
    assert page.locator(REACTOR).count() == 1, "the last known values stay on the screen"
    api.start()
    page.wait_for_selector("[data-test=banner]", state="hidden", timeout=30_000)
    page.wait_for_selector("main:not(.dim)")
    assert api.behave()["resumed"] >= 1, "the new stream names the last event seen"


def test_page_opened_without_the_service_opens_by_itself(api: Any, dashboard: str, watched: Any) -> None:
    api.stop()
    page = watched.page
    page.goto(dashboard + PLANT)
    page.wait_for_selector("[data-test=notice]:has-text('The plant service does not answer')")
    assert re.fullmatch(r"\d\d:\d\d:\d\d", text_of(page, "[data-test=clock]"))
    api.start()
    page.wait_for_selector(REACTOR, timeout=30_000)


def test_refused_tickets_are_renewed_until_the_stream_opens(api: Any, dashboard: str, watched: Any) -> None:
    api.behave(refuse_tickets=True)
    page = watched.page
    page.goto(dashboard + PLANT)
    page.wait_for_selector("[data-test=banner]:not([hidden])")
    api.behave(refuse_tickets=False)
    page.wait_for_selector("[data-test=banner]", state="hidden", timeout=30_000)


def test_missing_key_is_told_with_what_to_do(api: Any, dashboard: str, watched: Any) -> None:
    api.behave(key="a-key-that-nobody-gave")
    watched.page.goto(dashboard)
    watched.page.wait_for_selector("[data-test=notice]")
    told = text_of(watched.page, "[data-test=notice]")
    assert "has none" in told
    assert "ATLAS_API_KEY" in told


@pytest.mark.parametrize("where", ["/", PLANT, TAGS, PLANT + "&tag=HT-666"])
def test_hostile_descriptions_stay_text(api: Any, dashboard: str, watched: Any, where: str) -> None:
    page = watched.page
    page.goto(dashboard + where)
    page.wait_for_selector(".value.digits, g.tag .value")
    page.wait_for_timeout(1500)
    assert page.evaluate("window.hacked") is None
    assert page.locator("img[src=x]").count() == 0
    if where != PLANT:
        assert page.get_by_text("<img src=x onerror=").count() >= 1


def test_console_is_clean_and_nothing_comes_from_outside(api: Any, dashboard: str, watched: Any) -> None:
    page = watched.page
    page.goto(dashboard)
    page.wait_for_selector(".card .value")
    page.click("nav >> text=Williams-Otto reactor")
    page.click("g.tag[data-tag='TIC-101.PV']")
    page.wait_for_selector("[data-test=way] .open")
    page.click("nav.sub >> text=Tags")
    page.wait_for_selector("tbody tr")
    page.reload()
    page.wait_for_selector("tbody tr")
    page.click("nav >> text=Overview")
    page.wait_for_selector(".card .value")
    page.wait_for_timeout(1500)
    assert watched.complaints == []
    ours = {urlsplit(dashboard).netloc, urlsplit(api.url).netloc, ""}
    assert {urlsplit(url).netloc for url in watched.asked if not url.startswith(("blob:", "data:"))} <= ours


def test_doubtful_qualities_differ_by_shape(api: Any, dashboard: str, watched: Any) -> None:
    page = watched.page
    page.goto(dashboard + TAGS)
    page.wait_for_selector("tbody tr")
    drawn = {}
    for tag, kind in (("TI-104", "bad"), ("TI-103", "uncertain"), ("FI-104", "stale"), ("AI-101E", "manual")):
        row = page.locator("tbody tr", has=page.locator(f"[data-tag='{tag}']"))
        drawn[kind] = row.locator(f".marks path.{kind}").get_attribute("d")
    assert len(set(drawn.values())) == 4
    assert page.locator("tbody tr", has=page.locator("[data-tag='FI-103']")).locator(".marks path").count() == 0


def test_faceplate_opens_with_trend_and_the_readings_way(api: Any, dashboard: str, watched: Any) -> None:
    page = watched.page
    page.goto(dashboard + PLANT)
    page.click("g.tag[data-tag='TIC-101.PV']")
    page.wait_for_selector("[data-test=way] .open")
    places = page.locator("[data-test=way] b").all_text_contents()
    assert places == ["Sensor", "Connector", "Message log", "Live twin", "Database", "Screen"]
    inked = """() => { const c = document.querySelector('[data-testid=stApp]') && [...document.querySelectorAll('*')]
        .filter(n => n.shadowRoot).map(n => n.shadowRoot.querySelector('.faceplate canvas')).find(Boolean);
        const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let pens = 0;
        for (let i = 0; i < d.length; i += 4) if (d[i] === 31 && d[i+1] === 63 && d[i+2] === 95) pens++;
        return pens > 200; }"""
    assert seconds_until(page, inked, 10) < 10
    page.click("[aria-label='Close the faceplate']")
    page.wait_for_selector(".faceplate", state="detached")


def test_chain_stands_in_until_the_first_value(api: Any, dashboard: str, watched: Any) -> None:
    api.behave(empty=True)
    page = watched.page
    page.goto(dashboard + PLANT)
    page.wait_for_selector("[data-test=chain]")
    links = page.locator("[data-test=chain] b").all_text_contents()
    assert links == ["Plant", "Connector", "Message log", "Live twin", "Database", "Screen"]
    assert page.locator("[data-test=chain] .waits").count() == 2
    assert page.get_by_text("waits for the first reading").count() == 1
    assert page.locator("[data-test=banner]").is_hidden()
    api.behave(empty=False)
    page.wait_for_selector(REACTOR, timeout=30_000)


def test_tags_are_found_and_sorted(api: Any, dashboard: str, watched: Any) -> None:
    page = watched.page
    page.goto(dashboard + TAGS)
    page.wait_for_selector("tbody tr")
    page.fill("input[type=search]", "jacket e-101 tic")
    names = page.locator("tbody .c-name").all_text_contents()
    assert names == ["TIC-102.PV"], "every word must be found"
    page.fill("input[type=search]", "")
    page.click("th.c-name button")
    names = page.locator("tbody .c-name").all_text_contents()
    assert names == sorted(names, reverse=True)
    page.click("text=Not good")
    assert set(page.locator("tbody .c-name").all_text_contents()) == {"TI-103", "TI-104", "FI-104", "AI-101E"}


def test_overview_says_limits_values_and_what_comes_next(api: Any, dashboard: str, watched: Any) -> None:
    page = watched.page
    page.goto(dashboard)
    card = page.locator("article[data-plant='williams-otto']")
    card.locator(".value").first.wait_for()
    assert card.locator("[data-test=limits] >> text=HT-666").count() == 1
    assert card.locator("[data-test=next]").text_content() == "Next: Feed A gets colder in 12 min"
    assert card.locator(".key-row .unit").first.text_content() == "°C"
    card.locator(".key-row").first.click()
    page.wait_for_selector("[data-test=faceplate]")
    assert "tag=TIC-101.PV" in page.url


def plant_text(page: Any, plant: str, kind: str) -> str:
    return text_of(page, f"g.plant[data-plant='{plant}'] .{kind}")


def test_the_portfolio_tells_each_plants_state_and_what_passes_between_them(
    api: Any, dashboard: str, watched: Any
) -> None:
    page = watched.page
    page.goto(dashboard)
    page.click("nav >> text=Portfolio")
    page.wait_for_selector("g.plant .condition:has-text('Live')")
    assert "page=portfolio" in page.url
    assert re.fullmatch(r"\d s", plant_text(page, "tennessee-eastman", "age"))
    assert int(plant_text(page, "williams-otto", "count")) >= 1
    assert "HT-666" in page.locator("g.plant[data-plant='williams-otto']").text_content()
    assert page.evaluate("window.hacked") is None
    flow = "g.tag[data-tag='williams-otto/FI-103'] .value"
    first = text_of(page, flow)
    assert 22.0 < float(first) < 26.0, "6.6 kg/s, told in the plan's t/h"
    end = time.monotonic() + 30
    while text_of(page, flow) == first and time.monotonic() < end:
        time.sleep(0.1)
    assert text_of(page, flow) != first
    water = float(text_of(page, "[data-utility='WATER']"))
    assert 7.0 < water < 8.2, "what is measured now, and by design where nothing measures"
    assert page.locator("tr[data-contract='C-1']").get_by_text("t/year").count() == 1
    assert "not in force" in page.locator("tr[data-contract='C-0']").text_content()
    page.click("g.plant[data-plant='williams-otto']")
    page.wait_for_selector(REACTOR)
    assert watched.complaints == []


def test_the_portfolio_dims_when_nothing_comes_and_says_so(api: Any, dashboard: str, watched: Any) -> None:
    page = watched.page
    page.goto(dashboard + "/?page=portfolio&portfolio=pair")
    page.wait_for_selector("g.plant .condition:has-text('Live')")
    api.behave(paused=True)
    page.wait_for_selector("main.dim")
    assert plant_text(page, "williams-otto", "condition") == "No data"
    assert float(page.locator("g.tag .value").first.evaluate("node => getComputedStyle(node).opacity")) < 0.5
    api.behave(paused=False)
    page.wait_for_selector("main:not(.dim)")


def test_a_portfolios_flow_leads_to_its_tag(api: Any, dashboard: str, watched: Any) -> None:
    page = watched.page
    page.goto(dashboard + "/?page=portfolio")
    page.click("g.tag[data-tag='williams-otto/FI-103']")
    page.wait_for_selector("[data-test=faceplate]")
    assert "tag=FI-103" in page.url


def test_without_a_portfolio_there_is_no_tab_and_the_page_says_how_to_get_one(
    api: Any, dashboard: str, watched: Any
) -> None:
    api.behave(portfolios=False)
    page = watched.page
    page.goto(dashboard + "/?page=portfolio")
    page.wait_for_selector("[data-test=notice]:has-text('No portfolio is stored yet')")
    assert page.locator("nav >> text=Portfolio").count() == 0
    assert "atlas portfolio store" in text_of(page, "[data-test=notice]")


def test_the_portfolio_waits_on_the_chain_until_the_first_value(api: Any, dashboard: str, watched: Any) -> None:
    api.behave(empty=True)
    page = watched.page
    page.goto(dashboard + "/?page=portfolio")
    page.wait_for_selector("[data-test=chain]")
    api.behave(empty=False)
    page.wait_for_selector("g.plant .condition:has-text('Live')", timeout=30_000)


def test_the_frameworks_own_furniture_is_hidden(api: Any, dashboard: str, watched: Any) -> None:
    page = watched.page
    page.goto(dashboard)
    page.wait_for_selector(".card")
    for furniture in ("stHeader", "stToolbar", "stAppDeployButton", "stMainMenu", "stSidebar", "stStatusWidget"):
        assert page.locator(f"[data-testid={furniture}]:visible").count() == 0, furniture


@pytest.mark.parametrize(("width", "height"), [(1600, 900), (1280, 800)])
@pytest.mark.parametrize(("where", "shown"), [(PLANT, REACTOR), ("/?page=portfolio", "g.plant .condition")])
def test_pages_with_a_drawing_need_no_scrolling(
    api: Any, dashboard: str, watched: Any, width: int, height: int, where: str, shown: str
) -> None:
    page = watched.page
    page.set_viewport_size({"width": width, "height": height})
    page.goto(dashboard + where)
    page.wait_for_selector(shown)
    overflow = page.locator(".body").evaluate("n => [n.scrollWidth - n.clientWidth, n.scrollHeight - n.clientHeight]")
    assert max(overflow) <= 1
