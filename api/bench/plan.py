"""What a benchmark measures: sizes and durations, all following from how long it may take."""

from dataclasses import dataclass

from twin.atlas.errors import AtlasError


class BenchError(AtlasError):
    """A measurement could not be made, or what came out of it cannot be right."""


@dataclass(frozen=True, slots=True)
class BenchPlan:
    """How to measure.

    `seconds` is about how long each measurement of the main part runs; those of `growth` (numbers of plants) run half
    as long. `plants` of `tags` each send a scan a second; the live page has `page_tags` and `viewers`.
    """

    seconds: float = 20.0
    plants: int = 4
    tags: int = 1000
    page_tags: int = 60
    viewers: int = 20
    growth: tuple[int, ...] = (1, 10, 30, 100)

    @property
    def growth_seconds(self) -> float:
        """How long a measurement of growth runs."""
        return max(1.0, self.seconds / 2)

    @property
    def naive_events(self) -> int:
        """Events for the naive peer: what it can do in about half the time."""
        return max(1000, int(1500 * self.seconds))
