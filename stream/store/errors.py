"""Errors of the store.

AtlasError
`-- StoreError                  something about the database
    |-- DatabaseUnreachableError  it does not answer: wait and try again
    |-- MigrationError            its schema cannot be brought up to date
    |-- UnknownStoredPlantError   no plant of that name is stored
    |-- FencedError               another process moved a position: this one must end
    `-- UnreleasableLetterError   a dead letter whose body cannot be sent again
"""

from twin.atlas.errors import AtlasError


class StoreError(AtlasError):
    """Something about the database."""


class DatabaseUnreachableError(StoreError):
    """The database does not answer within its time-out."""


class MigrationError(StoreError):
    """The schema cannot be brought up to date."""


class UnknownStoredPlantError(StoreError):
    """No plant of that name is stored."""

    def __init__(self, plant: str) -> None:
        super().__init__(f"no plant {plant!r} is stored", remedy="'atlas plant list' shows those that are")


class FencedError(StoreError):
    """A position is not where this process left it: another one writes the same rows (rule one-row)."""


class UnreleasableLetterError(StoreError):
    """A dead letter whose body is cut short, unreadable or already released."""
