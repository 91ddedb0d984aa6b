"""Aspen Plus, HYSYS and COM's errors, in this process."""

from __future__ import annotations

from contextlib import closing

import pytest

from tests.contracts.matrix.fake_com import (
    CALL_REJECTED,
    EXCEPTION,
    FEED_B,
    SERVER_UNAVAILABLE,
    SHARE_E,
    SHARE_P,
    TEMPERATURE,
    ComError,
    FakeCom,
)
from tests.contracts.matrix.steady_files import PLACES
from twin.matrix import com
from twin.matrix.aspen_plus import AspenPlus
from twin.matrix.errors import (
    CrashedError,
    DivergedError,
    LicenceError,
    MissingSimulatorError,
    OutOfRangeError,
    SimulationCancelledError,
    UnusableModelError,
)
from twin.matrix.hysys import Hysys

ASPEN, HYSYS = "Apwn.Document", "HYSYS.Application"
FEED, WARM, CELL_P, CELL_E = PLACES["hysys"]


def never() -> bool:
    return False


@pytest.fixture
def aspen(tmp_path):
    opened = []

    def make(fault="", **more):
        opened.append(AspenPlus(tmp_path / "reactor.bkp", [ASPEN], FakeCom(tmp_path, ASPEN, fault, **more)))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def hysys(tmp_path):
    return lambda fault="", **more: Hysys(tmp_path / "r.hsc", [HYSYS], FakeCom(tmp_path, HYSYS, fault, **more))


def solved(session, temperature=85.0, feed=18000.0, stopped=never):
    places = (FEED_B, TEMPERATURE, SHARE_P, SHARE_E) if isinstance(session, AspenPlus) else PLACES["hysys"]
    told = session.solve({places[0]: feed, places[1]: temperature}, places[2:], stopped)
    return tuple(told.values())


def test_both_solve_the_same_reactor(aspen, hysys):
    assert solved(aspen()) == pytest.approx(solved(hysys()))


def test_runs_do_not_depend_on_the_runs_before(aspen):
    session = aspen()
    first = solved(session, 85.0)
    solved(session, 75.0)
    assert solved(session, 85.0) == first


def test_warnings_of_aspen_are_no_fault(aspen):
    assert solved(aspen("warns")) == solved(aspen())


@pytest.mark.parametrize(
    ("fault", "error", "told"),
    [
        ("diverges", DivergedError, "status 9"),
        ("stale", DivergedError, "status None"),
        ("licence-in-run", LicenceError, "license was lost"),
        ("clips", OutOfRangeError, "made 90"),
        ("gone", CrashedError, "RPC server"),
    ],
)
def test_what_goes_wrong_in_aspen_is_told(aspen, fault, error, told):
    with pytest.raises(error, match=told) as raised:
        solved(aspen(fault), temperature=95.0)
    assert raised.value.remedy


@pytest.mark.parametrize(("fault", "told"), [("diverges", "has not solved"), ("moves", "still moves")])
def test_what_goes_wrong_in_hysys_is_told(hysys, fault, told):
    with pytest.raises(DivergedError, match=told):
        solved(hysys(fault))


def test_what_hysys_does_not_know_is_no_number(hysys):
    share_p, share_e = solved(hysys("unknown"))
    assert share_p > 0.0
    assert share_e != share_e


def test_hysys_solves_once_for_all_inputs(hysys, tmp_path):
    solved(hysys())
    assert not (tmp_path / "half-written").exists()
    assert (tmp_path / "run").read_text().count("\n") == 1


@pytest.mark.parametrize("make", ["aspen", "hysys"])
def test_both_stop_when_they_are_told_to(make, request):
    asked = iter([False, True])
    with pytest.raises(SimulationCancelledError):
        solved(request.getfixturevalue(make)(run_s=60.0), stopped=lambda: next(asked, True))


def test_places_that_are_not_there_are_named(aspen, hysys):
    with pytest.raises(UnusableModelError, match="Variable Explorer"):
        aspen().solve({r"\Data\Nowhere": 1.0}, [], never)
    for place, told in (
        ("Temperature", "is no place"),
        ("MaterialStreams/B/Heat [C]", "nothing at|Heat"),
        ("MaterialStreams/X/Temperature [C]", "X"),
        ("Nowhere/B/Temperature [C]", "Nowhere"),
        ("MaterialStreams/B/VapourFraction []", "is no place"),
    ):
        with pytest.raises(UnusableModelError, match=told):
            hysys().solve({place: 1.0}, [], never)


def test_a_value_that_hysys_calculates_cannot_be_written(hysys):
    with pytest.raises(UnusableModelError, match="calculates"):
        hysys().solve({"MaterialStreams/B/VapourFraction [1]": 1.0}, [], never)


def test_a_busy_program_is_asked_again(aspen, monkeypatch):
    monkeypatch.setattr(com.time, "sleep", lambda seconds: None)
    assert solved(aspen("busy", times=3)) == solved(aspen())


def test_patience_ends():
    waited: list[float] = []

    def busy():
        raise ComError(CALL_REJECTED, "busy")

    with pytest.raises(ComError):
        com.patiently(busy, waited.append)
    assert com.BUSY_FOR_S <= sum(waited) < com.BUSY_FOR_S + 2.5


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ComError(SERVER_UNAVAILABLE, "gone"), CrashedError),
        (ComError(CALL_REJECTED, "busy"), CrashedError),
        (ComError(EXCEPTION, "x", "SLM could not be reached", -1), LicenceError),
        (ComError(EXCEPTION, "x", "The value is not valid", -1), DivergedError),
        (ComError(EXCEPTION, "x", "Not registered", -2147221164), MissingSimulatorError),
    ],
)
def test_codes_are_translated(error, kind):
    with pytest.raises(kind) as told, com.translated("Aspen Plus", "writing"):
        raise error
    assert "0x" in str(told.value)


def test_other_errors_pass_through():
    with pytest.raises(ZeroDivisionError), com.translated("Aspen Plus", "writing"):
        _ = 1 / 0


def test_the_first_program_that_is_registered_is_started(tmp_path):
    found = com.start(FakeCom(tmp_path, "Apwn.Document.37.0"), ["Apwn.Document", "Apwn.Document.37.0"], "Aspen Plus")
    with closing(AspenHolder(found)):
        assert (tmp_path / "started").exists()
    with pytest.raises(MissingSimulatorError, match="none of Apwn.Document, B is registered"):
        com.start(FakeCom(tmp_path, "C"), ["Apwn.Document", "B"], "Aspen Plus")


class AspenHolder:
    def __init__(self, document) -> None:
        self.close = document.Close
