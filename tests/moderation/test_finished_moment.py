"""A promise that stands on the wall: its block in the cloth, who promised it too, how it is told on, and who answers comments."""

from __future__ import annotations

import json
import re
from email import message_from_string, policy

import pytest

from moderation.cli.upkeep import rebuild_counters
from pledges.figures import cloth
from pledges.models import Contribution
from tests.forms import form
from tests.wall import SLUG, WORDS, AtTheDesk, Sent, Wall


@pytest.fixture
def mo(wall: Wall) -> AtTheDesk:
    return wall.moderator()


@pytest.fixture
def sent(wall: Wall, mo: AtTheDesk) -> Sent:
    sent = wall.promises(name="Amina Yusuf", show_name="full", theme="listen")
    mo.approves(sent)
    return sent


def page(wall: Wall, sent: Sent, more: str = "") -> str:
    return wall.app.test_client().get(f"/{SLUG}/promises/{sent.public_id}{more}").text


def receipt(wall: Wall, sent: Sent, query: str = "") -> str:
    return wall.app.test_client().get(sent.receipt + query).text


def test_promises_that_began_from_another_are_a_number_that_is_kept(wall: Wall, mo: AtTheDesk, sent: Sent) -> None:
    assert "data-inspired" not in page(wall, sent)
    path = f"/{SLUG}/promise?like={sent.public_id}"
    opened = wall.app.test_client().get(path).text
    assert WORDS in opened
    assert "Change the words until they are yours" in opened
    others = [wall.sent(wall.sends(path, promise=f"I will listen, too, {n}", like=sent.public_id)) for n in range(2)]
    assert "data-inspired" not in page(wall, sent)
    for number, other in enumerate(others, start=1):
        mo.approves(other)
        assert f'data-inspired="{number}"' in page(wall, sent)
    wall.acts(others[0], "withdraw")
    assert "1 person promised this too." in page(wall, sent)
    with wall.app.app_context():
        assert "->" not in wall.app.test_cli_runner().invoke(rebuild_counters).output


def test_the_authors_own_block_is_white_in_the_cloth_and_one_thing_is_next(wall: Wall, mo: AtTheDesk) -> None:
    sent = wall.promises(theme="listen")
    assert "data-own-block" not in receipt(wall, sent)
    mo.approves(sent)
    shown = receipt(wall, sent)
    assert '<path class="here"' in shown
    assert "The white block is yours." in shown
    assert f"/promises/{sent.public_id}/card.png" in shown
    assert f"/promises/{sent.public_id}/poster" in shown
    wall.acts(sent, "withdraw")
    assert "data-own-block" not in receipt(wall, sent)


@pytest.mark.parametrize("own", ["listen", "work", "speak"])
def test_a_white_block_lies_in_the_strip_of_its_day_where_its_theme_is(own: str) -> None:
    days = (("2027-02-01", (("listen", 3), ("work", 2))), ("2027-02-02", (("work", 1), ("listen", 4), ("speak", 2))))
    woven = cloth.weave(days, mark="2027-02-02", own=own)
    moved = [float(each) for each in re.findall(r"-?[\d.]+", woven.here)]
    left, top, wide, tall = moved[:4]
    runs = re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)", woven.dyed[own])
    assert any(
        float(x) <= left + 0.1 and left + wide <= float(x) + float(w) + 0.2 and float(y) == top and float(h) == tall
        for x, y, w, h in runs
    )
    assert cloth.weave(days, mark="2027-02-02", own="families").here == ""


def test_it_is_told_on_by_plain_links_and_read_by_programs(wall: Wall, mo: AtTheDesk) -> None:
    words = "I will say </script><b>no</b> & “yes”"
    sent = wall.promises(words, name="Amina Yusuf", show_name="first")
    mo.approves(sent)
    shown = page(wall, sent)
    linked = json.loads(re.findall(r'<script type="application/ld\+json">(.*?)</script>', shown)[0])
    assert linked["articleBody"] == words
    assert linked["author"] == {"@type": "Person", "name": "Amina"}
    assert linked["url"] == f"http://wall.example/{SLUG}/promises/{sent.public_id}"
    for start in ("mailto:?subject=", "https://wa.me/?text=", "https://www.linkedin.com/sharing/"):
        assert f'href="{start}' in shown
    assert not re.search(r'<(script|img|iframe)[^>]* src="https?://(?!wall\.example)', shown)
    wall.acts(sent, "hide_name")
    assert "author" not in json.loads(
        re.findall(r'<script type="application/ld\+json">(.*?)</script>', page(wall, sent))[0]
    )


