"""Design data of equipment, read with their units as the fields of its type want them."""

from collections.abc import Iterable, Mapping

from twin.atlas.faults import Finding
from twin.atlas.parameters import ParameterField, Parameters, read_parameters


def read_design(given: Mapping[str, str | float], fields: Iterable[ParameterField]) -> tuple[Parameters, list[Finding]]:
    """Design data, and every fault; a finding's path begins with the datum's name.

    Every quantity must be above zero, counted in SI base units: temperatures from 0 K, pressures from vacuum.
    """
    design, findings = read_parameters(given, fields)
    findings += [
        Finding((name,), f"{name} {value} isn't above zero", "leave it out, or give the real value")
        for name, value in design.quantities.items()
        if value.base_value <= 0.0
    ]
    return design, findings
