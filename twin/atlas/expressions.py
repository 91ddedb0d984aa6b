"""Expressions of derived tags: arithmetic over tag names, read by a parser of our own and run as nested closures.

    expression  = either [ "if" either "else" expression ]
    either      = both { "or" both }            both        = denied { "and" denied }
    denied      = "not" denied | comparison     comparison  = sum { ("<" | "<=" | ">" | ">=" | "==" | "!=") sum }
    sum         = term { ("+" | "-") term }     term        = signed { ("*" | "/") signed }
    signed      = ("+" | "-") signed | power    power       = atom [ "**" signed ]
    atom        = number | "[" name "]" | name | function "(" expression { "," expression } ")" | "(" expression ")"

It means what Python means by the same text. A comparison is 1 or 0. What has no finite value (a division by zero, the
logarithm of a negative number, an input without a value) is not-a-number, which the twin shows as bad.
"""

import difflib
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from twin.atlas.arithmetic import NUMBERS, Arithmetic, Closure, Comparison
from twin.atlas.errors import AtlasError

Values = Sequence[float]

LONGEST_EXPRESSION: Final = 2000
DEEPEST_NESTING: Final = 40
MOST_TOKENS: Final = 500

_NUMBER: Final = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:[.-][A-Za-z0-9_]+)*")
_SIGN: Final = re.compile(r"\*\*|<=|>=|==|!=|[-+*/<>(),]")
_KEYWORDS: Final = frozenset({"if", "else", "and", "or", "not"})


class ExpressionError(AtlasError):
    """An expression that can't be used; `position` is the character where the trouble starts, from 0."""

    def __init__(self, text: str, position: int, message: str, remedy: str) -> None:
        super().__init__(f"expression '{text[:80]}', character {position + 1}: {message}", remedy=remedy)
        self.position = position


@dataclass(frozen=True)
class Expression:
    """A compiled expression.

    `inputs` are the names that it mentions, in the order of their first mention. The worst quality among them is the
    caller's business.
    """

    text: str
    inputs: tuple[str, ...]
    _run: Closure

    def evaluate(self, values: Sequence[float] | Mapping[str, float]) -> float:
        """The result for the inputs' values, given in the order of `inputs` or by name; NaN where there is none."""
        if isinstance(values, Mapping):
            values = [values[name] for name in self.inputs]
        return _finite(self._run, values)

    def bind(self, positions: Mapping[str, int]) -> Closure:
        """Return a function of a whole plant's values, in which input `name` stands at `positions[name]`."""
        run, places = self._run, [positions[name] for name in self.inputs]
        return lambda values: _finite(run, [values[place] for place in places])


def _finite(run: Closure, values: Values) -> float:
    try:
        result = float(run(values))
    except (ArithmeticError, ValueError):
        return math.nan
    return result if math.isfinite(result) else math.nan


def compile_expression(text: str, names: Collection[str]) -> Expression:
    """Read `text`, in which the `names` may stand.

    Raises
    ------
    ExpressionError
        Where it is no expression or mentions another name.
    """
    inputs, run = read_expression(text, names, NUMBERS)
    return Expression(text, inputs, run)


def read_expression(text: str, names: Collection[str], arithmetic: Arithmetic) -> tuple[tuple[str, ...], Closure]:
    """The names that `text` mentions, and what computes it from their values; see `compile_expression`."""
    if len(text) > LONGEST_EXPRESSION:
        raise ExpressionError(text, LONGEST_EXPRESSION, "too long", f"stay within {LONGEST_EXPRESSION} characters")
    parser = _Parser(text, names, arithmetic)
    run = parser.parse()
    return tuple(parser.inputs), run


@dataclass(frozen=True)
class _Token:
    kind: str  # number, name, function, sign, end
    text: str
    position: int


