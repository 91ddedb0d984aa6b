"""The null space of a small matrix, exactly in fractions: what balances a reaction and what a set of them conserves."""

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm
from typing import Final

_LARGEST_DENOMINATOR: Final = 10_000


def null_space(matrix: Sequence[Sequence[float]], columns: int) -> list[list[int]]:
    """Whole-number vectors x, shape (columns,), that span all solutions of matrix @ x = 0.

    Parameters
    ----------
    matrix
        Rows of `columns` numbers each; decimals are read as the nearest fraction.
    columns
        Number of columns, told because the matrix may have no rows.

    Returns
    -------
    list of list of int
        One vector for each free column, by Gauss and Jordan; each without a common factor.
    """
    rows = [[Fraction(value).limit_denominator(_LARGEST_DENOMINATOR) for value in row] for row in matrix]
    pivots = _reduce(rows, columns)
    vectors = []
    for free in range(columns):
        if free in pivots:
            continue
        vector = [Fraction(0)] * columns
        vector[free] = Fraction(1)
        for row, pivot in enumerate(pivots):
            vector[pivot] = -rows[row][free]
        vectors.append(_whole(vector))
    return vectors


def _reduce(rows: list[list[Fraction]], columns: int) -> list[int]:
    """Bring the rows into reduced echelon form in place; the pivots' columns, one a row from the top."""
    pivots: list[int] = []
    for column in range(columns):
        top = len(pivots)
        found = next((at for at in range(top, len(rows)) if rows[at][column]), None)
        if found is None:
            continue
        rows[top], rows[found] = rows[found], rows[top]
        rows[top] = [value / rows[top][column] for value in rows[top]]
        for at, row in enumerate(rows):
            if at != top and row[column]:
                rows[at] = [value - row[column] * above for value, above in zip(row, rows[top], strict=True)]
        pivots.append(column)
    return pivots


def _whole(vector: list[Fraction]) -> list[int]:
    scale = lcm(*(value.denominator for value in vector))
    numbers = [int(value * scale) for value in vector]
    common = gcd(*numbers)
    return [number // common for number in numbers]
