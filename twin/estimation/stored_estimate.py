"""An estimate as bytes, for the twin's snapshots: what is read back goes on bit for bit."""

from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from twin.estimation.consistency import Consistency
from twin.estimation.ensemble_filter import EnsembleFilter, Estimate
from twin.estimation.errors import StoredEstimateError
from twin.matrix.model_state import ModelState

Floats = NDArray[np.float64]

VERSION: Final = 2


def pack(estimate: Estimate, estimator: EnsembleFilter) -> bytes:
    """The whole estimate as MessagePack; arrays as little-endian bytes with their shape."""
    ensemble, consistency = estimate.ensemble, estimate.consistency
    return msgspec.msgpack.encode(
        {
            "version": VERSION,
            "identity": estimator.identity,
            "time_s": estimate.time_s,
            "model": ensemble.model,
            "states": _packed(ensemble.states),
            "parameters": _packed(ensemble.parameters),
            "inputs": _packed(ensemble.inputs),
            "memory": ensemble.memory,
            "predicted": _packed(estimate.predicted),
            "columns": estimate.columns,
            "rates": _packed(estimate.rates),
            "offsets": _packed(estimate.offsets),
            "squares": _packed(consistency.squares),
            "degrees": _packed(consistency.degrees),
            "scores": _packed(consistency.scores),
            "count": consistency.count,
        }
    )


def unpack(stored: bytes, estimator: EnsembleFilter) -> Estimate:
    """The estimate that `pack` wrote, for the estimator that goes on with it.

    Raises
    ------
    StoredEstimateError
        Where the bytes are of another version, model or plan, or no estimate at all.
    """
    remedy = "begin a new estimate"
    try:
        content = msgspec.msgpack.decode(stored)
        asked = [VERSION, *estimator.identity]
        held = [content["version"], *content["identity"]]
        if held != asked:
            raise StoredEstimateError(f"an estimate of {held}, but {asked} goes on", remedy=remedy)
        states, parameters, inputs = (_array(content[name]) for name in ("states", "parameters", "inputs"))
        ensemble = ModelState(content["model"], states, parameters, inputs, tuple(content["memory"]))
        squares, degrees, scores = (_array(content[name]) for name in ("squares", "degrees", "scores"))
        consistency = Consistency(squares, degrees, scores, content["count"])
        columns = tuple((place, time_s) for place, time_s in content["columns"])
        predicted, rates, offsets = (_array(content[name]) for name in ("predicted", "rates", "offsets"))
        return Estimate(content["time_s"], ensemble, predicted, columns, consistency, rates, offsets)
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
        raise StoredEstimateError(f"these bytes are no estimate: {error}", remedy=remedy) from error


def _packed(array: Floats) -> dict[str, Any]:
    return {"shape": array.shape, "data": array.astype("<f8").tobytes()}


def _array(packed: dict[str, Any]) -> Floats:
    return np.frombuffer(packed["data"], dtype="<f8").astype(np.float64).reshape(packed["shape"])
