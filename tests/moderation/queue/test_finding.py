"""A letter in hand leads to its author's items: by the address, a reference, a number or a link; and leaves no trace."""

from __future__ import annotations

import json
import re

from sqlalchemy import select
from werkzeug.test import TestResponse

from moderation.models import Act, Report, Role
from moderation.queue import finding
from tests.forms import form
from tests.moderation.queue.test_queue import ROW
from tests.wall import OTHER, SLUG, AtTheDesk, Sent, Wall

ADDRESS = "amina.yusuf@example.org"


def asks(at: AtTheDesk, asked: str) -> TestResponse:
    """The form beside the queue, filled in and sent."""
    page = form(at.client.get("/moderation/").text, "/moderation/search")
    return at.client.post(page.action, data=page.sent(q=asked))


def found(at: AtTheDesk, asked: str) -> list[int]:
    answer = asks(at, asked)
    if answer.status_code == 303:
        answer = at.client.get(answer.headers["Location"])
    assert answer.status_code == 200, answer.text[:1000]
    return [int(number) for number in ROW.findall(answer.text)]


def leads_to(at: AtTheDesk, asked: str) -> str:
    """The path that stands in the address line in the end."""
    page = form(at.client.get("/moderation/").text, "/moderation/search")
    return at.client.post(page.action, data=page.sent(q=asked), follow_redirects=True).request.path


def lines(wall: Wall, act: str) -> list[Act]:
    with wall.look() as session:
        return list(session.scalars(select(Act).where(Act.act == act)))


def three(wall: Wall) -> tuple[Sent, Sent, Sent]:
    one = wall.promises("I will plant ten trees", email=ADDRESS)
    two = wall.promises("A choir of all ages meets at our school", slug=OTHER, email=ADDRESS.upper())
    other = wall.promises("We open the hall on Sundays", email="amina@example.org")
    wall.screens()
    return one, two, other


def test_an_authors_address_finds_their_items_and_nobody_elses(wall: Wall, moderator: AtTheDesk) -> None:
    one, two, _other = three(wall)
    moderator.approves(one)
    for asked in (ADDRESS, f"  {ADDRESS.upper()} ", f"Amina Yusuf <{ADDRESS}>", f"mailto:{ADDRESS}"):
        assert found(moderator, asked) == [two.review_id, one.review_id], asked
    for part in ("amina.yusuf@", "amina.yusuf", "@example.org", "yusuf@example.org", f"{ADDRESS}, amina@example.org"):
        assert found(moderator, part) == [], part


def test_nothing_is_kept_of_the_address(wall: Wall, moderator: AtTheDesk) -> None:
    one, _two, _other = three(wall)
    answer = asks(moderator, ADDRESS)
    assert answer.status_code == 200  # answered where it was asked: no redirect writes it into an address line
    assert "no-store" in answer.headers["Cache-Control"]
    assert not re.search(rf'(href|action)="[^"]*{re.escape(ADDRESS)}', answer.text)
    (line,) = lines(wall, "author:find")
    assert (line.subject, line.before, line.after) == ("moderator:1", {}, {})
    with wall.look() as session:
        every = [[each.act, each.subject, each.before, each.after] for each in session.scalars(select(Act))]
    assert "example.org" not in json.dumps(every)
    looked = moderator.client.get("/moderation/search", query_string={"q": ADDRESS})
    assert [int(number) for number in ROW.findall(looked.text)] == []  # an address line is no place to ask in
    assert f'data-review="{one.review_id}"' in answer.text


def test_only_who_may_find_authors_does_and_only_in_their_campaigns(wall: Wall) -> None:
    one, two, _other = three(wall)
    said = wall.promises(f"Write to {ADDRESS} for seeds")
    wall.screens()
    viewer = wall.moderator("vi", Role.VIEWER)
    assert found(viewer, ADDRESS) == [said.review_id]  # the words, which a viewer reads anyway
    assert "Your role does not let you find people by their address" in asks(viewer, ADDRESS).text
    assert lines(wall, "author:find") == []
    assert found(wall.moderator("ola", slug=OTHER), ADDRESS) == [two.review_id]
    everywhere = wall.moderator("mo")
    assert found(everywhere, ADDRESS) == [said.review_id, two.review_id, one.review_id]
    assert "Your role" not in asks(everywhere, ADDRESS).text


def test_more_than_a_page_of_one_author_is_read_to_the_end(wall: Wall, moderator: AtTheDesk) -> None:
    sent = [wall.promises(f"I will plant {n} trees", email=ADDRESS) for n in range(finding.PAGE + 2)]
    wall.screens()
    page = asks(moderator, ADDRESS).text
    rows = [int(number) for number in ROW.findall(page)]
    following = [each for each in re.findall(r"(?s)<form class=\"more\".*?</form>", page) if 'name="before"' in each]
    more = form(following[0], "/moderation/search")
    rows += [int(number) for number in ROW.findall(moderator.client.post(more.action, data=more.sent()).text)]
    assert rows == [each.review_id for each in reversed(sent)]
    assert len(lines(wall, "author:find")) == 1  # one question, however many pages


