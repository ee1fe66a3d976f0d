"""`vfmodel app`: a page in the browser on which a model is tried."""

import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from hdvg.errors import InputError
from vfmodel.command_line import new_parser, read_words


@dataclass(frozen=True, kw_only=True)
class AppConfig:
    """What `vfmodel app` is asked for."""

    model: str | None = None
    """A model folder or hub id; by default the packaged mini model."""
    upscaler: str | None = None
    """Import path of a function that enlarges a video, such as vfsr.upscale; by default there is no
    button for it."""
    host: str = "127.0.0.1"
    """Address to listen on; 0.0.0.0 lets everybody in who reaches this machine."""
    port: int = 7860
    """TCP port to listen on."""

    def __post_init__(self) -> None:
        if not 1 <= self.port <= 65535:
            raise InputError(f"port must be in 1..65535, got {self.port}")


def run_app(arguments: Sequence[str]) -> None:
    """Parses a command line and serves until the process is interrupted.

    Args:
        arguments: What follows "app" on the command line.

    Raises:
        InputError: An unknown option, no gradio, a model that cannot be loaded, or an address that
            cannot be had.
    """
    parser = new_parser(
        "app", "Opens a page on which a model is tried in the browser.", json_help=""
    )
    parser.add_class_arguments(AppConfig, None)
    settings, _ = read_words(parser, arguments)
    _serve(AppConfig(**settings))


def _serve(config: AppConfig) -> None:
    if importlib.util.find_spec("gradio") is None:
        raise InputError("the page needs gradio: pip install 'vfmodel[app]'")
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    from vfmodel.app.serve import Server

    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    with Server(
        model=config.model, upscaler=config.upscaler, host=config.host, port=config.port
    ) as server:
        sys.stdout.write(f"{server.url}  (Ctrl-C ends it)\n")
        sys.stdout.flush()
        server.wait()
