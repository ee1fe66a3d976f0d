"""The endless stream of a dataset: its order against what an epoch is."""

from vfmodel.clip_stream import ClipStream, Mixture


class NumberedClips:
    """Item i of epoch e is (e, i)."""

    def __init__(self, count):
        self.count = count
        self.epoch = None

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return {"epoch": self.epoch, "index": index}

    def set_epoch(self, epoch):
        self.epoch = epoch


def test_every_epoch_holds_every_clip_once_in_an_order_of_its_own():
    stream = ClipStream(NumberedClips(7), seed=3)
    items = [stream[p] for p in range(21)]
    assert [item["epoch"] for item in items] == [0] * 7 + [1] * 7 + [2] * 7
    orders = [tuple(item["index"] for item in items[7 * e : 7 * e + 7]) for e in range(3)]
    assert all(sorted(order) == list(range(7)) for order in orders)
    assert len(set(orders)) == 3


def test_the_clip_at_a_position_does_not_depend_on_what_was_read_before():
    straight = ClipStream(NumberedClips(5), seed=1)
    wanted = [straight[p] for p in range(15)]
    jumping = ClipStream(NumberedClips(5), seed=1)
    for position in (14, 0, 7, 6, 14, 3):
        assert jumping[position] == wanted[position]


def test_a_mixture_reads_each_stream_at_its_own_pace():
    first, second = (ClipStream(NumberedClips(n), seed=n) for n in (3, 5))
    alone = [ClipStream(NumberedClips(n), seed=n) for n in (3, 5)]
    both = Mixture([first, second])
    for pick in ((0, 0), (1, 9), (0, 1), (0, 5), (1, 2)):
        assert both[pick] == alone[pick[0]][pick[1]]
