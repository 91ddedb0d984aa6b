"""The estimate's part of a snapshot: what a twin needs to go on estimating, bit for bit."""

import zlib
from itertools import islice
from typing import Any, Final

import msgspec
import numpy as np

from stream.envelope import EstimateTold
from stream.scan.estimate_rules import EstimateRules
from stream.scan.estimating import Estimating, Gathered, Window, parts
from twin.estimation import stored_estimate
from twin.estimation.errors import StoredEstimateError

_ARRAYS: Final = {"sums": "<f8", "latest": "<f8", "used": "<i8"}


def pack(estimating: Estimating, rules: EstimateRules | None) -> dict[str, Any]:
    """The part's content; members under way are counted only, because `unpack` can step them again.

    The members of a simulator resemble one another, which makes their bytes a quarter when they are compressed.
    """
    estimate, gathered = estimating.estimate, estimating.gathered
    content: dict[str, Any] = {"told": msgspec.to_builtins(estimating.told), "retry_s": estimating.retry_s}
    if rules is None or estimate is None or gathered is None:
        return content
    return content | {
        "estimate": zlib.compress(stored_estimate.pack(estimate, rules.filter), 1),
        "windows": msgspec.to_builtins(estimating.windows),
        "parts_done": len(estimating.done),
        "since_s": gathered.since_s,
        "seen": gathered.seen,
        **{name: getattr(gathered, name).astype(form).tobytes() for name, form in _ARRAYS.items()},
    }


def unpack(content: dict[str, Any], rules: EstimateRules | None, reason: str) -> Estimating:
    """The estimate that `pack` saw, by these rules; where there are none, `reason` says why.

    Raises
    ------
    StoredEstimateError
        Where it is of another model or plan; a new one must begin.
    """
    if rules is None:
        return Estimating.of(reason)
    told = msgspec.convert(content["told"], EstimateTold | None)
    if "estimate" not in content:
        return Estimating(told, retry_s=content["retry_s"])
    arrays = {name: np.frombuffer(content[name], dtype=form).copy() for name, form in _ARRAYS.items()}
    lengths = {"sums": rules.enumerated, "latest": rules.enumerated, "used": rules.delays}
    if any(len(arrays[name]) != len(like) for name, like in lengths.items()):
        raise StoredEstimateError("an estimate with other inputs or tags", remedy="begin a new estimate")
    estimate = stored_estimate.unpack(zlib.decompress(content["estimate"]), rules.filter)
    windows = msgspec.convert(content["windows"], list[Window])
    done = list(islice(parts(rules, estimate, windows[0], 0), content["parts_done"])) if windows else []
    gathered = Gathered(content["since_s"], content["seen"], **arrays)
    return Estimating(told, estimate, gathered, windows, done, content["retry_s"])
