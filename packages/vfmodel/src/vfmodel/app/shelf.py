"""The files behind one visitor's videos: an MP4 to show and save, and the exact frames."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from hdvg.video import Video
from vfmodel.app.reproduce import file_name
from vfmodel.app.request import VideoRequest


@dataclass(frozen=True, kw_only=True)
class ShelvedVideo:
    """One video that was made."""

    request: VideoRequest
    """What it was made from."""
    folder: Path
    """Holds its files and nothing else."""
    num_frames: int
    """Frames."""
    height: int
    """Pixels."""
    width: int
    """Pixels."""
    fps: float
    """Frames per second."""
    wall_s: float
    """How long it took to make, in seconds."""
    large: bool
    """Whether it is the upscaled version of another."""

    @property
    def mp4(self) -> Path:
        """The file to show; its name is what a download is called."""
        return self.folder / file_name(self.request, large=self.large)

    def load(self) -> Video:
        """The video as the model made it, before coding."""
        frames = np.load(self.folder / "frames.npy")
        return Video(frames=torch.from_numpy(frames), fps=self.fps)

    def discard(self) -> None:
        """Removes its files."""
        shutil.rmtree(self.folder, ignore_errors=True)


def shelve(
    video: Video, request: VideoRequest, root: Path, *, wall_s: float, large: bool
) -> ShelvedVideo:
    """Writes a video's files into a new folder below `root`; nothing is left behind on failure.

    The frames are kept beside the MP4 because enlarging what a codec has been through would show
    something else than the same call in Python does. What was enlarged is not enlarged again.
    """
    folder = Path(tempfile.mkdtemp(dir=root))
    count, _, height, width = video.frames.shape
    shelved = ShelvedVideo(
        request=request,
        folder=folder,
        num_frames=count,
        height=height,
        width=width,
        fps=video.fps,
        wall_s=wall_s,
        large=large,
    )
    try:
        video.save(shelved.mp4)
        if not large:
            np.save(folder / "frames.npy", video.frames.cpu().numpy())
    except BaseException:
        shelved.discard()
        raise
    return shelved
