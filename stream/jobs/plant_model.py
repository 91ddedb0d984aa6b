"""The process model that a plant's file names, ready to be asked."""

from dataclasses import dataclass
from functools import lru_cache

from twin.atlas.definition import parse
from twin.atlas.errors import AtlasError
from twin.atlas.plant import Plant
from twin.matrix.declaration import Declaration
from twin.matrix.registry import find_model


class NoModelError(AtlasError):
    """A plant whose file names no process model."""


@dataclass(frozen=True, eq=False)
class PlantModel:
    """A plant with what its process model says of itself; `key` is the model's in the registry."""

    plant: Plant
    key: str
    declaration: Declaration


@lru_cache(maxsize=64)
def plant_model(definition: str) -> PlantModel:
    """The model of the plant that a stored definition describes; remembered, for reading it takes a moment.

    Raises
    ------
    NoModelError
        Where the plant names none.
    MatrixError
        Where the one that it names is not to be had here.
    """
    plant = parse(definition)
    if plant.model is None:
        remedy = "name one in the plant file's section 'model', like 'process_model: williams-otto'"
        raise NoModelError(
            f"plant {plant.id} has no process model, so it cannot be asked what would happen", remedy=remedy
        )
    return PlantModel(plant, plant.model.process_model, find_model(plant.model.process_model).declaration)
