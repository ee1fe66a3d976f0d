"""Looks at each frame of a video once and makes scenes of what it saw."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from hdvg.keyframes import encode_keyframe
from hdvg.probe import MediaFacts
from hdvg.scan.collect_scenes import Piece, SceneCollector
from hdvg.scan.config import ScanConfig
from hdvg.scan.find_bars import BarSamples, Box, to_display
from hdvg.scan.find_boundaries import Boundaries
from hdvg.scan.find_dissolves import coarsen
from hdvg.scan.find_watermark import EdgeViews
from hdvg.scan.hold_frames import FrameHolder
from hdvg.scan.measure_change import ChangeMeter
from hdvg.scan.measure_keyframe import fingerprint, measure_sharpness
from hdvg.scan.planes import SmallPicture, shrink, whole_luma
from hdvg.scan.read_frames import decode_frame
from hdvg.scan.result import Scene, SceneScores
from hdvg.scan.timeline import Timeline

# Bars and overlays are looked for in one frame in so many: they do not come and go.
_SAMPLE_EVERY = 12
# Small pictures are measured in batches: between two of them the decoder throws all of this code
# out of the processor's caches, and fetching it back took longer than running it.
_AT_ONCE = 16

Series = npt.NDArray[np.float64]
# Chooses frames, as first and last (exclusive), by the times of all frames and of the end, [T + 1],
# and by the times of the cuts, all from the first frame.
Place = Callable[[Series, Sequence[float]], list[tuple[int, int]]]


class SceneWatcher:
    """Takes a video's frames in order, and gives its scenes at the end.

    Args:
        path: The video, for the rare frame that has to be decoded again.
        facts: Its facts.
        config: What to look for.
        first: Its first frame, which says what the frames are like.
    """

    def __init__(
        self, path: Path, facts: MediaFacts, config: ScanConfig, first: "av.VideoFrame"
    ) -> None:
        self._path, self._facts, self._config = path, facts, config
        self._size = first.width, first.height
        self._time_base = first.time_base
        self._end_pts, self._duration = first.pts, 0
        self._timeline = Timeline(config, first.time_base)
        self._meter, self._bars, self._edges = ChangeMeter(), BarSamples(), EdgeViews()
        self._held = FrameHolder(sum(plane.buffer_size for plane in first.planes))
        self._collector = SceneCollector(config, self._time_s)
        self._waiting: list[tuple[int, SmallPicture]] = []
        self._num_frames = 0
        self._scenes: list[Scene] = []
        self._cuts_s: set[float] = set()
        self._num_pieces = 0
        self._quiet, self._num_quiet = 0.0, 0

    def watch(self, frame: "av.VideoFrame") -> None:
        """Looks at the next frame."""
        index = self._num_frames
        self._num_frames += 1
        self._held.add(index, frame)
        self._waiting.append((frame.pts, shrink(frame)))
        self._duration = frame.duration
        if index % _SAMPLE_EVERY == 0:
            luma = whole_luma(frame)
            self._bars.add(index, luma)
            self._edges.offer(luma)
        if len(self._waiting) == _AT_ONCE:
            self._measure_waiting()
            found = self._timeline.judge()
            if found is not None:
                self._settle(found)

    def _measure_waiting(self) -> None:
        begins = False
        for pts, picture in self._waiting:
            numbers = self._meter.measure(picture)
            begins = self._timeline.add(pts, numbers, coarsen(picture)) or begins
        self._waiting.clear()
        if begins:
            self._held.begin_scene(self._num_frames)

    def finish(self) -> tuple[list[Scene], int, float]:
        """Says that there are no more frames.

        Returns:
            The scenes that are long enough; how many there are with the others; and the mean change
            of luma from frame to frame within scenes, in levels.
        """
        self._measure_waiting()
        pts = self._timeline.pts
        self._end_pts = pts[-1] + (self._duration or (pts[-1] - pts[-2] if len(pts) > 1 else 1))
        found = self._timeline.judge(at_end=True)
        if found is not None:
            self._settle(found)
        for piece in self._collector.finish():
            self._keep(piece)
        watermark = self._edges.score(self._bars.whole(), self._size)
        scenes = [
            replace(scene, scores=replace(scene.scores, watermark=watermark))
            for scene in self._scenes
        ]
        return scenes, self._num_pieces, self._quiet / max(1, self._num_quiet)

    def make_parts(self, place: Place) -> list[Scene]:
        """Scenes of wanted frames instead of found ones; call it after `finish`.

        Args:
            place: Chooses the frames.
        """
        pts = np.asarray([*self._timeline.pts, self._end_pts], np.float64)
        box = self._bars.whole()
        watermark = self._edges.score(box, self._size)
        scenes: list[Scene] = []
        for first, last in place((pts - pts[0]) * float(self._time_base), self.cuts_s):
            piece = Piece(first=first, last=last, starts="span", ends="span")
            steps = np.asarray(self._timeline.motion[first + 1 : last])
            scene = self._make_scene(len(scenes), piece, steps, box)
            scores = replace(scene.scores, watermark=watermark)
            scenes.append(replace(scene, scores=scores))
        return scenes

    @property
    def cuts_s(self) -> tuple[float, ...]:
        """Where scenes begin and end, kept or not, in seconds from the first frame, ascending."""
        return tuple(sorted(self._cuts_s))

    @property
    def origin_s(self) -> float:
        """Time of the first frame on the video's clock, in seconds."""
        return self._time_s(0)

    def _time_s(self, index: int) -> float:
        return float(self._pts(index) * self._time_base)

    def _pts(self, index: int) -> int:
        return self._timeline.pts[index] if index < len(self._timeline) else self._end_pts

    def _settle(self, found: Boundaries) -> None:
        for piece in self._collector.take(found):
            self._keep(piece)
        self._held.let_go(self._collector.needed_from)
        self._bars.let_go(self._collector.needed_from)

    def _keep(self, piece: Piece) -> None:
        """Makes a scene of a piece, if it is long enough, and adds its motion to the video's."""
        steps = np.asarray(self._timeline.motion[piece.first + 1 : piece.last])
        self._quiet += float(steps.sum())
        self._num_quiet += len(steps)
        index, self._num_pieces = self._num_pieces, self._num_pieces + 1
        for frame, kind in ((piece.first, piece.starts), (piece.last, piece.ends)):
            if kind not in ("forced", "video_edge"):
                self._cuts_s.add(self._time_s(frame) - self.origin_s)
        if self._time_s(piece.last) - self._time_s(piece.first) >= self._config.min_scene_s - 1e-6:
            box = self._bars.picture(piece.first, piece.last)
            self._scenes.append(self._make_scene(index, piece, steps, box))

    def _make_scene(self, index: int, piece: Piece, steps: Series, box: Box | None) -> Scene:
        first, last = piece.first, piece.last
        pts, frame = self._central_frame(first, last)
        luma = whole_luma(frame)
        crop, bars = None, 0.0
        if box is not None and luma.shape == (self._size[1], self._size[0]):
            x, y, width, height = box
            crop = to_display(box, self._size, self._facts)
            bars = 1.0 - width * height / luma.size
            luma = luma[y : y + height, x : x + width]
        # What was skipped after the last frame that was seen may lie beyond the boundary.
        unsure = self._config.fast and piece.ends not in ("forced", "video_edge")
        return Scene(
            index=index,
            start_pts=self._pts(first),
            end_pts=self._pts(last - 1) + 1 if unsure else self._pts(last),
            time_base=self._time_base,
            boundary_start=piece.starts,
            boundary_end=piece.ends,
            num_frames=last - first,
            keyframe=encode_keyframe(frame, self._facts),
            keyframe_pts=pts,
            scores=SceneScores(
                motion=_mean(steps),
                static_ratio=_mean(steps < self._config.static_level),
                luma=_mean(np.asarray(self._timeline.luma[first:last])),
                contrast=_mean(np.asarray(self._timeline.contrast[first:last])),
                sharpness=measure_sharpness(luma),
                black_bars=bars,
                watermark=0.0,  # is known at the end of the video
                fingerprint=fingerprint(luma),
            ),
            crop=crop,
        )

    def _central_frame(self, first: int, last: int) -> "tuple[int, av.VideoFrame]":
        """The frame nearest to half time of those that are held, with its timestamp."""
        pts = np.asarray(self._timeline.pts[first:last])
        middle = (self._pts(first) + self._pts(last)) / 2
        wanted = first + max(0, int(np.searchsorted(pts, middle, side="right")) - 1)
        found = self._held.nearest(first, last, wanted)
        if found is None:
            frame = decode_frame(self._path, self._pts(wanted))
            return self._pts(wanted), frame
        index, frame = found
        return self._pts(index), frame


def _mean(values: "Series | npt.NDArray[np.bool_]") -> float:
    return float(values.mean()) if len(values) else 0.0
