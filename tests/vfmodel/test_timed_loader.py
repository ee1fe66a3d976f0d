"""Waiting for a loader, by a clock that the dataset itself moves on."""

import pytest
from torch.utils.data import Dataset

from vfmodel.timed_loader import TimedLoader


class Slow(Dataset):
    """Item i takes i seconds of a clock that stands still otherwise."""

    def __init__(self):
        self.now_s = 100.0

    def __len__(self):
        return 4

    def __getitem__(self, index):
        self.now_s += index
        return index


def test_what_the_loader_took_is_added_up_and_what_was_done_meanwhile_is_not():
    data = Slow()
    loader = TimedLoader(data, batch_size=2, clock=lambda: data.now_s)
    seen, waited = [], []
    for batch in loader:
        seen.append(batch.tolist())
        waited.append(loader.waited_s)
        data.now_s += 50.0
    assert seen == [[0, 1], [2, 3]]
    assert waited == [1.0, 6.0]
    list(loader)
    assert loader.waited_s == pytest.approx(12.0)
