"""Copied clips of the films, by film: the frame numbers that each shows and its file."""

import pytest

from hdvg.cut.copy_packets import copy_packets
from hdvg.cut.packet_table import plan_copy, read_packet_table

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
