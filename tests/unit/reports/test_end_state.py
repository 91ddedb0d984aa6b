import pytest

from api.reports.end_state import fill
from stream.jobs.report import Report
from twin.atlas.definition import parse
from twin.atlas.graphic import draw
from twin.plants import text

DRAWING = draw(parse(text("williams-otto"), "williams-otto"))


def test_values_stand_in_their_boxes_and_beyond_a_limit_a_box_is_dressed(report: Report) -> None:
    outputs = {output.name: output for output in report.outputs}
    filled = fill(DRAWING, {"TIC-101.PV": 85.0, "TI-104.PV": None}, outputs)
    assert 'class="tag is-inner" data-tag="TIC-101.PV"' in filled
    assert ">85.0</text>" in filled
    assert filled.count('class="tag"') == DRAWING.count('class="tag"') - 1, "what nobody tells of stays as it was"
    assert "tabindex" not in filled, "nothing here can be chosen"


@pytest.mark.parametrize(("value", "dress"), [(84.0, '"tag"'), (84.1, '"tag is-inner"')])
def test_at_the_limit_is_not_beyond_it(report: Report, value: float, dress: str) -> None:
    filled = fill(DRAWING, {"TIC-101.PV": value}, {output.name: output for output in report.outputs})
    assert f'class={dress} data-tag="TIC-101.PV"' in filled


def test_what_is_no_drawing_is_refused_with_a_remedy(report: Report) -> None:
    with pytest.raises(ValueError, match="draw it anew"):
        fill("no svg", {}, {})
