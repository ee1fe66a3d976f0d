"""Ends all processes of a training when the first one fails."""

import signal

from lightning.pytorch import Callback, LightningModule, Trainer


class EndTogether(Callback):
    """Ends the processes that this one started when it fails.

    Else each of them would fail too, a moment later and with a traceback: their partner is gone.
    """

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Ends them; where torchrun or Slurm started them, those do it.

        After an interrupt the last checkpoint needs them once more, and Lightning ends them.
        """
        launcher = trainer.strategy.launcher
        if launcher is not None and not isinstance(exception, KeyboardInterrupt):
            launcher.kill(signal.SIGKILL)
