from __future__ import annotations

from pathlib import Path

import pytest

from twin.atlas.yaml_text import DefinitionError
from twin.matrix.errors import MissingSimulatorError, UnusableModelError
from twin.matrix.simulator_file import parse_simulator, read_simulator

GOOD = """\
atlas_simulator: 1
name: column
title: Column C-101
simulator: aspen-plus
model: column.bkp
longest: 12 h
com: {timeout: 5 min}
inputs:
  - {name: FIC-1.SP, description: Reflux, unit: t/h, range: [0, 100], nominal: 40, at: REFLUX, unit_there: kg/h}
outputs:
  - {name: TI-1.PV, description: Top, unit: degC, range: [0, 200], nominal: 80, at: '\\Data\\TOP', unit_there: K}
"""


def test_variables_know_their_place_and_their_way_to_the_simulators_unit():
    told = parse_simulator(GOOD, Path("/models"))
    assert told.model == Path("/models/column.bkp")
    assert told.seconds == {"longest": 43200.0, "step": 1.0, "timeout": 300.0}
    assert told.inputs[0].there(2.0) == pytest.approx(2000.0)
    assert told.outputs[0].here(373.15) == pytest.approx(100.0)
    declared = told.declaration({"cancel"})
    assert (declared.id, declared.longest_s) == ("column/1", 43200.0)


def test_every_fault_is_told_at_once_with_its_line():
    text = (
        GOOD.replace("unit_there: K", "unit_there: kg")
        .replace("nominal: 40", "nominal: 400")
        .replace("12 h", "soon")
        .replace("com:", "fmu: {step: 1 s}\nrun:")
        + "parameters:\n  - {name: FIC-1.SP, description: x, unit: t/h, range: [0, 1], nominal: 1, at: y}\n"
    )
    with pytest.raises(DefinitionError) as told:
        parse_simulator(text, Path("/models"), "column.yaml")
    paths = {fault.path for fault in told.value.faults}
    assert paths == {"longest", "fmu", "run", "inputs[0].nominal", "outputs[0].unit", "parameters[0].name"}
    assert all(fault.line for fault in told.value.faults)


def test_a_form_that_does_not_fit_is_told():
    with pytest.raises(DefinitionError, match="did you mean 'simulator'"):
        parse_simulator(GOOD.replace("simulator: aspen", "simulators: aspen"), Path("/"))
    with pytest.raises(DefinitionError, match="it is not told what runs the model"):
        parse_simulator(GOOD.replace("aspen-plus", "gproms").replace("com: {timeout: 5 min}", ""), Path("/"))
    with pytest.raises(DefinitionError, match="more than 0 s"):
        parse_simulator(GOOD.replace("5 min", "0 s"), Path("/"))


def test_a_simulators_own_file_that_is_not_there_is_missing(tmp_path):
    path = tmp_path / "column.yaml"
    path.write_text(GOOD)
    with pytest.raises(MissingSimulatorError, match=r"column\.bkp"):
        read_simulator(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UnusableModelError, match="cannot be read"):
        read_simulator(path)
