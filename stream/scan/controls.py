"""Control records: changes to a twin that are not readings, each taken once (rule pure-twin)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from stream.envelope import Control
from twin.atlas.prices import PriceBook, PriceError
from twin.atlas.tags import TagTable

MAX_IDENTITIES: Final = 256
"""Identities remembered; the relay can only repeat what it had not yet marked as sent, far fewer than this."""


@dataclass(slots=True)
class Applied:
    """Identities of the newest control records taken, oldest first."""

    identities: dict[str, None] = field(default_factory=dict)

    def once(self, identity: str) -> bool:
        """Whether the identity is new; from now on it is not."""
        if identity in self.identities:
            return False
        self.identities[identity] = None
        while len(self.identities) > MAX_IDENTITIES:
            del self.identities[next(iter(self.identities))]
        return True


def apply_revision(
    applied: Applied, control: Control, current: TagTable, find_table: Callable[[str], TagTable | None]
) -> TagTable | None:
    """The tag table that a `revise` record puts in force, or None where it changes nothing.

    A record of another action, a repeated one, an older revision than the one in force, and a table that was refused
    change nothing.
    """
    if control.action != "revise" or not applied.once(control.identity):
        return None
    table = find_table(str(control.content.get("tag_table", "")))
    if table is None or table.plant != current.plant or table.name == current.name:
        return None
    return table if table.content.revision >= current.content.revision else None


def apply_prices(applied: Applied, control: Control, current: PriceBook) -> PriceBook:
    """The price book in force after a control record: a `prices` record's, where that is new and newer.

    Its content is what `PriceBook.as_content` gives; one that is no price book changes nothing.
    """
    if control.action != "prices" or not applied.once(control.identity):
        return current
    try:
        book = PriceBook.of_content(control.content)
    except PriceError:
        return current
    return book if book.version > current.version else current
