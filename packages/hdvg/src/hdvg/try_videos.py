"""Works on some videos of a source as a build would, and measures instead of keeping."""

import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hdvg.make_video import Origin, VideoConfig, make_video
from hdvg.scratch import scratch_folder
from hdvg.sources.source_video import SourceVideo


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What became of one video.

    Attributes:
        failure: "" or "class/code".
        requests: Pages asked for: 1 for a web video, 0 for a file.
        fetched_bytes: Bytes of the video that came over the network.
        source_s: Length of the video in seconds; 0 where nobody could tell.
        clips: Clips that it gave.
        clips_s: Their length in seconds.
        stored_bytes: Bytes of its clips and keyframes.
        cpu_s: Seconds of processor time.
    """

    failure: str
    requests: int
    fetched_bytes: int
    source_s: float
    clips: int
    clips_s: float
    stored_bytes: int
    cpu_s: float


def try_videos(
    videos: Sequence[SourceVideo],
    origin: Origin,
    config: VideoConfig,
    done: Callable[[int], None],
) -> list[Trial]:
    """Works on videos one after the other in a scratch folder.

    Args:
        videos: Which ones.
        origin: Where their source lies.
        config: The build's settings.
        done: Called with the number of videos done after each.
    """
    trials = []
    for number, video in enumerate(videos, start=1):
        trials.append(_try_video(video, origin, config))
        done(number)
    return trials


def _try_video(video: SourceVideo, origin: Origin, config: VideoConfig) -> Trial:
    before_s = _cpu_s()
    with scratch_folder("estimate") as work:
        outcome = make_video(video, origin, config, work)
        sizes = [clip.path.stat().st_size + len(clip.scene.keyframe) for _, clip in outcome.clips]
    row = outcome.row
    is_web = video.kind != "file"
    return Trial(
        failure="" if row["status"] == "ok" else f"{row['fail_class']}/{row['fail_code']}",
        requests=int(is_web),
        fetched_bytes=int(row.get("nbytes") or 0) if is_web else 0,
        source_s=float(row.get("duration_s") or 0.0),
        clips=len(outcome.clips),
        clips_s=sum(clip["end_s"] - clip["start_s"] for clip, _ in outcome.clips),
        stored_bytes=sum(sizes),
        cpu_s=_cpu_s() - before_s,
    )


def _cpu_s() -> float:
    """Processor time of this process and of those that it has waited for, in seconds."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
