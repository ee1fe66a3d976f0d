"""Frames by decord: not kept up since 2021, no AV1, but what many training codes use."""

import io
from collections.abc import Sequence

import decord

from hdvg.decoding.shown_frames import ShownFrames
from hdvg.edit_list import show_all
from hdvg.errors import InputError
from hdvg.video import UInt8Video

# Its messages go on with a stack trace.
_MESSAGE = 200


def decode_numbers(clip: bytes, shown: ShownFrames, numbers: Sequence[int]) -> list[UInt8Video]:
    """Decodes some of the shown frames.

    decord counts every packet as a frame and follows the edit list when it decodes from the start
    but not when it seeks. So it is given the file without one, and hidden frames are counted.

    Args:
        clip: An MP4.
        shown: What is known of its frames.
        numbers: Distinct, ascending.

    Returns:
        RGB uint8 [H, W, 3] for each number.

    Raises:
        InputError: decord gives up.
    """
    try:
        return _decode(clip, shown, numbers)
    except (decord.DECORDError, RuntimeError) as error:
        raise InputError(f"decord cannot decode it: {str(error)[:_MESSAGE]}") from error


def _decode(clip: bytes, shown: ShownFrames, numbers: Sequence[int]) -> list[UInt8Video]:
    reader = decord.VideoReader(io.BytesIO(show_all(clip)), num_threads=1)
    places = [shown.num_hidden + number for number in numbers]
    if shown.seeks_exactly:
        return list(reader.get_batch(places).asnumpy())
    # Not by skip_frames: it seeks, and was seen to arrive a frame early.
    passing = (reader.next() for _ in range(places[-1] + 1))
    wanted = set(places)
    return [frame.asnumpy() for place, frame in enumerate(passing) if place in wanted]
