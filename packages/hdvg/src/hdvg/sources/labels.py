"""A CSV or TSV file that gives videos their labels, for lists that have none."""

import csv
from pathlib import Path

from hdvg.errors import InputError

_HEADER = ["video_id", "label"]


def read_labels(path: Path) -> dict[str, str]:
    """Label by video id: YouTube ids, or the ids and locators of any other list.

    Args:
        path: Two columns, video_id and label, with or without a header; a tab in the first line
            makes it TSV.

    Raises:
        InputError: No such file, not text, or a line without two filled columns.
    """
    labels: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            delimiter = "\t" if "\t" in file.readline() else ","
            file.seek(0)
            reader = csv.reader(file, delimiter=delimiter)
            for row in reader:
                cells = [cell.strip() for cell in row]
                if not any(cells) or (reader.line_num == 1 and cells == _HEADER):
                    continue
                if len(cells) != 2 or not all(cells):
                    raise InputError(
                        f"{path}, line {reader.line_num}: not a video id and a label: {row!r}"
                    )
                labels[cells[0]] = cells[1]
    except OSError as error:
        raise InputError(f"labels cannot be read: {path} ({error.strerror})") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"labels are not a CSV or TSV file: {path} ({error})") from error
    return labels
