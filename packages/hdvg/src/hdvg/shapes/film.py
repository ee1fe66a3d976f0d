"""Renders one planned video to an MP4 with sound, and tells the truth about it.

Encoders run with one thread, so that the same plan gives the same bytes on any machine with the
same FFmpeg.
"""

import io
from collections.abc import Iterator
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from hdvg.shapes.corpus import VideoPlan
from hdvg.shapes.overlay import SUBTITLES, stamp_subtitle, stamp_watermark
from hdvg.shapes.render import render_frame
from hdvg.shapes.scene import caption
from hdvg.video import UInt8Video, from_rgb, tag_bt709

# A fade goes down to black for as long before a boundary and comes up for as long after it; a
# dissolve mixes the two scenes over the same time.
TRANSITION_S = 0.4
_CLOCK = 90_000  # ticks per second of the files' video time base; MPEG's own
_AUDIO_HZ = 44_100
_BAR_FRAC = 0.12  # height of each black bar of a letterboxed video
# Which frames of a run of five a variable-rate video shows; the gaps are what cameras do in the
# dark. Kept frames keep their own time.
_VFR_KEPT = (True, True, False, True, False)
# The cheapest settings that still have B-frames, which make cutting hard as in real files.
_OPTIONS = {"preset": "ultrafast", "bf": "2", "crf": "20", "threads": "1", "g": "60"}
# A copy as sites make them: fewer bytes, other keyframes.
_COPY_OPTIONS = _OPTIONS | {"crf": "30", "g": "48"}
_TRUNCATED_FRAC = 0.4
_NOT_VIDEO = b"<!doctype html><html><body>Sign in to watch this video.</body></html>\n"


def write_film(plan: VideoPlan, path: Path) -> None:
    """Writes the file that the plan asks for under `path`, whole or not at all.

    A plan whose trouble is "missing" leaves nothing.
    """
    if plan.trouble == "missing":
        return
    data = _NOT_VIDEO if plan.trouble == "not_video" else _encode(plan)
    if plan.trouble == "truncated":
        data = data[: int(len(data) * _TRUNCATED_FRAC)]
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(data)
    partial.replace(path)


def truth(plan: VideoPlan) -> dict[str, Any]:
    """What is in the video, for tests and evaluation only: JSON-ready, times in seconds.

    `cuts` holds every boundary between scenes, as the time and the index of the first frame of
    the later scene, and its `transition`: "cut", or "fade" or "dissolve", which last for
    `TRANSITION_S` on either side; `fade` is true for a fade.
    """
    ticks = [(scene, tick) for scene, tick, _ in _frames(plan)]
    starts = [
        next(i for i, (scene, _) in enumerate(ticks) if scene == n) for n in range(len(plan.scenes))
    ]
    return {
        "video_id": plan.video_id,
        "part": plan.part,
        "trouble": plan.trouble,
        "height": plan.height,
        "width": plan.width,
        "fps": plan.fps,
        "num_frames": len(ticks),
        "duration_s": sum(scene.duration_s for scene in plan.scenes),
        "cuts": [
            {
                "time_s": ticks[start][1] / _CLOCK,
                "frame": start,
                "transition": transition,
                "fade": transition == "fade",
            }
            for start, transition in zip(starts[1:], plan.transitions, strict=True)
        ],
        "copy_of": plan.copy_of,
        "captions": [caption(scene) for scene in plan.scenes],
        "scenes": [asdict(scene) for scene in plan.scenes],
    }


