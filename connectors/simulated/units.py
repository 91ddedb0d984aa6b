"""Units as OPC UA names them: UNECE Recommendation 20 codes, as OPC UA Part 8, 5.6.4.3 packs them into a number."""

from asyncua import ua

_NAMESPACE = "http://www.opcfoundation.org/UA/units/un/cefact"

# Our unit, its common code, how it is shown and its name.
_UNITS = {
    "degC": ("CEL", "°C", "degree Celsius"),
    "kPa": ("KPA", "kPa", "kilopascal"),
    "percent": ("P1", "%", "percent"),
    "kg/s": ("KGS", "kg/s", "kilogram per second"),
    "kg/h": ("E93", "kg/h", "kilogram per hour"),
    "m^3/h": ("MQH", "m³/h", "cubic metre per hour"),
    "kW": ("KWT", "kW", "kilowatt"),
    "s": ("SEC", "s", "second"),
    "min": ("MIN", "min", "minute"),
    "dimensionless": ("C62", "1", "one"),
}


def engineering_unit(unit: str) -> ua.EUInformation:
    """The OPC UA description of a signal's unit.

    Raises
    ------
    KeyError
        Where the unit has no code here.
    """
    code, shown, name = _UNITS[unit]
    number = int.from_bytes(code.encode("ascii"), "big")
    return ua.EUInformation(
        NamespaceUri=_NAMESPACE,
        UnitId=number,
        DisplayName=ua.LocalizedText(shown),
        Description=ua.LocalizedText(name),
    )
