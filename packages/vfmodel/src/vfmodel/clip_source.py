"""What training reads clips from: a dataset's folder, rendered scenes, or latents in memory."""

from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class ClipSource(Protocol):
    """What `hdvg.ClipDataset` offers: items by index, and other time windows in other epochs."""

    def __len__(self) -> int:
        """The number of clips."""
        ...

    def __getitem__(self, index: int) -> Any:  # noqa: ANN401
        """The item of a clip."""
        ...

    def set_epoch(self, epoch: int) -> None:
        """Chooses the time windows."""
        ...
