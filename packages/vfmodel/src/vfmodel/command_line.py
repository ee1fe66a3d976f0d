"""What the commands' parsers have in common, and how words become settings."""

from collections.abc import Sequence
from typing import Any

import jsonargparse

from hdvg.errors import InputError

_AS_JSON = "Print the result as one JSON object."


def new_parser(
    command: str, about: str, *, usage: str | None = None, json_help: str = _AS_JSON
) -> jsonargparse.ArgumentParser:
    """A parser that knows `--config` and `--json`; the caller adds the command's own settings.

    Args:
        command: Words that call it, after `vfmodel`.
        about: What `--help` says of it.
        usage: Its call in one line, without `vfmodel` and the command; None lists all options.
        json_help: What `--json` does; "" for a command that has no result to print.
    """
    jsonargparse.set_parsing_settings(docstring_parse_attribute_docstrings=True)
    name = f"vfmodel {command}"
    parser = jsonargparse.ArgumentParser(
        prog=name,
        usage=None if usage is None else f"{name} {usage}",
        description=about,
        exit_on_error=False,
    )
    parser.add_argument("--config", action="config", help="A YAML file with any of these settings.")
    if json_help:
        parser.add_argument("--json", action="store_true", help=json_help)
    return parser


def read_words(
    parser: jsonargparse.ArgumentParser, words: Sequence[str]
) -> tuple[dict[str, Any], bool]:
    """The settings that a command line gives or leaves at their defaults.

    Returns:
        The settings by name, and whether the answer is to be JSON.

    Raises:
        InputError: An unknown option, or a value of another type.
    """
    try:
        settings: dict[str, Any] = parser.parse_args(list(words)).as_dict()
    except jsonargparse.ArgumentError as error:
        raise InputError(error.message) from error
    settings.pop("config", None)
    return settings, bool(settings.pop("json", False))
