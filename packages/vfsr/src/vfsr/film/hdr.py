"""HDR10's static metadata: what FFmpeg attaches to a frame, as x264 and x265 are told it.

The bytes are FFmpeg's AVMasteringDisplayMetadata and AVContentLightMetadata; units of the notation
are 0.00002 for chromaticities and 0.0001 cd/m2 for luminance (CTA-861, SMPTE ST 2086).
"""

import struct

import av
from av.sidedata.sidedata import Type

_CHROMATICITY, _LUMINANCE = 50_000, 10_000


def mastering_display(frame: "av.VideoFrame") -> str | None:
    """As G(x,y)B(x,y)R(x,y)WP(x,y)L(max,min); None if the frame does not say all of it."""
    data = _side_data(frame, Type.MASTERING_DISPLAY_METADATA)
    if data is None or len(data) < struct.calcsize("22i"):
        return None
    numbers = struct.unpack_from("22i", data)
    has_primaries, has_luminance = numbers[20:]
    if not (has_primaries and has_luminance) or 0 in numbers[1:20:2]:
        return None
    values = [top / bottom for top, bottom in zip(numbers[0:20:2], numbers[1:20:2], strict=True)]
    red, green, blue, white = (
        tuple(round(value * _CHROMATICITY) for value in values[start : start + 2])
        for start in (0, 2, 4, 6)
    )
    darkest, brightest = (round(value * _LUMINANCE) for value in values[8:])
    points = (("G", green), ("B", blue), ("R", red), ("WP", white), ("L", (brightest, darkest)))
    return "".join(f"{name}({x},{y})" for name, (x, y) in points)


def light_levels(frame: "av.VideoFrame") -> str | None:
    """As "brightest pixel,brightest mean of a frame" in cd/m2; None if the frame does not say."""
    data = _side_data(frame, Type.CONTENT_LIGHT_LEVEL)
    if data is None or len(data) < struct.calcsize("2I"):
        return None
    brightest, mean = struct.unpack_from("2I", data)
    return f"{brightest},{mean}"


def _side_data(frame: "av.VideoFrame", kind: Type) -> bytes | None:
    data = frame.side_data.get(kind)
    return None if data is None else bytes(data)
