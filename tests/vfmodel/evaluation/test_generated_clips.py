import numpy as np
import pytest

from hdvg.errors import InputError
from hdvg.video import write_video
from vfmodel.evaluation.generated_clips import find_generated
from vfmodel.evaluation.plan_samples import Sample
from vfmodel.evaluation.protocol import FrameRule

SAMPLES = [Sample(name=f"s{i}", prompt=f"prompt {i}", seed=i) for i in range(3)]


@pytest.fixture
def folder(tmp_path):
    greys = np.broadcast_to(np.arange(6, dtype=np.uint8)[:, None, None, None] * 40, (6, 3, 16, 16))
    for name in ("s2", "deep/s0", "other"):
        write_video(tmp_path / f"{name}.mp4", greys, 8)
    return tmp_path


def test_by_name_in_the_protocols_order(folder):
    found = find_generated(folder, SAMPLES, FrameRule(num_frames=4, fps=2.0))
    assert [(clip.name, clip.prompt) for clip in found.clips] == [
        ("s0", "prompt 0"),
        ("s2", "prompt 2"),
    ]
    assert (found.missing, found.strangers) == (("s1",), 1)


def test_the_first_frames_as_they_come(folder):
    frames = find_generated(folder, SAMPLES, FrameRule(num_frames=4, fps=2.0)).clips[0].read()
    greys = frames.float().mean(dim=(1, 2, 3))
    assert greys.tolist() == pytest.approx([0, 40, 80, 120], abs=3)
    short = find_generated(folder, SAMPLES, FrameRule(num_frames=7)).clips[0]
    with pytest.raises(InputError, match="too short: 6 frames, not 7"):
        short.read()


def test_without_samples_every_video_counts(folder):
    found = find_generated(folder, [], FrameRule(num_frames=4))
    assert [clip.name for clip in found.clips] == ["other", "s0", "s2"]


def test_nothing_there_is_named(folder, tmp_path):
    with pytest.raises(InputError, match=r"none of the 1 videos is in .*, such as x\.mp4"):
        find_generated(folder, [Sample(name="x", prompt="", seed=0)], FrameRule())
    with pytest.raises(InputError, match="no folder of videos"):
        find_generated(tmp_path / "gone", SAMPLES, FrameRule())
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no video in"):
        find_generated(tmp_path / "empty", [], FrameRule())
