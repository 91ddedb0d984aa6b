"""Run a command that dies with its parent: `python tether.py PARENT_PID COMMAND…`.

The kernel's parent-death signal is asked for here, after the fork and before the command takes this process over,
because running Python between fork and exec of a threaded supervisor (`preexec_fn`) can deadlock. Killing is safe: no
process of ours loses or doubles a reading by it.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its parent, then become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:  # It died before the kernel knew whom to watch.
        sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - the supervisor's own command, without a shell


if __name__ == "__main__":
    main()
