"""Reads one picture after the other, each as its length and JSON, and answers with the length and the PNG; 0 bytes: it failed."""

from __future__ import annotations

import json
import struct
import sys
import traceback
from typing import BinaryIO

from .cards import picture

LENGTH = struct.Struct(">I")


def main(given: BinaryIO, told: BinaryIO) -> None:
    """Until whoever started this goes away."""
    while len(head := given.read(LENGTH.size)) == LENGTH.size:
        wanted = json.loads(given.read(LENGTH.unpack(head)[0]))
        try:
            drawn = picture(wanted)
        except BaseException:  # the library that draws panics by an exception of its own
            traceback.print_exc()
            drawn = b""
        told.write(LENGTH.pack(len(drawn)) + drawn)
        told.flush()


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
