"""Simulator files: which simulator to run, and where in it each variable of the plant stands.

A file is YAML, as `SimulatorForm` describes it; docs/how-to/bring-your-own-simulator.md goes through one. Its name is
the key of its model in `twin.matrix.registry`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError

from twin.atlas.entry import Entry, Name, Number, Text, Whole
from twin.atlas.faults import Finding
from twin.atlas.form_faults import form_findings
from twin.atlas.units import Conversion, UnitError, conversion, parse_duration
from twin.atlas.yaml_text import DefinitionError, YamlText, read_yaml
from twin.matrix.declaration import Capability, Declaration, Variable
from twin.matrix.errors import MissingSimulatorError, UnusableModelError

Simulator = Literal["fmu", "aspen-plus", "hysys", "gproms"]
Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9\-]*$", max_length=60)]
Bounds = tuple[Number, Number]

SECTIONS: Final[Mapping[Simulator, str]] = {"fmu": "fmu", "aspen-plus": "com", "hysys": "com", "gproms": "run"}
"""The section that is read for each simulator."""


class VariableEntry(Entry):
    """A variable of the plant, and its place in the simulator."""

    name: Name = Field(description="as the plant's tag is called, where there is one")
    description: Text = Field(max_length=120, description="what it is")
    unit: Text = Field(max_length=40, description="unit in which people write and read it")
    range: Bounds = Field(description="the range that the model is valid in, lowest and highest")
    nominal: Number = Field(description="its usual value")
    words: tuple[Text, ...] = Field((), description="the words of an enumeration, numbered from 0")
    at: Text = Field(min_length=1, max_length=400, description="its place in the simulator: a name, node or path")
    unit_there: Text | None = Field(None, max_length=40, description="its unit in the simulator; `unit` if unset")


class StateEntry(VariableEntry):
    """A state of the simulator."""

    tag: Name | None = Field(None, alias="from", description="tag that gives its value at the beginning")
    start: Text | None = Field(None, description="place to which that value is written; `at` if unset")


class FmuEntry(Entry):
    """How an FMU is run."""

    interface: Literal["co-simulation", "model-exchange"] | None = Field(
        None, description="of the two; what the FMU offers if unset, co-simulation where it offers both"
    )
    step: Text = Field("1 s", description="longest step between two looks at its inputs")
    tolerance: Number = Field(1e-8, gt=0.0, lt=1.0, description="relative tolerance of the solver")
    hold: dict[str, Number] = Field({}, description="what is written to the FMU to hold its controllers still")


class ComEntry(Entry):
    """How a simulator under Windows is run."""

    programs: tuple[Text, ...] = Field(
        (), description="program ids to try in order; those of the usual releases if unset"
    )
    timeout: Text = Field("10 min", description="how long each run may take")
    restart_every: Whole = Field(50, ge=1, description="runs after which the simulator is started afresh")


class RunEntry(Entry):
    """How a program that reads and writes a file is run."""

    command: tuple[Text, ...] = Field(
        (), description="program and arguments; {model}, {input} and {output} stand for paths"
    )
    timeout: Text = Field("10 min", description="how long a run may take")


class SimulatorForm(Entry):
    """A whole simulator file."""

    atlas_simulator: Literal[1] = Field(description="version of the form")
    name: Key = Field(description="short name of the model")
    title: Text = Field(min_length=1, max_length=120, description="what people call it")
    version: Whole = Field(1, ge=1, description="raise it when the model answers otherwise than before")
    simulator: Simulator = Field(description="what runs it")
    model: Text = Field(min_length=1, description="path of the simulator's own file, from this one's folder")
    longest: Text = Field("72 h", description="longest horizon that it answers for")
    inputs: tuple[VariableEntry, ...] = Field(min_length=1, description="what an operator writes")
    outputs: tuple[VariableEntry, ...] = Field(min_length=1, description="what is told over time")
    parameters: tuple[VariableEntry, ...] = Field((), description="what acts or ages without anyone writing it")
    states: tuple[StateEntry, ...] = Field((), description="its memory")
    fmu: FmuEntry = Field(FmuEntry(), description="for an FMU")
    com: ComEntry = Field(ComEntry(), description="for Aspen Plus and HYSYS")
    run: RunEntry = Field(RunEntry(), description="for gPROMS and whatever reads and writes a file")


def json_schema() -> dict[str, Any]:
    """The form as JSON Schema, so that editors complete and check simulator files."""
    schema = SimulatorForm.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Atlas Live simulator file"
    return schema


@dataclass(frozen=True)
class Mapped:
    """A variable with its place in the simulator; `there` leads from its unit to the simulator's.

    A state may begin with the value of `tag`, which is then written to the place `start`.
    """

    variable: Variable
    at: str
    there: Conversion
    tag: str = ""
    start: str = ""

    @property
    def here(self) -> Conversion:
        """From the simulator's unit to the variable's."""
        return self.there.inverse

    @property
    def began(self) -> Variable:
        """The variable as the tag that it begins with is called."""
        one = self.variable
        return Variable(
            name=self.tag, description=one.description, unit=one.unit, low=one.low, high=one.high, nominal=one.nominal
        )


@dataclass(frozen=True, kw_only=True)
class SimulatorFile:
    """A simulator file that was read: its form, and its variables with their places.

    `model` is the absolute path of the simulator's own file, `seconds` are the durations of the form by their keys.
    """

    form: SimulatorForm
    model: Path
    inputs: tuple[Mapped, ...]
    outputs: tuple[Mapped, ...]
    parameters: tuple[Mapped, ...]
    states: tuple[Mapped, ...]
    seconds: Mapping[str, float]

    def declaration(self, capabilities: Iterable[Capability]) -> Declaration:
        """What a model of this file says of itself."""
        return Declaration(
            name=self.form.name,
            title=self.form.title,
            version=self.form.version,
            inputs=_variables(self.inputs),
            outputs=_variables(self.outputs),
            parameters=_variables(self.parameters),
            states=_variables(self.states),
            capabilities=frozenset(capabilities),
            longest_s=self.seconds["longest"],
        )


def parse_simulator(text: str, folder: Path, filename: str = "") -> SimulatorFile:
    """The simulator file of a text; paths in it begin at `folder`.

    Raises
    ------
    DefinitionError
        Where anything is wrong with it, with every fault, its path, line and remedy.
    """
    read = read_yaml(text, filename)
    form = _form(read)
    reading = _Reading(form)
    told = SimulatorFile(
        form=form,
        model=(folder / form.model).resolve(),
        inputs=reading.variables("inputs", form.inputs),
        outputs=reading.variables("outputs", form.outputs),
        parameters=reading.variables("parameters", form.parameters),
        states=reading.variables("states", form.states),
        seconds=reading.seconds(),
    )
    findings = [*reading.findings, *_form_faults(form)]
    if findings:
        read.refuse(findings)
    return told


def read_simulator(path: Path) -> SimulatorFile:
    """The simulator file at a path.

    Raises
    ------
    UnusableModelError
        Where it cannot be read, or has faults; all are told.
    MissingSimulatorError
        Where the simulator's own file is not there.
    """
    try:
        told = parse_simulator(path.read_text(encoding="utf-8"), path.parent, path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableModelError(f"{path} cannot be read: {error}", remedy="check the path and its rights") from error
    except DefinitionError as error:
        raise UnusableModelError(error.message, remedy=error.remedy) from error
    if not told.model.exists():
        raise MissingSimulatorError(
            f"{told.model} of {path.name} is not there", remedy="copy it there, or mend 'model'"
        )
    return told


def _form(read: YamlText) -> SimulatorForm:
    if "atlas_simulator" not in read.plain:
        # Whoever names another file by mistake shall not be told what stands in it.
        message = "it is no simulator file"
        read.refuse([Finding((), message, "begin it with 'atlas_simulator: 1'")])
    try:
        return SimulatorForm.model_validate(read.plain)
    except ValidationError as error:
        findings = form_findings(error, SimulatorForm)
    return read.refuse(findings)


class _Reading:
    """Makes variables of entries and seconds of durations; what cannot be read is noted."""

    def __init__(self, form: SimulatorForm) -> None:
        self.form = form
        self.findings: list[Finding] = []

    def variables(self, part: str, entries: Sequence[VariableEntry]) -> tuple[Mapped, ...]:
        return tuple(one for at, entry in enumerate(entries) for one in self._variable((part, at), entry))

    def _variable(self, path: tuple[str, int], entry: VariableEntry) -> Iterator[Mapped]:
        try:
            there = conversion(entry.unit, entry.unit if entry.unit_there is None else entry.unit_there)
            low, high = entry.range
            variable = Variable(
                name=entry.name,
                description=entry.description,
                unit=entry.unit,
                low=low,
                high=high,
                nominal=entry.nominal,
                states=entry.words,
            )
        except UnitError as error:
            self.findings.append(Finding((*path, "unit"), error.message, error.remedy))
        except ValueError as error:
            self.findings.append(Finding((*path, "nominal"), str(error), "give a range that holds the usual value"))
        else:
            tag = (entry.tag or "") if isinstance(entry, StateEntry) else ""
            start = (entry.start or entry.at) if isinstance(entry, StateEntry) else ""
            yield Mapped(variable, entry.at, there, tag, start)

    def seconds(self) -> dict[str, float]:
        """Durations by key: `longest`, `step`, and the `timeout` of the section that counts."""
        section = self.form.run if self.form.simulator == "gproms" else self.form.com
        place = SECTIONS["gproms" if self.form.simulator == "gproms" else "hysys"]
        told = {}
        for path, text in (
            (("longest",), self.form.longest),
            (("fmu", "step"), self.form.fmu.step),
            ((place, "timeout"), section.timeout),
        ):
            try:
                told[path[-1]] = parse_duration(text)
            except UnitError as error:
                self.findings.append(Finding(path, error.message, error.remedy))
            else:
                if told[path[-1]] <= 0.0:
                    self.findings.append(Finding(path, f"'{text}' is no time at all", "give more than 0 s"))
        return told


def _form_faults(form: SimulatorForm) -> Iterator[Finding]:
    """What pydantic cannot see: names given twice, sections that do not count, a program that is not named."""
    for parts in (("inputs", "parameters"), ("outputs",), ("states",)):
        seen: set[str] = set()
        for part in parts:
            for at, entry in enumerate(getattr(form, part)):
                if entry.name in seen:
                    message = f"'{entry.name}' stands twice"
                    yield Finding((part, at, "name"), message, "give each variable a name of its own")
                seen.add(entry.name)
    counts = SECTIONS[form.simulator]
    for section in {*SECTIONS.values()} & form.model_fields_set - {counts}:
        yield Finding((section,), f"a {form.simulator} model has no section '{section}'", f"use '{counts}'")
    if form.simulator == "gproms" and not form.run.command:
        yield Finding(("run", "command"), "it is not told what runs the model", "name the program and its arguments")


def _variables(mapped: Iterable[Mapped]) -> tuple[Variable, ...]:
    return tuple(one.variable for one in mapped)
