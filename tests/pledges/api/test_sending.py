"""Partners send what their visitors wrote: stored once, screened like our own form, with the wording that was agreed to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from moderation.models import Evidence
from pledges.api import keys
from pledges.db import utcnow
from pledges.models import Campaign, CampaignState, Consent, Contact, Contribution, PartnerKey, Revision
from tests.pledges.conftest import in_days
from tests.wall import OTHER, SLUG, Wall

WORDING = "My promise may be shown in public, and I am at least 13 years old."
PROMISE: dict[str, Any] = {
    "promise": "I will listen before I speak",
    "name": "Amina Rahman",
    "show_name": "first",
    "visitor_address": "203.0.113.9",
    "visitor_agent": "Browser/1",
    "consents": {"public": WORDING, "quote": "You may print what I wrote here."},
}
COMMENT: dict[str, Any] = {
    "comment": "Good to hear that",
    "visitor_address": "2001:db8::7",
    "consents": {"public": WORDING},
}


class Partner:
    """A partner's server, with its key."""

    def __init__(self, wall: Wall, slug: str = SLUG) -> None:
        self.wall, self.slug = wall, slug
        with wall.work() as session:
            campaign = session.scalars(select(Campaign).where(Campaign.slug == slug)).one()
            row, self.key = keys.give(session, campaign, "Kestrel Vale", utcnow())
            self.key_id = row.id

    def sends(self, path: str = "", body: Any = None, key: str | None = None, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self.key if key is None else key}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        path = path or f"/campaigns/{self.slug}/pledges"
        return self.wall.app.test_client().post(f"/api/v1{path}", json=PROMISE if body is None else body, headers=sent)

    def ends(self) -> None:
        with self.wall.work() as session:
            keys.end(session, session.get_one(PartnerKey, self.key_id).campaign, self.key_id, utcnow())


@pytest.fixture
def partner(wall: Wall) -> Partner:
    return Partner(wall)


def stored(wall: Wall) -> list[Contribution]:
    with wall.look() as session:
        found = list(session.scalars(select(Contribution).order_by(Contribution.id)))
        for each in found:
            _ = each.latest.words, [consent.wording.text for consent in each.consents]
        return found


def test_a_promise_is_stored_hidden_and_its_author_is_given_a_receipt(wall: Wall, partner: Partner) -> None:
    answer = partner.sends()
    assert answer.status_code == 202 and answer.headers["Cache-Control"] == "no-store"
    (promise,) = stored(wall)
    assert (promise.public_id, promise.shown_at) == (answer.json["id"], None)
    assert (promise.latest.words, promise.latest.name) == (PROMISE["promise"], "Amina Rahman")
    receipt = wall.app.test_client().get(answer.json["receipt"].removeprefix("http://wall.example"))
    assert receipt.status_code == 200 and PROMISE["promise"] in receipt.text


def test_a_first_name_as_it_is_to_stand_and_an_organisation_s_actions_come_too(wall: Wall, partner: Partner) -> None:
    assert partner.sends(body=PROMISE | {"name": "Nguyễn Văn An", "first_name": "An"}).status_code == 202
    given = {
        "kind": "organisation",
        "organisation": "Northbrook",
        "email": "a@example.org",
        "show_name": "organisation",
    }
    actions = [{"action": "Publish what we pay", "by_when": in_days(90)}, {"action": "Ask who left"}]
    told = {"sector": "charity", "size": "10-49"}
    assert partner.sends(body=PROMISE | given | told | {"actions": actions}).status_code == 202
    unknown = partner.sends(body=PROMISE | given | {"sector": "sharity"})
    assert unknown.status_code == 422 and [*unknown.json["errors"]] == ["sector"]
    with wall.look() as session:
        assert [(each.sector, each.size) for each in session.query(Contact)] == [("charity", "10-49")]
        first, second = session.query(Revision).order_by(Revision.id)
    assert first.first_name == "An"
    assert second.actions == [{"words": "Publish what we pay", "by": in_days(90)}, {"words": "Ask who left", "by": ""}]
    wrong = partner.sends(body=PROMISE | given | {"actions": [{"action": "x", "by_when": "2020-01-01"}]})
    assert wrong.status_code == 422 and "action-1-by" in wrong.json["errors"]
    assert partner.sends(body=PROMISE | given | {"actions": actions * 5}).status_code == 422


