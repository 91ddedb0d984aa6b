"""Which unknowns can be told apart from which tags, before anyone trusts an estimate of them.

Each unknown is moved by a part of its spread to both sides, and the model tells how each tag would answer, in units of
the tag's noise. The answers' products are the Fisher information; with the spreads as prior it tells how much of each
unknown's spread stays after all readings are used [1]_. An unknown that no tag answers to keeps its spread; of two that
move all tags alike, at most their sum is found [2]_.

References
----------
.. [1] S. M. Kay, Fundamentals of Statistical Signal Processing: Estimation Theory, Prentice Hall 1993, section 10.6.
.. [2] K. A. P. McLean, K. B. McAuley, Mathematical modelling of chemical processes: obtaining the best model
   predictions and parameter estimates using identifiability and estimability procedures, Canadian Journal of Chemical
   Engineering 90 (2012) 351-366 (estimability with scaled sensitivities, one unknown after another set aside).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from twin.estimation.ensemble_filter import FollowedModel
from twin.estimation.errors import NotObservableError
from twin.estimation.plan import EstimatePlan
from twin.matrix.model_state import ModelState, joined

Floats = NDArray[np.float64]

MOVED: Final = 0.2
"""Part of its spread that an unknown is moved by: enough to be seen, little enough to stay linear."""


ALIKE: Final = 0.95
"""What keeps this part of the largest share keeps about as much."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What can be said of one unknown.

    `stays` is the share of its spread that stays when all unknowns told are looked for together, `alone` when
    everything else were known. `told_by` names the tags that decide what stays, where a better instrument would help
    most, or for a refused one those that answer to it at all. `sentence` says it in words, for a refused one with what
    helps; `confused_with` names those that it can't be told apart from.
    """

    name: str
    told: bool
    stays: float
    alone: float
    told_by: tuple[str, ...]
    confused_with: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class ObservabilityReport:
    """The findings in the plan's order."""

    findings: tuple[Finding, ...]

    @property
    def refused(self) -> tuple[Finding, ...]:
        """Those that cannot be told apart."""
        return tuple(finding for finding in self.findings if not finding.told)

    @property
    def told(self) -> tuple[str, ...]:
        """Names of the unknowns that can be estimated together."""
        return tuple(finding.name for finding in self.findings if finding.told)

    def require(self) -> None:
        """Refuse what cannot be told apart.

        Raises
        ------
        NotObservableError
            With every unknown that is refused, and its reason.
        """
        if self.refused:
            raise NotObservableError(self)


def answers(
    model: FollowedModel, plan: EstimatePlan, state: ModelState, times_s: Sequence[int], *, hold: bool = True
) -> Floats:
    """How each tag answers to each unknown, in noises per spread; shape (members, times, tags, unknowns).

    Parameters
    ----------
    model, plan
        As for the filter.
    state
        The states that the unknowns are moved around: one, or an ensemble where what a tag tells depends on where the
        plant may be.
    times_s
        Whole seconds after `state`, ascending, at which all tags are read.
    hold
        Whether the valves stay where they are, as for a filter that is told their positions; else the control system
        acts, and what it does to the valves should be among the tags.

    Raises
    ------
    EstimatePlanError
        Where the plan names what the model does not declare.
    MatrixError
        What the model raised.
    """
    declaration = model.declaration
    plan.check(declaration)
    outputs = [declaration.output_index[instrument.name] for instrument in plan.instruments]
    noise = np.array([instrument.noise for instrument in plan.instruments])
    ensemble, apart = _moved(model, plan, state)
    told, now = [], 0
    for time_s in times_s:
        if time_s > now:
            ensemble, now = model.step(ensemble, float(time_s - now), hold=hold), time_s
        up, down = model.outputs(ensemble)[:, outputs].reshape(2, *apart.shape, len(outputs))
        told.append((up - down) / noise / apart[:, :, None])
    return np.array(told).transpose(2, 0, 3, 1)


def observability(plan: EstimatePlan, told: Floats, *, limit: float = 0.5) -> ObservabilityReport:
    """What the answers say of each unknown.

    While an unknown keeps more than `limit` of its spread, the one that keeps most is refused and taken as known, and
    the rest are judged again; among those that keep about as much, the one that the plan names last goes.

    Parameters
    ----------
    plan
        The plan that the answers were made for.
    told
        From `answers`, shape (members, times, tags, unknowns): the information is added over the times and averaged
        over the members. Operating points that the plant visits one after the other are concatenated along the times.
    limit
        Share of its spread that an unknown may keep and still count as told, 0 to 1.
    """
    by_tag = np.einsum("mtki,mtkj->kij", told, told) / len(told)
    kept = list(range(len(plan.unknowns)))
    findings: dict[int, Finding] = {}
    while kept:
        left = _left(by_tag, kept)
        stays = np.sqrt(np.diag(left))
        if stays.max() <= limit:
            break
        worst = int(np.flatnonzero(stays >= ALIKE * stays.max())[-1])
        findings[kept[worst]] = _refused(plan, by_tag, kept, worst, limit)
        del kept[worst]
    for place, index in enumerate(kept):
        findings[index] = _told(plan, by_tag, kept, place)
    return ObservabilityReport(tuple(findings[index] for index in range(len(plan.unknowns))))


