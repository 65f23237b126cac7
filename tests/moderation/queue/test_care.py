"""Harsh texts are counted, spared and never sprung on anybody; and no moderator's name reaches the public."""

from __future__ import annotations

import re
from datetime import timedelta
from email import message_from_string
from email.policy import default

import pytest
from sqlalchemy import select, update
from werkzeug.routing import Rule

from moderation.models import Moderator, SignIn
from moderation.workflow import State
from pledges.db import utcnow
from tests.moderation.queue.test_claims import acts, hands, holder, says, theirs, waiting
from tests.wall import CSRF, SEEN, SLUG, AtTheDesk, Sent, Wall, found

HARSH = "You are all wankers"


def harsh(wall: Wall, words: str = HARSH) -> Sent:
    sent = wall.promises(words)
    while wall.screens():
        pass
    assert wall.review(sent.review_id).masked
    return sent


def posts(at: AtTheDesk, path: str, **fields: str | list[str]) -> None:
    answer = at.client.post(f"/moderation/{path}", data={"csrf_token": at.csrf(), **fields})
    assert answer.status_code == 303, answer.text


def counted(wall: Wall) -> int:
    with wall.look() as session:
        return sum(session.scalars(select(SignIn.harsh_opened)))


def settings(at: AtTheDesk, **fields: str | list[str]) -> None:
    posts(at, "me", **{"name": at.name, "lang": "en", "shortcuts": "yes", "alerts": "yes", **fields})


