"""A comment that is signed like the promise's author, or like an organisation with a badge, is held with a finding."""

from __future__ import annotations

import pytest

from moderation.checks import signed
from moderation.checks.base import Verdict
from pledges.db import utcnow
from pledges.organisations import naming
from tests.moderation.checks.subjects import subject
from tests.wall import AtTheDesk, Sent, Wall

SIGNERS = [("author", "Amina Yusuf"), ("organisation", "UNISON Cymru"), ("organisation", "Lóvejoy & Sons")]


def rules(words: str = "Well done", **given: object) -> list[str]:
    outcome = signed.check(subject(words, kind="comment", signers=SIGNERS, **given))
    return [quote.rule for quote in outcome.quotes]


@pytest.mark.parametrize(
    "name",
    ["Amina Yusuf", "amina  yusuf", "Yusuf, Amina", "Amіna Yusuf", "Am1na Yu5uf", "A m i n a Yusuf", "AMINA-YUSUF",
     "Ａｍｉｎａ Ｙｕｓｕｆ", "Amina\u200b Yusuf", "Amína Yùsuf", "Dr Amina Yusuf", "Amina Yusuf (the real one)"],
)  # fmt: skip
def test_a_disguise_makes_nobody_else(name: str) -> None:
    assert rules(name=name) == ["signed_like_author"]


@pytest.mark.parametrize("name", ["Unison Cymru", "U N I S O N Cymru", "unis0n cymru team", "Lovejoy & Sons, sales"])
def test_an_organisation_is_known_with_more_words_around_it(name: str) -> None:
    assert rules(name=name) == ["signed_like_organisation"]


@pytest.mark.parametrize("name", ["", "Amina", "Yusuf Amin", "Aminata Yusufali", "Mina", "Unison", "Cymru", "Sons"])
def test_others_are_others(name: str) -> None:
    assert rules(name=name) == []


@pytest.mark.parametrize("name, like", [("Amina", True), ("Amina Y.", True), ("amina y", True), ("Amina Khan", False)])
def test_who_shows_the_first_name_alone_is_taken_for_by_that_and_an_initial(name: str, like: bool) -> None:
    found = signed.check(subject("Well done", kind="comment", name=name, signers=[("author", "Amina")]))
    assert bool(found.quotes) is like


@pytest.mark.parametrize(
    "words", ["We keep it, promise.\n\nAmina Yusuf", "We do – Amina Yusuf", "Thank you all\n~ UNISON Cymru"]
)
def test_the_last_line_of_the_words_is_a_signature_too(words: str) -> None:
    outcome = signed.check(subject(words, kind="comment", signers=SIGNERS))
    (quote,) = outcome.quotes
    assert outcome.verdict is Verdict.LOOK and words[quote.start : quote.end] in ("Amina Yusuf", "UNISON Cymru")


def test_words_that_speak_of_somebody_are_no_signature() -> None:
    assert rules("I once heard Amina Yusuf speak, and UNISON Cymru was there") == []


def test_who_writes_from_the_private_page_and_whoever_promises_is_not_asked() -> None:
    assert rules(name="Amina Yusuf", by_author=True) == []
    assert not signed.check(subject(name="Amina Yusuf", signers=SIGNERS)).quotes


def rules_of(wall: Wall, comment: Sent) -> list[str]:
    """By which rules it was held."""
    wall.screens()
    findings = {each.check: each for each in wall.review(comment.review_id).findings}
    found: list[str] = findings["signed"].detail.get("rules", [])
    return found


def test_a_borrowed_name_is_held_and_told_to_whoever_decides(wall: Wall, moderator: AtTheDesk) -> None:
    promise = wall.promises("I will open the doors of our library", name="Amina Yusuf", show_name="anonymous")
    moderator.approves(promise)
    with wall.work() as session:
        naming.known(session, "Northbrook Trust", utcnow()).verified_at = utcnow()
    org = {"kind": "organisation", "organisation": "Harbour Cafe", "email": "a@org.example", "show_name": "anonymous"}
    organised = wall.promises("We will open our kitchen", **org)
    moderator.approves(organised)
    comments = [wall.comments(promise, "So true", name=name) for name in ("Amína Yusuf", "N0rthbrook Trust", "Mei Lin")]
    wall.screens()
    told = [rules_of(wall, comment) for comment in comments]
    assert told == [["signed_like_author"], ["signed_like_organisation"], []]
    assert rules_of(wall, wall.comments(organised, "Thank you", name="Harbour Café")) == ["signed_like_author"]
    with wall.work() as session:  # whose badge is over is no better known than others
        naming.known(session, "Northbrook Trust", utcnow()).verified_until = utcnow()
    assert rules_of(wall, wall.comments(promise, "Well said", name="Northbrook Trust")) == []
    page = moderator.client.get(f"/moderation/reviews/{comments[0].review_id}").text
    assert "a signature like that of whoever made the promise" in page and "<mark>Amína Yusuf" in page
    sheet = moderator.client.get("/moderation/")
    assert sheet.status_code == 200
    for comment, asked in zip(comments, (409, 409, 303), strict=True):
        proof = moderator.has_read(comment.review_id)
        version = str(wall.review(comment.review_id).version)
        given = {"csrf_token": moderator.csrf(), "move": "approve", "version": version, **proof}
        answer = moderator.client.post(f"/moderation/reviews/{comment.review_id}/decide", data=given)
        assert answer.status_code == asked
