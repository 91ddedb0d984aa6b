"""Streams: material, energy and signals between the ports of equipment."""

from twin.atlas.streams.end import End
from twin.atlas.streams.process_stream import (
    STREAM_KINDS,
    EnergyStream,
    MaterialStream,
    ProcessStream,
    SignalStream,
)

__all__ = ["STREAM_KINDS", "End", "EnergyStream", "MaterialStream", "ProcessStream", "SignalStream"]
