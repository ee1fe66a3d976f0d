"""Which encoding a film gets, and what is refused."""

from fractions import Fraction
from pathlib import Path

import pytest
from av.video.reformatter import Colorspace

from hdvg.errors import InputError
from vfsr.film.describe import Film
from vfsr.film.encoding import EncodeConfig, choose_encoding, open_encoder


def film(**changes):
    values = {
        "width": 33,
        "height": 21,
        "depth": 8,
        "alpha": False,
        "rate": Fraction(25),
        "time_base": Fraction(1, 12_800),
        "pixel_aspect": None,
        "rotation": 0,
        "matrix": Colorspace.ITU709,
        "matrix_tag": 1,
        "primaries_tag": 1,
        "transfer_tag": 1,
        "mastering_display": None,
        "light_levels": None,
        "lost": (),
        "is_interlaced": False,
        "num_frames": None,
    }
    return Film(**(values | changes))


@pytest.mark.parametrize(
    ("changes", "target", "config", "codec", "pixels"),
    [
        ({}, "a.mp4", {}, "h264", "yuv420p"),
        ({"depth": 10}, "a.mp4", {}, "hevc", "yuv420p10le"),
        ({"depth": 12}, "a.MKV", {}, "hevc", "yuv420p10le"),
        ({"depth": 10}, "a.mp4", {"codec": "h264"}, "h264", "yuv420p10le"),
        ({}, "a.mov", {"codec": "hevc", "crf": 30}, "hevc", "yuv420p"),
        ({"alpha": True}, "a.mov", {}, "prores", "yuva444p10le"),
        ({"alpha": True, "depth": 12}, "a.mkv", {}, "prores", "yuva444p10le"),
        ({}, "a.mov", {"codec": "prores"}, "prores", "yuv444p10le"),
    ],
)
def test_the_encoding_holds_the_film(changes, target, config, codec, pixels):
    encoding = choose_encoding(film(**changes), 4, Path(target), EncodeConfig(**config))
    assert (encoding.codec, encoding.pixels) == (codec, pixels)
    encoder = open_encoder(encoding)
    assert (encoder.width, encoder.height) == (132, 84)
    assert "crf" not in config or encoding.options["crf"] == str(config["crf"])


@pytest.mark.parametrize(
    ("changes", "target", "config", "message"),
    [
        ({}, "a.gif", {}, r"must end in one of .*a\.gif"),
        ({"alpha": True}, "a.mp4", {}, r"\.mp4 cannot hold transparency as ProRes 4444"),
        ({"alpha": True}, "a.mov", {"codec": "hevc"}, "hevc cannot hold the film's transparency"),
        ({"alpha": True}, "a.mov", {"crf": 20}, "no crf"),
        ({}, "a.m4v", {"codec": "prores"}, r"\.m4v cannot hold ProRes"),
    ],
)
def test_what_cannot_be_held_is_refused(changes, target, config, message):
    with pytest.raises(InputError, match=message):
        choose_encoding(film(**changes), 4, Path(target), EncodeConfig(**config))


@pytest.mark.parametrize("config", [{"crf": 52}, {"crf": -1}])
def test_bad_values_are_named(config):
    with pytest.raises(InputError, match=str(next(iter(config.values())))):
        EncodeConfig(**config)


def test_sizes_that_an_encoder_does_not_take_are_refused():
    huge = choose_encoding(film(width=40_000), 4, Path("a.mp4"), EncodeConfig())
    with pytest.raises(InputError, match="h264 does not encode 160000x84"):
        open_encoder(huge)


def test_equal_encodings_have_equal_identities():
    one = choose_encoding(film(), 4, Path("a.mp4"), EncodeConfig()).identity()
    assert one == choose_encoding(film(), 4, Path("a.mp4"), EncodeConfig()).identity()
    assert one != choose_encoding(film(), 4, Path("a.mp4"), EncodeConfig(crf=20)).identity()
