"""Whether decoding can begin at a packet, read from its first bytes.

A container's keyframe flag is a claim. Matroska and MPEG-TS set it for pictures from which decoding
only becomes right after a while (intra refresh), and a broken muxer sets it anywhere. So the coded
picture itself is asked, without decoding it. Sources: ITU-T H.264 7.3 and D.1.8, ITU-T H.265 table
7-1, AV1 specification 5.3 and 5.9.2, VP9 specification 6.2 and annex B, ISO/IEC 14496-2 6.2.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

CODECS = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4"})
_H264_SLICE, _H264_IDR, _H264_SEI = 1, 5, 6
_RECOVERY_POINT = 6
_HEVC_IRAP = range(16, 22)
_HEVC_SLICES = range(0, 32)
_AV1_FRAME_HEADER, _AV1_FRAME = 3, 6
_MPEG4_VOP = b"\x00\x00\x01\xb6"
# No header that is read here lies further in; a picture may be megabytes.
_HEAD_BYTES = 4096


class Entry(IntEnum):
    """What decoding that begins at a packet gives.

    NONE: Something else than decoding from the start. OPEN: this and every later picture exactly,
    but H.264 calls it a recovery and not a beginning, and decoders may hesitate. CLEAN: the same
    without reserve. Pictures that follow in the stream and are shown before this one are not meant.
    """

    NONE = 0
    OPEN = 1
    CLEAN = 2


@dataclass(frozen=True, kw_only=True)
class Framing:
    """How a stream's packets are laid out.

    Attributes:
        codec: FFmpeg's name.
        length_bytes: Bytes of the length before each NAL unit; 0 for start codes (Annex B).
    """

    codec: str
    length_bytes: int

    @classmethod
    def of_stream(cls, codec: str, extradata: bytes) -> "Framing":
        """Reads the length field's size from avcC (14496-15 5.3.3) or hvcC (8.3.3)."""
        place = {"h264": 4, "hevc": 21}.get(codec, len(extradata))
        configured = len(extradata) > place and extradata[0] == 1
        return cls(codec=codec, length_bytes=(extradata[place] & 3) + 1 if configured else 0)


def find_entry(packet: memoryview, framing: Framing) -> Entry:
    """Whether decoding can begin at a packet."""
    if framing.codec == "h264":
        return _h264_entry(packet, framing.length_bytes)
    if framing.codec == "hevc":
        clean = _is_hevc_entry(packet, framing.length_bytes)
    elif framing.codec == "av1":
        clean = _is_av1_entry(bytes(packet[:_HEAD_BYTES]))
    elif framing.codec == "vp9":
        clean = _vp9_flags(packet) == (False, True)
    else:
        clean = _is_mpeg4_entry(bytes(packet[:_HEAD_BYTES]))
    return Entry.CLEAN if clean else Entry.NONE


def shows_a_picture(packet: memoryview, framing: Framing) -> bool:
    """Whether a packet holds a picture to show; old VP9 files have packets that do not."""
    if framing.codec != "vp9" or packet[-1] & 0xE0 == 0xC0:  # a superframe ends in its index
        return True
    repeats, _ = _vp9_flags(packet)
    return repeats or bool(_bit(bytes(packet[:1]), 6 + _vp9_shift(packet)))


def parameter_set_numbers(avcc: bytes) -> frozenset[int]:
    """Numbers of the sequence and picture parameter sets in an avcC (14496-15 5.3.3.1)."""
    numbers: set[int] = set()
    at = 5
    for mask in (31, 255):  # how many sequence, then how many picture parameter sets
        count, at = avcc[at] & mask, at + 1
        for _ in range(count):
            size = int.from_bytes(avcc[at : at + 2], "big")
            unit = _unescape(avcc[at + 2 : at + 2 + size])
            # A sequence parameter set states profile, constraints and level first.
            numbers.add(_Bits(unit[4:] if mask == 31 else unit[1:]).exp_golomb())
            at += 2 + size
    return frozenset(numbers)