def test_references_numbers_and_links_each_find_the_item(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises("I will plant ten trees")
    moderator.approves(sent)
    comment = wall.comments(sent)
    wall.reports(sent)
    wall.screens()
    with wall.look() as session:
        reported = session.scalars(select(Report.reference)).one()
    item, site = f"/moderation/reviews/{sent.review_id}", "https://wall.example"
    page = f"{site}/{SLUG}/promises/{sent.public_id}"
    for asked in (
        sent.public_id, sent.public_id.upper(), reported, page, f"{page}?lang=cy", f"{site}/cy/{SLUG}/promises/{sent.public_id}/",
        f"{page}/report", f"wall.example/{SLUG}/promises/{sent.public_id}", site + sent.receipt, f"{site}{sent.receipt}?do=edit",
        f"{site}{item}?lane=new",
    ):  # fmt: skip
        assert leads_to(moderator, asked) == item, asked
    assert leads_to(moderator, f"{page}#c-{comment.public_id}") == f"/moderation/reviews/{comment.review_id}"
    assert found(moderator, f"#{sent.review_id}") == found(moderator, str(sent.review_id)) == [sent.review_id]


def test_the_link_of_a_receipt_stands_in_no_address_line(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises("I will plant ten trees")
    token = sent.receipt.rsplit("/", 1)[1]
    assert token not in asks(moderator, f"https://wall.example{sent.receipt}").headers["Location"]
    unknown = asks(moderator, "https://wall.example/receipt/" + "x" * 43)
    assert unknown.status_code == 200
    assert ROW.findall(unknown.text) == []


def test_a_link_finds_nothing_of_other_peoples_campaigns(wall: Wall) -> None:
    sent = wall.promises("I will plant ten trees")
    wall.screens()
    stranger = wall.moderator("ola", slug=OTHER)
    for asked in (
        f"https://wall.example/{SLUG}/promises/{sent.public_id}",
        f"https://wall.example{sent.receipt}",
        f"https://wall.example/moderation/reviews/{sent.review_id}",
    ):
        assert leads_to(stranger, asked) == "/moderation/search", asked
        assert found(stranger, asked) == []


def test_what_is_reported_is_said_to_stand_on_the_wall_still(wall: Wall, moderator: AtTheDesk) -> None:
    sent, new = wall.promises("I will plant ten trees"), wall.promises("I will plant nine trees")
    moderator.approves(sent)
    wall.reports(sent)
    wall.screens()
    page = moderator.client.get("/moderation/search?q=trees").text
    assert f"{sent.public_id}</b> on the wall, and waits to be read again" in page
    assert f"{new.public_id}</b> waits<" in page


TEXTS = (
    "明日東京都で議事録を読みます", "議事 を 事録 にします", "Łódź and Sørensen meet in Dvořák’s hall", "हम रोज़ काम करेंगे",
    "हम कमरा साफ़ करेंगे", "राम संस्था के साथ", "रामा संस्था के साथ", "เราจะปลูกต้นไม้ในกรุงเทพ", "мой дом у реки", "мои друзья",
    "The sec\u200dret garden opens", "Straße und Ölweg", "مُحَمَّد می‌خواهم", "ﾄｳｷｮｳ タワー を見る",
)  # fmt: skip
ASKED = {
    "東京": {0}, "議事録": {0}, "東京都": {0}, "録": {0, 1}, "京": {0}, "読み": {0}, "事録": {0, 1}, "東議": set(),
    "Lodz": {2}, "łódź": {2}, "Sorensen": {2}, "sørens": {2}, "Dvorak": {2}, "काम": {3}, "कमरा": {4}, "कम": {4}, "राम": {5},
    "रामा": {6}, "संस्था": {5, 6}, "กรุงเทพ": {7}, "ต้นไม้": {7}, "กรง": set(), "мой": {8}, "мои": {9}, "secret": {10},
    "sec\u200dret": {10}, "strasse": {11}, "olweg": {11}, "محمد": {12}, "میخواهم": {12}, "トウキョウ": {13}, "ﾀﾜｰ": {13},
    "東京 議事録": {0}, "'a' & 'b' | !c \" * ( NEAR": set(),
}  # fmt: skip


def test_words_of_every_writing_are_found_and_only_they(wall: Wall, moderator: AtTheDesk) -> None:
    sent = [wall.promises(words).review_id for words in TEXTS]
    wall.screens()
    for asked, places in ASKED.items():
        assert set(found(moderator, asked)) == {sent[place] for place in places}, asked
