"""What is read of a film's header and first frame, for films of known make."""

from fractions import Fraction

import av
import numpy as np
import pytest
from av.video.reformatter import Colorspace

from hdvg.errors import InputError
from vfsr.film.describe import describe


def test_a_film_is_described_as_it_was_made(render_film, tmp_path):
    tags = {"colorspace": 9, "color_primaries": 9, "color_trc": 16}
    tags["sample_aspect_ratio"] = Fraction(4, 3)
    path = render_film(tmp_path / "a.mp4", range(0, 12_000, 1200), (98, 66), tags=tags, rotation=90)
    film = describe(path)
    assert (film.width, film.height, film.depth, film.alpha) == (98, 66, 8, False)
    assert (film.matrix_tag, film.primaries_tag, film.transfer_tag) == (9, 9, 16)
    assert film.matrix == Colorspace.BT2020
    assert (film.rate, film.time_base) == (Fraction(25), Fraction(1, 30_000))
    assert (film.pixel_aspect, abs(film.rotation)) == (Fraction(4, 3), 90)
    assert (film.num_frames, film.lost, film.is_interlaced) == (10, (), False)


@pytest.mark.parametrize(
    ("codec", "pixels", "depth", "alpha"),
    [
        ("ffv1", "yuv420p10le", 10, False),
        ("ffv1", "bgra", 8, True),
        ("ffv1", "gbrp12le", 12, False),
        ("qtrle", "argb", 8, True),
    ],
)
def test_depth_alpha_and_rgb(render_film, tmp_path, codec, pixels, depth, alpha):
    suffix = "mov" if codec == "qtrle" else "mkv"
    film = describe(render_film(tmp_path / f"a.{suffix}", [0], codec=codec, pix_fmt=pixels))
    assert (film.depth, film.alpha) == (depth, alpha)
    # RGB has no matrix, its YUV version needs one.
    assert film.matrix_tag == (6 if pixels.startswith("yuv") else 1)


def test_untagged_films_get_what_players_assume(render_film, tmp_path):
    assert describe(render_film(tmp_path / "sd.mp4", [0])).matrix_tag == 6
    assert describe(render_film(tmp_path / "hd.mp4", [0], (64, 720))).matrix_tag == 1


def test_a_cover_is_no_film(tmp_path):
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as container:
        sound = container.add_stream("aac", rate=8000)
        cover = container.add_stream("mjpeg")
        cover.width, cover.height, cover.pix_fmt = 32, 32, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        container.mux(cover.encode(frame.reformat(format="yuvj420p")) + cover.encode())
        silence = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), "fltp", "stereo")
        silence.rate = 8000
        container.mux(sound.encode(silence) + sound.encode())
    with pytest.raises(InputError, match=r"no video stream in .*song.*only cover"):
        describe(path)


def test_a_film_without_a_frame_is_refused(render_film, tmp_path):
    path = render_film(tmp_path / "a.mov", [0], codec="png", pix_fmt="rgb24")
    path.write_bytes(path.read_bytes().replace(b"PNG", b"GNP"))
    with pytest.raises(InputError, match="no frame could be decoded"):
        describe(path)
