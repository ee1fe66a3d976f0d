import json

import pytest
import torch

from hdvg.errors import InputError
from hdvg.video import Video, frames_at
from vfmodel.evaluation.generation.video_folder import VideoFolder
from vfmodel.evaluation.plan_samples import Sample

SAMPLES = [Sample(name=f"s_{i}", prompt=f"prompt {i}", seed=i) for i in range(3)]


def test_writes_and_lists(tmp_path):
    folder = VideoFolder(tmp_path / "videos")
    assert folder.missing(SAMPLES) == SAMPLES
    folder.prepare(SAMPLES, {"steps": 2})
    frames = torch.rand(4, 3, 16, 24)
    folder.write(SAMPLES[1], Video(frames, fps=4.0))
    assert folder.missing(SAMPLES) == [SAMPLES[0], SAMPLES[2]]
    listed = json.loads((folder.path / "prompts.json").read_text())
    assert listed["s_2.mp4"] == "prompt 2"


def test_luma_survives_the_file(tmp_path):
    folder = VideoFolder(tmp_path)
    grey = torch.rand(4, 1, 16, 24).expand(-1, 3, -1, -1)
    folder.write(SAMPLES[0], Video(grey, fps=4.0))
    read = frames_at(folder.file(SAMPLES[0]), [0.0, 0.25, 0.5, 0.75], 24, 16)
    assert (torch.from_numpy(read) - grey * 255).abs().mean() < 1.5


def test_other_settings_are_refused_by_name(tmp_path):
    folder = VideoFolder(tmp_path / "videos")
    assert folder.made_with() == {}
    folder.prepare(SAMPLES, {"steps": 2, "model": "a"})
    folder.prepare(SAMPLES, {"steps": 2, "model": "a"})
    with pytest.raises(InputError, match="made with steps 2, not 3: give another folder"):
        folder.prepare(SAMPLES, {"steps": 3, "model": "a"})
    assert folder.made_with() == {"steps": 2, "model": "a"}
    moved = VideoFolder(tmp_path / "moved")
    moved.prepare(SAMPLES, {"model": "a", "model_digest": "0f"})
    moved.prepare(SAMPLES, {"model": "elsewhere/a", "model_digest": "0f"})
    with pytest.raises(InputError, match="made with model_digest '0f', not '1f'"):
        moved.prepare(SAMPLES, {"model": "a", "model_digest": "1f"})
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="videos is a file"):
        VideoFolder(tmp_path / "file").prepare(SAMPLES, {})
    (folder.path / "made_with.json").write_text("{")
    with pytest.raises(InputError, match="not JSON"):
        folder.made_with()


def test_only_own_leftovers_are_swept(tmp_path):
    own, other = tmp_path / ".s_1.77.partial.mp4", tmp_path / ".t_1.77.partial.mp4"
    own.touch()
    other.touch()
    VideoFolder(tmp_path).sweep(SAMPLES)
    assert (own.exists(), other.exists()) == (False, True)


def test_frames_that_are_not_finite_are_no_video(tmp_path):
    with pytest.raises(ValueError, match="not finite"):
        VideoFolder(tmp_path).write(SAMPLES[0], Video(torch.full((2, 3, 8, 8), torch.nan), fps=4.0))
    assert list(tmp_path.iterdir()) == []
