"""What is said of an estimate: its quantities with their spread, and the verdict on the model."""

from collections.abc import Iterable, Mapping

from stream.envelope import EstimatedQuantity, EstimateTold
from twin.estimation.ensemble_filter import EnsembleFilter, Estimate, Found
from twin.matrix.declaration import Variable

_MICRO = 1_000_000


def tell(estimator: EnsembleFilter, estimate: Estimate, before: EstimateTold | None) -> EstimateTold:
    """What the estimate says now; `before` is what it said last, None where it begins."""
    declared = estimator.model.declaration
    verdict = estimator.verdict(estimate)
    now = estimate.time_s * _MICRO
    same = before is not None and (before.explains, before.learning) == (verdict.explains, verdict.learning)
    return EstimateTold(
        title=declared.title,
        time=now,
        begun=before.begun if before else now,
        since=before.since if before and same else now,
        explains=verdict.explains,
        learning=verdict.learning,
        sentence=verdict.sentence,
        unexplained=verdict.unexplained,
        unknowns=_quantities((*declared.parameters, *declared.states), estimator.unknowns(estimate)),
        outputs=_quantities(declared.outputs, estimator.outputs(estimate)),
    )


def _quantities(variables: Iterable[Variable], found: Mapping[str, Found]) -> tuple[EstimatedQuantity, ...]:
    return tuple(
        EstimatedQuantity(
            name=variable.name,
            description=variable.description,
            unit=variable.unit,
            mean=found[variable.name].mean,
            spread=found[variable.name].spread,
            nominal=variable.nominal,
        )
        for variable in variables
        if variable.name in found
    )
