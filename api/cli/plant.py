"""`atlas plant`: plants as files; each command stands in a file of its own in `api/cli/plants`."""

import click

from api.cli.plants.check import check
from api.cli.plants.diff import diff
from api.cli.plants.draw import draw
from api.cli.plants.import_plant import import_plant
from api.cli.plants.list import list_plants
from api.cli.plants.new import new
from api.cli.plants.show import show
from api.cli.plants.store import store
from api.cli.plants.upgrade import upgrade


@click.group()
def plant() -> None:
    """Write, check, show, compare, draw, import and store plants."""


for _command in (new, check, show, draw, diff, upgrade, import_plant, store, list_plants):
    plant.add_command(_command)
