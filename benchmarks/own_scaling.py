"""decord and torchcodec with the scaling that they bring.

`ClipDataset` scales all decoders' pictures in one way. Here each scales with its own filter, so
that `benchmarks.clip_reading` does not hold our choice against it.
"""

import io
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from hdvg.decoding.shown_frames import find_shown_frames
from hdvg.edit_list import show_all

Pictures = npt.NDArray[np.uint8]
Read = Callable[[bytes, Sequence[float], int, int], Pictures]


def by_decord(clip: bytes, times_s: Sequence[float], width: int, height: int) -> Pictures:
    """RGB [T, H, W, 3], stretched to width x height."""
    import decord

    shown = find_shown_frames(clip, times_s)
    reader = decord.VideoReader(
        io.BytesIO(show_all(clip)), num_threads=1, width=width, height=height
    )
    pictures: Pictures = reader.get_batch(
        [shown.num_hidden + number for number in shown.numbers]
    ).asnumpy()
    return pictures


def by_torchcodec(clip: bytes, times_s: Sequence[float], width: int, height: int) -> Pictures:
    """RGB [T, H, W, 3], stretched to width x height."""
    from torchcodec.decoders import VideoDecoder
    from torchcodec.transforms import Resize

    shown = find_shown_frames(clip, times_s)
    decoder = VideoDecoder(
        show_all(clip),
        dimension_order="NHWC",
        num_ffmpeg_threads=1,
        transforms=[Resize((height, width))],
    )
    pictures: Pictures = decoder.get_frames_at(
        [shown.num_hidden + number for number in shown.numbers]
    ).data.numpy()
    return pictures


OWN: dict[str, Read] = {"decord": by_decord, "torchcodec": by_torchcodec}
