"""Links that stand many times on a page say in their names what each leads to; examples count for nobody."""

from __future__ import annotations

import re

from pledges.models import Contribution
from tests.wall import SLUG, Wall

LONG = "I will read one book a month with my team and write down what each of us will do about it"


def test_a_card_a_comment_and_a_line_of_the_desk_carry_the_first_words(wall: Wall) -> None:
    mo, get = wall.moderator("mo"), wall.app.test_client().get
    sent = wall.promises(LONG)
    mo.approves(sent)
    mo.approves(wall.comments(sent, "Good to hear that"))
    card = re.findall(r'<a class="piece-link".*?</a>', get(f"/{SLUG}").text, re.DOTALL)[0]
    assert "I will read one book a month with my team and write down …" in card
    assert get(f"/{SLUG}/promises/{sent.public_id}").text.count(">Good to hear that</span></span></a>") == 2
    assert "Good to hear that</span></a>" in mo.client.get("/moderation/history").text


def test_an_example_counts_only_until_a_real_promise_stands(wall: Wall) -> None:
    mo, get = wall.moderator("mo"), wall.app.test_client().get
    sent = wall.promises(LONG)
    with wall.work() as session:
        session.get_one(Contribution, sent.contribution_id).example = True
    mo.approves(sent)
    assert "1 promise so far" in get(f"/{SLUG}").text
    for n in range(2):
        mo.approves(wall.promises(f"I will plant tree number {n}"))
    assert "2 promises so far" in get(f"/{SLUG}").text


def test_a_refused_password_loses_no_typed_name(wall: Wall) -> None:
    client, link = wall.app.test_client(), wall.invitation("new@example.org")
    token = re.findall(r'name="csrf_token" value="([^"]+)"', client.get(link).text)[0]
    answer = client.post(link, data={"csrf_token": token, "name": "Nia Rees", "password": "short"})
    assert answer.status_code == 422 and 'value="Nia Rees"' in answer.text
