"""`vfmodel table`: result files to the paper's tables, as Markdown and as LaTeX."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jsonargparse

from hdvg.errors import InputError
from vfmodel.evaluation.result_file import RESULT_FILE, read_result
from vfmodel.evaluation.tables.ablation_table import build_ablation_table, read_ablation
from vfmodel.evaluation.tables.main_table import build_main_table
from vfmodel.evaluation.tables.published_figures import read_published
from vfmodel.evaluation.tables.table_grid import TableGrid

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
    """Folder for <kind>.md and <kind>.tex."""
    published: str | None = None
    """JSON file of published figures in place of those that ship; `none` leaves them out."""

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            raise InputError(f"no such table: {self.kind!r}; there are {', '.join(_KINDS)}")
        if self.kind != "main" and len(self.results) != 1:
            raise InputError(f"table {self.kind} takes the one folder of an ablation")


def make_table(config: TableConfig) -> TableGrid:
    """Builds a table and writes both files.

    Raises:
        InputError: A result file is missing, or is something else.
    """
    makers: dict[str, Callable[[TableConfig], TableGrid]] = {"main": _make_main}
    grid = makers.get(config.kind, _make_ablation)(config)
    folder = Path(config.out)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{config.kind}.md").write_text(grid.to_markdown(), encoding="utf-8")
    (folder / f"{config.kind}.tex").write_text(grid.to_latex(), encoding="utf-8")
    return grid


def run_table(arguments: Sequence[str]) -> None:
    """Parses a command line, writes the table and prints its Markdown.

    Args:
        arguments: What follows "table" on the command line: the kind, then files or folders, then
            options.

    Raises:
        InputError: An unknown option, or what `make_table` refuses.
    """
    config, as_json = parse_words(arguments)
    grid = make_table(config)
    files = [str(Path(config.out) / f"{config.kind}.{ending}") for ending in ("md", "tex")]
    sys.stdout.write(f"{json.dumps({'files': files})}\n" if as_json else grid.to_markdown())


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
    try:
        settings = _make_parser().parse_args(words).as_dict()
    except jsonargparse.ArgumentError as error:
        raise InputError(error.message) from error
    as_json = settings.pop("json")
    settings.pop("config", None)
    return TableConfig(**settings), as_json


def _make_main(config: TableConfig) -> TableGrid:
    paths = [Path(name) for name in config.results]
    results = [read_result(path / RESULT_FILE if path.is_dir() else path) for path in paths]
    if config.published is None:
        published = read_published()
    else:
        published = [] if config.published == "none" else read_published(config.published)
    return build_main_table(results, published)


def _make_ablation(config: TableConfig) -> TableGrid:
    plan, summaries = read_ablation(config.results[0])
    return build_ablation_table(plan, summaries, config.kind)


def _make_parser() -> jsonargparse.ArgumentParser:
    jsonargparse.set_parsing_settings(docstring_parse_attribute_docstrings=True)
    parser = jsonargparse.ArgumentParser(
        prog="vfmodel table",
        usage="vfmodel table main|ablation|dataset RESULTS ... [--out DIR] [options]",
        description="Writes a table as Markdown and as LaTeX and prints the former. Own figures"
        " carry intervals and their protocol's digest; published ones are marked.",
        exit_on_error=False,
    )
    parser.add_argument("--config", action="config", help="A YAML file with any of these settings.")
    parser.add_argument("--json", action="store_true", help="Print the files' paths as JSON.")
    parser.add_class_arguments(TableConfig, None)
    return parser
