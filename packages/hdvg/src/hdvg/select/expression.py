"""The language of selections: a small part of Python's expressions, parsed and never executed.

    height >= 720 and 1.6 <= aspect < 2.5 and watermark < 0.5 and not "logo" in caption

Comparisons (chained too), `and`, `or`, `not`, `+ - * /`, numbers, texts, True and False,
`x in ["a", "b"]`, `"a" in caption` and `x is None`. No calls, no attributes, no subscripts: what is
not listed here is refused, so an expression from anybody is safe to open.
"""

import ast
import hashlib
import warnings
from dataclasses import dataclass

from hdvg.errors import InputError

# Python's own parser recurses; no filter that a person wrote comes near either limit.
_MAX_LENGTH = 4000
_MAX_DEPTH = 60

_ALLOWED: tuple[type[ast.AST], ...] = (
    ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.UAdd,
    ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div,
    ast.Compare, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq,
    ast.In, ast.NotIn, ast.Is, ast.IsNot,
    ast.Name, ast.Load, ast.Constant, ast.List, ast.Tuple,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Expression:
    """A checked expression.

    Attributes:
        text: As it was written.
        tree: Its syntax tree, of allowed nodes only.
        names: The columns that it speaks of, sorted.
    """

    text: str
    tree: ast.expr
    names: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Digest of the rule, whatever its spacing: tells whether two subsets have the same."""
        return hashlib.sha256(ast.unparse(self.tree).encode()).hexdigest()[:16]


def parse_expression(text: str) -> Expression:
    """Parses and checks an expression.

    Raises:
        InputError: It is empty, too long, no expression, or holds what the language leaves out.
    """
    if not text.strip():
        raise InputError("the expression is empty")
    if len(text) > _MAX_LENGTH:
        raise InputError(f"an expression may have {_MAX_LENGTH} characters, this has {len(text)}")
    try:
        with warnings.catch_warnings(action="ignore"):  # about escapes within a text
            # In brackets, lines are free: an expression in a YAML file may have several.
            tree = ast.parse(f"(\n{text}\n)", mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise InputError(f"not an expression: {text!r} ({reason})") from error
    _check(tree, text, 0)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return Expression(text=text.strip(), tree=tree, names=tuple(sorted(names)))


def _check(node: ast.AST, text: str, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise InputError(f"an expression may be nested {_MAX_DEPTH} deep, this is deeper: {text!r}")
    allowed = isinstance(node, _ALLOWED)
    if isinstance(node, ast.Constant):
        value = node.value
        allowed = value is None or isinstance(value, bool | float | str)
        # Beyond 2^53 a column's numbers, which are compared as doubles, are not exact.
        allowed |= isinstance(value, int) and abs(value) <= 2**53
    if not allowed:
        raise InputError(f"an expression cannot hold {_name_of(node)}: {text!r}")
    for below in ast.iter_child_nodes(node):
        _check(below, text, depth + 1)


def _name_of(node: ast.AST) -> str:
    kinds = {
        ast.Call: "a call",
        ast.Attribute: "an attribute (write video_height for a column of the video)",
        ast.Subscript: "a subscript",
        ast.Lambda: "a lambda",
        ast.IfExp: "an if",
        ast.Constant: "a constant of this kind",
    }
    return kinds.get(type(node), f"{type(node).__name__}")
