"""Pictures in, pictures out; 16-bit PNGs are read and written here by libpng's rules, not ours."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from hdvg.errors import InputError
from vfsr.dead_leaves import render_dead_leaves
from vfsr.frame_upscaler import FrameUpscaler
from vfsr.upscale_image import is_image, upscale_image


@pytest.fixture(scope="module")
def upscaler(plain):
    return FrameUpscaler(plain)


def picture(channels=3):
    rgb = render_dead_leaves(np.random.default_rng(0), 32, 48)
    if channels == 1:
        return rgb[..., 0]
    matte = np.zeros((32, 48, 1), np.uint8)
    matte[8:24, 12:36] = 255
    return rgb if channels == 3 else np.concatenate([rgb, matte], axis=2)


def shrunk(levels):
    """Block means: what a picture twice as large has to have had."""
    height, width = levels.shape[0] // 2, levels.shape[1] // 2
    return levels.reshape(height, 2, width, 2, -1).mean(axis=(1, 3)).squeeze()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".jpeg", ".webp"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pictures_become_larger_and_stay_themselves(upscaler, tmp_path, suffix, channels):
    levels = picture(channels)
    Image.fromarray(levels).save(tmp_path / "in.png")
    target = tmp_path / f"new/out{suffix}"
    if channels == 4 and suffix.startswith(".j"):
        with pytest.raises(InputError, match=r"cannot hold the transparency of .*write \.png"):
            upscale_image(tmp_path / "in.png", target, upscaler)
        assert not target.parent.exists()
        return
    upscale_image(tmp_path / "in.png", target, upscaler)
    with Image.open(target) as image:
        assert image.size == (96, 64)
        large = np.asarray(image).astype(float)
    assert large.ndim == levels.ndim or suffix == ".webp"
    solid = np.s_[10:22, 14:34]
    truth = levels if large.ndim == 2 or channels != 1 else levels[..., None].repeat(3, 2)
    assert np.abs(shrunk(large)[solid] - truth[solid]).mean() < 8
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def chunks_of(png):
    position, found = 8, {}
    while position < len(png):
        (size,) = struct.unpack(">I", png[position : position + 4])
        name = png[position + 4 : position + 8]
        found[name] = found.get(name, b"") + png[position + 8 : position + 8 + size]
        position += 12 + size
    return found


def write_deep(path, levels):
    """A 16-bit PNG, written out: rows of big-endian samples, each after a filter byte of 0."""
    height, width, channels = levels.shape
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in levels)
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for name, data in parts:
            crc = struct.pack(">I", zlib.crc32(name + data))
            file.write(struct.pack(">I", len(data)) + name + data + crc)


def read_deep(path):
    """Of a PNG with any filters, by the specification's section 9."""
    found = chunks_of(path.read_bytes())
    width, height, depth, kind = struct.unpack(">IIBB", found[b"IHDR"][:10])
    assert depth == 16
    size = 2 * {0: 1, 4: 2, 2: 3, 6: 4}[kind]
    data = zlib.decompress(found[b"IDAT"])
    above = [0] * (width * size)
    rows = []
    for y in range(height):
        line = data[y * (width * size + 1) : (y + 1) * (width * size + 1)]
        row = []
        for x, value in enumerate(line[1:]):
            a = row[x - size] if x >= size else 0
            b, c = above[x], above[x - size] if x >= size else 0
            guess = min((a, b, c), key=lambda v, a=a, b=b, c=c: abs(a + b - c - v))
            row.append((value + (0, a, b, (a + b) // 2, guess)[line[0]]) % 256)
        above = row
        rows.append(row)
    return np.array(rows, np.uint8).view(">u2").reshape(height, width, -1).astype(int)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_sixteen_bits_stay_sixteen(upscaler, tmp_path, channels):
    ramp = np.arange(16 * 24).reshape(16, 24, 1) * 20 + 30_000
    levels = (ramp + 100 * np.arange(channels)).astype(np.uint16)
    write_deep(tmp_path / "in.png", levels)
    upscale_image(tmp_path / "in.png", tmp_path / "out.png", upscaler)
    large = read_deep(tmp_path / "out.png")
    assert large.shape == (32, 48, channels)
    inside = np.s_[2:-2, 2:-2]
    # The levels of 8 bits are 257 apart.
    truth = levels.squeeze()
    assert np.abs(shrunk(large.astype(float))[inside] - truth[inside]).mean() < 60
    assert len(set(large.flat)) > 256
    with pytest.raises(InputError, match="16 bits"):
        upscale_image(tmp_path / "in.png", tmp_path / "out.webp", upscaler)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
@pytest.mark.parametrize("deep", [False, True])
def test_orientation_and_profile_go_along(upscaler, tmp_path, suffix, deep):
    exif = Image.Exif()
    exif[0x0112] = 6
    profile = b"a profile of colours" * 20
    Image.fromarray(picture()).save(tmp_path / "in.png", exif=exif, icc_profile=profile)
    if deep:
        if suffix != ".png":
            pytest.skip("only PNG has 16 bits")
        before = (tmp_path / "in.png").read_bytes()
        write_deep(tmp_path / "in.png", picture().astype(np.uint16) * 257)
        plain = (tmp_path / "in.png").read_bytes()
        extra = before[33 : before.index(b"IDAT") - 4]
        (tmp_path / "in.png").write_bytes(plain[:33] + extra + plain[33:])
    upscale_image(tmp_path / "in.png", tmp_path / f"out{suffix}", upscaler)
    with Image.open(tmp_path / f"out{suffix}") as image:
        assert image.size == (96, 64)
        assert image.getexif()[0x0112] == 6
        assert image.info["icc_profile"] == profile


@pytest.mark.parametrize("mode", ["P", "1", "LA", "CMYK"])
def test_other_modes_are_worked_on_too(upscaler, tmp_path, mode):
    source = tmp_path / ("in.jpg" if mode == "CMYK" else "in.png")
    Image.fromarray(picture()).convert(mode).save(source)
    upscale_image(source, tmp_path / "out.png", upscaler)
    with Image.open(tmp_path / "out.png") as image:
        assert image.size == (96, 64)
        assert image.mode == {"P": "RGB", "1": "L", "LA": "LA", "CMYK": "RGB"}[mode]


def test_pictures_do_not_know_of_each_other(upscaler, tmp_path):
    for seed in range(2):
        rgb = render_dead_leaves(np.random.default_rng(seed), 32, 48)
        Image.fromarray(rgb).save(tmp_path / f"{seed}.png")
    upscale_image(tmp_path / "1.png", tmp_path / "alone.png", upscaler)
    upscale_image(tmp_path / "0.png", tmp_path / "before.png", upscaler)
    upscale_image(tmp_path / "1.png", tmp_path / "after.png", upscaler)
    assert (tmp_path / "alone.png").read_bytes() == (tmp_path / "after.png").read_bytes()


def test_what_cannot_be_is_refused(upscaler, tmp_path):
    frames = [Image.fromarray(np.roll(picture(), i, axis=0)) for i in range(3)]
    frames[0].save(tmp_path / "moving.webp", save_all=True, append_images=frames[1:])
    Image.fromarray(picture()).save(tmp_path / "sound.png")
    whole = (tmp_path / "sound.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "page.png").write_text("<html>")
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 16, 2, 0, 0, 0)
    bomb = whole[:16] + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + whole[33:]
    (tmp_path / "bomb.png").write_bytes(bomb)
    for name, message in (
        ("moving.webp", "is animated"),
        ("half.png", "not a readable picture"),
        ("page.png", "not a readable picture"),
        ("bomb.png", "bomb.png"),
    ):
        with pytest.raises(InputError, match=message):
            upscale_image(tmp_path / name, tmp_path / "out.png", upscaler)
    with pytest.raises(InputError, match=r"must end in one of .*out\.gif"):
        upscale_image(tmp_path / "sound.png", tmp_path / "out.gif", upscaler)
    assert not list(tmp_path.glob("*out*"))


def test_pictures_are_known_by_their_content(tmp_path):
    for name in ("a.png", "a.jpg", "a.webp", "a.gif", "a.bmp"):
        Image.fromarray(picture()).save(tmp_path / name)
        assert is_image(tmp_path / name) == (name[2:] in ("png", "jpg", "webp"))
    (tmp_path / "empty").touch()
    assert not is_image(tmp_path / "empty")
