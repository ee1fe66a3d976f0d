"""After which steps of a training samples are made."""

from lightning.pytorch import Trainer


class SampleSchedule:
    """Every so many steps, and the last one; each of them once.

    With accumulated gradients several batches end at one step, and a resumed run begins at a step
    that had its samples before it was cut off.
    """

    def __init__(self, every: int) -> None:
        """Takes the number of steps from samples to samples, at least 1."""
        self._every = every
        self._seen_step = 0

    def begin(self, trainer: Trainer) -> None:
        """Notes where the run begins."""
        self._seen_step = trainer.global_step

    def is_due(self, trainer: Trainer) -> bool:
        """Whether samples are to be made now; True once for a step."""
        step = trainer.global_step
        if step == self._seen_step or not (step % self._every == 0 or step == trainer.max_steps):
            return False
        self._seen_step = step
        return True
