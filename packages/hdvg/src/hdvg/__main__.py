"""The `hdvg` command."""

import argparse
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from hdvg.errors import InputError, run_command

if TYPE_CHECKING:
    from argparse import Namespace

    from jsonargparse import ArgumentParser

    from hdvg.build import BuildSummary

_ABOUT = "Web videos to a dataset of captioned clips."
_EPILOG = "Every option can stand in a YAML file given by --config; options after it win."


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command line `argv`, by default the process's own, and exits."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    run_command(lambda: _run(arguments))


def make_parser() -> "ArgumentParser":
    """The parser of the whole command, with a subcommand for each thing it does."""
    from jsonargparse import ArgumentParser, set_parsing_settings

    from hdvg.build import BuildConfig
    from hdvg.shapes.corpus import CorpusConfig

    set_parsing_settings(docstring_parse_attribute_docstrings=True)
    parser = ArgumentParser(prog="hdvg", description=_ABOUT, exit_on_error=False)
    commands = parser.add_subcommands(dest="command", title="commands")

    text = "Videos to a dataset of captioned clips. The same command goes on where it stopped."
    build = _make_command(text)
    build.add_class_arguments(BuildConfig, as_group=False)
    commands.add_subcommand("build", build, help=text)

    text = "Renders the shapes corpus, videos whose content is known, and can offer it over HTTP."
    shapes = _make_command(text)
    shapes.add_argument(
        "--out",
        required=True,
        type=str,
        help="folder: `site` is what a build may see, `truth` what is in the videos",
    )
    shapes.add_argument(
        "--port",
        type=int,
        default=-1,
        help="serve the site on this port until interrupted; 0 takes a free one, -1 does not serve",
    )
    shapes.add_class_arguments(CorpusConfig, "corpus")
    commands.add_subcommand("shapes", shapes, help=text)
    return parser


def _make_command(text: str) -> "ArgumentParser":
    from jsonargparse import ActionConfigFile, ArgumentParser

    command = ArgumentParser(description=text, epilog=_EPILOG, exit_on_error=False)
    command.add_argument("--config", action=ActionConfigFile, help="a YAML file of options")
    return command


def _run(arguments: list[str]) -> None:
    parser = make_parser()
    try:
        options = parser.instantiate(parser.parse_args(arguments))
    except argparse.ArgumentError as error:
        raise InputError(_name_files(str(error), arguments)) from error
    if options.command == "build":
        _build(options.build)
    else:
        _shapes(options.shapes)


def _name_files(message: str, arguments: list[str]) -> str:
    """Adds the config files to a parser's message, which may be about what stands in them."""
    files = [after for before, after in pairwise(arguments) if before == "--config"]
    return f"{message} (config: {', '.join(files)})" if files else message


def _build(options: "Namespace") -> None:
    from hdvg.build import BuildConfig, build

    settings = {name: value for name, value in vars(options).items() if name != "config"}
    config = BuildConfig(**settings)
    sys.stdout.write(format_summary(build(config), config.data))


def format_summary(summary: "BuildSummary", data: str) -> str:
    """The end of a build in a few lines, failures by class and code."""
    lines = [
        f"{data}: {summary.num_clips} clips from {summary.num_ok} of {summary.num_videos} videos"
        f" in {summary.wall_s:.0f} s"
        f" ({summary.units_made} units made, {summary.units_before} found committed)"
    ]
    lines += [f"  failed: {count:4d} {name}" for name, count in summary.failures.items()]
    if not summary.num_clips:
        lines.append("  no clip came out of it: see fail_message in the videos table")
    return "\n".join(lines) + "\n"


def _shapes(options: "Namespace") -> None:
    from hdvg.progress import View
    from hdvg.shapes.corpus import plan_corpus
    from hdvg.shapes.server import serve
    from hdvg.shapes.site import write_site

    total = len(plan_corpus(options.corpus))
    with View("rendering shapes", total) as view:
        site = write_site(Path(options.out), options.corpus, progress=view.update)
    sys.stdout.write(f"{site}: {total} videos, listed in {site / 'urls.txt'}\n")
    if options.port >= 0:
        with serve(site, options.port) as base_url:
            sys.stdout.write(f"serving on {base_url} until interrupted\n")
            sys.stdout.flush()
            _wait_for_interrupt()


def _wait_for_interrupt() -> None:
    import threading

    threading.Event().wait()


if __name__ == "__main__":
    main()
