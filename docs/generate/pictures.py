"""Pictures of the screens: a demo in a folder of its own, Debian's Chromium, and patience until all is quiet."""

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from api.client import ApiClientError, ClientConfig, PlantClient
from dashboards.key_tags import key_tags

FOLDER: Final = Path(__file__).parents[1] / "images"
WIDTH: Final = 1440
HEIGHT: Final = 900
MOST_BYTES: Final = 300_000

Tell = Callable[[str], None]

_HISTORY_HOURS: Final = 1.2
_LARGEST_GAP: Final = timedelta(minutes=2)
_PATIENCE_S: Final = 300.0
_SETTLE_MS: Final = 4000
_FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
_QUIET: Final = "[data-test=banner]:not([hidden]), [data-test=notice], [data-test=chain], main.dim"
_PICTURES: Final[tuple[tuple[str, str, str], ...]] = (
    ("overview", "/", ".card .value"),
    ("portfolio", "/?page=portfolio", "g.plant .condition"),
    ("plant-williams-otto", "/?page=plant&plant=williams-otto", "g.tag .value"),
    ("plant-tennessee-eastman", "/?page=plant&plant=tennessee-eastman", "g.tag .value"),
    ("faceplate", "/?page=plant&plant=williams-otto&tag=TIC-101.PV", "[data-test=way] .open"),
    ("tags", "/?page=tags&plant=williams-otto", "tbody .value"),
    ("what-if", "/?page=what-if&plant=williams-otto&tag=TIC-101.SP", "[data-test=new-value]"),
)
"""Name, address below the dashboard's, and what is there once the page has its values."""


def take(tell: Tell) -> Iterator[Path]:
    """Take every picture, and give its path as soon as it is written.

    Raises
    ------
    RuntimeError
        Where Chromium is missing, the demo ends or does not get ready, or a picture cannot be made small enough.
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        raise RuntimeError("Chromium is not installed; Debian: apt-get install chromium")
    FOLDER.mkdir(exist_ok=True)
    with _demo(tell) as addresses, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_default_timeout(60_000)
        for name, where, ready in _PICTURES:
            tell(f"looking at {name}")
            yield _picture(page, addresses["dashboard"] + where, ready, FOLDER / f"{name}.png")
        browser.close()


def _picture(page: Page, address: str, ready: str, file: Path) -> Path:
    page.goto(address)
    page.wait_for_selector(ready)
    if file.stem == "what-if":
        _ask(page)
    page.wait_for_function("""quiet => { const roots = [...document.querySelectorAll('*')].map(n => n.shadowRoot);
        return roots.filter(Boolean).every(root => !root.querySelector(quiet)); }""", arg=_QUIET)  # fmt: skip
    page.wait_for_timeout(_SETTLE_MS)
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(file, optimize=True)
    if file.stat().st_size > MOST_BYTES:
        raise RuntimeError(f"{file} has {file.stat().st_size} bytes; at most {MOST_BYTES} are allowed")
    return file


def _ask(page: Page) -> None:
    """Ask the tutorial's question and wait for its report."""
    page.fill("[data-test=new-value]", "85")
    page.wait_for_selector("[data-test=told]:has-text('85')")
    page.click("[data-test=ask]:not([disabled])")
    page.wait_for_selector("[data-test=print]:not([hidden])", timeout=120_000)


@contextlib.contextmanager
def _demo(tell: Tell) -> Iterator[dict[str, Any]]:
    """A demo whose plants are live and whose past is stored; gives its addresses."""
    with tempfile.TemporaryDirectory(prefix="atlas-docs-") as place:
        folder, output = Path(place) / "data", Path(place) / "output.txt"
        command = (sys.executable, "-P", "-m", "api.cli", "demo", "--data-dir", str(folder), "--servers", "embedded",
                   "--history-hours", str(_HISTORY_HOURS))  # fmt: skip
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ATLAS_")}
        with output.open("w") as log:
            process = subprocess.Popen(  # noqa: S603 - our own command
                command, stdout=log, stderr=subprocess.STDOUT, env=kept, start_new_session=True
            )
        try:
            tell("started a demo")
            yield _wait_until_ready(folder, output, process, tell)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            finally:
                process.kill()
        tell("stopped the demo")


def _wait_until_ready(folder: Path, output: Path, process: "subprocess.Popen[bytes]", tell: Tell) -> dict[str, Any]:
    until = time.monotonic() + _PATIENCE_S
    told = ""
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the demo ended:\n{output.read_text()[-3000:]}")
        state, waits_for = _look(folder)
        if not waits_for:
            return dict(state["addresses"])
        if waits_for != told:
            tell(f"waiting for {waits_for}")
            told = waits_for
        time.sleep(1)
    raise RuntimeError(f"the demo was not ready within {_PATIENCE_S:.0f} s: it waited for {told}")


def _look(folder: Path) -> tuple[dict[str, Any], str]:
    """What a demo says of itself, and what it still waits for; nothing once it can be shown."""
    try:
        state = json.loads((folder / "run.json").read_text())
        with PlantClient(ClientConfig(state["addresses"]["api"], state["api_key"], attempts=1)) as client:
            plants = client.plants().plants
            waiting = [plant.name for plant in plants if plant.state != "live"]
            if not plants or waiting:
                return state, f"{' and '.join(waiting) or 'plants'} to be live"
            patchy = [plant.name for plant in plants if not _has_its_past(client, plant.id)]
            return state, f"the past of {' and '.join(patchy)}" if patchy else ""
    except (OSError, ValueError, KeyError, ApiClientError):
        return {}, "the service to answer"


def _has_its_past(client: PlantClient, plant: str) -> bool:
    """Whether the last hour of the values that the screens show first is in the table without a gap."""
    now = datetime.now(UTC)
    begin = now - timedelta(hours=1)
    first = key_tags(client.plant(plant).model_dump(mode="json")["tags"], 3)
    for series in client.history(plant, first, begin, now, points=600).series:
        times = [begin.timestamp() * 1e6, *series.times_us, now.timestamp() * 1e6]
        if max(b - a for a, b in pairwise(times)) > _LARGEST_GAP / timedelta(microseconds=1):
            return False
    return True
