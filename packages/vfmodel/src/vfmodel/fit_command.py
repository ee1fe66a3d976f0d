"""`vfmodel fit`: trains the video model as a YAML says, into a run folder."""

import logging
import warnings
from collections.abc import Sequence
from typing import Any, cast

import jsonargparse
import transformers
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI, SaveConfigCallback

from hdvg.errors import InputError
from vfmodel.data import ClipDataModule
from vfmodel.ema import EMA
from vfmodel.end_together import EndTogether
from vfmodel.evaluation.fvd.script_config import ScriptConfig
from vfmodel.export import export_model, read_checkpoint, unet_weights
from vfmodel.figure_config import FigureConfig
from vfmodel.fit_progress import FitProgress
from vfmodel.initialise import load_weights
from vfmodel.run_folder import LastCheckpoint, MetricsFile, RunFolder
from vfmodel.sample_grids import SampleConfig, SampleGrids
from vfmodel.shard_unet import asks_to_shard
from vfmodel.sharded_ema import ShardedEMA
from vfmodel.skip_count import SkipCount
from vfmodel.tensorboard_events import TensorBoardEvents
from vfmodel.throughput import Throughput
from vfmodel.training import VideoDiffusion
from vfmodel.unet import SwapUNet

_NOT_OURS_TO_HEED = (
    ".*does not have many workers.*",
    ".*LightningCLI's args parameter.*",
    ".*in eval mode at the start of training.*",
    ".*LeafSpec.*",
    ".*returned a view tensor.*",
)


class SaveRunConfig(SaveConfigCallback):
    """Writes config.yaml into the run folder rather than into a logger's."""

    def save_config(self, trainer: Trainer, *_: object) -> None:
        """Writes every setting, defaults included."""
        config = RunFolder(self.config.run).config
        config.parent.mkdir(parents=True, exist_ok=True)
        partial = config.with_name(f".{config.name}.partial")
        try:
            partial.write_text(self.parser.dump(self.config, skip_none=False), encoding="utf-8")
            partial.replace(config)
        finally:
            partial.unlink(missing_ok=True)


