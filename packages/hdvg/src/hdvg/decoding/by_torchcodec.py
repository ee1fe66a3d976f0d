"""Frames by torchcodec, which loads the FFmpeg libraries of the system."""

from collections.abc import Sequence

from torchcodec.decoders import VideoDecoder

from hdvg.decoding.shown_frames import ShownFrames
from hdvg.edit_list import show_all
from hdvg.errors import InputError
from hdvg.video import UInt8Video


def decode_numbers(clip: bytes, shown: ShownFrames, numbers: Sequence[int]) -> list[UInt8Video]:
    """Decodes some of the shown frames.

    torchcodec follows an edit list in order but not when it seeks (frame 14 came for frame 11). So
    it is given the file without one, and hidden frames are counted.

    Args:
        clip: An MP4.
        shown: What is known of its frames.
        numbers: Distinct, ascending.

    Returns:
        RGB uint8 [H, W, 3] for each number.

    Raises:
        InputError: torchcodec gives up.
    """
    try:
        decoder = VideoDecoder(
            show_all(clip), dimension_order="NHWC", num_ffmpeg_threads=1, seek_mode="exact"
        )
        places = [shown.num_hidden + number for number in numbers]
        return list(decoder.get_frames_at(places).data.numpy())
    except (RuntimeError, IndexError, ValueError) as error:
        raise InputError(f"torchcodec cannot decode it: {error}") from error
