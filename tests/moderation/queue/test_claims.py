"""Whoever opens an item holds it for a while; others see who, may take it over, and do not decide behind a back."""

from __future__ import annotations

import random
import threading
from datetime import timedelta

from sqlalchemy import select, update
from werkzeug.test import TestResponse

from moderation import claims
from moderation.models import Act, Moderator, Review, Role
from moderation.workflow import State
from pledges.db import utcnow
from tests.forms import forms
from tests.moderation.clusters.test_clusters import arrives
from tests.wall import OTHER, SLUG, AtTheDesk, Sent, Wall

SCRIPT = {"X-Part": "1"}


def says(at: AtTheDesk, sent: Sent, act: str, script: bool = True, **fields: str) -> TestResponse:
    """What a page of the desk posts about an item, by its script or by a button."""
    given = {"csrf_token": at.csrf(), **fields}
    address = f"/moderation/reviews/{sent.review_id}/{act}"
    return at.client.post(address, data=given, headers=SCRIPT if script else {})


def page_of(at: AtTheDesk, sent: Sent) -> str:
    return at.client.get(f"/moderation/reviews/{sent.review_id}").text


def holder(wall: Wall, sent: Sent) -> str:
    with wall.look() as session:
        held = session.get_one(Review, sent.review_id).claimed_by
        return held.name if held is not None else ""


def acts(wall: Wall, *names: str) -> list[Act]:
    with wall.look() as session:
        return list(session.scalars(select(Act).where(Act.act.in_(names)).order_by(Act.id)))


THINGS = (
    "listen bridge kettle window harbour violin garden lantern meadow pencil teacher market blanket orchard "
    "castle rhythm pillow thunder ladder compass village painter cupboard river bakery chapel whistle mountain"
)


def waiting(wall: Wall, count: int = 1) -> list[Sent]:
    """Promises with little in common, each from a network of its own, so that each has a row."""
    chosen = [random.Random(n).sample(THINGS.split(), 8) for n in range(count)]
    sent = [arrives(wall, "I promise " + " ".join(words), n) for n, words in enumerate(chosen)]
    while wall.screens():
        pass
    return sent


def test_looking_takes_nothing_and_a_post_does(wall: Wall, moderator: AtTheDesk) -> None:
    (sent,) = waiting(wall)
    page_of(moderator, sent)
    moderator.client.get("/moderation/")
    assert holder(wall, sent) == ""
    answer = says(moderator, sent, "claim")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["state"] == "mine"
    assert answer.json["words"].startswith("Yours until ")
    assert holder(wall, sent) == "mo"


def test_a_colleague_sees_the_holder_in_the_queue_and_on_the_item(wall: Wall, moderator: AtTheDesk) -> None:
    (sent,) = waiting(wall)
    ann = wall.moderator("ann")
    says(moderator, sent, "claim")
    assert "mo has it open" in ann.client.get("/moderation/").text
    assert "mo has this open until" in page_of(ann, sent)
    assert "has it open" not in moderator.client.get("/moderation/").text
    refused = says(ann, sent, "claim")
    assert refused.status_code == 409
    assert refused.json is not None
    assert refused.json["words"].startswith("mo has this open until")
    assert holder(wall, sent) == "mo"


def test_the_queue_opens_the_first_item_that_nobody_has(wall: Wall, moderator: AtTheDesk) -> None:
    first, second = waiting(wall, 2)
    says(moderator, first, "claim")
    page = wall.moderator("ann").client.get("/moderation/").text
    assert f'/moderation/reviews/{second.review_id}/claim"' in page
    assert f'/moderation/reviews/{first.review_id}/claim"' not in page


def test_while_somebody_has_it_nobody_else_decides_parks_or_passes_it(wall: Wall, moderator: AtTheDesk) -> None:
    (sent,) = waiting(wall)
    ann = wall.moderator("ann")
    says(moderator, sent, "claim")
    for move in ("approve", "reject", "spam", "park", "pass"):
        answer = ann.decides(sent, move, reason="off_topic")
        assert answer.status_code == 409, move
        assert "mo has this open until" in answer.text
    assert wall.review(sent.review_id).state is State.WAITING
    assert wall.review(sent.review_id).parked_until is None
    offered = {value for form in forms(page_of(ann, sent)) for value in form.values("move")}
    assert offered == set()  # what the page offers and what the post accepts are equal
    moderator.approves(sent)
    assert holder(wall, sent) == ""


