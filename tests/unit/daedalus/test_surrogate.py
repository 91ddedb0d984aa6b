import numpy as np
import pytest

from tests.unit.daedalus.conftest import LEARNED, TANK, model_file
from twin.daedalus.errors import LearnedFileError
from twin.daedalus.learned import Learned
from twin.daedalus.surrogate import Surrogate
from twin.daedalus.windows import Window
from twin.matrix.contract import ModelCase, ProcessModelContract
from twin.matrix.errors import OutOfRangeError, ScenarioError, SnapshotError
from twin.matrix.model_state import joined
from twin.matrix.scenario import Change, Scenario
from twin.matrix.snapshot import TwinSnapshot


@pytest.fixture(scope="module")
def model():
    return Surrogate(model_file())


class TestSurrogate(ProcessModelContract):
    @pytest.fixture
    def case(self, twin) -> ModelCase:
        content = model_file()
        return ModelCase(
            make=lambda: Surrogate(content),
            twin=twin,
            changes=("TIC-1.SP=60 degC over 3 min at 30 s",),
            same_changes=("TIC-1.SP=333.15 K over 180 s at 0.5 min",),
            watched="TI-1.PV",
            long_horizon="2 h",
        )


def asked(*changes, horizon_s=3600.0, every_s=60.0):
    return Scenario(changes=changes, horizon_s=horizon_s, every_s=every_s)


def to(value, name="TIC-1.SP"):
    return Change(name=name, value=value, unit="degC")


def test_a_forecast_begins_where_the_plant_is_and_settings_are_told_as_written(model, twin):
    told = model.simulate(model.start(twin), asked(to(60.0), every_s=45.0))
    assert told["TI-1.PV"][0, 0] == pytest.approx(45.0)
    assert told["TIC-1.SP"][0].tolist() == [60.0] * len(told.times_s)
    assert told.model == "tank/surrogate/1"


def test_pieces_and_members_leave_no_trace_in_the_answer(model, twin):
    state, long = model.start(twin), asked(to(60.0), horizon_s=7200.0)
    alone = model.simulate(state, long).values[0]
    fine = model.simulate(state, asked(to(60.0), horizon_s=7200.0, every_s=20.0)).values[0]
    assert np.array_equal(fine[::3], alone)
    other = state.with_states(state.states + np.array([[7.0, 0.0]]))
    for members in (2, 8, 11):
        ensemble = joined([other] * (members - 1) + [state])
        assert np.array_equal(model.simulate(ensemble, long).values[-1], alone)


def test_a_window_is_told_like_the_question_it_is(model, twin):
    state, question = model.start(twin), asked(to(60.0))
    told = model.simulate(state, question).values[0]
    drive = np.tile([10.0, 0.0, 10.0, 0.0], (60, 1))
    window = Window(np.array([45.0, 50.0, 50.0]), drive, np.zeros((60, 2)))
    for several in ([window], [window] * 9):
        assert model.told(several)[-1] == pytest.approx(told[1:], abs=1e-9)


def test_between_horizons_bands_are_straight_and_begin_at_nothing(model):
    assert model.margins(np.array([0.0, 300.0, 600.0, 3900.0, 9000.0]))[:, 0] == pytest.approx([0, 0.5, 1, 2, 3])


@pytest.mark.parametrize(
    ("tag", "value", "message"),
    [
        ("TIC-1.MODE", 0.0, "TIC-1.MODE is MAN, but the learned model was taught with AUTO"),
        ("TI-1.PV", 273.15 + 90.0, "TI-1.PV is 90 degC, but the learned model has only seen 20 degC to 80 degC"),
    ],
)
def test_a_plant_that_was_never_seen_like_this_is_refused(model, twin, tag, value, message):
    with pytest.raises(OutOfRangeError, match=message):
        model.start(TwinSnapshot("tank", {**twin.values, tag: value}, twin.units))


def test_estimated_parameters_are_taken_where_they_are_told(model, twin):
    known = TwinSnapshot("tank", {**twin.values, "loss": 3.0}, {**twin.units, "loss": "delta_degC"})
    assert model.start(known).parameters.tolist() == [[3.0]]
    assert model.start(twin).parameters.tolist() == [[5.0]]


@pytest.mark.parametrize(
    ("question", "field", "message"),
    [
        (asked(Change(name="TIC-1.MODE", value=0.0, unit="")), "changes[0].TIC-1.MODE", "was not taught what it does"),
        (asked(to(120.0)), "changes[0].TIC-1.SP", "120 degC is outside 0 degC to 100 degC"),
        (asked(horizon_s=9000.0), "horizon", "2.5 h is further than the learned model was judged"),
    ],
)
def test_questions_beyond_what_was_taught_name_the_field_and_the_remedy(model, twin, question, field, message):
    with pytest.raises(ScenarioError, match=message) as told:
        model.simulate(model.start(twin), question)
    assert [(fault.path, bool(fault.remedy)) for fault in told.value.faults] == [(field, True)]


def test_a_tag_that_is_missing_is_named(model, twin):
    with pytest.raises(SnapshotError, match=r"TI-1\.PV"):
        model.start(TwinSnapshot("tank", {"TIC-1.SP": 50.0}, {"TIC-1.SP": "degC"}))


def test_what_is_no_learned_model_is_told():
    with pytest.raises(LearnedFileError, match="no learned model"):
        Surrogate(b"nothing")
    with pytest.raises(LearnedFileError, match="describes no learned model"):
        Learned.from_text('{"format": 1}')
    with pytest.raises(LearnedFileError, match="format 2"):
        Learned.from_text(LEARNED.to_text().replace('"format":1', '"format":2'))


def test_the_description_travels_in_the_file(model):
    assert model.learned == LEARNED
    assert model.declaration.outputs == TANK.outputs
