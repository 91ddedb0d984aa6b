"""What is known of a learned model beside its weights: variables, ranges, bands, and how it came about.

It travels inside the model's ONNX file, so that a model is one file that can be copied, compared and replaced at once.
"""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from twin.daedalus.errors import LearnedFileError
from twin.matrix.declaration import Declaration, Variable

Array = NDArray[np.float64]

FORMAT: Final = 1
ENTRY: Final = "atlas_live"
"""Under which key the description stands in the file's metadata."""


class Errors(msgspec.Struct, frozen=True, kw_only=True):
    """How far forecasts of one output lay off after `horizon_s`, in percent of the instrument's range.

    `mean` is the mean and `large` what 95 % stay within; `persistence` the mean of saying that nothing changes;
    `held` the share of the forecasts that their band held. All over windows that nothing was learned from.
    """

    output: str
    horizon_s: float
    mean: float
    large: float
    persistence: float
    held: float


class Making(msgspec.Struct, frozen=True, kw_only=True):
    """What reproduces the model, and what it was judged by.

    `runs` counts those that it learned from, those that its bands come from, and those that it was judged by, and
    `windows` the last two's windows. `simulated_h` and `recorded_h` say how many hours of simulation and of history
    these hold.
    """

    made_at: str
    seed: int
    runs: tuple[int, int, int]
    windows: tuple[int, int]
    simulated_h: float
    recorded_h: float
    epochs: int
    software: dict[str, str]
    errors: tuple[Errors, ...]


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """A learned model's description.

    Parameters
    ----------
    process_model, name, title, version
        Key of the process model it stands beside; what it is called itself.
    every_s, longest_s
        Step of its recurrence, and how far ahead it may be asked, s.
    outputs, inputs, parameters
        What it tells and takes; the ranges of the last two are those that it was taught in.
    conditions
        Settings that stood at their nominal value while it was taught, like modes and tuning.
    seen
        Range of each output in which it was taught to begin.
    coverage, horizons_s, margins
        Half widths of the band that holds this share of its errors, at these horizons; shape (horizons, outputs).
    hidden
        Units of the recurrence.
    making
        How it came about; None while that is not over.
    """

    process_model: str
    name: str
    title: str
    version: int
    every_s: float
    longest_s: float
    outputs: tuple[Variable, ...]
    inputs: tuple[Variable, ...]
    parameters: tuple[Variable, ...]
    conditions: tuple[Variable, ...]
    seen: tuple[tuple[float, float], ...]
    coverage: float
    horizons_s: tuple[float, ...]
    margins: tuple[tuple[float, ...], ...]
    hidden: int
    making: Making | None = None
    format: int = FORMAT

    @property
    def declaration(self) -> Declaration:
        """What the model declares behind the port; its states are the outputs as they were at the beginning."""
        return Declaration(
            name=self.name,
            title=self.title,
            version=self.version,
            inputs=self.inputs,
            outputs=self.outputs,
            states=self.outputs,
            parameters=self.parameters,
            capabilities=frozenset({"state", "cancel"}),
            longest_s=self.longest_s,
        )

    @property
    def echoed(self) -> tuple[str, ...]:
        """Outputs that are inputs: they are told as they are written."""
        told = {variable.name for variable in self.outputs}
        return tuple(variable.name for variable in self.inputs if variable.name in told)

    def margins_at(self, times_s: Array) -> Array:
        """Half widths of the bands at `times_s`, straight between the horizons; shape (times, outputs)."""
        known_s = np.array([0.0, *self.horizons_s])
        known = np.vstack([np.zeros(len(self.outputs)), np.array(self.margins)])
        return np.stack([np.interp(times_s, known_s, column) for column in known.T], axis=1)

    def to_text(self) -> str:
        """As JSON."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_text(cls, text: str) -> "Learned":
        """Read what `to_text` wrote.

        Raises
        ------
        LearnedFileError
            Where it is no description, or one of another format.
        """
        try:
            learned = msgspec.json.decode(text, type=cls)
        except msgspec.MsgspecError as error:
            raise LearnedFileError(f"this describes no learned model: {error}", remedy="train it again") from error
        if learned.format != FORMAT:
            raise LearnedFileError(f"a learned model of format {learned.format}", remedy="train it again")
        return learned