def test_a_bulk_decision_leaves_out_what_a_colleague_has_open(wall: Wall, moderator: AtTheDesk) -> None:
    first, second = waiting(wall, 2)
    says(moderator, first, "claim")
    ann = wall.moderator("ann")
    picks = ",".join(f"{each.review_id}.{wall.review(each.review_id).version}" for each in (first, second))
    given = {"csrf_token": ann.csrf(), "move": "spam", "pick": picks}
    assert ann.client.post("/moderation/bulk/decide", data=given).status_code == 303
    assert wall.review(first.review_id).state is State.WAITING
    assert wall.review(second.review_id).state is State.SPAM


def test_taking_over_is_recorded_and_told_in_the_story(wall: Wall, moderator: AtTheDesk) -> None:
    (sent,) = waiting(wall)
    ann = wall.moderator("ann")
    says(moderator, sent, "claim")
    answer = says(ann, sent, "take-over", script=False)
    assert answer.status_code == 303
    assert holder(wall, sent) == "ann"
    (line,) = acts(wall, "review:take-over")
    assert line.subject == f"review:{sent.review_id}"
    assert set(line.before) == set(line.after) == {"holder"}
    assert "ann: took it over from a colleague" in page_of(ann, sent)
    assert moderator.decides(sent, "approve").status_code == 409
    ann.approves(sent)


def test_taking_over_what_nobody_has_is_only_taking_it(wall: Wall, moderator: AtTheDesk) -> None:
    (sent,) = waiting(wall)
    assert says(moderator, sent, "take-over", script=False).status_code == 303
    assert holder(wall, sent) == "mo"
    assert acts(wall, "review:take-over") == []


def test_a_page_that_is_left_ends_the_lease_it_knew_and_no_newer_one(wall: Wall, moderator: AtTheDesk) -> None:
    (sent,) = waiting(wall)
    first = says(moderator, sent, "claim").json
    newer = says(moderator, sent, "claim").json  # the page was loaded again, and asked before the old one let go
    assert first is not None
    assert newer is not None
    assert says(moderator, sent, "release", left=first["until"]).status_code == 204
    assert holder(wall, sent) == "mo"
    assert says(moderator, sent, "release", left=newer["until"]).status_code == 204
    assert holder(wall, sent) == ""


def test_without_a_script_it_is_taken_and_let_go_by_buttons(wall: Wall, moderator: AtTheDesk) -> None:
    (sent,) = waiting(wall)
    page = page_of(moderator, sent)
    assert "Take it</button>" in page
    assert says(moderator, sent, "claim", script=False).status_code == 303
    assert "Yours until" in page_of(moderator, sent)
    assert says(moderator, sent, "release", script=False).status_code == 303
    assert holder(wall, sent) == ""


def test_a_lease_runs_out_by_itself(wall: Wall, moderator: AtTheDesk) -> None:
    (sent,) = waiting(wall)
    says(moderator, sent, "claim")
    with wall.work() as session:
        session.execute(update(Review).values(claimed_until=utcnow() - timedelta(seconds=1)))
    ann = wall.moderator("ann")
    assert "has it open" not in ann.client.get("/moderation/").text
    ann.approves(sent)


def test_what_is_decided_cannot_be_taken(wall: Wall, moderator: AtTheDesk) -> None:
    (sent,) = waiting(wall)
    wall.moderator("ann").approves(sent)
    answer = says(moderator, sent, "claim")
    assert answer.status_code == 409
    assert answer.json == {"state": "gone", "words": "ann was quicker: Approved"}
    assert says(moderator, sent, "take-over", script=False).status_code == 409


def test_a_viewer_takes_nothing(wall: Wall) -> None:
    (sent,) = waiting(wall)
    viewer = wall.moderator("vi", Role.VIEWER)
    for act in ("claim", "release", "take-over"):
        assert says(viewer, sent, act).status_code == 403
    assert viewer.client.post("/moderation/hand", data={"csrf_token": viewer.csrf()}).status_code == 403
    assert "Take it" not in page_of(viewer, sent)


# -- twenty at once --------------------------------------------------------------------------------


