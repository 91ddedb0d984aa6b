import pytest
from msgspec.structs import replace

from stream.jobs.inline import run_inline
from stream.jobs.job import JobRequest
from tests.unit.cli.test_model_commands import MAKING
from tests.unit.daedalus.conftest import LEARNED, model_file
from twin.daedalus.library import Library, use_models
from twin.daedalus.training import Trained


def request(**content):
    return JobRequest(kind="train", plant="tank", identity="train/tank/1", content=content, timeout_s=7200.0)


@pytest.fixture
def library(tmp_path, monkeypatch):
    seeds = []

    def lesson(plant, library, *, seed, made_at, recorded, watch):
        watch(0.5)
        assert recorded(None, None) == ()
        seeds.append(seed)
        trained = Trained(model_file(), replace(LEARNED, version=len(seeds), making=MAKING))
        library.add(plant, len(seeds), trained.content, "")
        return trained

    monkeypatch.setattr("twin.daedalus.lesson.lesson", lesson)
    use_models(tmp_path)
    yield Library((tmp_path,)), seeds
    use_models(None)


def test_a_job_teaches_and_takes_into_use_and_draws_the_same_again(library):
    kept, seeds = library
    told = run_inline(request())
    assert (told["version"], told["in_use"], kept.pointed("tank")) == (1, 1, 1)
    assert told["errors"][0] == {"horizon_s": 3600.0, "mean_percent": 0.21, "no_change_percent": 2.34}
    told = run_inline(request(keep_only=True))
    assert (told["version"], told["in_use"]) == (2, 1)
    assert seeds[0] == seeds[1]
