import numpy as np
import pytest

from tests.unit.daedalus.conftest import model_file
from twin.daedalus.library import Library, use_models
from twin.daedalus.serving import ServedSurrogate
from twin.matrix.errors import MissingSimulatorError, SnapshotError
from twin.matrix.model_state import ModelState
from twin.matrix.scenario import Change, Scenario

QUESTION = Scenario(changes=(Change(name="TIC-1.SP", value=60.0, unit="degC"),), horizon_s=3600.0, every_s=60.0)


@pytest.fixture
def library(tmp_path):
    library = Library((tmp_path,))
    library.add("tank", 1, model_file(1), "")
    library.point("tank", 1)
    return library


def test_a_new_version_is_taken_at_once_and_a_question_ends_as_it_began(library, twin):
    served = ServedSurrogate("tank", lambda: library)
    begun = served.start(twin)
    first = served.simulate(begun, QUESTION)
    library.add("tank", 2, model_file(2), "")
    assert served.declaration.version == 1, "kept, but not in use"
    library.point("tank", 2)
    assert served.declaration.version == 2
    assert np.array_equal(served.simulate(begun, QUESTION).values, first.values)
    second = served.simulate(served.start(twin), QUESTION)
    assert second.model == "tank/surrogate/2"
    assert not np.allclose(second["TI-1.PV"], first["TI-1.PV"])
    library.point("tank", 1)
    assert served.simulate(served.start(twin), QUESTION).model == "tank/surrogate/1"


def test_versions_that_were_let_go_are_fetched_again(library, twin):
    served = ServedSurrogate("tank", lambda: library)
    begun = served.start(twin)
    for version in range(2, 8):
        library.add("tank", version, model_file(version), "")
        library.point("tank", version)
        assert served.declaration.version == version
    assert served.simulate(begun, QUESTION).model == "tank/surrogate/1"


def test_what_is_not_there_is_an_error_of_the_ports_tree(library, twin):
    with pytest.raises(MissingSimulatorError, match="atlas train pump"):
        ServedSurrogate("pump", lambda: library)
    served = ServedSurrogate("tank", lambda: library)
    for model, message in (("pump/surrogate/1", "was given to tank/surrogate"), ("tank/surrogate/9", "no 9.onnx")):
        state = served.start(twin)
        with pytest.raises(SnapshotError, match=message):
            served.simulate(ModelState(model, state.states, state.parameters, state.inputs), QUESTION)


def test_a_process_that_was_told_its_folder_later_serves_from_it(library, twin):
    try:
        use_models(library.folders[0])
        assert ServedSurrogate("tank").declaration.name == "tank/surrogate"
    finally:
        use_models(None)
    with pytest.raises(MissingSimulatorError):
        ServedSurrogate("tank")
