"""Decodes the picture of a film, over damaged places too."""

from collections.abc import Callable, Iterator

import av

# FFmpeg's own decoders leave out the alpha that WebM keeps beside the picture.
_WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


def decode(
    container: "av.container.InputContainer",
    stream: "av.VideoStream",
    on_damage: Callable[[], None] = lambda: None,
) -> Iterator["av.VideoFrame"]:
    """Yields every frame that decodes, in presentation order.

    Args:
        container: An open film.
        stream: Its picture.
        on_damage: Called for each packet that does not decode, and once if the rest of the file
            cannot be found.
    """
    decoder = _decoder(stream)
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            on_damage()
            packet = None
        try:
            yield from decoder.decode(packet)
        except EOFError:  # it was flushed by the demuxer's end mark
            return
        except av.FFmpegError:
            on_damage()
        if packet is None:
            return


def _decoder(stream: "av.VideoStream") -> "av.VideoCodecContext":
    name = _WITH_ALPHA.get(stream.codec_context.name)
    if name is None or stream.metadata.get("alpha_mode") != "1":
        return stream.codec_context
    decoder = av.VideoCodecContext.create(name, "r")
    decoder.extradata = stream.codec_context.extradata
    return decoder
