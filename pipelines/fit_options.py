"""The options that both trainings share, as the packages' own `fit` commands name them."""

import argparse
from collections.abc import Sequence
from pathlib import Path


def fit_options(description: str | None, words: Sequence[str] | None = None) -> list[str]:
    """Reads --config, --data and --out from `words` or the command line; passes the rest on."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", required=True, help="YAML of the run")
    parser.add_argument("--data", required=True, help="dataset folder or URL")
    parser.add_argument("--out", required=True, type=Path, help="run folder")
    options, others = parser.parse_known_args(words)
    begun = (options.out / "checkpoints" / "last.ckpt").exists()
    return [
        *("fit", "--config", options.config),
        *("--data.root", options.data),
        *("--run", str(options.out)),
        *(("--ckpt_path", "last") if begun else ()),
        *others,
    ]
