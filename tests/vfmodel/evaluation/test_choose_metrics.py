from dataclasses import replace

import pytest

from hdvg.errors import InputError
from vfmodel.evaluation.choose_metrics import choose_metrics, choose_network, fvd_config
from vfmodel.evaluation.evaluate_config import EvaluateConfig
from vfmodel.evaluation.find_protocol import find_protocol
from vfmodel.evaluation.fvd.shapes_network import load_shapes_network
from vfmodel.evaluation.protocol import METRICS

CONFIG = EvaluateConfig(videos="v", out="o")


def test_every_metric_that_a_protocol_can_name_is_there():
    protocol = replace(find_protocol("shapes"), metrics=METRICS)
    assert {"fvd", *choose_metrics(protocol)} == set(METRICS)
    assert choose_metrics(replace(protocol, metrics=("fvd",))) == {}


def test_i3d_is_asked_for_and_never_fetched(tmp_path):
    protocol = find_protocol("ucf101_videofactory")
    with pytest.raises(InputError, match="give a file of its weights with --i3d"):
        choose_network(protocol, CONFIG)
    with pytest.raises(InputError, match="cannot read the weights"):
        choose_network(protocol, replace(CONFIG, i3d=str(tmp_path / "none.pt")))


def test_the_shipped_network_is_never_called_fvd():
    assert choose_network(find_protocol("shapes"), CONFIG).figure == "shapes-FVD"


def test_numbers_may_differ_where_the_protocol_has_it_so():
    network = load_shapes_network()
    assert fvd_config(find_protocol("ucf101_videofactory"), network).allow_unequal
    assert not fvd_config(find_protocol("webvid_val_5k"), network).allow_unequal
    shapes = find_protocol("shapes")
    assert fvd_config(shapes, network).fit == shapes.frames.fit


def test_frames_come_to_the_size_of_another_network():
    config = fvd_config(find_protocol("ucf101_svd"), load_shapes_network())
    assert config.fit == (
        "shorter 240 bilinear antialias",
        "crop 240x320",
        "resize 64x112 bilinear",
    )


def test_a_script_that_a_protocol_names_is_asked_for():
    protocol = replace(find_protocol("shapes"), fvd_features="torchscript mine 0123456789ab")
    with pytest.raises(InputError, match="torchscript mine 0123456789ab: give its file"):
        choose_network(protocol, CONFIG)
