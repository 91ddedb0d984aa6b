"""Errors of the store.

AtlasError
`-- StoreError                  something about the database
    |-- DatabaseUnreachableError  it does not answer: wait and try again
    |-- MigrationError            its schema cannot be brought up to date
    |-- UnknownStoredPlantError   no plant of that name is stored
    |-- RevisionConflictError     another revision is in force than the one that a change was made for
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


class RevisionConflictError(StoreError):
    """Someone else stored a revision meanwhile: the change was made for `expected`, but `actual` is in force.

    0 stands for none stored.
    """

    def __init__(self, what: str, expected: int, actual: int) -> None:
        stands = f"is at revision {actual}" if actual else "is not stored"
        super().__init__(
            f"{what} {stands}, but the change was made for {f'revision {expected}' if expected else 'a new one'}",
            remedy="read it again, make the change on what is in force, and store that",
        )
        self.expected = expected
        self.actual = actual


class FencedError(StoreError):
    """A position is not where this process left it: another one writes the same rows (rule one-row)."""


class UnreleasableLetterError(StoreError):
    """A dead letter whose body is cut short, unreadable or already released."""
