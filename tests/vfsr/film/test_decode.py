"""Decoding over damage, and with the alpha of WebM."""

from fractions import Fraction

import av
import numpy as np

from hdvg.video import open_media
from vfsr.film.decode import decode


def decoded(path):
    """Frames and the number of damaged places."""
    damage = []
    with open_media(path) as container:
        frames = list(decode(container, container.streams.video[0], lambda: damage.append(1)))
    return frames, len(damage)


def test_a_sound_film_decodes_whole(render_film, frames_of, tmp_path):
    path = render_film(tmp_path / "a.mp4", range(0, 36_000, 1200), options={"bf": "3"})
    frames, damage = decoded(path)
    assert damage == 0
    assert [f.pts for f in frames] == [f.pts for f in frames_of(path)] == [*range(0, 36_000, 1200)]


def test_a_damaged_packet_costs_its_frame_only(render_film, tmp_path):
    path = render_film(tmp_path / "a.mov", range(0, 24_000, 1200), codec="png", pix_fmt="rgb24")
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
    data = bytearray(path.read_bytes())
    start = packets[7].pos
    data[start : start + 8] = b"not PNG."
    path.write_bytes(data)
    frames, damage = decoded(path)
    assert damage == 1
    assert [f.pts // 1200 for f in frames] == [*range(7), *range(8, 20)]


def test_webm_keeps_its_alpha(tmp_path):
    path = tmp_path / "a.webm"
    rgba = np.full((32, 32, 4), 200, np.uint8)
    rgba[:16, :, 3] = 0
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx-vp9", rate=25)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuva420p"
        for index in range(3):
            frame = av.VideoFrame.from_ndarray(rgba, format="rgba").reformat(format="yuva420p")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    frames, damage = decoded(path)
    assert (len(frames), damage) == (3, 0)
    for frame in frames:
        assert np.abs(frame.to_ndarray(format="rgba")[..., 3].astype(int) - rgba[..., 3]).max() < 9
