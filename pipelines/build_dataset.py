"""Videos to a dataset: `make dataset`, or `python -m pipelines.build_dataset --help`.

With `--captioner FILE` the clips are captioned too, by `hdvg caption --config FILE`.
"""

import argparse

from hdvg.__main__ import main as hdvg


def main() -> None:
    """Builds, then captions where that is asked for; the first failure ends it."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--captioner")
    parser.add_argument("--data")
    options, build = parser.parse_known_args()
    data = ["--data", options.data] if options.data else []
    calls = [["build", *build, *data]]
    if options.captioner:
        calls.append(["caption", "--config", options.captioner, *data[1:]])
    for call in calls:
        try:
            hdvg(call)
        except SystemExit as ended:
            if ended.code:
                raise


if __name__ == "__main__":
    main()
