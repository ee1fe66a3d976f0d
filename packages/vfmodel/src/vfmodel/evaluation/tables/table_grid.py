"""A table as rows of cells with notes, and the same as Markdown and as LaTeX."""

from dataclasses import dataclass

# By whether higher is better: in Markdown and in LaTeX.
ARROWS = {True: ("↑", r"$\uparrow$"), False: ("↓", r"$\downarrow$"), None: ("", "")}
_SPECIAL = {c: f"\\{c}" for c in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of figures.

    Attributes:
        title: What stands above it.
        higher_is_better: Which way the arrow points; None for no arrow.
    """

    title: str
    higher_is_better: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One figure.

    Attributes:
        text: The figure as digits.
        interval: Its 95 % interval as digits; "" if there is none.
        digest: Of the protocol that it was measured by; "" for a published one.
        mark: Letter of a note below the table; "" for none.
    """

    text: str
    interval: str = ""
    digest: str = ""
    mark: str = ""


@dataclass(frozen=True, kw_only=True)
class TableGrid:
    """A whole table.

    Attributes:
        caption: One sentence above it.
        head: Title of the column of names.
        columns: Columns of figures.
        rows: Name and cells, one a column; None where there is no figure.
        notes: What marks stand for, in the order in which they are listed below.
    """

    caption: str
    head: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, tuple[Cell | None, ...]], ...]
    notes: dict[str, str]

    def to_markdown(self) -> str:
        """A GitHub table with its notes."""
        titles = [f"{c.title} {ARROWS[c.higher_is_better][0]}".strip() for c in self.columns]
        lines = [self.caption, "", _row([self.head, *titles]), _row(["---"] * (len(titles) + 1))]
        for name, cells in self.rows:
            lines.append(_row([_plain(name), *(_markdown(cell) for cell in cells)]))
        if self.notes:
            lines += ["", *(f"- {mark}: {text}" for mark, text in self.notes.items())]
        return "\n".join(lines) + "\n"

    def to_latex(self) -> str:
        """A `table` for booktabs with its notes."""
        titles = [
            f"{_escape(c.title)} {ARROWS[c.higher_is_better][1]}".strip() for c in self.columns
        ]
        lines = [
            r"\begin{table}",
            rf"\caption{{{_escape(self.caption)}}}",
            rf"\begin{{tabular}}{{l{'r' * len(titles)}}}",
            r"\toprule",
            " & ".join([_escape(self.head), *titles]) + r" \\",
            r"\midrule",
            *(
                " & ".join([_escape(name), *(_latex(cell) for cell in cells)]) + r" \\"
                for name, cells in self.rows
            ),
            r"\bottomrule",
            r"\end{tabular}",
            *(
                rf"\par\footnotesize $^{{{_escape(mark)}}}$ {_escape(text)}"
                for mark, text in self.notes.items()
            ),
            r"\end{table}",
        ]
        return "\n".join(lines) + "\n"


def format_figure(value: float) -> str:
    """Digits for a figure: CLIPSIM's 0.3005 keeps four decimals, FVD's 410.0 one."""
    if abs(value) >= 100:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 10 else f"{value:.4f}"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _markdown(cell: Cell | None) -> str:
    if cell is None:
        return ""
    parts = [cell.text + (f"<sup>{cell.mark}</sup>" if cell.mark else "")]
    if cell.interval:
        parts.append(cell.interval)
    if cell.digest:
        parts.append(f"`{cell.digest}`")
    return " ".join(parts)


def _latex(cell: Cell | None) -> str:
    if cell is None:
        return ""
    parts = [cell.text + (f"$^{{{_escape(cell.mark)}}}$" if cell.mark else "")]
    if cell.interval:
        parts.append(rf"{{\scriptsize {cell.interval}}}")
    if cell.digest:
        parts.append(rf"{{\tiny\texttt{{{cell.digest}}}}}")
    return " ".join(parts)


def _escape(text: str) -> str:
    return "".join(_SPECIAL.get(letter, letter) for letter in text)
