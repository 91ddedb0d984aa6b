"""The demo's own screens in a real browser: as fresh as the plant, and honest when the values stop coming."""

import asyncio
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from asyncua import Client

pytestmark = [pytest.mark.slow, pytest.mark.chromium, pytest.mark.timeout(280)]

TAG = "TIC-101.PV"
REACTOR = f"g.tag[data-tag='{TAG}'] .value"
WATCH_S = 12.0

# Notes when which text stood on the graphic, in milliseconds of the wall clock that the plant's stamps use too.
NOTE = """() => {
  const seen = [];
  const deep = (root) => root.querySelector("g.tag[data-tag='TIC-101.PV'] .value")
      || [...root.querySelectorAll("*")].map((node) => node.shadowRoot && deep(node.shadowRoot)).find(Boolean);
  const value = deep(document);
  const note = () => {
    const last = seen[seen.length - 1];
    if (!last || last[1] !== value.textContent) seen.push([Date.now(), value.textContent]);
  };
  note();
  setInterval(note, 20);
  window.seenOnScreen = seen;
}"""


async def _plants_values(endpoint: str) -> list[tuple[float, str]]:
    """What the plant measured while being watched: (source time in seconds, text as a screen would show it).

    A measurement that reads as the one before is left out: nobody sees when the screen shows it anew.
    """
    found: list[tuple[float, str]] = []
    async with Client(endpoint) as client:
        node = client.get_node(f"ns=2;s={TAG}")
        end = time.monotonic() + WATCH_S
        while time.monotonic() < end:
            value = await node.read_data_value()
            said = (value.SourceTimestamp.timestamp(), f"{value.Value.Value:.2f}")
            if not found or found[-1][1] != said[1]:
                found.append(said)
            await asyncio.sleep(0.1)
    return found


def _lags(measured: list[tuple[float, str]], shown: list[tuple[float, str]]) -> list[float]:
    """Seconds from each measurement to the first time that its text stood on the screen; infinite where it never did.

    The last three seconds' measurements are left out: they need not have been shown yet.
    """
    until = measured[-1][0] - 3.0
    return [
        min((at - time_s for at, text in shown if text == said and at >= time_s), default=float("inf"))
        for time_s, said in measured[1:]
        if time_s < until
    ]


def _check_freshness(running, page) -> None:
    page.evaluate(NOTE)
    endpoint = running.status()["addresses"]["opcua"]["williams-otto"]
    begun = time.time()
    # The browser's driver has an event loop in this thread, so the plant is watched from another one.
    with ThreadPoolExecutor(1) as threads:
        measured = threads.submit(lambda: asyncio.run(_plants_values(endpoint))).result()
    page.wait_for_timeout(2500)
    shown = [(at / 1000, text) for at, text in page.evaluate("() => window.seenOnScreen")]
    fresh = [each for each in measured if each[0] > begun]
    assert len(fresh) >= 5, f"the plant measured only {fresh} in {WATCH_S} s"
    lags = _lags(fresh, shown)
    assert lags
    assert max(lags) <= 2.0, f"measured {fresh}, shown {shown}"


def _check_honesty(running, page) -> None:
    worker = running.process_of("worker")["pid"]
    os.kill(worker, signal.SIGSTOP)
    try:
        page.wait_for_selector("main.dim", timeout=20_000)
        assert page.locator("[data-test=banner]").text_content().startswith("No data since ")
    finally:
        os.kill(worker, signal.SIGCONT)
    page.wait_for_selector("main:not(.dim)", timeout=60_000)
    page.wait_for_selector("[data-test=banner]", state="hidden")


def test_the_graphic_follows_the_plant_and_dims_while_the_worker_stands_still(demo, watched):
    with demo() as running:
        running.until(running.live_plants, 120, "a live plant")
        running.until(lambda: "Stop " in running.told, 60, "the closing lines")
        page = watched.page
        page.goto(running.status()["addresses"]["dashboard"] + "/?page=plant&plant=williams-otto")
        page.wait_for_selector(REACTOR)
        page.wait_for_selector("main:not(.dim)")
        _check_freshness(running, page)
        _check_honesty(running, page)
        assert watched.complaints == []
