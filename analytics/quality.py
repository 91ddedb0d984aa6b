"""Quality of readings as OPC UA status codes: the codes that this project uses, and predicates over arrays of them.

A status code is an unsigned 32-bit number. Its two highest bits are the severity (Good, Uncertain, Bad), the high
half names the condition, and the low half carries flags. Tables keep the high half only (see `to_stored`).

Source: OPC UA Part 4, section 7.39 (StatusCode) and Part 8, annex A; the values are those of the published
`StatusCode.csv`.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Quality = NDArray[np.uint32]

GOOD: Final = 0x0000_0000
GOOD_LOCAL_OVERRIDE: Final = 0x0096_0000
UNCERTAIN: Final = 0x4000_0000
UNCERTAIN_LAST_USABLE_VALUE: Final = 0x4090_0000
UNCERTAIN_SENSOR_NOT_ACCURATE: Final = 0x4093_0000
UNCERTAIN_ENGINEERING_UNITS_EXCEEDED: Final = 0x4094_0000
UNCERTAIN_SUB_NORMAL: Final = 0x4095_0000
BAD: Final = 0x8000_0000
BAD_COMMUNICATION_ERROR: Final = 0x8005_0000
BAD_WAITING_FOR_INITIAL_DATA: Final = 0x8032_0000
BAD_NODE_ID_UNKNOWN: Final = 0x8034_0000
BAD_OUT_OF_SERVICE: Final = 0x808D_0000
BAD_NOT_CONNECTED: Final = 0x808A_0000
BAD_DEVICE_FAILURE: Final = 0x808B_0000
BAD_SENSOR_FAILURE: Final = 0x808C_0000
BAD_NO_DATA: Final = 0x809B_0000

SERVER_TIME_USED: Final = 0x0000_0001
"""Flag of ours in the low half: the source gave no time, so the server's stands in its place (rule honest-times)."""

NAMES: Final[dict[int, str]] = {
    GOOD: "Good",
    GOOD_LOCAL_OVERRIDE: "Good, entered by hand",
    UNCERTAIN: "Uncertain",
    UNCERTAIN_LAST_USABLE_VALUE: "Uncertain, last usable value",
    UNCERTAIN_SENSOR_NOT_ACCURATE: "Uncertain, sensor not accurate",
    UNCERTAIN_ENGINEERING_UNITS_EXCEEDED: "Uncertain, outside the instrument's range",
    UNCERTAIN_SUB_NORMAL: "Uncertain, fewer sources than needed",
    BAD: "Bad",
    BAD_COMMUNICATION_ERROR: "Bad, communication error",
    BAD_WAITING_FOR_INITIAL_DATA: "Bad, waiting for the first value",
    BAD_NODE_ID_UNKNOWN: "Bad, address unknown to the server",
    BAD_OUT_OF_SERVICE: "Bad, out of service",
    BAD_NOT_CONNECTED: "Bad, not connected",
    BAD_DEVICE_FAILURE: "Bad, device failure",
    BAD_SENSOR_FAILURE: "Bad, sensor failure",
    BAD_NO_DATA: "Bad, no data",
}


def is_good(quality: Quality) -> NDArray[np.bool_]:
    """Whether each code's severity is Good; shape as given."""
    return np.asarray(quality < np.uint32(UNCERTAIN), dtype=np.bool_)


def is_uncertain(quality: Quality) -> NDArray[np.bool_]:
    """Whether each code's severity is Uncertain; shape as given."""
    return np.asarray((quality & np.uint32(0xC000_0000)) == np.uint32(UNCERTAIN), dtype=np.bool_)


def is_bad(quality: Quality) -> NDArray[np.bool_]:
    """Whether each code's severity is Bad (or reserved, which is read as Bad); shape as given."""
    return np.asarray(quality >= np.uint32(BAD), dtype=np.bool_)


def worst(first: Quality, second: Quality) -> Quality:
    """The more severe of two codes, element by element; the first where they are equally severe."""
    return np.where((second >> np.uint32(30)) > (first >> np.uint32(30)), second, first)


def to_stored(quality: Quality) -> NDArray[np.int16]:
    """The high half of each code as the signed 16-bit number that the table `reading` keeps."""
    return (quality >> np.uint32(16)).astype(np.uint16).view(np.int16)


def from_stored(stored: NDArray[np.int16]) -> Quality:
    """The codes that `to_stored` kept, with empty flags."""
    return stored.view(np.uint16).astype(np.uint32) << np.uint32(16)


def name_of(code: int) -> str:
    """What a person reads for one status code: the known condition's name, else the severity's with the code."""
    known = NAMES.get(code & 0xFFFF_0000)
    if known is not None:
        return known
    severity = ("Good", "Uncertain", "Bad", "Bad")[(code >> 30) & 3]
    return f"{severity} (0x{code & 0xFFFF_0000:08X})"
