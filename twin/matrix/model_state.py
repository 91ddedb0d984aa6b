"""The state of a process model: one or many members, as arrays that nobody can change."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.matrix.errors import OutOfRangeError, SnapshotError

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ModelState:
    """Everything that a model needs to go on from here; picklable, and never changed.

    A state holds one member or an ensemble. Since the arrays are read-only, a fork is the same object: whatever is
    done with it makes a new one.

    Parameters
    ----------
    model
        Name and version of the model whose state it is.
    states, parameters, inputs
        By the declaration's order, shapes (members, states), (members, parameters) and (members, inputs). Inputs are
        for reading: setpoints, outputs and modes as they stand; `follow` and scenarios write them.
    memory
        What the numbers do not say, one packet for each member (control systems, random generators, a simulator's own
        memory); empty where they say it all.
    """

    model: str
    states: Array
    parameters: Array
    inputs: Array
    memory: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        members = len(self.states)
        for name in ("states", "parameters", "inputs"):
            array = np.array(getattr(self, name), dtype=np.float64)
            if array.ndim != 2 or len(array) != members or members == 0:
                raise ValueError(f"{name} have shape {array.shape}; give (members, {name}), with one member at least")
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        if self.memory and len(self.memory) != members:
            raise ValueError(f"{len(self.memory)} memories for {members} members; give each member its own, or none")

    def check(self, model: str) -> None:
        """Refuse to be taken for the state of another model; raises `SnapshotError`."""
        if self.model != model:
            raise SnapshotError(
                f"a state of {self.model} was given to {model}", remedy="start the model from a snapshot of the twin"
            )

    @property
    def members(self) -> int:
        """How many members the ensemble has; 1 for a single state."""
        return len(self.states)

    def member(self, index: int) -> "ModelState":
        """One member alone."""
        return self.taken(slice(index, index + 1) if index >= 0 else slice(index, index + 1 or None))

    def taken(self, which: slice) -> "ModelState":
        """Some members, in their order."""
        return replace(
            self,
            states=self.states[which],
            parameters=self.parameters[which],
            inputs=self.inputs[which],
            memory=self.memory[which],
        )

    def repeated(self, members: int) -> "ModelState":
        """An ensemble of equal members, each like this single state."""
        if self.members != 1:
            raise ValueError(f"an ensemble of {self.members} cannot be repeated; take one member first")
        return replace(
            self,
            states=np.repeat(self.states, members, axis=0),
            parameters=np.repeat(self.parameters, members, axis=0),
            inputs=np.repeat(self.inputs, members, axis=0),
            memory=self.memory * members,
        )

    def with_states(self, states: ArrayLike) -> "ModelState":
        """The same with other states; shape (members, states)."""
        return replace(self, states=_like(states, self.states, "states"))

    def with_parameters(self, parameters: ArrayLike) -> "ModelState":
        """The same with other parameters; shape (members, parameters)."""
        return replace(self, parameters=_like(parameters, self.parameters, "parameters"))


def joined(states: "list[ModelState]") -> ModelState:
    """One ensemble of all members of several states of the same model."""
    return ModelState(
        states[0].model,
        np.concatenate([state.states for state in states]),
        np.concatenate([state.parameters for state in states]),
        np.concatenate([state.inputs for state in states]),
        tuple(packet for state in states for packet in state.memory),
    )


def _like(given: ArrayLike, held: Array, what: str) -> Array:
    array = np.asarray(given, dtype=np.float64)
    if array.shape != held.shape:
        raise ValueError(f"{what} of shape {array.shape} where {held.shape} is held; give one row for each member")
    if not np.all(np.isfinite(array)):
        raise OutOfRangeError(f"{what} hold a value that is no finite number", remedy="bound what is written to them")
    return array
