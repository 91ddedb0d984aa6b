"""The container engine of this machine, by its command: the same for Docker and for Podman."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from stream.servers.errors import ServerError

_COMMAND_S, _PULL_S = 60.0, 1200.0


@dataclass(frozen=True)
class ContainerEngine:
    """An engine that answers.

    Attributes
    ----------
    program
        The path of `docker` or `podman`.
    """

    program: str

    def run(self, *arguments: str, timeout_s: float = _COMMAND_S) -> str:
        """Run one command and return what it prints.

        Raises
        ------
        ServerError
            With what the engine said.
        """
        result = self._run(arguments, timeout_s)
        if result.returncode != 0:
            said = (result.stderr or result.stdout).strip()[-2000:]
            raise ServerError(f"{self.program} {arguments[0]} failed: {said}")
        return result.stdout.strip()

    def pull(self, image: str) -> None:
        """Fetch an image unless it is here."""
        if self._run(("image", "inspect", image), _COMMAND_S).returncode != 0:
            self.run("pull", "--quiet", image, timeout_s=_PULL_S)

    def is_running(self, container: str) -> bool:
        """Tell whether a container of that name runs, frozen or not."""
        return self._inspect(container, "{{.State.Running}}") == "true"

    def exists(self, container: str) -> bool:
        """Tell whether there is a container of that name."""
        return self._inspect(container, "{{.Id}}") != ""

    def _inspect(self, container: str, form: str) -> str:
        result = self._run(("container", "inspect", "--format", form, container), _COMMAND_S)
        return result.stdout.strip() if result.returncode == 0 else ""

    def _run(self, arguments: Sequence[str], timeout_s: float) -> subprocess.CompletedProcess[str]:
        # The engine's command is the user's: its context and socket come from the environment, so it gets all of it.
        return subprocess.run(  # noqa: S603 - the engine's own command, without a shell
            [self.program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )


def find_engine() -> ContainerEngine | None:
    """Return an engine that answers within seconds, or None."""
    for name in ("docker", "podman"):
        program = shutil.which(name)
        if program is None:
            continue
        engine = ContainerEngine(program)
        try:
            engine.run("info", timeout_s=10.0)
        except (ServerError, subprocess.TimeoutExpired):
            continue
        return engine
    return None
