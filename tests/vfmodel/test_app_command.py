"""What the command refuses before it loads anything."""

import importlib.util
import socket

import pytest

from hdvg.errors import InputError
from vfmodel.app_command import run_app


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--port", "x"], "port"),
        (["--port", "0"], r"port must be in 1\.\.65535, got 0"),
        (["--prot", "1"], "--prot"),
        (["--config", "none.yaml"], r"none\.yaml"),
        (["--model", "/none/such"], "no model folder: /none/such"),
        (["--upscaler", "vfsr.upscail"], "vfsr has no upscail"),
        (["--host", "no.such.host.invalid"], r"cannot listen on no\.such\.host\.invalid"),
    ],
)
def test_bad_input_is_refused_by_name(words, named, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(InputError, match=named):
        run_app(["--port", str(port), *words])


def test_a_port_in_use_is_refused_before_a_model_is_loaded():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"cannot listen on 127.0.0.1:{port}"):
            run_app(["--port", str(port), "--model", "/none/such"])


def test_without_gradio_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'vfmodel\[app\]'"):
        run_app([])
