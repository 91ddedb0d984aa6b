"""Dead letters hold at most 64 kB, and of a batch all of it."""

from __future__ import annotations

import numpy as np
import pytest

from stream.envelope import ReadingBatch, decode, make_batch
from stream.historian.letters import MAX_BODY_BYTES, Origin, of_batch, of_readings, printable, unreadable

ORIGIN = Origin("atlas.readings", 5, 77, "boiler", "opcua")


def batch_of(n: int) -> ReadingBatch:
    return make_batch(
        plant="boiler",
        source="opcua",
        epoch=2**62,
        seq=9,
        tag_table="ab" * 8,
        origin="live",
        tag_ids=np.arange(n, dtype=np.int32),
        times=np.arange(n, dtype=np.int64),
        values=np.arange(n, dtype=np.float64),
        quality=np.zeros(n, np.uint32),
    )


@pytest.mark.parametrize("n", [0, 1, 2000, 2720, 2800, 37_000])
def test_a_batch_of_any_size_is_kept_whole_in_letters_that_fit(n: int) -> None:
    letters = of_batch(ORIGIN, "because", batch_of(n))
    assert [letter.n for letter in letters] == list(range(len(letters)))
    parts = [decode(letter.body) for letter in letters]
    assert all(len(letter.body) <= MAX_BODY_BYTES and letter.releasable for letter in letters)
    tags = [tag for part in parts if isinstance(part, ReadingBatch) for tag in part.arrays()[0].tolist()]
    assert tags == list(range(n))
    assert sum(letter.readings for letter in letters) == n


def test_only_the_quarantined_readings_are_kept() -> None:
    [letter] = of_readings(ORIGIN, "because", batch_of(10), np.array([2, 7]))
    part = decode(letter.body)
    assert isinstance(part, ReadingBatch)
    assert part.arrays()[0].tolist() == [2, 7]
    assert (part.source, part.epoch, part.seq) == ("opcua", 2**62, 9)


def test_unreadable_bytes_are_cut_and_their_size_is_told() -> None:
    letter = unreadable(ORIGIN, "because", b"x" * 10_000_000)
    assert (len(letter.body), letter.body_bytes, letter.releasable) == (MAX_BODY_BYTES, 10_000_000, False)


def test_text_of_a_malformed_record_becomes_what_a_table_can_hold() -> None:
    assert printable("a\x00b" + "c" * 500) == "a\\0b" + "c" * 196
