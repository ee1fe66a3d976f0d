"""Videos to a dataset: `make dataset`, or `python -m pipelines.build_dataset --help`."""

import sys

from hdvg.__main__ import main

if __name__ == "__main__":
    main(["build", *sys.argv[1:]])
