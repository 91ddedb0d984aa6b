"""A lesson: a plant's model is taught by its recipe, kept with its card, and taken into use."""

from collections.abc import Callable, Sequence
from typing import Final

from twin.daedalus.card import card
from twin.daedalus.library import Library
from twin.daedalus.recipe import Recipe, process_model_of
from twin.daedalus.runs import Run, simulated_runs
from twin.daedalus.training import Course, Trained, train
from twin.matrix.declaration import Declaration
from twin.matrix.port import Watch, unwatched
from twin.matrix.registry import find_model

Recorded = Callable[[Recipe, Declaration], Sequence[Run]]
"""Gives runs out of the plant's past for a recipe and the process model that it is for."""

_SIMULATING: Final = 0.4
"""Part of a lesson that goes into simulated runs."""


def nothing_recorded(recipe: Recipe, process: Declaration) -> Sequence[Run]:
    """No runs."""
    return ()


def lesson(
    plant: str,
    library: Library,
    *,
    seed: int,
    made_at: str,
    recorded: Recorded = nothing_recorded,
    watch: Watch = unwatched,
) -> Trained:
    """Teach the plant's model from simulated and recorded runs, and keep it with its card as the next version.

    It is not in use before someone says so; see `Library.point`.

    Raises
    ------
    LearningError
        One of `twin.daedalus.errors`.
    MatrixError
        Where the process model is not there.
    """
    text = library.recipe(plant)
    model = find_model(process_model_of(text))
    recipe = Recipe.parse(text, model.declaration)
    past = recorded(recipe, model.declaration)
    runs = list(simulated_runs(model, recipe, seed, lambda done: watch(_SIMULATING * done)))
    course = Course(
        name=f"{plant}/surrogate",
        version=max(library.versions(plant), default=0) + 1,
        seed=seed,
        made_at=made_at,
        recorded=len(past),
    )
    trained = train(
        recipe,
        model.declaration,
        [*runs, *past],
        course,
        lambda done: watch(_SIMULATING + (1.0 - _SIMULATING) * done),
    )
    library.add(plant, trained.learned.version, trained.content, card(trained.learned))
    return trained
