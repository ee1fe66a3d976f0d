"""`vfmodel table`: result files to the paper's tables, as Markdown and LaTeX, and to plots."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import jsonargparse

from hdvg.errors import InputError
from vfmodel.command_line import new_parser, read_words
from vfmodel.evaluation.result_file import RESULT_FILE, read_result
from vfmodel.evaluation.tables.ablation_differences import build_difference_table
from vfmodel.evaluation.tables.ablation_table import build_ablation_table, read_ablation
from vfmodel.evaluation.tables.draw_ablation import draw_ablation, save_figure
from vfmodel.evaluation.tables.main_table import build_main_table
from vfmodel.evaluation.tables.published_figures import read_published
from vfmodel.evaluation.tables.table_grid import TableGrid

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_KINDS = ("main", "ablation", "dataset")


@dataclass(frozen=True, kw_only=True)
class TableConfig:
    """One table."""

    kind: str
    """`main` compares models, `ablation` and `dataset` the runs of `vfmodel ablate`."""
    results: list[str] = field(default_factory=list)
    """Result files of `vfmodel evaluate`, or folders with a result.json; for the other two kinds
    the one folder of an ablation."""
    out: str = "artifacts/tables"
    """Folder for <kind>.md and <kind>.tex; the other two kinds are drawn as well, as <kind>.png and
    <kind>.svg."""
    published: str | None = None
    """JSON file of published figures in place of those that ship; `none` leaves them out."""

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            raise InputError(f"no such table: {self.kind!r}; there are {', '.join(_KINDS)}")
        if self.kind != "main" and len(self.results) != 1:
            raise InputError(f"table {self.kind} takes the one folder of an ablation")


def make_table(config: TableConfig) -> tuple[list[TableGrid], list[Path]]:
    """Builds a table and writes its files.

    Returns:
        The table, of an ablation with the differences from its first row, and the files: Markdown
        and LaTeX; of an ablation a PNG and an SVG as well.

    Raises:
        InputError: A result file is missing, or is something else; no matplotlib for a plot.
    """
    if config.kind != "main" and find_spec("matplotlib") is None:
        raise InputError("the plot needs matplotlib: pip install 'vfmodel[evaluate]'")
    grids, figure = _make_main(config) if config.kind == "main" else _make_ablation(config)
    folder = Path(config.out)
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "md": _join_markdown(grids),
        "tex": "\n".join(grid.to_latex() for grid in grids),
    }
    files = [folder / f"{config.kind}.{ending}" for ending in texts]
    for path, text in zip(files, texts.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    if figure is not None:
        files += save_figure(figure, folder, config.kind)
    return grids, files


def run_table(arguments: Sequence[str]) -> None:
    """Parses a command line, writes the table's files and prints its Markdown.

    Args:
        arguments: What follows "table" on the command line: the kind, then files or folders, then
            options.

    Raises:
        InputError: An unknown option, or what `make_table` refuses.
    """
    config, as_json = parse_words(arguments)
    grids, files = make_table(config)
    told = {"files": [str(path) for path in files]}
    sys.stdout.write(f"{json.dumps(told)}\n" if as_json else _join_markdown(grids))


def parse_words(arguments: Sequence[str]) -> tuple[TableConfig, bool]:
    """What a command line asks for, and whether the answer is to be JSON.

    Raises:
        InputError: An unknown option, or a value that does not fit.
    """
    words = list(arguments)
    if words and not words[0].startswith("-"):
        words[0] = f"--kind={words[0]}"
    end = next((i for i, word in enumerate(words) if i and word.startswith("-")), len(words))
    if words[1:end]:
        words = [words[0], f"--results={json.dumps(words[1:end])}", *words[end:]]
    settings, as_json = read_words(_make_parser(), words)
    return TableConfig(**settings), as_json


def _join_markdown(grids: Sequence[TableGrid]) -> str:
    return "\n".join(grid.to_markdown() for grid in grids)


def _make_main(config: TableConfig) -> tuple[list[TableGrid], None]:
    paths = [Path(name) for name in config.results]
    results = [read_result(path / RESULT_FILE if path.is_dir() else path) for path in paths]
    if config.published is None:
        published = read_published()
    else:
        published = [] if config.published == "none" else read_published(config.published)
    return [build_main_table(results, published)], None


def _make_ablation(config: TableConfig) -> tuple[list[TableGrid], "Figure"]:
    plan, summaries = read_ablation(config.results[0])
    grids = [
        build(plan, summaries, config.kind)
        for build in (build_ablation_table, build_difference_table)
    ]
    return grids, draw_ablation(plan, summaries, config.kind)


def _make_parser() -> jsonargparse.ArgumentParser:
    parser = new_parser(
        "table",
        "Writes a table as Markdown and as LaTeX and prints the former; draws an ablation's. Own"
        " figures carry intervals and their protocol's digest; published ones are marked.",
        usage="main|ablation|dataset RESULTS ... [--out DIR] [options]",
        json_help="Print the files' paths as JSON.",
    )
    parser.add_class_arguments(TableConfig, None)
    return parser
