"""Economics as a plant file writes them: which flows cost and bring money."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from twin.atlas.array_expressions import ArrayExpression, compile_over_arrays
from twin.atlas.economics import Economics, EconomicsError, LineKind, MoneyLine
from twin.atlas.entry import Entry, Text
from twin.atlas.expressions import LONGEST_EXPRESSION, ExpressionError
from twin.atlas.faults import Finding
from twin.atlas.prices import Price, PriceBook
from twin.atlas.units import CURRENCIES, UnitError, parse_unit


def _currency(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError(f"use one of {', '.join(CURRENCIES)}")
    return code


class MoneyLineEntry(Entry):
    """One flow of money."""

    item: Text = Field(min_length=1, max_length=80, description="what the price book calls it: P, steam")
    name: Text = Field("", max_length=80, description="what people read, unique; the item if unset")
    kind: LineKind = Field(description="products bring money, the others cost it")
    flow: Text = Field(
        max_length=LONGEST_EXPRESSION, description='how much flows, over tags: "[FIC-101.PV] * [AI-101P.PV] / 100"'
    )
    unit: Text = Field(max_length=40, description="unit that the flow comes out in, like kg/s")


class EconomicsEntry(Entry):
    """What a plant earns."""

    currency: Annotated[Text, AfterValidator(_currency)] = Field("USD", description="currency of its prices")
    lines: tuple[MoneyLineEntry, ...] = Field(min_length=1, max_length=100, description="flows of money")


def read_economics(
    entry: EconomicsEntry, units: Mapping[str, str], prices: PriceBook
) -> tuple[Economics | None, list[Finding]]:
    """The economics that an entry tells, or None with every fault of it.

    Parameters
    ----------
    entry
        As the plant file has it; paths of the findings begin inside it.
    units
        Unit of each name that an expression may mention: tags and outputs of the model.
    prices
        The plant's first price book; where it has any, it must price every line, in a fitting unit.
    """
    findings: list[Finding] = []
    lines: list[MoneyLine] = []
    for index, given in enumerate(entry.lines):
        at = ("lines", index)
        name = given.name or given.item
        if any(name == line.name for line in lines):
            message = f"a second line is called '{name}'"
            findings.append(Finding((*at, "name"), message, "give it a name of its own"))
            continue
        flow, found = _flow(given, units)
        if flow is not None and not found:
            line = MoneyLine(name, given.item, given.kind, flow, given.unit)
            found = _price_faults(line, entry.currency, prices) if prices else []
            lines.append(line)
        findings += [Finding((*at, *fault.path), fault.message, fault.remedy) for fault in found]
    if findings:
        return None, findings
    inputs = {name for line in lines for name in line.flow.inputs}
    return Economics(entry.currency, tuple(lines), {name: units[name] for name in sorted(inputs)}), []


def _flow(entry: MoneyLineEntry, units: Mapping[str, str]) -> tuple[ArrayExpression | None, list[Finding]]:
    findings = []
    flow = None
    try:
        flow = compile_over_arrays(entry.flow, units.keys())
    except ExpressionError as error:
        findings.append(Finding(("flow",), error.message, error.remedy))
    try:
        parse_unit(entry.unit)
    except UnitError as error:
        findings.append(Finding(("unit",), error.message, error.remedy))
    return flow, findings


def _price_faults(line: MoneyLine, currency: str, prices: PriceBook) -> list[Finding]:
    known: tuple[Price, ...] = prices.by_item.get(line.item, ())
    if not known:
        return [Finding(("item",), f"no price of '{line.item}'", "add its price under prices, or correct the name")]
    try:
        for price in known:
            line.factor(price, currency)
    except EconomicsError as error:
        return [Finding(("unit",), error.message, error.remedy)]
    return []
