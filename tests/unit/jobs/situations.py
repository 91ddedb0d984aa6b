"""The Williams-Otto reactor at its design's steady state, as a question finds it."""

from dataclasses import replace

from stream.jobs.answer.asking import Asked
from stream.jobs.answer.situation import Situation
from stream.jobs.question import Position, Question
from stream.jobs.report import PlantLine, TrustLine
from twin.atlas.definition import parse
from twin.atlas.economics import Economics
from twin.atlas.economics_file import EconomicsEntry, read_economics
from twin.atlas.prices import Price, PriceBook
from twin.estimation.ensemble_filter import EnsembleFilter
from twin.estimation.plan import EstimatePlan, Instrument, Unknown
from twin.matrix.scenario import Scenario
from twin.matrix.snapshot import TwinSnapshot
from twin.matrix.williams_otto.adapter import WilliamsOttoProcess
from twin.plants import text

BEGIN_US = 1_795_478_400_000_000
PLAN = EstimatePlan(
    unknowns=(Unknown(name="activity", spread=0.02, walk=0.01), Unknown(name="heat_transfer", spread=0.4)),
    instruments=(Instrument(name="TIC-101.PV", noise=0.05), Instrument(name="AI-101P.PV", noise=0.08, delay_s=150)),
    members=12,
)
BOOK = PriceBook([Price.of("P", "1143.38 USD/kg"), Price.of("A", "76.23 USD/kg"), Price.of("B", "114.34 USD/kg")])
_LINES = [
    {"item": "P", "kind": "product", "flow": "([FIC-101.PV] + [FIC-102.PV]) * [AI-101P.PV] / 100", "unit": "kg/s"},
    {"item": "A", "kind": "feed", "flow": "[FIC-101.PV]", "unit": "kg/s"},
    {"item": "B", "kind": "feed", "flow": "[FIC-102.PV]", "unit": "kg/s"},
]


def economics() -> Economics:
    """Product P less both feeds."""
    units = {"FIC-101.PV": "kg/s", "FIC-102.PV": "kg/s", "AI-101P.PV": "percent"}
    read, faults = read_economics(EconomicsEntry.model_validate({"lines": _LINES}), units, BOOK)
    assert read is not None, faults
    return read


def situation() -> Situation:
    """The reactor at 80 degC with twelve members."""
    model = WilliamsOttoProcess()
    plant = parse(text("williams-otto"))
    numbers = {(tag.name, tag.unit): at for at, tag in enumerate(plant.tags, start=1)}
    table = plant.tag_table(1, 1, numbers)
    declared = model.declaration
    nominal = {variable.name: variable.nominal for variable in (*declared.inputs, *declared.outputs)}
    units = {variable.name: variable.unit for variable in (*declared.inputs, *declared.outputs)}
    start = model.start(TwinSnapshot("williams-otto", nominal, units))
    return Situation(
        plant=PlantLine(id="williams-otto", name=plant.name, time_zone=plant.time_zone, revision=1),
        begin_us=BEGIN_US,
        tags={tag.name: tag for tag in table.tags},
        values=nominal,
        model="williams-otto",
        surrogate="",
        ensemble=EnsembleFilter(model, PLAN).start(start, 0, 1).ensemble,
        plan=PLAN,
        estimate=TrustLine(verdict="good", text="the model explains the last 2 h"),
        prices=BOOK,
        economics=economics(),
        seed=(1, 1041),
    )


def asked(*changes: str, horizon: str = "1 h", every: str = "30 s", at: Situation | None = None) -> Asked:
    """A question to the reactor."""
    declaration = WilliamsOttoProcess().declaration
    question = Question(
        changes=changes, horizon=horizon, every=every, position=Position("0f343b09", 1041), by="anna", at_us=BEGIN_US
    )
    scenario = Scenario.parse(changes, horizon, declaration, every=every)
    return Asked("17", question, scenario, declaration, at or situation())


def without_economics(at: Situation) -> Situation:
    """The same plant, whose file does not tell what it earns by."""
    return replace(at, economics=None)
