"""`vfsr fit`: trains the upscaler as a YAML says, into a run folder."""

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonargparse
import torch
from lightning.pytorch import Trainer
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI

from hdvg.errors import InputError
from vfsr.data import CropDataModule
from vfsr.degradation.second_order import Reconstruct
from vfsr.run_folder import MetricsFile, prepare_run, run_callbacks
from vfsr.training import UpscalerTraining

_NOT_OURS_TO_HEED = (
    ".*does not have many workers.*",
    ".*args parameter is intended to run.*",
    ".*LeafSpec.*",
)


class FitCLI(LightningCLI):
    """Lightning's command line with one command and a run folder."""

    def __init__(self, *args: Any, reconstruct: Reconstruct | None, **kwargs: Any) -> None:  # noqa: ANN401
        """As Lightning's; `reconstruct` goes to the data, where small crops pass through it."""
        self.reconstruct = reconstruct
        super().__init__(*args, **kwargs)

    def before_fit(self) -> None:
        """Hands the model over."""
        self.datamodule.reconstruct = self.reconstruct

    @staticmethod
    def subcommands() -> dict[str, set[str]]:
        """Only `fit`."""
        return {
            "fit": {"model", "train_dataloaders", "val_dataloaders", "datamodule", "weights_only"}
        }

    def fit(self, **arguments: Any) -> None:  # noqa: ANN401
        """Trains; a checkpoint is read as plain data, never executed."""
        self.trainer.fit(**arguments, weights_only=True)

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """The settings of the run folder."""
        parser.add_argument(
            "--run", type=str, default="runs/upscaler", help="Folder that the run is written to."
        )
        parser.add_argument(
            "--save_every", type=int, default=500, help="Steps from checkpoint to checkpoint."
        )
        parser.add_argument(
            "--ema_decay", type=float, default=0.999, help="Decay of the averaged weights."
        )
        # An epoch has no end; max_steps ends it.
        parser.set_defaults({"trainer.max_epochs": 1, "trainer.enable_model_summary": False})

    def before_instantiate_classes(self) -> None:
        """Checks the run folder and the checkpoint before anything is built or written."""
        settings = self.config[self.subcommand]
        checkpoint = settings.ckpt_path
        if checkpoint not in (None, "last") and not Path(checkpoint).is_file():
            raise InputError(f"checkpoint not found: {checkpoint}")
        prepare_run(Path(settings.run), resumes=checkpoint is not None)

    def instantiate_trainer(self, **kwargs: object) -> Trainer:
        """A trainer that writes to the run folder."""
        settings = self.config[self.subcommand]
        folder = Path(settings.run)
        callbacks = run_callbacks(folder, settings.save_every, settings.ema_decay)
        own = [*(settings.trainer.callbacks or []), *callbacks]
        return super().instantiate_trainer(
            logger=MetricsFile(folder),
            default_root_dir=folder,
            callbacks=own,
            use_distributed_sampler=False,
            **kwargs,
        )


def run_fit(
    arguments: Sequence[str],
    reconstruct: Reconstruct | None = None,
    training: type[UpscalerTraining] = UpscalerTraining,
) -> None:
    """Trains.

    Args:
        arguments: The command line, from "fit" on.
        reconstruct: A model that small crops pass through where the degradation says so.
        training: The stage of training, which decides what the YAML's `model` may hold.

    Raises:
        InputError: An unknown key, a file that is missing, a dataset or checkpoint that does not
            fit.
    """
    for message in _NOT_OURS_TO_HEED:
        warnings.filterwarnings("ignore", message=message)
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    torch.set_float32_matmul_precision("high")
    jsonargparse.set_parsing_settings(docstring_parse_attribute_docstrings=True)
    strict = {"exit_on_error": False}
    try:
        FitCLI(
            training,
            CropDataModule,
            reconstruct=reconstruct,
            args=list(arguments),
            seed_everything_default=0,
            auto_configure_optimizers=False,
            save_config_kwargs={"overwrite": True},
            parser_kwargs={"exit_on_error": False, "fit": strict},
        )
    except jsonargparse.ArgumentError as error:
        raise InputError(error.message) from error
