"""Expressions of derived tags: they mean what Python means, refuse what is hostile, and never invent a value."""

import ast
import math
import operator
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.atlas.expressions import (
    DEEPEST_NESTING,
    LONGEST_EXPRESSION,
    MOST_TOKENS,
    Expression,
    ExpressionError,
    compile_expression,
)

NAMES = ("TI-1.PV", "TI-1", "A", "B")
NAN = math.nan


def value_of(text: str, values: Mapping[str, float] | None = None) -> float:
    given_values = dict.fromkeys(NAMES, 2.0) | dict(values or {})
    return compile_expression(text, NAMES).evaluate(given_values)


# What Python means: its own parser, and the arithmetic of floats with a value that isn't there refused.
BINARY: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Pow: math.pow,
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}  # fmt: skip
UNARY: dict[type, Callable[[float], float]] = {
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: lambda value: float(not there(value)),
}  # fmt: skip
CALLS: dict[str, Callable[..., float]] = {
    "abs": abs, "sqrt": math.sqrt, "exp": math.exp, "log": math.log,
    "min": lambda *given: min(map(there, given)), "max": lambda *given: max(map(there, given)),
}  # fmt: skip


def there(value: float) -> float:
    if math.isnan(value):
        raise ValueError
    return value


def python_value(node: ast.AST, values: Mapping[str, float]) -> float:
    def run(part: ast.AST) -> float:
        return python_value(part, values)

    match node:
        case ast.Constant(value=float() | int() as number):
            return float(number)
        case ast.Name(id=name):
            return values[name]
        case ast.BinOp(left=left, op=op, right=right):
            return BINARY[type(op)](run(left), run(right))
        case ast.UnaryOp(op=op, operand=inner):
            return UNARY[type(op)](run(inner))
        case ast.IfExp(test=test, body=body, orelse=other):
            return run(body) if there(run(test)) else run(other)
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return CALLS[name](*map(run, arguments))
    return python_truth(node, run)


def python_truth(node: ast.AST, run: Callable[[ast.AST], float]) -> float:
    match node:
        case ast.BoolOp(op=ast.And(), values=parts):
            return float(all(there(run(part)) for part in parts))
        case ast.BoolOp(values=parts):
            return float(any(there(run(part)) for part in parts))
        case ast.Compare(left=left, ops=ops, comparators=others):
            first = there(run(left))
            for op, other in zip(ops, others, strict=True):
                second = there(run(other))
                if not BINARY[type(op)](first, second):
                    return 0.0
                first = second
            return 1.0
    raise TypeError(node)


def python_says(text: str, values: Mapping[str, float]) -> float | None:
    """None where Python's grammar refuses the text, NaN where there is no finite value."""
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError:
        return None
    try:
        result = python_value(tree, values)
    except (ArithmeticError, ValueError):
        return NAN
    return result if math.isfinite(result) else NAN


# Texts without brackets where they could stand, so that precedence and associativity are tried as well.
leaves = st.one_of(
    st.sampled_from(["A", "B", "A", "B", "0", "1", "2", "0.5", ".25", "3.", "1e3", "1e308", "2E-3"]),
    st.floats(0, 1e6).map(repr),
)
infix = st.sampled_from(["+", "-", "*", "/", "**", "<", "<=", ">", ">=", "==", "!=", "and", "or"])
texts = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, infix, inner).map(" ".join),
        st.tuples(st.sampled_from(["-", "+", "not "]), inner).map("".join),
        inner.map("({})".format),
        st.tuples(inner, inner, inner).map(lambda t: f"{t[0]} if {t[1]} else {t[2]}"),
        st.tuples(st.sampled_from(["abs", "sqrt", "exp", "log"]), inner).map(lambda t: f"{t[0]}({t[1]})"),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(lambda t: f"{t[0]}({t[1]}, {t[2]})"),
    ),
    max_leaves=14,
)
inputs = st.floats(-1e3, 1e3) | st.sampled_from([0.0, 1.0, math.inf]) | st.just(NAN)


@settings(max_examples=250)
@given(text=texts, a=inputs, b=inputs)
def test_an_expression_means_what_python_means(text: str, a: float, b: float) -> None:
    expected = python_says(text, {"A": a, "B": b})
    try:
        got = value_of(text, {"A": a, "B": b})
    except ExpressionError:
        assert expected is None
        return
    assert expected is not None, f"Python refuses {text!r}"
    assert got == expected or (math.isnan(got) and math.isnan(expected))


@given(text=texts, a=inputs, b=inputs)
def test_bound_to_a_plants_values_it_gives_the_same(text: str, a: float, b: float) -> None:
    try:
        expression: Expression = compile_expression(text, NAMES)
    except ExpressionError:
        return
    positions = {"B": 0, "TI-1": 1, "A": 3, "TI-1.PV": 2}
    by_name, whole = {"A": a, "B": b}, expression.bind(positions)([b, 7.0, 7.0, a])
    one_by_one = expression.evaluate(by_name)
    assert whole == one_by_one or (math.isnan(whole) and math.isnan(one_by_one))
    assert set(expression.inputs) <= {"A", "B"}


