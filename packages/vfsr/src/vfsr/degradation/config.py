"""The knobs of the degradation, with Real-ESRGAN x4plus as the default."""

import math
from dataclasses import dataclass, field

import torch

from hdvg.errors import InputError

Range = tuple[float, float]
KERNEL_WIDTH = 21
"""Every blur kernel is held in a square of this width, smaller ones padded with zeros."""


@dataclass(frozen=True, kw_only=True)
class StageConfig:
    """One stage: blur, resize, noise, JPEG; the defaults are the first stage of x4plus."""

    blur_prob: float = 1.0
    """Probability that the stage blurs at all."""
    sinc_prob: float = 0.1
    """Of the blurs, the share with a sinc kernel (ringing, overshoot)."""
    family_probs: tuple[float, float, float, float, float, float] = (
        0.45,
        0.25,
        0.12,
        0.03,
        0.12,
        0.03,
    )
    """Of the others: Gaussian, generalised Gaussian, plateau; of each isotropic, anisotropic."""
    sigma_range: Range = (0.2, 3.0)
    """Standard deviation of the blur in pixels."""
    generalised_beta_range: Range = (0.5, 4.0)
    """Exponent of the generalised Gaussian; half of the draws fall below 1, half above."""
    plateau_beta_range: Range = (1.0, 2.0)
    """Exponent of the plateau kernel; half of the draws fall below 1, half above."""
    resize_probs: tuple[float, float, float] = (0.2, 0.7, 0.1)
    """Probabilities to enlarge, to shrink, to keep the size."""
    resize_range: Range = (0.15, 1.5)
    """Smallest and largest factor; below 1 when shrinking, above 1 when enlarging."""
    gaussian_prob: float = 0.5
    """Probability that the noise is Gaussian; otherwise it is Poisson."""
    gaussian_range: Range = (1.0, 30.0)
    """Standard deviation of the Gaussian noise in levels of 0..255."""
    poisson_range: Range = (0.05, 3.0)
    """Factor on the Poisson (shot) noise; 1 is physical."""
    gray_prob: float = 0.4
    """Probability that the three channels share one noise field."""
    jpeg_range: Range = (30.0, 95.0)
    """JPEG quality in 1..100."""

    def __post_init__(self) -> None:
        """Checks probabilities and ranges."""
        for name in ("blur_prob", "sinc_prob", "gaussian_prob", "gray_prob"):
            _check_probability(name, getattr(self, name))
        for name in ("family_probs", "resize_probs"):
            _check_distribution(name, getattr(self, name))
        for name in ("gaussian_range", "poisson_range"):
            _check_range(name, getattr(self, name), 0.0, math.inf)
        _check_range("sigma_range", self.sigma_range, 0.05, float(KERNEL_WIDTH))
        _check_range("jpeg_range", self.jpeg_range, 1.0, 100.0)
        for name in ("generalised_beta_range", "plateau_beta_range", "resize_range"):
            low, high = getattr(self, name)
            _check_range(name, (low, high), 0.01, 100.0)
            if not low <= 1 <= high:
                raise InputError(f"{name} must enclose 1, got {(low, high)}")


def _second_stage() -> StageConfig:
    """The second stage of x4plus: the same shape, weaker (arXiv:2107.10833, section 3.3)."""
    return StageConfig(
        blur_prob=0.8,
        sigma_range=(0.2, 1.5),
        resize_probs=(0.3, 0.4, 0.3),
        resize_range=(0.3, 1.2),
        gaussian_range=(1.0, 25.0),
        poisson_range=(0.05, 2.5),
    )