def test_a_certificate_shows_the_promise_and_its_address(wall: Wall, sent: Sent) -> None:
    shown = page(wall, sent, "/poster")
    assert WORDS in shown
    assert "Amina Yusuf" in shown
    assert 'class="qr"' in shown
    wall.acts(sent, "withdraw")
    assert wall.app.test_client().get(f"/{SLUG}/promises/{sent.public_id}/poster").status_code == 404


def test_a_comment_from_the_private_page_is_marked_as_its_authors(wall: Wall, mo: AtTheDesk, sent: Sent) -> None:
    asked = wall.comments(sent, "How many evenings did it take?", name="Sam")
    mo.approves(asked)
    assert "Made this promise" not in page(wall, sent)
    answers = re.search(r'href="([^"]*do=comment[^"]*reply_to=[^"]+)"', receipt(wall, sent))
    assert answers
    path = answers[1].replace("&amp;", "&")
    client = wall.app.test_client()
    filled = form(client.get(path).text, path.partition("?")[0]).sent(comment="Two, and a pot of tea", consent="yes")
    assert "name" not in filled and "email" not in filled
    reply = wall.sent(client.post(path.partition("?")[0], data=filled))
    wall.screens()
    mo.approves(reply)
    shown = page(wall, sent)
    assert shown.count("Made this promise") == 1
    assert shown.index("How many evenings") < shown.index("Made this promise") < shown.index("Two, and a pot of tea")
    wall.acts(sent, "hide_name")
    assert "Amina Yusuf" not in page(wall, sent)
    wall.acts(sent, "erase")  # with all that its author said, and nothing that others did
    with wall.look() as session:
        said = {each.id: each.latest.words for each in session.query(Contribution)}
    assert (said[reply.contribution_id], said[asked.contribution_id]) == ("", "How many evenings did it take?")


def test_nobody_else_can_mark_a_comment(wall: Wall, mo: AtTheDesk, sent: Sent) -> None:
    comment = wall.comments(sent, "I made this promise", by_author="1", act="comment")
    mo.approves(comment)
    assert "Made this promise" not in page(wall, sent)


def test_an_author_closes_and_opens_the_comments(wall: Wall, sent: Sent) -> None:
    assert wall.acts(sent, "comments").status_code == 303
    assert "Comments are closed." in page(wall, sent)
    assert wall.sends(f"/{SLUG}/promises/{sent.public_id}/comment", comment="Hello there", token="x").status_code == 409
    wall.acts(sent, "comments", open="yes")
    assert "Add a comment" in page(wall, sent)


@pytest.mark.parametrize("start", ["encourage", "help", "ask", "nonsense"])
def test_a_comment_can_begin_with_a_few_words(wall: Wall, sent: Sent, start: str) -> None:
    opened = page(wall, sent, f"/comment?start={start}")
    begins = {"encourage": "I like this, because", "help": "I can help with this:", "ask": "I would like to know:"}
    assert begins.get(start, "") in opened
    assert sum(words in opened for words in begins.values()) == (start in begins)


def test_the_letter_of_approval_shows_the_block_in_the_cloth(wall: Wall, mo: AtTheDesk) -> None:
    for number in range(3):
        mo.approves(wall.promises(f"I will plant tree number {number}", theme="work"))
    wall.told_by(mo)
    letter = message_from_string(wall.letters()[-1], policy=policy.default)
    html, text = (letter.get_body((kind,)) for kind in ("html", "plain"))
    assert html is not None and text is not None
    cells = re.findall(r'<td width="([\d.]+)%"[^>]*background:(#\w+)', html.get_content())
    assert [colour for _, colour in cells].count("#ffffff") == 1
    assert abs(sum(float(width) for width, _ in cells) - 100) < 0.5
    assert "/poster" in text.get_content()
    assert "http" not in "".join(re.findall(r'(?:src|background)="([^"]*)"', html.get_content()))
