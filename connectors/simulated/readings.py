"""A reading as OPC UA carries it."""

from datetime import datetime

from asyncua import ua

from twin.matrix.signal import Signal

_BAD = 0x8000_0000
_NULL = ua.Variant(None, ua.VariantType.Null)
_STATUS_CODES: dict[int, ua.StatusCode] = {0: ua.StatusCode(ua.UInt32(0))}


def data_value(signal: Signal, value: float, status: int, moment: datetime) -> ua.DataValue:
    """Value, status and source time; a Bad status carries no value, an enumeration is an Int32, all else a Double."""
    code = _STATUS_CODES.get(status)
    if code is None:
        code = _STATUS_CODES[status] = ua.StatusCode(ua.UInt32(status))
    if status >= _BAD:
        variant = _NULL
    elif signal.states:
        variant = ua.Variant(int(value), ua.VariantType.Int32)
    else:
        variant = ua.Variant(value, ua.VariantType.Double)
    return ua.DataValue(variant, code, SourceTimestamp=moment, ServerTimestamp=moment)
