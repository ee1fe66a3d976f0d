"""Loads the CLIP that CLIPSIM asks: any of the hub's, or the one that ships with vfmodel."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from transformers import CLIPImageProcessorPil, CLIPModel, CLIPTokenizer

from hdvg.errors import InputError
from vfmodel.evaluation.fit_frames import fit_frames

# The one in the papers' tables.
REAL = "openai/clip-vit-base-patch32"
SHIPPED = Path(__file__).parents[1] / "stand_ins" / "clip"
_FILTERS = {2: "bilinear antialias", 3: "bicubic antialias"}


@dataclass(frozen=True, kw_only=True, eq=False)
class LoadedClip:
    """A CLIP with its tokenizer and what it wants done to frames."""

    figure: str
    """What its similarity is called: "CLIPSIM" for ViT-B/32 as OpenAI trained it."""
    name: str
    """Hub id or folder."""
    model: CLIPModel
    """The weights, in float32: half precision moves the third decimal."""
    tokenizer: CLIPTokenizer
    """Cuts long prompts, keeping the token that ends them, which is where CLIP reads them off."""
    fit: tuple[str, ...]
    """Steps of `fit_frames` that its own preprocessing takes."""
    mean: tuple[float, float, float]
    """Subtracted from RGB in [0, 1]."""
    deviation: tuple[float, float, float]
    """What the rest is divided by."""

    def weights_sha256(self) -> str:
        """Hex digest of the weights as float32, whatever file they came in."""
        digest = hashlib.sha256()
        for name, weight in sorted(self.model.state_dict().items()):
            digest.update(f"{name}{tuple(weight.shape)}".encode())
            if weight.is_floating_point():
                digest.update(weight.detach().cpu().float().contiguous().numpy().tobytes())
        return digest.hexdigest()

    @torch.no_grad()
    def cosines(
        self,
        frames: UInt8[Tensor, "T 3 H W"],
        prompt: str,
        fit: tuple[str, ...],
        device: torch.device,
    ) -> Float[Tensor, "T"]:
        """Cosine of each frame's embedding with the prompt's, in [-1, 1].

        Args:
            frames: RGB in 0..255.
            prompt: The sentence.
            fit: Steps that bring frames to the model's size.
            device: Where to compute; the model is moved there.

        Raises:
            InputError: `fit` leads to another size than the model's.
        """
        side = self.model.config.vision_config.image_size
        fitted = fit_frames(frames, fit)
        if fitted.shape[-2:] != (side, side):
            got = "x".join(str(length) for length in fitted.shape[-2:])
            raise InputError(f"{self.name} takes frames of {side}x{side}, {list(fit)} gives {got}")
        mean, deviation = (
            torch.tensor(values, device=device).view(3, 1, 1)
            for values in (self.mean, self.deviation)
        )
        pixels = (fitted.to(device).float() / 255.0 - mean) / deviation
        longest = self.model.config.text_config.max_position_embeddings
        tokens = self.tokenizer(
            [prompt], truncation=True, max_length=longest, return_tensors="pt"
        ).to(device)
        with torch.autocast(device.type, enabled=False):
            output = self.model.to(device)(**tokens, pixel_values=pixels)
        # Both are normalised by the model.
        return (output.image_embeds @ output.text_embeds[0]).float()


def load_clip(source: str = "shapes") -> LoadedClip:
    """Loads a CLIP in hub format.

    Args:
        source: A hub id such as `REAL`, a folder, or "shapes" for the one that ships with vfmodel,
            whose figure is called shapes-CLIPSIM.

    Raises:
        InputError: It cannot be loaded, or its preprocessing is none that is known here.
    """
    where = str(SHIPPED) if source == "shapes" else source
    figure = {"shapes": "shapes-CLIPSIM", REAL: "CLIPSIM"}.get(source, f"CLIPSIM[{source}]")
    try:
        model = CLIPModel.from_pretrained(where, dtype=torch.float32)
        tokenizer = CLIPTokenizer.from_pretrained(where)
        processor = CLIPImageProcessorPil.from_pretrained(where)
    except (OSError, ValueError, RuntimeError) as error:
        first = str(error).strip().splitlines()[0]
        raise InputError(f"cannot load a CLIP from {source}: {first}") from error
    return LoadedClip(
        figure=figure,
        name=source,
        model=model.eval().requires_grad_(False),
        tokenizer=tokenizer,
        fit=steps_of(processor),
        mean=tuple(processor.image_mean),
        deviation=tuple(processor.image_std),
    )


def steps_of(processor: CLIPImageProcessorPil) -> tuple[str, ...]:
    """What an image processor does to the size of pictures, as steps of `fit_frames`.

    OpenAI's crops: of a 16:9 frame 56 % of the width are left.

    Raises:
        InputError: It uses another filter than bilinear or bicubic.
    """
    steps = []
    if processor.do_resize:
        kind = _FILTERS.get(int(processor.resample))
        if kind is None:
            raise InputError(f"a CLIP's resampling filter {processor.resample} is not known here")
        if "shortest_edge" in processor.size:
            steps.append(f"shorter {processor.size['shortest_edge']} {kind}")
        else:
            steps.append(f"resize {processor.size['height']}x{processor.size['width']} {kind}")
    if processor.do_center_crop:
        steps.append(f"crop {processor.crop_size['height']}x{processor.crop_size['width']}")
    return tuple(steps)
