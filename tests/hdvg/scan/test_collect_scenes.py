import numpy as np
import pytest

from hdvg.scan.collect_scenes import Piece, SceneCollector
from hdvg.scan.config import ScanConfig
from hdvg.scan.find_boundaries import Boundaries

FPS = 10


def _collect(length, marks, gaps=(), max_scene_s=100.0, step=7):
    """Pieces of a film of `length` frames whose verdicts come in steps."""
    config = ScanConfig(min_scene_s=0.1, max_scene_s=max_scene_s)
    collector = SceneCollector(config, lambda index: index / FPS)
    gap = np.zeros(length, np.bool_)
    for start, end in gaps:
        gap[start:end] = True
    pieces = []
    for start in range(0, length, step):
        part = {i: kind for i, kind in marks.items() if start <= i < start + step}
        found = Boundaries(gap=gap[start : start + step], marks=part)
        pieces += collector.take(found)
        assert collector.needed_from <= start + step
    return [*pieces, *collector.finish()]


def test_cuts_and_gaps_part_scenes():
    pieces = _collect(
        100, {30: "cut", 50: "fade", 58: "fade", 80: "dissolve", 85: "cut"}, [(50, 58), (80, 85)]
    )
    assert pieces == [
        Piece(first=0, last=30, starts="video_edge", ends="cut"),
        Piece(first=30, last=50, starts="cut", ends="fade"),
        Piece(first=58, last=80, starts="fade", ends="dissolve"),
        Piece(first=85, last=100, starts="cut", ends="video_edge"),
    ]


def test_gaps_at_the_edges_of_the_video():
    pieces = _collect(60, {0: "cut", 10: "fade", 50: "fade"}, [(0, 10), (50, 60)])
    assert pieces == [Piece(first=10, last=50, starts="fade", ends="fade")]


@pytest.mark.parametrize("length", [95, 100, 101, 150, 199, 200, 201, 320, 777])
def test_long_scenes_become_pieces_of_at_most_the_limit(length):
    pieces = _collect(length, {}, max_scene_s=10.0)
    sizes = [piece.last - piece.first for piece in pieces]
    assert sum(sizes) == length
    assert [p.first for p in pieces] == [0, *(p.last for p in pieces[:-1])]
    assert max(sizes) <= 10 * FPS
    assert len(pieces) == 1 or min(sizes) >= 10 * FPS / 2
    assert all(size == 10 * FPS for size in sizes[:-2])
    assert abs(sizes[-1] - sizes[-2]) <= 1 if len(sizes) > 1 else True
    assert {p.ends for p in pieces[:-1]} <= {"forced"}
    assert (pieces[0].starts, pieces[-1].ends) == ("video_edge", "video_edge")
