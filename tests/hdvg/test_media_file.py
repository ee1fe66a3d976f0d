"""Files that try to make FFmpeg open something else, or allocate what no machine has."""

import io
import struct
import subprocess
import sys

import av
import numpy as np
import pytest

from hdvg.errors import InputError
from hdvg.media_file import MAX_PIXELS, open_media
from hdvg.video import write_video


@pytest.fixture(scope="module")
def secret(tmp_path_factory):
    """A video that nobody was asked to open; its index lies behind its frames."""
    path = tmp_path_factory.mktemp("home") / "secret.mp4"
    frames = np.random.default_rng(0).integers(0, 255, (8, 3, 48, 64), np.uint8)
    fast = write_video(path.with_name("fast.mp4"), frames, 8)
    with av.open(str(fast)) as read, av.open(str(path), "w") as written:
        stream = written.add_stream_from_template(read.streams.video[0])
        for packet in read.demux(read.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                written.mux(packet)
    return path


def _num_frames(source):
    """Frames that decode; none if the file is refused."""
    try:
        with open_media(source) as container:
            return len(list(container.decode(video=0)))
    except (InputError, av.FFmpegError):
        return 0


PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{path}\n#EXT-X-ENDLIST\n",
    "hls by url": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{path}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{path}'\n",
    "dash": (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"'
        ' mediaPresentationDuration="PT1S"><Period><AdaptationSet mimeType="video/mp4">'
        '<Representation id="1" bandwidth="1"><BaseURL>{path}</BaseURL></Representation>'
        "</AdaptationSet></Period></MPD>"
    ),
    "sdp": (
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        "m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"
    ),
    "imf": '<?xml version="1.0"?><CompositionPlaylist><a>{path}</a></CompositionPlaylist>',
    "subtitles": "1\n00:00:00,000 --> 00:00:02,000\n{path}\n",
    "ass": "[Script Info]\nVideo File: {path}\n",
    "vapoursynth": "import os\nos.system('touch {path}.owned')\n",
    "passwd": "root:x:0:0:root:/root:/bin/bash\n",
}


@pytest.mark.parametrize("suffix", ["mp4", "m3u8", "txt", "mpd", "sdp", "vpy", "mkv"])
@pytest.mark.parametrize("name", PLAYLISTS)
def test_no_list_leads_to_another_file(tmp_path, secret, name, suffix):
    path = tmp_path / f"v.{suffix}"
    path.write_text(PLAYLISTS[name].format(path=secret))
    assert _num_frames(path) == 0
    assert _num_frames(io.BytesIO(path.read_bytes())) == 0
    assert not secret.with_suffix(".mp4.owned").exists()


def test_ffmpeg_would_have_followed(tmp_path, secret):
    """The control: without our limits these very files lead to the secret."""
    for name, suffix, options in (
        ("hls", "m3u8", {"allowed_extensions": "ALL", "extension_picky": "0"}),
        ("concat", "txt", {"safe": "0"}),
    ):
        path = tmp_path / f"v.{suffix}"
        path.write_text(PLAYLISTS[name].format(path=secret))
        with av.open(str(path), options=options) as container:
            assert len(list(container.decode(video=0))) == 8


def test_pictures_in_a_row_are_no_video(tmp_path):
    from PIL import Image

    for number in range(3):
        Image.new("RGB", (64, 48)).save(tmp_path / f"a{number}.jpg")
    (tmp_path / "a%d.jpg").write_bytes((tmp_path / "a0.jpg").read_bytes())
    assert _num_frames(tmp_path / "a%d.jpg") == 0
    assert _num_frames(tmp_path / "a0.jpg") == 0


@pytest.mark.parametrize("name", ["pipe:0", "concat:{path}", "subfile,,start,0,end,99999,,:{path}"])
def test_names_that_are_protocols_are_only_names(tmp_path, monkeypatch, secret, name):
    monkeypatch.chdir(tmp_path)
    link = tmp_path / "s.mp4"
    link.write_bytes(secret.read_bytes())
    name = name.format(path="s.mp4")
    (tmp_path / name).write_bytes(b"not a video")
    assert _num_frames(name) == 0
    (tmp_path / name).write_bytes(secret.read_bytes())
    assert _num_frames(name) == 8


