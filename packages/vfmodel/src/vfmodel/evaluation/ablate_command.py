"""`vfmodel ablate`: trains and evaluates every run of an ablation that is not done yet."""

import json
import logging
import sys
from collections.abc import Sequence

import jsonargparse

from hdvg.errors import InputError
from vfmodel.command_line import new_parser, read_words
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
    settings, as_json = read_words(_make_parser(), arguments)
    return AblationConfig(**settings), as_json


def _make_parser() -> jsonargparse.ArgumentParser:
    parser = new_parser(
        "ablate",
        "Trains and evaluates every run of an ablation that has no summary yet.",
        usage="--config configs/ablation/mini.yaml [options]",
    )
    parser.add_class_arguments(AblationConfig, None)
    return parser
