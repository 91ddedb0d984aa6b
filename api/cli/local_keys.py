"""Keys and secret that a demo or run makes for itself, in its data folder, readable by their owner only."""

import hashlib
import json
import os
import secrets
import tempfile
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from api.cli import key_file


@dataclass(frozen=True, slots=True)
class LocalKeys:
    """One key a role that the run itself needs."""

    viewer: str = field(repr=False)
    operator: str = field(repr=False)
    ingest: str = field(repr=False)
    admin: str = field(repr=False)


def ensure(data_dir: Path) -> LocalKeys:
    """The data folder's own keys, made where one is missing or no longer in the key file."""
    file, hashed = data_dir / "local_keys.json", data_dir / "keys.json"
    kept = _read(file)
    known = {key.name: key.sha256 for key in key_file.read(hashed)}
    keys = {}
    for role in (each.name for each in fields(LocalKeys)):
        name, key = f"local-{role}", kept.get(role, "")
        if not key or known.get(name) != hashlib.sha256(key.encode()).hexdigest():
            if name in known:
                key_file.revoke(hashed, name)
            key = key_file.create(hashed, name, role)
        keys[role] = key
    local = LocalKeys(**keys)
    _write(file, json.dumps(asdict(local)))
    return local


def ensure_ticket_secret(data_dir: Path) -> Path:
    """The file of the secret that signs the live stream's tickets."""
    path = data_dir / "ticket_secret"
    if not path.exists() or len(path.read_text(encoding="utf-8").strip()) < 32:
        _write(path, secrets.token_hex(32))
    return path


def _read(path: Path) -> dict[str, str]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(role): str(key) for role, key in content.items()} if isinstance(content, dict) else {}


def _write(path: Path, text: str) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)
