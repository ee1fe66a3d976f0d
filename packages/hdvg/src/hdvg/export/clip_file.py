"""The file of a clip as it leaves a dataset: as it lies there, or with nothing hidden in it.

A lossless clip begins with the frames from the keyframe before its first shown one, which an edit
list hides. Players, FFmpeg and OpenCV obey it; decord and torchcodec do not when they seek. For
these the clip is encoded anew, without them.
"""

from dataclasses import dataclass
from pathlib import Path

import av

from hdvg.cut.cut_clip import CutConfig
from hdvg.cut.encode import copy_colours
from hdvg.export.collect import Collection, ExportClip
from hdvg.scratch import scratch_folder
from hdvg.video import decode


@dataclass(frozen=True, kw_only=True)
class ClipFile:
    """A clip's file and what an export says of it.

    Attributes:
        content: MP4.
        facts: Columns of the clips table that hold for this file.
    """

    content: bytes
    facts: dict[str, object]


def read_clip_file(clips: Collection, clip: ExportClip, *, unhide: bool) -> ClipFile:
    """Reads a clip's file.

    Args:
        clips: Where the clip is from.
        clip: Which one.
        unhide: Encode anew what hides frames.

    Raises:
        InputError: The shard is damaged.
    """
    content = clips.media(clip)
    names = ("cut_mode", "codec", "lead_hidden_frames")
    facts = {name: clip.row[name] for name in names}
    if not unhide or not clip.row["lead_hidden_frames"]:
        return ClipFile(content=content, facts=facts)
    with scratch_folder("export") as folder:
        (folder / "in.mp4").write_bytes(content)
        _encode_shown(folder / "in.mp4", folder / "out.mp4", clip.row["fps"])
        content = (folder / "out.mp4").read_bytes()
    facts = {"cut_mode": "encode", "codec": "h264", "lead_hidden_frames": 0}
    return ClipFile(content=content, facts=facts)


def _encode_shown(source: Path, target: Path, fps: float) -> None:
    """Encodes the frames that a player shows, at their times."""
    settings = CutConfig()
    options = {"crf": str(settings.crf), "preset": settings.preset, "threads": "1"}
    with av.open(str(target), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=max(1, round(fps)), options=options)
        first = None
        for frame in decode(source):
            if first is None:
                first = frame.pts
                stream.width, stream.height = frame.width, frame.height
                stream.pix_fmt = frame.format.name
                stream.time_base = stream.codec_context.time_base = frame.time_base
                copy_colours(frame, stream.codec_context)
                stream.codec_context.color_range = frame.color_range
            frame.pts -= first
            frame.pict_type = av.video.frame.PictureType.NONE
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