def _encode(plan: VideoPlan) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        options = _COPY_OPTIONS if plan.copy_of else _OPTIONS
        video = container.add_stream("libx264", rate=plan.fps, options=options)
        video.width, video.height, video.pix_fmt = plan.width, plan.height, "yuv420p"
        video.time_base = video.codec_context.time_base = Fraction(1, _CLOCK)
        tag_bt709(video.codec_context)
        audio = container.add_stream("aac", rate=_AUDIO_HZ, layout="mono")
        sound = _tones(plan)
        heard = 0
        for scene, tick, t_s in _frames(plan):
            frame = from_rgb(_picture(plan, scene, t_s))
            frame.pts, frame.time_base = tick, Fraction(1, _CLOCK)
            container.mux(video.encode(frame))
            # Sound runs just ahead of the picture, which keeps the file interleaved.
            while heard < min(len(sound), tick * _AUDIO_HZ // _CLOCK + _AUDIO_HZ):
                block = av.AudioFrame.from_ndarray(
                    sound[None, heard : heard + 1024], format="fltp", layout="mono"
                )
                block.sample_rate, block.pts = _AUDIO_HZ, heard
                container.mux(audio.encode(block))
                heard += 1024
        container.mux(video.encode())
        container.mux(audio.encode())
    return buffer.getvalue()


def _frames(plan: VideoPlan) -> Iterator[tuple[int, int, float]]:
    """Yields (scene, clock tick, seconds into the scene) of every frame of the file."""
    index = 0
    for scene in range(len(plan.scenes)):
        for within in range(plan.num_frames(scene)):
            kept = plan.trouble != "vfr" or within == 0 or _VFR_KEPT[index % len(_VFR_KEPT)]
            if kept:
                yield scene, index * _CLOCK // plan.fps, within / plan.fps
            index += 1


def _picture(plan: VideoPlan, scene: int, t_s: float) -> UInt8Video:
    image = _scene_picture(plan, scene, t_s)
    other, other_t_s, weight = _dissolve(plan, scene, t_s)
    if weight > 0.0:
        mixed = image + (_scene_picture(plan, other, other_t_s) - image.astype(np.float32)) * weight
        image = mixed.astype(np.uint8)
    if plan.part == "web" or plan.trouble == "watermarked":
        stamp_watermark(image)
    if plan.trouble == "subtitled":
        stamp_subtitle(image, SUBTITLES[scene % len(SUBTITLES)])
    light = _light(plan, scene, t_s)
    return image if light == 1.0 else (image * np.float32(light)).astype(np.uint8)


def _scene_picture(plan: VideoPlan, scene: int, t_s: float) -> UInt8Video:
    spec = plan.scenes[scene]
    if plan.trouble == "static":
        t_s = spec.duration_s / 2
    bar = round(plan.height * _BAR_FRAC) if plan.trouble == "letterboxed" else 0
    image = render_frame(spec, t_s, plan.height - 2 * bar, plan.width)
    return np.pad(image, ((bar, bar), (0, 0), (0, 0))) if bar else image


def _dissolve(plan: VideoPlan, scene: int, t_s: float) -> tuple[int, float, np.float32]:
    """The other scene of a dissolve, the time in it and its weight in [0, 0.5]; 0 without one."""
    left_s = plan.scenes[scene].duration_s - t_s
    if scene > 0 and plan.transitions[scene - 1] == "dissolve" and t_s < TRANSITION_S:
        before_s = plan.scenes[scene - 1].duration_s + t_s
        return scene - 1, before_s, np.float32(0.5 - 0.5 * t_s / TRANSITION_S)
    last = scene == len(plan.transitions)
    if not last and plan.transitions[scene] == "dissolve" and left_s < TRANSITION_S:
        return scene + 1, -left_s, np.float32(0.5 - 0.5 * left_s / TRANSITION_S)
    return scene, t_s, np.float32(0.0)


def _light(plan: VideoPlan, scene: int, t_s: float) -> float:
    """Brightness in [0, 1]: below 1 where the scene fades in or out."""
    light = 1.0
    if scene > 0 and plan.transitions[scene - 1] == "fade":
        light = min(light, t_s / TRANSITION_S)
    if scene < len(plan.transitions) and plan.transitions[scene] == "fade":
        light = min(light, (plan.scenes[scene].duration_s - t_s) / TRANSITION_S)
    return max(0.0, light)


def _tones(plan: VideoPlan) -> npt.NDArray[np.float32]:
    """A tone a scene, each higher than the last, as samples in [-1, 1]."""
    tones = []
    for index, scene in enumerate(plan.scenes):
        t_s = np.arange(round(scene.duration_s * _AUDIO_HZ)) / _AUDIO_HZ
        tones.append(0.2 * np.sin(2 * np.pi * 220.0 * 1.25**index * t_s))
    return np.concatenate(tones).astype(np.float32)
