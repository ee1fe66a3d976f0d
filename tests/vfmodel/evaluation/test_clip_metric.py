"""The interface, by the smallest metric there is: the mean brightness of clips."""

import pytest
import torch
from torch import distributed, multiprocessing

from hdvg.errors import InputError
from vfmodel.evaluation.clip_metric import ClipMetric, check_clip, join_state, need_clips
from vfmodel.evaluation.metric_result import MetricResult

CLIPS = [torch.full((2, 3, 4, 5), value, dtype=torch.uint8) for value in (10, 20, 60)]


class Brightness(ClipMetric):
    def __init__(self):
        super().__init__()
        self.add_state("levels", default=[], dist_reduce_fx="cat")

    def update(self, frames, prompt=""):
        check_clip(frames)
        self.levels.append(frames.float().mean().reshape(1))

    def _measure(self):
        levels = join_state(self.levels)
        need_clips(len(levels), "brightness")
        return MetricResult(
            name="brightness",
            value=float(levels.mean()),
            num_samples=len(levels),
            higher_is_better=None,
        )


def test_the_figure_is_the_result():
    metric = Brightness()
    for clip in CLIPS:
        metric.update(clip, "a prompt")
    assert metric.result().value == float(metric.compute()) == 30.0
    assert metric.result().num_samples == 3


def test_no_clips_have_no_figure_and_leave_the_metric_as_it_was():
    metric = Brightness()
    with pytest.raises(InputError, match="brightness needs at least 1 videos, got 0"):
        metric.result()
    metric.update(CLIPS[0])
    assert metric.result().value == 10.0


def test_metrics_merge():
    first, second = Brightness(), Brightness()
    first.update(CLIPS[0])
    second.update(CLIPS[1])
    second.update(CLIPS[2])
    first.merge_state(second)
    assert first.result().value == 30.0


@pytest.mark.parametrize(
    ("frames", "fault"),
    [
        (CLIPS[0].float(), "uint8"),
        (CLIPS[0].permute(0, 2, 3, 1), r"must be \[T, 3, H, W\], got \[2, 4, 5, 3\]"),
        (CLIPS[0].transpose(0, 1)[:, :1], r"got \[3, 1, 4, 5\]"),
        (CLIPS[0][0], r"got \[3, 4, 5\]"),
        (CLIPS[0][:0], r"got \[0, 3, 4, 5\]"),
        (CLIPS[0].numpy(), "must be a tensor, got ndarray"),
    ],
)
def test_other_layouts_are_refused(frames, fault):
    with pytest.raises(InputError, match=fault):
        check_clip(frames)


def _measure_as(rank, folder):
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2
    )
    metric = Brightness()
    if rank == 0:  # the second process has nothing to do
        for clip in CLIPS:
            metric.update(clip)
    result = metric.result()
    assert (result.value, result.num_samples) == (30.0, 3)
    assert len(metric.levels) == 3 * (rank == 0)  # each has its own clips again
    distributed.destroy_process_group()


def test_processes_that_share_the_clips_all_have_the_result(tmp_path):
    multiprocessing.start_processes(_measure_as, (str(tmp_path),), nprocs=2, start_method="fork")
