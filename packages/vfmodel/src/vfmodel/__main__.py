"""The `vfmodel` command: fit, latents, generate, app, evaluate, table, ablate and study."""

import sys
from collections.abc import Sequence

from hdvg.errors import InputError, run_command

_USAGE = """usage: vfmodel <command> [options]

commands:
  fit       train a text-to-video model:  vfmodel fit --config configs/vfmodel/mini.yaml
  latents   encode a dataset once, to train faster:  vfmodel latents data/mine
  generate  make a video from a prompt:   vfmodel generate "a red circle moving left"
  app       try a model in the browser:   vfmodel app
  evaluate  measure videos by a protocol:  vfmodel evaluate --videos DIR --out DIR
  table     results to the paper's tables:  vfmodel table main runs/*/result.json
  ablate    one run of the ablation:  vfmodel ablate --config configs/ablation/mini.yaml
  study     ask people which model is better:  vfmodel study --help

`vfmodel <command> --help` lists a command's options.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line as the whole process: exit code 0, 2 (bad input) or 130."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    run_command(lambda: _dispatch(words))


def _dispatch(words: list[str]) -> None:
    if not words or words[0] in ("-h", "--help"):
        sys.stdout.write(_USAGE)
    elif words[0] == "fit":
        from vfmodel.fit_command import run_fit

        run_fit(words)
    elif words[0] == "latents":
        from vfmodel.latents_command import run_latents

        run_latents(words[1:])
    elif words[0] == "generate":
        from vfmodel.generate_command import run_generate

        run_generate(words[1:])
    elif words[0] == "app":
        from vfmodel.app_command import run_app

        run_app(words[1:])
    elif words[0] == "study":
        from vfmodel.study_command import run_study

        run_study(words[1:])
    else:
        _dispatch_evaluation(words)


def _dispatch_evaluation(words: list[str]) -> None:
    if words[0] == "evaluate":
        from vfmodel.evaluation.evaluate_command import run_evaluate

        run_evaluate(words[1:])
    elif words[0] == "table":
        from vfmodel.evaluation.table_command import run_table

        run_table(words[1:])
    elif words[0] == "ablate":
        from vfmodel.evaluation.ablate_command import run_ablate

        run_ablate(words[1:])
    else:
        raise InputError(
            f"unknown command {words[0]!r}; the commands are fit, latents, generate, app, evaluate,"
            " table, ablate and study"
        )


if __name__ == "__main__":
    main()
