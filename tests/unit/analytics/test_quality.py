"""Quality codes: severity, the worse of two, and the half that the table keeps."""

import numpy as np
import pytest
from asyncua.ua.status_codes import code_to_name_doc
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from analytics import quality
from analytics.quality import NAMES, from_stored, is_bad, is_good, is_uncertain, name_of, to_stored, worst

codes = hnp.arrays(np.uint32, st.integers(0, 30), elements=st.integers(0, 2**32 - 1) | st.sampled_from(list(NAMES)))


@given(codes)
def test_every_code_has_one_severity_and_the_reserved_one_is_bad(given_codes: np.ndarray) -> None:
    said = np.stack((is_good(given_codes), is_uncertain(given_codes), is_bad(given_codes)))
    assert (said.sum(axis=0) == 1).all()
    severity = given_codes >> np.uint32(30)
    np.testing.assert_array_equal(said[0], severity == 0)
    np.testing.assert_array_equal(said[2], severity >= 2)


@given(codes)
def test_bits_for_limits_overflow_and_structure_change_no_severity(given_codes: np.ndarray) -> None:
    flagged = given_codes | np.uint32(0x0000_FFFF)
    for predicate in (is_good, is_uncertain, is_bad):
        np.testing.assert_array_equal(predicate(given_codes), predicate(flagged))


@given(codes)
def test_the_stored_half_comes_back_without_its_flags(given_codes: np.ndarray) -> None:
    stored = to_stored(given_codes)
    assert stored.dtype == np.int16
    back = from_stored(stored)
    assert back.dtype == np.uint32
    np.testing.assert_array_equal(back, given_codes & np.uint32(0xFFFF_0000))
    # What the rollups' SQL takes for Good is what is Good here.
    np.testing.assert_array_equal((stored >= 0) & (stored <= 16383), is_good(given_codes))


@given(codes, st.data())
def test_worst_is_the_more_severe_and_the_first_of_equals(first: np.ndarray, data: st.DataObject) -> None:
    second = data.draw(hnp.arrays(np.uint32, len(first), elements=st.integers(0, 2**32 - 1)))
    for one, other, got in zip(first.tolist(), second.tolist(), worst(first, second).tolist(), strict=True):
        assert got == (other if other >> 30 > one >> 30 else one)


OURS = [(name, code) for name, code in vars(quality).items() if name.startswith(("GOOD_", "UNCERTAIN_", "BAD_"))]


@pytest.mark.parametrize(("name", "code"), OURS)
def test_the_codes_are_those_of_the_standard(name: str, code: int) -> None:
    published, _ = code_to_name_doc[code]
    assert published.lower() == name.replace("_", "").lower()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "Good"),
        (0x0000_0480, "Good"),
        (0x808C_0001, "Bad, sensor failure"),
        (0x4094_0000, "Uncertain, outside the instrument's range"),
        (0x8123_0000, "Bad (0x81230000)"),
        (0x4123_4567, "Uncertain (0x41230000)"),
        (0x0123_0000, "Good (0x01230000)"),
        (0xC000_0000, "Bad (0xC0000000)"),
    ],
)
def test_a_person_reads_words(code: int, words: str) -> None:
    assert name_of(code) == words
