"""The part of a file that an HTTP request asks for."""

import re

_ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def parse_range(header: str | None, nbytes: int) -> range | None:
    """Reads a `Range` header (RFC 9110, section 14) of one range, as players send.

    Args:
        header: The header's value, or None.
        nbytes: Size of the file.

    Returns:
        Positions of the bytes; the whole file without a header; None where the range is outside of
        the file or of another form.
    """
    if header is None or header == "":
        return range(nbytes)
    match = _ONE_RANGE.fullmatch(header.strip())
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        part = range(max(0, nbytes - int(match[2])), nbytes)
    else:
        part = range(int(match[1]), min(nbytes, int(match[2] or nbytes) + 1))
    return part if len(part) > 0 else None
