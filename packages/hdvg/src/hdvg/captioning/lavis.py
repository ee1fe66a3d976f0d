"""LAVIS's BLIP-2 behind the interface of every captioner: a process in an environment of its own.

LAVIS pins libraries that the main environment cannot have; `make env-lavis` builds one for it.
"""

import base64
import contextlib
import io
import json
import os
import subprocess
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hdvg.captioning import lavis_process
from hdvg.captioning.captioner import CaptionerConfig
from hdvg.errors import InputError

if TYPE_CHECKING:
    from PIL import Image

# Where `make env-lavis` puts it; another place is named by the variable.
_ENVIRONMENT, _VARIABLE = ".env-lavis", "HDVG_LAVIS_ENV"
_END_S = 10.0


class LavisCaptioner:
    """Captions by LAVIS; greedy unless beams are asked for.

    Args:
        config: A settled config; `model` is a LAVIS name and type such as
            blip2_opt/caption_coco_opt2.7b, or a hub's BLIP-2 folder with an OPT.

    Raises:
        InputError: There is no LAVIS environment, or the model cannot be loaded in it.
    """

    def __init__(self, config: CaptionerConfig) -> None:
        settings = {
            "model": config.model,
            "prompt": config.prompt,
            "num_beams": config.num_beams,
            "max_new_tokens": config.max_new_tokens,
            "device": config.device,
            "sizes": json.dumps(_read_sizes(config.model)),
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        self._process = subprocess.Popen(
            [str(find_python()), "-I", "-W", "ignore", lavis_process.__file__, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._finalizer = weakref.finalize(self, _end, self._process)
        try:
            self._receive()
        except InputError as error:
            raise InputError(f"LAVIS cannot load {config.model}: {error}") from error

    def caption(self, images: "list[Image.Image]") -> list[str]:
        """One sentence a picture."""
        assert self._process.stdin is not None
        items = [{"id": number, "png": _encode(image)} for number, image in enumerate(images)]
        try:
            self._process.stdin.write(json.dumps({"images": items}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise InputError("the LAVIS process ended (out of memory?)") from error
        texts = {row["id"]: " ".join(row["text"].split()) for row in self._receive()["captions"]}
        return [texts[number] for number in range(len(images))]

    def close(self) -> None:
        """Ends the process."""
        self._finalizer()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise InputError("the LAVIS process ended (out of memory?)")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise InputError(f"LAVIS says: {answer['error']}")
        return answer


def _read_sizes(model: str) -> dict[str, Any]:
    """A folder's config, spelt out: a hub's leaves out what transformers knows; {} for a name."""
    if not Path(model).is_dir():
        return {}
    from transformers import AutoConfig

    try:
        sizes: dict[str, Any] = json.loads(AutoConfig.from_pretrained(model).to_json_string(False))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot load the captioner {model}: {error}") from error
    return sizes


def identify_model(model: str) -> tuple[str, str]:
    """A model's name and what pins its weights: a folder's digest, or LAVIS's own release."""
    from hdvg.captioning.blip2 import identify_model as identify_folder

    return identify_folder(model) if Path(model).is_dir() else (model, "lavis 1.0.2")


def find_python() -> Path:
    """The interpreter of the LAVIS environment.

    Raises:
        InputError: It has not been made.
    """
    python = Path(os.environ.get(_VARIABLE, _ENVIRONMENT)) / "bin" / "python"
    if not python.is_file():
        raise InputError(
            f"no LAVIS environment at {python}: run `make env-lavis`, or set {_VARIABLE}"
        )
    return python.absolute()


def _encode(image: "Image.Image") -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return base64.b64encode(buffer.getvalue()).decode()


def _end(process: "subprocess.Popen[str]") -> None:
    """Closes its input, which ends it, and waits; kills it if that does not help."""
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(BrokenPipeError):  # it has ended by itself
        process.stdin.close()
    process.stdout.close()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
