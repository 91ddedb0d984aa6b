"""A reading as OPC UA carries it."""

from datetime import datetime
from typing import Any

from asyncua import ua

from connectors.simulated.nodes import status_code
from twin.matrix.signal import Signal

_BAD = 0x8000_0000
_NULL = ua.Variant(None, ua.VariantType.Null)
_STATUS_CODES: dict[int, ua.StatusCode] = {0: status_code(0)}


def data_value(signal: Signal, value: float, status: int, moment: datetime) -> ua.DataValue:
    """Value, status and source time; a Bad status carries no value, an enumeration is an Int32, all else a Double."""
    code = _STATUS_CODES.get(status)
    if code is None:
        code = _STATUS_CODES[status] = status_code(status)
    if status >= _BAD:
        variant = _NULL
    elif signal.states:
        variant = ua.Variant(int(value), ua.VariantType.Int32)
    else:
        variant = ua.Variant(value, ua.VariantType.Double)
    # asyncua's DateTime is a datetime whose constructor takes the parts one by one; a plain one is what it encodes.
    stamp: Any = moment
    return ua.DataValue(variant, code, SourceTimestamp=stamp, ServerTimestamp=stamp)
