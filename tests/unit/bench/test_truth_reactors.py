"""The fleet of reactors does what the simulated plant does, second by second."""

from pathlib import Path

import numpy as np
import pytest

from connectors.simulated.config import ScheduleConfig, SimulatedPlantConfig
from connectors.simulated.plant import SimulatedPlant
from connectors.simulated.plant_kinds import KINDS
from stream.bench.truth_fleet import Surprises
from stream.bench.truth_reactors import Reactors
from twin.matrix.williams_otto.equations import measurements
from twin.matrix.williams_otto.model import INSTRUMENTS

KIND = KINDS["williams-otto"]
EXACT = (0.0,) * len(INSTRUMENTS)


def reactors(seeds=(7,), deviations=EXACT, **others):
    return Reactors(seeds, Surprises(make_drift=KIND.make_drift, deviations=deviations), **others)


def test_without_noise_it_is_the_simulated_plant(tmp_path: Path):
    config = SimulatedPlantConfig(
        plant="williams-otto", port=1, folder=tmp_path, seed=7, noise=False, schedule=ScheduleConfig(on=False)
    )
    plant, fleet = SimulatedPlant(config, 0), reactors((3, 7))
    for _ in range(2):
        for _ in range(450):
            plant.scan(record=False)
        fleet.go_on(450)
        plant.write("TIC-101.SP", 85.0)
        fleet.write("TIC-101.SP", 85.0)
    expected = measurements(plant.model.state, plant.model.surroundings)
    assert fleet.truth()[1, : len(INSTRUMENTS)] == pytest.approx(expected, rel=1e-9)
    assert fleet.settings()[1] == pytest.approx(plant.model.read_settings(), rel=1e-9)
    assert abs(fleet.truth()[0, 3] - expected[3]) > 1e-4


def test_a_plant_s_course_does_not_depend_on_its_neighbours():
    alone, among = reactors((7,), KIND.deviations), reactors((3, 7, 9), KIND.deviations)
    for fleet in (alone, among):
        fleet.go_on(200)
    assert np.array_equal(alone.shown()[0], among.shown()[1])
    assert not np.array_equal(among.shown()[0], among.shown()[1])


def test_instruments_are_noisy_and_what_is_true_is_not():
    fleet = reactors(range(200), KIND.deviations)
    spread = (fleet.shown() - fleet.truth())[:, : len(INSTRUMENTS)].std(axis=0)
    assert spread == pytest.approx(np.array(KIND.deviations), rel=0.25)


def test_the_analyser_s_results_come_late_with_the_time_of_their_sample():
    fleet = reactors()
    fleet.go_on(120)
    assert {reading.name[:2] for reading in fleet.readings()[0]}.isdisjoint({"AI"})
    fleet.go_on(60)
    results = [reading for reading in fleet.readings()[0] if reading.name.startswith("AI")]
    assert [(reading.name[-4], reading.time_s) for reading in results] == [(name, 0) for name in "ABCEGP"]
    assert all(reading.time_s == 180 for reading in fleet.readings()[0])


def test_inert_of_feed_b_is_in_the_plant_alone():
    pure, other = reactors(), reactors(purity_b=0.98)
    for fleet in (pure, other):
        fleet.go_on(1800)
    shares = [fleet.truth()[0, 9:15].sum() for fleet in (pure, other)]
    assert shares[0] - shares[1] == pytest.approx(1.0, abs=0.5)


def test_valves_are_told_as_means():
    fleet = reactors()
    fleet.go_on(10)
    opened = fleet.meanwhile()
    assert set(opened) == {"FIC-101.OP", "FIC-102.OP", "LIC-101.OP", "TIC-102.OP"}
    assert opened["FIC-101.OP"][0] == pytest.approx(100 * 1.8275 / 4.0, rel=0.01)
