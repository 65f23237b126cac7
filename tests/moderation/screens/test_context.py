"""What stands beside the words on the item's page, and what must not."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from moderation.models import Act, Evidence, Note, Role
from moderation.record import words as record_words
from moderation.screens import changes
from pledges.db import utcnow
from pledges.models import Revision
from tests.wall import OTHER, SLUG, AtTheDesk, Sent, Wall

HARSH = "You are all wankers and I will say so"


def item(who: AtTheDesk, sent: Sent, query: str = "") -> str:
    page = who.client.get(f"/moderation/reviews/{sent.review_id}{query}")
    assert page.status_code == 200
    return page.text


def notes(who: AtTheDesk, sent: Sent, words: str, part: bool = True) -> int:
    headers = {"X-Part": "1"} if part else {}
    given = {"csrf_token": who.csrf(), "note": words}
    return who.client.post(f"/moderation/reviews/{sent.review_id}/note", data=given, headers=headers).status_code


def test_the_item_is_shown_as_it_will_look_at_the_name_level_that_was_chosen(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises(name="Amina Warsame", show_name="first", role="Teacher")
    wall.screens()
    look = item(moderator, sent).split("How it will look")[1].split("</details>")[0]
    assert 'class="piece piece--alone' in look
    assert "<bdi>Amina</bdi>" in look
    assert "Warsame" not in look


def test_a_comment_stands_under_the_promise_that_it_answers(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    moderator.approves(sent)
    comment = wall.comments(sent, "Good to hear that", name="Bo")
    wall.screens()
    page = item(moderator, comment)
    assert "It answers this promise" in page
    assert "I will listen before I speak" in page


def test_a_change_is_told_word_by_word_to_eyes_and_to_ears(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises("I will listen before I speak", name="Amina", show_name="full")
    moderator.approves(sent)
    newer = wall.edits(sent, "I will listen <b>first</b> before I shout", name="Amina W", show_name="full")
    wall.screens()
    page = item(moderator, newer)
    assert '<del><span class="vh">Removed: </span>speak</del>' in page
    assert '<ins><span class="vh">Added: </span>shout</ins>' in page
    assert "&lt;b&gt;first&lt;/b&gt; </ins>before I" in page
    assert "<b>first" not in page


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a b c", "a c", "a <del>Removed: b </del>c"),
        ("a", "a b", "a<ins>Added:  b</ins>"),
        ("same words", "same words", "same words"),
        ("", "a b", "<ins>Added: a b</ins>"),
        ("a b", "", "<del>Removed: a b</del>"),
        ("a b c", "x b z", "<del>Removed: a</del><ins>Added: x</ins> b <del>Removed: c</del><ins>Added: z</ins>"),
        ("a b c d", "x b y z", "<del>Removed: a b c d</del> <ins>Added: x b y z</ins>"),
    ],
)
def test_the_diff_is_of_words(wall: Wall, old: str, new: str, expected: str) -> None:
    with wall.app.test_request_context("/moderation/"):
        plain = re.sub(r"</?span[^>]*>", "", str(changes.diff(old, new)))
    assert plain == expected


def test_each_finding_shows_the_words_that_it_caught_and_marks_them_by_number(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises("Ring me on 07700 900123 or look at https://example.org please")
    wall.screens()
    page = item(moderator, sent)
    numbers = dict(re.findall(r"<mark>([^<]+)<sup>(\d)</sup></mark>", page))
    assert set(numbers) == {"07700 900123", "https://example.org"}
    for words, number in numbers.items():
        assert re.search(rf"{number}\. [^<]+: <mark>{re.escape(words)}</mark>", page), words


def test_masked_words_are_nowhere_in_the_page_until_asked_for(wall: Wall, moderator: AtTheDesk) -> None:
    first = wall.promises(HARSH, email="bo@example.org")
    wall.screens()
    other = wall.promises("I will plant a tree", email="bo@example.org")
    wall.screens()
    assert "wankers" not in item(moderator, first)
    assert "wankers" not in item(moderator, other)
    assert first.public_id in item(moderator, other)
    shown = moderator.opens_text(f"/moderation/reviews/{first.review_id}")
    assert "a strong word of the list: <mark>wankers</mark>" in shown
    moderator.approves(other)
    newer = wall.edits(other, HARSH)
    wall.screens()
    assert "wankers" not in item(moderator, newer)


def test_earlier_items_of_the_same_address_and_their_fate(wall: Wall, moderator: AtTheDesk) -> None:
    declined = wall.promises("Buy my course on fairness", email="bo@example.org")
    moderator.decides(declined, "reject", reason="selling")
    stranger = wall.promises("I will walk to school", email="cy@example.org")
    sent = wall.promises("I will ask what would help", email="bo@example.org")
    wall.screens()
    page = item(moderator, sent)
    assert (
        f'/moderation/reviews/{declined.review_id}">{declined.public_id}<span class="vh">: Buy my course on fairness</span></a>: declined. <q'
        in page
    )
    assert stranger.public_id not in page


def test_the_connection_is_a_hint_without_an_address(wall: Wall, moderator: AtTheDesk) -> None:
    for number, move in enumerate(["reject", "spam", "approve"]):
        moderator.decides(wall.promises(f"I will do thing {number} {'abc'[number]}"), move, reason="hateful")
    wall.promises("In another campaign", slug=OTHER)
    sent = wall.promises("I will ask what would help")
    wall.screens()
    page = item(moderator, sent)
    assert "3 others came from this connection. 2 of them were declined." in page
    assert "127.0.0.1" not in page


def comes_from(wall: Wall, sent: Sent, address: str) -> None:
    with wall.work() as session:
        session.get_one(Evidence, sent.review_id).ip = address


@pytest.mark.parametrize(
    ("address", "near", "far"),
    [
        ("2a00:23c7:1::9", ["2a00:23c7:1::a", "2a00:23c7:1:0:dead:beef:0:1"], "2a00:23c7:1:5::9"),
        ("2a00:23c7:1:5::9", ["2a00:23c7:1:5::a", "2a00:23c7:1:5:1:2:3:4"], "2a00:23c7:1:6::9"),
        ("2a00::5:0:0:0:9", ["2a00:0:0:5::a", "2a00::5:1:2:3:4"], "2a00::9"),
        ("192.0.2.9", ["192.0.2.9"], "192.0.2.90"),
    ],
)
def test_one_sender_is_an_address_of_ipv4_or_a_64_of_ipv6_however_it_is_written(
    wall: Wall, moderator: AtTheDesk, address: str, near: list[str], far: str
) -> None:
    for number, other in enumerate([*near, far]):
        comes_from(wall, wall.promises(f"I will do thing {number} {'abc'[number]}"), other)
    sent = wall.promises("I will ask what would help")
    comes_from(wall, sent, address)
    wall.screens()
    count = "1 other" if len(near) == 1 else f"{len(near)} others"
    assert f"{count} came from this connection" in item(moderator, sent)


def nearby(who: AtTheDesk, sent: Sent) -> str:
    """The list of what came from the same network, where the page has one."""
    found = re.search(r"<ul [^>]*data-nearby>(.*?)</ul>", item(who, sent), re.DOTALL)
    return found[1] if found else ""


def test_without_an_address_what_came_from_the_same_network_is_listed_with_its_fate(
    wall: Wall, moderator: AtTheDesk
) -> None:
    harsh = wall.promises(HARSH, name="A", show_name="anonymous", email="a@example.org")
    declined = wall.promises("Buy my course on fairness", email="b@example.org")
    moderator.decides(declined, "reject", reason="selling")
    edited = wall.edits(wall.promises("I will share my lunch"), "I will share my lunch on Fridays")
    gone, far = wall.promises("I will walk to school"), wall.promises("I will read one book")
    elsewhere = wall.promises("In another campaign", slug=OTHER)
    wall.acts(gone, "erase")
    with wall.work() as session:
        session.get_one(Evidence, far.review_id).ip = "192.0.2.9"
    sent, named = wall.promises("I will ask what would help"), wall.promises("I will sit beside", email="c@example.org")
    wall.screens()
    page = item(moderator, sent)
    assert "Same network, may be another person" in page
    told = nearby(moderator, sent)
    assert (
        f'/moderation/reviews/{declined.review_id}">{declined.public_id}<span class="vh">: Buy my course on fairness</span></a>: declined. <q'
        in told
    )
    assert f'/moderation/reviews/{edited.review_id}">' in told and told.count(edited.public_id) == 1
    assert harsh.public_id in told and HARSH not in told
    assert not any(other.public_id in told for other in (gone, far, elsewhere, sent))
    assert nearby(moderator, named) == ""  # an address tells more
    with wall.work() as session:
        session.get_one(Evidence, declined.review_id).forget_after = utcnow()
    assert declined.public_id not in nearby(moderator, sent)
    with wall.work() as session:
        session.get_one(Evidence, sent.review_id).forget_after = utcnow()
    page = item(moderator, sent)
    assert "Same network" not in page and "came from this connection" not in page


def test_similar_words_are_linked_with_what_became_of_them(wall: Wall, moderator: AtTheDesk) -> None:
    words = "I will listen to everybody at my school every day"
    first = wall.promises(words)
    moderator.decides(first, "reject", reason="hateful")
    sent = wall.promises(words)
    wall.screens()
    page = item(moderator, sent).split("Similar words before")[1].split("</ul>")[0]
    assert f"/moderation/reviews/{first.review_id}" in page
    assert "declined" in page
    assert "the very same words" in page


# -- notes -----------------------------------------------------------------------------------------------


def test_a_note_is_one_for_a_moderator_and_is_read_by_colleagues_alone(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    moderator.approves(sent)
    ann = wall.moderator("ann")
    assert notes(moderator, sent, "Ask Ann about thi") == 204
    assert notes(moderator, sent, "Ask Ann about this <b>") == 204
    assert notes(ann, sent, "I know them", part=False) == 303
    with wall.look() as session:
        assert [note.words for note in session.scalars(select(Note).order_by(Note.id))] == [
            "Ask Ann about this <b>", "I know them",
        ]  # fmt: skip
        assert len(session.scalars(select(Act).where(Act.act == "note:write")).all()) == 2
    theirs, mine = item(ann, sent), item(moderator, sent)
    assert "<strong>mo</strong>" in theirs
    assert "Ask Ann about this &lt;b&gt;</span>" in theirs
    assert "Ask Ann about this &lt;b&gt;</textarea>" in mine
    public = wall.app.test_client()
    for address in (
        f"/{SLUG}",
        f"/{SLUG}/promises/{sent.public_id}",
        sent.receipt,
        f"/api/v1/pledges/{sent.public_id}",
    ):
        assert "Ask Ann" not in public.get(address).text, address


def test_an_emptied_note_is_gone_and_a_note_goes_with_the_words(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    wall.screens()
    notes(moderator, sent, "for a moment")
    notes(moderator, sent, " ")
    with wall.look() as session:
        assert session.scalars(select(Note)).all() == []
    notes(moderator, sent, "until it is erased")
    wall.acts(sent, "erase")
    with wall.look() as session:
        assert session.scalars(select(Note)).all() == []


def test_nothing_is_noted_about_what_was_erased(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    wall.screens()
    wall.acts(sent, "erase")
    assert notes(moderator, sent, "They live in Elm Street") == 409
    assert notes(moderator, sent, "They live in Elm Street", part=False) == 409
    assert notes(moderator, sent, "") == 204
    assert moderator.decides(sent, "pass", note="They live in Elm Street").status_code == 409
    with wall.look() as session:
        assert session.scalars(select(Note)).all() == []
    assert 'name="note" maxlength="4000"' not in item(moderator, sent)
    given = {"csrf_token": moderator.csrf(), "note": "They live in Elm Street"}
    told = moderator.client.post(f"/moderation/reviews/{sent.review_id}/note", data=given)
    assert "This was erased. Nothing is noted about it any more." in told.text


def test_a_note_of_passing_on_stands_below_ones_own(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    wall.screens()
    notes(moderator, sent, "first")
    moderator.decides(sent, "pass", note="second")
    with wall.look() as session:
        assert session.scalars(select(Note.words)).all() == ["first\n\nsecond"]


def test_a_viewer_writes_no_note_and_a_stranger_sees_no_item(wall: Wall) -> None:
    sent = wall.promises()
    wall.screens()
    assert notes(wall.moderator("vi", Role.VIEWER), sent, "hello") == 403
    assert notes(wall.moderator("ola", slug=OTHER), sent, "hello") == 404


def test_no_page_of_the_desk_rewrites_anybodys_words(wall: Wall) -> None:
    """Every address that takes a post is given words in every field that a promise has; no revision changes."""
    owner = wall.moderator("olwen", Role.OWNER)
    sent = wall.promises(name="Amina", show_name="full")
    wall.screens()
    csrf = owner.csrf()
    given = {
        name: "Rewritten words" for name in ("words", "promise", "text", "name", "role", "organisation", "comment")
    }
    tried = 0
    for rule in wall.app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()) or not rule.endpoint.startswith("desk.") or "sign" in rule.rule:
            continue
        address = re.sub(r"<int:[^>]+>", str(sent.review_id), rule.rule)
        if "<" in address:
            continue
        for move in ("approve", "revise", "reject"):
            more = {
                "csrf_token": csrf,
                "move": move,
                "reason": "other",
                "version": str(wall.review(sent.review_id).version),
            }
            owner.client.post(address, data={**given, **more})
            tried += 1
    assert tried >= 18
    with wall.look() as session:
        kept = session.scalars(select(Revision)).all()
        assert [(one.words, one.name) for one in kept] == [("I will listen before I speak", "Amina")]


def test_what_the_spam_service_said_is_put_into_words_and_not_spam_is_a_button(checked_wall: Wall) -> None:
    moderator = checked_wall.moderator("mo")
    likely = checked_wall.promises("I will say akismet-guaranteed-spam")
    blatant = checked_wall.promises("I will say stub-discard today")
    checked_wall.screens()
    page = item(moderator, likely)
    assert "would have kept it for a person to read" in page
    assert "Not spam: approve" in page
    page = item(moderator, blatant)
    assert "would have thrown it away unread" in page
    assert ">Not spam</button>" in page
    assert moderator.decides(blatant, "reopen").status_code == 303
    assert blatant.review_id in moderator.sees("all")


def test_a_class_that_may_tell_of_a_child_is_noticed_alike_on_every_page(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises("Our Year 5 team will read together", name="Ama", show_name="first")
    wall.screens()
    own = wall.app.test_client().get(sent.receipt).text
    assert 'data-saw="class"' in own and 'data-saw="child"' not in own
    row = re.search(r'<li class="q" data-review.*?</li>', moderator.client.get("/moderation/").text, re.DOTALL)
    assert row and "Personal data" in row[0] and "Nothing found" not in row[0]
    item = moderator.client.get(f"/moderation/reviews/{sent.review_id}").text
    assert "a class beside a name" in item
    assert re.search(r"<mark[^>]*>Year 5\s?<sup>", item) and re.search(r"</mark> team", item)
    child = wall.promises("Ama, Year 5, will be read to by me", name="Ama Boateng", show_name="full")
    assert 'data-saw="child"' in wall.app.test_client().get(child.receipt).text


def test_the_language_and_the_reports_are_named_in_words(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises("Byddaf yn dysgu enwau pawb yn y tîm", lang="cy")
    moderator.approves(sent)
    wall.reports(sent, "hate")
    page = item(moderator, sent)
    assert "<dt>Language</dt><dd>Welsh</dd>" in page
    assert "Reported: It is hateful or racist" in page


def test_the_story_of_an_item_with_very_many_marks_tells_the_newest(
    wall: Wall, moderator: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_words, "MOST_MARKS", 2)
    sent = wall.promises()
    wall.screens()
    notes(moderator, sent, "the first")
    moderator.decides(sent, "park")
    moderator.decides(sent, "back")
    page = item(moderator, sent)
    assert "wrote a private note" not in page
    assert "laid it aside" in page and "put it back where it was" in page
    assert page.index("put it back where it was") < page.index("laid it aside")  # newest first
