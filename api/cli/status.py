"""`atlas status`: what runs, where, and how it is, asked of the processes themselves."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from api.supervision.run_state import ProcessState, RunState


@click.command()
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Data folder [.atlas].")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(data_dir: Path | None, as_json: bool) -> int:
    """Tell what runs, where, and how it is; exit code 1 where nothing runs."""
    from api.cli import running
    from api.settings import load

    folder = load(data_dir=data_dir).data_dir
    state = running.find(folder)
    if state is None:
        if as_json:
            click.echo(json.dumps({"state": "stopped", "data_dir": str(folder.absolute()), "processes": []}, indent=1))
        else:
            click.echo(f"nothing runs in {folder}; 'atlas demo' starts the demo", err=True)
        return 1
    asyncio.run(_ask_all(state))
    if as_json:
        click.echo(json.dumps(_as_json(state), indent=1))
    else:
        _print(state)
    return 0


async def _ask_all(state: "RunState") -> None:
    """Replace each process's last known health by what it says now."""
    await asyncio.gather(*(_ask(process) for process in state.processes))


async def _ask(process: "ProcessState") -> None:
    from api.supervision.probe import probe

    if not process.health_url or process.pid is None:
        return
    result = await probe(process.health_url)
    process.health = result.report or {"ok": result.ok}
    process.health["ok"] = result.ok
    if result.ok:
        process.state, process.detail = "up", ""
    else:
        process.detail = result.detail
        process.state = "degraded" if process.state == "up" else process.state


def _as_json(state: "RunState") -> dict[str, Any]:
    processes = [{key: value for key, value in asdict(each).items() if key != "created"} for each in state.processes]
    return {
        "state": state.stage,
        "command": state.command,
        "pid": state.pid,
        "since": state.since,
        "data_dir": state.data_dir,
        "servers": state.servers,
        "healthy": all(each.state == "up" for each in state.processes),
        "processes": processes,
        "addresses": state.addresses,
        "api_key": state.api_key,
    }


def _print(state: "RunState") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from api.settings import without_password

    console = Console(highlight=False)
    table = Table("process", "pid", "state", "restarts", "detail", box=None, pad_edge=False, header_style="dim")
    for each in state.processes:
        style = "green" if each.state == "up" else "yellow"
        pid = str(each.pid or "–")
        table.add_row(each.name, pid, Text(each.state, style=style), str(each.restarts), Text(each.detail))
    console.print(table, soft_wrap=True, crop=False)
    console.print()
    for name, address in state.addresses.items():
        several = address.items() if isinstance(address, dict) else ()
        shown = "  ".join(f"{key} {value}" for key, value in several) or without_password(str(address))
        console.print(f"{name:<10} {shown}", markup=False, soft_wrap=True)
    console.print(f"{'api_key':<10} {state.api_key}", markup=False, soft_wrap=True)
    console.print(f"{'servers':<10} {state.servers}", markup=False)
