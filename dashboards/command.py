"""The command line that serves the dashboard: Streamlit with our colours, without telemetry, menu or file watcher."""

import sys
from pathlib import Path
from typing import Final

APP: Final = Path(__file__).with_name("app.py")

OPTIONS: Final[dict[str, str]] = {
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.runOnSave": "false",
    "server.enableXsrfProtection": "true",
    "server.enableCORS": "true",
    "server.showEmailPrompt": "false",
    "server.maxUploadSize": "1",
    "server.disconnectedSessionTTL": "30",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "client.showSidebarNavigation": "false",
    "runner.magicEnabled": "false",
    "theme.base": "light",
    "theme.primaryColor": "#1f3f5f",
    "theme.backgroundColor": "#d3d6d8",
    "theme.secondaryBackgroundColor": "#e4e6e7",
    "theme.textColor": "#2b3035",
    "theme.font": "Liberation Sans, Segoe UI, Arial, sans-serif",
}


def command(port: int, host: str) -> list[str]:
    """What to run to serve the dashboard on a host's port; a pure function of both."""
    flags = [f"--{name}={value}" for name, value in OPTIONS.items()]
    where = [f"--server.port={port}", f"--server.address={host}"]
    return [sys.executable, "-m", "streamlit", "run", str(APP), *where, *flags]
