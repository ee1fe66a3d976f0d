"""LAVIS's BLIP-2 as a program of its own, run by the Python of the LAVIS environment.

It imports nothing of this project, which that environment does not have. Requests and answers are
lines of JSON on standard input and output:

    {"images": [{"id": 0, "png": "<base64>"}, ...]}  ->  {"captions": [{"id": 0, "text": ...}, ...]}

The first line that it writes is {"ready": true}; a failure is {"error": "..."}.
"""

import argparse
import base64
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor, nn
    from transformers import PreTrainedTokenizerFast

    Prepare = Callable[[Image.Image], Tensor]

# Names of the weights in a hub's folder, and what LAVIS calls them.
_RENAMED = (
    (r"^vision_model\.embeddings\.class_embedding$", "visual_encoder.cls_token"),
    (r"^vision_model\.embeddings\.position_embedding$", "visual_encoder.pos_embed"),
    (r"^vision_model\.embeddings\.patch_embedding\.", "visual_encoder.patch_embed.proj."),
    (r"^vision_model\.post_layernorm\.", "ln_vision."),
    (r"^(vision_model\.encoder\.layers\.\d+\.)layer_norm(\d)\.", r"\1norm\2."),
    (r"^(vision_model\.encoder\.layers\.\d+\.)self_attn\.projection\.", r"\1attn.proj."),
    (r"^(vision_model\.encoder\.layers\.\d+\.)self_attn\.", r"\1attn."),
    (r"^vision_model\.encoder\.layers\.", "visual_encoder.blocks."),
    (r"^qformer\.layernorm\.", "Qformer.bert.embeddings.LayerNorm."),
    (r"^(qformer\..*\.)attention\.attention\.", r"\1attention.self."),
    (r"^(qformer\..*\.)crossattention\.attention\.", r"\1crossattention.self."),
    (r"^qformer\.", "Qformer.bert."),
    (r"^language_projection\.", "opt_proj."),
    (r"^language_model\.", "opt_model."),
)


class Speaker(Protocol):
    """What every captioning model of LAVIS can do."""

    def generate(self, samples: dict[str, object], *, num_beams: int, max_length: int) -> list[str]:
        """A sentence for each picture of `samples["image"]`."""
        ...


