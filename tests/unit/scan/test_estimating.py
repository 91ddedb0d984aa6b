"""The estimate beside the twin: a pure function of closed scans, spread over them, which the twin can live without."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analytics.quality import GOOD, UNCERTAIN
from stream.envelope import DerivedScan, EstimateTold, ReadingBatch, Tick, TwinChange
from stream.scan import estimate_rules, snapshot
from stream.scan.estimating import MOST_BEHIND_S, RETRY_S, NoEstimateError
from stream.scan.plant_twin import Output, PlantTwin
from twin.atlas.tags import LiveModel, Tag, TagTable, TagTableContent
from twin.estimation.ensemble_filter import EnsembleFilter, Measured
from twin.estimation.plan import EstimatePlan, Instrument, Unknown
from twin.matrix.declaration import Declaration, Variable
from twin.matrix.errors import DivergedError, MissingSimulatorError
from twin.matrix.model_state import ModelState
from twin.matrix.scenario import Scenario
from twin.matrix.snapshot import TwinSnapshot
from twin.matrix.trajectory import Trajectory

S = 1_000_000
T0 = 1_790_000_000 * S
EVERY_S = 10
DELAY_S = 30
MEMBERS = 8
TABLE_OF = Callable[..., TagTable]


def variable(name: str, unit: str, nominal: float, states: tuple[str, ...] = ()) -> Variable:
    return Variable(name=name, description=f"the {name}", unit=unit, low=-1e6, high=1e6, nominal=nominal, states=states)


TANK = Declaration(
    name="tank",
    title="Tank",
    version=1,
    inputs=(variable("TC.OP", "percent", 50.0), variable("TC.MODE", "", 0.0, ("MAN", "AUTO"))),
    outputs=(variable("TI.PV", "K", 300.0), variable("AI.PV", "percent", 50.0)),
    states=(variable("heat", "K", 300.0),),
    parameters=(variable("loss", "dimensionless", 1.0),),
    capabilities=frozenset({"step", "state"}),
    longest_s=1e6,
)


@dataclass
class Tank:
    """Warms by what the valve lets in and cools by a loss that nobody measures; `fails` makes every step raise."""

    fails: bool = False
    stepped: list[int] = field(default_factory=list)
    declaration: Declaration = TANK

    def start(self, twin: TwinSnapshot) -> ModelState:
        if self.fails:
            raise DivergedError("the tank has no solution", remedy="fill it")
        first = [[twin.value(self.declaration.outputs[0])]]
        return ModelState("tank/1", np.array(first), np.array([[1.0]]), np.array([[50.0, 0.0]]))

    def simulate(self, state: ModelState, scenario: Scenario, watch: object = None) -> Trajectory:
        raise NotImplementedError

    def outputs(self, state: ModelState) -> NDArray[np.float64]:
        return np.concatenate([state.states, 0.1 * state.states + 20.0], axis=1)

    def step(self, state: ModelState, duration_s: float, *, hold: bool = False) -> ModelState:
        if self.fails:
            raise ZeroDivisionError("nothing in the tank")
        self.stepped.append(state.members)
        gain = 0.01 * state.inputs[:, :1] - 0.5 * state.parameters
        return state.with_states(state.states + 0.02 * duration_s * gain)

    def follow(self, state: ModelState, settings: Mapping[str, float]) -> ModelState:
        inputs = state.inputs.copy()
        for name, value in settings.items():
            inputs[:, self.declaration.input_index[name]] = value
        return replace(state, inputs=inputs)


PLAN = {
    "every": f"{EVERY_S} s",
    "members": MEMBERS,
    "unknowns": [{"name": "loss", "spread": "0.1", "walk": "0.05"}],
    "instruments": [
        {"tag": "TI.PV", "noise": "0.1 delta_degC"}, {"tag": "AI.PV", "noise": "0.2", "delay": f"{DELAY_S} s"},
    ],
}  # fmt: skip


def tag(tag_id: int, name: str, unit: str, **more: object) -> Tag:
    return Tag(tag_id=tag_id, name=name, description=name, unit=unit, low=-1000, high=1000, **more)  # type: ignore[arg-type]


def table_of(revision: int = 1, **plan: object) -> TagTable:
    content = TagTableContent(
        plant="mill",
        number=7,
        revision=revision,
        tags=(
            tag(1, "TI.PV", "degC", source="opcua"),
            tag(2, "TC.OP", "percent", source="opcua", kind="output"),
            tag(3, "TC.MODE", "", source="opcua", states=("MAN", "AUTO"), kind="mode"),
            tag(4, "AI.PV", "percent", source="opcua", stale_after_s=600),
            tag(5, "QY.PV", "dimensionless", kind="derived", estimate="loss"),
            tag(6, "TY.PV", "degC", kind="derived", estimate="TI.PV"),
            tag(7, "TDY.PV", "delta_degC", kind="derived", expression="[TY.PV] - [TI.PV]"),
        ),
        model=LiveModel(process_model="tank", plan=PLAN | plan),
    )
    return TagTable.of(content)


@pytest.fixture
def tank(monkeypatch: pytest.MonkeyPatch) -> Tank:
    made = Tank()
    monkeypatch.setattr(estimate_rules, "find_model", lambda key: made)
    return made


@dataclass
class Plant:
    """Writes what the plant's source says, second by second, and lets a twin take it."""

    twin: PlantTwin
    batch: Callable[..., ReadingBatch]
    offset: int = -1

    def says(self, second: int, **readings: float) -> list[Output]:
        """Readings by tag, with `_` for the dot in its name; a result of the analyser is `AI_PV`."""
        names = {name.replace("_", ".", 1): value for name, value in readings.items()}
        rows = [
            (self.twin.table.content.tags[self.twin.table.position(n)].tag_id, T0 + second * S, v)
            for n, v in names.items()
        ]
        self.offset += 1
        said = self.batch(self.offset, *rows, tag_table=self.twin.table.name)
        return self.twin.apply(said, self.offset, T0 + second * S)

    def runs(self, begin: int, end: int, **more: float) -> list[Output]:
        """A minute's swing of temperature and valve from second `begin` up to but not including `end`."""
        told: list[Output] = []
        for second in range(begin, end):
            told += self.says(
                second, TI_PV=20.0 + np.sin(second / 9), TC_OP=50.0 + 20 * np.cos(second / 7), TC_MODE=1.0, **more
            )
        return told