def _moved(model: FollowedModel, plan: EstimatePlan, state: ModelState) -> tuple[ModelState, Floats]:
    """All members with each unknown up, then with each down, and by how many spreads these lie apart.

    At the edge of its range an unknown is moved to one side only. The second has shape (unknowns, members).
    """
    declaration, count = model.declaration, len(plan.unknowns)
    ensemble = joined([state] * (2 * count))
    # By side, by unknown moved, by member.
    states, parameters = (
        table.reshape(2, count, state.members, table.shape[1]).copy()
        for table in (ensemble.states, ensemble.parameters)
    )
    apart = np.empty((count, state.members))
    for row, unknown in enumerate(plan.unknowns):
        free = unknown.name in declaration.parameter_index
        table, index = (parameters, declaration.parameter_index) if free else (states, declaration.state_index)
        column = index[unknown.name]
        variable = (declaration.parameters if free else declaration.states)[column]
        spread = unknown.spread or unknown.walk
        move = MOVED * spread * np.array([[1.0], [-1.0]])
        table[:, row, :, column] = np.clip(table[:, row, :, column] + move, variable.low, variable.high)
        apart[row] = (table[0, row, :, column] - table[1, row, :, column]) / spread
    moved = ensemble.with_states(states.reshape(ensemble.states.shape))
    # One that its range does not let move has no answer.
    return moved.with_parameters(parameters.reshape(ensemble.parameters.shape)), np.where(apart > 0.0, apart, np.inf)


def _left(by_tag: Floats, kept: Sequence[int]) -> Floats:
    """Covariance of the unknowns kept after all readings, in units of their spreads."""
    information = by_tag.sum(axis=0)[np.ix_(kept, kept)]
    return np.asarray(np.linalg.inv(np.eye(len(kept)) + information), dtype=np.float64)


def _alone(by_tag: Floats, index: int) -> float:
    return float(1.0 / np.sqrt(1.0 + by_tag[:, index, index].sum()))


def _told(plan: EstimatePlan, by_tag: Floats, kept: Sequence[int], place: int) -> Finding:
    """The finding for one that is told; tags count by how much of its variance a more exact reading would take."""
    name, left = plan.unknowns[kept[place]].name, _left(by_tag, kept)
    stays = float(np.sqrt(left[place, place]))
    shares = np.einsum("i,kij,j->k", left[place], by_tag[:, kept][:, :, kept], left[place])
    tags = _most(plan, shares)
    sentence = f"{name} can be estimated: {stays:.0%} of its spread stays, decided by {', '.join(tags)}"
    return Finding(name, True, stays, _alone(by_tag, kept[place]), tags, (), sentence)


def _refused(plan: EstimatePlan, by_tag: Floats, kept: Sequence[int], place: int, limit: float) -> Finding:
    """The finding for one that keeps too much: no tag answers to it, or others move the same tags alike."""
    name, left = plan.unknowns[kept[place]].name, _left(by_tag, kept)
    stays, alone = float(np.sqrt(left[place, place])), _alone(by_tag, kept[place])
    tags = _most(plan, by_tag[:, kept[place], kept[place]])
    if alone > limit:
        sentence = (
            f"{name} is hardly seen by any tag: {alone:.0%} of its spread stays even where all else is known; "
            "take it as known, or add a tag that answers to it"
        )
        return Finding(name, False, stays, alone, tags, (), sentence)
    others = tuple(plan.unknowns[kept[other]].name for other in _confused(left, place))
    sentence = (
        f"{name} cannot be told apart from {', '.join(others)}: they move the tags alike, and {stays:.0%} of its "
        "spread stays; take it as known, or add a tag that answers to it alone"
    )
    return Finding(name, False, stays, alone, tags, others, sentence)


def _confused(left: Floats, place: int) -> list[int]:
    """Those whose estimates err together with this one's, the closest first."""
    spread = np.sqrt(np.diag(left))
    together = np.abs(left[place]) / (spread * spread[place])
    together[place] = 0.0
    order = np.argsort(-together, kind="stable")
    return [int(other) for other in order if together[other] > 0.5 * together.max()]


def _most(plan: EstimatePlan, information: Floats) -> tuple[str, ...]:
    """The tags that tell nine tenths of what is told, the most telling first; none where nothing is told."""
    order = np.argsort(-information, kind="stable")
    reached = np.cumsum(information[order])
    if not reached.size or reached[-1] <= 0.0:
        return ()
    enough = int(np.searchsorted(reached, 0.9 * reached[-1])) + 1
    return tuple(plan.instruments[index].name for index in order[:enough])
