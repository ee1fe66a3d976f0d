"""One video, start to finish: download, probe, scan and cut on this machine, in that order.

Whatever happens, the outcome is one row: a bad video never stops a build.
"""

import errno
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import av

from hdvg.align_spans import align_spans
from hdvg.alt_text import choose_alt_text, find_given
from hdvg.cut.cut_clip import CutClip, CutConfig
from hdvg.cut.cut_scenes import cut_scenes
from hdvg.download.fetch import Download, open_local
from hdvg.download.gate import Gate, LocalGate
from hdvg.download.obtain import obtain
from hdvg.download.page import Bounds, PageFacts
from hdvg.download.settings import DownloadConfig
from hdvg.errors import InputError
from hdvg.failures import VideoFailure, classify_bug
from hdvg.place_spans import Layout, without_overlap
from hdvg.probe import FilterConfig, MediaFacts, check, probe
from hdvg.scan.config import ScanConfig
from hdvg.scan.result import CropBox, ScanResult
from hdvg.scan.scan_video import scan_video
from hdvg.sources.source_video import SourceVideo
from hdvg.tombstones import Tombstones
from hdvg.watchdog import time_limit

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class VideoConfig:
    """The settings of every step, and what none of them may touch."""

    download: DownloadConfig
    filter: FilterConfig
    scan: ScanConfig
    cut: CutConfig
    spans: str = "caption"
    tombstones: Tombstones = field(default_factory=Tombstones)


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where the locators of a source lead.

    Attributes:
        source: The source as the user named it.
        folder: What locators of the kind "file" are relative to.
        base_url: What locators of the kind "shapes" are relative to.
    """

    source: str
    folder: str = ""
    base_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a video.

    Attributes:
        row: Its row of the videos table.
        clips: Its clips, on disk, with the rows of the clips table but for the place in a shard.
        captions: A row of the captions table for each clip.
        given: Rows of the captions table with all that a list says of a clip, where it says
            several things.
        scores: A row of the table scores.scan for each clip.
    """

    row: Row
    clips: list[tuple[Row, CutClip]] = field(default_factory=list)
    captions: list[Row] = field(default_factory=list)
    given: list[Row] = field(default_factory=list)
    scores: list[Row] = field(default_factory=list)


def make_video(
    video: SourceVideo,
    origin: Origin,
    config: VideoConfig,
    work: Path,
    gate: Gate | None = None,
) -> Outcome:
    """Runs every step on a video; one that hangs ends the process (see `watchdog`).

    Args:
        video: What to work on.
        origin: Where its source lies.
        config: The steps' settings.
        work: An empty folder for the file and its clips.
        gate: Says who may ask which site when; None if nobody else is asking.

    Raises:
        OSError: The disk is full; that is no verdict on the video.
    """
    row = _blank_row(video, origin)
    try:
        config.tombstones.refuse(video.video_id)
        got, facts = _get_probed(video, origin, config, work, row, gate)
        with time_limit(config.download.max_video_s):
            return _try_video(video, got, facts, config, work, row)
    except VideoFailure as error:
        failure = error
    except (InputError, av.FFmpegError):
        failure = VideoFailure("decode_failed", "a frame could not be decoded")
    except Exception as error:  # our own bugs are counted, not fatal
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise
        failure = classify_bug(error)
    return Outcome(row=row | fail_columns(failure))


def fail_columns(failure: VideoFailure) -> Row:
    """The columns of the videos table that say why a video failed."""
    return {
        "status": "failed",
        "fail_class": failure.fail_class,
        "fail_code": failure.code,
        "fail_message": failure.message,
        "retryable": failure.retryable,
    }


def fail_video(video: SourceVideo, origin: Origin, failure: VideoFailure) -> Outcome:
    """The outcome of a video that cannot even be tried."""
    return Outcome(row=_blank_row(video, origin) | fail_columns(failure))


def _get_probed(
    video: SourceVideo,
    origin: Origin,
    config: VideoConfig,
    work: Path,
    row: Row,
    gate: Gate | None,
) -> tuple[Download, MediaFacts]:
    """The file and what it says of itself; one that the network may have cut is fetched twice."""
    got = _get(video, origin, config, work, row, gate)
    limit_s = config.download.max_video_s
    try:
        with time_limit(limit_s):
            return got, probe(got.path)
    except VideoFailure:
        if got.is_whole:
            raise
    got = _get(video, origin, config, work, row, gate)
    with time_limit(limit_s):
        return got, probe(got.path)


