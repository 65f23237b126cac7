"""Other programs are told what changes on a wall, in the transaction of the change, signed, until they take it."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import standardwebhooks
from sqlalchemy import select

from moderation.jobs import retention, webhooks
from moderation.models import Role
from pledges.api import schemas
from pledges.db import utcnow
from pledges.models import Contribution, Delivery, Organisation, Progress, Webhook
from pledges.wall import publishing, steps
from pledges.webhooks import owing
from tests.moderation.test_proofs import gives
from tests.pledges.webhooks.conftest import Receiver
from tests.wall import OTHER, SLUG, AtTheDesk, Wall

PAGE = f"/moderation/campaigns/{SLUG}/webhooks"
pytestmark = pytest.mark.usefixtures("this_machine_is_outside")


def posts(by: AtTheDesk, **fields: str) -> Any:
    return by.client.post(PAGE, data={"csrf_token": by.csrf(), **fields})


def secret_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.text
    return re.findall(r"<code data-secret>([^<]+)</code>", answer.text)[0]


@pytest.fixture
def owner(wall: Wall) -> AtTheDesk:
    return wall.moderator("olwen", Role.OWNER)


@pytest.fixture
def secret(owner: AtTheDesk, receiver: Receiver) -> str:
    return secret_of(posts(owner, act="add", url=receiver.url))


def sends(wall: Wall, now: datetime | None = None) -> int:
    with wall.app.app_context():
        return webhooks.send_due(now or utcnow())


def logged(wall: Wall) -> list[Delivery]:
    with wall.look() as session:
        return list(session.scalars(select(Delivery).order_by(Delivery.id)))


def hook(wall: Wall) -> Webhook:
    with wall.look() as session:
        return session.scalars(select(Webhook)).one()


def test_what_comes_changes_and_goes_is_told_in_its_order(
    wall: Wall, owner: AtTheDesk, receiver: Receiver, secret: str
) -> None:
    promise = wall.promises(name="Amina Rahman", show_name="full")
    assert logged(wall) == []  # what waits is nobody's business
    owner.approves(promise)
    comment = wall.comments(promise)
    owner.approves(comment)
    owner.approves(wall.edits(promise, "I will listen, and then speak"))
    with wall.work() as session:
        steps.add(session, session.get_one(Contribution, promise.contribution_id), Progress.KEPT, utcnow())
    wall.acts(promise, "hide_name")
    reworded = wall.edits(comment, "", comment="Good to hear that, truly")
    owner.approves(reworded)
    wall.acts(comment, "withdraw")
    wall.acts(promise, "withdraw")
    assert sends(wall) == 8
    expected = [("pledge.approved", promise), ("comment.approved", comment), ("pledge.changed", promise), ("pledge.updated", promise),
                ("pledge.changed", promise), ("comment.changed", comment), ("comment.removed", comment), ("pledge.removed", promise)]  # fmt: skip
    assert receiver.events == [(event, sent.public_id) for event, sent in expected]
    told = [json.loads(body) for _, body in receiver.got]
    for _, body in receiver.got:
        schemas.Message.model_validate_json(body)
    described = wall.app.test_client().get("/api/v1/openapi.json").get_json()["webhooks"]
    assert set(described) == set(owing.EVENTS)
    assert {each["type"] for each in told} == set(described) - {"organisation.changed"}
    base = f"http://wall.example/{SLUG}/promises/{promise.public_id}"
    assert told[0]["data"] == {
        "id": promise.public_id, "campaign": SLUG, "kind": "pledge", "url": base,
        "api_url": f"http://wall.example/api/v1/pledges/{promise.public_id}",
    }  # fmt: skip
    assert told[1]["data"]["url"] == f"{base}#c-{comment.public_id}" and told[1]["data"]["pledge"] == promise.public_id
    assert not any(
        word in str(receiver.got) for word in ("Amina", "listen")
    )  # whoever wants words asks for those of now
    assert sends(wall) == 0


def test_a_badge_that_is_given_and_ends_is_told_with_each_promise_that_bore_it(
    wall: Wall, owner: AtTheDesk, receiver: Receiver, secret: str
) -> None:
    given = {"kind": "organisation", "organisation": "Northbrook", "email": "ada@northbrook.example"}
    promise, other = wall.promises(**given), wall.promises("We will read other books", **given)
    owner.approves(promise)
    owner.approves(other)
    sends(wall)
    receiver.got.clear()
    gives(wall, promise)
    with wall.look() as session:
        of = session.scalars(select(Organisation.public_id)).one()
    assert sends(wall) == 2
    assert receiver.events == [("pledge.changed", promise.public_id), ("organisation.changed", of)]
    message = schemas.Message.model_validate_json(receiver.got[1][1])
    assert message.data.url == f"http://wall.example/{SLUG}/organisations/{of}" and message.data.kind == "organisation"
    listed = wall.app.test_client().get(message.data.api_url.removeprefix("http://wall.example")).get_json()
    assert [(each["id"], each["verified"]) for each in listed["organisations"]] == [(of, True)]
    assert "Northbrook" not in str(receiver.got)
    with wall.work() as session:
        session.scalars(select(Organisation)).one().verified_until = utcnow()
    receiver.got.clear()
    wall.screens(utcnow() + timedelta(minutes=2))
    sends(wall)
    assert receiver.events == [("pledge.changed", promise.public_id), ("organisation.changed", of)]


def test_a_message_is_one_of_standard_webhooks(wall: Wall, owner: AtTheDesk, receiver: Receiver, secret: str) -> None:
    owner.approves(wall.promises())
    sends(wall)
    ((headers, body),) = receiver.got
    assert standardwebhooks.Webhook(secret).verify(body, headers) == json.loads(body)
    assert headers["content-type"] == "application/json"
    for wrong in (body + b" ", body.replace(b"approved", b"removed")):
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            standardwebhooks.Webhook(secret).verify(wrong, headers)


def test_after_a_change_of_the_secret_both_count_for_a_day(
    wall: Wall, owner: AtTheDesk, receiver: Receiver, secret: str
) -> None:
    new = secret_of(posts(owner, act="secret", which=str(hook(wall).id)))
    assert new != secret
    owner.approves(wall.promises())
    sends(wall)
    headers, body = receiver.got[-1]
    for each in (secret, new):
        assert standardwebhooks.Webhook(each).verify(body, headers)
    assert posts(owner, act="again", which=str(logged(wall)[0].id)).status_code == 303
    with wall.work() as session:
        session.scalars(select(Webhook)).one().old_until = utcnow() - timedelta(minutes=1)
    sends(wall)
    headers, body = receiver.got[-1]
    assert standardwebhooks.Webhook(new).verify(body, headers)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(secret).verify(body, headers)


def test_no_secret_can_be_read_in_the_database_or_at_the_desk(wall: Wall, owner: AtTheDesk, secret: str) -> None:
    assert secret not in hook(wall).secret and secret[6:] not in hook(wall).secret
    assert secret not in owner.client.get(PAGE).text


def test_what_is_owed_is_stored_with_the_decision_or_not_at_all(
    wall: Wall, owner: AtTheDesk, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    promise = wall.promises()
    with pytest.raises(RuntimeError), wall.work() as session:
        found = session.get_one(Contribution, promise.contribution_id)
        publishing.publish(session, found.latest, utcnow())
        raise RuntimeError("the process ends here")
    assert logged(wall) == [] and not wall.shown()
    owner.approves(promise)
    assert [each.event for each in logged(wall)] == ["pledge.approved"]


def test_what_is_not_taken_is_tried_again_later_and_later(
    wall: Wall, owner: AtTheDesk, receiver: Receiver, secret: str
) -> None:
    owner.approves(wall.promises())
    receiver.status = 500
    now, waits = utcnow(), []
    for _ in range(9):
        assert sends(wall, now) == 0
        (delivery,) = logged(wall)
        assert delivery.next_at is not None and delivery.said == "500"
        assert sends(wall, delivery.next_at - timedelta(seconds=1)) == 0
        waits.append(delivery.next_at - now)
        now = delivery.next_at
    assert len(receiver.got) == 9
    assert waits == sorted(waits) and waits[0] == timedelta(minutes=1) and waits[-1] == timedelta(hours=12)
    receiver.status = 200
    assert sends(wall, now) == 1
    assert hook(wall).failing_since is None
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    for headers, body in receiver.got:  # each try is signed with its own moment
        assert headers["webhook-timestamp"] and json.loads(body)["type"] == "pledge.approved"


def test_one_address_that_takes_nothing_holds_up_no_other(
    wall: Wall, owner: AtTheDesk, receiver: Receiver, secret: str
) -> None:
    posts(owner, act="add", url="http://localhost:9/nobody")
    for _ in range(3):
        owner.approves(wall.promises())
    assert sends(wall) == 3
    silent = [each for each in logged(wall) if each.said == "unreachable"]
    assert len(silent) == 1  # of three: what else it is owed waits


def test_after_a_week_of_failures_it_ends_with_a_letter_to_those_who_look_after_it(
    wall: Wall, owner: AtTheDesk, receiver: Receiver, secret: str
) -> None:
    wall.moderator("mo")
    wall.moderator("lee", Role.LEAD, SLUG)
    wall.moderator("other", Role.OWNER, OTHER)
    owner.approves(wall.promises())
    receiver.status = 503
    begun = utcnow()
    sends(wall, begun)
    sends(wall, begun + timedelta(days=6, hours=23))
    assert hook(wall).ended_at is None
    sends(wall, begun + timedelta(days=7, hours=12))
    assert (hook(wall).ended_why, hook(wall).secret) == ("failed", "")
    assert all(each.next_at is None for each in logged(wall))
    owner.approves(wall.promises())
    assert len(logged(wall)) == 1
    wall.screens(begun + timedelta(days=7, hours=13))
    to = [
        re.findall(r"^To: (.*)$", letter, re.MULTILINE)[0]
        for letter in wall.letters(staff=True)
        if "A webhook has ended" in letter
    ]
    assert sorted(to) == ["lee@example.org", "olwen@example.org"]
    assert "nothing was taken for a week" in owner.client.get(PAGE).text


def test_an_address_that_says_it_is_gone_ends_at_once(
    wall: Wall, owner: AtTheDesk, receiver: Receiver, secret: str
) -> None:
    owner.approves(wall.promises())
    receiver.status = 410
    sends(wall)
    assert hook(wall).ended_why == "gone"


def test_the_desk_tells_what_came_of_each_message_and_sends_it_again(
    wall: Wall, owner: AtTheDesk, receiver: Receiver, secret: str
) -> None:
    owner.approves(wall.promises())
    receiver.status = 500
    sends(wall)
    page = owner.client.get(PAGE).text
    assert "pledge.approved" in page and "1 try: 500" in page
    receiver.status = 200
    assert posts(owner, act="again", which=str(logged(wall)[0].id)).status_code == 303
    assert sends(wall) == 1
    first, again = (headers["webhook-id"] for headers, _ in receiver.got)
    assert first == again
    assert "(200)" in owner.client.get(PAGE).text


def test_one_that_was_ended_is_told_nothing_more(wall: Wall, owner: AtTheDesk, receiver: Receiver, secret: str) -> None:
    owner.approves(wall.promises())
    assert posts(owner, act="end", which=str(hook(wall).id)).status_code == 303
    owner.approves(wall.promises("I will speak up for others"))
    assert sends(wall) == 0 and receiver.got == []
    assert posts(owner, act="end", which=str(hook(wall).id)).status_code == 409
    assert posts(owner, act="again", which=str(logged(wall)[0].id)).status_code == 409


def test_another_campaign_is_told_to_nobody_here(wall: Wall, owner: AtTheDesk, receiver: Receiver, secret: str) -> None:
    owner.approves(wall.promises(slug=OTHER))
    assert logged(wall) == []


@pytest.mark.parametrize(
    "url",
    ["", "example.org", "ftp://example.org/", "https://", "https://user:pass@example.org/", "https://example.org/#x", "https://exa mple.org/",
     "https://example.org:port/", "https://" + "x" * 600, "javascript:alert(1)", "file:///etc/passwd"],
)  # fmt: skip
def test_what_is_no_address_of_a_server_is_refused(owner: AtTheDesk, url: str) -> None:
    answer = posts(owner, act="add", url=url)
    assert answer.status_code == 422 and "begins with https://" in answer.text


def test_an_address_inside_is_refused_when_it_is_typed(owner: AtTheDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    for url in ("https://127.0.0.1/", "https://[::1]/", "https://10.0.0.1:8443/", "https://169.254.169.254/latest"):
        answer = posts(owner, act="add", url=url)
        assert answer.status_code == 422 and "inside our own network" in answer.text


def test_an_address_whose_name_leads_inside_is_never_reached(
    wall: Wall, owner: AtTheDesk, receiver: Receiver, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    owner.approves(wall.promises())
    sends(wall)
    assert receiver.got == [] and logged(wall)[0].said == "inside"
    assert "leads into our own network" in owner.client.get(PAGE).text


@pytest.mark.parametrize(
    ("role", "status"), [(Role.VIEWER, 403), (Role.MODERATOR, 403), (Role.LEAD, 200), (Role.OWNER, 200)]
)
def test_lead_and_owner_alone_look_after_webhooks(wall: Wall, receiver: Receiver, role: Role, status: int) -> None:
    somebody = wall.moderator("sam", role)
    assert somebody.client.get(PAGE).status_code == status
    assert posts(somebody, act="add", url=receiver.url).status_code == status


def test_after_a_month_nothing_is_left_of_what_was_told(wall: Wall, owner: AtTheDesk, secret: str) -> None:
    owner.approves(wall.promises())
    sends(wall)
    with wall.app.app_context():
        assert retention.forget(wall.settings, utcnow() + timedelta(days=29))["messages to webhooks"] == 0
        assert retention.forget(wall.settings, utcnow() + timedelta(days=31))["messages to webhooks"] == 1
    assert logged(wall) == []
