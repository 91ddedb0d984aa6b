"""PostgreSQL with TimescaleDB's programs in the Debian tree, run by chroot in a mount namespace of their own.

The mounts that the database needs (its data, shared memory, proc) exist in that namespace alone: they vanish with the
process, also after kill -9, and several databases share one tree.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stream.servers.debian_tree import CLUSTER_MOUNT, timescale_tree
from stream.servers.port import Progress

_USER = "postgres"
_PROGRAMS = "/usr/lib/postgresql/17/bin"


@dataclass(frozen=True)
class TimescalePrograms:
    """The tree's programs, on a cluster in `folder`.

    Attributes
    ----------
    folder
        The database's folder; the cluster is `<folder>/cluster`.
    cache
        Where the tree lies, or is built.
    """

    folder: Path
    cache: Path

    @property
    def cluster(self) -> Path:
        """Return the folder of the cluster's files."""
        return self.folder / "cluster"

    @property
    def user(self) -> str | None:
        """Return None: only root may mount and chroot, and chroot then changes the user."""
        return None

    @property
    def settings(self) -> tuple[tuple[str, str], ...]:
        """Return what TimescaleDB needs, and room for benchmarks."""
        return (
            ("shared_preload_libraries", "timescaledb"),
            ("timescaledb.telemetry_level", "off"),
            ("shared_buffers", "512MB"),
            ("max_wal_size", "4GB"),
        )

    def prepare(self, progress: Progress) -> None:
        """Build the tree where there is none, and make the cluster's folder."""
        tree = timescale_tree(self.cache, progress)
        self.cluster.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.chown(self.cluster, *_owner(tree))

    def command(self, program: str, folder: str, arguments: Sequence[str]) -> list[str]:
        """Return the command: mounts, then chroot as the database's user, in one process from first to last."""
        tree = self.cache / "timescaledb-trixie"
        head = list(arguments[:1]) if arguments[:1] == ["--single"] else []
        data = ["-D", f"/{CLUSTER_MOUNT}/{folder}"]
        inside = [f"{_PROGRAMS}/{program}", *head, *data, *arguments[len(head) :]]
        steps = [
            ["mount", "-t", "proc", "proc", f"{tree}/proc"],
            ["mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", f"{tree}/dev/shm"],  # noqa: S108 - a mount inside the tree
            ["mount", "--bind", str(self.cluster), f"{tree}/{CLUSTER_MOUNT}"],
            ["exec", "chroot", f"--userspec={_USER}:{_USER}", str(tree), *inside],
        ]
        script = " && ".join(shlex.join(step) for step in steps)
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script]

    def forget(self) -> None:
        """Remove the cluster."""
        shutil.rmtree(self.cluster, ignore_errors=True)


def _owner(tree: Path) -> tuple[int, int]:
    """Return the numbers of the tree's own database user and group."""
    for line in (tree / "etc/passwd").read_text().splitlines():
        fields = line.split(":")
        if fields[0] == _USER:
            return int(fields[2]), int(fields[3])
    raise LookupError(f"{tree}/etc/passwd has no user {_USER}")
