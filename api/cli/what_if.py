"""`atlas what-if`: ask the live twin what a change would do, and read the report."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from api.client import PlantClient
    from api.simulation_schemas import Simulation
    from stream.jobs.report import Report

_LOOK_EVERY_S: Final = 0.25


@click.command()
@click.argument("plant")
@click.option(
    "--set", "changes", multiple=True, metavar="CHANGE", help='Like "TIC-101.SP=85 degC over 30 min"; may be repeated.'
)
@click.option("--horizon", default="8 h", show_default=True, help="How far to look ahead.")
@click.option("--position", help="Id of the state to begin from, as the API tells it [the newest].")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write the report as a page, too.")
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Data folder [.atlas].")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def what_if(
    plant: str,
    changes: tuple[str, ...],
    horizon: str,
    position: str | None,
    html: Path | None,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Ask what a change would do to PLANT from the state it is in now; nothing is written to the plant.

    Without --set it tells what happens if nobody does anything. Interrupting it cancels the question.
    """
    from api.cli.running import api_access
    from api.client import PlantClient, RejectedError
    from api.client.config import ClientConfig
    from api.settings import load

    access = api_access(load(data_dir=data_dir), as_operator=True)
    with PlantClient(ClientConfig(access.address, access.key)) as client:
        try:
            asked = client.ask_simulation(plant, changes, horizon, position)
        except RejectedError as error:
            faults = [f"{fault.path}: {fault.detail}; {fault.remedy}" for fault in error.faults]
            raise click.ClickException("\n".join(faults) or str(error)) from None
        ended = _follow(client, asked)
        if ended.state != "done":
            raise click.ClickException(ended.error or f"the question was {ended.state}: {ended.message}")
        content = client.simulation_report(plant, ended.id)
        if html is not None:
            html.write_text(client.simulation_report_html(plant, ended.id), encoding="utf-8")
    if as_json:
        click.echo(content)
        return
    from stream.jobs.report import Report

    for line in lines_of(Report.model_validate_json(content)):
        click.echo(line)


def _follow(client: "PlantClient", asked: "Simulation", sleep: Callable[[float], None] = time.sleep) -> "Simulation":
    """Show how far the answer is until the question is over; an interrupt cancels it."""
    told = ""
    try:
        while asked.state in ("waiting", "running"):
            line = f"{asked.done:4.0%}  {asked.message}"
            if line != told:
                click.echo(line, err=True)
                told = line
            sleep(_LOOK_EVERY_S)
            asked = client.simulation(asked.plant, asked.id)
    except KeyboardInterrupt:
        client.cancel_simulation(asked.plant, asked.id)
        raise
    return asked


def lines_of(report: "Report") -> Iterator[str]:
    """The report as lines of text."""
    yield report.question.title
    yield from _outputs(report)
    yield from _money(report)
    yield from _advice(report)
    yield from _trust(report)
    for episode in report.similar:
        when = _clock(episode.begin_us, report.plant.time_zone)
        yield f"similar before, {when}: {episode.text}"
    for note in report.notes:
        yield f"{'! ' if note.kind == 'warning' else ''}{note.text}"


def _outputs(report: "Report") -> Iterator[str]:
    from stream.jobs.answer.words import span_text

    yield f"\nafter {span_text(report.question.horizon_s)}{'':<41}without       with   {report.level:.0%} band"
    for output in report.outputs:
        if output.key:
            low, high = (side[-1] if side else None for side in (output.change.low, output.change.high))
            numbers = [_number(value, output.decimals) for value in (output.base.mid[-1], output.change.mid[-1])]
            band = f"{_number(low, output.decimals)} to {_number(high, output.decimals)}"
            named = f"{output.description} ({output.name})"
            yield f"{named:<46} {numbers[0]:>10} {numbers[1]:>10}   {band} {output.unit}"
    yield ""


def _money(report: "Report") -> Iterator[str]:
    from stream.jobs.answer.words import span_text

    money = report.economics
    if money is not None:
        for what, gain, unit in (
            ("gain at the end", money.gain_per_h, f"{money.currency}/h"),
            (f"gain over {span_text(report.question.horizon_s)}", money.gain_total, money.currency),
        ):
            band = "" if gain.low is None else f" ({_number(gain.low, 0)} to {_number(gain.high, 0)})"
            yield f"{what}: {_number(gain.mid, 0)}{band} {unit}"


def _advice(report: "Report") -> Iterator[str]:
    advice = report.recommendation
    if advice is not None:
        settings = ", ".join(
            f"{each.description} ({each.name}) {each.value:.{each.decimals}f} {each.unit}" for each in advice.settings
        )
        gain = f", gain {_number(advice.gain.mid, 0)} {advice.gain_unit} more" if advice.gain.mid is not None else ""
        yield f"recommended: {settings or 'nothing'}{gain}. {advice.text}"


def _trust(report: "Report") -> Iterator[str]:
    trust = report.trust
    if trust is not None:
        named = {"state": trust.estimate, "equations": trust.physics, "learnt model": trust.surrogate}
        for what, line in (named | {"bands": trust.bands}).items():
            if line is not None:
                yield f"trust in the {what}: {line.verdict} ({line.text})"


def _number(value: float | None, decimals: int) -> str:
    return "–" if value is None else f"{value:.{decimals}f}"


def _clock(time_us: int, zone: str) -> str:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    return datetime.fromtimestamp(time_us / 1e6, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
