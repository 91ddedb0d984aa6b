from hypothesis import given
from hypothesis import strategies as st

from stream.scan.marks import MAX_EPOCHS, Marks, Verdict


def test_first_batch_of_an_epoch_is_number_zero() -> None:
    assert Marks().judge("opcua", 1, 0) is Verdict.NEXT
    assert Marks().judge("opcua", 1, 1) is Verdict.GAP


@given(st.lists(st.integers(0, 30), max_size=60))
def test_one_in_flight_repeated_batches_are_dropped_whatever_is_sent_again(numbers: list[int]) -> None:
    marks, taken = Marks(), []
    for number in numbers:
        if marks.judge("opcua", 5, number) is not Verdict.REPEATED:
            taken.append(number)
            marks.advance("opcua", 5, number)
    assert taken == sorted(set(taken))


def test_log_may_vanish_a_batch_that_names_the_one_before_follows_it_whatever_lies_between() -> None:
    marks = Marks()
    assert marks.judge("push", 5, 17, -1) is Verdict.NEXT
    marks.advance("push", 5, 17)
    assert marks.judge("push", 5, 20, 17) is Verdict.NEXT
    assert marks.judge("push", 5, 20, 19) is Verdict.GAP
    assert marks.judge("push", 5, 20) is Verdict.GAP
    assert marks.judge("push", 5, 17, 3) is Verdict.REPEATED


def test_epochs_and_sources_are_counted_apart() -> None:
    marks = Marks()
    marks.advance("opcua", 1, 4)
    assert marks.judge("opcua", 2, 0) is Verdict.NEXT
    assert marks.judge("push", 1, 0) is Verdict.NEXT
    assert marks.judge("opcua", 1, 5) is Verdict.NEXT


def test_a_mark_never_goes_back_and_memory_is_bounded() -> None:
    marks = Marks()
    marks.advance("opcua", 1, 9)
    marks.advance("opcua", 1, 3)
    assert marks.seen["opcua", 1] == 9
    for epoch in range(2, 2 * MAX_EPOCHS):
        marks.advance("opcua", epoch, 0)
    assert len(marks.seen) == MAX_EPOCHS
