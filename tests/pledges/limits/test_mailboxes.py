"""Which addresses lead to one mailbox."""

from __future__ import annotations

import pytest

from pledges.limits.mailboxes import mailbox


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann.lee@gmail.com", "annlee+3@googlemail.com"),
        ("A.n.n@GMAIL.com", "ann@gmail.com"),
        ("ann@gmail.com.", "ann@gmail.com"),
        ("ann+school@example.org", "ann@example.org"),
        ("ann+1+2@outlook.com", "Ann@outlook.com"),
        ("ann_lee@protonmail.com", "ann-l.ee+x@pm.me"),
        ("ann-list@yahoo.co.uk", "ann@yahoo.co.uk"),
        ("ann+x@icloud.com", "ann@me.com"),
        ("x@ann.fastmail.com", "ann+y@fastmail.com"),
    ],
)
def test_addresses_of_one_mailbox(one: str, other: str) -> None:
    assert mailbox(one) == mailbox(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann.lee@example.org", "annlee@example.org"),
        ("ann.lee@outlook.com", "annlee@outlook.com"),
        ("ann-lee@example.org", "ann@example.org"),
        ("+ann@example.org", "+ben@example.org"),
        ("...@gmail.com", "ann@gmail.com"),
        ("ann@gmail.com", "ann@gmail.com.example.org"),
        ("ann@example.org", "ann@sub.example.org"),
    ],
)
def test_addresses_of_different_mailboxes(one: str, other: str) -> None:
    assert mailbox(one) != mailbox(other)
