"""A failure ends the processes that were started, an interrupt leaves them to Lightning."""

import signal
from unittest.mock import Mock

import pytest
from lightning.pytorch import LightningModule, Trainer

from hdvg.errors import InputError
from vfmodel.end_together import EndTogether


@pytest.mark.parametrize(
    ("error", "killed"),
    [(InputError("x"), True), (OSError(28, "full"), True), (KeyboardInterrupt(), False)],
    ids=str,
)
def test_who_is_ended(error, killed):
    trainer = Mock(spec=Trainer)
    trainer.configure_mock(strategy=Mock())
    EndTogether().on_exception(trainer, LightningModule(), error)
    calls = [call.args for call in trainer.strategy.launcher.kill.call_args_list]
    assert calls == ([(signal.SIGKILL,)] if killed else [])


def test_a_process_that_started_none_ends_none():
    trainer = Mock(spec=Trainer)
    trainer.configure_mock(strategy=Mock(launcher=None))
    EndTogether().on_exception(trainer, LightningModule(), InputError("x"))
