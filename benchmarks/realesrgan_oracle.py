"""The other end of `realesrgan_process.py`: asks it, from the project's own environment."""

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from vfsr.rcan import RCAN

ROOT = Path(__file__).parents[1]
ENVIRONMENT = ROOT / ".env-realesrgan"
REASON = "the environment of Real-ESRGAN is not built; `make env-realesrgan` builds it"

_BLOCK = r"^body\.(\d+)\.body\.(\d+)\.body\."
_THEIRS = r"body.\1.residual_group.\2.rcab."
_RENAMED = (
    (r"^head\.0\.", "conv_first."),
    (_BLOCK + r"3\.conv_du\.0\.", _THEIRS + "3.attention.1."),
    (_BLOCK + r"3\.conv_du\.2\.", _THEIRS + "3.attention.3."),
    (_BLOCK + r"(\d)\.", _THEIRS + r"\3."),
    (r"^body\.(\d+)\.body\.\d+\.(weight|bias)", r"body.\1.conv.\2"),
    (r"^body\.\d+\.(weight|bias)", r"conv_after_body.\1"),
    (r"^tail\.0\.", "upsample."),
    (r"^tail\.1\.", "conv_last."),
)


def in_their_names(model: RCAN) -> dict[str, Tensor]:
    """The trained weights as BasicSR's RCAN calls them, ready for `Oracle.ask`."""
    weights = {}
    for name, value in model.named_parameters():
        for pattern, replacement in _RENAMED:
            theirs, count = re.subn(pattern, replacement, name)
            if count:
                break
        weights[f"w:{theirs}"] = value.detach().contiguous()
    return weights


def is_built() -> bool:
    """Whether there is an environment to ask."""
    return (ENVIRONMENT / "bin/python").exists()


class Oracle:
    """Real-ESRGAN, BasicSR and kornia on one core; a context manager that ends the process."""

    def __init__(self) -> None:
        """Starts it and waits until its libraries are loaded, which takes some seconds.

        Raises:
            FileNotFoundError: The environment is not built.
        """
        if not is_built():
            raise FileNotFoundError(REASON)
        self._folder = tempfile.TemporaryDirectory(prefix="oracle-")
        self._process = subprocess.Popen(
            [ENVIRONMENT / "bin/python", Path(__file__).with_name("realesrgan_process.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            cwd=self._folder.name,
        )
        self._read()

    def ask(
        self, do: str, seed: int = 0, *, settings: dict[str, Any] | None = None, **arrays: Tensor
    ) -> tuple[dict[str, Tensor], float]:
        """Results by name, and the seconds that computing them took."""
        folder = Path(self._folder.name)
        given, out = str(folder / "in.npz"), str(folder / "out.npz")
        sent: dict[str, Any] = {name: value.numpy() for name, value in arrays.items()}
        np.savez(given, **sent)
        request = (settings or {}) | {"do": do, "seed": seed, "arrays": given, "out": out}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        seconds = float(self._read()["seconds"])
        with np.load(out) as file:
            return {name: torch.from_numpy(file[name]) for name in file.files}, seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._folder.cleanup()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the oracle ended with exit code {self._process.wait()}")
        reply = dict(json.loads(line))
        if "error" in reply:
            raise RuntimeError(f"the oracle failed: {reply['error']}")
        return reply
