"""What is written is what TensorBoard's own reader finds, and what Pillow sees move."""

import io
import logging

import numpy as np
import pytest
from PIL import Image, ImageSequence
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from vfmodel.tensorboard_events import TensorBoardEvents, to_gif


def read(folder):
    found = EventAccumulator(str(folder))
    found.Reload()
    return found


def curve(found, tag):
    return [(event.step, event.value) for event in found.Scalars(tag)]


def test_curves_come_back(tmp_path):
    events = TensorBoardEvents(tmp_path / "run")
    events.log_metrics({"train/loss": 0.5, "epoch": 0}, 3)
    events.log_metrics({"train/loss": 0.25}, 7)
    events.log_metrics({"train/loss": 9.0})  # of no step
    found = read(tmp_path / "run")
    assert curve(found, "train/loss") == [(3, 0.5), (7, 0.25)]
    assert curve(found, "epoch") == [(3, 0.0)]


def test_a_resumed_run_forgets_the_steps_that_were_lost(tmp_path, monkeypatch):
    clock = iter(range(1000, 2000))
    monkeypatch.setattr("vfmodel.tensorboard_events.time.time", lambda: next(clock))
    crashed = TensorBoardEvents(tmp_path)
    for step in range(5):
        crashed.log_metrics({"x": step}, step)
    resumed = TensorBoardEvents(tmp_path)
    for step in (3, 4):
        resumed.log_metrics({"x": 10 * step}, step)
    assert len(list(tmp_path.iterdir())) == 2
    assert curve(read(tmp_path), "x") == [(0, 0), (1, 1), (2, 2), (3, 30), (4, 40)]


def flashes(count):
    """Frame t is red on the left of column t, and blue right of it."""
    frames = np.zeros((count, 3, 8, 16), np.uint8)
    frames[:, 2] = 255
    for t in range(count):
        frames[t, :, :, : t + 1] = np.array([255, 0, 0], np.uint8)[:, None, None]
    return frames


def test_a_video_moves(tmp_path):
    frames = flashes(4)
    TensorBoardEvents(tmp_path).log_video("samples", frames, 8.0, 200)
    [image] = read(tmp_path).Images("samples")
    assert (image.step, image.height, image.width) == (200, 8, 16)
    picture = Image.open(io.BytesIO(image.encoded_image_string))
    assert picture.info["loop"] == 0
    seen = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(picture)]
    np.testing.assert_array_equal(np.stack(seen).transpose(0, 3, 1, 2), frames)


def test_a_gif_lasts_as_long_as_its_video_up_to_hundredths():
    picture = Image.open(io.BytesIO(to_gif(flashes(8), 8.0)))
    total_ms = sum(frame.info["duration"] for frame in ImageSequence.Iterator(picture))
    assert total_ms == pytest.approx(1000, abs=8 * 5)


def test_a_full_disk_ends_the_curves_and_not_the_run(tmp_path, monkeypatch, caplog):
    events = TensorBoardEvents(tmp_path)
    events.log_metrics({"x": 1.0}, 0)

    def fail(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr("vfmodel.tensorboard_events._append", fail)
        events.log_metrics({"x": 2.0}, 1)
        events.log_metrics({"x": 3.0}, 2)
    assert [r.getMessage() for r in caplog.records] == [
        f"nothing more for TensorBoard in {tmp_path}: No space left on device"
    ]
    events.log_metrics({"x": 4.0}, 3)  # behind half an event it could not be read
    assert curve(read(tmp_path), "x") == [(0, 1.0)]
