"""Models small enough to know the answer of: linear ones behind the port, and Lorenz's of 1996."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from twin.matrix.declaration import Declaration, Variable
from twin.matrix.model_state import ModelState
from twin.matrix.scenario import Scenario
from twin.matrix.trajectory import Trajectory


def variables(letter: str, count: int, low: float = -1e9, high: float = 1e9) -> tuple[Variable, ...]:
    return tuple(
        Variable(name=f"{letter}{number}", description="", unit="dimensionless", low=low, high=high, nominal=0.0)
        for number in range(count)
    )


class SteppedModel:
    """What models of the tests share: they only step, one second at a time, and tell outputs."""

    def __init__(self, inputs: int, outputs: int, states: int, parameters: tuple[Variable, ...]) -> None:
        self.declaration = Declaration(
            name="test",
            title="a model of the tests",
            version=1,
            inputs=variables("u", inputs),
            outputs=variables("y", outputs),
            states=variables("x", states),
            parameters=parameters,
            capabilities=frozenset({"step", "state"}),
            longest_s=1e9,
        )

    def single(self, states: ArrayLike, parameters: ArrayLike = ()) -> ModelState:
        rows = [np.atleast_2d(np.asarray(row, dtype=float)) for row in (states, parameters)]
        return ModelState("test", rows[0], rows[1], np.zeros((1, len(self.declaration.inputs))))

    def start(self, twin: object) -> ModelState:
        raise NotImplementedError

    def simulate(self, state: ModelState, scenario: Scenario, watch: object = None) -> Trajectory:
        raise NotImplementedError

    def follow(self, state: ModelState, settings: Mapping[str, float]) -> ModelState:
        inputs = state.inputs.copy()
        for name, value in settings.items():
            inputs[:, self.declaration.input_index[name]] = value
        return replace(state, inputs=inputs)

    def step(self, state: ModelState, duration_s: float, *, hold: bool = False) -> ModelState:
        for _ in range(int(duration_s)):
            state = state.with_states(self.next(state))
        return state

    def next(self, state: ModelState) -> NDArray[np.float64]:
        raise NotImplementedError

    def outputs(self, state: ModelState) -> NDArray[np.float64]:
        raise NotImplementedError


class LinearModel(SteppedModel):
    """x' = a x + b p + c u each second, y = h x + d p; x states, p parameters, u inputs."""

    def __init__(
        self, a: ArrayLike, b: ArrayLike, h: ArrayLike, d: ArrayLike | None = None, bound: float = 1e9
    ) -> None:
        self.a, self.b, self.h = (np.atleast_2d(np.asarray(matrix, dtype=float)) for matrix in (a, b, h))
        parameters = self.b.shape[1]
        self.d = np.zeros((len(self.h), parameters)) if d is None else np.asarray(d, dtype=float)
        super().__init__(1, len(self.h), len(self.a), variables("p", parameters, -bound, bound))

    def next(self, state: ModelState) -> NDArray[np.float64]:
        return state.states @ self.a.T + state.parameters @ self.b.T + state.inputs[:, :1]

    def outputs(self, state: ModelState) -> NDArray[np.float64]:
        return state.states @ self.h.T + state.parameters @ self.d.T


class Lorenz96(SteppedModel):
    """40 variables, forcing 8, everything observed; a second of ours is 0.05 of its units of time, by Runge-Kutta."""

    def __init__(self) -> None:
        super().__init__(0, 40, 40, ())

    def outputs(self, state: ModelState) -> NDArray[np.float64]:
        return state.states

    def next(self, state: ModelState) -> NDArray[np.float64]:
        return self.after(state.states)

    @staticmethod
    def after(x: NDArray[np.float64], step: float = 0.05) -> NDArray[np.float64]:
        def slope(x: NDArray[np.float64]) -> NDArray[np.float64]:
            return (np.roll(x, -1, -1) - np.roll(x, 2, -1)) * np.roll(x, 1, -1) - x + 8.0

        k1 = slope(x)
        k2 = slope(x + 0.5 * step * k1)
        k3 = slope(x + 0.5 * step * k2)
        k4 = slope(x + step * k3)
        return np.asarray(x + step / 6 * (k1 + 2 * (k2 + k3) + k4))


@pytest.fixture(scope="session")
def linear_model() -> Callable[..., LinearModel]:
    """Makes linear models."""
    return LinearModel


@pytest.fixture(scope="session")
def lorenz96() -> Lorenz96:
    """Lorenz's model."""
    return Lorenz96()
