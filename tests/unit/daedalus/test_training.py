from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from msgspec.structs import replace as with_

from tests.unit.daedalus.conftest import LEARNED, RECIPE, TANK, Tank
from twin.daedalus import lesson as lessons
from twin.daedalus.card import card
from twin.daedalus.errors import NotLearnedError
from twin.daedalus.lesson import lesson
from twin.daedalus.library import Library
from twin.daedalus.runs import Run, simulated_runs
from twin.daedalus.scaling import Scaling
from twin.daedalus.surrogate import Surrogate
from twin.daedalus.training import Course, train
from twin.daedalus.windows import Cutter
from twin.matrix.scenario import Change, Scenario

torch = pytest.importorskip("torch", reason="the extra 'ai' is not installed")
pytestmark = pytest.mark.slow

COURSE = Course(name="tank/surrogate", version=3, seed=3, made_at="2026-01-02T03:04:05+00:00")


def test_the_file_tells_what_the_network_tells(recipe):
    from twin.daedalus.exporting import exported
    from twin.daedalus.network import Recurrence

    torch.manual_seed(1)
    runs = list(simulated_runs(Tank(), replace(recipe, runs=3), 1))
    windows = list(Cutter(90, (True, False)).drawn(runs, 4, np.random.default_rng(1)))
    network = Recurrence(Scaling.of(windows, np.array([100.0, 100.0]), recipe.spans), hidden=6, context=4)
    weights = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    told = Surrogate(exported(weights, LEARNED)).told(windows)
    begins = np.stack([window.begin for window in windows])
    drives = np.stack([window.drive for window in windows])
    with torch.no_grad():
        moved = network(torch.tensor(begins).float(), torch.tensor(drives).float(), torch.arange(90)) * network.move
    assert told[:, :, 0] == pytest.approx(begins[:, None, 0] + moved[:, :, 0].numpy(), abs=1e-4)
    assert np.ptp(moved[:, :, 0].numpy()) > 0.5, "it tells something"


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    (folder / "tank").mkdir()
    (folder / "tank" / "recipe.toml").write_text(RECIPE)
    return Library((folder,))


@pytest.fixture(scope="module")
def trained(library):
    heard = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lessons, "find_model", {"tank": Tank()}.__getitem__)
        made = lesson("tank", library, seed=3, made_at="2026-01-02T03:04:05+00:00", watch=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == pytest.approx(1.0)
    return made


def test_a_lesson_keeps_a_version_that_foretells_the_process(trained, library):
    assert library.versions("tank") == (1,)
    surrogate = Surrogate(library.content("tank", 1))
    assert surrogate.learned == trained.learned
    making = trained.learned.making
    assert making.runs == (28, 6, 6)
    marks = {(one.output, one.horizon_s): one for one in making.errors}
    assert set(marks) == {("TI-1.PV", 3600.0), ("TI-1.PV", 28800.0)}, "what is echoed needs no mark"
    assert marks["TI-1.PV", 28800.0].mean < 0.4 * marks["TI-1.PV", 28800.0].persistence
    twin = lessons_twin()
    question = Scenario(changes=(Change(name="TIC-1.SP", value=70.0, unit="degC"),), horizon_s=7200.0, every_s=300.0)
    told = surrogate.simulate(surrogate.start(twin), question)["TI-1.PV"][0]
    assert told[0] == 45.0
    assert told[-1] == pytest.approx(64.6, abs=6.0)


def lessons_twin():
    from twin.daedalus.runs import usual

    return usual(TANK)


def test_its_card_tells_what_it_is_worth(trained, library):
    text = library.card("tank", 1)
    assert text == card(trained.learned)
    for part in (
        "# Heated tank, learned, version 1",
        "| TIC-1.SP | Heater | 20 degC | 80 degC |",
        "These stood still: TIC-1.MODE AUTO.",
        "`atlas train tank --seed 3` made it on 2026-01-02",
        "28 runs to learn from in 12 passes, 6 for the bands, 6 to judge it",
    ):
        assert part in text
    with pytest.raises(ValueError, match="nothing of how it was made"):
        card(with_(trained.learned, making=None))


def test_what_is_no_better_than_persistence_is_refused(recipe):
    rng = np.random.default_rng(1)
    still = [
        Run(np.full((157, 2), 45.0) + 0.01 * rng.standard_normal((157, 2)), levels, levels)
        for levels in (np.full((157, 2), [50.0, 5.0]) for _ in range(12))
    ]
    with pytest.raises(NotLearnedError, match="saying that nothing changes by.*teach it longer"):
        train(replace(recipe, epochs=1), TANK, still, COURSE)


def test_too_few_runs_are_refused(recipe):
    runs = list(simulated_runs(Tank(), replace(recipe, runs=9), 1))
    with pytest.raises(NotLearnedError, match="9 runs are long enough to look 8 h ahead; 10 are needed"):
        train(recipe, TANK, runs, COURSE)


def test_serving_needs_nothing_that_trains():
    code = (
        "import sys; from twin.daedalus import serving, surrogate, lesson; "
        "assert not {'torch', 'lightning', 'onnx', 'onnxruntime', 'mlflow'} & set(sys.modules), 'too much is loaded'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
