"""The whole chain on a laptop: `make demo`.

Renders videos, builds a dataset from them over HTTP, fine-tunes the video model and the upscaler on
it, makes a clip of each prompt and upscales it. Every stage is the command a user would type.
"""

import argparse
from pathlib import Path

from pipelines.demo_figures import DATASET_SHEET, LOSSES, RESULTS_SHEET
from pipelines.demo_summary import write_summary
from pipelines.stages import run_stage

PROMPTS = (
    "a red circle moving left over a green background",
    "a yellow square moving right over a blue background",
    "a white star moving up over a teal background",
    "a purple triangle staying still over a grey background",
)


def main() -> None:
    """Runs the stages in order and says where the results are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("artifacts/demo"))
    parser.add_argument("--setup-s", type=float, default=0.0, help="what set-up took, in seconds")
    options = parser.parse_args()
    out: Path = options.out
    data, model, upscaler = str(out / "dataset"), out / "model_run", out / "upscaler_run"
    mini = ("--config", "configs/hdvg/mini.yaml", "--shapes.folder", str(out / "shapes"))
    captioner = ("--captioner", "configs/hdvg/mini_caption.yaml")
    stages = [run_stage("dataset", "pipelines.build_dataset", *mini, "--data", data, *captioner)]
    for name, run in (("model", model), ("upscaler", upscaler)):
        config = f"configs/{'vfmodel' if name == 'model' else 'vfsr'}/mini.yaml"
        where = ("--data", data, "--out", str(run))
        stages.append(
            run_stage(f"train {name}", f"pipelines.train_{name}", "--config", config, *where)
        )
    clips = [str(out / "clips" / f"{prompt.replace(' ', '_')}.mp4") for prompt in PROMPTS]
    for prompt, clip in zip(PROMPTS, clips, strict=True):
        request = ("--prompt", prompt, "--out", clip, "--model", str(model / "model"))
        stages.append(run_stage("generate", "vfmodel", "generate", "--seed", "0", *request))
    for clip in clips:
        large = ("upscale", clip, clip.replace(".mp4", "_4x.mp4"))
        stages.append(run_stage("upscale", "vfsr", *large, "--model", str(upscaler / "model")))
    stages.append(run_stage("figures", "pipelines.demo_figures", "--out", str(out)))
    summary = write_summary(out, stages, options.setup_s)
    for path in (DATASET_SHEET, LOSSES, RESULTS_SHEET):
        print(out / path)
    print(*sorted((out / "clips").glob("*.mp4")), summary, sep="\n")


if __name__ == "__main__":
    main()
