"""The subcommands of `hdvg`, one a module: what it is, its options, and what it does."""
