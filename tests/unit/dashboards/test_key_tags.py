from typing import Any

from dashboards.key_tags import key_tags

LIMITED = {"high": 9.0, "low": None}


def tag(name: str, kind: str = "measured", limits: dict[str, Any] | None = None, states: tuple[str, ...] = ()) -> Any:
    return {"name": name, "kind": kind, "limits": limits or {}, "states": states}


def test_controlled_values_with_limits_come_first_then_limited_then_the_rest() -> None:
    tags = [tag("FI-1"), tag("TI-2", limits=LIMITED), tag("LIC-3.PV"), tag("TIC-4.PV", limits=LIMITED)]
    assert key_tags(tags, 4) == ["TIC-4.PV", "TI-2", "LIC-3.PV", "FI-1"]


def test_the_plants_own_order_is_kept_within_a_rank() -> None:
    tags = [tag(name, limits=LIMITED) for name in ("TIC-9.PV", "FIC-1.PV", "LIC-5.PV")]
    assert key_tags(tags, 2) == ["TIC-9.PV", "FIC-1.PV"]


def test_set_points_outputs_modes_and_enumerations_never_stand_for_a_plant() -> None:
    tags = [
        tag("TIC-1.SP", "setpoint", LIMITED),
        tag("TIC-1.OP", "output", LIMITED),
        tag("TIC-1.MODE", "mode", LIMITED),
        tag("XS-1", "measured", LIMITED, ("off", "on")),
        tag("FY-1", "derived"),
    ]
    assert key_tags(tags, 9) == ["FY-1"]


def test_a_deadband_alone_is_no_limit() -> None:
    tags = [tag("TI-1", limits={"deadband": 1.0}), tag("TI-2", limits={"low_low": 0.0})]
    assert key_tags(tags, 1) == ["TI-2"]
