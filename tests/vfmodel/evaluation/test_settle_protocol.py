"""Whatever is changed on the command line is another digest."""

import json

import pytest

from hdvg.errors import InputError
from vfmodel.evaluation.class_captions import own_captions
from vfmodel.evaluation.evaluate_config import EvaluateConfig
from vfmodel.evaluation.find_protocol import find_protocol
from vfmodel.evaluation.fvd.script_config import ScriptConfig
from vfmodel.evaluation.settle_protocol import settle_protocol


def settle(protocol, **changes):
    return settle_protocol(EvaluateConfig(videos="v", out="o", protocol=protocol, **changes))


def test_as_it_ships():
    protocol, captions = settle("shapes")
    assert protocol == find_protocol("shapes")
    assert captions == {}
    assert settle("ucf101_videofactory")[1] == own_captions()
    assert settle("ucf101_svd")[1]["YoYo"] == "yo yo"


def test_each_change_is_another_digest(tmp_path, script_file):
    path = tmp_path / "list.json"
    path.write_text(json.dumps({name: f"{text} now" for name, text in own_captions().items()}))
    name = "ucf101_videofactory"
    digests = {
        settle(name)[0].digest,
        settle(name, captions=str(path))[0].digest,
        settle(name, num_samples=101)[0].digest,
        settle(name, fvd_features="shapes")[0].digest,
        settle(name, clip_model="shapes")[0].digest,
        settle(name, script=ScriptConfig(path=str(script_file), name="a"))[0].digest,
        settle(name, script=ScriptConfig(path=str(script_file), name="b"))[0].digest,
    }
    assert len(digests) == 7


def test_a_script_is_there_and_of_use(script_file):
    with pytest.raises(InputError, match=r"cannot read the weights gone\.pt"):
        settle("shapes", script=ScriptConfig(path="gone.pt", name="a"))
    with pytest.raises(InputError, match=r"msrvtt_videofactory takes no FVD, so no script"):
        settle("msrvtt_videofactory", script=ScriptConfig(path=str(script_file), name="a"))


def test_captions_without_use_are_refused():
    with pytest.raises(InputError, match=r"shapes takes no captions: list\.json"):
        settle("shapes", captions="list.json")
