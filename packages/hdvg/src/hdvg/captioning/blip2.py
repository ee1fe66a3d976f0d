"""BLIP-2 through transformers: from a hub or a folder, on a CPU or a GPU."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hdvg.captioning.captioner import CaptionerConfig
from hdvg.errors import InputError

if TYPE_CHECKING:
    from PIL import Image

_MODEL_TYPE = "blip-2"
_WEIGHTS = ".safetensors"
_DESCRIPTIONS = (".json", ".txt")
_CHUNK_BYTES = 2**24
_LOCAL = "sha256:"
# Below this many weights a second thread costs more than it brings: on two busy cores the stand-in
# (a million) made 170 captions a CPU-second with one thread and 13 with two, which spin in wait.
_MANY_WEIGHTS = 50_000_000


class Blip2Captioner:
    """Captions by a `Blip2ForConditionalGeneration`; greedy unless beams are asked for.

    Args:
        config: A settled config: its device and dtype are not "auto".
        revision: What `identify_model` said of the model.

    Raises:
        InputError: There is no such model, or it is not a BLIP-2.
    """

    def __init__(self, config: CaptionerConfig, revision: str) -> None:
        import torch
        from safetensors import SafetensorError
        from transformers import AutoConfig, Blip2ForConditionalGeneration, Blip2Processor
        from transformers.utils import logging

        logging.disable_progress_bar()
        options = {} if revision.startswith(_LOCAL) else {"revision": revision}
        self._dtype = torch.bfloat16 if config.dtype == "bf16" else torch.float32
        try:
            kind = AutoConfig.from_pretrained(config.model, **options).model_type
            if kind != _MODEL_TYPE:
                raise InputError(f"{config.model} is a model of type {kind!r}, not {_MODEL_TYPE!r}")
            self._processor: Any = Blip2Processor.from_pretrained(config.model, **options)
            model = Blip2ForConditionalGeneration.from_pretrained(
                config.model, dtype=self._dtype, use_safetensors=True, **options
            )
        except InputError:
            raise
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            raise InputError(f"cannot load the captioner {config.model}: {error}") from error
        self._model: Any = model.to(config.device).eval()
        num_weights = sum(weight.numel() for weight in self._model.parameters())
        self._num_threads = None if num_weights >= _MANY_WEIGHTS else 1
        self._config = config

    def caption(self, images: "list[Image.Image]") -> list[str]:
        """One sentence a picture, without the prompt."""
        import torch

        prompts = [self._config.prompt] * len(images) if self._config.prompt else None
        inputs = self._processor(images=images, text=prompts, return_tensors="pt")
        try:
            with _threads(self._num_threads):
                tokens = self._model.generate(
                    **inputs.to(self._config.device, self._dtype),
                    do_sample=False,
                    num_beams=self._config.num_beams,
                    max_new_tokens=self._config.max_new_tokens,
                )
        except torch.OutOfMemoryError as error:
            raise InputError(
                f"the GPU has no memory for {len(images)} pictures at a time: lower batch_size"
            ) from error
        # A decoder repeats what it was given: the queries' places, the start and the prompt.
        if self._model.config.use_decoder_only_language_model:
            queries_and_start = self._model.config.num_query_tokens + 1
            given = inputs["input_ids"].shape[1] if prompts else queries_and_start
            tokens = tokens[:, given:]
        texts = self._processor.batch_decode(tokens, skip_special_tokens=True)
        return [" ".join(text.split()) for text in texts]


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """Lets torch use this many threads of the CPU; None leaves it as it is."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def identify_model(model: str) -> tuple[str, str]:
    """A model's name and what pins its weights: the hub's commit, or a digest of a folder's files.

    Raises:
        InputError: There is no such model, or the hub cannot be reached.
    """
    folder = Path(model).expanduser()
    if folder.exists() or model.startswith((".", "/", "~")) or model.count("/") != 1:
        if not (folder / "config.json").is_file():
            raise InputError(f"no model folder (it would hold a config.json): {model}")
        return folder.resolve().name, _LOCAL + _digest(folder)
    return model, _hub_commit(model)


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in (_WEIGHTS, *_DESCRIPTIONS):
            digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK_BYTES):
                    digest.update(chunk)
    return digest.hexdigest()[:16]


def _hub_commit(model: str) -> str:
    from transformers import AutoConfig

    try:
        commit = AutoConfig.from_pretrained(model)._commit_hash  # it has no public name
    except (OSError, ValueError) as error:
        raise InputError(f"cannot find the captioner {model} on the hub: {error}") from error
    return str(commit)
