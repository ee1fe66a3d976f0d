"""The pipe to the other environment: an interpreter that answers by the same protocol stands in."""

import json
import sys

import pytest

from hdvg.captioning import lavis_process
from hdvg.captioning.captioner import STAND_IN, CaptionerConfig
from hdvg.captioning.lavis import LavisCaptioner, _read_sizes, find_python, identify_model
from hdvg.errors import InputError

# Says the sum of a picture's pixels; answers in reverse order, after noise on standard error.
_FAKE = """
import base64, io, json, sys
from PIL import Image
print("a library prints", file=sys.stderr)
if "--model=broken" in sys.argv:
    print(json.dumps({"error": "no such weights"}), flush=True)
    sys.exit(1)
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    items = json.loads(line)["images"]
    if len(items) == 3:
        print(json.dumps({"error": "three is too many"}), flush=True)
    elif len(items) == 4:
        sys.exit(9)
    else:
        sums = [sum(Image.open(io.BytesIO(base64.b64decode(i["png"]))).tobytes()) for i in items]
        rows = [{"id": i["id"], "text": f" sum {s}\\n"} for i, s in zip(items, sums)]
        print(json.dumps({"captions": rows[::-1]}), flush=True)
"""


@pytest.fixture
def fake(tmp_path, monkeypatch):
    script = tmp_path / "fake.py"
    script.write_text(_FAKE)
    monkeypatch.setattr(lavis_process, "__file__", str(script))
    monkeypatch.setenv("HDVG_LAVIS_ENV", sys.prefix)


@pytest.fixture
def captioner(fake):
    made = LavisCaptioner(_config("any"))
    yield made
    made.close()


def _config(model):
    return CaptionerConfig(model=model, backend="lavis", device="cpu", dtype="fp32")


def _images(count):
    from PIL import Image

    return [Image.new("RGB", (3, 2), (number + 1, 0, 0)) for number in range(count)]


def test_each_picture_gets_its_own_sentence(captioner):
    assert captioner.caption(_images(2)) == ["sum 6", "sum 12"]
    assert captioner.caption(_images(5)[::-1]) == [f"sum {6 * n}" for n in (5, 4, 3, 2, 1)]


def test_what_lavis_says_is_passed_on_and_the_next_batch_works(captioner):
    with pytest.raises(InputError, match="three is too many"):
        captioner.caption(_images(3))
    assert captioner.caption(_images(1)) == ["sum 6"]


def test_a_process_that_ends_is_named(captioner):
    with pytest.raises(InputError, match="process ended"):
        captioner.caption(_images(4))
    with pytest.raises(InputError, match="process ended"):
        captioner.caption(_images(1))


def test_a_model_that_cannot_be_loaded_is_named(fake):
    with pytest.raises(InputError, match=r"LAVIS cannot load broken.*no such weights"):
        LavisCaptioner(_config("broken"))


def test_the_process_ends_with_the_captioner(fake):
    captioner = LavisCaptioner(_config("any"))
    process = captioner._process
    assert process.poll() is None
    captioner.close()
    assert process.returncode == 0


def test_without_the_environment_the_target_that_makes_it_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("HDVG_LAVIS_ENV", str(tmp_path))
    with pytest.raises(InputError, match="make env-lavis"):
        find_python()


def test_models_are_pinned():
    assert identify_model("blip2_opt/caption_coco_opt2.7b")[0] == "blip2_opt/caption_coco_opt2.7b"
    assert identify_model(STAND_IN)[1].startswith("sha256:")


def test_sizes_that_a_hub_leaves_out_are_spelt_out(tmp_path):
    """Salesforce's config.json names no size of BLIP-2's vision tower: they are the defaults."""
    short = {"model_type": "blip-2", "vision_config": {}, "text_config": {"model_type": "opt"}}
    (tmp_path / "config.json").write_text(json.dumps(short))
    sizes = _read_sizes(str(tmp_path))
    vision, bridge = sizes["vision_config"], sizes["qformer_config"]
    assert (vision["hidden_size"], vision["num_hidden_layers"], vision["patch_size"]) == (
        1408,
        39,
        14,
    )
    assert (bridge["hidden_size"], bridge["num_hidden_layers"]) == (768, 12)
    assert _read_sizes("blip2_opt/caption_coco_opt2.7b") == {}
