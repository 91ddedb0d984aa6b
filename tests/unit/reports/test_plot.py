"""A figure's drawing: what is known is drawn where it belongs, and nothing else."""

import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from api.reports.plot import Figure, Line, plot

SVG = "{http://www.w3.org/2000/svg}"


def drawn(**how: Any) -> ElementTree.Element:
    base = Line("base", "no change", [0, 3600], [80.0, 80.0])
    change = Line("change", "change", [0, 3600], [80.0, 85.0], [79.0, 84.0], [81.0, 86.0])
    figure = {"name": "TIC-101.PV", "unit": "degC", "decimals": 1, "low": 0, "high": 150, "lines": [base, change]}
    text = plot(Figure(**(figure | how)))
    named = text.replace("<svg ", f'<svg xmlns="{SVG[1:-1]}" ', 1)
    return ElementTree.fromstring(named)  # noqa: S314 - our own drawing


def paths(root: ElementTree.Element, kind: str) -> list[str]:
    return [path.get("d", "") for path in root.iter(f"{SVG}path") if path.get("class") == kind]


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)]


def words(root: ElementTree.Element) -> list[str]:
    return ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]


def test_lines_go_over_the_whole_time_and_higher_values_stand_higher() -> None:
    (base,), (change,) = (paths(drawn(), kind) for kind in ("base", "change"))
    (x0, y0), (x1, y1) = points(change)
    assert (x0, x1) == (52.0, 530.0)
    assert y1 < y0 == points(base)[0][1] == points(base)[1][1]


def test_the_band_goes_along_its_upper_end_and_back_along_its_lower() -> None:
    (band,) = paths(drawn(), "band change")
    (_, high0), (_, high1), (_, low1), (_, low0) = points(band)
    assert high0 < low0
    assert high1 < low1
    assert band.endswith("Z")


def test_what_is_not_known_is_left_out() -> None:
    gap = Line("change", "change", [0, 1, 2, 3, 4], [1.0, 2.0, None, 3.0, 4.0])
    (path,) = paths(drawn(lines=[gap]), "change")
    assert path.count("M") == 2
    assert len(points(path)) == 4
    nothing = Line("change", "change", [0, 1], [None, None], [None, None], [None, None])
    assert paths(drawn(lines=[nothing]), "change") == [""]


def test_limits_that_lie_near_are_drawn_and_named_and_far_ones_are_not() -> None:
    root = drawn(limits={"high": 87.0, "high_high": 140.0, "low": 20.0})
    assert len(paths(root, "limit inner")) == 1
    assert paths(root, "limit outer") == []
    assert "H" in words(root)


def test_noise_does_not_fill_the_axis() -> None:
    quiet = Line("change", "change", [0, 1, 2], [80.0, 80.01, 79.99])
    ys = [y for _, y in points(paths(drawn(lines=[quiet]), "change")[0])]
    assert max(ys) - min(ys) < 5


def test_a_crossing_is_marked_where_it_happens() -> None:
    root = drawn(limits={"high": 84.0}, marks=[(1800.0, 84.0, "high")])
    (mark,) = paths(root, "mark inner")
    assert points(mark)[0][0] == pytest.approx((52 + 530) / 2)


def test_pointing_at_a_time_reads_every_line_with_its_band_and_unit() -> None:
    told = [text for text in words(drawn(begin_us=1_795_478_400_000_000, zone="Europe/Berlin")) if "change" in text]
    assert len(told) == 48
    assert told[-1] == "01:59:22  no change 80.0, change 85.0 (84.0 to 86.0) °C"
    assert any(text.startswith("+") for text in words(drawn())), "without a clock the time since the beginning is told"


def test_a_drawing_says_in_words_what_it_shows_and_escapes_them() -> None:
    root = drawn(name='<b>"TIC"</b>')
    assert root.get("aria-label") == '<b>"TIC"</b>: no change ends at 80.0 °C, change ends at 85.0 °C'