def test_it_carries_the_wording_that_was_agreed_to_and_no_other_box_is_ticked(wall: Wall, partner: Partner) -> None:
    partner.sends()
    (promise,) = stored(wall)
    assert {each.purpose: each.wording.text for each in promise.consents} == PROMISE["consents"]


def test_it_is_screened_by_the_visitor_s_address_and_waits_for_a_person(wall: Wall, partner: Partner) -> None:
    partner.sends(X_Forwarded_For="198.51.100.1")
    wall.screens()
    with wall.look() as session:
        evidence = session.scalars(select(Evidence)).one()
        assert (evidence.ip, evidence.user_agent) == ("203.0.113.9", "Browser/1")
    assert not wall.shown(PROMISE["promise"])
    mo = wall.moderator()
    assert len(mo.sees("new")) == 1


def test_a_comment_and_a_reply_are_stored_under_what_they_are_about(wall: Wall, partner: Partner) -> None:
    mo = wall.moderator()
    promise = wall.promises()
    mo.approves(promise)
    path = f"/pledges/{promise.public_id}/comments"
    first = partner.sends(path, COMMENT)
    assert first.status_code == 202
    assert partner.sends(path, COMMENT | {"reply_to": first.json["id"]}).json["errors"].keys() == {"reply_to"}
    mo.approves(wall._newest(stored(wall)[-1].id, ""))
    assert partner.sends(path, COMMENT | {"comment": "So it is", "reply_to": first.json["id"]}).status_code == 202
    reply = stored(wall)[-1]
    assert (reply.parent_id, reply.reply_to_id) == (promise.contribution_id, stored(wall)[1].id)


@pytest.mark.parametrize("key", ["", "wall_guessed", "x" * 5000])
def test_without_a_key_of_this_campaign_nothing_is_read(wall: Wall, partner: Partner, key: str) -> None:
    answer = partner.sends(key=key)
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert wall.app.test_client().post(f"/api/v1/campaigns/{SLUG}/pledges", json=PROMISE).status_code == 401
    assert stored(wall) == []


def test_a_key_of_another_campaign_or_one_that_was_ended_is_none(wall: Wall, partner: Partner) -> None:
    assert Partner(wall, OTHER).sends(f"/campaigns/{SLUG}/pledges").status_code == 401
    assert partner.sends().status_code == 202
    partner.ends()
    assert partner.sends().status_code == 401


def test_a_key_that_is_ended_while_its_request_is_on_the_way_stores_nothing(
    wall: Wall, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    use = keys.use

    def late(session: Any, key: PartnerKey, now: datetime) -> bool:
        key = session.get_one(PartnerKey, key.id)
        key.ended_at = now
        session.flush()
        return use(session, key, now)

    monkeypatch.setattr(keys, "use", late)
    assert partner.sends().status_code == 401
    assert stored(wall) == []


def test_a_key_is_nowhere_in_the_database(wall: Wall, partner: Partner) -> None:
    partner.sends()
    with wall.look() as session:
        row = session.scalars(select(PartnerKey)).one()
        said = [str(getattr(row, column.name)) for column in PartnerKey.__table__.columns]
    assert row.used_at is not None
    assert not any(partner.key in each or partner.key[5:20] in each for each in said)


def test_sent_again_under_one_idempotency_key_it_is_stored_once(wall: Wall, partner: Partner) -> None:
    first, again = (partner.sends(Idempotency_Key="one") for _ in range(2))
    assert first.json == again.json and len(stored(wall)) == 1
    other = partner.sends(body=PROMISE | {"promise": "I will speak up for others"}, Idempotency_Key="one")
    assert other.status_code == 422 and "Idempotency-Key" in other.json["errors"]
    reworded = PROMISE | {"consents": {**PROMISE["consents"], "public": "You may print this on the side of a bus."}}
    assert partner.sends(body=reworded, Idempotency_Key="one").status_code == 422
    assert partner.sends(Idempotency_Key="two").json["id"] != first.json["id"]
    assert partner.sends().status_code == 202
    assert Partner(wall).sends(Idempotency_Key="one").json["id"] != first.json["id"]  # another key is another sender


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"promise": "Short"}, "promise"),
        ({"promise": 5}, "promise"),
        ({"show_name": ""}, "show_name"),
        ({"show_name": "all"}, "show_name"),
        ({"kind": "organisation"}, "organisation"),
        ({"email": "nobody"}, "email"),
        ({"theme": "none"}, "theme"),
        ({"by_when": "2020-01-01"}, "by_when"),
        ({"consents": {}}, "consents"),
        ({"consents": {"quote": "You may print what I wrote here."}}, "consents"),
        ({"consents": {"public": WORDING, "everything": WORDING}}, "consents"),
        ({"consents": {"public": "\u200b" * 20}}, "consents"),
        ({"visitor_address": "somewhere"}, "visitor_address"),
        ({"page_lang": "fr"}, "page_lang"),
        ({"public_id": "x"}, "public_id"),
        ({"seconds_on_form": -1}, "seconds_on_form"),
    ],
)
def test_what_is_wrong_is_said_by_field(wall: Wall, partner: Partner, change: dict[str, Any], field: str) -> None:
    answer = partner.sends(body=PROMISE | change)
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert field in answer.json["errors"] and answer.json["errors"][field]
    assert answer.json["status"] == 422 and answer.json["title"] and answer.json["detail"]
    assert stored(wall) == []


