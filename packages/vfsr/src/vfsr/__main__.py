"""The `vfsr` command: fit, refine and upscale."""

import sys
from collections.abc import Sequence

from hdvg.errors import InputError, run_command

_USAGE = """usage: vfsr <command> [options]

commands:
  fit      train the upscaler:  vfsr fit --config configs/vfsr/mini.yaml --data.root data/mini
  refine   then train it against a discriminator:  vfsr refine --config ... --model.init_from MODEL
  upscale  upscale a film, a picture or a folder:  vfsr upscale in.mp4 out.mp4

`vfsr <command> --help` lists a command's options.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line as the whole process: exit code 0, 2 (bad input) or 130."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    run_command(lambda: _dispatch(words))


def _dispatch(words: list[str]) -> int | None:
    if not words or words[0] in ("-h", "--help"):
        sys.stdout.write(_USAGE)
    elif words[0] == "fit":
        from vfsr.fit_command import run_fit

        run_fit(words)
    elif words[0] == "refine":
        from vfsr.adversarial_training import AdversarialTraining
        from vfsr.fit_command import run_fit

        run_fit(["fit", *words[1:]], training=AdversarialTraining)
    elif words[0] == "upscale":
        from vfsr.upscale_command import run_upscale

        return run_upscale(words[1:])
    else:
        raise InputError(f"unknown command {words[0]!r}; the commands are fit, refine and upscale")
    return None


if __name__ == "__main__":
    main()
