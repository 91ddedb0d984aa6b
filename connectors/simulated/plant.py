"""One simulated plant, scan by scan: model, instruments, disturbances and drift. It reads no clock and writes nothing.

A scan is one second of plant time; its number is the second it bears, counted from the epoch.
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from connectors.simulated.config import SimulatedPlantConfig
from connectors.simulated.disturbances import Schedule
from connectors.simulated.drift import EVERY_S
from connectors.simulated.ledger import RECORD, Records
from connectors.simulated.noise import SensorNoise
from connectors.simulated.plant_kinds import KINDS
from twin.atlas.errors import AtlasError

GOOD = 0x0000_0000
UNCERTAIN_LAST_USABLE_VALUE = 0x4090_0000
_BAD = 0x8000_0000
_VERSION = 1


class CommandError(AtlasError):
    """A command to a simulated plant that names something it does not have."""


class SimulatedPlant:
    """A plant that is asked for one scan after the other.

    `names` are the signals in the order of a record's `tag`: instruments, settings, then the three that announce
    disturbances. `next_s` is the scan that comes next.
    """

    def __init__(self, config: SimulatedPlantConfig, begin_s: int) -> None:
        """Begin anew at second `begin_s`; raises what the model's constructor raises."""
        kind = KINDS[config.plant]
        self.kind = kind
        self.model = kind.make_model(config.seed)
        signals = {signal.name: signal for signal in kind.signals}
        own = [*self.model.instruments, *self.model.settings]
        self.signals = (*own, *(signals[name] for name in ("XS-901", "KI-901", "XS-902")))
        self.names = tuple(signal.name for signal in self.signals)
        self.begin_s = begin_s
        self.next_s = begin_s
        self._noise = SensorNoise(config.seed, kind.deviations) if config.noise and any(kind.deviations) else None
        self._drift = kind.make_drift(config.seed) if config.drift else None
        self._schedule = Schedule(config.schedule, config.seed, len(kind.disturbances))
        self._analysers = kind.make_analysers()
        self._instruments = len(self.model.instruments)
        self._fast = self._instruments - kind.analysed
        self._always = [True] * self._fast
        self._by_hand: dict[int, bool] = {}
        self._acting: set[int] = set()
        self._forced: dict[int, int] = {}
        self._offered: list[float] = []
        self._offered_status: list[int] = []

    def scan(self, record: bool = True) -> Records:
        """Run scan `next_s` and give its readings: instruments that spoke, settings that changed.

        Without `record` the plant moves on but only analysers' reports are given.
        """
        now_s = self.next_s
        self._disturb(now_s)
        if self._drift is not None and (now_s - self.begin_s) % EVERY_S == 0:
            self._drift(self.model, float(now_s - self.begin_s))
        values = self.model.measure()
        if self._noise is not None:
            values = [value + noise for value, noise in zip(values, self._noise.at(now_s), strict=True)]
        analysed = values[self._fast :]
        spoke = self._analysers.report(now_s, analysed)
        values[self._fast :] = analysed
        self.model.control(values)
        readings = self._records(now_s, values, spoke) if record or any(spoke) else np.empty(0, dtype=RECORD)
        self.model.advance()
        self.next_s = now_s + 1
        return readings

    def _records(self, now_s: int, values: list[float], spoke: list[bool]) -> Records:
        everything = [*values, *self.model.read_settings(), *self._announced(now_s)]
        last, statuses = self._offered, self._statuses(len(everything))
        if last:
            due = [new != old for new, old in zip(everything, last, strict=True)]
            due[: self._instruments] = [*self._always, *spoke]
            due[-3:] = (True, True, True)
            if statuses != self._offered_status:
                due = [d or a != b for d, a, b in zip(due, statuses, self._offered_status, strict=True)]
        else:
            due = [True] * len(everything)
        self._offered, self._offered_status = everything, statuses
        at = np.flatnonzero(due)
        records = np.empty(len(at), dtype=RECORD)
        records["time_us"] = now_s * 1_000_000
        records["tag"] = at
        records["status"] = np.array(statuses, dtype=np.uint32)[at]
        offered = np.array(everything)[at]
        offered[records["status"] >= _BAD] = np.nan
        records["value"] = offered
        return records

    def _statuses(self, count: int) -> list[int]:
        statuses = [GOOD] * count
        if self.model.trip:
            statuses[: self._instruments] = [UNCERTAIN_LAST_USABLE_VALUE] * self._instruments
        for index, status in self._forced.items():
            statuses[index] = status
        return statuses

    def _announced(self, now_s: int) -> Sequence[float]:
        coming = self._schedule.coming(now_s)
        following = (0.0, 0.0) if coming is None else (1.0 + coming.number, (coming.begin_s - now_s) / 60.0)
        acting = min(self._acting, default=-1)
        return (*following, 1.0 + acting)

    def _disturb(self, now_s: int) -> None:
        scheduled = self._schedule.acting(now_s)
        wanted = set() if scheduled is None else {scheduled.number}
        for number, on in self._by_hand.items():
            (wanted.add if on else wanted.discard)(number)
        for number in wanted ^ self._acting:
            self.model.disturb(number, number in wanted)
        self._acting = wanted

    def write(self, name: str, value: float) -> None:
        """Write a setting as an operator would; it acts at the next scan. Raises `WriteRefusedError`."""
        self.model.write(name, value)

    def force(self, name: str, status: int) -> None:
        """Give a signal's readings an OPC UA status whatever it measures; Good (0) ends that.

        Raises
        ------
        CommandError
            Where there is no such signal or the status is no 32-bit number.
        """
        if name not in self.names:
            raise CommandError(f"plant {self.kind.name} has no signal {name!r}; browse its server for the names")
        if not 0 <= status < 1 << 32:
            raise CommandError(f"status {status} for {name} is no OPC UA status code; give 0 to 0xFFFFFFFF")
        index = self.names.index(name)
        if status == GOOD:
            self._forced.pop(index, None)
        else:
            self._forced[index] = status

    def switch(self, disturbance: str, on: bool) -> None:
        """Switch a disturbance by its words; the schedule still switches all that no hand has touched.

        Raises
        ------
        CommandError
            Where the plant has no such disturbance.
        """
        if disturbance not in self.kind.disturbances:
            words = "; ".join(self.kind.disturbances)
            raise CommandError(f"plant {self.kind.name} has no disturbance {disturbance!r}; choose one of: {words}")
        self._by_hand[self.kind.disturbances.index(disturbance)] = on

    def offer_everything(self) -> None:
        """Offer every signal at the next scan, changed or not."""
        self._offered = []

    def restart(self) -> None:
        """Begin the process again at its design's steady state, as after a trip; plant time goes on."""
        self.model.restart()

    def snapshot(self) -> bytes:
        """Everything that the next scan depends on, as MessagePack."""
        return msgspec.msgpack.encode(
            {
                "version": _VERSION,
                "plant": self.kind.name,
                "begin_s": self.begin_s,
                "next_s": self.next_s,
                "model": self.model.snapshot(),
                "analysers": self._analysers.snapshot(),
                "by_hand": sorted(self._by_hand.items()),
                "acting": sorted(self._acting),
                "forced": sorted(self._forced.items()),
                "offered": self._offered,
                "offered_status": self._offered_status,
            }
        )

    def restore(self, state: bytes) -> None:
        """Take back what `snapshot` gave.

        Raises
        ------
        ValueError
            Where the bytes are not this plant's or another version's.
        """
        try:
            content = msgspec.msgpack.decode(state)
            if (content["version"], content["plant"]) != (_VERSION, self.kind.name):
                raise ValueError(f"it is of {content['plant']}, version {content['version']}")
            self.model.restore(content["model"])
            self._analysers.restore(content["analysers"])
            self.begin_s, self.next_s = content["begin_s"], content["next_s"]
            self._by_hand = {number: on for number, on in content["by_hand"]}
            self._acting = set(content["acting"])
            self._forced = {index: status for index, status in content["forced"]}
            self._offered, self._offered_status = content["offered"], content["offered_status"]
        except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not a state of the plant {self.kind.name}: {error}; begin anew without it") from error
