"""The ablations and their tables: `make ablation`.

python -m pipelines.ablation --config configs/ablation/mini.yaml

Runs that have a summary are not done again, so the same command goes on after an interruption. The
tables, of what is done, lie in <out>/tables.
"""

import subprocess
import sys
from pathlib import Path

import yaml

TABLES = ("ablation", "dataset")


def main(arguments: list[str]) -> int:
    """Carries out the runs, then writes the tables whatever became of the last one."""
    if arguments[:1] != ["--config"] or len(arguments) < 2:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    code = subprocess.call([sys.executable, "-m", "vfmodel", "ablate", *arguments])
    config = yaml.safe_load(Path(arguments[1]).read_text(encoding="utf-8"))
    out = next((word[6:] for word in arguments if word.startswith("--out=")), config["out"])
    for kind in TABLES:
        words = ["table", kind, out, "--out", f"{out}/tables"]
        code = subprocess.call([sys.executable, "-m", "vfmodel", *words]) or code
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
