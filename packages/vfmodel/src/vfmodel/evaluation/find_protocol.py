"""Protocols by name, as they ship with the package, or from a file of one's own."""

from pathlib import Path

import yaml

from hdvg.errors import InputError
from vfmodel.evaluation.protocol import Protocol

_FOLDER = Path(__file__).parent / "protocol_files"


def list_protocols() -> list[str]:
    """Names of all that ship, sorted."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def find_protocol(name: str) -> Protocol:
    """Reads a protocol.

    Args:
        name: One of `list_protocols`, or the path of a YAML file.

    Raises:
        InputError: There is none of that name, or the file does not hold a protocol.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else _FOLDER / f"{name}.yaml"
    if not path.is_file():
        raise InputError(f"no protocol {name!r}; there are {', '.join(list_protocols())}")
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"not YAML: {path} ({error})") from error
    return Protocol.from_fields(values)