def hands(at: AtTheDesk, lane: str = "new") -> TestResponse:
    return at.client.post("/moderation/hand", data={"csrf_token": at.csrf(), "lane": lane})


def theirs(wall: Wall, name: str) -> set[int]:
    with wall.look() as session:
        query = select(Review.id).join(Moderator, Moderator.id == Review.claimed_by_id).where(Moderator.name == name)
        return set(session.scalars(query))


def test_twenty_of_the_oldest_are_handed_out_as_one_act(wall: Wall, moderator: AtTheDesk) -> None:
    sent = waiting(wall, 23)
    says(wall.moderator("ann"), sent[0], "claim")
    assert hands(moderator).status_code == 303
    assert theirs(wall, "mo") == {each.review_id for each in sent[1:21]}
    (line,) = acts(wall, "queue:hand")
    assert line.after == {"lane": "new", "reviews": [each.review_id for each in sent[1:21]]}
    assert line.campaign_id == wall.review(sent[0].review_id).campaign_id
    page = moderator.client.get("/moderation/?lane=hand").text
    assert "Yours: 20 left" in page
    moderator.approves(sent[1])
    assert "Yours: 19 left" in moderator.client.get("/moderation/?lane=hand").text
    assert len(moderator.sees("hand")) == 19


def test_what_was_handed_out_stays_when_its_page_is_left_and_goes_by_the_button(
    wall: Wall, moderator: AtTheDesk
) -> None:
    (sent,) = waiting(wall)
    hands(moderator)
    taken = says(moderator, sent, "claim").json
    assert taken is not None
    says(moderator, sent, "release", left=taken["until"])
    assert theirs(wall, "mo") == {sent.review_id}
    answer = moderator.client.post("/moderation/hand/back", data={"csrf_token": moderator.csrf()})
    assert answer.status_code == 303
    assert theirs(wall, "mo") == set()
    assert [line.act for line in acts(wall, "queue:hand", "queue:give-back")] == ["queue:hand", "queue:give-back"]


def test_what_was_handed_out_is_free_again_after_half_an_hour(wall: Wall, moderator: AtTheDesk) -> None:
    (sent,) = waiting(wall)
    hands(moderator)
    assert wall.review(sent.review_id).handed_until is not None
    with wall.work() as session:
        past = utcnow() - timedelta(seconds=1)
        session.execute(update(Review).values(claimed_until=past, handed_until=past))
    assert moderator.sees("hand") == []
    hands(wall.moderator("ann"))
    assert theirs(wall, "ann") == {sent.review_id}


def test_two_who_ask_at_once_get_different_items(wall: Wall, moderator: AtTheDesk) -> None:
    waiting(wall, 45)
    ann = wall.moderator("ann")
    posts = [(at, {"csrf_token": at.csrf(), "lane": "new"}) for at in (moderator, ann)]
    barrier = threading.Barrier(2)
    answers: list[int] = []

    def press(at: AtTheDesk, given: dict[str, str]) -> None:
        barrier.wait()
        answers.append(at.client.post("/moderation/hand", data=given).status_code)

    threads = [threading.Thread(target=press, args=post) for post in posts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [303, 303]
    mo, other = theirs(wall, "mo"), theirs(wall, "ann")
    assert len(mo) == len(other) == claims.HAND
    assert not mo & other


def test_what_is_handed_out_of_several_campaigns_stands_in_the_record_of_each(wall: Wall) -> None:
    mo, lead, there = (
        wall.moderator(),
        wall.moderator("lead", Role.LEAD, SLUG),
        wall.moderator("there", Role.LEAD, OTHER),
    )
    first, second = wall.promises(), wall.promises("I will listen to parents at the gate", slug=OTHER)
    wall.screens()
    hands(mo)
    mo.client.post("/moderation/hand/back", data={"csrf_token": mo.csrf()})
    reviews = [wall.review(each.review_id) for each in (first, second)]
    lines = acts(wall, "queue:hand")
    assert [(line.campaign_id, line.after["reviews"]) for line in lines] == sorted(
        (review.campaign_id, [review.id]) for review in reviews
    )
    assert [line.after for line in acts(wall, "queue:give-back")] == [{"reviews": 1}, {"reviews": 1}]
    for who in (lead, there):
        page = who.client.get("/moderation/record").text
        assert page.count("was handed items of the queue") == page.count("gave items of the queue back") == 1
