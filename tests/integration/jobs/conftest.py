"""Runners' tests share their steps with the unit tests; the steps' processes find them by their module's name."""

import sys
from pathlib import Path

_HERE = Path(__file__).parent
sys.path[:0] = [str(_HERE), str(_HERE.parents[1] / "unit" / "jobs")]
