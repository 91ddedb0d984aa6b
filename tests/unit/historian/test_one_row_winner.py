"""Rule one-row: who wins does not depend on who came first."""

from __future__ import annotations

import hashlib
import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from stream.historian.one_row import Content, content_hash, winner

contents = st.lists(
    st.builds(
        Content,
        st.sampled_from([0.0, 1.0, 2.5, -7.0, float("nan")]),
        st.sampled_from([0, 64, -32768]),
        st.integers(0, 2),
        st.integers(0, 1),
    ),
    min_size=1,
    max_size=8,
)


def said(content: Content) -> tuple[bytes, int, int]:
    return content_hash(content.value, content.quality), content.version, content.rank


@settings(deadline=None)
@given(contents, st.randoms(use_true_random=False))
def test_one_row_the_winner_does_not_depend_on_the_order(several: list[Content], rng: object) -> None:
    shuffled = list(several)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    assert said(winner(several)) == said(winner(shuffled))


@settings(deadline=None)
@given(contents, contents)
def test_one_row_the_winner_of_winners_is_the_winner_of_all(first: list[Content], second: list[Content]) -> None:
    assert said(winner([winner(first), winner(second)])) == said(winner(first + second))


def test_one_row_a_higher_version_beats_a_better_source_and_that_beats_the_hash() -> None:
    # By the hash alone the first of these would lose to the others, and the second to the third.
    low, middle, high = sorted((1.0, 2.0, 3.0), key=lambda value: content_hash(value, 0))
    correction = Content(low, 0, version=1, rank=0)
    own, foreign = Content(middle, 0, version=0, rank=1), Content(high, 0, version=0, rank=0)
    assert winner([foreign, own]) == own
    assert winner([own, correction, foreign]) == correction


def test_one_row_the_hash_is_that_of_the_bytes_that_the_database_hashes() -> None:
    assert content_hash(1.5, -2) == hashlib.md5(struct.pack(">d", 1.5) + struct.pack(">h", -2)).digest()  # noqa: S324
