"""Junctions: where streams meet and divide."""

from twin.atlas.equipment.equipment import Equipment
from twin.atlas.equipment.port import into, out_of


class Mixer(Equipment):
    """Where streams meet."""

    symbol = "node"
    size = (12.0, 12.0)
    usual_modes = ("normal",)
    ports = (
        into("inlet", "left", required=True, many=True),
        into("side_inlet", "bottom", many=True),
        into("top_inlet", "top", many=True),
        out_of("outlet", "right", required=True),
    )


class Splitter(Equipment):
    """Where a stream divides."""

    symbol = "node"
    size = (12.0, 12.0)
    usual_modes = ("normal",)
    ports = (
        into("inlet", "left", required=True),
        out_of("outlet", "right", required=True, many=True),
        out_of("top_outlet", "top", many=True),
        out_of("side_outlet", "bottom", many=True),
    )
