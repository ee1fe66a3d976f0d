"""What stands behind the page: one loaded model that makes one video at a time for everybody."""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from hdvg.errors import InputError
from hdvg.video import Video
from vfmodel.app.limits import Limits
from vfmodel.app.request import VideoRequest, read_request
from vfmodel.app.shelf import ShelvedVideo, shelve
from vfmodel.pipeline import VideoFactoryPipeline
from vfmodel.text_to_video import generate


class SamplingCancelledError(Exception):
    """Whoever asked for the video does not want it any more."""


class Studio:
    """A loaded model, what enlarges its videos, and where their files go."""

    def __init__(
        self,
        pipeline: VideoFactoryPipeline,
        root: Path,
        upscaler: Callable[[Video], Video] | None = None,
    ) -> None:
        """Takes the model over.

        Args:
            pipeline: The model; nobody else may use it meanwhile.
            root: An existing folder for the files of videos.
            upscaler: Enlarges a video, for example `vfsr.upscale`.
        """
        self.limits = Limits.of(pipeline)
        self.upscaler = upscaler
        self._pipeline = pipeline
        self._root = root
        # Schedulers keep the place in their schedule: two videos at once would mix.
        self._busy = threading.Lock()
        self._unwanted: dict[str, threading.Event] = {}
        pipeline.set_progress_bar_config(disable=True)

    def read(self, values: Mapping[str, Any]) -> VideoRequest:
        """Makes a request of a page's fields, as `read_request`."""
        return read_request(values, self.limits, self._count_tokens)

    def expect(self, visitor: str) -> None:
        """Forgets that a visitor cancelled the video before this one."""
        self._unwanted[visitor] = threading.Event()

    def cancel(self, visitor: str) -> None:
        """Stops a visitor's video, which waits or is being made, after the current step."""
        if visitor in self._unwanted:
            self._unwanted[visitor].set()

    def make(
        self, request: VideoRequest, visitor: str, on_step: Callable[[int], None]
    ) -> ShelvedVideo:
        """Makes a video; waits while another one is being made.

        Args:
            request: What to make.
            visitor: Who asks; a visitor has one video at a time.
            on_step: Called after each denoising step with the number of steps done, from 1.

        Raises:
            SamplingCancelledError: The visitor cancelled it.
            InputError: The request cannot be served, or not with the memory there is.
        """
        cancelled = self._unwanted.setdefault(visitor, threading.Event())

        def after_step(
            pipeline: VideoFactoryPipeline,
            index: int,
            timestep: torch.Tensor,
            tensors: dict[str, torch.Tensor],
        ) -> None:
            if cancelled.is_set():
                raise SamplingCancelledError
            on_step(index + 1)

        with self._busy:
            start = time.monotonic()
            if cancelled.is_set():
                raise SamplingCancelledError
            video = self._within_memory(
                lambda: generate(
                    request.prompt,
                    model=self._pipeline,
                    seed=request.seed,
                    steps=request.steps,
                    guidance_scale=request.guidance_scale,
                    num_frames=request.num_frames,
                    negative_prompt=request.negative_prompt or None,
                    height=request.height,
                    width=request.width,
                    fps=request.fps,
                    callback_on_step_end=after_step,
                )
            )
            wall_s = time.monotonic() - start
        return shelve(video, request, self._root, wall_s=wall_s, large=False)

    def enlarge(self, small: ShelvedVideo) -> ShelvedVideo:
        """Upscales a video that was made here.

        Raises:
            InputError: There is no upscaler, the video is an upscaled one, or memory ran out.
        """
        upscaler = self.upscaler
        if upscaler is None:
            raise InputError("this page was started without an upscaler")
        if small.large:
            raise InputError("this video has been enlarged already")
        with self._busy:
            start = time.monotonic()
            video = self._within_memory(lambda: upscaler(small.load()))
            wall_s = time.monotonic() - start
        return shelve(video, small.request, self._root, wall_s=wall_s, large=True)

    def _count_tokens(self, text: str) -> int:
        return len(self._pipeline.tokenizer(text, verbose=False).input_ids)

    @staticmethod
    def _within_memory(work: Callable[[], Video]) -> Video:
        try:
            return work()
        except torch.OutOfMemoryError as error:
            raise InputError(
                "the GPU's memory does not suffice: ask for fewer frames or a smaller picture"
            ) from error
