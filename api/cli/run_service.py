"""Brings a run up in order, keeps it up, and takes it down: servers, schema and plants, then all processes."""

import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from api.cli import local_keys, run_plan
from api.cli.progress import Progress
from api.cli.run_plan import Addresses, RunRequest
from api.supervision import folder, run_state, server_claim
from api.supervision.child import Child, ProcessSpec
from api.supervision.log_files import tail
from api.supervision.orphan_guard import OrphanGuard
from api.supervision.places import server_places
from api.supervision.run_state import ProcessState, RunState
from api.supervision.server_keeper import ServerKeeper
from api.supervisor import Supervisor
from stream import json_log
from stream.servers.find import choose
from stream.servers.port import ServerSet
from twin.atlas.errors import AtlasError

_PREPARE_TIMEOUT_S: Final = 120.0
_UP_PATIENCE_S: Final = 90.0


class PreparationError(AtlasError):
    """The schema or the plants could not be stored."""


def run(request: RunRequest, progress: Progress) -> None:
    """Run until Ctrl-C or SIGTERM.

    Raises
    ------
    AtlasError
        Where it runs already, or a server or the preparation fails; what was started is stopped before.
    """
    with folder.held(request.data_dir):
        cleared = folder.clear_leftovers(request.data_dir)
        if cleared:
            progress.step(f"ended {cleared} processes that an earlier run left behind")
        log = request.data_dir / "logs" / "supervisor.log"
        servers = choose(request.servers, server_places(request.data_dir, request.kafka, request.database))
        if request.fresh:
            _forget(servers, request.data_dir, progress)
        log.parent.mkdir(mode=0o700, exist_ok=True)
        with log.open("a", encoding="utf-8") as stream:
            json_log.configure("supervisor", stream=stream)
            asyncio.run(_Run(request, servers, progress).run())


def _forget(servers: ServerSet, data_dir: Path, progress: Progress) -> None:
    forget: Callable[[], None] | None = getattr(servers, "forget", None)
    if forget is not None:
        forget()
    else:
        progress.step(f"the {servers.kind} servers keep what they hold; only {data_dir} is emptied")
    kept = {"run.lock", "servers"} if forget is None else {"run.lock"}
    for entry in data_dir.iterdir():
        if entry.name in kept:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


