"""`vfmodel ablate`: trains and evaluates every run of an ablation that is not done yet."""

import json
import logging
import sys
from collections.abc import Sequence

import jsonargparse

from hdvg.errors import InputError
from vfmodel.evaluation.ablation.ablation_config import AblationConfig


def run_ablate(arguments: Sequence[str]) -> None:
    """Parses a command line and carries out what it asks for.

    Args:
        arguments: What follows "ablate" on the command line.

    Raises:
        InputError: An unknown option, or runs that failed, after all others were done.
    """
    config, as_json = parse_words(arguments)
    from vfmodel.evaluation.ablation.carry_out import carry_out

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    failed = carry_out(config)
    facts = {"out": config.out, "failed": failed}
    sys.stdout.write(f"{json.dumps(facts) if as_json else config.out}\n")
    if failed:
        name, reason = next(iter(failed.items()))
        raise InputError(
            f"{len(failed)} runs failed, the same command tries again: {name}: {reason}"
        )


def parse_words(arguments: Sequence[str]) -> tuple[AblationConfig, bool]:
    """What a command line asks for, and whether the answer is to be JSON.

    Raises:
        InputError: An unknown option, or a value that does not fit.
    """
    try:
        settings = _make_parser().parse_args(list(arguments)).as_dict()
    except jsonargparse.ArgumentError as error:
        raise InputError(error.message) from error
    as_json = settings.pop("json")
    settings.pop("config", None)
    return AblationConfig(**settings), as_json


def _make_parser() -> jsonargparse.ArgumentParser:
    jsonargparse.set_parsing_settings(docstring_parse_attribute_docstrings=True)
    parser = jsonargparse.ArgumentParser(
        prog="vfmodel ablate",
        usage="vfmodel ablate --config configs/ablation/mini.yaml [options]",
        description="Trains and evaluates every run of an ablation that has no summary yet.",
        exit_on_error=False,
    )
    parser.add_argument("--config", action="config", help="A YAML file with any of these settings.")
    parser.add_argument("--json", action="store_true", help="Print the result as one JSON object.")
    parser.add_class_arguments(AblationConfig, None)
    return parser
