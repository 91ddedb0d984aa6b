"""`atlas simulator`: simulator files, checked and tried."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.cli.plants.named_plant import FILE

if TYPE_CHECKING:
    from twin.matrix.declaration import Declaration
    from twin.matrix.port import ProcessModel


@click.group()
def simulator() -> None:
    """Check the files that describe simulators: FMUs, Aspen Plus, HYSYS and gPROMS."""


@simulator.command()
@click.argument("file", type=FILE)
@click.option("--run", is_flag=True, help="Start the simulator and run it at the usual values of its inputs.")
def check(file: Path, run: bool) -> None:
    """Tell every fault of a simulator file at once, and what the simulator can do; exit code 1 where there is one."""
    from twin.matrix.registry import open_simulator

    model = open_simulator(file.resolve())
    declared = model.declaration
    click.echo(
        f"{file} is sound: {declared.title}, {len(declared.inputs)} inputs, {len(declared.outputs)} outputs,"
        f" {len(declared.parameters)} parameters, {len(declared.states)} states."
    )
    click.echo(_ability(declared))
    if run:
        _run(model)


def _ability(declared: "Declaration") -> str:
    if "state" in declared.capabilities:
        return "It can go along with the live plant, and be corrected by what is measured."
    if "step" in declared.capabilities:
        return "It can go along with the live plant."
    return "It answers questions, each from a fresh start."


def _run(model: "ProcessModel") -> None:
    """Ten minutes without a change; tells the outputs at the end."""
    from twin.matrix.declaration import Variable
    from twin.matrix.scenario import Scenario
    from twin.matrix.snapshot import TwinSnapshot

    declared = model.declaration
    known: dict[str, Variable] = {one.name: one for one in (*declared.outputs, *declared.parameters, *declared.inputs)}
    usual = TwinSnapshot(
        declared.name,
        {name: one.nominal for name, one in known.items()},
        {name: one.unit for name, one in known.items()},
    )
    horizon = min(600.0, declared.longest_s)
    told = model.simulate(model.start(usual), Scenario(horizon_s=horizon, every_s=horizon))
    for trip in told.trips:
        if trip is not None:
            click.echo(f"After {trip.time_s:g} s: {trip.reason}.")
    for one in declared.outputs:
        click.echo(f"{one.name:20} {one.written(float(told[one.name][0, -1])):>16}  {one.description}")