def _boxes(data, start, end):
    """(kind, begin, end) of the MP4 boxes in a range (ISO 14496-12, 4.2)."""
    while start < end:
        size, kind = struct.unpack_from(">I4s", data, start)
        yield kind, start, start + size
        start += size


def _referring(data, target):
    """An MP4 whose frames lie in another file, by an alias record in its `dref` box."""
    data = bytearray(data)
    chain, start, end = [], 0, len(data)
    for wanted in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        start, end = next((b, e) for kind, b, e in _boxes(data, start, end) if kind == wanted)
        chain.append(start)
        start += 8
    volume, name, path = b"", target.name.encode(), str(target).encode()
    record = bytes(10) + bytes([len(volume)]) + volume.ljust(27, b"\0") + bytes(12)
    record += bytes([len(name)]) + name.ljust(63, b"\0") + bytes(16)
    record += bytes(4) + bytes(16)
    for kind, text in ((2, path), (18, path)):
        record += struct.pack(">HH", kind, len(text)) + text + bytes(len(text) % 2)
    record += struct.pack(">HH", 0xFFFF, 0)
    entry = struct.pack(">I4sI", 12 + len(record), b"alis", 0) + record
    entries = start + 8
    grown = len(entry) - (end - entries)
    data[entries:end] = entry
    for box in chain:
        size = struct.unpack_from(">I", data, box)[0]
        struct.pack_into(">I", data, box, size + grown)
    return data


def test_frames_that_lie_in_another_file_are_not_fetched(tmp_path, secret):
    data = _referring(secret.read_bytes(), secret)
    [(begin, end)] = [(b, e) for kind, b, e in _boxes(data, 0, len(data)) if kind == b"mdat"]
    data[begin + 8 : end] = bytes(end - begin - 8)
    path = tmp_path / "v.mp4"
    path.write_bytes(data)
    assert _num_frames(path) == 0
    # The control: asked to, FFmpeg does fetch them.
    options = {"enable_drefs": "1", "use_absolute_path": "1"}
    with av.open(str(path), options=options) as container:
        assert len(list(container.decode(video=0))) == 8


def _mpeg4_of(width, height):
    """A Matroska file whose header and stream claim a size; a black picture takes few bytes."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        frame = av.VideoFrame(width, height, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return buffer.getvalue()


BOMB = """
import resource, sys
import av
from hdvg.errors import InputError
from hdvg.media_file import open_media
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    with open_media(sys.argv[1]) as container:
        print(len(list(container.decode(video=0))))
except (InputError, av.FFmpegError):
    print(0)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_picture_beyond_all_bounds_takes_no_memory(tmp_path):
    width, height = 8188, 4616
    assert width * height > MAX_PIXELS
    path = tmp_path / "bomb.mkv"
    path.write_bytes(_mpeg4_of(width, height))
    assert path.stat().st_size < width * height / 50
    done = subprocess.run(
        [sys.executable, "-c", BOMB, str(path)], capture_output=True, text=True, check=True
    )
    frames, grown_kib = map(int, done.stdout.split())
    assert frames == 0
    assert grown_kib * 1024 < width * height  # one plane of one frame


def test_a_stream_may_change_its_size_but_not_beyond_all_bounds(tmp_path):
    """MPEG transport streams can be joined byte by byte; so can their surprises."""

    def stream_of(size, count):
        buffer = io.BytesIO()
        with av.open(buffer, "w", format="mpegts") as container:
            stream = container.add_stream("mpeg4", rate=5)
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            for _ in range(count):
                frame = av.VideoFrame(*size, "yuv420p")
                for plane in frame.planes:
                    plane.update(bytes(plane.buffer_size))
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return buffer.getvalue()

    path = tmp_path / "v.ts"
    path.write_bytes(stream_of((64, 48), 3) + stream_of((8188, 4616), 2))
    sizes = set()
    try:
        with open_media(path) as container:
            for frame in container.decode(video=0):
                sizes.add((frame.width, frame.height))
    except av.FFmpegError:
        pass
    assert sizes == {(64, 48)}
