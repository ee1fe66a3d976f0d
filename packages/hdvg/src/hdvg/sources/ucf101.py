"""UCF-101: a folder of short files, UCF-101/<Class>/v_<Class>_g<group>_c<clip>.avi.

The class is the label, and its words are the caption. Clips of one group come from one video: a
split that parts a group tests on what it has trained on. The span's name keeps the file's stem, so
that the group (`_g08_`) travels into the dataset.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from hdvg.sources.local_folder import read_folder
from hdvg.sources.rows import Entry, SkippedRow
from hdvg.sources.source_video import whole_video

NAME = re.compile(r"v_([A-Za-z]+)_g(\d{2})_c(\d{2})")
# The one class whose folder and files are spelt in two ways; this is the way of classInd.txt.
_SPELT = {"handstandpushups": "HandstandPushups"}


def read_ucf101(folder: Path) -> Iterator[Entry]:
    """Lists the folder, sorted by path.

    Raises:
        InputError: A file name that is not plain text.
    """
    for video in read_folder(folder):
        path = Path(video.locator)
        match = NAME.fullmatch(path.stem)
        if match is None or match[1].lower() != path.parent.name.lower():
            yield SkippedRow(where=video.locator, reason="not <Class>/v_<Class>_gNN_cNN")
            continue
        label = _SPELT.get(path.parent.name.lower(), path.parent.name)
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label).lower()
        yield replace(video, label=label, spans=(whole_video(words, path.stem),))
