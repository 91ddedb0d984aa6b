"""Symbols of equipment as SVG after ISO 10628-2, drawn around (0, 0) in grey lines; colour is for the abnormal."""

from collections.abc import Callable
from typing import Final

Draw = Callable[[float, float], str]
"""Takes width and height, gives the SVG of the symbol."""


def _arrow(w: float, h: float) -> str:
    x, y, tip = w / 2, h / 2, h / 2
    return f'<path class="body" d="M{-x:g},{-y:g} H{x - tip:g} L{x:g},0 L{x - tip:g},{y:g} H{-x:g} Z"/>'


def _vessel(w: float, h: float) -> str:
    x, y, dome = w / 2, h / 2, w / 5
    return (
        f'<path class="body" d="M{-x:g},{-y + dome:g} A{x:g},{dome:g} 0 0 1 {x:g},{-y + dome:g} V{y - dome:g}'
        f' A{x:g},{dome:g} 0 0 1 {-x:g},{y - dome:g} Z"/>'
    )


def _reactor(w: float, h: float) -> str:
    x, y, jacket = w / 2, h / 2, 9.0
    top = -y * 0.35
    return (
        f'<path class="jacket" d="M{-x:g},{top:g} V{y - 26:g} A{x:g},26 0 0 0 {x:g},{y - 26:g} V{top:g} Z"/>'
        + f"<g>{_vessel(w - 2 * jacket, h - 4)}</g>"
        + f'<path class="line" d="M0,{-y - 14:g} V{y * 0.55:g} M-20,{y * 0.55 - 7:g} L20,{y * 0.55 + 7:g}'
        f' M20,{y * 0.55 - 7:g} L-20,{y * 0.55 + 7:g}"/>'
        f'<rect class="body" x="-11" y="{-y - 26:g}" width="22" height="14" rx="2"/>'
    )


def _column(w: float, h: float) -> str:
    x, y = w / 2, h / 2
    trays = "".join(f"M{-x:g},{level:g} H{x:g} " for level in (-y * 0.55, -y * 0.3, -y * 0.05, y * 0.2, y * 0.45))
    return f'{_vessel(w, h)}<path class="tray" d="{trays}"/>'


def _exchanger(w: float, h: float) -> str:
    r = min(w, h) / 2
    zigzag = f"M{-r:g},0 H{-r * 0.5:g} L{-r * 0.2:g},{-r * 0.55:g} L{r * 0.2:g},{r * 0.55:g} L{r * 0.5:g},0 H{r:g}"
    return f'<circle class="body" r="{r:g}"/><path class="line" d="{zigzag}"/>'


def _compressor(w: float, h: float) -> str:
    x, y = w / 2, h / 2
    return (
        f'<circle class="body" r="{min(x, y):g}"/>'
        f'<path class="line" d="M{-x * 0.55:g},{-y * 0.75:g} L{x * 0.88:g},{-y * 0.35:g}'
        f' M{-x * 0.55:g},{y * 0.75:g} L{x * 0.88:g},{y * 0.35:g}"/>'
    )


def _pump(w: float, h: float) -> str:
    r = min(w, h) / 2
    return f'<circle class="body" r="{r:g}"/><path class="line" d="M0,{-r:g} L{r:g},0 L0,{r:g}"/>'


def _valve(w: float, h: float) -> str:
    x, low, high = w / 2, h / 2, h / 2 - h * 2 / 3
    middle = (low + high) / 2
    return (
        f'<path class="body" d="M{-x:g},{high:g} V{low:g} L{x:g},{high:g} V{low:g} Z"/>'
        f'<path class="line" d="M0,{middle:g} V{-h / 2:g}"/>'
        f'<path class="body" d="M-8,{-h / 2:g} A8,8 0 0 1 8,{-h / 2:g} Z"/>'
    )


def _node(w: float, h: float) -> str:
    return f'<circle class="node" r="{min(w, h) / 3:g}"/>'


def _drum(w: float, h: float) -> str:
    x, y, dome = w / 2, h / 2, h / 4
    return (
        f'<path class="body" d="M{-x + dome:g},{-y:g} H{x - dome:g} A{dome:g},{y:g} 0 0 1 {x - dome:g},{y:g}'
        f' H{-x + dome:g} A{dome:g},{y:g} 0 0 1 {-x + dome:g},{-y:g} Z"/>'
    )


def _tubes(w: float, h: float) -> str:
    x, y = w / 2, h / 2
    lines = "".join(f"M{-x * 0.8:g},{level:g} H{x * 0.8:g} " for level in (-y * 0.45, 0.0, y * 0.45))
    return (
        f'<rect class="body" x="{-x:g}" y="{-y:g}" width="{w:g}" height="{h:g}" rx="{y * 0.6:g}"/>'
        f'<path class="line" d="{lines}M{-x * 0.8:g},{-y:g} V{y:g} M{x * 0.8:g},{-y:g} V{y:g}"/>'
    )


