"""What a process model declares of itself: its variables with unit and range, and what it can do."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from twin.matrix.signal import Signal

Capability = Literal["step", "state", "gradients", "warm_start", "cancel"]
"""What a model may be able to do beyond `simulate`.

`step`
    It advances an ensemble by a duration and tells its outputs (`twin.matrix.port.SteppableModel`).
`state`
    Its states and parameters may be replaced in a `ModelState`; without it they are for reading.
`gradients`
    It tells derivatives beside the trajectory (`twin.matrix.port.DifferentiableModel`).
`warm_start`
    A run that begins where another ended is faster than one from nothing.
`cancel`
    A watch that raises ends a run within a second.
"""


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One input, output, state or parameter.

    `low` and `high` are the range that the model is valid in, `nominal` its usual value, all in `unit`. `states` names
    the integers of an enumeration in order from 0.
    """

    name: str
    description: str
    unit: str
    low: float
    high: float
    nominal: float
    states: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.low <= self.nominal <= self.high:
            raise ValueError(
                f"variable {self.name}: {self.nominal} is not in its range {self.low} to {self.high}; "
                "give a range that holds the nominal value"
            )

    @classmethod
    def of(cls, signal: Signal, nominal: float) -> "Variable":
        """The variable that a plant shows as `signal`."""
        return cls(
            name=signal.name,
            description=signal.description,
            unit=signal.unit,
            low=signal.low,
            high=signal.high,
            nominal=nominal,
            states=signal.states,
        )

    def written(self, value: float) -> str:
        """A value as people read it, with its unit or in the enumeration's word."""
        if self.states and value == int(value) and 0 <= value < len(self.states):
            return self.states[int(value)]
        return f"{value:g} {self.unit}".rstrip()


@dataclass(frozen=True)
class Declaration:
    """Everything that a model says of itself before it runs.

    `inputs` are what an operator writes: setpoints, outputs, modes, tuning. `parameters` are what acts on the process
    or ages in it without anyone writing it, and what an estimator may look for; a scenario may change both. `states`
    are the model's memory, `outputs` what a trajectory tells. `longest_s` is the longest horizon it answers for.
    """

    name: str
    title: str
    version: int
    inputs: tuple[Variable, ...]
    outputs: tuple[Variable, ...]
    states: tuple[Variable, ...]
    parameters: tuple[Variable, ...]
    capabilities: frozenset[Capability]
    longest_s: float

    def __post_init__(self) -> None:
        for what in (self.inputs, self.outputs, self.states, self.parameters):
            names = [variable.name for variable in what]
            twice = {name for name in names if names.count(name) > 1}
            if twice:
                raise ValueError(f"model {self.name} declares {sorted(twice)} twice; give each a name of its own")

    @property
    def id(self) -> str:
        """Name and version, as states and trajectories bear them."""
        return f"{self.name}/{self.version}"

    @cached_property
    def changeable(self) -> dict[str, Variable]:
        """What a scenario may change, by name: inputs and parameters."""
        return {variable.name: variable for variable in (*self.inputs, *self.parameters)}

    @cached_property
    def input_index(self) -> dict[str, int]:
        """Place of each input by name."""
        return _index(self.inputs)

    @cached_property
    def output_index(self) -> dict[str, int]:
        """Place of each output by name."""
        return _index(self.outputs)

    @cached_property
    def state_index(self) -> dict[str, int]:
        """Place of each state by name."""
        return _index(self.states)

    @cached_property
    def parameter_index(self) -> dict[str, int]:
        """Place of each parameter by name."""
        return _index(self.parameters)


def _index(variables: Iterable[Variable]) -> dict[str, int]:
    return {variable.name: at for at, variable in enumerate(variables)}
