"""Real-ESRGAN, BasicSR, kornia, spandrel: a program for the Python of `make env-realesrgan`.

It imports nothing of this project, which that environment does not have. A request is a line of
JSON on standard input, {"do": "jpeg", "arrays": "in.npz", "out": "out.npz", ...}; the answer is
{"seconds": ...} or {"error": ...} on standard output, arrays go through files. The first answer is
{"ready": true}.
"""

import json
import math
import random
import sys
import time
import traceback
import warnings
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

Arrays = dict[str, Any]
Image = npt.NDArray[np.float64]

# Six blur families before it, in the order of vfsr.degradation.params.
SINC = 6
WIDTH = 21

# What Real-ESRGAN's training options name; the values are x4plus's, which vfsr's defaults are too.
OPTIONS = {
    "scale": 4,
    "gt_size": 256,
    "resize_prob": [0.2, 0.7, 0.1],
    "resize_range": [0.15, 1.5],
    "gaussian_noise_prob": 0.5,
    "noise_range": [1, 30],
    "poisson_scale_range": [0.05, 3],
    "gray_noise_prob": 0.4,
    "jpeg_range": [30, 95],
    "second_blur_prob": 0.8,
    "resize_prob2": [0.3, 0.4, 0.3],
    "resize_range2": [0.3, 1.2],
    "gaussian_noise_prob2": 0.5,
    "noise_range2": [1, 25],
    "poisson_scale_range2": [0.05, 2.5],
    "gray_noise_prob2": 0.4,
    "jpeg_range2": [30, 95],
}
FAMILIES = ["iso", "aniso", "generalized_iso", "generalized_aniso", "plateau_iso", "plateau_aniso"]
FAMILY_PROBS = [0.45, 0.25, 0.12, 0.03, 0.12, 0.03]


def render_kernels(given: Arrays, settings: dict[str, Any]) -> Arrays:
    """One kernel a row of numbers, as vfsr draws them."""
    count = len(given["family"])
    rows = [{name: column[i].item() for name, column in given.items()} for i in range(count)]
    return {"kernels": np.stack([_render(row) for row in rows])}