@dataclass(frozen=True, kw_only=True)
class DegradationConfig:
    """The whole degradation: two stages, a final sinc filter, and the shrinking in all."""

    first: StageConfig = field(default_factory=StageConfig)
    """The stage that works at the size of the clean frame."""
    second: StageConfig = field(default_factory=_second_stage)
    """The stage that ends at 1 / scale of that size."""
    final_sinc_prob: float = 0.8
    """Probability of the sinc filter after the second resize."""
    jpeg_last_prob: float = 0.5
    """Probability that the second JPEG comes after the final resize and sinc, not before."""
    reconstruct_prob: float = 0.0
    """Probability that the small frame then passes through a model that the caller hands over."""
    scale: int = 4
    """How many times smaller the result is."""

    def __post_init__(self) -> None:
        """Checks the probabilities and the scale."""
        for name in ("final_sinc_prob", "jpeg_last_prob", "reconstruct_prob"):
            _check_probability(name, getattr(self, name))
        if self.scale < 1:
            raise InputError(f"scale must be at least 1, got {self.scale}")

    @classmethod
    def preset(cls, name: str) -> "DegradationConfig":
        """One of those below by name: "realesrgan_x4plus", "light" or "generator".

        Raises:
            InputError: No such preset.
        """
        presets = {
            "realesrgan_x4plus": cls.realesrgan_x4plus,
            "light": cls.light,
            "generator": cls.generator,
        }
        if name not in presets:
            raise InputError(f"no degradation {name!r}; there are {', '.join(presets)}")
        return presets[name]()

    @classmethod
    def realesrgan_x4plus(cls) -> "DegradationConfig":
        """The published settings of Real-ESRGAN x4plus, which are the defaults."""
        return cls()

    @classmethod
    def light(cls) -> "DegradationConfig":
        """As much blur as x4plus, but weak noise and good JPEG: for frames that come from a model.

        Chosen here because a video model's decoder blurs but neither adds sensor noise nor
        compresses, and because x4plus teaches a small network above all to smooth: it then wipes
        out the fine texture that the video model did draw.
        """
        first = StageConfig(
            sinc_prob=0.05,
            resize_range=(0.4, 1.2),
            gaussian_range=(0.0, 3.0),
            poisson_range=(0.0, 0.25),
            jpeg_range=(75.0, 95.0),
        )
        second = StageConfig(
            blur_prob=0.5,
            sinc_prob=0.05,
            sigma_range=(0.2, 1.5),
            resize_probs=(0.2, 0.3, 0.5),
            resize_range=(0.6, 1.2),
            gaussian_range=(0.0, 2.0),
            poisson_range=(0.0, 0.15),
            jpeg_range=(75.0, 95.0),
        )
        return cls(first=first, second=second, final_sinc_prob=0.3)

    @classmethod
    def generator(cls) -> "DegradationConfig":
        """What a video model does to a frame: little before it, then its own autoencoder.

        The errors to undo are those of the diffusion and the autoencoder (arXiv:2305.10874, section
        3.4), so the camera's part is only what training clips show: shrinking by various filters,
        some softness, traces of good compression. The autoencoder is the caller's to hand over.
        """
        first = StageConfig(
            blur_prob=0.5,
            sinc_prob=0.05,
            sigma_range=(0.2, 1.5),
            resize_probs=(0.1, 0.4, 0.5),
            resize_range=(0.5, 1.2),
            gaussian_range=(0.0, 1.0),
            poisson_range=(0.0, 0.1),
            jpeg_range=(85.0, 100.0),
        )
        second = StageConfig(
            blur_prob=0.2,
            sinc_prob=0.05,
            sigma_range=(0.2, 1.0),
            resize_probs=(0.1, 0.2, 0.7),
            resize_range=(0.8, 1.2),
            gaussian_range=(0.0, 0.5),
            poisson_range=(0.0, 0.05),
            jpeg_range=(90.0, 100.0),
        )
        return cls(first=first, second=second, final_sinc_prob=0.1, reconstruct_prob=1.0)


torch.serialization.add_safe_globals([StageConfig, DegradationConfig])


def _check_probability(name: str, value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise InputError(f"{name} must lie in 0..1, got {value}")


def _check_distribution(name: str, probs: tuple[float, ...]) -> None:
    for prob in probs:
        _check_probability(name, prob)
    if not math.isclose(sum(probs), 1.0, abs_tol=1e-6):
        raise InputError(f"{name} must sum to 1, got {probs}")


def _check_range(name: str, limits: Range, lowest: float, highest: float) -> None:
    if not lowest <= limits[0] <= limits[1] <= highest:
        raise InputError(
            f"{name} must be two ascending numbers in {lowest:g}..{highest:g}, got {limits}"
        )
