"""Errors of optimisation.

AtlasError
`-- OptimisationError       better settings could not be looked for
|-- ProblemError        the problem does not fit the model; `faults` names every field
|-- MissingSearchError  a search whose package is not installed
`-- TrackingError       runs could not be recorded where they were wanted
"""

from collections.abc import Sequence

from twin.atlas.errors import AtlasError
from twin.atlas.faults import Fault


class OptimisationError(AtlasError):
    """Better settings could not be looked for."""


class ProblemError(OptimisationError):
    """A problem that does not fit the model, with all that is wrong with it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class MissingSearchError(OptimisationError):
    """A search whose package is not installed."""


class TrackingError(OptimisationError):
    """Runs could not be recorded where they were wanted."""
