import pytest

from tests.unit.daedalus.conftest import RECIPE, TANK
from twin import plants
from twin.daedalus.errors import RecipeError
from twin.daedalus.library import Library
from twin.daedalus.recipe import Recipe
from twin.matrix.registry import find_model


def test_a_recipe_names_what_is_varied_in_the_models_units():
    recipe = Recipe.parse(RECIPE.replace('["20 degC", "80 degC"]', '["293.15 K", "353.15 K"]'), TANK)
    assert recipe.names == ("TIC-1.SP", "loss")
    assert [(one.low, one.high) for one in recipe.varied] == [pytest.approx((20.0, 80.0)), (2.0, 8.0)]
    assert (recipe.every_s, recipe.window_s, recipe.run_s) == (300.0, 10_800.0, 50_400.0)
    assert [one.name for one in recipe.inputs(TANK)] == ["TIC-1.SP"]
    assert [one.name for one in recipe.parameters(TANK)] == ["loss"]


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("epochs = 12", "epochs = 0", "epochs 0.*give"),
        ("runs = 40", "runs = 9", "runs 9.*10 runs or more"),
        ('"3 h"', '"3 parsec"', "window.*parsec"),
        ('"3 h"', '"20 h"', "window 20 h.*hold a window"),
        ('"TIC-1.SP"', '"TIC-2.SP"', "TIC-2.SP.*did you mean 'TIC-1.SP'"),
        ('"TIC-1.SP" = ["20 degC", "80 degC"]', '"TIC-1.MODE" = ["0", "1"]', "TIC-1.MODE"),
        ('"80 degC"', '"800 degC"', "20 degC to 800 degC is not within 0 degC to 100 degC"),
        ('"80 degC"', '"80 kg"', "varied.TIC-1.SP"),
        ('"TIC-1.SP" = ["20 degC", "80 degC"]', "", "nothing that an operator sets"),
        ("hidden = 16", "hiden = 16", "hiden"),
        ("[varied]", "[varied", "no recipe"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_told_with_its_remedy(before, after, message):
    assert before in RECIPE
    with pytest.raises(RecipeError, match=message) as told:
        Recipe.parse(RECIPE.replace(before, after), TANK)
    assert told.value.remedy


@pytest.mark.parametrize("plant", plants.simulated_names())
def test_recipes_of_the_plants_that_ship_can_be_read(plant):
    if plant == "tennessee-eastman":
        pytest.importorskip("tep_studio.simulation.native", reason="the extra 'tep' is not installed")
    declaration = find_model(plant).declaration
    recipe = Recipe.parse(Library.open().recipe(plant), declaration)
    assert recipe.process_model == plant
    assert recipe.inputs(declaration)
    assert recipe.parameters(declaration)
