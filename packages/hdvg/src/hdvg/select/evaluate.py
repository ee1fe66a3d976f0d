"""Applies an expression to columns, all rows at once.

An unknown value decides nothing: a comparison with null is false, whatever the comparison. So
`watermark < 0.5` leaves out clips that have no watermark score, and so does `watermark >= 0.5`;
`not watermark < 0.5` keeps them, and `watermark is None` finds them. Arithmetic with null is null,
and a number divided by zero is infinite or unknown, never an error.
"""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hdvg.errors import InputError
from hdvg.select.expression import Expression

Kind = Literal["number", "text", "flag", "list", "none"]
Lookup = Callable[[str], pa.Array]
# A column, or one value that stands for all rows.
Data: TypeAlias = pa.Array | pa.Scalar

_COMPARE: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "less"),
    ast.LtE: ("<=", "less_equal"),
    ast.Gt: (">", "greater"),
    ast.GtE: (">=", "greater_equal"),
    ast.Eq: ("==", "equal"),
    ast.NotEq: ("!=", "not_equal"),
}
_ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
}


@dataclass(frozen=True)
class _Value:
    """A column, or one value for all rows, with what it can be used for.

    Attributes:
        kind: What it is.
        data: A pyarrow array or scalar; for a list that was written down, its Python values.
        node: Where it stands in the expression, for messages.
    """

    kind: Kind
    data: Any
    node: ast.AST


def select_rows(expression: Expression, lookup: Lookup, num_rows: int) -> npt.NDArray[np.bool_]:
    """Which rows an expression holds for.

    Args:
        expression: What is asked.
        lookup: Column by name, `num_rows` long; raises InputError for one that it does not know.
        num_rows: Rows in all.

    Returns:
        bool [num_rows].

    Raises:
        InputError: An unknown column, or an operation that makes no sense, such as a text < 3.
    """
    evaluator = _Evaluator(lookup, num_rows)
    return np.asarray(evaluator.flags(expression.tree), dtype=bool)


