"""A small Debian 13 system in a folder, with PostgreSQL 17 and TimescaleDB: the natively run real database.

Debian's packages are the only place that has TimescaleDB without a container engine. The mirror is the one that this
machine's own apt uses; debootstrap runs in a mount namespace of its own, so that whatever it mounts is gone when it
ends, however it ends, and no clean-up of the folder can reach through a mount into this machine.
"""

from __future__ import annotations

import shutil
import subprocess
import uuid
from pathlib import Path

from stream.servers.errors import ServerError, ServerMissingError
from stream.servers.file_lock import file_lock
from stream.servers.port import Progress
from stream.servers.postgres import is_root

_SUITE, _PACKAGES = "trixie", "postgresql-17,postgresql-17-timescaledb"
_BUILD_S, _APT_S = 900.0, 60.0
CLUSTER_MOUNT = "srv/cluster"


def timescale_tree(cache: Path, progress: Progress) -> Path:
    """Return the root of the system below `cache`; built the first time (about 600 MB, 40 s with a near mirror)."""
    folder = cache / f"timescaledb-{_SUITE}"
    with file_lock(cache / "timescaledb.lock"):
        if not folder.exists():
            progress("installing TimescaleDB from Debian 13's packages")
            _build(folder)
    return folder


def missing() -> str | None:
    """Return what is missing to run TimescaleDB from Debian's packages, or None."""
    if not is_root():
        return "the super-user's rights (debootstrap and chroot need them)"
    lacking = [program for program in ("debootstrap", "unshare", "chroot", "apt-get") if not shutil.which(program)]
    return ", ".join(lacking) or None


def _build(folder: Path) -> None:
    lacking = missing()
    if lacking:
        raise ServerMissingError(f"TimescaleDB needs {lacking}", remedy="as root: apt-get install --yes debootstrap")
    draft = folder.with_name(f"{folder.name}.{uuid.uuid4().hex}")
    try:
        bootstrap = ["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", _SUITE, str(draft), _mirror()]
        result = subprocess.run(  # noqa: S603 - a fixed command, without a shell
            ["unshare", "--mount", "--propagation", "private", *bootstrap],  # noqa: S607 - found by `missing` above
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_BUILD_S,
            check=False,
        )
        if result.returncode != 0:
            raise ServerError(f"debootstrap failed with status {result.returncode}: {result.stdout.strip()[-2000:]}")
        (draft / CLUSTER_MOUNT).mkdir()
        shutil.rmtree(draft / "var/cache/apt/archives", ignore_errors=True)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _mirror() -> str:
    """Return the address of the Debian archive that this machine's apt is set up with."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"]
    result = subprocess.run(  # noqa: S603 - a fixed command, without a shell
        command, capture_output=True, text=True, timeout=_APT_S, check=False
    )
    for line in result.stdout.splitlines():
        address, _, release = line.partition(" ")
        # The main archive, not its security or updates part, which debootstrap cannot install from.
        if address.rstrip("/").endswith("/debian") and "-" not in release:
            return address
    raise ServerMissingError(
        "apt on this machine names no Debian archive, from which TimescaleDB would be installed",
        remedy="run on Debian, use containers, or give the address of a database",
    )
