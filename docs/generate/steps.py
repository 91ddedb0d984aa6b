"""What a tutorial asks its reader to do: files to save, commands to type, and what these print."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_BLOCK: Final = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE: Final = re.compile(r"Save this as `([^`]+)`")


@dataclass(frozen=True)
class File:
    """A file to save."""

    name: str
    content: str


@dataclass(frozen=True)
class Commands:
    """Commands, one a line, and what they print together; None where the page doesn't tell."""

    lines: tuple[str, ...]
    printed: str | None = None

    def prints(self, output: str) -> bool:
        """Whether this is what the page tells: line by line, blanks at the end aside; `…` stands for anything."""
        if self.printed is None:
            return True
        told, got = ([line.rstrip() for line in text.strip("\n").splitlines()] for text in (self.printed, output))
        shown = got[: len(told)] if self.printed.endswith("…\n") else got
        return len(told) == len(shown) and all(
            re.fullmatch(".*".join(map(re.escape, one.split("…"))), other)
            for one, other in zip(told, shown, strict=True)
        )


def steps(page: str) -> Iterator[File | Commands]:
    """The steps of a page in order: `sh` blocks are commands, a `text` block is what those before it print.

    A block of another language belongs to a file where the sentence before it says `Save this as`.
    """
    waiting: Commands | None = None
    end = 0
    for block in _BLOCK.finditer(page):
        language, content, before = block[1], block[2], page[end : block.start()]
        end = block.end()
        if language == "text" and waiting is not None:
            yield Commands(waiting.lines, content)
            waiting = None
            continue
        if waiting is not None:
            yield waiting
            waiting = None
        if language == "sh":
            waiting = Commands(tuple(content.splitlines()))
        elif named := _FILE.findall(before):
            yield File(named[-1], content)
    if waiting is not None:
        yield waiting
