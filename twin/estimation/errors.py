"""Errors of estimation.

AtlasError
`-- EstimationError             an estimate that cannot be made
    |-- EstimatePlanError       what shall be estimated, or from what, is not in the model or makes no sense
    |-- NotObservableError      unknowns that the tags given cannot tell apart; `report` says why
    |-- StoredEstimateError     bytes that are no estimate of this model
    `-- StoredCalibrationError  what was read is no calibration of bands

What goes wrong inside the model while it is stepped stays a `twin.matrix.errors.MatrixError`.
"""

from typing import TYPE_CHECKING

from twin.atlas.errors import AtlasError

if TYPE_CHECKING:
    from twin.estimation.observability import ObservabilityReport


class EstimationError(AtlasError):
    """An estimate that cannot be made."""


class EstimatePlanError(EstimationError):
    """What shall be estimated, or from what, is not in the model or makes no sense."""


class NotObservableError(EstimationError):
    """Unknowns that the tags given cannot tell apart."""

    def __init__(self, report: "ObservabilityReport") -> None:
        super().__init__("; ".join(finding.sentence for finding in report.refused))
        self.report = report


class StoredEstimateError(EstimationError):
    """Bytes that are no estimate of this model."""


class StoredCalibrationError(EstimationError):
    """What was read is no calibration of bands."""
