"""Parts of sentences that reports and answers share."""

from math import isclose

from stream.jobs.answer.shown import Shown

_SPANS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"))
_SURE = 0.995


def span_text(seconds: float) -> str:
    """A duration in the largest unit that tells it in few digits: 45 s, 4 min, 8 h, 1.5 d."""
    for size, unit in _SPANS:
        if seconds >= size or isclose(seconds, size):
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def change_text(output: Shown, before: float, value: float, start_s: float, over_s: float) -> str:
    """One change in words: what, from which value to which, how fast and when."""
    pace = f"over {span_text(over_s)}" if over_s else "at once"
    begin = f", beginning {span_text(start_s)} from now" if start_s else ""
    first = output.text(before).removesuffix(f" {output.unit}")
    return f"{output.description} ({output.name}) from {first} to {output.text(value)} {pace}{begin}"


def limit_text(name: str) -> str:
    """A limit's name: low low limit, high limit."""
    return f"{name.replace('_', ' ')} limit"


def share_text(probability: float) -> str:
    """How likely it is, where it is not certain."""
    return "" if probability >= _SURE else f" (probability {probability:.0%})"
