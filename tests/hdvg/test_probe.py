import hashlib
import struct
from contextlib import suppress
from fractions import Fraction

import av
import numpy as np
import pytest

import hdvg.probe as module
from hdvg.errors import InputError
from hdvg.failures import VideoFailure
from hdvg.probe import FilterConfig, MediaFacts, check, probe
from hdvg.video import write_video


def _code(path):
    with pytest.raises(VideoFailure) as caught:
        probe(path)
    assert str(path) not in caught.value.message
    return caught.value.code


def _facts(**changes):
    fields = {
        "width": 1280,
        "height": 720,
        "rotation": 0,
        "duration_s": 10.0,
        "num_frames": 250,
        "fps": 25.0,
        "is_vfr": False,
        "codec": "h264",
        "title": "",
        "nbytes": 1,
        "sha256": "",
    }
    return MediaFacts(**(fields | changes))


def _remux(source, target, title="", **open_options):
    with av.open(str(source)) as read, av.open(str(target), "w", **open_options) as written:
        written.metadata["title"] = title
        stream = written.add_stream_from_template(read.streams.video[0])
        for packet in read.demux(read.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                written.mux(packet)


@pytest.mark.parametrize("name", ["", "vfr", "web", "vertical", "small", "letterboxed"])
def test_facts_of_rendered_videos(media, truth, name):
    facts, true = probe(media[name]), truth[name]
    assert (facts.width, facts.height) == (true["width"], true["height"])
    assert facts.num_frames == true["num_frames"]
    # A variable-rate file may end a dropped frame or two before the last scene does.
    assert facts.duration_s == pytest.approx(true["duration_s"], abs=2.01 / true["fps"])
    assert facts.is_vfr == (name == "vfr")
    assert (facts.codec, facts.rotation) == ("h264", 0)
    assert facts.sha256 == hashlib.sha256(media[name].read_bytes()).hexdigest()


def test_facts_of_real_footage(film_clips):
    bunny, bikes = probe(film_clips["bigbuckbunny.mp4"]), probe(film_clips["bikes.mp4"])
    assert (bunny.width, bunny.height, bunny.num_frames, bunny.fps) == (1280, 720, 132, 25.0)
    assert (bikes.width, bikes.height, bikes.num_frames, bikes.is_vfr) == (640, 272, 250, False)


def test_files_that_are_no_video(media, tmp_path):
    assert _code(media["not_video"]) == "probe_failed"
    assert _code(media["truncated"]) == "probe_failed"
    assert _code(tmp_path / "missing.mp4") == "probe_failed"


def test_playlist_in_disguise_is_not_followed(tmp_path):
    path = tmp_path / "evil.mp4"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/passwd\n#EXT-X-ENDLIST\n")
    assert _code(path) == "probe_failed"


def test_sound_alone_is_no_video(tmp_path):
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert _code(path) == "probe_failed"


def test_file_that_lost_its_tail(tmp_path, media):
    """With its index in front a file opens, and only its packets tell that it ends early."""
    whole = tmp_path / "whole.mp4"
    _remux(media[""], whole, options={"movflags": "faststart"})
    assert probe(whole).num_frames == probe(media[""]).num_frames
    data = whole.read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(data[: len(data) // 2])
    assert _code(cut) == "decode_failed"


@pytest.mark.parametrize(("degrees", "k"), [(90, 1), (180, 2), (270, 3)])
def test_rotation_is_anticlockwise_and_turns_the_size(tmp_path, degrees, k):
    path = write_video(tmp_path / "a.mp4", np.zeros((3, 3, 64, 128), np.uint8), 25)
    _set_display_matrix(path, k)
    facts = probe(path)
    assert facts.rotation == degrees
    assert (facts.width, facts.height) == ((64, 128) if k % 2 else (128, 64))


def _set_display_matrix(path, k):
    """Writes a rotation by k quarter turns anticlockwise into the track header (ISO 14496-12)."""
    data = bytearray(path.read_bytes())
    one, minus = (1 << 16).to_bytes(4, "big"), (-(1 << 16)).to_bytes(4, "big", signed=True)
    zero = bytes(4)
    a, b, c, d = {
        1: (zero, minus, one, zero),
        2: (minus, zero, zero, minus),
        3: (zero, one, minus, zero),
    }[k]
    place = data.index(b"tkhd") + 4 + 40
    data[place : place + 20] = a + b + zero + c + d
    path.write_bytes(data)


def test_oblong_pixels_are_made_square(tmp_path):
    path = tmp_path / "wide.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 720, 576, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(64, 45)
        for _ in range(3):
            frame = av.VideoFrame.from_ndarray(np.zeros((576, 720, 3), np.uint8))
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    facts = probe(path)
    assert (facts.width, facts.height) == (1024, 576)


def test_container_title(tmp_path, media):
    path = tmp_path / "titled.mkv"
    _remux(media[""], path, title="a  named film")
    facts = probe(path)
    assert facts.title == "a named film"
    # Matroska's clock ticks in milliseconds: 41, 42, 42 ms is not a variable frame rate.
    assert not facts.is_vfr


def _with_streams(path, *kinds):
    """A file of "film" (64x48), "other film" (128x96) and "cover" streams in this order."""
    sizes = {"film": (64, 48), "other film": (128, 96)}
    with av.open(str(path), "w") as container:
        streams = []
        for kind in kinds:
            stream = container.add_stream("mjpeg" if kind == "cover" else "libx264", rate=5)
            stream.width, stream.height = sizes.get(kind, (64, 48))
            stream.pix_fmt = "yuvj420p" if kind == "cover" else "yuv420p"
            if kind == "cover":
                stream.disposition = av.stream.Disposition.attached_pic
            streams.append(stream)
        for stream, kind in zip(streams, kinds, strict=True):
            for number in range(1 if kind == "cover" else 5):
                frame = av.VideoFrame(stream.width, stream.height, stream.pix_fmt)
                frame.pts = number
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
    return path


def test_of_two_films_the_first_is_taken(tmp_path):
    assert probe(_with_streams(tmp_path / "a.mkv", "film", "other film")).width == 64
    assert probe(_with_streams(tmp_path / "b.mkv", "other film", "film")).width == 128


def test_cover_art_is_no_film(tmp_path):
    assert _code(_with_streams(tmp_path / "a.mp4", "cover")) == "probe_failed"
    assert probe(_with_streams(tmp_path / "b.mp4", "film", "cover")).num_frames == 5


def test_a_title_is_plain_text(tmp_path, media):
    path = tmp_path / "titled.mkv"
    _remux(media[""], path, title="\x1b[31mred\x1b[0m \u202etxt " + "long " * 5000)
    title = probe(path).title
    assert title.startswith("red txt long long")
    assert title.isprintable()
    assert len(title) <= 500


def _patched(path, source, box, at, value):
    """Overwrites 32 bits at an offset from the name of a box in the index (ISO 14496-12)."""
    data = bytearray(source.read_bytes())
    struct.pack_into(">I", data, data.index(box) + 4 + at, value)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("box", "at", "value"),
    [
        (b"mdhd", 12, 0),  # ticks a second
        (b"mdhd", 12, 0xFFFFFFFF),
        (b"mdhd", 12, 1),
        (b"mdhd", 16, 0xFFFFFFFF),  # duration
        (b"mvhd", 12, 0),
        (b"stts", 4, 0xFFFFFFFF),  # runs of equal frame durations
        (b"stts", 8, 0xFFFFFFFF),  # frames in the first run
        (b"stts", 12, 0xFFFFFFFF),  # their duration
        (b"stts", 12, 0),
        (b"stsz", 8, 0xFFFFFFFF),  # frames
        (b"stsc", 4, 0xFFFFFFFF),
        (b"stco", 4, 0xFFFFFFFF),
        (b"stco", 8, 0xFFFFFFFF),
        (b"avc1", 24, 0xFFFFFFFF),  # width and height
        (b"avc1", 24, 0),
        (b"elst", 8, 0xFFFFFFFF),
    ],
)
def test_absurd_claims_end_in_facts_or_in_a_named_failure(tmp_path, media, box, at, value):
    path = _patched(tmp_path / "v.mp4", media["web"], box, at, value)
    facts = None
    with suppress(VideoFailure):
        facts = probe(path)
    if facts is None:
        assert _code(path) in ("probe_failed", "decode_failed", "no_frames")
        return
    assert 0 < facts.duration_s < float("inf")
    assert 0 < facts.fps < float("inf")
    assert 0 < facts.num_frames < 10**6


def test_frames_beyond_number_are_not_listed(media, monkeypatch):
    monkeypatch.setattr(module, "_MAX_FRAMES", 10)
    assert _code(media["web"]) == "probe_failed"


def test_an_empty_licence_word_is_refused():
    with pytest.raises(InputError, match="empty word"):
        FilterConfig(licenses=("CC-BY", " "))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"height": 718, "width": 1276}, "low_resolution"),
        ({"width": 960}, "not_widescreen"),
        ({"width": 3000}, "too_wide"),
        ({"duration_s": 0.4}, "too_short"),
        ({"duration_s": 1e6}, "too_long"),
    ],
)
def test_the_paper_s_filter(changes, code):
    check(_facts(), FilterConfig())
    with pytest.raises(VideoFailure) as caught:
        check(_facts(**changes), FilterConfig())
    assert (caught.value.code, caught.value.fail_class) == (code, "content")


@pytest.mark.parametrize(
    "changes",
    [{"min_height": 0}, {"min_aspect": -1.0}, {"min_aspect": 5.0}, {"min_duration_s": -2.0}],
)
def test_impossible_filters_are_refused(changes):
    with pytest.raises(InputError, match=f"{next(iter(changes.values()))}"):
        FilterConfig(**changes)