def _filter(w: float, h: float) -> str:
    x, y = w / 2, h / 2
    return (
        f'<path class="body" d="M{-x:g},{-y:g} H{x:g} V{y * 0.3:g} L0,{y:g} L{-x:g},{y * 0.3:g} Z"/>'
        f'<path class="tray" d="M{-x:g},{y * 0.3:g} L{x:g},{-y:g}"/>'
    )


def _furnace(w: float, h: float) -> str:
    x, y = w / 2, h / 2
    coil = f"M{-x:g},0 H{-x * 0.4:g} L{x * 0.4:g},{-y * 0.25:g} L{-x * 0.4:g},{y * 0.25:g} L{x * 0.4:g},0 H{x:g}"
    return (
        f'<path class="body" d="M{-x:g},{y:g} V{-y * 0.4:g} L{-x * 0.3:g},{-y * 0.7:g} V{-y:g} H{x * 0.3:g}'
        f' V{-y * 0.7:g} L{x:g},{-y * 0.4:g} V{y:g} Z"/><path class="line" d="{coil}"/>'
    )


def _boiler(w: float, h: float) -> str:
    x, y = w / 2, h / 2
    flame = f"M0,{y * 0.8:g} C{-x * 0.4:g},{y * 0.5:g} {-x * 0.1:g},{y * 0.3:g} 0,0"
    mirrored = f"C{x * 0.1:g},{y * 0.3:g} {x * 0.4:g},{y * 0.5:g} 0,{y * 0.8:g} Z"
    return (
        f'<rect class="body" x="{-x:g}" y="{-y:g}" width="{w:g}" height="{h:g}" rx="4"/>'
        f'<path class="tray" d="M{-x:g},{-y * 0.3:g} H{x:g}"/><path class="line" d="{flame} {mirrored}"/>'
    )


def _tower(w: float, h: float) -> str:
    x, y = w / 2, h / 2
    return (
        f'<path class="body" d="M{-x:g},{y:g} V{-y * 0.7:g} H{-x * 0.5:g} L{-x * 0.4:g},{-y:g} H{x * 0.4:g}'
        f' L{x * 0.5:g},{-y * 0.7:g} H{x:g} V{y:g} Z"/>'
        f'<path class="tray" d="M{-x:g},0 H{x:g} M{-x:g},{y * 0.3:g} H{x:g}"/>'
    )


def _turbine(w: float, h: float) -> str:
    x, y = w / 2, h / 2
    return f'<path class="body" d="M{-x:g},{-y * 0.35:g} L{x:g},{-y:g} V{y:g} L{-x:g},{y * 0.35:g} Z"/>'


def _blower(w: float, h: float) -> str:
    x, r = w / 2, min(w, h) / 2
    return (
        f'<circle class="body" r="{r:g}"/>'
        f'<path class="line" d="M0,{-r * 0.7:g} C{x * 0.5:g},{-r * 0.3:g} {-x * 0.5:g},{r * 0.3:g} 0,{r * 0.7:g}'
        f' M{-r * 0.7:g},0 C{-r * 0.3:g},{-r * 0.5:g} {r * 0.3:g},{r * 0.5:g} {r * 0.7:g},0"/>'
    )


def _hand_valve(w: float, h: float) -> str:
    x, y = w / 2, h / 2
    return f'<path class="body" d="M{-x:g},{-y:g} V{y:g} L{x:g},{-y:g} V{y:g} Z"/>'


def _check_valve(w: float, h: float) -> str:
    x, y = w / 2, h / 2
    return (
        f'<path class="body" d="M{-x:g},{-y:g} V{y:g} L{x:g},{-y:g} V{y:g} Z"/>'
        f'<path class="line" d="M{-x:g},{-y:g} L{x:g},{y:g}"/><circle class="node" cx="{-x:g}" cy="{-y:g}" r="3"/>'
    )


def _bubble(w: float, h: float) -> str:
    return f'<circle class="body" r="{min(w, h) / 2:g}"/>'


def _analyser(w: float, h: float) -> str:
    return (
        f'<rect class="body" x="{-w / 2:g}" y="{-h / 2:g}" width="{w:g}" height="{h:g}" rx="3"/>'
        '<text class="sign" y="4">A</text>'
    )


SYMBOLS: Final[dict[str, Draw]] = {
    "arrow": _arrow,
    "vessel": _vessel,
    "reactor": _reactor,
    "column": _column,
    "exchanger": _exchanger,
    "compressor": _compressor,
    "pump": _pump,
    "valve": _valve,
    "node": _node,
    "analyser": _analyser,
    "drum": _drum,
    "tubes": _tubes,
    "filter": _filter,
    "furnace": _furnace,
    "boiler": _boiler,
    "tower": _tower,
    "turbine": _turbine,
    "blower": _blower,
    "hand-valve": _hand_valve,
    "check-valve": _check_valve,
    "bubble": _bubble,
}
"""What draws each symbol that a type of equipment may name."""
