"""What the simulated plants are told: which, where, with how much past, and where they keep what they offered."""

from dataclasses import dataclass, field
from pathlib import Path

PLANTS: tuple[str, ...] = ("williams-otto", "tennessee-eastman")
"""Plants that can be simulated."""


@dataclass(frozen=True, kw_only=True)
class ScheduleConfig:
    """When disturbances act: one in every period, beginning within its first `spread_s`, for some time.

    With the values here one begins every 20 to 40 minutes and acts for 10 to 15.
    """

    on: bool = True
    period_s: int = 1800
    spread_s: int = 600
    shortest_s: int = 600
    longest_s: int = 900

    def __post_init__(self) -> None:
        if not 0 < self.shortest_s <= self.longest_s or self.spread_s + self.longest_s > self.period_s:
            raise ValueError(
                f"schedule: a disturbance of up to {self.longest_s} s that begins within {self.spread_s} s does not "
                f"end in its period of {self.period_s} s; lengthen period_s or shorten the others"
            )


@dataclass(frozen=True, kw_only=True)
class SimulatedPlantConfig:
    """One simulated plant.

    `folder` holds the ledger and the state that a restart resumes from. `history_hours` are simulated before the
    first start, and bound what is made up after a long stop; the past is recorded every `history_every_s`.
    """

    plant: str
    port: int
    folder: Path
    host: str = "127.0.0.1"
    seed: int = 1
    history_hours: float = 8.0
    history_every_s: int = 10
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    noise: bool = True
    drift: bool = True

    def __post_init__(self) -> None:
        if self.plant not in PLANTS:
            raise ValueError(f"plant {self.plant!r} cannot be simulated; choose one of {', '.join(PLANTS)}")
        if self.history_hours < 0 or self.history_every_s < 1:
            raise ValueError(
                f"plant {self.plant}: history_hours {self.history_hours} and history_every_s {self.history_every_s} "
                "make no past; give 0 or more hours and 1 or more seconds"
            )

    @property
    def ledger(self) -> Path:
        """The file of all readings offered."""
        return self.folder / f"{self.plant}.ledger"

    @property
    def state(self) -> Path:
        """The file of the state that a restart resumes from."""
        return self.folder / f"{self.plant}.state"

    @property
    def endpoint(self) -> str:
        """Where the plant's server listens."""
        return f"opc.tcp://{self.host}:{self.port}/{self.plant}"


@dataclass(frozen=True, kw_only=True)
class SimulatedPlantsConfig:
    """All plants of one process."""

    plants: tuple[SimulatedPlantConfig, ...]
