"""`vfmodel evaluate`: a folder of videos, made where they are missing, to figures of a protocol."""

import json
import logging
import os
import sys
from collections.abc import Sequence
from typing import Any

import jsonargparse

from vfmodel.command_line import new_parser, read_words
from vfmodel.evaluation.evaluate_config import EvaluateConfig
from vfmodel.evaluation.find_protocol import list_protocols
from vfmodel.evaluation.fvd.script_config import ScriptConfig
from vfmodel.evaluation.generation.maker_config import MakerConfig


def run_evaluate(arguments: Sequence[str]) -> None:
    """Parses a command line and evaluates.

    Args:
        arguments: What follows "evaluate" on the command line.

    Raises:
        InputError: An unknown option, or what `evaluate` refuses.
    """
    config, maker, as_json = parse_words(arguments)
    # Before the first import, and for workers too: it advises against what is installed on purpose.
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    from vfmodel.evaluation.evaluate import evaluate

    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    result = evaluate(config, maker)
    if result is not None:
        sys.stdout.write(f"{json.dumps(result)}\n" if as_json else describe_result(result))


def parse_words(arguments: Sequence[str]) -> tuple[EvaluateConfig, MakerConfig, bool]:
    """What a command line asks for, and whether the answer is to be JSON.

    Raises:
        InputError: An unknown option, or a value that does not fit.
    """
    settings, as_json = read_words(_make_parser(), arguments)
    script = settings.pop("script")
    settings["script"] = None if script is None else ScriptConfig(**script)
    maker = {name: settings.pop(name) for name in MakerConfig.__dataclass_fields__}
    return EvaluateConfig(**settings), MakerConfig(**maker), as_json


def describe_result(result: dict[str, Any]) -> str:
    """A result for a person: a line a figure, then what is missing."""
    videos, real = result["videos"], result["real"]
    lines = [f"{result['model']} by {result['protocol']['label']}"]
    for figure in result["figures"]:
        value = "none" if figure["value"] is None else f"{figure['value']:.4f}"
        low, high = figure["low"], figure["high"]
        interval = "" if low is None else f"  95 % [{low:.4f}, {high:.4f}]"
        lines.append(f"  {figure['name']:<24}{value:>12}{interval}  n={figure['num_samples']}")
    lines.append(
        f"  videos: {videos['scored']} of {videos['asked']} judged, {videos['missing']} missing,"
        f" {videos['broken']} broken"
    )
    if real["asked"]:
        lines.append(f"  real videos: {real['used']} of {real['asked']} of {real['dataset']}")
    if not result["complete"]:
        lines.append("  INCOMPLETE: not to be compared with complete results")
    return "\n".join(lines) + "\n"


def _make_parser() -> jsonargparse.ArgumentParser:
    parser = new_parser(
        "evaluate",
        "Makes the videos that a protocol lacks, measures, and writes result.json."
        f" Protocols: {', '.join(list_protocols())}.",
        usage="--protocol NAME --videos DIR --out DIR [--model MODEL] [options]",
    )
    parser.add_class_arguments(EvaluateConfig, None)
    parser.add_class_arguments(MakerConfig, None)
    return parser
