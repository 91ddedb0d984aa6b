"""Steps go to other processes by their module's name, so it must be one that these find."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