@pytest.mark.parametrize(
    "text",
    ["A", "-A", "A + 1", "0 * A", "not A", "not not A", "A and 1", "A or 1", "1 if A else 2", "A if 1 else 2", "A == A",
     "A != A", "1 < A < 3", "min(A, 1)", "max(1, A)", "abs(A)", "sqrt(A)", "A ** 2", "A - A"],
)  # fmt: skip
def test_a_missing_input_leaves_no_value(text: str) -> None:
    assert math.isnan(value_of(text, {"A": NAN}))


@pytest.mark.parametrize("text", ["0 and A", "1 or A", "2 if 1 else A", "2 < 1 < A"])
def test_what_is_not_looked_at_may_be_missing(text: str) -> None:
    assert not math.isnan(value_of(text, {"A": NAN}))


@pytest.mark.parametrize(
    "text",
    ["1 / 0", "9 ** 9 ** 9 ** 9", "exp(1000)", "log(0)", "log(-1)", "sqrt(-1)", "(-8) ** (1/3)", "1e999", "1e308 * 10"],
)
def test_what_has_no_finite_value_is_not_a_number(text: str) -> None:
    assert math.isnan(value_of(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[TI-1.PV] - 1", 1.0),
        ("TI-1.PV-1", 1.0),
        ("TI-1-1", 4.0),
        ("[ TI-1 ]", 5.0),
        ("A\n+\t1", 3.0),
        ("sqrt (4)", 2.0),
    ],
)
def test_a_bare_name_is_the_longest_that_fits(text: str, expected: float) -> None:
    assert value_of(text, {"TI-1": 5.0}) == expected


def test_inputs_are_named_once_in_the_order_of_their_mention() -> None:
    expression = compile_expression("B + A * [B] - [TI-1.PV]", NAMES)
    assert expression.inputs == ("B", "A", "TI-1.PV")
    assert expression.evaluate([1.0, 2.0, 3.0]) == 0.0


@pytest.mark.parametrize(
    "text",
    ["__import__('os').system('true')", "A.__class__", "A.real", "[A].imag", "A(1)", "abs.__call__(1)", "(lambda: 1)()",
     "lambda: 1", "[x for x in A]", "{1}", "A[0]", "'a'", "f'{A}'", "A; B", "A := 1", "eval(1)", "pow(2, 3)", "0x10",
     "1_000", "1j", "A @ B", "A // 2", "A % 2", "A << 2", "~A", "A is B", "A in B", "print", "min", "min()", "min(1)",
     "abs(1, 2)", "min(,1)", "1,2", "1 2", "A B", "1 if 1", "1 if else 2", "(", ")", "[", "[A", "[]", "", " ", "not",
     "and", "A3", "3A", "*args", "min(*A)", "min(a=1)", "A\x00", "A\u202e+1", "\N{SUPERSCRIPT TWO}"],
)  # fmt: skip
def test_hostile_or_broken_texts_are_refused_with_a_place_and_a_remedy(text: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        compile_expression(text, NAMES)
    assert 0 <= refused.value.position <= len(text)
    assert refused.value.remedy


@pytest.mark.parametrize(
    "text",
    ["(" * 5_000_000, "x" * (LONGEST_EXPRESSION + 1), "-" * 400 + "1", "not " * 400 + "1", "(" * 900 + "1" + ")" * 900,
     "2 ** " * 300 + "1", "min(1," * 200 + "1" + ")" * 200, "1 if 1 else " * 150 + "1", "1" + "+1" * MOST_TOKENS],
)  # fmt: skip
def test_size_and_depth_are_bounded(text: str) -> None:
    with pytest.raises(ExpressionError, match="too long|too many|too deep"):
        compile_expression(text, NAMES)


@pytest.mark.parametrize(
    "text",
    ["(" * (DEEPEST_NESTING - 1) + "A" + ")" * (DEEPEST_NESTING - 1), "A" + "+A" * (MOST_TOKENS // 2 - 1),
     "min(A, " * (DEEPEST_NESTING - 1) + "A" + ")" * (DEEPEST_NESTING - 1), "A" + " or 0 * A" * 100],
)  # fmt: skip
def test_what_is_within_the_bounds_can_be_evaluated(text: str) -> None:
    assert math.isfinite(value_of(text))


@settings(max_examples=120)
@given(st.text(st.sampled_from("AB01.e+-*/()[]<>=!, notadrifls"), max_size=40))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    try:
        expression = compile_expression(text, NAMES)
    except ExpressionError:
        return
    expression.evaluate(dict.fromkeys(NAMES, 2.0))


def test_remedies_name_what_was_meant() -> None:
    for text, remedy in (
        ("TI-2.PV + 1", "TI-1.PV"),
        ("sqr(A)", "sqrt"),
        ("min + 1", r"min\(a, b\)"),
        ("abs", r"abs\(a\)"),
    ):
        with pytest.raises(ExpressionError, match=remedy):
            compile_expression(text, NAMES)
