"""The `vfmodel` command: fit, latents, generate and app."""

import sys
from collections.abc import Sequence

from hdvg.errors import InputError, run_command

_USAGE = """usage: vfmodel <command> [options]

commands:
  fit       train a text-to-video model:  vfmodel fit --config configs/vfmodel/mini.yaml
  latents   encode a dataset once, to train faster:  vfmodel latents data/mine
  generate  make a video from a prompt:   vfmodel generate "a red circle moving left"
  app       try a model in the browser:   vfmodel app

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
    else:
        raise InputError(
            f"unknown command {words[0]!r}; the commands are fit, latents, generate and app"
        )


if __name__ == "__main__":
    main()
