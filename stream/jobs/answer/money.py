"""What a change is worth: money an hour and over the horizon, of each case, and the gain member by member."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from stream.jobs.answer.numbers import curve, number, range_of
from stream.jobs.report import EconomicLine, Economics, Range
from twin.atlas.economics import Economics as MoneyLines
from twin.atlas.economics import MoneyRate
from twin.atlas.prices import PriceBook
from twin.estimation.bands import LEVEL, BandCalibration, Bands, bands
from twin.matrix.trajectory import Trajectory

Floats = NDArray[np.float64]

PROFIT = "profit"
"""What the calibration of bands calls the sum of all lines."""


@dataclass(frozen=True, eq=False)
class Prices:
    """What the plant earns by, and the prices that hold at the question's beginning (`at_us`, microseconds UTC)."""

    lines: MoneyLines
    book: PriceBook
    at_us: int

    def rate(self, case: Trajectory) -> MoneyRate:
        """Money an hour of every member, shape (members, times); a plant that has shut down earns and costs nothing.

        Raises
        ------
        twin.atlas.errors.AtlasError
            Where a value or a price is missing, or does not fit.
        """
        values = {name: case[name] for name in self.lines.inputs if name in case.names}
        units = dict(zip(case.names, case.units, strict=True))
        rate = self.lines.rate(values, units, self.book, datetime.fromtimestamp(self.at_us / 1e6, UTC))
        ends = np.array([np.inf if trip is None else trip.time_s for trip in case.trips])
        running = case.times_s <= ends[:, None]
        lines = {name: np.where(running, line, 0.0) for name, line in rate.lines.items()}
        return MoneyRate(rate.currency, lines, np.where(running, rate.total, 0.0))


def reckon(
    prices: Prices,
    base: Trajectory,
    change: Trajectory,
    calibration: BandCalibration | None,
    told: NDArray[np.intp],
) -> Economics:
    """The economics of both cases.

    The members of both cases share their futures, so the gain's band is that of the differences, which is narrower
    than the two bands apart.

    Parameters
    ----------
    calibration
        Of this model's bands.
    told
        Which of the times the curves tell.

    Raises
    ------
    twin.atlas.errors.AtlasError
        Where a value or a price is missing, or does not fit.
    """
    rates = [prices.rate(case) for case in (base, change)]
    earned = [rate.earned(base.times_s) for rate in rates]
    both = [_banded(rate, case, calibration, told) for rate, case in zip(rates, (base, change), strict=True)]
    return Economics(
        currency=rates[0].currency,
        lines=tuple(
            EconomicLine(
                item=name,
                base_per_h=_middle(rates[0].lines[name][:, -1]),
                change_per_h=_middle(rates[1].lines[name][:, -1]),
                base_total=_middle(earned[0].lines[name]),
                change_total=_middle(earned[1].lines[name]),
            )
            for name in rates[0].lines
        ),
        base=curve(both[0].mid[:, 0], both[0].low[:, 0], both[0].high[:, 0]),
        change=curve(both[1].mid[:, 0], both[1].low[:, 0], both[1].high[:, 0]),
        base_per_h=_at_end(both[0]),
        change_per_h=_at_end(both[1]),
        gain_per_h=range_of(rates[1].total[:, -1] - rates[0].total[:, -1], LEVEL),
        base_total=range_of(earned[0].total, LEVEL),
        change_total=range_of(earned[1].total, LEVEL),
        gain_total=range_of(earned[1].total - earned[0].total, LEVEL),
    )


def _banded(rate: MoneyRate, case: Trajectory, calibration: BandCalibration | None, told: NDArray[np.intp]) -> Bands:
    ran = (None,) * case.members
    values = rate.total[:, told, None]
    total = Trajectory(case.model, (PROFIT,), (rate.unit,), case.times_s[told], values, ran)
    return bands(total, {}, calibration)


def _at_end(money: Bands) -> Range:
    low, mid, high = (number(float(part[-1, 0])) for part in (money.low, money.mid, money.high))
    return Range(mid=mid, low=low, high=high)


def _middle(members: Floats) -> float | None:
    return number(float(np.median(members)))
