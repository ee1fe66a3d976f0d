"""Loading CLIP: its preprocessing against transformers' own, its texts, and what is refused."""

import pytest
import torch
from PIL import Image
from torch.nn import functional
from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPProcessor

from hdvg.errors import InputError
from vfmodel.evaluation.load_clip import SHIPPED, load_clip, steps_of

DEVICE = torch.device("cpu")


@pytest.fixture(scope="module")
def clip():
    return load_clip("shapes")


def frames(height=96, width=176):
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(3, 3, 12, 22, generator=generator) * 255
    return functional.interpolate(coarse, (height, width), mode="bicubic").clamp(0, 255).byte()


def test_cosines_are_those_of_transformers_own_path(clip):
    clips, prompt = frames(), "a red circle moving left over a green background"
    processor = CLIPProcessor.from_pretrained(SHIPPED, backend="pil")
    pictures = [Image.fromarray(frame.permute(1, 2, 0).numpy()) for frame in clips]
    inputs = processor(text=[prompt], images=pictures, return_tensors="pt", padding=False)
    with torch.no_grad():
        output = clip.model(**inputs)
    wanted = functional.cosine_similarity(output.image_embeds, output.text_embeds)
    found = clip.cosines(clips, prompt, clip.fit, DEVICE)
    torch.testing.assert_close(found, wanted, atol=2e-3, rtol=0)
    assert wanted.abs().max() > 0.05


def test_a_long_prompt_is_cut_and_still_ends(clip):
    words = "a red circle moving left over a green background and "
    tokens = clip.tokenizer([words * 20], truncation=True, max_length=32).input_ids[0]
    assert (len(tokens), tokens[-1]) == (32, clip.model.config.text_config.eos_token_id)
    long = clip.cosines(frames(), words * 20, clip.fit, DEVICE)
    assert long.isfinite().all()
    assert not long.equal(clip.cosines(frames(), words, clip.fit, DEVICE))


def test_the_shipped_one_has_its_own_name_and_any_folder_its(clip, tmp_path):
    assert (clip.figure, clip.fit) == ("shapes-CLIPSIM", ("resize 96x96 bicubic antialias",))
    clip.model.save_pretrained(tmp_path)
    clip.tokenizer.save_pretrained(tmp_path)
    CLIPImageProcessorPil.from_pretrained(SHIPPED).save_pretrained(tmp_path)
    copy = load_clip(str(tmp_path))
    assert copy.figure == f"CLIPSIM[{tmp_path}]"
    assert copy.weights_sha256() == clip.weights_sha256()
    with torch.no_grad():
        copy.model.logit_scale.add_(1)
    assert copy.weights_sha256() != clip.weights_sha256()


def test_openais_preprocessing_crops():
    # The processor's own defaults are those of openai/clip-vit-base-patch32.
    assert steps_of(CLIPImageProcessorPil()) == ("shorter 224 bicubic antialias", "crop 224x224")
    with pytest.raises(InputError, match="filter"):
        steps_of(CLIPImageProcessorPil(resample=0))


def test_what_is_no_clip_is_refused(clip, tmp_path):
    with pytest.raises(InputError, match=r"cannot load a CLIP from .*nothing"):
        load_clip(str(tmp_path / "nothing"))
    with pytest.raises(InputError, match=r"shapes takes frames of 96x96, \['crop 64x64'\] gives"):
        clip.cosines(frames(), "a prompt", ("crop 64x64",), DEVICE)


def test_the_papers_model_has_the_papers_name(monkeypatch):
    small = CLIPModel(
        CLIPConfig(
            vision_config={"num_hidden_layers": 1, "hidden_size": 64, "num_attention_heads": 2},
            text_config={"num_hidden_layers": 1, "hidden_size": 64, "num_attention_heads": 2},
        )
    )
    shipped = load_clip("shapes")
    monkeypatch.setattr(CLIPModel, "from_pretrained", lambda *_, **__: small)
    for part in ("CLIPTokenizer", "CLIPImageProcessorPil"):
        monkeypatch.setattr(
            f"vfmodel.evaluation.load_clip.{part}.from_pretrained",
            lambda *_, part=part: shipped.tokenizer if "Tok" in part else CLIPImageProcessorPil(),
        )
    real = load_clip("openai/clip-vit-base-patch32")
    assert real.figure == "CLIPSIM"
    assert real.cosines(frames(), "a prompt", real.fit, DEVICE).shape == (3,)
