"""One page that shows a person what a dataset holds and what became of its inputs."""
