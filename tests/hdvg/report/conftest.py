"""A small dataset with real media."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

NASTY = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
SIZE = (320, 180)
_PICTURE = {
    "width": SIZE[0],
    "height": SIZE[1],
    "fps": 25.0,
    "codec": "h264",
    "cut_mode": "encode",
    "boundary_start": "cut",
    "boundary_end": "fade",
}


def _render(seed):
    """Two seconds of noise that changes, at 25 frames a second, as H.264."""
    rng = np.random.default_rng(seed)
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.time_base = Fraction(1, 25)
        for index in range(50):
            small = rng.integers(0, 255, (9, 16, 3), np.uint8)
            frame = av.VideoFrame.from_image(Image.fromarray(small).resize(SIZE))
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.getvalue()


def _jpeg(colour):
    buffer = io.BytesIO()
    Image.new("RGB", SIZE, colour).save(buffer, "JPEG")
    return buffer.getvalue()


def _failed(video_id, fail_class, code, message):
    return {
        "video_id": video_id,
        "status": "failed",
        "fail_class": fail_class,
        "fail_code": code,
        "fail_message": message,
        "retryable": fail_class == "transient",
    }


UNITS = {
    "u0": {
        "media": {"a_0.mp4": _render(0), "a_1.mp4": _render(1)},
        "keyframes": {"a_0.jpg": _jpeg("red"), "a_1.jpg": b"damaged"},
        "videos": [
            {
                "video_id": "a",
                "status": "ok",
                "title": "Balls",
                "label": "Sport",
                "locator": "https://films.test/a",
                "duration_s": 8.0,
                "num_scenes": 3,
                "num_clips": 2,
            },
            _failed("c", "content", "low_resolution", "height 240, wanted at least 720"),
        ],
        "clips": [
            {"clip_id": "a_0", "video_id": "a", "start_s": 1.0, "end_s": 3.0} | _PICTURE,
            {"clip_id": "a_1", "video_id": "a", "start_s": 65.0, "end_s": 67.0} | _PICTURE,
        ],
        "captions.alt_text": [
            {"clip_id": "a_0", "text": "a red ball"},
            {"clip_id": "a_1", "text": "a blue ball"},
        ],
        "scores.scan": [
            {"clip_id": "a_0", "watermark": 0.25, "motion": 1.0},
            {"clip_id": "a_1", "watermark": 0.75, "motion": 9.0},
        ],
    },
    "u1": {
        "media": {"b_0.mp4": _render(2)},
        "keyframes": {"b_0.jpg": _jpeg("blue")},
        "videos": [
            {
                "video_id": "b",
                "status": "ok",
                "title": NASTY,
                "categories": ["Film", "x"],
                "locator": "javascript:window.hacked=1",
                "duration_s": 4.0,
                "num_scenes": 1,
                "num_clips": 1,
            },
            _failed("d", "permanent", "private", NASTY),
            _failed("e", "transient", "timeout", "it took too long"),
            _failed("f", "transient", "timeout", "again"),
        ],
        "clips": [{"clip_id": "b_0", "video_id": "b", "end_s": 2.0} | _PICTURE],
        "captions.alt_text": [{"clip_id": "b_0", "text": NASTY}],
    },
}


@pytest.fixture(scope="session")
def data(write_tables, tmp_path_factory):
    """Root of a dataset of three clips of two videos, with four failed ones and hostile texts."""
    root = tmp_path_factory.mktemp("report") / "balls"
    return write_tables(root, UNITS, {"cut": {"crf": 18}, "unit_size": 2}).root
