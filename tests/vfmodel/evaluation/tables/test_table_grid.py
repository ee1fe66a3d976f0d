"""Both forms written out by hand."""

import pytest

from vfmodel.evaluation.tables.table_grid import Cell, Column, TableGrid, format_figure

GRID = TableGrid(
    caption="Models, 100 % of them.",
    head="model",
    columns=(Column(title="FVD", higher_is_better=False), Column(title="n_seeds")),
    rows=(
        ("ours", (Cell(text="12.5", interval="[11.0, 14.0]", digest="abc"), None)),
        ("a|b", (Cell(text="10.0", mark="a"), Cell(text="3"))),
    ),
    notes={"a": "published: somewhere"},
)


def test_markdown():
    assert GRID.to_markdown() == (
        "Models, 100 % of them.\n\n"
        "| model | FVD ↓ | n_seeds |\n"
        "| --- | --- | --- |\n"
        "| ours | 12.5 [11.0, 14.0] `abc` |  |\n"
        "| a\\|b | 10.0<sup>a</sup> | 3 |\n\n"
        "- a: published: somewhere\n"
    )


def test_latex():
    latex = GRID.to_latex()
    assert r"\caption{Models, 100 \% of them.}" in latex
    assert r"model & FVD $\downarrow$ & n\_seeds \\" in latex
    assert r"ours & 12.5 {\scriptsize [11.0, 14.0]} {\tiny\texttt{abc}} &  \\" in latex
    assert r"a|b & 10.0$^{a}$ & 3 \\" in latex
    assert latex.count("{") == latex.count("}")


@pytest.mark.parametrize(
    ("value", "digits"),
    [(410.0, "410.0"), (52.714, "52.71"), (0.30049, "0.3005"), (-0.5, "-0.5000")],
)
def test_digits(value, digits):
    assert format_figure(value) == digits
