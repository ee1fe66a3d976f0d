"""Every YAML under configs/ is taken by its command and says how to run it; typos are named."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("hdvg", "vfmodel", "vfsr")
# Folders whose configs another package's commands take.
COMMAND_OF = {"ablation": "vfmodel"}
CONFIGS = sorted((ROOT / "configs").rglob("*.yaml"))
IDS = [str(path.relative_to(ROOT / "configs")) for path in CONFIGS]


def _header(path):
    lines = path.read_text().splitlines()
    count = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return "\n".join(lines[:count])


def _command(path, package):
    """The subcommand that the config's first line names, or else the package's usual one."""
    named = re.match(rf"# {package} (\w+)", path.read_text()) if path.exists() else None
    return named[1] if named else {"hdvg": "build"}.get(package, "fit")


def _exit_code(path, monkeypatch):
    """Exit code of the config's own command when it has only to parse and print it."""
    package = path.relative_to(ROOT / "configs").parts[0] if ROOT in path.parents else path.stem
    package = COMMAND_OF.get(package, package)
    second_stage = path.exists() and "vfsr refine" in _header(path)
    command = "refine" if second_stage else _command(path, package)
    # LightningCLI warns when the process was started with other arguments than it is given.
    monkeypatch.setattr("sys.argv", [package])
    main = importlib.import_module(f"{package}.__main__").main
    with pytest.raises(SystemExit) as stopped:
        main([command, "--config", str(path), "--print_config"])
    return stopped.value.code


@pytest.mark.parametrize("path", CONFIGS, ids=IDS)
def test_its_command_takes_it(path, monkeypatch, capsys):
    code = _exit_code(path, monkeypatch)
    assert (code, capsys.readouterr().err) == (0, "")


@pytest.mark.parametrize("path", CONFIGS, ids=IDS)
def test_it_opens_with_its_command(path):
    assert path.read_text().startswith("#")
    assert re.search(r"\b(make|hdvg|vfmodel|vfsr|python -m) [a-z]\S*", _header(path))


@pytest.mark.parametrize("package", PACKAGES)
def test_a_misspelt_key_ends_the_run_by_name(package, tmp_path, monkeypatch, capsys):
    [example, *_] = (ROOT / "configs" / package).glob("mini.yaml")
    path = tmp_path / f"{package}.yaml"
    path.write_text(f"{example.read_text()}\nmisspelt_key: 1\n")
    assert _exit_code(path, monkeypatch) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert "misspelt_key" in err


@pytest.mark.parametrize("package", PACKAGES)
def test_a_missing_config_is_named(package, tmp_path, monkeypatch, capsys):
    path = tmp_path / f"{package}.yaml"
    assert _exit_code(path, monkeypatch) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert path.name in err
