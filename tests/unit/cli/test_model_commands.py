import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from api.cli.models import models
from api.cli.train import train
from tests.unit.daedalus.conftest import LEARNED, model_file
from twin.daedalus.errors import LearnedFileError
from twin.daedalus.learned import Errors, Making
from twin.daedalus.library import Library, use_models
from twin.daedalus.training import Trained

MAKING = Making(
    made_at="2026-01-01T00:00:00+00:00",
    seed=4,
    runs=(7, 2, 1),
    windows=(12, 6),
    simulated_h=100.0,
    recorded_h=0.0,
    epochs=3,
    software={"torch": "9"},
    errors=tuple(
        Errors(output="TI-1.PV", horizon_s=at, mean=0.21, large=1.0, persistence=2.34, held=0.9)
        for at in (3600.0, 28800.0)
    ),
)


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("ATLAS_MODELS", str(tmp_path / "models"))
    library = Library((tmp_path / "models",))
    for version in (1, 2):
        library.add("tank", version, model_file(version), f"# Card {version}")
    library.point("tank", 1)

    def run(command, *arguments, fails=None):
        result = CliRunner().invoke(
            command, [*arguments, "--data-dir", str(tmp_path)], catch_exceptions=fails is not None
        )
        if fails is not None:
            assert isinstance(result.exception, fails)
            return str(result.exception)
        assert result.exit_code == 0, result.output
        return result.output

    yield run
    use_models(None)


def test_kept_models_are_listed_shown_and_taken_into_use(run):
    assert "tank                     versions 1, 2; in use 1\n" in run(models, "list")
    assert run(models, "card", "tank") == "# Card 1\n"
    assert run(models, "card", "tank", "--version", "2") == "# Card 2\n"
    assert run(models, "use", "tank", "2") == "Version 2 of tank is in use.\n"
    assert "in use 2" in run(models, "list")
    assert "no 7.onnx among the learned models of 'tank'" in run(models, "use", "tank", "7", fails=LearnedFileError)


@pytest.fixture
def taught(monkeypatch):
    asked = []

    def lesson(plant, library, *, seed, made_at, recorded, watch):
        assert seed == 4
        asked.append(recorded(None, None))
        watch(0.5)
        watch(1.0)
        trained = Trained(model_file(3), replace(LEARNED, version=3, making=MAKING))
        library.add(plant, 3, trained.content, "# Card 3")
        return trained

    monkeypatch.setattr("twin.daedalus.lesson.lesson", lesson)
    return asked


def test_a_model_that_was_taught_is_taken_into_use_and_says_what_it_is_worth(run, taught):
    told = run(train, "tank", "--seed", "4")
    assert "After 1 h it is on average 0.21 % of an instrument's range off; saying that nothing changes, 2.3 %." in told
    assert told.endswith("Version 3 of tank is in use.\n")
    assert "in use 3" in run(models, "list")


def test_a_model_may_be_kept_without_being_used(run, taught):
    run(train, "tank", "--seed", "4", "--keep-only")
    assert "versions 1, 2, 3; in use 1" in run(models, "list")


def test_models_go_to_an_mlflow_server_and_come_from_it(run, taught, monkeypatch):
    kept = {}

    class Registry:
        def __init__(self, uri):
            assert uri == "http://registry"

        def register(self, file, alias, parameters, metrics):
            kept[file.name, alias] = file
            assert parameters == {"seed": 4, "epochs": 3, "torch": "9"}
            assert metrics == {"mean_1h_percent": 0.21, "mean_8h_percent": 0.21}

        def fetch(self, name, alias):
            return kept[name, alias]

    monkeypatch.setattr("twin.metis.model_registry.MlflowRegistry", Registry)
    told = run(train, "tank", "--seed", "4", "--mlflow", "http://registry")
    assert "Registered as tank-surrogate at http://registry." in told
    run(models, "use", "tank", "1")
    run(models, "fetch", "tank", "--mlflow", "http://registry")
    assert "versions 1, 2, 3; in use 3" in run(models, "list")
    assert list(kept) == [("tank/surrogate", "in-use")]


def test_the_plants_past_is_learned_from_where_that_is_wanted(run, taught, monkeypatch):
    async def read_runs(database, plant, begin_us, end_us, recipe, process):
        assert (database.dsn, plant, end_us - begin_us) == ("postgresql://here/db", "tank", 48 * 3_600_000_000)
        return ["a run"]

    monkeypatch.setenv("ATLAS_DATABASE", "postgresql://here/db")
    monkeypatch.setattr("stream.jobs.recorded.read_runs", read_runs)
    run(train, "tank", "--seed", "4", "--history", "48")
    run(train, "tank", "--seed", "4", "--keep-only", fails=LearnedFileError)
    assert taught == [["a run"], ()]