class _Run:
    def __init__(self, request: RunRequest, servers: ServerSet, progress: Progress) -> None:
        self._request = request
        self._servers = servers
        self._progress = progress
        self._stop = asyncio.Event()
        self._state = RunState(
            pid=os.getpid(),
            created=run_state.created(os.getpid()),
            command=request.command,
            servers=servers.kind,
            since=time.time(),
            data_dir=str(request.data_dir),
        )

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop.set)
        announcing = asyncio.create_task(self._announce_stop())
        ours = await asyncio.to_thread(server_claim.claim, self._servers, self._request.data_dir)
        guard = OrphanGuard(self._request.data_dir, self._servers.kind) if ours else None
        try:
            if guard is not None:
                await guard.start()
            await self._serve()
        finally:
            if ours:
                await asyncio.to_thread(self._servers.stop, self._progress.step)
                server_claim.release(self._request.data_dir)
            if guard is not None:
                await guard.dismiss()
            run_state.path(self._request.data_dir).unlink(missing_ok=True)
            announcing.cancel()
        self._progress.step("stopped; the data stays")

    async def _serve(self) -> None:
        """Start what needs no server, then the servers, then the rest; stop all processes whatever happens."""
        request = self._request
        keys = local_keys.ensure(request.data_dir)
        secret = local_keys.ensure_ticket_secret(request.data_dir)
        addresses = run_plan.choose_addresses(request)
        variables = run_plan.environment(request, addresses, keys, secret)
        early = run_plan.early_processes(request, addresses, variables)
        supervisor = Supervisor(early, request.data_dir / "logs", self._changed)
        self._state.api_key, self._state.processes = keys.viewer, supervisor.processes
        running = asyncio.create_task(supervisor.run(self._stop))
        tasks = [running]
        try:
            with self._progress.watch(lambda: supervisor.processes):
                servers = await asyncio.to_thread(self._servers.start, self._progress.step)
                addresses = replace(addresses, kafka=servers.kafka, database=servers.database)
                variables = run_plan.environment(request, addresses, keys, secret)
                self._state.addresses = addresses.as_dict()
                await self._prepare(variables)
                keeper = ServerKeeper(
                    self._servers, self._changed, before_forgetting=lambda: supervisor.kill(run_plan.WRITERS)
                )
                tasks.append(asyncio.create_task(keeper.run()))
                supervisor.add(run_plan.processes(addresses, variables, keys))
                self._state.processes = [*keeper.processes, *supervisor.processes]
                self._state.stage = "running"
                all_up = await self._until_up(supervisor, running)
            if not self._stop.is_set():
                self._tell(addresses, supervisor, all_up)
            await running
        finally:
            self._stop.set()
            for task in tasks[1:]:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _announce_stop(self) -> None:
        await self._stop.wait()
        self._progress.step("stopping the processes")

    async def _prepare(self, variables: dict[str, str]) -> None:
        """Bring schema, plants and topics up to date, in a process of its own whose memory goes with it."""
        if self._stop.is_set():
            return
        self._progress.step("storing the plants")
        await self._store("plant", [plant.path for plant in self._request.plants], variables)
        if self._request.portfolios:
            await self._store("portfolio", self._request.portfolios, variables)

    async def _store(self, what: str, files: Sequence[Path], variables: dict[str, str]) -> None:
        if self._stop.is_set():
            return
        log = self._request.data_dir / "logs" / "prepare.log"
        command = run_plan.command(what, "store", *map(str, files))
        child = await Child.start(ProcessSpec("prepare", command, environment=variables), log)
        waits = [asyncio.ensure_future(child.wait()), asyncio.ensure_future(self._stop.wait())]
        done, _ = await asyncio.wait(waits, timeout=_PREPARE_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
        waits[1].cancel()
        if waits[0] not in done:
            child.kill()
        code = await waits[0]
        if code and not self._stop.is_set():
            raise PreparationError(
                f"the {what}s could not be stored (exit code {code}):\n" + "\n".join(tail(log, 12)),
                remedy=f"see {log}",
            )

    async def _until_up(self, supervisor: Supervisor, running: "asyncio.Task[None]") -> bool:
        up = asyncio.create_task(supervisor.wait_until_up())
        stop = asyncio.create_task(self._stop.wait())
        await asyncio.wait([up, stop, running], timeout=_UP_PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if up.done():
            return True
        up.cancel()
        return False

    def _tell(self, addresses: Addresses, supervisor: Supervisor, all_up: bool) -> None:
        progress = self._progress
        if not all_up and not self._stop.is_set():
            for process in supervisor.processes:
                if process.state != "up":
                    progress.step(
                        f"{process.name} is {process.state}: {process.detail or supervisor.log(process.name)}"
                    )
        lines = (
            ("Dashboard", addresses.dashboard),
            ("API docs", f"{addresses.api}/docs"),
            ("Status", _status_command(self._request.data_dir)),
            ("Stop", f"Ctrl-C here, or: kill {os.getpid()}"),
        )
        progress.console.print()
        for name, text in lines:
            progress.console.print(f"{name:<10} {text}", markup=False, soft_wrap=True)

    def _changed(self, state: ProcessState) -> None:
        self._progress.changed(state)
        self._save()

    def _save(self) -> None:
        run_state.save(self._state, self._request.data_dir)


def _status_command(data_dir: Path) -> str:
    command = Path(sys.executable).with_name("atlas")
    try:
        shown = command.relative_to(Path.cwd())
    except ValueError:
        shown = command
    usual = data_dir == (Path.cwd() / ".atlas")
    return f"{shown} status" if usual else f"{shown} status --data-dir {data_dir}"
