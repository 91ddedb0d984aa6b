"""When the naive peer is done, and its rate."""

from api.bench.naive import Sample, is_done, rate

SAMPLES = [Sample(0.0, 0, 1.0), Sample(1.0, 400, 1.5), Sample(2.0, 990, 2.0), Sample(3.0, 990, 2.5)]


def test_it_is_done_when_all_came_out_or_nearly_all_and_no_more_for_a_while():
    assert not is_done([], 1000)
    assert is_done([Sample(0.0, 1000, 1.0)], 1000)
    assert not is_done(SAMPLES, 1000)
    assert is_done([*SAMPLES, Sample(7.5, 990, 3.0)], 1000)
    assert not is_done([*SAMPLES, Sample(7.5, 990, 3.0)], 2000)


def test_its_rate_counts_from_the_first_change_to_the_last():
    assert rate(SAMPLES) == 590 / 0.5


def test_a_peer_that_was_done_at_the_first_look_counts_from_before():
    assert rate([SAMPLES[0], Sample(1.0, 1000, 1.5)]) == 2000.0
