"""A prompt to a video in one call.

Not called `generate.py`: importing a module of that name would hide the function that
`vfmodel.generate` is.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from hdvg.errors import InputError
from hdvg.video import Video
from vfmodel.pipeline import VideoFactoryPipeline
from vfmodel.pretrained import STAND_IN_PIPELINE
from vfmodel.sampling import check_prompt

# Characters; a loader's complaint about every one of a thousand weights helps nobody.
_LONGEST = 300

ModelSource = str | os.PathLike[str]


def generate(
    prompt: str,
    *,
    model: ModelSource | VideoFactoryPipeline | None = None,
    seed: int | None = None,
    steps: int = 25,
    guidance_scale: float = 4.0,
    num_frames: int | None = None,
    upscaler: Callable[[Video], Video] | None = None,
    **sampling: object,
) -> Video:
    """Makes a video of what a prompt says.

    Args:
        prompt: What to show.
        model: A model folder, a hub id, or a loaded pipeline; by default the packaged mini model.
        seed: The same seed gives the same video on the same machine; None draws one.
        steps: Denoising steps.
        guidance_scale: How strictly to follow the prompt; 1 or less is no guidance. The packaged
            model over-saturates above 4.
        num_frames: Frames; by default as many as the model was trained on.
        upscaler: Applied to the result, for example `vfsr.upscale`.
        sampling: Other fields of `vfmodel.sampling.Sampling`, such as height, width,
            negative_prompt, or fps for a model that knows several rates.

    Raises:
        InputError: No model there, a model of another architecture, or a request it cannot serve.
    """
    check_prompt(prompt)  # before a model is loaded for it
    if isinstance(model, VideoFactoryPipeline):
        pipeline = model
    else:
        pipeline = load_pipeline(STAND_IN_PIPELINE if model is None else model)
    generator = torch.Generator()
    if seed is None:
        generator.seed()
    else:
        generator.manual_seed(seed)
    (frames,) = pipeline(
        prompt,
        generator=generator,
        num_inference_steps=steps,
        guidance_scale=guidance_scale,
        num_frames=num_frames,
        return_dict=False,
        **sampling,
    )
    rate: Any = sampling.get("fps") or pipeline.unet.config.fps
    video = Video(frames[0].float(), fps=float(rate))
    return video if upscaler is None else upscaler(video)


def load_pipeline(source: ModelSource) -> VideoFactoryPipeline:
    """Loads a model folder or hub id, on the GPU where there is one.

    Raises:
        InputError: It is missing, is another architecture's, or its weights have other shapes.
    """
    name = os.fspath(source)
    folder = Path(name)
    if not folder.is_dir():
        _refuse_missing(name)
    elif not (folder / "model_index.json").is_file():
        raise InputError(f"not a model folder, it has no model_index.json: {name}")
    else:
        _refuse_other_pipeline(folder)
    try:
        pipeline = VideoFactoryPipeline.from_pretrained(name)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"cannot load the model {name}: {_in_one_line(error)}") from error
    return pipeline.to("cuda" if torch.cuda.is_available() else "cpu")


def _refuse_missing(name: str) -> None:
    if name == STAND_IN_PIPELINE:
        raise InputError(
            f"the packaged model is missing: {name}; `python pipelines/train_stand_ins.py` and"
            " `vfmodel fit` make one"
        )
    if name.startswith((".", "/", "~")) or name.count("/") != 1:
        raise InputError(f"no model folder: {name}")


def _refuse_other_pipeline(folder: Path) -> None:
    try:
        index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"model_index.json of {folder} is not JSON: {error}") from error
    kind = index.get("_class_name") if isinstance(index, dict) else index
    if kind != VideoFactoryPipeline.__name__:
        raise InputError(f"the model folder {folder} holds a {kind}, not a VideoFactoryPipeline")
    for part, value in index.items():
        if isinstance(value, list) and not (folder / part).is_dir():
            raise InputError(f"the model folder {folder} lacks its part {part!r}")


def _in_one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."
