"""What only comes from one place is not alike: nothing is chosen, counts agree, and a link opens what it names."""

from __future__ import annotations

import re

from moderation.workflow import State
from tests.forms import form
from tests.moderation.clusters.test_clusters import arrives, rows
from tests.wall import AtTheDesk, Wall

GOOD = ("I will learn three greetings in Somali", "We will read our rota out loud in two languages")
BAD = (
    "Cheap watches at http://a.example/1 http://b.example/2 http://c.example/3",
    "Essays written overnight http://d.example http://e.example http://f.example",
    "Win a phone today http://g.example http://h.example and http://i.example",
    "Loans for all of you http://j.example http://k.example http://l.example",
)

PRIVATE = (
    "Ring me on 029 2018 0123 and I will listen",
    "My neighbour at 029 2018 0456 would like a lift to the mosque",
    "Everybody may call 029 2018 0789 about the choir",
    "Write to 029 2018 0999 if you need an interpreter",
)
TICKED = re.compile(r'name="pick" [^>]*checked')


def page_of_row(at: AtTheDesk) -> str:
    (path,) = set(
        re.findall(r'href="(/moderation/clusters/\d+)[^"]*" data-cluster', at.client.get("/moderation/").text)
    )
    return at.client.get(path).text


def test_of_one_network_nothing_is_chosen_and_the_counts_agree(wall: Wall, moderator: AtTheDesk) -> None:
    for n, words in enumerate((*GOOD, *BAD), 1):
        arrives(wall, words, 0, ip=f"2001:db8:1:1::{n}")
    wall.screens()
    ((_, said),) = rows(moderator)
    page = page_of_row(moderator)
    listed = form(page, "/moderation/bulk").values("listed")
    count = int(said.split()[0])
    assert said == f"{count} from one network" and f"<h1>{said}</h1>" in page
    assert len(listed) == count and f"<h2>{count} wait</h2>" in page
    assert not TICKED.search(page)
    assert "Nothing is chosen from the start" in page
    assert not [words for words in GOOD if words in page]


def test_what_was_declined_of_one_network_does_not_decline_what_comes_from_there_later(
    wall: Wall, moderator: AtTheDesk
) -> None:
    for n, words in enumerate(BAD, 1):
        arrives(wall, words, 0, ip=f"2001:db8:1:1::{n}")
    wall.screens()
    chosen = form(page_of_row(moderator), "/moderation/bulk")
    asked = moderator.client.post(chosen.action, data=chosen.sent("reject", pick=chosen.values("listed")))
    offered = form(asked.text, "/moderation/bulk/decide")
    assert moderator.client.post(offered.action, data=offered.sent(reason="off_topic")).status_code == 303
    for n, words in enumerate(("A new thing http://m.example http://n.example http://o.example", BAD[0] + " now"), 9):
        arrives(wall, words, 0, ip=f"2001:db8:1:1::{n}")
    wall.screens()
    for path in set(re.findall(r'href="(/moderation/clusters/\d+)', moderator.client.get("/moderation/").text)):
        page = moderator.client.get(path).text
        if "from one network" in page.split("</h1>")[0]:
            assert "Decide as before" not in page
            assert not TICKED.search(page)


def test_addresses_of_one_domain_are_not_said_to_lead_to_one_site(wall: Wall, moderator: AtTheDesk) -> None:
    for n, words in enumerate(PRIVATE, 1):
        arrives(wall, words, n, email=f"a{n}@school.example")
    wall.screens()
    ((_, said),) = rows(moderator)
    assert said == "3 with email addresses of one domain"
    assert f"<h1>{said}</h1>" in page_of_row(moderator)


def test_a_domain_in_links_of_some_and_addresses_of_others_is_said_so(wall: Wall, moderator: AtTheDesk) -> None:
    for n, words in enumerate(PRIVATE[:2], 1):
        arrives(wall, words, n, email=f"a{n}@shop.example")
    for n, what in enumerate(("Casino evenings", "A loan for you"), 3):
        link = f"http://shop.example/{n} http://shop.example/{n}a http://shop.example/{n}b"
        arrives(wall, f"{what}: {link}", n)
    wall.screens()
    assert [said for _, said in rows(moderator)] == ["3 with one domain in a link or an email address"]


def test_a_link_to_an_item_behind_a_row_opens_that_item(wall: Wall, moderator: AtTheDesk) -> None:
    sent = [arrives(wall, words, 0, ip=f"2001:db8:1:1::{n}") for n, words in enumerate(BAD, 1)]
    wall.screens()
    behind = [each for each in sent if wall.review(each.review_id).behind]
    assert behind
    for each in behind:
        page = moderator.client.get(f"/moderation/?at={each.review_id}").text
        assert f'action="/moderation/reviews/{each.review_id}/decide"' in page
        assert "stands here no more" not in page
        others = {int(number) for number in re.findall(r'action="/moderation/reviews/(\d+)/decide"', page)}
        assert others == {each.review_id}


def test_a_link_to_what_is_decided_or_never_was_opens_nothing(wall: Wall, moderator: AtTheDesk) -> None:
    first = wall.promises("I will listen before I speak")
    wall.promises("I will ask what would help")
    wall.screens()
    wall.moderator("ann").approves(first)
    assert wall.review(first.review_id).state is State.APPROVED
    for at in (str(first.review_id), "999999", "soon", "9" * 30):
        page = moderator.client.get(f"/moderation/?at={at}").text
        assert "/decide" not in page, at
        assert "What you asked for stands here no more, so nothing is open" in page