def test_a_harsh_text_is_shown_by_a_press_counted_and_gone_when_the_page_comes_again(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sent = harsh(wall)
    for address in (f"/moderation/reviews/{sent.review_id}", f"/moderation/?at={sent.review_id}"):
        page = moderator.client.get(address).text
        assert "wankers" not in page
        before = counted(wall)
        given = {"csrf_token": found(CSRF, page), "seen": found(SEEN, page)}
        assert "wankers" in moderator.client.post(address, data=given).text
        assert counted(wall) == before + 1
        again = moderator.client.post(address, data=given).text  # the browser sends it once more, unasked
        assert "wankers" not in again
        assert "loaded again" in again
        assert counted(wall) == before + 1
        for query in ("?show=1", "?show=example", "?show=all"):
            assert "wankers" not in moderator.client.get(address.split("?")[0] + query).text


def test_the_box_tells_what_this_session_decided_and_opened(wall: Wall, moderator: AtTheDesk) -> None:
    sent, other = waiting(wall, 2)
    strong = harsh(wall)
    moderator.approves(sent)
    moderator.approves(other)
    moderator.decides(other, "undo")
    moderator.opens_text(f"/moderation/reviews/{strong.review_id}")
    with wall.work() as session:
        row = session.scalars(select(SignIn).order_by(SignIn.id.desc())).first()
        assert row is not None
        row.since = utcnow() - timedelta(minutes=70)
    page = moderator.client.get("/moderation/").text
    assert "1 decided in 1 h 10 min." in page
    assert "1 harsh text opened." in page
    assert "0 decided" in wall.moderator("ann").client.get("/moderation/").text


def test_after_some_harsh_texts_or_an_hour_a_pause_is_suggested_and_nothing_locked(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sent = harsh(wall)
    item = f"/moderation/reviews/{sent.review_id}"
    for number in range(1, 6):
        page = moderator.client.get(item).text
        assert (f"This would be harsh text number {number} since" in page) is (number > 3)
        assert "A pause would" not in moderator.client.get("/moderation/").text
        moderator.opens_text(item)
    assert "A pause would" in moderator.client.get("/moderation/").text
    assert "wankers" in moderator.opens_text(item)
    posts(moderator, "care/break")
    assert "A pause would" not in moderator.client.get("/moderation/").text
    with wall.work() as session:
        session.execute(update(SignIn).values(rested_at=utcnow() - timedelta(minutes=61)))
    assert "A pause would" in moderator.client.get("/moderation/").text
    moderator.decides(sent, "spam")
    assert wall.review(sent.review_id).state is State.SPAM


def test_a_break_lets_go_of_everything_and_is_calm(wall: Wall, moderator: AtTheDesk) -> None:
    sent = waiting(wall, 3)
    hands(moderator)
    says(moderator, sent[0], "claim")
    posts(moderator, "care/break")
    assert theirs(wall, "mo") == set()
    page = moderator.client.get("/moderation/break").text
    assert "Nothing is open at you now" in page
    assert "I promise" not in page


def test_for_an_hour_no_harsh_texts_come_and_the_page_says_how_many_are_left_out(
    wall: Wall, moderator: AtTheDesk
) -> None:
    (calm,) = waiting(wall)
    sent = harsh(wall)
    posts(moderator, "care/spare")
    for lane in ("all", "abuse"):
        assert sent.review_id not in moderator.sees(lane)
        assert "1 item is left out, as you asked." in moderator.client.get(f"/moderation/?lane={lane}").text
    assert moderator.sees("all") == [calm.review_id]
    hands(moderator, "all")
    assert theirs(wall, "mo") == {calm.review_id}
    assert sent.review_id in wall.moderator("ann").sees("all")
    with wall.work() as session:
        session.execute(update(Moderator).values(no_harsh_until=utcnow() - timedelta(seconds=1)))
    assert sent.review_id in moderator.sees("all")
    posts(moderator, "care/spare")
    posts(moderator, "care/spare", again="1")
    assert sent.review_id in moderator.sees("all")


def test_a_category_that_somebody_skips_leaves_their_lists_and_not_their_right_to_decide(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sent = wall.promises("Ring me on 07700 900123 about this")
    wall.screens()
    assert moderator.sees("personal_data") == [sent.review_id]
    settings(moderator, skip=["personal_data", "nonsense"])
    assert moderator.sees("personal_data") == []
    assert moderator.sees("all") == []
    hands(moderator, "all")
    assert theirs(wall, "mo") == set()
    queue = moderator.client.get("/moderation/").text
    assert "1 item is left out" in queue and "<h1>0 waiting</h1>" in queue
    ann = wall.moderator("ann")
    assert ann.sees("all") == [sent.review_id]
    ann.decides(sent, "pass", to="mo@example.org")
    mine = moderator.client.get("/moderation/?lane=mine").text  # what somebody has passed to one is one's own to see
    assert moderator.sees("mine") == [sent.review_id] and "<h1>1 waiting</h1>" in mine and "left out" not in mine
    moderator.approves(sent)


def test_my_settings_are_kept_and_reached_from_my_name(wall: Wall, moderator: AtTheDesk) -> None:
    assert re.search(r'href="/moderation/me"[^>]*><bdi>mo</bdi>', moderator.client.get("/moderation/").text)
    page = moderator.client.get("/moderation/me").text
    for words in ("Passkeys", "Recovery codes", "Where I am signed in"):
        link = re.search(rf'href="([^"]+)">{words}<', page)
        assert link
        assert moderator.client.get(link[1]).status_code in (200, 302)  # some ask for the password again
    settings(moderator, name="Maureen", lang="cy", quiet_text="yes", on_call="yes", skip=["abuse", "spam"])
    with wall.look() as session:
        me = session.scalars(select(Moderator).where(Moderator.email == "mo@example.org")).one()
        assert (me.name, me.lang, me.skips) == ("Maureen", "cy", ["abuse", "spam"])
        assert (me.shortcuts, me.quiet_text, me.on_call, me.alerts, me.digest) == (True, True, True, True, False)
    assert [line.act for line in acts(wall, "moderator:name")] == ["moderator:name"]
    assert '<html lang="cy">' in moderator.client.get("/moderation/me").text
    nameless = moderator.client.post("/moderation/me", data={"csrf_token": moderator.csrf(), "name": "  "})
    assert nameless.status_code == 422


def test_harsh_texts_are_small_and_grey_for_whoever_wants_them_so(wall: Wall, moderator: AtTheDesk) -> None:
    sent = harsh(wall)
    address = f"/moderation/reviews/{sent.review_id}"
    assert "item-words--quiet" not in moderator.opens_text(address)
    settings(moderator, quiet_text="yes")
    assert "item-words--quiet" in moderator.opens_text(address)


def test_it_is_passed_on_without_a_reason_and_is_free_again(wall: Wall, moderator: AtTheDesk) -> None:
    sent = harsh(wall)
    says(moderator, sent, "claim")
    assert moderator.decides(sent, "pass").status_code == 303
    assert holder(wall, sent) == ""


NAME = "Zebedee-Quillfeather"
MOVES = {
    "approve": "",
    "reject": "off_topic",
    "revise": "names",
    "spam": "",
    "park": "",
    "pass": "",
}


@pytest.mark.parametrize("move", [*MOVES, "undo", "take_down", "take-over", "hand"])
def test_no_moderators_name_or_address_reaches_the_public(wall: Wall, move: str) -> None:
    at = wall.moderator(NAME)
    sent = wall.promises("I will open the door at half past six", email="bo@example.org", name="Bo", show_name="full")
    wall.proves(sent)
    wall.screens()
    if move in MOVES:
        assert at.decides(sent, move, reason=MOVES[move], note="looked at twice").status_code == 303
    elif move == "undo":
        at.approves(sent)
        assert at.decides(sent, "undo").status_code == 303
    elif move == "take_down":
        at.approves(sent)
        wall.reports(sent, email="reader@example.org")
        assert at.decides(sent, "take_down", reason="off_topic").status_code == 303
    elif move == "take-over":
        says(wall.moderator("ann"), sent, "claim")
        says(at, sent, "take-over", script=False)
    else:
        hands(at)
    wall.screens(utcnow() + timedelta(hours=1))
    public = wall.app.test_client()
    addresses = [f"/{SLUG}", f"/cy/{SLUG}", f"/{SLUG}/promises/{sent.public_id}", f"/{SLUG}/house-rules", sent.receipt]
    addresses += [rule.rule.replace("<slug>", SLUG) for rule in wall.app.url_map.iter_rules() if _is_public(rule)]
    pages = [public.get(address) for address in dict.fromkeys(addresses)]
    assert pages[0].status_code == 200
    assert any(page.is_json and page.status_code == 200 for page in pages)
    told = [page.text for page in pages if (page.mimetype or "").startswith(("text/", "application/"))]
    told += [str(page.headers) for page in pages]
    letters = [message_from_string(source, policy=default) for source in wall.letters()]
    to_others = [letter for letter in letters if NAME.lower() not in str(letter["To"]).lower()]
    assert to_others
    told += [
        f"{letter.items()} {body.get_content()}"
        for letter in to_others
        for body in letter.walk()
        if body.get_content_maintype() == "text"
    ]
    for text in told:
        assert NAME.lower() not in text.lower()


def _is_public(rule: Rule) -> bool:
    left = rule.rule.replace("<slug>", "")
    return "GET" in (rule.methods or ()) and "<" not in left and not left.startswith("/moderation")