def _h264_entry(packet: memoryview, length_bytes: int) -> Entry:
    """An IDR picture, or an I picture whose recovery point says that it is right at once."""
    recovered = False
    for unit in _nal_units(packet, length_bytes):
        kind = unit[0] & 31
        if kind == _H264_IDR:
            return Entry.CLEAN
        if kind == _H264_SEI:
            recovered = recovered or _recovers_at_once(_unescape(unit[1:]))
        if kind == _H264_SLICE:
            bits = _Bits(_unescape(unit[1:16]))
            bits.exp_golomb()  # first macroblock
            is_intra = bits.exp_golomb() % 5 == 2  # slice_type I
            return Entry.OPEN if recovered and is_intra else Entry.NONE
    return Entry.NONE


def _is_hevc_entry(packet: memoryview, length_bytes: int) -> bool:
    for unit in _nal_units(packet, length_bytes):
        kind = unit[0] >> 1 & 63
        if kind in _HEVC_SLICES:
            return kind in _HEVC_IRAP
    return False


def _nal_units(packet: memoryview, length_bytes: int) -> Iterator[bytes]:
    """The first bytes of each NAL unit that is not empty."""
    if length_bytes:
        at = 0
        while at + length_bytes < len(packet):
            size = int.from_bytes(packet[at : at + length_bytes], "big")
            at += length_bytes
            if size:
                yield bytes(packet[at : at + min(size, _HEAD_BYTES)])
            at += size
        return
    for unit in bytes(packet).split(b"\x00\x00\x01")[1:]:
        if unit:
            yield unit[:_HEAD_BYTES]


def _recovers_at_once(payloads: bytes) -> bool:
    """Whether a SEI unit has a recovery point with recovery_frame_cnt 0."""
    at = 0
    while at + 2 < len(payloads):
        numbers = []
        for _ in range(2):  # payload type and size, each in steps of 255
            value = 0
            while at < len(payloads) and payloads[at] == 255:
                value, at = value + 255, at + 1
            if at >= len(payloads):
                return False
            numbers.append(value + payloads[at])
            at += 1
        kind, size = numbers
        if kind == _RECOVERY_POINT:
            return _Bits(payloads[at : at + size]).exp_golomb() == 0
        at += size
    return False


def _is_av1_entry(head: bytes) -> bool:
    """A key frame that is shown, in the first frame header of the temporal unit."""
    at = 0
    while at < len(head):
        kind, extended, sized = head[at] >> 3 & 15, head[at] >> 2 & 1, head[at] >> 1 & 1
        at += 1 + extended
        size, shift = 0, 0
        while sized and at < len(head):  # leb128
            size, shift, at = size | (head[at] & 127) << shift, shift + 7, at + 1
            if head[at - 1] < 128:
                break
        if kind in (_AV1_FRAME_HEADER, _AV1_FRAME):
            # show_existing_frame 0, frame_type 00 (key), show_frame 1
            return at < len(head) and head[at] >> 4 == 0b0001
        if not sized:
            return False
        at += size
    return False


def _vp9_shift(packet: memoryview) -> int:
    """Profile 3 has a reserved bit before the flags."""
    return 1 if packet[0] >> 4 & 3 == 3 else 0


def _vp9_flags(packet: memoryview) -> tuple[bool, bool]:
    """Whether the first frame repeats an older one, and whether it is a key frame."""
    head, shift = bytes(packet[:1]), _vp9_shift(packet)
    return bool(_bit(head, 4 + shift)), not _bit(head, 5 + shift)


def _is_mpeg4_entry(head: bytes) -> bool:
    at = head.find(_MPEG4_VOP)
    return 0 <= at < len(head) - 4 and head[at + 4] >> 6 == 0  # vop_coding_type I


def _bit(data: bytes, index: int) -> int:
    return data[index // 8] >> (7 - index % 8) & 1 if index // 8 < len(data) else 0


def _unescape(unit: bytes) -> bytes:
    """Without the emulation prevention bytes of H.264 and H.265."""
    return unit.replace(b"\x00\x00\x03", b"\x00\x00")


class _Bits:
    """Reads Exp-Golomb codes; zeros follow the end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def exp_golomb(self) -> int:
        """ue(v) of H.264 9.1."""
        zeros = 0
        while not self._next() and zeros < 32:
            zeros += 1
        value = 1
        for _ in range(zeros):
            value = value << 1 | self._next()
        return value - 1

    def _next(self) -> int:
        bit = _bit(self._data, self._at)
        self._at += 1
        return bit
