import sys
from pathlib import Path

from dashboards.command import APP, command


def test_the_command_serves_our_app_on_the_port_without_telemetry_or_menu() -> None:
    line = command(8599, "127.0.0.1")
    assert line[:5] == [sys.executable, "-m", "streamlit", "run", str(APP)]
    assert Path(APP).is_file()
    assert {
        "--server.port=8599",
        "--server.address=127.0.0.1",
        "--browser.gatherUsageStats=false",
        "--server.enableXsrfProtection=true",
        "--server.headless=true",
        "--server.fileWatcherType=none",
        "--client.toolbarMode=minimal",
    } <= set(line)


def test_every_option_is_one_that_streamlit_knows() -> None:
    from streamlit import config

    known = config.get_config_options()
    assert [part for part in command(1, "h")[5:] if part[2:].split("=")[0] not in known] == []
