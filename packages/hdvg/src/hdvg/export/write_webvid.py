"""The format of WebVid: results.csv, and each clip as videos/<page_dir>/<videoid>.mp4."""

import csv
import io
from collections.abc import Callable

from hdvg.export.clip_file import ClipFile
from hdvg.export.collect import Collection, ExportClip
from hdvg.storage import Storage

FILE = "results.csv"
_COLUMNS = ("videoid", "contentUrl", "duration", "page_dir", "name")


def write_webvid(
    clips: Collection,
    out: Storage,
    read: Callable[[ExportClip], ClipFile],
    done: Callable[[], None],
) -> dict[str, int]:
    """Writes the clips, then the list of them.

    A clip that stands there already is not written again: files appear when they are whole, and
    what they hold is settled by the export's settings.

    Args:
        clips: What is written.
        out: Where.
        read: Reads a clip's file.
        done: Called after each clip.
    """
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for clip in clips:
        name = f"videos/{clip.unit}/{clip.clip_id}.mp4"
        if not out.exists(name):
            out.write_bytes(name, read(clip).content)
        writer.writerow(_row(clip))
        done()
    out.write_bytes(FILE, table.getvalue().encode())
    return {"clips": len(clips)}


def _row(clip: ExportClip) -> list[str]:
    # Where a part of a video is meant, W3C's Media Fragments say it so.
    url = f"{clip.page_url}#t={clip.start_s:.3f},{clip.end_s:.3f}"
    duration = format_duration(clip.end_s - clip.start_s)
    return [clip.clip_id, url, duration, clip.unit, clip.caption]


def format_duration(duration_s: float) -> str:
    """ISO 8601 as WebVid writes it, in whole seconds: PT00H00M11S."""
    minutes, seconds = divmod(round(duration_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"PT{hours:02d}H{minutes:02d}M{seconds:02d}S"
