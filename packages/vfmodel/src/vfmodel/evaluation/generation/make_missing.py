"""Makes the videos that a protocol's folder lacks, shared out over processes.

A sample's video depends on its prompt and seed alone, so any number of processes makes the same
videos, and a job that was killed goes on with what is missing.
"""

import logging
import multiprocessing
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from hdvg.errors import InputError, run_command
from vfmodel.evaluation.generation.maker_config import MakerConfig
from vfmodel.evaluation.generation.video_folder import VideoFolder
from vfmodel.evaluation.generation.video_maker import MakeVideo, load_maker
from vfmodel.evaluation.plan_samples import Sample

LOG = logging.getLogger(__name__)

_TELL_EVERY_S = 30.0
# What may go wrong with one prompt and not with the next.
_BEARABLE = (RuntimeError, ValueError, OSError)


@dataclass(frozen=True, kw_only=True)
class Team:
    """Which process this is, of how many."""

    rank: int = 0
    """From 0."""
    world_size: int = 1
    """Processes that share the samples."""

    @classmethod
    def of_launcher(cls) -> "Team":
        """As torchrun or Slurm tell their processes; one alone otherwise."""
        for rank, size in (("RANK", "WORLD_SIZE"), ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS")):
            if rank in os.environ and size in os.environ:
                return cls(rank=int(os.environ[rank]), world_size=int(os.environ[size]))
        return cls()

    def share(self, samples: Sequence[Sample]) -> Sequence[Sample]:
        """The samples of this process; all together make every one once."""
        return samples[self.rank :: self.world_size]


def make_share(folder: VideoFolder, samples: Sequence[Sample], make: MakeVideo) -> dict[str, str]:
    """Makes the missing ones of some samples.

    Returns:
        Why a sample has no video, by name; they are tried again by the next run.
    """
    folder.sweep(samples)
    missing = folder.missing(samples)
    failed: dict[str, str] = {}
    started_s = told_s = time.monotonic()
    for done, sample in enumerate(missing, start=1):
        try:
            folder.write(sample, make(sample.prompt, sample.seed))
        except _BEARABLE as error:
            failed[sample.name] = " ".join(str(error).split())[:300] or type(error).__name__
            LOG.warning("%s could not be made: %s", sample.name, failed[sample.name])
        now_s = time.monotonic()
        if now_s - told_s > _TELL_EVERY_S:
            told_s = now_s
            LOG.info("%d of %d videos, %.1f s each", done, len(missing), (now_s - started_s) / done)
    return failed


def make_alone(
    folder: Path, samples: Sequence[Sample], config: MakerConfig, num_frames: int, team: Team
) -> None:
    """This process's share, with a model of its own, loaded only if something is missing."""
    videos, share = VideoFolder(folder), team.share(samples)
    if not videos.missing(share):
        return
    if torch.cuda.is_available():
        local = int(os.environ.get("LOCAL_RANK", team.rank))
        torch.cuda.set_device(local % torch.cuda.device_count())
    failed = make_share(videos, share, load_maker(config, num_frames))
    if len(failed) == len(share) > 0:
        raise InputError(f"not one video could be made: {next(iter(failed.values()))}")


def make_on_workers(
    folder: Path,
    samples: Sequence[Sample],
    config: MakerConfig,
    num_frames: int,
    num_workers: int,
) -> None:
    """Makes what is missing on some processes of this machine.

    Raises:
        InputError: A process ended before it was done; what it has made is there.
    """
    missing = VideoFolder(folder).missing(samples)
    num_workers = min(num_workers, len(missing))
    if num_workers < 2:
        make_alone(folder, missing, config, num_frames, Team())
        return
    start = multiprocessing.get_context("spawn")
    workers = [
        start.Process(
            target=_work,
            args=(folder, missing, config, num_frames, Team(rank=rank, world_size=num_workers)),
            daemon=True,
        )
        for rank in range(num_workers)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    codes = [worker.exitcode for worker in workers if worker.exitcode != 0]
    if codes:
        raise InputError(
            f"{len(codes)} of {num_workers} processes ended early (exit code {codes[0]}); the same"
            " command goes on"
        )


def _work(
    folder: Path, samples: Sequence[Sample], config: MakerConfig, num_frames: int, team: Team
) -> None:
    """A worker: its share of the cores, and errors in one line."""
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    logging.basicConfig(level=logging.INFO, format=f"[{team.rank}] %(message)s")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    torch.set_num_threads(max(1, cores // team.world_size))
    run_command(lambda: make_alone(folder, samples, config, num_frames, team))
