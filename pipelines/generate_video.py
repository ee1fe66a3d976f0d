"""A prompt to a clip and its 4x version: `make generate PROMPT="..."`.

python -m pipelines.generate_video --prompt "a red circle moving left" --out clip.mp4

Writes clip.mp4 and clip_4x.mp4.
"""

import argparse
from pathlib import Path

from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

import vfmodel
import vfsr
from hdvg.errors import run_command


def main() -> None:
    """Generates, upscales, and says where the two files are."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--prompt", required=True, help="what to show")
    parser.add_argument("--out", type=Path, default=Path("artifacts/generated.mp4"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", help="model folder or hub id; default: the packaged one")
    parser.add_argument("--upscaler", help="upscaler folder or hub id; default: the packaged one")
    options = parser.parse_args()
    for logging in (diffusers_logging, transformers_logging):
        logging.disable_progress_bar()  # of loading; sampling shows its own
    video = vfmodel.generate(options.prompt, model=options.model, seed=options.seed)
    large = vfsr.upscale(video, model=options.upscaler)
    print(video.save(options.out))
    print(large.save(options.out.with_stem(f"{options.out.stem}_4x")))


if __name__ == "__main__":
    run_command(main)
