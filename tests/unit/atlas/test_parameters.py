"""Parameters: order, immutability, units, and the findings of what doesn't fit."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.atlas.parameters import ParameterField, Parameters, UnknownParameterError, read_parameters
from twin.atlas.quantities import Quantity, QuantityError

DESIGN = {"volume": "2.1 m3", "material": "316L", "pressure": "6 bar(g)", "trays": 12}
FIELDS = (
    ParameterField("volume", "m3", "volume of the contents", required=True),
    ParameterField("pressure", "kPa(g)", "design pressure"),
    ParameterField("material", None, "what it is made of"),
)


def test_texts_and_quantities_in_the_order_given() -> None:
    design = Parameters.parse(DESIGN)
    assert design.names == ("volume", "material", "pressure", "trays")
    assert design["material"] == "316L"
    assert design.number("pressure", "bar") == pytest.approx(7.01325)
    assert design.quantity("trays") == Quantity(12)
    assert str(design) == "Parameters(volume=2.1 m3, material=316L, pressure=6 bar(g), trays=12)"


def test_values_never_change() -> None:
    source = {"volume": Quantity(1, "m3")}
    design = Parameters(source)
    source["volume"] = Quantity(2, "m3")
    assert design["volume"] == Quantity(1, "m3")
    with pytest.raises(AttributeError):
        design._values = {}  # type: ignore[misc]
    with pytest.raises(TypeError):
        design._values["volume"] = Quantity(3, "m3")  # type: ignore[index]
    assert design.replaced(source)["volume"] == Quantity(2, "m3")
    assert design["volume"] == Quantity(1, "m3")


def test_equal_by_content_and_order() -> None:
    one = Parameters.parse(DESIGN)
    assert one == Parameters.parse(dict(DESIGN))
    assert hash(one) == hash(Parameters.parse(DESIGN))
    assert one != Parameters.parse(dict(reversed(DESIGN.items())))
    assert copy.deepcopy(one) == one


def test_unknown_name_and_text_as_number_are_told() -> None:
    design = Parameters.parse(DESIGN)
    with pytest.raises(UnknownParameterError, match="did you mean 'volume'"):
        design["volum"]
    assert "volum" not in design
    with pytest.raises(QuantityError, match="'316L'"):
        design.number("material", "kg")


@given(st.lists(st.floats(1.0, 1e6), min_size=3, max_size=3))
def test_vectors_come_back(numbers: list[float]) -> None:
    design = Parameters.parse(DESIGN)
    moved = design.with_vector(np.array(numbers))
    np.testing.assert_allclose(moved.vector(), numbers, rtol=1e-9, atol=1e-6)
    assert moved.names == design.names
    assert moved["material"] == "316L"
    assert [value.unit.text for value in moved.quantities.values()] == ["m3", "bar(g)", ""]


def test_a_vector_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        Parameters.parse(DESIGN).with_vector(np.zeros(2))


def test_read_by_fields_in_their_order() -> None:
    parameters, findings = read_parameters({"material": "316L", "volume": "2100 L"}, FIELDS)
    assert not findings
    assert parameters.names == ("volume", "material")
    assert parameters.quantity("volume").is_close(Quantity(2.1, "m3"))


def test_every_fault_is_found_at_once() -> None:
    parameters, findings = read_parameters({"presure": "6 bar", "pressure": "6 kg", "material": "steel"}, FIELDS)
    assert parameters == Parameters({"material": "steel"})
    assert [(finding.path, finding.remedy) for finding in findings] == [
        (("presure",), "did you mean 'pressure'?"),
        (("volume",), "add 'volume:', volume of the contents"),
        (("pressure",), "give both units of the same kind"),
    ]
    assert "6 kg" not in parameters.values()
