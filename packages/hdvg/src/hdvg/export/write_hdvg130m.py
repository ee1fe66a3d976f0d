"""The format in which HD-VG-130M was released: one JSON object of videos, times and captions.

Each of our clips is one clip with one scene, [0, -1], the format's own sign for "all of it": a
reader that cuts `span` has the clip, and nobody has to know where frames are counted from. The
released files count them from an unrecorded keyframe before `span`.
"""

import json
from collections.abc import Iterator
from typing import Any

from hdvg.export.collect import Collection, ExportClip
from hdvg.storage import Storage

FILE = "hdvg.json"
_NOTE = {
    "file": FILE,
    "span": "HH:MM:SS.mmm from the first frame of the source video; the end is exclusive",
    "scene_cut": "[0, -1] in every clip: the clip is one scene and exactly its span",
    "fps": "mean frame rate of the clip",
}


def write_hdvg130m(clips: Collection, out: Storage) -> dict[str, int]:
    """Writes the videos that have a page on the web; no media.

    Returns:
        Counts: videos and clips written, and clips of files that have no page.
    """
    counts = {"videos": 0, "clips": 0, "clips_without_url": 0}
    with out.writing(FILE) as file:
        file.write(b"{")
        for video in _videos(clips, counts):
            separator = b",\n" if counts["videos"] else b"\n"
            file.write(separator + video)
            counts["videos"] += 1
        file.write(b"\n}\n")
    out.write_bytes("about.json", json.dumps(_NOTE, indent=1).encode())
    return counts


def _videos(clips: Collection, counts: dict[str, int]) -> Iterator[bytes]:
    """One `"key": value` a video; the clips of a video follow each other in a dataset."""
    key = ""
    body: dict[str, Any] = {}
    for clip in clips:
        if not clip.page_url.startswith(("http://", "https://")):
            counts["clips_without_url"] += 1
            continue
        video_id = str(clip.row["video_id"])
        if video_id != key:
            if body:
                yield _member(key, body)
            key, body = video_id, {"url": clip.page_url, "clip": {}}
        _add(body["clip"], video_id, clip)
        counts["clips"] += 1
    if body:
        yield _member(key, body)


def _add(members: dict[str, Any], video_id: str, clip: ExportClip) -> None:
    name = f"{video_id}.{len(members)}"
    members[f"{name}.mp4"] = {
        "span": [format_clock(clip.start_s), format_clock(clip.end_s)],
        "fps": clip.row["fps"],
        "scene_split": [{"scene_cut": [0, -1], "clip_id": f"{name}_0", "caption": clip.caption}],
    }


def _member(key: str, body: dict[str, Any]) -> bytes:
    return f"{json.dumps(key)}: {json.dumps(body)}".encode()


def format_clock(time_s: float) -> str:
    """HH:MM:SS.mmm."""
    milliseconds = round(time_s * 1000)
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}.{milliseconds:03d}"
