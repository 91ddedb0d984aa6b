"""The outcome of `atlas bench atlas`: figures of the plant model as plants grow, as JSON and as a table."""

import resource
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from rich.table import Table

from api.bench.machine import Machine, this_machine
from stream.bench.atlas_figures import AtlasFigures, AtlasPeers, measure

_ROWS: Final = (
    ("tags", "tags", ""),
    ("load the plant file, s", "load_s", "seconds"),
    ("walk all downstream, ms", "traverse_ms", "milliseconds"),
    ("  the first walk beside that, ms", "graph_ms", ""),
    ("find all recycles, ms", "recycles_ms", ""),
    ("find tear streams, ms", "tear_ms", ""),
    ("apply a scan, us per 1,000 tags", "apply_us_per_1000_tags", "far below 1,000"),
    ("fork the twin, us per 1,000 tags", "fork_us_per_1000_tags", "below 100"),
)
_PEERS: Final = (
    ("ruamel, reading only, over load", "ruamel"),
    ("networkx's descendants over walk", "networkx"),
    ("one object a tag over apply", "objects"),
    ("one copy of the state over fork", "memory"),
)


@dataclass(frozen=True, slots=True)
class AtlasResult:
    """Figures at each size, ascending, the peers at the largest one, and the machine."""

    growth: tuple[AtlasFigures, ...]
    peers: AtlasPeers
    peak_rss_mb: float
    machine: Machine

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON: the largest plant's figures, then those of all sizes."""
        return {
            **_rounded(self.growth[-1]),
            "peers": _rounded(self.peers),
            "growth": [_rounded(one) for one in self.growth],
            "peak_rss_mb": round(self.peak_rss_mb),
            "machine": asdict(self.machine),
        }


def run_atlas(sizes: Sequence[int], say: Callable[[str], None]) -> AtlasResult:
    """Measure plants of so many pieces of equipment, one after the other."""
    measured = []
    for size in sorted(sizes):
        say(f"a plant of {size:,} pieces of equipment")
        measured.append(measure(size))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return AtlasResult(tuple(figures for figures, _ in measured), measured[-1][1], peak_mb, this_machine())


def as_table(result: AtlasResult) -> Table:
    """What a person wants to see: each figure at each size, and its goal."""
    shown = [_rounded(one) for one in result.growth]
    sizes = (f"{one.equipment:,}" for one in result.growth)
    table = Table("pieces of equipment", *sizes, "goal", box=None, pad_edge=False, header_style="dim")
    for words, key, goal in _ROWS:
        table.add_row(words, *(f"{one[key]:,}" for one in shown), goal)
    for words, key in _PEERS:
        table.add_row(words, *("" for _ in shown[1:]), f"{_rounded(result.peers)[key]:,}", "")
    return table


def _rounded(figures: AtlasFigures | AtlasPeers) -> dict[str, Any]:
    return {
        name: float(f"{value:.3g}") if isinstance(value, float) else value for name, value in asdict(figures).items()
    }
