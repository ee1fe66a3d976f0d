"""Counts of what is there and what is not."""

from collections import Counter
from pathlib import Path

from vfmodel.evaluation.real_set.listed_videos import ListedVideos, RealVideo, index_files


def listed(num_found, num_listed, num_expected):
    videos = tuple(
        RealVideo(name=f"v{i}", path=Path("x") if i < num_found else None)
        for i in range(num_listed)
    )
    return ListedVideos(
        dataset="msrvtt",
        split="test",
        videos=videos,
        num_expected=num_expected,
        skipped=Counter(["bad"] * 2),
    )


def test_all_there():
    assert listed(3, 3, 3).is_complete
    assert listed(3, 3, 0).is_complete  # a folder, of which nobody knows what it should hold
    assert listed(3, 3, 3).shortfall() == ""


def test_what_is_missing_is_said_with_counts():
    some = listed(2, 3, 5)
    assert not some.is_complete
    assert some.shortfall() == (
        "msrvtt (test) is incomplete: 2 of 5 videos are there, 3 are listed"
    )
    assert some.counts() == {
        "dataset": "msrvtt",
        "split": "test",
        "expected": 5,
        "listed": 3,
        "found": 2,
        "complete": False,
        "skipped": {"bad": 2},
    }
    assert not listed(2, 3, 0).is_complete


def test_files_by_stem(tmp_path):
    for name in ("b/x.mp4", "a/x.mp4", "y.AVI", "z.txt", ".hidden.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = index_files(tmp_path, (".mp4", ".avi"))
    assert found == {"x": tmp_path / "a/x.mp4", "y": tmp_path / "y.AVI"}
