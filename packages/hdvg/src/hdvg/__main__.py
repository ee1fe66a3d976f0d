"""The `hdvg` command: finds the subcommand, reads its options, prints its result."""

import argparse
import json
import sys
from collections.abc import Sequence
from importlib import import_module
from itertools import pairwise
from types import ModuleType
from typing import TYPE_CHECKING

from hdvg.errors import InputError, run_command

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser

    from hdvg.commands.result import Result

# In the order of a dataset's life. Each is a module of hdvg.commands, loaded when it is called for.
COMMANDS = (
    "shapes",
    "estimate",
    "build",
    "status",
    "verify",
    "caption",
    "score",
    "select",
    "report",
    "export",
    "purge",
)
_ABOUT = "Web videos to a dataset of captioned clips."
_EPILOG = "Every option can stand in a YAML file given by --config; options after it win."


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command line `argv`, by default the process's own, and exits."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    run_command(lambda: _run(arguments))


def make_parser(name: str) -> "ArgumentParser":
    """The parser of one subcommand.

    Args:
        name: One of `COMMANDS`.
    """
    from jsonargparse import ActionConfigFile, ArgumentParser, set_parsing_settings

    set_parsing_settings(docstring_parse_attribute_docstrings=True)
    command = _load(name)
    parser = ArgumentParser(
        prog=f"hdvg {name}", description=command.ABOUT, epilog=_EPILOG, exit_on_error=False
    )
    parser.add_argument("--config", action=ActionConfigFile, help="a YAML file of options")
    parser.add_argument(
        "--json", action="store_true", help="print the result as one JSON object on standard output"
    )
    command.add_arguments(parser)
    return parser


def format_help() -> str:
    """What `hdvg --help` prints: every subcommand with its one line."""
    lines = ["usage: hdvg COMMAND [--config FILE] [--json] ...", "", _ABOUT, "", "commands:"]
    lines += [f"  {name:10s} {_load(name).ABOUT}" for name in COMMANDS]
    return "\n".join([*lines, "", "`hdvg COMMAND --help` explains a command's options.", ""])


def _load(name: str) -> ModuleType:
    return import_module(f"hdvg.commands.{name}")


def _run(arguments: list[str]) -> int:
    if arguments and arguments[0] in ("-h", "--help"):
        sys.stdout.write(format_help())
        return 0
    if not arguments or arguments[0] not in COMMANDS:
        given = f"unknown command {arguments[0]!r}" if arguments else "a command is missing"
        raise InputError(f"{given}; there are: {', '.join(COMMANDS)}")
    name, *rest = arguments
    parser = make_parser(name)
    try:
        options = parser.instantiate(parser.parse_args(rest))
    except argparse.ArgumentError as error:
        raise InputError(_name_files(str(error), rest)) from error
    as_json = options.json
    del options.json, options.config
    result: Result = _load(name).run(options)
    sys.stdout.write(json.dumps(result.data) + "\n" if as_json else result.text)
    return result.exit_code


def _name_files(message: str, arguments: list[str]) -> str:
    """Adds the config files to a parser's message, which may be about what stands in them."""
    files = [after for before, after in pairwise(arguments) if before == "--config"]
    return f"{message} (config: {', '.join(files)})" if files else message


if __name__ == "__main__":
    main()