def _try_video(
    video: SourceVideo, got: Download, facts: MediaFacts, config: VideoConfig, work: Path, row: Row
) -> Outcome:
    """Fills in `row` step by step, so that a failure leaves what was known by then."""
    page = got.page
    row |= _fact_columns(facts)
    row["title"] = row.get("title") or facts.title or None
    check(facts, config.filter)
    layout = Layout(video.spans) if config.spans == "cut" else None
    found = scan_video(got.path, facts, config.scan, layout.place if layout else None)
    row["num_scenes"] = found.num_scenes
    cuts = [
        clip
        for group in without_overlap(found.scenes)
        for clip in cut_scenes(got.path, group, facts, work, config.cut)
    ]
    cuts.sort(key=lambda clip: clip.scene.index)
    clips = [(_clip_row(video.video_id, found, clip), clip) for clip in cuts]
    name = Path(video.locator).stem
    spans = align_spans(video.spans, found.cuts_s)
    captions, given = [], []
    for clip_row, clip in clips:
        said = ""
        if layout is not None:
            part = layout.part_of(clip.scene)
            clip_row["span_name"], said = part.name or None, part.caption
        said = said or find_given(spans, clip.scene, found.origin_s)
        text, where = choose_alt_text(page, said, clip.scene, found.origin_s, facts.title, name)
        captions.append({"clip_id": clip_row["clip_id"], "text": text, "source": where})
        if "\n" in said:
            given.append({"clip_id": clip_row["clip_id"], "text": said, "source": "span"})
    row["num_clips"] = len(clips)
    scores = [{"clip_id": kept["clip_id"], **asdict(clip.scene.scores)} for kept, clip in clips]
    return Outcome(row=row, clips=clips, captions=captions, given=given, scores=scores)


def _get(
    video: SourceVideo,
    origin: Origin,
    config: VideoConfig,
    work: Path,
    row: Row,
    gate: Gate | None,
) -> Download:
    def note_page(page: PageFacts) -> None:
        row.update(_page_columns(page))

    if video.kind == "file":
        return open_local(video, Path(origin.folder))
    urls = {
        "url": video.locator,
        "youtube": f"https://www.youtube.com/watch?v={video.locator}",
        "shapes": f"{origin.base_url}/{video.locator}",
    }
    wanted = config.filter
    bounds = Bounds(
        min_height=wanted.min_height,
        min_aspect=wanted.min_aspect,
        max_aspect=wanted.max_aspect,
        max_duration_s=wanted.max_duration_s,
        licenses=wanted.licenses,
        refused_channels=config.tombstones.channels,
    )
    gate = gate or LocalGate(config.download)
    url = urls[video.kind]
    return obtain(url, work, config.download, bounds, gate, on_page=note_page)


def _blank_row(video: SourceVideo, origin: Origin) -> Row:
    return {
        "video_id": video.video_id,
        "source": origin.source,
        "locator": video.locator,
        "status": "ok",
        "label": video.label or None,
        "retryable": False,
        "num_clips": 0,
    }


def _page_columns(page: PageFacts) -> Row:
    return {
        "title": page.title or None,
        "uploader": page.uploader or None,
        "channel": page.channel or None,
        "upload_date": page.upload_date or None,
        "license": page.license or None,
        "categories": list(page.categories) or None,
    }


def _fact_columns(facts: MediaFacts) -> Row:
    return {
        "duration_s": facts.duration_s,
        "width": facts.width,
        "height": facts.height,
        "fps": facts.fps,
        "is_vfr": facts.is_vfr,
        "codec": facts.codec,
        "nbytes": facts.nbytes,
        "sha256": facts.sha256,
    }


def _clip_row(video_id: str, found: ScanResult, clip: CutClip) -> Row:
    scene = clip.scene
    # The id says when, not which: it stays the same if another scan finds one more scene before.
    first_ms, last_ms = (
        round((time_s - found.origin_s) * 1000) for time_s in (scene.start_s, scene.end_s)
    )
    return {
        "clip_id": f"{video_id}_{first_ms:09d}_{last_ms:09d}",
        "video_id": video_id,
        "scene_index": scene.index,
        "start_s": scene.start_s,
        "end_s": scene.end_s,
        "start_pts": scene.start_pts,
        "end_pts": scene.end_pts,
        "time_base_num": scene.time_base.numerator,
        "time_base_den": scene.time_base.denominator,
        "num_frames": clip.num_frames,
        "width": clip.width,
        "height": clip.height,
        "fps": float(clip.num_frames / ((scene.end_pts - scene.start_pts) * scene.time_base)),
        "codec": clip.codec,
        "cut_mode": clip.cut_mode,
        "lead_hidden_frames": clip.lead_hidden_frames,
        "boundary_start": scene.boundary_start,
        "boundary_end": scene.boundary_end,
        "keyframe_s": scene.keyframe_s,
    } | _crop_columns(scene.crop)


def _crop_columns(crop: CropBox | None) -> Row:
    return {} if crop is None else {f"crop_{side}": value for side, value in asdict(crop).items()}
