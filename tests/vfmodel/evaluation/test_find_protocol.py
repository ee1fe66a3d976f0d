"""What ships: found by name, described, and never changed under one name and version."""

from pathlib import Path

import pytest

from hdvg.errors import InputError
from vfmodel.evaluation.find_protocol import find_protocol, list_protocols

ROOT = Path(__file__).parents[3]
# A change here is a change of what figures mean: raise the version with it.
DIGESTS = {
    "dynamicrafter": "1:284b770cb625",
    "msrvtt_every_caption": "1:baf5cdf17801",
    "msrvtt_videofactory": "1:9ca7f9f2908c",
    "shapes": "2:9e2262322586",
    "stylegan_v": "1:872988e98969",
    "ucf101_lavie": "1:6259600fb66c",
    "ucf101_make_a_video": "1:3b0a1294dac2",
    "ucf101_show1": "1:48dfbb072426",
    "ucf101_svd": "1:3ffcd68f936a",
    "ucf101_videofactory": "1:ecf5e9be9393",
    "ucf101_videoldm": "1:15a58ce114ca",
    "webvid_val_5k": "1:91023bd7ef88",
}


def test_what_a_name_stands_for_does_not_change():
    found = {name: find_protocol(name).label for name in list_protocols()}
    assert found == {name: f"{name}@{rest}" for name, rest in DIGESTS.items()}


@pytest.mark.parametrize("name", list_protocols())
def test_each_says_where_it_comes_from_and_how_it_is_run(name):
    protocol = find_protocol(name)
    assert protocol.name == name
    assert len(protocol.about) > 80
    text = (ROOT / "configs" / "evaluation" / f"{name}.yaml").read_text()
    assert f"vfmodel evaluate --protocol {name} " in text.split("name:")[0]


def test_the_papers_counts():
    assert find_protocol("ucf101_videofactory").prompts.num_samples == 101 * 100
    assert find_protocol("msrvtt_videofactory").prompts.num_samples == 2990
    assert find_protocol("webvid_val_5k").prompts.num_samples == 5000


def test_a_file_of_ones_own(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text((ROOT / "configs/evaluation/shapes.yaml").read_text().replace("200", "16"))
    assert find_protocol(str(path)).prompts.num_samples == 16
    assert find_protocol(str(path)).digest != find_protocol("shapes").digest


def test_mistakes_are_named(tmp_path):
    with pytest.raises(InputError, match=r"no protocol 'ucf102'; there are .*ucf101_videofactory"):
        find_protocol("ucf102")
    path = tmp_path / "bad.yaml"
    path.write_text("name: [")
    with pytest.raises(InputError, match=r"not YAML: .*bad\.yaml"):
        find_protocol(str(path))
    path.write_text("just words")
    with pytest.raises(InputError, match="must be a mapping"):
        find_protocol(str(path))