@pytest.mark.parametrize(
    ("body", "mimetype", "status"),
    [(b"{", "application/json", 400), (b"[]", "application/json", 400), (b"promise=x", "application/x-www-form-urlencoded", 415),
     (b"{}", "text/plain", 415), (b"", "", 415), (b'{"promise": "' + b"x" * 70_000 + b'"}', "application/json", 413)],
)  # fmt: skip
def test_what_is_no_json_of_a_readable_size_is_refused(
    wall: Wall, partner: Partner, body: bytes, mimetype: str, status: int
) -> None:
    answer = wall.app.test_client().post(
        f"/api/v1/campaigns/{SLUG}/pledges", data=body, content_type=mimetype,
        headers={"Authorization": f"Bearer {partner.key}"},
    )  # fmt: skip
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


def test_a_form_of_our_pages_takes_no_json(wall: Wall) -> None:
    assert wall.app.test_client().post(f"/{SLUG}/promise", json=PROMISE).status_code == 415


def test_visitors_are_limited_one_by_one_and_the_partner_by_its_key(
    walls: Callable[..., Wall], early_in_a_minute: None
) -> None:
    wall = walls(limit_promises="2/minute", limit_api="6/minute")
    partner = Partner(wall)
    said = [partner.sends().status_code for _ in range(3)]
    assert said == [202, 202, 429]
    others = [partner.sends(body=PROMISE | {"visitor_address": f"203.0.113.{n}"}) for n in range(10, 15)]
    assert [each.status_code for each in others] == [202, 202, 202, 429, 429]
    assert others[-1].mimetype == "application/problem+json" and int(others[-1].headers["Retry-After"]) > 0


def test_a_closed_campaign_and_one_that_is_not_there_take_nothing(wall: Wall, partner: Partner) -> None:
    with wall.work() as session:
        session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one().closes_at = datetime(
            2020, 1, 1, tzinfo=UTC
        )
    assert partner.sends().status_code == 409
    assert partner.sends("/campaigns/nowhere/pledges").status_code == 404
    assert partner.sends("/pledges/zzzz2345/comments", COMMENT).status_code == 404


def test_what_was_taken_before_the_campaign_closed_still_gives_its_receipt(wall: Wall, partner: Partner) -> None:
    first = partner.sends(Idempotency_Key="one")
    with wall.work() as session:
        session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one().state = CampaignState.CLOSED
    assert partner.sends(Idempotency_Key="one").json == first.json


def test_letters_and_receipt_are_in_the_language_in_which_the_form_was_read(wall: Wall, partner: Partner) -> None:
    answer = partner.sends(body=PROMISE | {"page_lang": "cy"})
    assert answer.json["receipt"].startswith("http://wall.example/cy/receipt/")
    assert stored(wall)[0].page_lang == "cy"
    with wall.look() as session:
        assert {consent.wording.lang for consent in session.scalars(select(Consent))} == {"cy"}
