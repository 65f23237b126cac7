"""Reasons and house rules of a campaign: edited as new rows, chosen in numbers, told to authors."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from moderation.models import Act, HouseRule, Reason, Role
from moderation.record import chain
from pledges.models import Campaign
from tests.wall import OTHER, SLUG, AtTheDesk, Sent, Wall, later

BOTH = {"name_en": "Too long", "name_cy": "Rhy hir", "words_en": "Please be brief.", "words_cy": "Byddwch yn fyr."}


@pytest.fixture
def lead(wall: Wall) -> AtTheDesk:
    return wall.moderator("lea", Role.LEAD)


def changes(who: AtTheDesk, act: str, *, page: str = "reasons", slug: str = SLUG, **fields: str) -> TestResponse:
    given = {"csrf_token": who.csrf(), "campaign": slug, "act": act, **fields}
    return who.client.post(f"/moderation/{page}", data=given)


def own(wall: Wall, use: str = "reject") -> list[Reason]:
    with wall.look() as session:
        query = select(Reason).where(Reason.campaign_id.is_not(None), Reason.use == use, Reason.retired_at.is_(None))
        return list(session.scalars(query.order_by(Reason.place, Reason.id)))


def offered(who: AtTheDesk, sent: Sent) -> list[str]:
    page = who.client.get(f"/moderation/reviews/{sent.review_id}").text
    return re.findall(r'type="radio" name="reason" value="(\w+)"', page)


def test_a_campaign_copies_the_usual_reasons_in_one_press_and_only_once(wall: Wall, lead: AtTheDesk) -> None:
    assert "This campaign uses the usual reasons." in lead.client.get(f"/moderation/reasons?campaign={SLUG}").text
    for _ in range(2):
        assert changes(lead, "copy").status_code == 303
    assert [reason.key for reason in own(wall)][:3] == ["hateful", "attack", "personal_data"]
    assert len(own(wall)) == 8
    assert "uses the usual" not in lead.client.get(f"/moderation/reasons?campaign={SLUG}").text


def test_a_new_reason_is_offered_to_moderators_of_this_campaign_alone(wall: Wall, lead: AtTheDesk) -> None:
    here, elsewhere = wall.promises(), wall.promises("I will ask first", slug=OTHER)
    wall.screens()
    assert changes(lead, "add", use="reject", rule="2", note="over 400", **BOTH).status_code == 303
    added = own(wall)[-1]
    assert (added.rule, added.note, dict(added.name)["cy"]) == (2, "over 400", "Rhy hir")
    assert offered(lead, here)[-1] == added.key
    assert added.key not in offered(lead, elsewhere)
    assert lead.decides(here, "reject", reason=added.key).status_code == 303


@pytest.mark.parametrize("missing", ["name_en", "name_cy", "words_en", "words_cy"])
def test_public_words_are_needed_in_both_languages_and_what_was_written_is_kept(
    wall: Wall, lead: AtTheDesk, missing: str
) -> None:
    answer = changes(lead, "add", use="reject", **{**BOTH, missing: " "})
    assert answer.status_code == 422
    assert own(wall) == []
    for name, words in BOTH.items():
        assert (words in answer.text) == (name != missing)


def test_an_edited_reason_is_a_new_row_and_decisions_keep_theirs(wall: Wall, lead: AtTheDesk) -> None:
    changes(lead, "copy")
    old = next(reason for reason in own(wall) if reason.key == "off_topic")
    sent = wall.promises(email="amina@example.org")
    lead.decides(sent, "reject", reason="off_topic")
    assert changes(lead, "edit", reason=str(old.id), use="reject", **BOTH).status_code == 303
    newer = next(reason for reason in own(wall) if reason.key == "off_topic")
    assert (newer.id != old.id, newer.place) == (True, old.place)
    assert wall.decisions(sent.review_id)[-1].reason_id == old.id
    assert "It does not say what you will do" in wall.app.test_client().get(sent.receipt).text
    again = wall.promises("I will ask what would help")
    lead.decides(again, "reject", reason="off_topic")
    assert "Please be brief." in wall.app.test_client().get(again.receipt).text


def test_reasons_change_places_and_are_retired(wall: Wall, lead: AtTheDesk) -> None:
    changes(lead, "copy")
    first, second, third = own(wall)[:3]
    changes(lead, "up", reason=str(second.id))
    changes(lead, "down", reason=str(first.id))
    assert [reason.id for reason in own(wall)][:3] == [second.id, third.id, first.id]
    changes(lead, "retire", reason=str(second.id))
    assert second.id not in [reason.id for reason in own(wall)]
    assert changes(lead, "retire", reason=str(second.id)).status_code == 404
    with wall.look() as session:
        acts = session.scalars(select(Act.act).where(Act.act.startswith("reason"))).all()
        assert acts == ["reasons:copy", "reason:move", "reason:move", "reason:retire"]
        assert list(chain.verify(session)) == []


@pytest.mark.parametrize("page", ["reasons", "house-rules", "word-lists"])
def test_lists_are_edited_by_leads_and_owners_alone_and_usual_ones_by_nobody(wall: Wall, page: str) -> None:
    for role in (Role.VIEWER, Role.MODERATOR):
        who = wall.moderator(role.value, role)
        for act in ("add", "copy"):
            assert changes(who, act, page=page).status_code in (400, 403) if page == "word-lists" else 403
        assert changes(who, "add", page=page, words="x").status_code == 403
        seen = who.client.get(f"/moderation/{page}")
        assert seen.status_code == 200
        assert 'name="act" value="add"' not in seen.text
    lead = wall.moderator("lea", Role.LEAD, slug=SLUG)
    assert 'name="act" value="add"' in lead.client.get(f"/moderation/{page}").text
    assert changes(lead, "add", page=page, slug=OTHER, words="x").status_code == 404
    with wall.look() as session:
        usual = session.scalars(select(Reason.id).where(Reason.campaign_id.is_(None))).first()
    assert changes(lead, "retire", page=page, reason=str(usual), rule="1").status_code == 404


def test_several_reasons_for_a_change_are_all_told_on_the_receipt_and_in_the_letter(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sent = wall.promises(email="amina@example.org")
    wall.proves(sent)
    wall.screens()
    given = {"csrf_token": moderator.csrf(), "move": "revise", "version": str(wall.review(sent.review_id).version)}
    answer = moderator.client.post(
        f"/moderation/reviews/{sent.review_id}/decide", data={**given, "reason": ["names", "link"], "note": "Thank you"}
    )
    assert answer.status_code == 303
    page = wall.app.test_client().get(sent.receipt).text
    wall.screens(later(60))
    for told in ("Please leave out the name or detail", "Please leave out the link."):
        assert told in page
        assert told in wall.letters()[-1].replace("=\n", "")
    assert "Thank you" in page
    assert "Leave out a name or detail, Leave out a link" in moderator.client.get("/moderation/history").text
    with wall.look() as session:
        act = session.scalars(select(Act).where(Act.act == "review:revise")).one()
        assert len(act.after["more_reasons"]) == 1


def test_a_hidden_reason_is_not_told(wall: Wall, lead: AtTheDesk) -> None:
    changes(lead, "add", use="reject", hidden="yes", **BOTH)
    sent = wall.promises(email="amina@example.org")
    wall.proves(sent)
    lead.decides(sent, "reject", reason=own(wall)[-1].key)
    wall.screens(later(60))
    assert "Please be brief" not in wall.app.test_client().get(sent.receipt).text
    assert "Please be brief" not in wall.letters()[-1]


# -- house rules -----------------------------------------------------------------------------------------


def test_the_desk_and_the_public_read_the_same_numbered_rules(wall: Wall, lead: AtTheDesk) -> None:
    public = wall.app.test_client()
    assert changes(lead, "copy", page="house-rules").status_code == 303
    with wall.look() as session:
        rules = session.scalars(select(HouseRule).where(HouseRule.campaign_id.is_not(None))).all()
    third = next(rule for rule in rules if rule.number == 3)
    fields = {"words_en": "Be kind, always.", "words_cy": "Byddwch yn garedig.", "declined_en": "Fools, all of them."}
    assert changes(lead, "edit", page="house-rules", rule=str(third.id), **fields).status_code == 303
    for page in (
        lead.client.get(f"/moderation/house-rules?campaign={SLUG}"),
        public.get(f"/house-rules?campaign={SLUG}"),
    ):
        assert "Be kind, always." in page.text
        assert "Fools, all of them." in page.text
        assert "Keep private things private" not in page.text
    assert "Byddwch yn garedig." in public.get(f"/cy/house-rules?campaign={SLUG}").text
    assert "Keep private things private" in public.get(f"/house-rules?campaign={OTHER}").text
    assert re.search(r'id="rule-3" value="3">\s*Be kind', public.get(f"/house-rules?campaign={SLUG}").text)
    assert public.get("/house-rules?campaign=no-such").status_code == 404
    assert f"/house-rules?campaign={SLUG}" in public.get(f"/{SLUG}").text


def test_the_rules_stand_beside_the_item_with_their_examples(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    wall.screens()
    page = moderator.client.get(f"/moderation/reviews/{sent.review_id}").text
    assert "Nothing against the law." in page
    assert "Ring me on 07700 900123" in page


def test_numbers_of_the_usual_reasons_are_those_of_the_usual_rules(wall: Wall) -> None:
    with wall.look() as session:
        rules = {rule.number: rule.words["en"] for rule in session.scalars(select(HouseRule))}
        reasons = {reason.key: reason.rule for reason in session.scalars(select(Reason))}
        assert session.scalars(select(Campaign)).first() is not None
    for key, start in [("hateful", "No hate"), ("selling", "No advertising"), ("illegal", "Nothing against the law"),
                       ("attack", "Name nobody"), ("names", "Keep private"), ("off_topic", "Speak for yourself"),
                       ("impersonation", "Be who you are")]:  # fmt: skip
        number = reasons[key]
        assert number is not None and rules[number].startswith(start), key
