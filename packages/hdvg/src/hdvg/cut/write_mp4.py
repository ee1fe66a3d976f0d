"""Writes coded pictures into an MP4 whose edit list shows exactly a given stretch of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from hdvg.cut.packet_table import decoding_times
from hdvg.edit_list import show_only

# FFmpeg's own floor for the time scale of an MP4 track.
_MIN_TIME_SCALE = 10_000


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A coded picture.

    Attributes:
        packet: Its bytes; the times in it do not matter.
        pts: When it is shown, in ticks from the first shown picture.
        is_sync: Whether decoding may begin there.
    """

    packet: "av.Packet"
    pts: int
    is_sync: bool


def write_mp4(
    path: Path,
    template: "av.VideoStream",
    time_base: Fraction,
    samples: Sequence[Sample],
    length: int,
) -> None:
    """Writes samples so that those in [0, length) are shown; equal samples give equal bytes.

    Args:
        path: Where to write.
        template: The stream whose codec settings hold for the samples.
        time_base: Seconds a tick.
        samples: In decoding order, with distinct times, the first one a sync sample.
        length: How long is shown, in ticks.
    """
    dts = decoding_times(np.asarray([sample.pts for sample in samples]))
    scale = time_scale(time_base)
    # The movie's clock is the track's: both ends of the edit are exact.
    options = {
        "movie_timescale": str(scale),
        "video_track_timescale": str(scale),
        "use_editlist": "1",
        "fflags": "+bitexact",
    }
    with av.open(str(path), "w", format="mp4", options=options) as container:
        stream = container.add_stream_from_template(template, opaque=True)
        stream.time_base = time_base
        for sample, decoded_at in zip(samples, dts.tolist(), strict=True):
            packet = sample.packet
            packet.stream, packet.time_base = stream, time_base
            packet.pts, packet.dts = sample.pts, decoded_at
            # Matters for the last packet alone: the track must not end before the scene does.
            packet.duration = max(1, length - decoded_at)
            # A false claim would go into the table of sync samples, and players would believe it.
            packet.is_keyframe = sample.is_sync
            container.mux_one(packet)
    ticks = time_base * scale
    show_only(path, int(-dts[0] * ticks), int(length * ticks))


def time_scale(time_base: Fraction) -> int:
    """Ticks a second for an MP4: every tick of the source is a whole number of them."""
    scale = time_base.denominator
    while scale < _MIN_TIME_SCALE:
        scale *= 2
    return scale
