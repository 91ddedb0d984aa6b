"""From a plant file's section `estimate` to a plan for the model that it names, with all faults at once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from twin.atlas.errors import AtlasError
from twin.atlas.faults import Finding, Path, did_you_mean
from twin.atlas.model_file import EstimateEntry
from twin.atlas.quantities import Quantity
from twin.atlas.units import difference_unit, parse_duration, parse_unit
from twin.estimation.errors import EstimatePlanError
from twin.estimation.plan import EstimatePlan, Instrument, Unknown
from twin.matrix.declaration import Declaration, Variable


def read_plan(entry: EstimateEntry, declaration: Declaration) -> tuple[EstimatePlan | None, list[Finding]]:
    """The plan that the section tells for the model declared, or None with every fault of it.

    Paths of the findings begin inside the section.
    """
    reading = _Reading(declaration)
    unknowns = tuple(reading.unknowns(entry))
    instruments = tuple(reading.instruments(entry))
    if reading.findings:
        return None, reading.findings
    try:
        plan = EstimatePlan(
            unknowns=unknowns,
            instruments=instruments,
            members=entry.members,
            method=entry.method,
            inflation=entry.inflation,
            relaxation=entry.relaxation,
            gate=entry.gate,
        )
        plan.check(declaration)
    except EstimatePlanError as error:
        return None, [Finding((), error.message, error.remedy)]
    return plan, []


@dataclass
class _Reading:
    declaration: Declaration
    findings: list[Finding] = field(default_factory=list)

    def unknowns(self, entry: EstimateEntry) -> Iterator[Unknown]:
        known = {variable.name: variable for variable in (*self.declaration.states, *self.declaration.parameters)}
        for index, row in enumerate(entry.unknowns):
            path = ("unknowns", index)
            variable = known.get(row.name)
            if variable is None:
                self._note((*path, "name"), row.name, f"no parameter or state '{row.name}'", known)
                continue
            spread = self._deviation(row.spread, variable, (*path, "spread"))
            walk = self._deviation(row.walk, variable, (*path, "walk"))
            lasting_s = self._duration(row.lasting, (*path, "lasting"))
            yield Unknown(name=row.name, spread=spread, walk=walk, lasting_s=lasting_s)

    def instruments(self, entry: EstimateEntry) -> Iterator[Instrument]:
        known = {variable.name: variable for variable in self.declaration.outputs}
        for index, row in enumerate(entry.instruments):
            path = ("instruments", index)
            variable = known.get(row.tag)
            if variable is None:
                self._note((*path, "tag"), row.tag, f"no output '{row.tag}'", known)
                continue
            noise = self._deviation(row.noise, variable, (*path, "noise"))
            delay = self._duration(row.delay, (*path, "delay"))
            yield Instrument(name=row.tag, noise=noise, delay_s=round(delay), averaged=row.averaged)

    def _duration(self, text: str, path: Path) -> float:
        return self._number(lambda: parse_duration(text), path)

    def _deviation(self, text: str, variable: Variable, path: Path) -> float:
        """A standard deviation in the variable's unit, or in that of a difference of two such values."""

        def read() -> float:
            given = Quantity.parse(text)
            unit = given.unit.text.strip()
            return given.value_in(difference_unit(parse_unit(variable.unit)).text) if unit else given.value

        return self._number(read, path)

    def _number(self, read: Callable[[], float], path: Path) -> float:
        try:
            return read()
        except AtlasError as error:
            self.findings.append(Finding(path, error.message, error.remedy))
            return 1.0

    def _note(self, path: Path, name: str, what: str, known: dict[str, Variable]) -> None:
        remedy = did_you_mean(name, known, f"name one of {', '.join(known)}")
        self.findings.append(Finding(path, f"{self.declaration.title} has {what}", remedy))