class FitCLI(LightningCLI):
    """Lightning's command line with one command, which trains into a run folder and exports."""

    @staticmethod
    def subcommands() -> dict[str, set[str]]:
        """Only `fit`."""
        return {
            "fit": {
                "model",
                "train_dataloaders",
                "val_dataloaders",
                "datamodule",
                "weights_only",
            }
        }

    def fit(self, **arguments: Any) -> None:  # noqa: ANN401
        """Trains; a checkpoint is read as plain data, never executed."""
        self.trainer.fit(**arguments, weights_only=True)

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """The settings of the run folder."""
        parser.add_argument(
            "--run", type=str, default="runs/mini", help="Folder that the run is written to."
        )
        parser.add_argument(
            "--save_every", type=int, default=200, help="Steps from checkpoint to checkpoint."
        )
        parser.add_argument(
            "--ema_decay", type=float, default=0.999, help="Decay of the averaged weights."
        )
        parser.add_argument(
            "--samples",
            type=SampleConfig | None,
            default=None,
            help="Videos of fixed prompts, made every so many steps; null makes none.",
        )
        parser.add_argument(
            "--figures",
            type=FigureConfig | None,
            default=None,
            help="FVD and CLIPSIM of samples, every so many steps; null takes none.",
        )
        parser.add_argument(
            "--gradient_checkpointing",
            type=bool,
            default=False,
            help="Compute activations anew in the backward pass: much less memory, more time.",
        )
        # The stream of clips has no end, so one epoch is the whole run; max_steps ends it.
        parser.set_defaults({"trainer.max_epochs": 1, "trainer.enable_model_summary": False})

    def before_instantiate_classes(self) -> None:
        """Checks the run folder before anything is loaded or written."""
        settings = self.config.fit
        if settings.trainer.max_steps < 1:
            raise InputError(
                f"trainer.max_steps must be positive, got {settings.trainer.max_steps}: the stream"
                " of clips has no end"
            )
        self.shards = asks_to_shard(settings.trainer.strategy)
        for name in ("samples", "figures"):
            if self.shards and settings[name] is not None:
                raise InputError(
                    f"{name} need whole weights, of which a sharding trainer.strategy leaves none"
                )
        asked = settings.samples
        self.samples = None if asked is None else SampleConfig(**asked.as_dict())
        self.figures = None if settings.figures is None else _figure_config(settings.figures)
        self.run = RunFolder(settings.run)
        chosen = self.run.choose_checkpoint(settings.ckpt_path)
        settings.ckpt_path = None if chosen is None else str(chosen)

    def instantiate_trainer(self, **kwargs: object) -> Trainer:
        """A trainer that writes to the run folder."""
        settings = self.config.fit
        self.ema = (ShardedEMA if self.shards else EMA)(settings.ema_decay)
        events = TensorBoardEvents(self.run.path)
        self.checkpoints = LastCheckpoint(self.run.last_checkpoint, settings.save_every)
        skips = SkipCount(self.datamodule.max_broken)
        first = [*(settings.trainer.callbacks or []), EndTogether(), skips]
        own = [*first, Throughput(), self.ema, *self._watchers(events), self.checkpoints]
        return super().instantiate_trainer(
            logger=[MetricsFile(self.run.path / "metrics.csv"), events],
            default_root_dir=self.run.path,
            callbacks=own,
            use_distributed_sampler=False,
            **kwargs,
        )

    def _watchers(self, events: TensorBoardEvents) -> list[Callback]:
        """Those who show what a person looks at: the bar, samples and their figures."""
        watchers: list[Callback] = []
        if self.samples is not None:
            watchers.append(SampleGrids(self.samples, self.ema, self.run.samples, events))
        if self.figures is not None:
            from vfmodel.sample_figures import SampleFigures  # networks that few runs need

            watchers.append(SampleFigures(self.figures, self.ema, self.run.path))
        if self.config.fit.trainer.enable_progress_bar is not False:
            watchers.append(FitProgress())
        return watchers

    def before_fit(self) -> None:
        """Checks what would otherwise fail in the middle, and sets what sampling defaults to."""
        if self.config.fit.gradient_checkpointing:
            self.model.unet.enable_gradient_checkpointing()
        clip = self.datamodule.clip
        autoencoder = self.model.autoencoder
        for shape, _ in self.datamodule.shapes:
            autoencoder.check_size(shape.height, shape.width)
        self.model.unet.register_to_config(
            sample_height=clip.height // autoencoder.factor,
            sample_width=clip.width // autoencoder.factor,
            num_frames=clip.num_frames,
            fps=clip.fps,
        )
        checkpoint = self.config.fit.ckpt_path
        if checkpoint is not None:
            weights = unet_weights(read_checkpoint(checkpoint)["current_model_state"])
            load_weights(self.model.unet, weights, checkpoint)
        self.datamodule.open(autoencoder)

    def after_fit(self) -> None:
        """Exports the averaged weights."""
        weights = unet_weights(self.ema.average())  # of all processes, where they are sharded
        if not self.trainer.is_global_zero:
            return
        unet = cast(SwapUNet, SwapUNet.from_config(dict(self.model.unet.config)))
        load_weights(unet, weights, "the averaged weights")
        export_model(self.run.model, unet, self.model.objective, self.model.base)
        logging.getLogger(__name__).info("model folder: %s", self.run.model)


def _figure_config(settings: jsonargparse.Namespace) -> FigureConfig:
    fields = settings.as_dict()
    script = fields.pop("script")
    return FigureConfig(script=None if script is None else ScriptConfig(**script), **fields)


def run_fit(arguments: Sequence[str]) -> None:
    """Trains.

    Args:
        arguments: The command line, from "fit" on.

    Raises:
        InputError: An unknown key, a file that is missing, or a dataset, model or checkpoint that
            does not fit.
    """
    for message in _NOT_OURS_TO_HEED:
        warnings.filterwarnings("ignore", message=message)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    transformers.utils.logging.disable_progress_bar()
    jsonargparse.set_parsing_settings(docstring_parse_attribute_docstrings=True)
    try:
        FitCLI(
            VideoDiffusion,
            ClipDataModule,
            args=list(arguments),
            save_config_callback=SaveRunConfig,
            save_config_kwargs={"save_to_log_dir": False},
            seed_everything_default=False,
            auto_configure_optimizers=False,
            parser_kwargs={"exit_on_error": False, "fit": {"exit_on_error": False}},
        )
    except jsonargparse.ArgumentError as error:
        raise InputError(error.message) from error
