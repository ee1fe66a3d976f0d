"""TensorBoard's event files, beside metrics.csv: curves, and videos as moving pictures."""

import io
import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities import rank_zero_only
from PIL import Image

from hdvg.video import UInt8Video

LOG = logging.getLogger(__name__)


class TensorBoardEvents(Logger):
    """Writes what `tensorboard --logdir` shows; a resumed run goes on in another file.

    Not Lightning's logger, which wants a folder for every version of a run and repeats the
    settings that config.yaml has, nor torch's writer, which writes in a thread of its own, where a
    full disk leaves a traceback. Videos are GIFs among the images: TensorBoard plays those,
    and torch's way to add a video needs moviepy to make just that.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self._file: Path | None = None
        self._given_up = False

    @property
    def name(self) -> str:
        """The run's name, that of its folder."""
        return self.folder.name

    @property
    def version(self) -> str:
        """Runs have no versions."""
        return ""

    @rank_zero_only
    def log_hyperparams(self, *_: object, **__: object) -> None:
        """Nothing to do: config.yaml has them."""

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float | int], step: int | None = None) -> None:
        """Adds a point to each curve."""
        if step is not None:
            self._add(step, [{"tag": tag, "simple_value": value} for tag, value in metrics.items()])

    @rank_zero_only
    def log_video(self, tag: str, frames: UInt8Video, fps: float, step: int) -> None:
        """Adds a video, RGB uint8 [T, 3, H, W]."""
        height, width = frames.shape[2:]
        size = {"height": height, "width": width, "colorspace": 3}
        self._add(
            step, [{"tag": tag, "image": {**size, "encoded_image_string": to_gif(frames, fps)}}]
        )

    def _add(self, step: int, values: list[dict[str, Any]]) -> None:
        """Appends an event; curves are not worth a run, so a disk that is full ends only them."""
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog

        if self._given_up:
            return
        event = Event(wall_time=time.time(), step=step, summary={"value": values})
        try:
            if self._file is None:
                self.folder.mkdir(parents=True, exist_ok=True)
                self._file = self.folder / f"events.out.tfevents.{int(time.time())}.{os.getpid()}"
                _append(self._file, Event(wall_time=time.time(), file_version="brain.Event:2"))
                # What a crashed run told of later steps is forgotten, as in metrics.csv.
                started = SessionLog(status=SessionLog.START)
                _append(self._file, Event(wall_time=time.time(), step=step, session_log=started))
            _append(self._file, event)
        except OSError as error:
            self._given_up = True
            LOG.warning("nothing more for TensorBoard in %s: %s", self.folder, error.strerror)


def to_gif(frames: UInt8Video, fps: float) -> bytes:
    """RGB uint8 [T, 3, H, W] as an endless GIF of 256 colours a frame.

    A GIF counts hundredths of a second, so 8 frames a second become 8.3.
    """
    first, *others = [Image.fromarray(frame) for frame in frames.transpose(0, 2, 3, 1)]
    file = io.BytesIO()
    settings: dict[str, Any] = {"append_images": others, "duration": round(1000 / fps), "loop": 0}
    first.save(file, "GIF", save_all=True, **settings)
    return file.getvalue()


def _append(path: Path, event: Any) -> None:  # noqa: ANN401
    from tensorboard.summary.writer.record_writer import RecordWriter

    with path.open("ab") as file:
        RecordWriter(file).write(event.SerializeToString())
