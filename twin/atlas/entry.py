"""What all forms of a plant file share: the strict kinds of value, and the entry that knows its keys."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9_.\-/]*$"


def _instant(value: object) -> object:
    """Dates and times as YAML reads them, or as text; without zone they mean UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    raise ValueError("write a date like 2020-01-01")


def _printable(text: str) -> str:
    """Refuse what would spoil terminals and the process graphic, whose XML may not hold it."""
    if found := _CONTROL.search(text):
        raise ValueError(f"leave out the control character {found[0]!r}")
    return text


Text = Annotated[str, Field(strict=True), AfterValidator(_printable)]
Number = Annotated[float, Field(strict=True)]
Whole = Annotated[int, Field(strict=True)]
Switch = Annotated[bool, Field(strict=True)]
Instant = Annotated[datetime, BeforeValidator(_instant)]
Name = Annotated[str, Field(pattern=_NAME, max_length=80)]
Place = tuple[Number, Number]


class Entry(BaseModel):
    """What all entries share: unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