def _render(row: dict[str, Any]) -> Image:
    from basicsr.data import degradations as d

    family, width = row["family"], row["width"]
    if family == SINC:
        return d.circular_lowpass_kernel(row["cutoff"], width, pad_to=WIDTH)
    shape = width, row["sigma_x"], row["sigma_y"], row["theta"]
    isotropic = family % 2 == 0
    if family < 2:
        kernel = d.bivariate_Gaussian(*shape, isotropic=isotropic)
    elif family < 4:
        kernel = d.bivariate_generalized_Gaussian(*shape, row["beta"], isotropic=isotropic)
    else:
        kernel = d.bivariate_plateau(*shape, row["beta"], isotropic=isotropic)
    return np.pad(kernel, (WIDTH - width) // 2)


def blur(given: Arrays, settings: dict[str, Any]) -> Arrays:
    """Each image by its own kernel."""
    from basicsr.utils.img_process_util import filter2D

    return {"images": filter2D(given["images"], given["kernels"])}


def sharpen(given: Arrays, settings: dict[str, Any]) -> Arrays:
    """Unsharp masking."""
    return {"images": _sharpener()(given["images"])}


def jpeg(given: Arrays, settings: dict[str, Any]) -> Arrays:
    """A quality an image; it overwrites the tensor of qualities, hence the copy."""
    from basicsr.utils import DiffJPEG

    return {"images": DiffJPEG(differentiable=False)(given["images"], given["quality"].clone())}


def jpeg_kornia(given: Arrays, settings: dict[str, Any]) -> Arrays:
    """The same with kornia."""
    from kornia.enhance import jpeg_codec_differentiable

    return {"images": jpeg_codec_differentiable(given["images"], given["quality"])}


def noise(given: Arrays, settings: dict[str, Any]) -> Arrays:
    """Gaussian noise on the first half of a batch, Poisson on the second."""
    from basicsr.data import degradations as d

    half = len(given["images"]) // 2
    gaussian = d.random_add_gaussian_noise_pt(
        given["images"][:half], sigma_range=(1, 30), gray_prob=0.4, clip=True
    )
    poisson = d.random_add_poisson_noise_pt(
        given["images"][half:], scale_range=(0.05, 3), gray_prob=0.4, clip=True
    )
    return {"gaussian": gaussian, "poisson": poisson}


def resize(given: Arrays, settings: dict[str, Any]) -> Arrays:
    """The whole batch by one factor and mode."""
    import torch.nn.functional as F

    factor, mode = settings["factor"], settings["mode"]
    return {"images": F.interpolate(given["images"], scale_factor=factor, mode=mode)}


def degrade(given: Arrays, settings: dict[str, Any]) -> Arrays:
    """All of it, by the function of Real-ESRGAN's training; kernels as its data set draws them."""
    from basicsr.utils import DiffJPEG
    from basicsr.utils.img_process_util import filter2D
    from realesrgan.models import realesrgan_model

    # On a CPU its resizing can leave channels last, which its blurring cannot view as it wants to.
    realesrgan_model.filter2D = lambda images, kernels: filter2D(images.contiguous(), kernels)
    count = len(given["images"])
    stand_in = SimpleNamespace(
        is_train=True,
        opt=OPTIONS,
        device="cpu",
        jpeger=DiffJPEG(differentiable=False),
        usm_sharpener=_sharpener() if settings["sharpen"] else lambda images: images,
        _dequeue_and_enqueue=lambda: None,
    )
    data = {
        "gt": given["images"],
        "kernel1": _draw_kernels(count, [0.2, 3]),
        "kernel2": _draw_kernels(count, [0.2, 1.5]),
        "sinc_kernel": _draw_final_kernels(count),
    }
    realesrgan_model.RealESRGANModel.feed_data(stand_in, data)
    return {"images": stand_in.lq}


def _draw_kernels(count: int, sigmas: list[float]) -> "torch.Tensor":
    import torch
    from basicsr.data import degradations as d

    kernels = []
    for _ in range(count):
        width = random.choice(range(7, 22, 2))
        if random.random() < 0.1:
            cutoff = random.uniform(math.pi / 3 if width < 13 else math.pi / 5, math.pi)
            kernels.append(d.circular_lowpass_kernel(cutoff, width, pad_to=WIDTH))
            continue
        kernel = d.random_mixed_kernels(
            FAMILIES, FAMILY_PROBS, width, sigmas, sigmas, [-math.pi, math.pi],
            [0.5, 4], [1, 2], noise_range=None,
        )  # fmt: skip
        kernels.append(np.pad(kernel, (WIDTH - width) // 2))
    return torch.from_numpy(np.stack(kernels)).float()


def _draw_final_kernels(count: int) -> "torch.Tensor":
    import torch
    from basicsr.data import degradations as d

    kernels = np.zeros((count, WIDTH, WIDTH))
    kernels[:, WIDTH // 2, WIDTH // 2] = 1
    for kernel in kernels:
        if random.random() < 0.8:
            width = random.choice(range(7, 22, 2))
            cutoff = random.uniform(math.pi / 3, math.pi)
            kernel[:] = d.circular_lowpass_kernel(cutoff, width, pad_to=WIDTH)
    return torch.from_numpy(kernels).float()


def _sharpener() -> "torch.nn.Module":
    from basicsr.utils import USMSharp

    return USMSharp()


def rcan(given: Arrays, settings: dict[str, Any]) -> Arrays:
    """BasicSR's RCAN with the given weights, which have its names."""
    from basicsr.archs.rcan_arch import RCAN

    model = RCAN(3, 3, **settings["sizes"])
    model.load_state_dict({k[2:]: v for k, v in given.items() if k.startswith("w:")})
    return {"images": model.eval()(given["images"])}


def spandrel(given: Arrays, settings: dict[str, Any]) -> Arrays:
    """Whatever network spandrel takes the given weights for; its scale beside the frames."""
    from spandrel import ModelLoader

    weights = {k[2:]: v for k, v in given.items() if k.startswith("w:")}
    found = ModelLoader(device="cpu").load_from_state_dict(weights)
    return {
        "images": found.model.eval()(given["images"].clone()),
        "scale": [found.scale],
    }


_networks: dict[str, Any] = {}


def build_network(given: Arrays, settings: dict[str, Any]) -> Arrays:
    """Makes one of their networks for `enlarge`: RCAN with given weights, or a random other."""
    from basicsr.archs.rcan_arch import RCAN
    from basicsr.archs.rrdbnet_arch import RRDBNet
    from realesrgan.archs.srvgg_arch import SRVGGNetCompact

    kinds = {"rcan": RCAN, "rrdbnet": RRDBNet, "srvgg": SRVGGNetCompact}
    model = kinds[settings["network"]](3, 3, **settings["sizes"])
    if weights := {k[2:]: v for k, v in given.items() if k.startswith("w:")}:
        model.load_state_dict(weights)
    _networks[settings["network"]] = model.eval()
    return {"parameters": [sum(p.numel() for p in model.parameters())]}


def enlarge(given: Arrays, settings: dict[str, Any]) -> Arrays:
    """Frames by a network that was built before."""
    return {"images": _networks[settings["network"]](given["images"])}


WAYS = {
    "build_network": build_network,
    "enlarge": enlarge,
    "render_kernels": render_kernels,
    "blur": blur,
    "sharpen": sharpen,
    "jpeg": jpeg,
    "jpeg_kornia": jpeg_kornia,
    "noise": noise,
    "resize": resize,
    "degrade": degrade,
    "rcan": rcan,
    "spandrel": spandrel,
}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Does what a line asks and says how much CPU time that took, reading and writing apart."""
    import torch

    with np.load(request["arrays"]) as file:
        loaded = {name: file[name] for name in file.files}
    way = WAYS[request["do"]]
    numbers_stay = way is render_kernels
    given = loaded if numbers_stay else {k: torch.from_numpy(v) for k, v in loaded.items()}
    random.seed(request["seed"])
    np.random.seed(request["seed"])  # noqa: NPY002 - it is what BasicSR draws from
    torch.manual_seed(request["seed"])
    with torch.no_grad():
        start = time.process_time()
        results = way(given, request)
        seconds = time.process_time() - start
    arrays: dict[str, Any] = {name: np.asarray(value) for name, value in results.items()}
    np.savez(request["out"], **arrays)
    return {"seconds": seconds}


def main() -> None:
    """Answers line by line until the input ends."""
    warnings.filterwarnings("ignore")
    import torch

    torch.set_num_threads(1)

    answers = sys.stdout
    sys.stdout = sys.stderr  # what the libraries print is not an answer
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line))
        except Exception:  # noqa: BLE001 - whatever it is, the other side shows it
            reply = {"error": traceback.format_exc()}
        print(json.dumps(reply), file=answers, flush=True)


if __name__ == "__main__":
    main()
