"""What this machine lacks for a run, found in a second: each gap one line with its remedy."""

import importlib.util
import platform
import shutil
import socket
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

_GB: Final = 1_000_000_000
_LEAST_PYTHON: Final = (3, 11)
_LEAST_DISK: Final = 1 * _GB
_GOOD_DISK: Final = 5 * _GB
_LEAST_MEMORY: Final = 1 * _GB
_GOOD_MEMORY: Final = 3 * _GB


@dataclass(frozen=True, slots=True)
class Gap:
    """Something missing, and what to do; `fatal` where a run cannot even begin."""

    what: str
    remedy: str
    fatal: bool = False

    def __str__(self) -> str:
        return f"{self.what}; {self.remedy}"


def check(data_dir: Path, servers: str, ports: Collection[tuple[str, int]]) -> list[Gap]:
    """All gaps of this machine for a run in `data_dir` with those servers and ports (name, number)."""
    found = [
        _python(sys.version_info[:2]),
        _architecture(platform.machine(), servers),
        _disk(data_dir),
        _memory(psutil.virtual_memory().available),
        *(_port(name, number) for name, number in ports),
        tennessee_eastman(),
    ]
    return [gap for gap in found if gap is not None]


def tennessee_eastman() -> Gap | None:
    """Why the Tennessee Eastman plant must be left out; None where it need not."""
    if importlib.util.find_spec("tep_studio") is not None:
        return None
    if shutil.which("cc") is None and shutil.which("gcc") is None:
        return Gap(
            "no C compiler: the Tennessee Eastman plant is left out",
            "install one (Debian: apt-get install gcc) and run 'make demo' again",
        )
    return Gap(
        "the package tep-studio is not installed: the Tennessee Eastman plant is left out",
        "run 'make demo' again, or install the extra 'tep'",
    )


def _python(version: tuple[int, ...]) -> Gap | None:
    if version >= _LEAST_PYTHON:
        return None
    return Gap(f"Python {'.'.join(map(str, version))} is too old", "install Python 3.11 or newer", fatal=True)


def _architecture(machine: str, servers: str) -> Gap | None:
    if machine in ("x86_64", "AMD64") or servers not in ("auto", "embedded"):
        return None
    return Gap(
        f"the embedded servers exist for x86_64 only, this is {machine}",
        "use --servers containers, native or external",
        fatal=servers == "embedded",
    )


def _disk(data_dir: Path) -> Gap | None:
    place = data_dir.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free >= _GOOD_DISK:
        return None
    return Gap(
        f"{free / _GB:.1f} GB of disk are free at {place}",
        f"make room ({_GOOD_DISK / _GB:.0f} GB keep two plants for weeks) or name another folder with --data-dir",
        fatal=free < _LEAST_DISK,
    )


def _memory(available: int) -> Gap | None:
    if available >= _GOOD_MEMORY:
        return None
    return Gap(
        f"{available / _GB:.1f} GB of memory are available",
        f"end other programs; all processes together take about {_GOOD_MEMORY / _GB:.0f} GB",
        fatal=available < _LEAST_MEMORY,
    )


def _port(name: str, number: int) -> Gap | None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            return Gap(f"port {number} ({name}) is taken", "another one is used, and told at the end")
    return None
