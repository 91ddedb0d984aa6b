"""`python -m stream.servers native up|down|env`: the real servers for `make servers` and CI."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from stream.servers.errors import ServerError
from stream.servers.native import NativeServers
from stream.servers.port import Servers

_FOLDER = Path(".atlas/servers/native")
_CACHE = Path("~/.cache/atlas-live")


def main(arguments: list[str]) -> int:
    """Run one command; 0 where it did what it says."""
    parser = argparse.ArgumentParser(prog="python -m stream.servers", description=__doc__)
    parser.add_argument("kind", choices=["native"])
    parser.add_argument("command", choices=["up", "down", "env"], help="start, stop, or print the addresses")
    parser.add_argument("--folder", type=Path, default=_FOLDER, help="data, records and logs (default: %(default)s)")
    parser.add_argument("--cache", type=Path, default=_CACHE, help="downloads of this machine (default: %(default)s)")
    parser.add_argument("--brokers", type=int, default=1, choices=[1, 3], help="Kafka brokers (default: %(default)s)")
    options = parser.parse_args(arguments)
    servers = NativeServers(options.folder.resolve(), options.cache.expanduser().resolve(), options.brokers)
    try:
        return _COMMANDS[options.command](servers)
    except ServerError as error:
        _say(str(error))
        return 1


def _up(servers: NativeServers) -> int:
    began = time.monotonic()
    found = servers.start(_say)
    _say(f"ready after {time.monotonic() - began:.1f} s")
    _print_env(found)
    return 0


def _down(servers: NativeServers) -> int:
    servers.stop(_say)
    return 0


def _env(servers: NativeServers) -> int:
    found = servers.running()
    if found is None:
        _say(f"no native servers run from {servers.folder}; start them with `make servers`")
        return 1
    _print_env(found)
    return 0


def _print_env(servers: Servers) -> None:
    sys.stdout.write(f"ATLAS_KAFKA={servers.kafka}\nATLAS_DATABASE={servers.database}\n")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


_COMMANDS = {"up": _up, "down": _down, "env": _env}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