def main() -> None:
    """Loads the model, then answers line by line until the input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="<LAVIS name>/<type>, or a model folder")
    parser.add_argument("--prompt", default="")
    parser.add_argument("--num_beams", type=int, default=1)
    parser.add_argument("--max_new_tokens", type=int, default=20)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--sizes", default="{}", help="JSON: a folder's config with all defaults")
    options = parser.parse_args()
    # Libraries print; what they print must not stand between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        model, prepare = _load(options.model, options.device, json.loads(options.sizes))
    except Exception as error:  # noqa: BLE001  # whatever it is, the parent has to hear of it
        _answer(answers, {"error": f"{type(error).__name__}: {error}"})
        sys.exit(1)
    _answer(answers, {"ready": True})
    for line in sys.stdin:
        items = json.loads(line)["images"]
        try:
            texts = _caption(model, prepare, items, options)
        except Exception as error:  # noqa: BLE001  # as above
            _answer(answers, {"error": f"{type(error).__name__}: {error}"})
            continue
        rows = [{"id": item["id"], "text": text} for item, text in zip(items, texts)]  # noqa: B905
        _answer(answers, {"captions": rows})


def _answer(answers: IO[str], message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


def _caption(
    model: "Speaker",
    prepare: "Prepare",
    items: list[dict[str, Any]],
    options: argparse.Namespace,
) -> list[str]:
    import torch
    from PIL import Image

    pictures = [Image.open(io.BytesIO(base64.b64decode(item["png"]))) for item in items]
    batch = torch.stack([prepare(picture.convert("RGB")) for picture in pictures])
    return model.generate(
        {"image": batch.to(options.device), "prompt": options.prompt},
        num_beams=options.num_beams,
        max_length=options.max_new_tokens,
    )


def _load(model: str, device: str, sizes: dict[str, Any]) -> "tuple[Speaker, Prepare]":
    """The model and the function that turns a picture into its input."""
    if Path(model).is_dir():
        return _load_folder(Path(model), device, sizes)
    from lavis.models import load_model_and_preprocess

    name, _, kind = model.partition("/")
    loaded, processors, _ = load_model_and_preprocess(name, kind, is_eval=True, device=device)
    return (loaded if device != "cpu" else loaded.float()), processors["eval"]


def _load_folder(folder: Path, device: str, config: dict[str, Any]) -> "tuple[Speaker, Prepare]":
    """LAVIS's own BLIP-2 with OPT, of the sizes and with the weights of a hub's folder."""
    import torch
    from lavis.models.blip2_models.blip2 import Blip2Base
    from lavis.models.blip2_models.blip2_opt import Blip2OPT
    from lavis.processors.blip_processors import BlipImageEvalProcessor
    from safetensors.torch import load_file

    if config["text_config"]["model_type"] != "opt":
        raise ValueError(f"only an OPT can be loaded from a folder: {config['text_config']}")
    parts: dict[str, Callable[..., object]] = {
        "init_tokenizer": lambda: None,
        "init_vision_encoder": lambda *_: _vision(config["vision_config"]),
        "init_Qformer": lambda *_: _bridge(config),
    }
    with _replaced(Blip2Base, parts), _local_opt(folder, config["text_config"]):
        model = Blip2OPT(num_query_token=config["num_query_tokens"])
    model.eos_token_id = config["text_config"]["eos_token_id"]
    weights: dict[str, Any] = {}
    for file in sorted(folder.glob("*.safetensors")):
        for name, weight in load_file(file).items():
            weights.update(_translate(name, weight.float()))
    missing, unexpected = model.load_state_dict(weights, strict=False)
    # Output weights are the input embeddings, and position numbers are no weights.
    missing = [name for name in missing if not name.endswith(("lm_head.weight", "position_ids"))]
    if missing or unexpected:
        raise ValueError(f"weights do not fit: missing {missing[:3]}, unexpected {unexpected[:3]}")
    side = config["vision_config"]["image_size"]
    torch.set_grad_enabled(False)
    return model.float().eval().to(device), BlipImageEvalProcessor(image_size=side)


def _translate(name: str, weight: "Tensor") -> "dict[str, Tensor]":
    """A weight under LAVIS's name.

    LAVIS keeps the biases of queries and values only: one that all keys share cancels in softmax.
    """
    for pattern, replacement in _RENAMED:
        name = re.sub(pattern, replacement, name)
    if name.endswith("attn.qkv.bias"):
        queries, _, values = weight.chunk(3)
        stem = name[: -len("qkv.bias")]
        return {f"{stem}q_bias": queries, f"{stem}v_bias": values}
    return {name: weight}


def _vision(sizes: dict[str, Any]) -> "tuple[nn.Module, nn.Module]":
    from functools import partial

    from lavis.models.blip2_models.blip2 import LayerNorm
    from lavis.models.eva_vit import VisionTransformer
    from torch import nn

    width, epsilon = sizes["hidden_size"], sizes["layer_norm_eps"]
    encoder = VisionTransformer(
        img_size=sizes["image_size"],
        patch_size=sizes["patch_size"],
        embed_dim=width,
        depth=sizes["num_hidden_layers"],
        num_heads=sizes["num_attention_heads"],
        mlp_ratio=(sizes["intermediate_size"] + 0.5) / width,  # LAVIS rounds the product down
        qkv_bias=True,
        norm_layer=partial(nn.LayerNorm, eps=epsilon),
    )
    return encoder, LayerNorm(width, eps=epsilon)


def _bridge(config: dict[str, Any]) -> "tuple[nn.Module, nn.Parameter]":
    import torch
    from lavis.models.blip2_models.Qformer import BertConfig, BertLMHeadModel

    sizes = config["qformer_config"]
    wanted = (
        "hidden_size",
        "num_hidden_layers",
        "num_attention_heads",
        "intermediate_size",
        "hidden_act",
        "layer_norm_eps",
        "vocab_size",
        "max_position_embeddings",
    )
    bert = BertConfig(**{name: sizes[name] for name in wanted})
    bert.encoder_width = config["vision_config"]["hidden_size"]
    bert.add_cross_attention = True
    bert.cross_attention_freq = sizes["cross_attention_frequency"]
    bert.query_length = config["num_query_tokens"]
    queries = torch.nn.Parameter(torch.zeros(1, bert.query_length, bert.hidden_size))
    return BertLMHeadModel(bert), queries


def _tokenizer(folder: Path) -> "PreTrainedTokenizerFast":
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    layout = json.loads((folder / "tokenizer.json").read_text())
    # Later versions of the tokenizers library write a merge as a pair; LAVIS's reads "left right".
    merges = layout["model"]["merges"]
    layout["model"]["merges"] = [m if isinstance(m, str) else " ".join(m) for m in merges]
    names = json.loads((folder / "tokenizer_config.json").read_text())
    tokens = {name: names[name] for name in ("bos_token", "eos_token", "pad_token")}
    special = {name: t["content"] if isinstance(t, dict) else t for name, t in tokens.items()}
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(layout)), **special
    )


@contextmanager
def _replaced(owner: type, parts: Mapping[str, Callable[..., object]]) -> Iterator[None]:
    """Methods that would fetch weights give way to ones that build the part in its size."""
    kept = {name: owner.__dict__[name] for name in parts}
    for name, part in parts.items():
        setattr(owner, name, staticmethod(part))
    try:
        yield
    finally:
        for name, part in kept.items():
            setattr(owner, name, part)


@contextmanager
def _local_opt(folder: Path, sizes: dict[str, Any]) -> Iterator[None]:
    """The language model and its tokenizer come from the folder."""
    from lavis.models.blip2_models import blip2_opt

    class Tokenizer:
        """The folder's."""

        @staticmethod
        def from_pretrained(*_: object, **__: object) -> "PreTrainedTokenizerFast":
            return _tokenizer(folder)

    class Opt:
        """Built, not loaded: the weights follow with all others."""

        @staticmethod
        def from_pretrained(*_: object, **__: object) -> "nn.Module":
            return kept[1](blip2_opt.OPTConfig(**sizes))

    kept = blip2_opt.AutoTokenizer, blip2_opt.OPTForCausalLM
    blip2_opt.AutoTokenizer, blip2_opt.OPTForCausalLM = Tokenizer, Opt
    try:
        yield
    finally:
        blip2_opt.AutoTokenizer, blip2_opt.OPTForCausalLM = kept


if __name__ == "__main__":
    main()
