"""Faults of a plant's description: where, what, and what to do; found all at once, never one by one."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """One fault.

    Parameters
    ----------
    path
        Where it is, like `tags[3].limits.high`; indices count from 0.
    message
        What is wrong, with the value.
    remedy
        What to write instead.
    line
        Line of the text, from 1; 0 where the plant did not come from a text.
    """

    path: str
    message: str
    remedy: str
    line: int = 0

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        return f"{where}{self.path or 'file'}: {self.message}; {self.remedy}"


@dataclass(frozen=True)
class Finding:
    """A fault before it is known where in a text its path stands."""

    path: Path
    message: str
    remedy: str

    def fault(self, line: int = 0) -> Fault:
        """The fault, on `line`."""
        return Fault(written(self.path), self.message, self.remedy, line)


def written(path: Path) -> str:
    """A path as people write it: `tags[3].limits.high`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    """Return the remedy for an unknown name: the nearest known one, else the sentence given."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean '{near[0]}'?" if near else otherwise