class _Evaluator:
    def __init__(self, lookup: Lookup, num_rows: int) -> None:
        self._lookup = lookup
        self._num_rows = num_rows

    def flags(self, node: ast.AST) -> npt.NDArray[np.bool_]:
        """A condition as booleans; null is false."""
        if isinstance(node, ast.BoolOp):
            parts = [self.flags(part) for part in node.values]
            join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
            return join.reduce(parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return ~self.flags(node.operand)
        if isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
            steps = zip(operands[:-1], node.ops, operands[1:], strict=True)
            return np.logical_and.reduce([self._compare(*step) for step in steps])
        value = self._value(node)
        if value.kind != "flag":
            raise InputError(f"not a condition: {ast.unparse(node)!r} is a {value.kind}")
        return self._spread(value.data)

    def _spread(self, flags: Data) -> npt.NDArray[np.bool_]:
        """Booleans of pyarrow, perhaps one for all rows and perhaps null, as numpy."""
        if isinstance(flags, pa.Scalar):
            return np.full(self._num_rows, bool(flags.as_py()))
        filled: npt.NDArray[np.bool_] = pc.fill_null(flags, False).to_numpy(zero_copy_only=False)
        return filled

    def _value(self, node: ast.AST) -> _Value:
        if isinstance(node, ast.Name):
            column = self._lookup(node.id)
            if isinstance(column, pa.ChunkedArray):
                column = column.combine_chunks()
            return _classify(column, node)
        if isinstance(node, ast.Constant):
            value = node.value
            if isinstance(value, int) and not isinstance(value, bool):
                value = float(value)
            return _classify(pa.scalar(value), node)
        if isinstance(node, ast.List | ast.Tuple):
            return _Value("list", [_constant(item) for item in node.elts], node)
        if isinstance(node, ast.BinOp):
            left, right = self._number(node.left), self._number(node.right)
            return _Value(
                "number", pc.call_function(_ARITHMETIC[type(node.op)], [left, right]), node
            )
        if isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.Not):
            operand = self._number(node.operand)
            negative = isinstance(node.op, ast.USub)
            return _Value("number", pc.negate(operand) if negative else operand, node)
        return _Value("flag", pa.array(self.flags(node)), node)

    def _number(self, node: ast.AST) -> Data:
        value = self._value(node)
        if value.kind != "number":
            raise InputError(f"not a number: {ast.unparse(node)!r} is a {value.kind}")
        return value.data

    def _compare(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> npt.NDArray[np.bool_]:
        if isinstance(op, ast.Is | ast.IsNot):
            if not (isinstance(right, ast.Constant) and right.value is None):
                raise InputError(f"after 'is' only None makes sense: {ast.unparse(right)!r}")
            missing = pc.is_null(self._value(left).data, nan_is_null=True)
            found = self._spread(missing)
            return found if isinstance(op, ast.Is) else ~found
        if isinstance(op, ast.In | ast.NotIn):
            return self._spread(self._contains(left, right, wanted=isinstance(op, ast.In)))
        first, second = self._value(left), self._value(right)
        sign, function = _COMPARE[type(op)]
        if "none" in (first.kind, second.kind):
            raise InputError(f"nothing compares with None: write 'x is None', not 'x {sign} None'")
        if first.kind != second.kind or first.kind == "list":
            raise InputError(
                f"cannot compare {ast.unparse(left)!r} (a {first.kind}) with"
                f" {ast.unparse(right)!r} (a {second.kind})"
            )
        if first.kind == "number":
            known = pc.and_(_is_known(first.data), _is_known(second.data))
            return self._spread(
                pc.and_(pc.call_function(function, [first.data, second.data]), known)
            )
        return self._spread(pc.call_function(function, [first.data, second.data]))

    def _contains(self, left: ast.expr, right: ast.expr, *, wanted: bool) -> Data:
        """`left in right` per row, or its contrary; null where either is."""
        item, holder = self._value(left), self._value(right)
        if isinstance(holder.data, list):
            found = _is_one_of(item, holder.data)
        elif (
            holder.kind in ("text", "list")
            and isinstance(left, ast.Constant)
            and item.kind == "text"
        ):
            within = _text_holds if holder.kind == "text" else _list_holds
            found = within(holder.data, str(left.value))
        else:
            raise InputError(
                f"cannot look for {ast.unparse(left)!r} in {ast.unparse(right)!r}: write"
                " column in ['a', 'b'], or 'text' in column"
            )
        return found if wanted else pc.invert(found)


def _classify(data: Data, node: ast.AST) -> _Value:
    kind = data.type
    if pa.types.is_boolean(kind):
        return _Value("flag", data, node)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        # As floats, so that no sum overflows and no division is cut off.
        return _Value("number", data.cast(pa.float64(), safe=False), node)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _Value("list", data, node)
    if pa.types.is_null(kind):
        return _Value("none", data, node)
    return _Value("text", data, node)


def _constant(node: ast.expr) -> float | str:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        value = None
    if not isinstance(value, int | float | str):
        raise InputError(f"a list may hold numbers and texts only, got {ast.unparse(node)!r}")
    return value


def _is_known(data: Data) -> Data:
    return pc.invert(pc.is_null(data, nan_is_null=True))


def _is_one_of(item: _Value, values: list[float | str]) -> Data:
    texts = [value for value in values if isinstance(value, str)]
    numbers = [float(value) for value in values if not isinstance(value, str)]
    if item.kind not in ("text", "number") or (texts if item.kind == "number" else numbers):
        raise InputError(
            f"cannot look for {ast.unparse(item.node)!r} (a {item.kind}) in {values!r}"
        )
    known = pa.array(texts, pa.string()) if item.kind == "text" else pa.array(numbers, pa.float64())
    found = pc.is_in(item.data, value_set=known)
    return pc.if_else(_is_known(item.data), found, pa.scalar(None, pa.bool_()))


def _text_holds(column: pa.Array, text: str) -> pa.Array:
    return pc.match_substring(column, text)


def _list_holds(column: pa.Array, text: str) -> pa.Array:
    found = [None if row is None else text in row for row in column.to_pylist()]
    return pa.array(found, pa.bool_())
