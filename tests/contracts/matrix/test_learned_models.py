"""The learned models that ship, and the blend of one with its process model, keep the contract of all models."""

from __future__ import annotations

import numpy as np
import pytest

from tests.contracts.matrix.test_models import twin_of
from twin.daedalus.library import Library
from twin.daedalus.surrogate import Surrogate
from twin.matrix.blend import Blend
from twin.matrix.contract import ModelCase, ProcessModelContract
from twin.matrix.registry import find_model
from twin.matrix.scenario import Scenario
from twin.matrix.williams_otto.adapter import WilliamsOttoProcess
from twin.matrix.williams_otto.model import WilliamsOttoModel

LIBRARY = Library.open()


def learned(plant: str) -> Surrogate:
    return Surrogate(LIBRARY.content(plant, LIBRARY.pointed(plant)))


class TestLearnedWilliamsOtto(ProcessModelContract):
    @pytest.fixture(scope="class")
    @classmethod
    def case(cls) -> ModelCase:
        return ModelCase(
            make=lambda: find_model("williams-otto/surrogate"),
            twin=twin_of("williams-otto", WilliamsOttoModel()),
            changes=("TIC-101.SP=85 degC over 3 min", "FIC-102.SP=5 kg/s at 1 min"),
            same_changes=("FIC-102.SP=18000 kg/h at 60 s", "TIC-101.SP=358.15 K over 0.05 h"),
            watched="TIC-101.PV",
        )


class TestBlendedWilliamsOtto(ProcessModelContract):
    @pytest.fixture(scope="class")
    @classmethod
    def case(cls) -> ModelCase:
        return ModelCase(
            make=lambda: Blend([WilliamsOttoProcess(), learned("williams-otto")]),
            twin=twin_of("williams-otto", WilliamsOttoModel()),
            changes=("TIC-101.SP=85 degC over 3 min",),
            same_changes=("TIC-101.SP=358.15 K over 180 s",),
            watched="TIC-101.PV",
            refused=("TIC-101.OP=50 %", "TIC-102.SP=100 degC"),
        )


@pytest.mark.parametrize("plant", LIBRARY.plants())
def test_models_that_ship_are_small_have_a_card_and_beat_no_change(plant: str) -> None:
    version = LIBRARY.pointed(plant)
    assert len(LIBRARY.content(plant, version)) < 500_000
    model, card = learned(plant), LIBRARY.card(plant, version)
    assert card.startswith(f"# {model.learned.title}, version {version}\n")
    making = model.learned.making
    assert making is not None
    for horizon_s in (3600.0, 28800.0):
        told = [one for one in making.errors if one.horizon_s == horizon_s]
        assert {one.output for one in told} <= model.declaration.output_index.keys()
        assert sum(one.mean for one in told) < 0.5 * sum(one.persistence for one in told)
        assert 0.75 < float(np.mean([one.held for one in told])) < 1.0


def test_the_question_of_the_demo_is_foretold_as_physics_does() -> None:
    """80 to 85 degC over 8 h from the design's steady state, in percent of the instruments' ranges."""
    physics, surrogate = WilliamsOttoProcess(), learned("williams-otto")
    twin = twin_of("williams-otto", WilliamsOttoModel())
    question = Scenario.parse(["TIC-101.SP=85 degC"], "8 h", surrogate.declaration, every="1 min")
    truth, told = (model.simulate(model.start(twin), question).values[0] for model in (physics, surrogate))
    spans = np.array([one.high - one.low for one in physics.declaration.outputs])
    off = 100.0 * np.abs(told - truth) / spans
    at = {name: place for place, name in enumerate(surrogate.declaration.output_index)}
    for name in ("TIC-101.PV", "AI-101E.PV", "AI-101P.PV", "AI-101G.PV"):
        for minutes in (60, 480):
            assert off[minutes, at[name]] < 1.0, f"{name} after {minutes} min is {off[minutes, at[name]]} % off"
