"""`hdvg export`: a dataset, or a selection of it, in a format that other trainers read."""

from typing import TYPE_CHECKING

from hdvg.commands.result import Result

if TYPE_CHECKING:
    from argparse import Namespace

    from jsonargparse import ArgumentParser

ABOUT = "Writes a dataset for other trainers: WebDataset, WebVid or HD-VG-130M."


def add_arguments(command: "ArgumentParser") -> None:
    """The dataset, and every other field of `ExportConfig` as an option."""
    from hdvg.export.export_dataset import ExportConfig

    command.add_argument("data", type=str, help="the dataset folder, or an fsspec URL")
    command.add_class_arguments(ExportConfig, as_group=False, skip={"data"})


def run(options: "Namespace") -> Result:
    """Exports, and counts what was written."""
    from hdvg.export.export_dataset import ExportConfig, export_dataset

    config = ExportConfig(**vars(options))
    counts = export_dataset(config)
    said = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    return Result(text=f"{config.out}: {said}\n", data={"out": config.out} | counts)
