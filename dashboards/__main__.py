"""`python -m dashboards --port N --host H`: becomes the Streamlit server, so that signals reach it."""

import argparse
import os

from dashboards.command import command


def main() -> None:
    """Read port and host, and turn into the server."""
    parser = argparse.ArgumentParser(prog="python -m dashboards", description="Serve the control room's screens.")
    parser.add_argument("--port", type=int, default=8501, help="port to listen on (8501)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    arguments = parser.parse_args()
    line = command(arguments.port, arguments.host)
    os.execv(line[0], line)  # noqa: S606 - our own interpreter with our own arguments, no shell


if __name__ == "__main__":
    main()
