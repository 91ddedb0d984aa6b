"""Errors of the plant model, and the root that every package's own tree derives from.

    AtlasError                      what failed, on what; `remedy` says what to do next
    |-- DefinitionError             a file with faults, a plant's or a portfolio's (twin.atlas.yaml_text)
    |-- ChemistryError              compounds and their reactions
    |   |-- AmbiguousCompoundError  a formula that several compounds have
    |   |-- CasNumberError          no CAS number, or one whose check digit is wrong
    |   |-- EquationError           a text that is no reaction (twin.atlas.reactions)
    |   |-- FormulaError            a text that is no chemical formula (twin.atlas.formula)
    |   |-- KineticsError           a rate law that gives no rate (twin.atlas.kinetics)
    |   |-- MixtureError            amounts that make no mixture (twin.atlas.mixtures)
    |   `-- UnknownCompoundError    a compound that nobody knows
    |-- EconomicsError              flows that cannot be priced (twin.atlas.economics)
    |-- EquipmentError              an unknown type, or design data that don't fit or aren't told (twin.atlas.equipment)
    |-- ExpressionError             a derived tag's expression (twin.atlas.expressions); knows its position
    |-- MatrixError                 a process model could not answer; a tree of its own (twin.matrix.errors)
    |-- NotInGraphError             a name that a plant or portfolio hasn't (twin.atlas.traversal)
    |-- PlantError                  a plant that breaks its invariants (twin.atlas.plant)
    |-- PortfolioError              a portfolio that breaks its invariants (twin.atlas.portfolio)
    |-- PatchError                  a patch that does not fit the plant file (twin.atlas.patch)
    |-- PriceError                  prices that can't be used, or none when one is asked for (twin.atlas.prices)
    |-- UnknownParameterError       a name that a set of parameters lacks (twin.atlas.parameters); a KeyError too
    |-- UnitError                   (twin.atlas.units)
    |   |-- QuantityError           no number with a unit, or a sum or product without meaning (twin.atlas.quantities)
    |   |-- UnknownUnitError        a unit that nobody knows
    |   `-- WrongDimensionError     two units that measure different things
    `-- UnknownPlantError           a plant or portfolio that does not ship (twin.plants)

`UnknownTagError` (twin.atlas.tags) is a `KeyError`, because a tag table is used as a mapping.
"""


class AtlasError(Exception):
    """What failed and on what, with the remedy at the end of the text.

    Parameters
    ----------
    message
        What failed, naming the field and its value.
    remedy
        What the reader should do next; a sentence without its full stop. Empty where the message already says it.
    """

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(f"{message}; {remedy}" if remedy else message)
        self.message = message
        self.remedy = remedy

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild without `__init__`, whose arguments a subclass may have changed: errors cross process borders."""
        return (_rebuild, (type(self), self.args, self.__dict__.copy()))


class ChemistryError(AtlasError):
    """A compound, mixture or reaction that cannot be."""


def _rebuild(kind: type[AtlasError], arguments: tuple[object, ...], state: dict[str, object]) -> AtlasError:
    error = kind.__new__(kind)
    error.args = arguments
    error.__dict__.update(state)
    return error
