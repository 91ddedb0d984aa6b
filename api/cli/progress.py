"""What a run shows in the terminal: a table that lives while it starts, and plain lines where nobody watches."""

import time
from collections.abc import Callable, Iterable
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from api.supervision.run_state import ProcessState

_MARKS = {
    "up": ("✓", "green"),
    "starting": ("·", "dim"),
    "degraded": ("!", "yellow"),
    "restarting": ("↻", "yellow"),
    "stopping": ("·", "dim"),
    "stopped": ("–", "dim"),
}

_TOLD = frozenset({"up", "degraded", "restarting"})
"""States worth a line; a start and a stop are told as steps of the whole."""


class Progress:
    """Steps as lines, processes as a table; on no terminal each change of a process is a line instead."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=False, highlight=False)
        self._live: Live | None = None
        self._processes: Callable[[], Iterable[ProcessState]] = tuple
        self._told: dict[str, str] = {}
        self._began = time.monotonic()

    def step(self, line: str) -> None:
        """Tell one step."""
        self.console.print(Text(f"{self._clock()}  {line}"), soft_wrap=True)

    def watch(self, processes: Callable[[], Iterable[ProcessState]]) -> "Progress":
        """Show these processes; use the result as a context manager for as long as the table is to live."""
        self._processes = processes
        return self

    def __enter__(self) -> "Progress":
        if self.console.is_terminal:
            self._live = Live(self._table(), console=self.console, refresh_per_second=4, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.update(self._table())
            self._live.stop()
            self._live = None

    def changed(self, state: ProcessState) -> None:
        """Take note of a process's change."""
        if self._live is not None:
            self._live.update(self._table())
            return
        if self._told.get(state.name) != state.state and state.state in _TOLD:
            self._told[state.name] = state.state
            self.step(f"{state.name:<10} {state.state}{': ' + state.detail if state.detail else ''}")

    def _table(self) -> Table:
        table = Table(box=None, show_header=False, pad_edge=False)
        for process in self._processes():
            mark, style = _MARKS.get(process.state, ("?", "red"))
            again = f" ({process.restarts} restarts)" if process.restarts else ""
            table.add_row(
                Text(mark, style=style),
                Text(process.name),
                Text(process.state + again, style=style),
                Text(process.detail, style="dim", overflow="ellipsis", no_wrap=True),
            )
        return table

    def _clock(self) -> str:
        return f"{time.monotonic() - self._began:5.1f} s"
