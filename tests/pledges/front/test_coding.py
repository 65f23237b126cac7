"""Bodies packed once, also around a hole, unpack to what was meant; and who takes them packed is read as browsers write it."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pledges.front import coding

BODY = st.binary(max_size=3000) | st.text("<p class=wall> ", max_size=3000).map(str.encode)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(before=BODY, middle=BODY, after=BODY)
@example(b"", b"", b"")
@example(b"a" * 100_000, b"\x00" * 0xFFFF, b"b" * 100_000)
@example(b"before", b"\xff" * 0xFFFE, b"")
def test_a_body_with_a_hole_unpacks_to_what_stands_before_in_and_after_it(
    before: bytes, middle: bytes, after: bytes
) -> None:
    packed = coding.Packed(before, after)
    assert gzip.decompress(packed.filled(middle)) == before + middle + after
    assert gzip.decompress(packed.filled(b"")) == before + after  # filled again and again


@settings(max_examples=50, deadline=None, derandomize=True, database=None)
@given(BODY)
def test_a_whole_body_unpacks_to_itself_and_packs_to_the_same_bytes_each_time(body: bytes) -> None:
    assert gzip.decompress(coding.packed(body)) == body
    assert coding.packed(body) == coding.packed(body)


@pytest.mark.parametrize(
    "accepted, takes",
    [
        (b"gzip", True),
        (b"gzip, deflate, br, zstd", True),
        (b"GZip;Q=0.001", True),
        (b"br;q=1.0, gzip;q=0.8, *;q=0.1", True),
        (b"*", True),
        (b"x-gzip", True),
        (b"identity;q=0, gzip", True),
        (b"deflate,gzip", True),
        (b"", False),
        (b"identity", False),
        (b"br", False),
        (b"gzip;q=0", False),
        (b"gzip; q=0.000, br", False),
        (b"gzip;q=0, *", False),
        (b"*;q=0", False),
        (b"gzipped", False),
        (b",,;;==,\xff\xfe", False),
        (b"gzip;q=much", True),
        (b"a" * 100_000 + b", gzip", False),
    ],
)
def test_gzip_is_sent_to_those_who_take_it(accepted: bytes, takes: bool) -> None:
    assert coding.takes_gzip(accepted) is takes


def test_a_header_as_long_as_a_book_is_not_remembered() -> None:
    coding._takes_gzip.cache_clear()
    for number in range(1000):
        coding.takes_gzip(b"gzip, " + b"x" * 10_000 + str(number).encode())
    assert coding._takes_gzip.cache_info().currsize == 0
