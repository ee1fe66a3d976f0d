"""CLIPSIM: how well each frame goes with the prompt, by CLIP (Wu et al. 2021, "GODIVA").

The mean over a video's frames, all of them, of the cosine of frame and text; then the mean over
videos, each counting the same. From -1 to 1, about 0.3 in the papers' tables; torchmetrics'
CLIPScore multiplies by 100, takes ViT-L/14 and cuts at 0.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jaxtyping import UInt8
from torch import Tensor

from hdvg.errors import InputError
from vfmodel.evaluation.clip_metric import check_clip
from vfmodel.evaluation.fit_frames import check_steps
from vfmodel.evaluation.load_clip import LoadedClip
from vfmodel.evaluation.video_scores import VideoScores


@dataclass(frozen=True, kw_only=True)
class ClipSimConfig:
    """How CLIP is shown frames."""

    fit: tuple[str, ...] | None = None
    """Steps of `fit_frames` that bring frames to CLIP's size; None does what its own preprocessing
    does, which for OpenAI's cuts off the sides."""

    def __post_init__(self) -> None:
        check_steps(self.fit or ())


class ClipSim(VideoScores):
    """Mean similarity of videos and their prompts."""

    is_differentiable = False
    higher_is_better = True

    def __init__(
        self,
        clip: LoadedClip,
        config: ClipSimConfig = ClipSimConfig(),
        **options: Any,  # noqa: ANN401 - torchmetrics' own
    ) -> None:
        """Starts without videos; `options` are those of `torchmetrics.Metric`."""
        super().__init__(clip.figure, **options)
        self.clip, self.config = clip, config
        self.fit = clip.fit if config.fit is None else config.fit

    def update(self, frames: UInt8[Tensor, "T 3 H W"], prompt: str = "") -> None:
        """Takes in one video.

        Args:
            frames: RGB in 0..255.
            prompt: What it was made for.

        Raises:
            InputError: There is no prompt.
        """
        check_clip(frames)
        if not prompt.strip():
            raise InputError(f"{self.figure} needs the prompt of every video, got {prompt!r}")
        self._add(self.clip.cosines(frames, prompt, self.fit, self.device).mean())

    def _details(self) -> dict[str, Any]:
        return {
            "network": self.clip.name,
            "network_sha256": self._sha256,
            "fit": list(self.fit),
            "frames": "all",
        }

    @cached_property
    def _sha256(self) -> str:
        return self.clip.weights_sha256()
