"""What distinguishes one simulated plant from another: model, words, noise, analysers and drift."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from connectors.simulated import drift
from connectors.simulated.analysers import DelayedAnalyser, ReportOnChange
from twin.matrix.process import ControlledProcess
from twin.matrix.signal import Signal
from twin.matrix.tennessee_eastman import signals as tennessee_eastman
from twin.matrix.tennessee_eastman.model import TennesseeEastmanModel
from twin.matrix.williams_otto import signals as williams_otto
from twin.matrix.williams_otto.model import WilliamsOttoModel


class Analysers(Protocol):
    """The instruments at the end of a plant's list that do not speak at every scan."""

    def report(self, scan: int, values: list[float]) -> list[bool]:
        """Put what is reported into `values` (the analysers' part of a scan) and say which of them are new reports."""

    def snapshot(self) -> Any:
        """What is under way."""

    def restore(self, state: Any) -> None:
        """Take back what `snapshot` gave."""


@dataclass(frozen=True)
class PlantKind:
    """One kind of plant; `deviations` are the noise of each instrument, in its unit and in the model's order.

    The last `analysed` instruments are analysers.
    """

    name: str
    title: str
    signals: tuple[Signal, ...]
    disturbances: tuple[str, ...]
    make_model: Callable[[int], ControlledProcess]
    make_drift: Callable[[int], drift.Drift]
    make_analysers: Callable[[], Analysers]
    deviations: Sequence[float]
    analysed: int


class _SampledAnalyser:
    """The Williams-Otto reactor's analyser: one sample of all components at a time."""

    def __init__(self) -> None:
        self._analyser = DelayedAnalyser(int(williams_otto.ANALYSIS_PERIOD_S), int(williams_otto.ANALYSIS_DELAY_S))
        self._reported: list[float] = []

    def report(self, scan: int, values: list[float]) -> list[bool]:
        report = self._analyser.report(scan, values)
        # The very first scan reports what it sees, so that no client waits minutes for a first value.
        new = report is not None or not self._reported
        if new:
            self._reported = list(values if report is None else report)
        values[:] = self._reported
        return [new] * len(values)

    def snapshot(self) -> Any:
        return [self._analyser.snapshot(), self._reported]

    def restore(self, state: Any) -> None:
        sample, self._reported = state
        self._analyser.restore(sample)


class _OwnAnalysers:
    """The Tennessee Eastman equations sample and delay by themselves."""

    def __init__(self) -> None:
        self._reports = ReportOnChange()

    def report(self, scan: int, values: list[float]) -> list[bool]:
        return self._reports.changed(values)

    def snapshot(self) -> Any:
        return self._reports.snapshot()

    def restore(self, state: Any) -> None:
        self._reports.restore(state)


_WILLIAMS_OTTO_NOISE = (0.005, 0.012, 0.1, 0.05, 0.1, 0.02, 0.1, 0.1, 0.05, 0.08, 0.25, 0.02, 0.2, 0.08, 0.08)

KINDS: dict[str, PlantKind] = {
    kind.name: kind
    for kind in (
        PlantKind(
            name="williams-otto",
            title="Williams-Otto reactor",
            signals=williams_otto.SIGNALS,
            disturbances=williams_otto.DISTURBANCES,
            make_model=lambda seed: WilliamsOttoModel(),
            make_drift=drift.williams_otto,
            make_analysers=_SampledAnalyser,
            deviations=_WILLIAMS_OTTO_NOISE,
            analysed=6,
        ),
        PlantKind(
            name="tennessee-eastman",
            title="Tennessee Eastman process",
            signals=tennessee_eastman.SIGNALS,
            disturbances=tennessee_eastman.DISTURBANCES,
            make_model=TennesseeEastmanModel,
            make_drift=drift.tennessee_eastman,
            make_analysers=_OwnAnalysers,
            # The equations bring the noise of all instruments with them.
            deviations=(0.0,) * len(tennessee_eastman.MEASUREMENTS),
            analysed=19,
        ),
    )
}
