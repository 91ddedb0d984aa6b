"""The fault of a text that describes another plant or portfolio than the one it was sent for."""

from twin.atlas.definition import DefinitionError
from twin.atlas.faults import Fault


def name_fault(key: str, wanted: str, found: str, filename: str) -> DefinitionError:
    """The error to raise; `key` is the text's own for the name."""
    remedy = f"write '{key}: {wanted}', or store it as '{found}'"
    return DefinitionError(filename, (Fault(key, f"the text describes {key} '{found}'", remedy),))
