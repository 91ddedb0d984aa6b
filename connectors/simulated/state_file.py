"""The file that a simulated plant resumes from: replaced whole, so that a crash leaves the old one or the new one."""

import os
from pathlib import Path


def save_state(path: Path, state: bytes) -> None:
    """Replace the file's content."""
    draft = path.with_suffix(path.suffix + ".new")
    draft.write_bytes(state)
    os.replace(draft, path)


def load_state(path: Path) -> bytes | None:
    """The file's content, or None where there is none yet."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
