"""The chemistry of the plants that ship: real compounds are what the library knows by their CAS number."""

import pytest

from twin.atlas.compounds import find_compound
from twin.atlas.definition import parse
from twin.plants import names, text


@pytest.mark.parametrize("plant", names())
def test_formula_and_cas_number_are_of_one_compound(plant: str) -> None:
    for compound in parse(text(plant)).chemistry.compounds:
        assert compound.name != compound.id, f"{compound.id} has no name that people read"
        if compound.cas:
            assert compound.formula is not None, "give the formula, so that no live process loads the library"
            assert compound.formula == find_compound(compound.cas).formula, compound.id
