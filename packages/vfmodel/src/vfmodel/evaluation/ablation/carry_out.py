"""Carries out the runs of an ablation, some at a time; what is done is never done again.

A run is `vfmodel fit`, which goes on from its last checkpoint, and `vfmodel evaluate`, each a
process of its own, so that memory is measured for it alone; then the summary, written last.
"""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import yaml

from hdvg.errors import InputError
from vfmodel.evaluation.ablation.ablation_config import AblationConfig
from vfmodel.evaluation.ablation.make_start import make_start
from vfmodel.evaluation.ablation.plan_runs import START, Run, plan_runs
from vfmodel.evaluation.ablation.summarise_run import SUMMARY, summarise_run
from vfmodel.evaluation.generation.video_folder import replace_json

LOG = logging.getLogger(__name__)

ABLATION = "ablation.json"
# Of a failed step's log, what is shown.
_LAST_LINES = 3


class Processes:
    """Starts steps, and ends those that are running when the whole job ends."""

    def __init__(self, threads: int) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._ended = False
        self._environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}

    def run(self, words: list[str], log: Path) -> None:
        """Runs `vfmodel <words>` with its output in a file.

        Raises:
            InputError: It failed; the message ends as its log does.
        """
        with log.open("ab") as output:
            with self._lock:
                if self._ended:
                    raise InputError("the job is ending")
                process = subprocess.Popen(
                    [sys.executable, "-m", "vfmodel", *words],
                    stdout=output,
                    stderr=output,
                    env=self._environment,
                )
                self._running.add(process)
            code = process.wait()
            with self._lock:
                self._running.discard(process)
        if code != 0:
            last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:]
            raise InputError(f"vfmodel {words[0]} ended with code {code}: {' '.join(last)}")

    def end(self) -> None:
        """Ends what runs; nothing is started any more."""
        with self._lock:
            self._ended = True
            for process in self._running:
                process.terminate()


def carry_out(config: AblationConfig) -> dict[str, str]:
    """Trains and evaluates every run that has no summary yet.

    Returns:
        Why a run failed, by its folder's name; the others are done.

    Raises:
        InputError: The plan is not to be had, or the folder holds another ablation.
    """
    runs = plan_runs(config)
    _note_plan(config)
    waiting = [run for run in runs if not (run.folder / SUMMARY).is_file()]
    LOG.info("%d of %d runs are to be done", len(waiting), len(runs))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    processes = Processes(max(1, cores // config.workers))
    failed: dict[str, str] = {}

    def do(run: Run) -> None:
        try:
            _do_run(run, config, processes.run)
            LOG.info("%s is done", run.folder.name)
        except (InputError, OSError) as error:
            failed[run.folder.name] = str(error)
            LOG.warning("%s failed: %s", run.folder.name, error)

    with ThreadPoolExecutor(config.workers) as pool:
        try:
            for _ in pool.map(do, waiting):
                pass
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            processes.end()
            raise
    return failed


def _note_plan(config: AblationConfig) -> None:
    """Writes down what tables need to know of the plan."""
    path = Path(config.out) / ABLATION
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_json(path, asdict(config))


def _do_run(run: Run, config: AblationConfig, start: Callable[[list[str], Path], None]) -> None:
    run.folder.mkdir(parents=True, exist_ok=True)
    written = run.folder / "fit.yaml"
    text = yaml.safe_dump(run.settings, sort_keys=False)
    if written.is_file() and written.read_text(encoding="utf-8") != text:
        raise InputError(f"{written} has other settings than this run: give another `out`")
    written.write_text(text, encoding="utf-8")
    if not (run.folder / "fit" / "model" / "model_index.json").is_file():
        make_start(config.start, run.unet, run.seed, run.folder / START)
        words = ["fit", "--config", str(written), "--trainer.enable_progress_bar", "false"]
        if (run.folder / "fit" / "checkpoints" / "last.ckpt").is_file():
            words += ["--ckpt_path", "last"]
        start(words, run.folder / "fit.log")
    start(_evaluation(run, config), run.folder / "evaluate.log")
    replace_json(run.folder / SUMMARY, summarise_run(run))


def _evaluation(run: Run, config: AblationConfig) -> list[str]:
    words = {
        "protocol": config.protocol,
        "videos": run.folder / "videos",
        "out": run.folder,
        "cache": Path(config.out) / "real",
        "name": run.variant,
        "model": run.folder / "fit" / "model",
        "steps": config.sampling_steps,
        "num_samples": config.num_samples,
    }
    return ["evaluate", *(f"--{key}={value}" for key, value in words.items() if value is not None)]