@pytest.fixture
def plant(tank: Tank, batch: Callable[..., ReadingBatch]) -> Plant:
    return Plant(new_twin(table_of()), batch)


def new_twin(table: TagTable) -> PlantTwin:
    return PlantTwin.new(table, "log-1", lambda name, offset: table)


def carried_over(twin: PlantTwin) -> PlantTwin:
    table = twin.table
    restored, afresh = snapshot.restore(snapshot.save(twin), table, "log-1", lambda name, offset: table)
    assert afresh == ()
    return restored


def estimates(outputs: list[Output]) -> list[EstimateTold]:
    return [output.estimate for output in outputs if isinstance(output, TwinChange) and output.estimate is not None]


def test_pure_twin_estimate_is_what_the_filter_makes_of_the_scans_one_after_the_other(plant: Plant) -> None:
    """The live estimate, in parts and behind, beside the filter called at once for each window."""
    plant.runs(0, 75)
    plan = EstimatePlan(
        unknowns=(Unknown(name="loss", spread=0.1, walk=0.05),),
        instruments=(
            Instrument(name="TI.PV", noise=0.1), Instrument(name="AI.PV", noise=0.2, delay_s=DELAY_S + EVERY_S),
        ),
        members=MEMBERS,
    )  # fmt: skip
    estimator, rules = EnsembleFilter(Tank(), plan), plant.twin.rules.estimate
    assert rules is not None
    begun = T0 // S
    expected = estimator.start(
        Tank().start(TwinSnapshot("mill", {"TI.PV": 20.0}, {"TI.PV": "degC"})), begun, (rules.seed, 2, begun)
    )
    for end in range(10, 70, 10):
        # A scan closes with the record that comes two seconds later: its grace.
        valve = np.mean([50.0 + 20 * np.cos(second / 7) for second in range(end - 10, end)])
        now, seed = begun + end, (rules.seed, end + 2, begun + end)
        expected = estimator.advance(expected, {"TC.OP": float(valve), "TC.MODE": 1.0}, EVERY_S, (*seed, 0))
        reading = Measured("TI.PV", now, 20.0 + np.sin(end / 9) + 273.15)
        expected = estimator.assimilate(expected, [reading], (*seed, 1))
    live = plant.twin.estimating.estimate
    assert live is not None
    assert live.time_s == expected.time_s
    np.testing.assert_allclose(live.ensemble.states, expected.ensemble.states, rtol=1e-12)
    np.testing.assert_allclose(live.ensemble.parameters, expected.ensemble.parameters, rtol=1e-12)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.sets(st.integers(0, 80), max_size=6), silences=st.sets(st.integers(3, 79), max_size=20))
