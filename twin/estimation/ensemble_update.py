"""The ensemble Kalman filter's update: what readings say about an ensemble, and the ensemble that follows.

Both updates work in the space of the members through one singular value decomposition, so that their cost grows with
the number of columns only linearly, and a column may be anything that varies over the members: a state, a parameter,
or what the model had predicted some time ago.

References
----------
.. [1] G. Burgers, P. J. van Leeuwen, G. Evensen, Analysis Scheme in the Ensemble Kalman Filter, Monthly Weather Review
   126 (1998) 1719-1724 (perturbed readings).
.. [2] B. R. Hunt, E. J. Kostelich, I. Szunyogh, Efficient data assimilation for spatiotemporal chaos: a local ensemble
   transform Kalman filter, Physica D 230 (2007) 112-126, eq. 20-25 (symmetric square root).
.. [3] J. S. Whitaker, T. M. Hamill, Evaluating Methods to Account for System Errors in Ensemble Data Assimilation,
   Monthly Weather Review 140 (2012) 3078-3089, eq. 2 (relaxation to the prior spread).
.. [4] Y. Bar-Shalom, X. R. Li, T. Kirubarajan, Estimation with Applications to Tracking and Navigation, Wiley 2001,
   section 5.4 (normalised innovation squared).
.. [5] S. Roh, M. G. Genton, M. Jun, I. Szunyogh, I. Hoteit, Observation quality control with a robust ensemble Kalman
   filter, Monthly Weather Review 141 (2013) 4414-4428 (clipped innovations).
"""

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Readings against an ensemble's predictions of them, everything in units of the readings' noise.

    `innovations` (k,) is reading less mean prediction. `left` (m, r), `singular` (r,) and `right` (r, k) decompose the
    predictions' deviations from their mean.
    """

    innovations: Floats
    left: Floats
    singular: Floats
    right: Floats

    @classmethod
    def of(cls, predicted: Floats, readings: Floats, noise: Floats, gate: float = inf) -> "Comparison":
        """Compare readings (k,) of the noise given (k,), standard deviations, with predictions (m, k).

        An innovation beyond `gate` times what it should be is clipped to that [5]_, so that a wild reading pulls no
        harder than one at the gate, and a plant that has really gone there is followed all the same.
        """
        mean = predicted.mean(axis=0)
        deviations = (predicted - mean) / noise
        most = gate * np.sqrt(1.0 + deviations.var(axis=0, ddof=1))
        left, singular, right = np.linalg.svd(deviations, full_matrices=False)
        return cls(np.clip((readings - mean) / noise, -most, most), left, singular, right)

    @property
    def members(self) -> int:
        """Number of members, m."""
        return len(self.left)

    @property
    def variances(self) -> Floats:
        """Variance of each direction of `right` over the members, in units of the noise's; shape (r,)."""
        return self.singular**2 / (self.members - 1)

    @property
    def standardised(self) -> Floats:
        """Innovations in units of what they should be, from spread and noise together; shape (k,)."""
        return self.innovations / np.sqrt(1.0 + self.variances @ self.right**2)

    @property
    def square(self) -> float:
        """The normalised innovation squared [4]_: on average k where model and noise are right.

        A covariance that is known from m members only makes it too large. What is divided by here is, for a share p of
        the ensemble in each direction's variance, to the second order ``1 + sum(p**2 + p * sum(p)) / (k * (m - 1))``;
        where the spread is all, p = 1, that takes off what the mean of Hotelling's statistic has above k.
        """
        part = self.variances / (1.0 + self.variances)
        along = self.right @ self.innovations
        square = float(self.innovations @ self.innovations - part @ along**2)
        excess = float((part**2).sum() + part.sum() ** 2) / (len(self.innovations) * (self.members - 1))
        return square * max(0.0, 1.0 - excess)


def transform_update(members: Floats, comparison: Comparison) -> Floats:
    """The ensemble after the readings by the deterministic transform [2]_; shape (m, n) in and out.

    Mean and sample covariance follow the Kalman filter's equations exactly; nothing is drawn.
    """
    keep, squared = comparison.members - 1.0, comparison.singular**2
    mean = members.mean(axis=0)
    deviations = members - mean
    along = comparison.left.T @ deviations
    shift = (comparison.singular / (keep + squared) * (comparison.right @ comparison.innovations)) @ along
    shrink = np.sqrt(keep / (keep + squared)) - 1.0
    updated: Floats = mean + shift + deviations + comparison.left @ (shrink[:, None] * along)
    return updated


def stochastic_update(members: Floats, comparison: Comparison, draws: Floats) -> Floats:
    """The ensemble after the readings, each member by a reading perturbed for it [1]_; shape (m, n) in and out.

    `draws` are standard normal numbers of shape (m, k); their mean over the members is taken off.
    """
    deviations = members - members.mean(axis=0)
    predicted = (comparison.left * comparison.singular) @ comparison.right
    wanted = comparison.innovations + draws - draws.mean(axis=0) - predicted
    gain = comparison.singular / (comparison.members - 1.0 + comparison.singular**2)
    updated: Floats = members + (wanted @ comparison.right.T * gain) @ (comparison.left.T @ deviations)
    return updated


def inflated(members: Floats, factor: float) -> Floats:
    """The ensemble with its deviations from the mean multiplied; against the spread that a small ensemble loses."""
    mean = members.mean(axis=0)
    widened: Floats = mean + factor * (members - mean)
    return widened


def relaxed(members: Floats, before: Floats, share: float) -> Floats:
    """The ensemble with each column's spread brought back by a share of what the update took from it [3]_."""
    mean, spread = members.mean(axis=0), members.std(axis=0)
    lost = before.std(axis=0) - spread
    factor = 1.0 + share * np.divide(lost, spread, out=np.zeros_like(lost), where=spread > 0.0)
    widened: Floats = mean + factor * (members - mean)
    return widened
