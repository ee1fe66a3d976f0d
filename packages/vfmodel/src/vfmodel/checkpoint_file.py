"""Writes checkpoints so that what stands under a checkpoint's name is always whole."""

import os
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO
from lightning.pytorch import Trainer


class CheckpointFile(TorchCheckpointIO):
    """Writes straight to the file, and keeps what went wrong for all processes to hear.

    Lightning's own collects the file in memory, twice, and goes through the folder for temporary
    files. Only the first process writes; if it raised, the others would wait for it for ever.

    Attributes:
        failure: Why the last checkpoint could not be written; None if it was.
    """

    def __init__(self) -> None:
        super().__init__()
        self.failure: OSError | None = None

    def save_checkpoint(
        self,
        checkpoint: dict[str, Any],
        path: str | os.PathLike[str],
        storage_options: object | None = None,
    ) -> None:
        """Writes, down to the disk; what is left after a failure is not readable."""
        self.failure = None
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            with Path(path).open("wb") as file:
                torch.save(checkpoint, file)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            self.failure = error
        except RuntimeError as error:
            # What torch's archive writer makes of an error of the file below it.
            if not isinstance(error.__context__, OSError):
                raise
            self.failure = error.__context__


def replace_checkpoint(trainer: Trainer, path: Path) -> None:
    """Saves a checkpoint beside the old one, which it replaces when it is complete.

    Every process of the trainer has to call it; all return or all raise.

    Args:
        trainer: Its strategy writes through a `CheckpointFile`.
        path: Of the checkpoint.

    Raises:
        OSError: It could not be written, because the disk is full for example. The old one stays,
            and nothing else is left.
    """
    writer = trainer.strategy.checkpoint_io
    assert isinstance(writer, CheckpointFile)
    partial = path.with_name(f".{path.name}.partial")
    try:
        trainer.save_checkpoint(partial)
        failure: OSError | None = trainer.strategy.broadcast(writer.failure)
        if failure is not None:
            raise OSError(failure.errno, failure.strerror, str(path))
        if trainer.is_global_zero:
            partial.replace(path)
            _sync_folder(path.parent)
    finally:
        if trainer.is_global_zero:
            partial.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Makes a rename durable: without it a power cut may bring the old file back."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