def test_snapshot_and_replay_pure_twin_estimate_goes_on_bit_for_bit_from_any_offset(
    tank: Tank, batch: Callable[..., ReadingBatch], cuts: set[int], silences: set[int]
) -> None:
    whole, cut = (Plant(new_twin(table_of()), batch) for _ in range(2))
    for second in range(81):
        result = {"AI_PV": 50.0 + second / 40} if second % 20 == 19 else {}
        told = [[] if second in silences and second else one.runs(second, second + 1, **result) for one in (whole, cut)]
        assert [msgspec.msgpack.encode(output) for output in told[0]] == [
            msgspec.msgpack.encode(output) for output in told[1]
        ]
        if second in cuts:
            cut.twin = carried_over(cut.twin.fork())
    assert snapshot.save(whole.twin) == snapshot.save(cut.twin)


def test_no_scan_steps_more_than_its_share_and_each_window_is_done_before_the_next(plant: Plant, tank: Tank) -> None:
    plant.runs(0, 3)
    most = 0
    for second in range(3, 63):
        tank.stepped.clear()
        plant.runs(second, second + 1)
        most = max(most, sum(tank.stepped))
    assert 0 < most <= MEMBERS / 4
    assert len(plant.twin.estimating.windows) <= 1
    assert plant.twin.estimating.estimate is not None
    assert plant.twin.estimating.estimate.time_s * S >= T0 + 40 * S


@pytest.mark.parametrize("every", [1, 2, 5, 60])
def test_the_estimate_keeps_up_whatever_its_pace(tank: Tank, batch: Callable[..., ReadingBatch], every: int) -> None:
    plant = Plant(new_twin(table_of(every=f"{every} s")), batch)
    plant.runs(0, 240)
    assert plant.twin.estimating.estimate is not None
    assert plant.twin.estimating.estimate.time_s >= T0 // S + 240 - 2 * every - 4


def test_the_estimate_keeps_up_with_a_plant_that_reports_seldom(plant: Plant) -> None:
    for second in range(0, 600, 10):
        plant.runs(second, second + 1)
    assert plant.twin.estimating.estimate is not None
    assert plant.twin.estimating.estimate.time_s >= T0 // S + 560


def test_soft_sensors_are_tags_at_the_time_of_the_estimate_uncertain_while_it_learns(plant: Plant) -> None:
    outputs = plant.runs(0, 40)
    soft = [each for each in outputs if isinstance(each, DerivedScan) and len(each.tag_ids) == 8]
    assert [each.scan_time for each in soft] == [T0, T0 + 10 * S, T0 + 20 * S, T0 + 30 * S]
    assert np.frombuffer(soft[-1].tag_ids, dtype="<i4").tolist() == [5, 6]
    told = plant.twin.estimating.told
    assert told is not None
    loss, warmth = np.frombuffer(soft[-1].values, dtype="<f8")
    assert loss == told.unknowns[0].mean
    assert warmth == pytest.approx(told.outputs[0].mean - 273.15)
    live, at = plant.twin.live, plant.twin.table.position
    assert (live.values[at("QY.PV")], live.quality[at("QY.PV")]) == (loss, UNCERTAIN)
    assert live.values[at("TDY.PV")] == pytest.approx(warmth - live.values[at("TI.PV")], abs=0.5)
    plant.runs(40, 720)
    assert plant.twin.estimating.told is not None
    assert not plant.twin.estimating.told.learning
    explains = plant.twin.estimating.told.explains
    assert live.quality[at("QY.PV")] == (GOOD if explains else UNCERTAIN)


def test_soft_sensors_grow_stale_when_their_plant_says_nothing(plant: Plant) -> None:
    plant.runs(0, 40)
    live, at = plant.twin.live, plant.twin.table.position("QY.PV")
    assert not live.stale[at]
    plant.twin.apply(Tick(plant="", at=0), plant.offset + 1, T0 + 80 * S)
    assert live.stale[at]
    assert live.stale[plant.twin.table.position("TDY.PV")]


def test_a_late_result_is_compared_with_what_was_predicted_for_its_sample(plant: Plant) -> None:
    plant.runs(0, 33)
    plant.says(33, TI_PV=20.0, TC_OP=50.0, AI_PV=51.0)
    plant.runs(34, 56)
    estimating = plant.twin.estimating
    assert estimating.estimate is not None
    scores = estimating.estimate.consistency.scores
    assert np.isfinite(scores[:, 1]).sum() == 1, "one analysis came"
    readings = [reading for window in estimating.windows for reading in window.readings]
    assert all(reading.name == "TI.PV" for reading in readings)


