import io

import pytest
from PIL import Image, ImageDraw, ImageFont


def _jpeg(text):
    image = Image.new("RGB", (680, 384), (40, 60, 90))
    font = ImageFont.load_default(60)
    ImageDraw.Draw(image).text((30, 150), text, fill="white", font=font)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def clip(name, fingerprint, text, caption):
    return {"name": name, "fingerprint": fingerprint, "text": text, "caption": caption}


def unit_of(clips):
    """A unit's tables and keyframes; text None is a keyframe that cannot be decoded."""
    return {
        "videos": [{"video_id": "v"}],
        "keyframes": {
            f"{c['name']}.jpg": b"damaged" if c["text"] is None else _jpeg(c["text"]) for c in clips
        },
        "clips": [{"clip_id": c["name"], "video_id": "v", "end_s": 1.0} for c in clips],
        "captions.alt_text": [{"clip_id": c["name"], "text": c["caption"]} for c in clips],
        "scores.scan": [{"clip_id": c["name"], "fingerprint": c["fingerprint"]} for c in clips],
    }


FIRST = [clip("a", 0xFF00, "Breaking news", "a dog"), clip("b", 1 << 60, "", "A DOG")]
SECOND = [clip("c", 0xFF01, "", "rain"), clip("d", 0xABCD << 30, None, "")]


@pytest.fixture
def data(write_tables, tmp_path):
    """Two units; c looks like a, a and b share their caption, d has no readable keyframe."""
    return write_tables(tmp_path / "d", {"u0": unit_of(FIRST), "u1": unit_of(SECOND)})


@pytest.fixture
def grow(write_tables, data):
    """Adds a unit whose clip looks like b."""

    def add():
        write_tables(data.root, {"u2": unit_of([clip("e", (1 << 60) | 1, "", "rain")])})

    return add
