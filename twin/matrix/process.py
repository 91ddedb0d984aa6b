"""What a controlled process model offers to whoever runs it second by second: values, writes, disturbances, state."""

from collections.abc import Sequence
from typing import Protocol

from twin.matrix.signal import Signal


class WriteRefusedError(ValueError):
    """A value that the plant does not take: the signal, why, and what to do instead."""

    def __init__(self, name: str, why: str, remedy: str) -> None:
        super().__init__(f"{name}: {why}; {remedy}")
        self.name, self.why, self.remedy = name, why, remedy


class WrongModeError(WriteRefusedError):
    """A value that the plant takes in another mode of its loop only."""


class ControlledProcess(Protocol):
    """A process with its control system, stepped in seconds of plant time; it reads no clock.

    One scan is: `measure`, then `control` with what the instruments say (noise included), then `advance`.
    """

    @property
    def instruments(self) -> tuple[Signal, ...]:
        """The measured signals, in the order of `measure`."""

    @property
    def settings(self) -> tuple[Signal, ...]:
        """Setpoints, outputs, modes and tuning, in the order of `read_settings`."""

    @property
    def trip(self) -> str:
        """Why the plant has shut itself down, or "" while it runs."""

    def measure(self) -> list[float]:
        """What the instruments would say now, in their units."""

    def control(self, measured: Sequence[float]) -> None:
        """Let the control system act on one scan of measurements."""

    def advance(self) -> None:
        """Run the process for one second."""

    def read_settings(self) -> list[float]:
        """Setpoints, outputs, modes and tuning now."""

    def write(self, name: str, value: float) -> None:
        """Write a setpoint, output, mode or tuning value; raises `WriteRefusedError`."""

    def disturb(self, number: int, on: bool) -> None:
        """Switch the disturbance at index `number` of the plant's list of words."""

    def restart(self) -> None:
        """Begin again at the design's steady state, as after a trip."""

    def snapshot(self) -> bytes:
        """The whole state, control system included."""

    def restore(self, state: bytes) -> None:
        """Take back what `snapshot` gave; raises `ValueError` where it is not this model's."""


def check_range(signal: Signal, value: float) -> None:
    """Refuse a value that is no number or lies outside the signal's range.

    Raises
    ------
    WriteRefusedError
        With the range that would be taken.
    """
    if not signal.low <= value <= signal.high:
        raise WriteRefusedError(
            signal.name,
            f"{value} is outside its range",
            f"write a number from {signal.low:g} to {signal.high:g} {signal.unit}".rstrip(),
        )
