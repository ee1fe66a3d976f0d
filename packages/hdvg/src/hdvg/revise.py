"""Changes a committed unit, as a whole and at one moment.

New files first, under names that no file of the unit has; then the commit, whose replacement is the
one moment at which the old state becomes the new one; then the old files go. A crash before the
commit leaves the old state and some files that nobody names, a crash after it the new state and
some files that nobody names any more. Those are leftovers, and the next writer removes them.
"""

import re
from collections.abc import Iterable

from hdvg.catalogue import Catalogue
from hdvg.commits import Commit, commit_unit
from hdvg.storage import Storage

# Every folder whose files belong to units. Column families have a folder each.
_FLAT = ("media", "keyframes", "videos", "clips")
_BY_FAMILY = ("captions", "scores", "latents")
_STEM = re.compile(r".+-r(\d+)")


def revision_stem(commit: Commit) -> str:
    """What the new files of a unit are called, without their suffix: `<unit>-r<n>`."""
    stems = (record.name.rsplit("/", 1)[-1].split(".")[0] for record in commit.files)
    numbers = [int(match[1]) for stem in stems if (match := _STEM.fullmatch(stem))]
    return f"{commit.unit}-r{max(numbers, default=0) + 1}"


def replace_commit(storage: Storage, old: Commit, new: Commit) -> None:
    """Puts a unit's new commit in the place of its old one and removes what only the old names.

    Args:
        storage: The dataset, claimed by this process.
        old: The commit that stands.
        new: Its files are there already; the ones that the old one has too must be unchanged.
    """
    assert (old.stage, old.unit) == (new.stage, new.unit)
    commit_unit(storage, new)
    kept = {record.name for record in new.files}
    for record in old.files:
        if record.name not in kept:
            storage.remove(record.name)


def find_leftovers(storage: Storage, committed: Iterable[str]) -> list[str]:
    """Names of files in the units' folders that are not among the committed ones, sorted."""
    folders = list(_FLAT)
    for kind in _BY_FAMILY:
        folders += [f"{kind}/{family}" for family in storage.list_folders(kind)]
    names = {f"{folder}/{file}" for folder in folders for file in storage.list_files(folder)}
    return sorted(names - set(committed))


def remove_leftovers(catalogue: Catalogue) -> int:
    """Removes what killed writers left and returns how many files that was.

    Only for the process that has claimed the dataset: it would also take a live writer's files.

    Args:
        catalogue: Made since the claim, and nothing was committed after it.
    """
    storage = catalogue.storage
    leftovers = find_leftovers(storage, catalogue.files())
    for name in leftovers:
        storage.remove(name)
    return len(leftovers) + storage.remove_partials()
