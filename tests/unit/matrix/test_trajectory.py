"""Trajectories: read-only, blank after a trip, and the same after JSON."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from twin.matrix.declaration import Variable
from twin.matrix.trajectory import Trajectory, Trip

OUTPUTS = tuple(
    Variable(name=name, description="", unit=unit, low=-1e9, high=1e9, nominal=0)
    for name, unit in (("TI-1.PV", "degC"), ("FI-2.PV", "kg/s"))
)


def told(values, trips=()):
    times = 10.0 * np.arange(values.shape[1])
    return Trajectory.of("model/1", OUTPUTS, times, values, trips)


def test_an_output_is_found_by_name_with_its_unit():
    path = told(np.arange(12.0).reshape(2, 3, 2))
    assert path["FI-2.PV"].tolist() == [[1.0, 3.0, 5.0], [7.0, 9.0, 11.0]]
    assert path.unit_of("FI-2.PV") == "kg/s"
    assert path.member(1)["TI-1.PV"].tolist() == [[6.0, 8.0, 10.0]]
    with pytest.raises(KeyError):
        path["TI-9.PV"]


def test_nobody_changes_it():
    path = told(np.zeros((1, 3, 2)))
    with pytest.raises(ValueError, match="read-only"):
        path.values[0, 0, 0] = 1.0


def test_after_a_trip_there_is_nothing_to_tell():
    values = np.ones((2, 4, 2))
    path = told(values, [None, Trip(15.0, "High pressure")])
    assert np.all(np.isfinite(path.values[0]))
    assert np.isfinite(path["TI-1.PV"][1]).tolist() == [True, True, False, False]
    assert np.all(values == 1.0)
    assert path.to_json()["outputs"][0]["values"][1] == [1.0, 1.0, None, None]


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="give all of every member"):
        Trajectory.of("model/1", OUTPUTS, np.arange(3.0), np.zeros((1, 4, 2)))


@given(arrays(np.float64, (2, 5, 2), elements=st.floats(-1e6, 1e6)), st.booleans())
def test_json_keeps_everything(values, trips):
    path = told(values, [Trip(20.0, "High level"), None] if trips else ())
    again = Trajectory.from_json(json.loads(json.dumps(path.to_json(), allow_nan=False)))
    np.testing.assert_array_equal(again.values, path.values)
    np.testing.assert_array_equal(again.times_s, path.times_s)
    assert (again.model, again.names, again.units, again.trips) == (path.model, path.names, path.units, path.trips)


def test_another_version_is_refused():
    with pytest.raises(ValueError, match="simulate again"):
        Trajectory.from_json(told(np.zeros((1, 2, 2))).to_json() | {"version": 99})
