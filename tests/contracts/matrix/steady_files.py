"""Simulator files of the Williams-Otto reactor in Aspen Plus, HYSYS and a program that reads and writes files."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.contracts.matrix.fake_com import FEED_B, SHARE_E, SHARE_P, TEMPERATURE
from twin.matrix.simulator_file import SimulatorFile, read_simulator
from twin.matrix.snapshot import TwinSnapshot

PLACES = {
    "aspen-plus": (FEED_B, TEMPERATURE, SHARE_P, SHARE_E),
    "hysys": (
        "MaterialStreams/B/MassFlow [kg/h]",
        "MaterialStreams/B/Temperature [C]",
        "Operations/SPRDSHT-1/Cell(B2)/CellValue",
        "Operations/SPRDSHT-1/Cell(B3)/CellValue",
    ),
    "gproms": ("FeedB", "Temperature", "ShareP", "ShareE"),
}

TWIN = TwinSnapshot(
    "reactor",
    {"FIC-102.SP": 4.787, "TIC-101.SP": 80.0},
    {"FIC-102.SP": "kg/s", "TIC-101.SP": "degC"},
)


def steady_file(folder: Path, simulator: str, section: str = "", places: tuple[str, ...] = ()) -> SimulatorFile:
    """The file for a simulator; `section` is its own part of the form."""
    feed, temperature, share_p, share_e = places or PLACES[simulator]
    (folder / "reactor.bkp").touch()
    path = folder / f"{simulator}.yaml"
    path.write_text(
        f"""
atlas_simulator: 1
name: reactor-in-{simulator}
title: Reactor in {simulator}
simulator: {simulator}
model: reactor.bkp
{section}
inputs:
  - {{name: FIC-102.SP, description: Feed B, unit: kg/s, range: [3, 7], nominal: 4.787, at: '{feed}', unit_there: kg/h}}
  - {{name: TIC-101.SP, description: Reactor, unit: degC, range: [70, 100], nominal: 80, at: '{temperature}'}}
outputs:
  - {{name: AI-101P.PV, description: Share of P, unit: percent, range: [0, 100], nominal: 10, at: '{share_p}',
     unit_there: dimensionless}}
  - {{name: AI-101E.PV, description: Share of E, unit: percent, range: [0, 100], nominal: 30, at: '{share_e}',
     unit_there: dimensionless}}
""",
        encoding="utf-8",
    )
    return read_simulator(path)


def program(fault: str = "") -> str:
    """The section that runs our stand-in for a batch engine."""
    script = Path(__file__).with_name("file_program.py")
    return f"run: {{command: ['{sys.executable}', -IS, '{script}', '{{model}}', '{{input}}', '{{output}}', '{fault}']}}"
