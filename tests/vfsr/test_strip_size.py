import pytest
import torch

from vfsr.rcan import RCANConfig
from vfsr.strip_size import choose_strips, free_bytes

GIB = 2**30


def choose(size, free, tile=None, itemsize=4):
    return choose_strips(RCANConfig(), size, itemsize=itemsize, free_bytes=free, tile=tile)


def test_a_frame_that_fits_is_whole():
    assert choose((192, 344), GIB).rows == 192


def test_a_large_frame_is_cut_when_memory_is_short():
    # 2160 x 3840 pixels of 64 float channels are 1.98 GiB a map.
    whole, cut = choose((2160, 3840), 64 * GIB), choose((2160, 3840), 14 * GIB)
    assert whole.rows == 2160
    assert 8 <= cut.rows < 540
    assert choose((2160, 3840), 14 * GIB, itemsize=2).rows > cut.rows


def test_strips_never_vanish():
    assert choose((4320, 7680), 2**20).rows == 8
    assert choose((5, 10**7), 2**20).tail_rows >= 1


def test_more_memory_never_means_thinner_strips():
    rows = [choose((1080, 1920), free * 2**28).rows for free in range(1, 60)]
    assert rows == sorted(rows)
    assert rows[-1] == 1080


@pytest.mark.parametrize(("tile", "rows"), [(64, 11), (344, 192), (10, 1), (1, 1)])
def test_a_tile_is_an_area(tile, rows):
    strips = choose((192, 344), 1, tile)
    assert strips.rows == rows
    assert strips.tail_rows <= rows


def test_this_machine_says_what_is_free():
    assert 2**26 < free_bytes(torch.device("cpu")) < 2**45
