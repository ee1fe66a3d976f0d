"""A dataset of keyframes whose pixels spell their clip's id, and a captioner that reads it back."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from hdvg.commits import Commit, commit_unit
from hdvg.dataset_folder import create_dataset
from hdvg.manifest import CLIPS, write_rows
from hdvg.shards import TarWriter

_CELL, _BITS = 16, 16


def spell(number):
    """A picture of 4x4 black and white cells: the bits of a number."""
    bits = [(number >> bit) & 1 for bit in range(_BITS)]
    cells = np.array(bits, np.uint8).reshape(4, 4) * 255
    return np.repeat(np.repeat(np.repeat(cells, _CELL, 0), _CELL, 1)[:, :, None], 3, 2)


def read_back(image):
    """The number that `spell` drew, from a decoded JPEG."""
    cells = np.asarray(image.convert("L"))[_CELL // 2 :: _CELL, _CELL // 2 :: _CELL] > 127
    return sum(int(bit) << place for place, bit in enumerate(cells.ravel()))


def jpeg(image):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def clip_row(clip_id):
    kinds = {"string": "x", "int32": 1, "int64": 1, "double": 1.0}
    row = {c.name: kinds[str(c.type)] for c in CLIPS if not c.nullable}
    return row | {"clip_id": clip_id, "start_s": 0.0, "end_s": 2.0}


def put_unit(storage, unit, keyframes, suffix=""):
    """Commits a unit of the build with these keyframes (JPEGs by clip id)."""
    with storage.writing(f"keyframes/{unit}{suffix}.tar") as file, TarWriter(file) as tar:
        for clip_id, data in keyframes.items():
            tar.add(f"{clip_id}.jpg", data)
    rows = [clip_row(clip_id) for clip_id in keyframes]
    clips = write_rows(storage, "clips", f"clips/{unit}{suffix}.parquet", rows)
    counts = {"videos": 1, "clips": len(rows)}
    commit = Commit(stage="build", unit=unit, files=(file.record, clips), rows=counts)
    commit_unit(storage, commit)


class Reader:
    """A captioner that says the number that it sees, and remembers the sizes of its batches."""

    def __init__(self):
        self.sizes = []

    def caption(self, images):
        self.sizes.append(len(images))
        return [f"number {read_back(image)}" for image in images]


@pytest.fixture
def numbered(tmp_path):
    """Three units of 7, 1 and 0 clips, in no order of their numbers; truth by clip id."""
    storage = create_dataset(tmp_path / "data", sources=["x"], config={})
    numbers = [3021, 7, 65535, 40000, 12, 1, 2222, 5]
    truth = {f"clip{9 - place}": f"number {n}" for place, n in enumerate(numbers)}
    keyframes = {
        clip_id: jpeg(spell(number)) for clip_id, number in zip(truth, numbers, strict=True)
    }
    ids = list(truth)
    for unit, members in (("u0", ids[:7]), ("u1", ids[7:]), ("u2", [])):
        put_unit(storage, unit, {clip_id: keyframes[clip_id] for clip_id in members})
    return SimpleNamespace(
        storage=storage,
        truth=truth,
        keyframes=keyframes,
        units={"u0": ids[:7], "u1": ids[7:], "u2": []},
        put_unit=put_unit,
        picture=lambda number: jpeg(spell(number)),
        reader=Reader(),
    )
