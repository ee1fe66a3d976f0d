"""Serves the page until it is interrupted, without a call to anybody else."""

import os
import socket
import tempfile
import threading
from pathlib import Path
from types import TracebackType

from hdvg.errors import InputError
from vfmodel.find_upscaler import find_upscaler
from vfmodel.pretrained import STAND_IN_PIPELINE
from vfmodel.text_to_video import load_pipeline

# Read when gradio is imported, and whenever it would send something.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"


class Server:
    """A page that is up; as a context manager it is taken down and its files are removed."""

    def __init__(
        self,
        *,
        model: str | None = None,
        upscaler: str | None = None,
        host: str = "127.0.0.1",
        port: int = 7860,
    ) -> None:
        """Loads the model and starts serving.

        Args:
            model: A model folder or hub id; None for the packaged model.
            upscaler: Import path of a function that enlarges a video, such as "vfsr.upscale".
            host: Address to listen on.
            port: TCP port to listen on.

        Raises:
            InputError: No such model or upscaler, or the address cannot be had.
        """
        _refuse_taken(host, port)  # before seconds or minutes of loading
        enlarge = None if upscaler is None else find_upscaler(upscaler)
        pipeline = load_pipeline(STAND_IN_PIPELINE if model is None else model)
        self._files = tempfile.TemporaryDirectory(prefix="vfmodel-app-")
        made = Path(self._files.name) / "made"
        made.mkdir()
        # Where copies go that browsers are given; gradio asks for it whenever it makes one.
        os.environ["GRADIO_TEMP_DIR"] = str(Path(self._files.name) / "served")

        from vfmodel.app.look import make_theme, style_sheet
        from vfmodel.app.page import build_page
        from vfmodel.app.studio import Studio

        self._page = build_page(Studio(pipeline, made, enlarge), model, upscaler)
        _, self.url, _ = self._page.launch(
            server_name=host,
            server_port=port,
            allowed_paths=[str(made)],
            theme=make_theme(),
            css=style_sheet(),
            share=False,
            quiet=True,
            footer_links=[],
            run_history=False,
            ssr_mode=False,
            pwa=False,
            mcp_server=False,
            enable_monitoring=False,
            prevent_thread_lock=True,
        )

    def wait(self) -> None:
        """Blocks until the process is interrupted."""
        threading.Event().wait()

    def __enter__(self) -> "Server":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._page.close(verbose=False)
        self._files.cleanup()


def _refuse_taken(host: str, port: int) -> None:
    try:
        with socket.create_server((host, port)):
            pass
    except (OSError, OverflowError) as error:
        raise InputError(f"cannot listen on {host}:{port}: {error}") from error