class _Tokenizer:
    """Cuts the text; a bare name is the longest known tag name that ends where a name may end."""

    def __init__(self, text: str, names: Collection[str]) -> None:
        self._text = text
        self._names = names

    def cut(self) -> list[_Token]:
        tokens: list[_Token] = []
        at = self._skip(0)
        while at < len(self._text):
            token, at = self._next(at)
            tokens.append(token)
            at = self._skip(at)
        return [*tokens, _Token("end", "", len(self._text))]

    def _skip(self, at: int) -> int:
        while at < len(self._text) and self._text[at].isspace():
            at += 1
        return at

    def _next(self, at: int) -> tuple[_Token, int]:
        if self._text[at] == "[":
            return self._bracketed(at)
        if number := _NUMBER.match(self._text, at):
            return _Token("number", number[0], at), number.end()
        if sign := _SIGN.match(self._text, at):
            return _Token("sign", sign[0], at), sign.end()
        return self._bare(at)

    def _bracketed(self, at: int) -> tuple[_Token, int]:
        end = self._text.find("]", at)
        if end < 0:
            raise ExpressionError(self._text, at, "'[' is never closed", "close the tag's name with ']'")
        name = self._text[at + 1 : end].strip()
        if name not in self._names:
            raise self._unknown(name, at)
        return _Token("name", name, at), end + 1

    def _bare(self, at: int) -> tuple[_Token, int]:
        word = re.match(r"\w+", self._text[at:])
        if word is None:
            remedy = "use + - * / ** ( ), comparisons, if-else, and tags in brackets"
            raise ExpressionError(self._text, at, f"'{self._text[at]}' means nothing here", remedy)
        if word[0] in _KEYWORDS:
            return _Token("sign", word[0], at), at + len(word[0])
        if word[0] in FUNCTIONS and self._text[at + len(word[0]) :].lstrip().startswith("("):
            return _Token("function", word[0], at), at + len(word[0])
        for end in range(len(self._text), at, -1):  # From the text's end, because the longest name is meant.
            if self._text[at:end] in self._names and not re.match(r"\w", self._text[end : end + 1]):
                return _Token("name", self._text[at:end], at), end
        whole = _WORD.match(self._text, at)
        raise self._unknown(whole[0] if whole else word[0], at)

    def _unknown(self, name: str, at: int) -> ExpressionError:
        if name in FUNCTIONS:
            remedy = f"write {name}({'a' if FUNCTIONS[name][1] == 1 else 'a, b'}); a function needs its arguments"
            return ExpressionError(self._text, at, f"'{name}' is a function", remedy)
        near = difflib.get_close_matches(name, [*self._names, *FUNCTIONS], n=1)
        remedy = f"did you mean '{near[0]}'?" if near else f"use a tag of the plant or one of {', '.join(FUNCTIONS)}"
        return ExpressionError(self._text, at, f"unknown name '{name[:60]}'", remedy)


