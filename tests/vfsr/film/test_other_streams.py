"""Sound, subtitles, covers, fonts, chapters and titles, of files that have them all."""

import struct
from fractions import Fraction

import av
import numpy as np
import pytest

from hdvg.errors import InputError
from vfsr.film.other_streams import choose_streams
from vfsr.upscale_film import upscale_file

FONT = b"\0\1\0\0 as if it were a font"
CHAPTERS = [
    {"id": n, "start": a, "end": b, "time_base": Fraction(1, 1000), "metadata": {"title": title}}
    for n, a, b, title in ((1, 0, 900, "I"), (2, 900, 2000, "J"))
]
LINES = {"subrip": b"Hello", "mov_text": struct.pack(">H", 5) + b"Hello"}


@pytest.fixture
def rich_film(tmp_path):
    """Call it with a name and the codec of its subtitles: two seconds with everything."""

    def make(name, subtitles):
        path = tmp_path / name
        with av.open(str(path), "w") as container:
            picture = container.add_stream("libx264", rate=10)
            picture.width, picture.height = 48, 32
            picture.metadata["language"] = "eng"
            sound = container.add_stream("aac", rate=16_000)
            sound.metadata["language"] = "ger"
            words = container.add_mux_stream(subtitles, time_base=Fraction(1, 1000))
            words.metadata["language"] = "fre"
            container.metadata["title"] = "A film"
            container.set_chapters(CHAPTERS)
            covers = _add_extras(container, path.suffix)
            container.mux(covers)
            _speak(container, words, LINES[subtitles])
            _play(container, picture, sound)
        return path

    return make


def _add_extras(container, suffix):
    if suffix == ".mkv":
        container.add_attachment("font.ttf", "font/ttf", FONT)
        return []
    cover = container.add_stream("mjpeg")
    cover.width, cover.height, cover.pix_fmt = 32, 32, "yuvj420p"
    cover.disposition = av.stream.Disposition.attached_pic
    frame = av.VideoFrame(32, 32, "yuvj420p")
    return cover.encode(frame) + cover.encode()


def _speak(container, words, line):
    for start_ms in (300, 1200):
        packet = av.Packet(line)
        packet.stream, packet.time_base = words, Fraction(1, 1000)
        packet.pts = packet.dts = start_ms
        packet.duration = 400
        container.mux(packet)


def _play(container, picture, sound):
    for index in range(20):
        levels = np.full((32, 48, 3), 10 * index, np.uint8)
        frame = av.VideoFrame.from_ndarray(levels, format="rgb24")
        frame.pts, frame.time_base = index, Fraction(1, 10)
        container.mux(picture.encode(frame))
    container.mux(picture.encode())
    wave = np.sin(np.arange(32_000) * 0.2).astype(np.float32)
    for start in range(0, len(wave) - 1024, 1024):
        block = np.ascontiguousarray(np.stack([wave[start : start + 1024]] * 2))
        frame = av.AudioFrame.from_ndarray(block, "fltp", "stereo")
        frame.rate, frame.pts, frame.time_base = 16_000, start, Fraction(1, 16_000)
        container.mux(sound.encode(frame))
    container.mux(sound.encode())


@pytest.mark.parametrize(("name", "subtitles"), [("a.mkv", "subrip"), ("a.mp4", "mov_text")])
def test_everything_goes_along(plain, rich_film, packets_of, tmp_path, name, subtitles):
    source = rich_film(name, subtitles)
    target = tmp_path / f"out{source.suffix}"
    assert upscale_file(source, target, model=plain).notes == ()
    for kind in ("audio", "subtitle"):
        before, after = (
            # MP4 fills the time between subtitles with empty ones, of its own accord.
            [(time, data) for time, data in packets_of(path, kind) if data != b"\0\0"]
            for path in (source, target)
        )
        assert len(before) >= 2
        assert before == after
    with av.open(str(source)) as one, av.open(str(target)) as other:
        assert other.metadata["title"] == "A film"
        assert [c["metadata"] for c in other.chapters()] == [{"title": "I"}, {"title": "J"}]
        assert [s.type for s in other.streams] == [s.type for s in one.streams]
        assert [s.language for s in other.streams] == [s.language for s in one.streams]
        covers = [s for s in other.streams.video if s.disposition.name == "attached_pic"]
        assert len(covers) == (0 if name == "a.mkv" else 1)
        if name == "a.mkv":
            assert other.streams.attachments[0].data == FONT
            assert other.streams.attachments[0].metadata["filename"] == "font.ttf"


def test_sound_and_pictures_stay_in_step(plain, rich_film, tmp_path):
    source, target = rich_film("a.mp4", "mov_text"), tmp_path / "out.mp4"
    upscale_file(source, target, model=plain)
    with av.open(str(source)) as one, av.open(str(target)) as other:
        for before, after in zip(one.streams, other.streams, strict=True):
            assert before.start_time == after.start_time
            assert before.duration * before.time_base == after.duration * after.time_base


@pytest.mark.parametrize(
    ("name", "subtitles", "target", "advice"),
    [("a.mkv", "subrip", "out.mp4", "write .mkv"), ("a.mp4", "mov_text", "out.mkv", "write .mp4")],
)
def test_subtitles_that_do_not_fit_are_refused_before_any_work(
    plain, rich_film, tmp_path, name, subtitles, target, advice
):
    source = rich_film(name, subtitles)
    with pytest.raises(InputError, match=rf"cannot hold subtitle stream 2 .*{advice}"):
        upscale_file(source, tmp_path / target, model=plain)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_what_is_left_out_is_named(rich_film, tmp_path):
    source = rich_film("a.mp4", "mov_text")
    chosen = choose_streams(source, tmp_path / "out.mov")
    assert 1 in chosen.copied
    assert [note.split(" stream")[0] for note in chosen.notes] == ["left out video"]
    assert "mjpeg" in chosen.notes[0]


def test_a_cover_becomes_matroskas_attachment(plain, tmp_path):
    source = tmp_path / "a.mp4"
    with av.open(str(source), "w") as container:
        picture = container.add_stream("libx264", rate=10)
        picture.width, picture.height = 48, 32
        cover = _add_extras(container, ".mp4")
        container.mux(cover)
        frame = av.VideoFrame(48, 32, "yuv420p")
        frame.pts, frame.time_base = 0, Fraction(1, 10)
        container.mux(picture.encode(frame) + picture.encode())
    target = tmp_path / "out.mkv"
    assert upscale_file(source, target, model=plain).notes == ()
    with av.open(str(target)) as container:
        covers = [s for s in container.streams if s.type == "attachment" or s.index == 1]
        data = bytes(next(container.demux(container.streams[1])))
    assert len(covers) == 1
    assert data == bytes(cover[0])
