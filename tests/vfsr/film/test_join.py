"""Joining: what a container cannot hold is met before the work, and memory stays bounded."""

import av
import pytest

from hdvg.errors import InputError
from vfsr.film.describe import describe
from vfsr.film.encoding import EncodeConfig, choose_encoding
from vfsr.film.join import rehearse
from vfsr.film.other_streams import choose_streams
from vfsr.upscale_film import upscale_file


def prepared(render_film, tmp_path, target):
    source = render_film(tmp_path / "a.mp4", [0, 1200, 2400], (48, 32))
    encoding = choose_encoding(describe(source), 2, target, EncodeConfig())
    return source, encoding, choose_streams(source, target)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_a_rehearsal_writes_nothing(render_film, tmp_path, suffix):
    target = tmp_path / f"out{suffix}"
    source, encoding, others = prepared(render_film, tmp_path, target)
    rehearse(encoding, source, others, target)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_a_rehearsal_meets_what_joining_would(render_film, tmp_path, monkeypatch):
    target = tmp_path / "out.mp4"
    source, encoding, others = prepared(render_film, tmp_path, target)

    def fail(*arguments):
        raise av.error.InvalidDataError(1, "Malformed AAC bitstream")

    monkeypatch.setattr("vfsr.film.join.add_streams", fail)
    with pytest.raises(InputError, match=r"\.mp4 cannot hold .*a\.mp4: .*Malformed AAC"):
        rehearse(encoding, source, others, target)


def test_strange_names_are_names(plain, render_film, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = render_film(tmp_path / "a.mp4", [0, 1200, 2400], (48, 32))
    for name in ("pipe:1.mp4", "concat:a.mp4|b.mp4.mp4", "%03d.mp4"):
        assert upscale_file(source, name, model=plain).frames == 3
        assert (tmp_path / name).stat().st_size > 1000
