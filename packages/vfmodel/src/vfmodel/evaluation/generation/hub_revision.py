"""Which commit of a hub's repository a model comes from."""

from pathlib import Path

from huggingface_hub import hf_hub_download

_SNAPSHOTS = "snapshots"


def hub_revision(source: str, file: str) -> str:
    """The commit that the hub library loads a model from, told by where it keeps the files.

    Args:
        source: A hub id, or a folder, which has no revision.
        file: Of the repository, a small one that loading needs in any case; it is fetched if the
            library does not have it, so that the first run says what later ones do.

    Returns:
        The commit's hash; "" where the library keeps none, or has no such model.
    """
    if Path(source).is_dir():
        return ""
    try:
        parts = Path(hf_hub_download(source, file)).parts
    except (OSError, ValueError):  # what the hub library raises is one of these
        return ""
    return parts[parts.index(_SNAPSHOTS) + 1] if _SNAPSHOTS in parts else ""
