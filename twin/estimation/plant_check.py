"""What must hold between a plant and the process model that it names: what only the model's declaration can tell."""

from collections.abc import Iterator

from twin.atlas.faults import Finding, did_you_mean
from twin.atlas.plant import Plant
from twin.atlas.tag_definition import TagDefinition
from twin.atlas.units import UnitError, conversion
from twin.estimation.plan_reader import read_plan
from twin.matrix.declaration import Declaration, Variable
from twin.matrix.errors import MatrixError, UnknownModelError
from twin.matrix.registry import FILE, find_model


def find_estimate_faults(plant: Plant) -> tuple[list[Finding], str]:
    """Faults of the section `model` and of the tags that are variables of the model; and what could not be checked.

    The second says why, where the model cannot be had here; it is empty where all was checked or nothing was to check.
    """
    model = plant.model
    if model is None:
        return [], ""
    if model.process_model.endswith(FILE):
        return [], f"not checked against {model.process_model}: simulator files are read where the service runs"
    try:
        declaration = find_model(model.process_model).declaration
    except UnknownModelError as error:
        return [Finding(("model", "process_model"), error.message, error.remedy)], ""
    except MatrixError as error:
        return [], f"not checked against the process model: {error}"
    findings: list[Finding] = []
    if model.estimate is not None:
        _, found = read_plan(model.estimate, declaration)
        findings += [Finding(("model", "estimate", *each.path), each.message, each.remedy) for each in found]
    variables = {each.name: each for each in (*declaration.inputs, *declaration.outputs)}
    known = variables | {each.name: each for each in (*declaration.parameters, *declaration.states)}
    for index, tag in enumerate(plant.tags):
        findings += _tag_faults(index, tag, declaration, variables, known)
    return findings, ""


def _tag_faults(
    index: int, tag: TagDefinition, declaration: Declaration, variables: dict[str, Variable], known: dict[str, Variable]
) -> Iterator[Finding]:
    if tag.estimate and tag.estimate not in known:
        message = f"{declaration.title} has no '{tag.estimate}'"
        yield Finding(("tags", index, "estimate"), message, did_you_mean(tag.estimate, known, "name an output"))
    variable = known.get(tag.estimate) if tag.estimate else variables.get(tag.name)
    if variable is None or variable.states or (tag.kind == "derived" and not tag.estimate):
        return
    try:
        conversion(tag.unit, variable.unit)
    except UnitError as error:
        message = f"{tag.name} is in '{tag.unit}', {variable.name} of the model in '{variable.unit}': {error.message}"
        yield Finding(("tags", index, "unit"), message, "give it a unit of the same kind")