def test_a_gap_is_gone_through_in_pieces_and_one_that_is_too_long_begins_anew(plant: Plant, tank: Tank) -> None:
    plant.runs(0, 40)
    plant.runs(200, 203)
    assert {window.duration_s for window in plant.twin.estimating.windows} <= {EVERY_S}
    plant.runs(203, 300)
    told = plant.twin.estimating.told
    assert told is not None
    assert (told.begun, told.time) == (T0, T0 + 290 * S)
    later = 300 + MOST_BEHIND_S
    plant.runs(later, later + 20)
    told = plant.twin.estimating.told
    assert told is not None
    assert told.begun == T0 + later * S


def test_the_twin_lives_on_where_the_model_fails_and_tries_again_later(plant: Plant, tank: Tank) -> None:
    plant.runs(0, 30)
    tank.fails = True
    outputs = plant.runs(30, 50)
    told = plant.twin.estimating.told
    assert told is not None
    assert told.reason == "ZeroDivisionError: nothing in the tank"
    assert [each.reason for each in estimates(outputs)][-1] == told.reason
    assert plant.twin.live.values[plant.twin.table.position("TI.PV")] == pytest.approx(20.0 + np.sin(49 / 9))
    with pytest.raises(NoEstimateError, match="nothing in the tank"):
        plant.twin.newest_estimate()
    tank.fails = False
    plant.runs(50, 60)
    assert plant.twin.estimating.estimate is None
    plant.runs(50 + RETRY_S, 52 + RETRY_S + 3)
    assert plant.twin.estimating.estimate is not None


def test_the_twin_lives_without_a_simulator_and_says_why(
    monkeypatch: pytest.MonkeyPatch, batch: Callable[..., ReadingBatch]
) -> None:
    def missing(key: str) -> Tank:
        raise MissingSimulatorError("the simulator is not installed", remedy="install it")

    monkeypatch.setattr(estimate_rules, "find_model", missing)
    plant = Plant(new_twin(table_of()), batch)
    outputs = plant.runs(0, 20)
    assert "not installed" in estimates(outputs)[0].reason
    assert plant.twin.estimating.estimate is None
    assert plant.twin.live.values[plant.twin.table.position("TI.PV")] != 0
    with pytest.raises(NoEstimateError, match="not installed"):
        plant.twin.newest_estimate()
    assert snapshot.save(carried_over(plant.twin)) == snapshot.save(plant.twin)


def test_a_plan_that_does_not_fit_its_model_is_the_reason_with_all_faults(
    tank: Tank, batch: Callable[..., ReadingBatch]
) -> None:
    wrong = table_of(unknowns=[{"name": "los", "spread": "1"}, {"name": "heat", "spread": "1 kg"}])
    twin = new_twin(wrong)
    assert twin.estimating.told is not None
    assert "did you mean 'loss'" in twin.estimating.told.reason
    assert "kg" in twin.estimating.told.reason


def test_a_revision_that_estimates_the_same_goes_on_and_another_begins_anew(plant: Plant) -> None:
    plant.runs(0, 45)
    before = plant.twin.estimating.estimate
    plant.twin.move_to(table_of(2, gate=4.0))
    assert plant.twin.estimating.estimate is before
    plant.runs(45, 60)
    assert plant.twin.estimating.estimate is not before
    plant.twin.move_to(table_of(3, members=MEMBERS + 1))
    assert plant.twin.estimating.estimate is None


def test_a_snapshot_of_another_plan_lets_the_estimate_begin_anew_and_the_rest_continue(plant: Plant) -> None:
    plant.runs(0, 45)
    other = table_of(members=MEMBERS + 1)
    raw = msgspec.msgpack.decode(snapshot.save(plant.twin))
    raw["tag_table"] = other.name
    restored, afresh = snapshot.restore(msgspec.msgpack.encode(raw), other, "log-1", lambda name, offset: other)
    assert afresh == ("estimating",)
    assert restored.estimating.estimate is None
    assert restored.offset == plant.twin.offset


def test_newest_estimate_is_at_the_newest_scan_with_the_settings_of_then_and_leaves_the_twin_alone(
    plant: Plant, tank: Tank
) -> None:
    plant.runs(0, 56)
    before = snapshot.save(plant.twin)
    newest = plant.twin.newest_estimate()
    assert newest.time_s == T0 // S + 53
    assert newest.ensemble.members == MEMBERS
    assert newest.ensemble.inputs[0].tolist() == pytest.approx([50.0 + 20 * np.cos(53 / 7), 1.0])
    assert snapshot.save(plant.twin) == before
    again = carried_over(plant.twin).newest_estimate()
    assert np.array_equal(again.ensemble.states, newest.ensemble.states)
