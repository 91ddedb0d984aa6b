"""The card of a learned model: what it is for, what it was taught, and how far it can be trusted, in Markdown."""

from collections.abc import Iterable, Iterator

from twin.daedalus.judging import JUDGED_S
from twin.daedalus.learned import Errors, Learned, Making
from twin.matrix.declaration import Variable


def card(learned: Learned) -> str:
    """The card's text; `learned.making` must be told."""
    if learned.making is None:
        raise ValueError(f"{learned.name} {learned.version} says nothing of how it was made; train it to the end")
    return "\n".join(
        [
            f"# {learned.title}, version {learned.version}",
            "",
            *_purpose(learned),
            "",
            "## What it was taught",
            "",
            *_table(("quantity", "meaning", "from", "to"), _varied((*learned.inputs, *learned.parameters))),
            "",
            *_conditions(learned.conditions),
            "",
            "## How far it is off",
            "",
            *_marks(learned, learned.making),
            "",
            "## How it came about",
            "",
            *_making(learned, learned.making),
            "",
        ]
    )


def _purpose(learned: Learned) -> Iterator[str]:
    hours = f"{learned.longest_s / 3600.0:g} h"
    yield (
        f"A recurrent network that forecasts all {len(learned.outputs)} outputs of the process up to {hours} ahead, "
        "from the outputs and setpoints as they are and from changes to come. It stands beside the process model, "
        "never in its place: it answers in milliseconds and knows nothing that it was not shown."
    )
    yield ""
    yield (
        "It refuses changes and beginnings outside the ranges below, other modes and other tuning, and says so. Its "
        f"band holds {100.0 * learned.coverage:g} % of the forecasts in runs that it did not learn from."
    )


def _varied(variables: Iterable[Variable]) -> Iterator[tuple[str, ...]]:
    for one in variables:
        yield one.name, one.description, one.written(one.low), one.written(one.high)


def _conditions(conditions: Iterable[Variable]) -> Iterator[str]:
    fixed = [f"{one.name} {one.written(one.nominal)}" for one in conditions]
    if fixed:
        yield f"These stood still: {', '.join(fixed)}."


def _marks(learned: Learned, making: Making) -> Iterator[str]:
    yield (
        f"In {making.windows[1]} forecasts within {making.runs[2]} runs that it did not learn from, as percent of the "
        "instrument's range. *Large* is what 95 of 100 stay within; *no change* is the mean of saying that everything "
        "stays as it is. *Held* is how many forecasts the band held."
    )
    for horizon_s in JUDGED_S:
        yield ""
        yield f"After {horizon_s / 3600.0:g} h:"
        yield ""
        rows = (_mark(one) for one in making.errors if one.horizon_s == horizon_s)
        yield from _table(("output", "mean", "large", "no change", "held"), rows)


def _mark(one: Errors) -> tuple[str, ...]:
    numbers = (f"{value:.2f} %" for value in (one.mean, one.large, one.persistence))
    return (one.output, *numbers, f"{100.0 * one.held:.0f} %")


def _making(learned: Learned, making: Making) -> Iterator[str]:
    software = ", ".join(f"{name} {version}" for name, version in making.software.items())
    plant = learned.name.partition("/")[0]
    yield (
        f"`atlas train {plant} --seed {making.seed}` made it on {making.made_at[:10]} of {making.simulated_h:.0f} h of "
        f"simulation and {making.recorded_h:.0f} h of recorded history: {making.runs[0]} runs to learn from in "
        f"{making.epochs} passes, {making.runs[1]} for the bands, {making.runs[2]} to judge it. Step "
        f"{learned.every_s:g} s, {learned.hidden} recurrent units; {software}."
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for row in (head, ("---",) * len(head), *rows):
        yield f"| {' | '.join(row)} |"
