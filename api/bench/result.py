"""The outcome of `atlas bench spine`, as JSON and as a table."""

from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from api.bench.drain import Drained
from api.bench.latency import Latency
from api.bench.machine import Machine
from api.bench.plan import BenchPlan


@dataclass(frozen=True, slots=True)
class Growth:
    """The main figures at one number of plants."""

    plants: int
    values_per_second: float
    share_of_copy: float
    latency_p50_ms: float
    latency_p99_ms: float
    peak_rss_mb: dict[str, float]


@dataclass(frozen=True, slots=True)
class SpineResult:
    """Everything that was measured, and on what."""

    servers: str
    machine: Machine
    plan: BenchPlan
    drained: Drained
    share_of_copy: float
    naive_values_per_core_s: float
    latency: Latency
    viewer_cpu_percent: float
    peak_rss_mb: dict[str, float]
    growth: tuple[Growth, ...]

    @property
    def naive_faust_ratio(self) -> float:
        """How many times the naive peer's values the worker takes per second of processor time."""
        return self.drained.worker_values_per_core_s / self.naive_values_per_core_s

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON, numbers rounded to what they are good for."""
        drained = self.drained
        return {
            "values_per_second": round(drained.values_per_second),
            "share_of_copy": round(self.share_of_copy, 3),
            "copy_values_per_second": round(drained.copy_values_per_second),
            "naive_faust_ratio": round(self.naive_faust_ratio, 1),
            "worker_values_per_core_s": round(drained.worker_values_per_core_s),
            "naive_values_per_core_s": round(self.naive_values_per_core_s),
            "latency_p50_ms": round(self.latency.p50_ms, 2),
            "latency_p95_ms": round(self.latency.p95_ms, 2),
            "latency_p99_ms": round(self.latency.p99_ms, 2),
            "latency_scans": self.latency.scans,
            "viewer_cpu_percent": round(self.viewer_cpu_percent, 2),
            "peak_rss_mb": _rounded(self.peak_rss_mb, 1),
            "cores": _rounded(drained.cores, 3),
            "values_sent": drained.values,
            "values_stored": drained.rows,
            "seconds": round(drained.seconds, 2),
            "growth": [_growth(one) for one in self.growth],
            "servers": self.servers,
            "plan": asdict(self.plan),
            "machine": asdict(self.machine),
        }


def _growth(one: Growth) -> dict[str, Any]:
    return {
        "plants": one.plants,
        "values_per_second": round(one.values_per_second),
        "share_of_copy": round(one.share_of_copy, 3),
        "latency_p50_ms": round(one.latency_p50_ms, 2),
        "latency_p99_ms": round(one.latency_p99_ms, 2),
        "peak_rss_mb": _rounded(one.peak_rss_mb, 1),
    }


def _rounded(numbers: dict[str, float], digits: int) -> dict[str, float]:
    return {name: round(number, digits) for name, number in sorted(numbers.items())}


def as_table(result: SpineResult) -> Table:
    """What a person wants to see: each figure beside its goal."""
    shown = result.as_dict()
    table = Table("figure", "measured", "goal", box=None, pad_edge=False, header_style="dim")
    table.add_row("values from Kafka to rows, per second", f"{shown['values_per_second']:,}", "")
    table.add_row("  as a share of raw COPY", f"{shown['share_of_copy']:.2f}", "0.7 or more")
    table.add_row("worker over naive Faust, per core", f"{shown['naive_faust_ratio']:,.0f} times", "500")
    for percent in ("50", "95", "99"):
        goal = "100 ms or less" if percent == "99" else ""
        table.add_row(f"receipt to subscriber, {percent} %", f"{shown[f'latency_p{percent}_ms']:.1f} ms", goal)
    viewers = f"{result.plan.viewers} viewers of a live page"
    table.add_row(viewers, f"{shown['viewer_cpu_percent']:.2f} % of a core", "5 % or less")
    for name, megabytes in shown["peak_rss_mb"].items():
        table.add_row(f"peak memory, {name}", f"{megabytes:,.0f} MB", "")
    for one in shown["growth"]:
        figures = f"{one['values_per_second']:,} values/s, p99 {one['latency_p99_ms']:.1f} ms"
        table.add_row(f"{one['plants']} plants", figures, "")
    table.add_row("servers", result.servers, "" if result.servers != "embedded" else "native, for comparable figures")
    return table
