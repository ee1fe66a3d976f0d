"""Copied clips of the films, by film: the frame numbers that each shows and its file."""

import numpy as np
import pytest

from hdvg.cut.copy_packets import copy_packets
from hdvg.cut.packet_table import plan_copy, read_packet_table
from hdvg.decoding.shown_frames import find_shown_frames
from hdvg.errors import InputError

EDGES = [0, 7, 40, 41, 66, 75]


@pytest.fixture(scope="session")
def copied(films, frames_of, scenes_at, tmp_path_factory):
    """Makes the clips of a film: a list of (first frame, frame after the last, CutClip)."""
    made = {}

    def get(name):
        if name not in made:
            path = films(name)
            frames, time_base = frames_of(path)
            table = read_packet_table(path)
            plans = [plan_copy(table, scene) for scene in scenes_at(frames, time_base, EDGES)]
            clips = copy_packets(path, table, plans, tmp_path_factory.mktemp(name))
            made[name] = list(zip(EDGES, EDGES[1:], clips, strict=False))
        return made[name]

    return get


@pytest.fixture
def check_random_frames(copied, number_in):
    """Compares what a backend gives for random frame numbers with the numbers drawn into frames."""

    def check(backend, name):
        generator = np.random.default_rng(0)
        for first, last, clip in copied(name):
            content = clip.path.read_bytes()
            shown = find_shown_frames(content, [0.0])
            for _ in range(8):
                count = min(4, last - first)
                numbers = np.sort(generator.choice(last - first, count, replace=False)).tolist()
                pictures = backend.decode_numbers(content, shown, numbers)
                assert [number_in(picture) - first for picture in pictures] == numbers

    return check


@pytest.fixture
def check_rubbish(copied):
    """A file that is no video ends as an InputError that names the backend."""

    def check(backend, name):
        _, _, clip = copied("h264")[0]
        shown = find_shown_frames(clip.path.read_bytes(), [0.0])
        with pytest.raises(InputError, match=f"{name} cannot decode it"):
            backend.decode_numbers(b"not a video", shown, [0])

    return check
