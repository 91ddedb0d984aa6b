"""`atlas portfolio`: a file is checked over its plants and drawn; the demo brings the one that ships."""

import asyncio
from pathlib import Path
from unittest.mock import patch

import pytest
from click.testing import CliRunner, Result

from api.cli.demo import demo
from api.cli.portfolio import portfolio
from stream.handlers.store_plant import StorePlant, store_plant
from stream.store.unit_of_work import InMemoryUnitOfWork
from twin.plants import path, portfolio_path, portfolio_text, simulated_names, text

DEMO = str(portfolio_path("demo"))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(portfolio, arguments)


def test_the_shipped_portfolio_is_sound() -> None:
    told = run("check", DEMO)
    assert told.exit_code == 0, told.output
    assert "is sound: demo, 2 plants, 1 transfers, 3 utilities, 4 contracts." in told.output


def test_every_fault_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(portfolio_text("demo").replace("FEED-B", "FEED-BB").replace("S-2601", "STEAM"))
    told = run("check", str(file))
    assert told.exit_code == 1
    assert "2 faults" in told.output
    assert "FEED-BB" in told.output


def test_plants_of_ones_own_are_read_from_their_files(tmp_path: Path) -> None:
    plant, file = tmp_path / "mine.yaml", tmp_path / "portfolio.yaml"
    plant.write_text(Path(path("williams-otto")).read_text().replace("plant: williams-otto", "plant: mine"))
    file.write_text(portfolio_text("demo").replace("williams-otto", "mine"))
    data = ("--data-dir", str(tmp_path / "nothing-runs-here"))
    told = run("check", str(file), *data)
    assert told.exit_code == 1
    assert "no plant 'mine'" in told.output
    assert run("check", str(file), "--plant", str(plant), *data).exit_code == 0


def test_a_portfolio_is_drawn_to_a_file(tmp_path: Path) -> None:
    output = tmp_path / "picture.svg"
    assert run("draw", DEMO, "-o", str(output)).exit_code == 0
    assert output.read_text().startswith("<svg")


def test_a_portfolio_is_stored_after_its_plants_and_once(tmp_path: Path) -> None:
    unit = InMemoryUnitOfWork()
    with (
        patch("api.cli.running.database_address", return_value="postgresql://nowhere"),
        patch("stream.store.unit_of_work.SqlUnitOfWork", return_value=unit),
    ):
        early = run("store", DEMO)
        assert early.exit_code == 1
        assert "2 faults" in early.output, "its plants, and nothing that follows from that"
        for name in simulated_names():
            asyncio.run(store_plant(StorePlant(definition_text=text(name)), unit))
        assert run("store", DEMO).output == "demo: revision 1 is in force\n"
        assert run("store", DEMO).output == f"{DEMO}: nothing new\n"


@pytest.mark.parametrize(("missing", "stored"), [(None, ["demo-portfolio.yaml"]), ("no compiler", [])])
def test_the_demo_stores_the_portfolio_where_all_its_plants_run(missing: str | None, stored: list[str]) -> None:
    with (
        patch("api.cli.preflight.tennessee_eastman", return_value=missing),
        patch("api.cli.demo._preflight"),
        patch("api.cli.run_service.run") as started,
    ):
        told = CliRunner().invoke(demo, [])
    assert told.exit_code == 0, told.output
    request = started.call_args.args[0]
    assert [file.name for file in request.portfolios] == stored
    assert {plant.plant for plant in request.plants} <= {"williams-otto", "tennessee-eastman"}
