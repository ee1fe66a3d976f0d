"""What is put on the shelf comes back unchanged, and goes without a trace."""

import av
import pytest
import torch

from hdvg.errors import InputError
from hdvg.video import Video
from vfmodel.app.shelf import shelve


@pytest.fixture
def video():
    frames = torch.rand(3, 3, 24, 40, generator=torch.Generator().manual_seed(0))
    return Video(frames=frames, fps=4.0)


def test_the_exact_frames_come_back_and_the_mp4_plays(video, request_for, tmp_path):
    shelved = shelve(video, request_for(), tmp_path, wall_s=1.0, large=False)
    assert torch.equal(shelved.load().frames, video.frames)
    assert shelved.load().fps == 4.0
    with av.open(str(shelved.mp4)) as container:
        sizes = [(frame.width, frame.height) for frame in container.decode(video=0)]
    assert sizes == [(40, 24)] * 3
    assert (shelved.width, shelved.height, shelved.num_frames) == (40, 24, 3)


def test_the_same_request_twice_has_files_of_its_own(video, request_for, tmp_path):
    first, second = (
        shelve(video, request_for(), tmp_path, wall_s=1.0, large=False) for _ in range(2)
    )
    assert first.mp4 != second.mp4
    first.discard()
    assert second.mp4.is_file()
    second.discard()
    second.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_nothing(request_for, tmp_path):
    empty = Video(frames=torch.zeros(0, 3, 8, 8), fps=4.0)
    with pytest.raises(InputError):
        shelve(empty, request_for(), tmp_path, wall_s=1.0, large=False)
    assert list(tmp_path.iterdir()) == []
