"""A prompt and a seed to a video, by our pipeline or by one of diffusers'."""

import hashlib
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AnimateDiffPipeline, DiffusionPipeline, MotionAdapter
from diffusers.utils import is_accelerate_available

from hdvg.errors import InputError
from hdvg.video import Video
from vfmodel.evaluation.generation.hub_revision import hub_revision
from vfmodel.evaluation.generation.maker_config import MakerConfig
from vfmodel.pipeline import VideoFactoryPipeline
from vfmodel.text_to_video import generate, load_pipeline

MakeVideo = Callable[[str, int], Video]
_WEIGHTS = (".safetensors", ".bin", ".json")


def load_maker(config: MakerConfig, num_frames: int) -> MakeVideo:
    """Loads a model, on the current GPU where there is one.

    Args:
        config: Which, and how it is asked.
        num_frames: Frames of a video where the config does not say.

    Returns:
        A function of prompt and seed. The same two give the same video on one machine.

    Raises:
        InputError: There is no such model, or it cannot be asked so.
    """
    source = config.source
    frames = config.num_frames or num_frames
    if _class_of(source) == VideoFactoryPipeline.__name__:
        return _our_maker(config, source, frames)
    return _baseline_maker(config, source, frames)


def describe_maker(config: MakerConfig, num_frames: int) -> dict[str, Any]:
    """What a folder of videos was made with: the settings, and which files the model is.

    A folder has a digest of its files, a hub's model the commit that it comes from.
    """
    source, adapter = config.source, config.motion_adapter or ""
    told = asdict(config) | {"num_frames": config.num_frames or num_frames}
    known = {
        "model_revision": hub_revision(source, DiffusionPipeline.config_name),
        "motion_adapter_digest": adapter and _digest_of(adapter),
        "motion_adapter_revision": adapter and hub_revision(adapter, MotionAdapter.config_name),
    }
    told |= {name: value for name, value in known.items() if value}
    return told | {"model_digest": _digest_of(source)}


def _our_maker(config: MakerConfig, source: str, num_frames: int) -> MakeVideo:
    pipeline = load_pipeline(source)
    pipeline.set_progress_bar_config(disable=True)
    given = {name: getattr(config, name) for name in ("steps", "guidance_scale")}
    own = {name: value for name, value in given.items() if value is not None}

    def make(prompt: str, seed: int) -> Video:
        return generate(
            prompt,
            model=pipeline,
            seed=seed,
            num_frames=num_frames,
            height=config.height,
            width=config.width,
            negative_prompt=config.negative_prompt,
            **own,
        )

    return make


def _baseline_maker(config: MakerConfig, source: str, num_frames: int) -> MakeVideo:
    pipeline = _load_baseline(config, source)
    pipeline.set_progress_bar_config(disable=True)
    asked = {
        "num_frames": num_frames,
        "num_inference_steps": config.steps,
        "guidance_scale": config.guidance_scale,
        "negative_prompt": config.negative_prompt,
        "height": config.height,
        "width": config.width,
    }
    asked = {name: value for name, value in asked.items() if value is not None}
    unknown = sorted(set(asked) - set(inspect.signature(pipeline.__call__).parameters))
    if unknown:
        raise InputError(f"{type(pipeline).__name__} of {source} takes no {unknown[0]}")

    def make(prompt: str, seed: int) -> Video:
        generator = torch.Generator().manual_seed(seed)
        made = pipeline(prompt=prompt, generator=generator, output_type="np", **asked)
        return Video(_to_frames(made.frames[0]), fps=config.fps)

    return make


def _load_baseline(config: MakerConfig, source: str) -> Any:  # noqa: ANN401 - any pipeline
    # No pipeline of ours: with accelerate missing, diffusers warns of loading in the usual way.
    options: dict[str, Any] = {
        "dtype": getattr(torch, config.dtype),
        "low_cpu_mem_usage": is_accelerate_available(),
    }
    try:
        if config.motion_adapter is not None:
            adapter = MotionAdapter.from_pretrained(config.motion_adapter, **options)
            pipeline = AnimateDiffPipeline.from_pretrained(
                source, motion_adapter=adapter, **options
            )
        else:
            pipeline = DiffusionPipeline.from_pretrained(source, **options)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"cannot load the model {source}: {error}") from error
    if "num_frames" not in inspect.signature(pipeline.__call__).parameters:
        raise InputError(f"{type(pipeline).__name__} of {source} makes no videos")
    return pipeline.to("cuda" if torch.cuda.is_available() else "cpu")


def _to_frames(frames: Any) -> torch.Tensor:  # noqa: ANN401 - arrays, or lists of pictures
    """[T, 3, H, W] in [0, 1] of what diffusers' pipelines return for one video."""
    array = np.stack([np.asarray(frame) for frame in frames])
    if array.ndim != 4 or array.shape[-1] != 3:
        raise ValueError(f"a pipeline gave frames of shape {array.shape}, not [T, H, W, 3]")
    scaled = array.astype(np.float32) / (255.0 if array.dtype == np.uint8 else 1.0)
    return torch.from_numpy(scaled).permute(0, 3, 1, 2)


def _class_of(source: str) -> str:
    """The pipeline's class that a folder or hub id names; "" if none can be found."""
    index = Path(source) / "model_index.json"
    try:
        if Path(source).is_dir():
            found: Mapping[str, Any] = json.loads(index.read_text(encoding="utf-8"))
        else:
            found = DiffusionPipeline.load_config(source)
        return str(found["_class_name"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"no text-to-video model: {source} ({error})") from error


def _digest_of(source: str) -> str:
    """Digest of a folder's files; of a hub id, whose files have a history, empty."""
    folder = Path(source)
    if not folder.is_dir():
        return ""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in _WEIGHTS):
        digest.update(path.relative_to(folder).as_posix().encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
