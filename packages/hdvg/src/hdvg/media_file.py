"""Opens media files that may be hostile: what FFmpeg may touch while it reads one."""

import os
from pathlib import Path
from typing import IO

import av

from hdvg.errors import InputError

Source = str | os.PathLike[str] | IO[bytes]

# Containers that hold media and nothing else. Playlists (hls, concat, dash) are absent on purpose:
# they can name local files and other hosts.
_DEMUXERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,mpegts,mpeg,ogg,asf,wmv"
# 8K with room to spare. A forged header may claim any size, and decoders allocate what it claims.
MAX_PIXELS = 8192 * 4608


def open_media(source: Source) -> "av.container.InputContainer":
    """Opens a media file that may be hostile.

    Only plain media containers are demuxed, and nothing but the file itself is opened, so that a
    playlist dressed as a video cannot read other files or reach other hosts. Frames of more than
    `MAX_PIXELS` do not decode, wherever in the file they come.

    Raises:
        InputError: The file is missing, or is not a media file of a known container.
    """
    if isinstance(source, str | os.PathLike):
        if not Path(source).is_file():
            raise InputError(f"video file not found: {os.fspath(source)}")
        name = os.fspath(source)
        # With its protocol, since a file may well be called "pipe:0" or "concat:a.mp4".
        source = f"file:{name}"
    else:
        name = getattr(source, "name", "<bytes>")
    limits = {"max_pixels": str(MAX_PIXELS)}
    options = {"format_whitelist": _DEMUXERS, **limits}
    if isinstance(source, str):
        options["protocol_whitelist"] = "file"
    try:
        container: av.container.InputContainer = av.open(source, options=options)
    except (av.FFmpegError, ValueError) as error:
        raise InputError(f"not a readable video: {name} ({error})") from error
    if not container.streams.video:
        container.close()
        raise InputError(f"no video stream in {name}")
    for stream in container.streams.video:
        if stream.codec_context is not None:  # there is a decoder
            stream.codec_context.options = limits
    return container
