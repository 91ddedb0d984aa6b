"""`atlas bench`: measurements of this machine."""

import click


@click.group()
def bench() -> None:
    """Measure this machine's throughput and latency."""
