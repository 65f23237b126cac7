"""Bodies in the codings that browsers take: packed once, also where a form's token has to be put into the middle."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache

LEVEL = 9
ACCEPTED_MOST = 256  # bytes of a header that is read and remembered; no browser sends more than 60
SMALLEST = 512  # bytes; below that packing saves no packet
PIECE = 4096  # bytes that are summed up without letting go of the interpreter, which would cost more than the sum
STORED_MOST = 0xFFFF  # bytes in one stored block (RFC 1951, 3.2.4)
HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"  # RFC 1952: no name, no time, so that equal bodies are equal bytes


def takes_gzip(accepted: bytes) -> bool:
    """Whether this Accept-Encoding takes gzip (RFC 9110, 12.5.3); one that names nothing takes what is plain."""
    return len(accepted) <= ACCEPTED_MOST and _takes_gzip(accepted)


@lru_cache(maxsize=512)
def _takes_gzip(accepted: bytes) -> bool:
    weights: dict[bytes, bool] = {}
    for each in accepted.lower().split(b","):
        name, _, weight = each.partition(b";")
        weights[name.strip()] = not _is_nothing(weight)
    return weights.get(b"gzip", weights.get(b"x-gzip", weights.get(b"*", False)))


def _is_nothing(weight: bytes) -> bool:
    name, _, value = weight.partition(b"=")
    try:
        return name.strip() == b"q" and float(value) <= 0
    except ValueError:
        return False


def packed(body: bytes) -> bytes:
    """The body in gzip."""
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return HEAD + packer.compress(body) + packer.flush() + _tail(zlib.crc32(body), len(body))


class Packed:
    """A body with a hole: what stands before and after it is packed once, and what fills it is stored as it is."""

    def __init__(self, before: bytes, after: bytes) -> None:
        self.before, self.after = before, after
        packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._before = HEAD + packer.compress(before) + packer.flush(zlib.Z_FULL_FLUSH)  # ends at a whole byte
        packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._after = packer.compress(after) + packer.flush()
        self._crc = zlib.crc32(before)
        self._pieces = [after[at : at + PIECE] for at in range(0, len(after), PIECE)]

    def __len__(self) -> int:
        return len(self.before) + 2 * len(self.after) + len(self._before) + len(self._after)

    def filled(self, middle: bytes) -> bytes:
        """The whole body in gzip; `middle` has at most 65,535 bytes."""
        stored = b"\x00" + struct.pack("<HH", len(middle), len(middle) ^ STORED_MOST) + middle
        crc = zlib.crc32(middle, self._crc)
        for piece in self._pieces:
            crc = zlib.crc32(piece, crc)
        length = len(self.before) + len(middle) + len(self.after)
        return b"".join((self._before, stored, self._after, _tail(crc, length)))


def _tail(crc: int, length: int) -> bytes:
    return struct.pack("<LL", crc, length & 0xFFFFFFFF)