class _Parser:
    def __init__(self, text: str, names: Collection[str], arithmetic: Arithmetic) -> None:
        self._text = text
        self._arithmetic = arithmetic
        self._tokens = _Tokenizer(text, names).cut()
        self._at = 0
        self._depth = 0
        self.inputs: list[str] = []
        if len(self._tokens) > MOST_TOKENS:  # closures nest as deep as this, and Python's stack ends
            self._at = MOST_TOKENS
            raise self._fault("too many parts", "split it into several derived tags")

    def parse(self) -> Closure:
        run = self._expression()
        if self._tokens[self._at].kind != "end":
            raise self._fault("an operator is missing before it", "put an operator between the two")
        return run

    def _fault(self, message: str, remedy: str) -> ExpressionError:
        token = self._tokens[self._at]
        what = f"'{token.text}': {message}" if token.kind != "end" else f"the end: {message}"
        return ExpressionError(self._text, token.position, what, remedy)

    def _take(self, *signs: str) -> str:
        """The next token's text if it is one of the signs, and step over it; else the empty text."""
        token = self._tokens[self._at]
        if token.kind == "sign" and token.text in signs:
            self._at += 1
            return token.text
        return ""

    def _demand(self, sign: str) -> None:
        if not self._take(sign):
            raise self._fault(f"'{sign}' is missing before it", f"add '{sign}'")

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST_NESTING:
            raise self._fault("nested too deep", "split it into several derived tags")

    def _expression(self) -> Closure:
        self._deeper()
        value = self._either()
        if self._take("if"):
            condition = self._either()
            self._demand("else")
            otherwise = self._expression()
            value = self._arithmetic.choose(value, condition, otherwise)
        self._depth -= 1
        return value

    def _either(self) -> Closure:
        left = self._both()
        while self._take("or"):
            left = self._arithmetic.either(left, self._both())
        return left

    def _both(self) -> Closure:
        left = self._denied()
        while self._take("and"):
            left = self._arithmetic.both(left, self._denied())
        return left

    def _denied(self) -> Closure:
        if not self._take("not"):
            return self._comparison()
        self._deeper()
        denied = self._denied()
        self._depth -= 1
        return self._arithmetic.denied(denied)

    def _comparison(self) -> Closure:
        first = self._sum()
        rest: list[tuple[Comparison, Closure]] = []
        while sign := self._take(*_COMPARISONS):
            rest.append((_COMPARISONS[sign], self._sum()))
        return self._arithmetic.compare(first, tuple(rest)) if rest else first

    def _sum(self) -> Closure:
        left = self._term()
        while sign := self._take("+", "-"):
            left = _added(left, self._term()) if sign == "+" else _subtracted(left, self._term())
        return left

    def _term(self) -> Closure:
        left = self._signed()
        while sign := self._take("*", "/"):
            combined = _multiplied if sign == "*" else self._arithmetic.divide
            left = combined(left, self._signed())
        return left

    def _signed(self) -> Closure:
        sign = self._take("+", "-")
        if not sign:
            return self._power()
        self._deeper()
        inner = self._signed()
        self._depth -= 1
        return inner if sign == "+" else lambda values: -inner(values)

    def _power(self) -> Closure:
        base = self._atom()
        if not self._take("**"):
            return base
        self._deeper()
        exponent = self._signed()
        self._depth -= 1
        return self._arithmetic.power(base, exponent)

    def _atom(self) -> Closure:
        token = self._tokens[self._at]
        if token.kind == "sign" and token.text == "(":
            self._at += 1
            inner = self._expression()
            self._demand(")")
            return inner
        if token.kind not in ("number", "name", "function"):
            raise self._fault("a number, a tag or '(' is missing", "add what the operator works on")
        self._at += 1
        if token.kind == "number":
            number = float(token.text)
            return lambda values: number
        return self._call(token) if token.kind == "function" else self._input(token.text)

    def _input(self, name: str) -> Closure:
        if name not in self.inputs:
            self.inputs.append(name)
        place = self.inputs.index(name)
        return lambda values: values[place]

    def _call(self, token: _Token) -> Closure:
        self._demand("(")
        arguments = [self._expression()]
        while self._take(","):
            arguments.append(self._expression())
        self._demand(")")
        fewest, most = FUNCTIONS[token.text]
        if not fewest <= len(arguments) <= most:
            wanted = "one argument" if most == 1 else f"{fewest} to {most} arguments"
            message = f"{token.text} takes {wanted}, {len(arguments)} given"
            raise ExpressionError(self._text, token.position, message, "give it what it takes")
        return self._arithmetic.functions[token.text](*arguments)


def _added(left: Closure, right: Closure) -> Closure:
    return lambda values: left(values) + right(values)


def _subtracted(left: Closure, right: Closure) -> Closure:
    return lambda values: left(values) - right(values)


def _multiplied(left: Closure, right: Closure) -> Closure:
    return lambda values: left(values) * right(values)


_COMPARISONS: Final[dict[str, Comparison]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}
FUNCTIONS: Final[dict[str, tuple[int, int]]] = {
    "min": (2, 64), "max": (2, 64), "abs": (1, 1), "sqrt": (1, 1), "exp": (1, 1), "log": (1, 1),
}  # fmt: skip
"""Names of functions, with the fewest and the most arguments that each takes."""
