"""Who works at the desk: roles that end, sessions that are ended, second factors that were lost."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from moderation.models import Act, Invitation, Membership, Moderator, Role, SignIn
from moderation.people import memberships
from pledges.db import utcnow
from pledges.models import Campaign
from tests.moderation.people.test_sign_in import code, inside, password
from tests.wall import CSRF, OTHER, SLUG, AtTheDesk, Seat, Wall, found

RECOVERY_CODE = re.compile(r"<li><code>([0-9a-f-]+)</code></li>")
LINK = re.compile(r"data-invitation>http://[^/]+(/moderation/invitation/[^<]+)<")


def acts(wall: Wall) -> list[str]:
    with wall.look() as session:
        return list(session.scalars(select(Act.act).order_by(Act.id)))


def person(wall: Wall, name: str) -> int:
    with wall.look() as session:
        return session.scalars(select(Moderator.id).where(Moderator.email == f"{name}@example.org")).one()


def presses(by: AtTheDesk, path: str):
    return by.client.post(f"/moderation/{path}", data={"csrf_token": by.csrf()})


def recovery_codes(who: AtTheDesk) -> list[str]:
    answer = presses(who, "recovery-codes")
    assert answer.status_code == 200
    return RECOVERY_CODE.findall(answer.text)


def recovers(client, recovery_code: str):
    csrf = found(CSRF, client.get("/moderation/sign-in/recovery").text)
    return client.post("/moderation/sign-in/recovery", data={"csrf_token": csrf, "code": recovery_code})


def test_a_recovery_code_opens_once_after_the_password_and_is_recorded(wall: Wall, moderator: AtTheDesk) -> None:
    codes = recovery_codes(moderator)
    assert len(set(codes)) == 8
    first, second = wall.app.test_client(), wall.app.test_client()
    assert first.get("/moderation/sign-in/recovery").status_code == 302  # no password yet
    password(first, "mo@example.org")
    recovers(first, f" {codes[3].upper()} ")
    assert inside(first)
    password(second, "mo@example.org")
    recovers(second, codes[3])
    assert not inside(second)
    recovers(second, codes[4])
    assert inside(second)
    assert acts(wall).count("moderator:recovery-code") == 2


def test_recovery_codes_are_not_stored_as_they_are_typed_and_not_shown_again(wall: Wall, moderator: AtTheDesk) -> None:
    codes = recovery_codes(moderator)
    with wall.look() as session:
        stored = " ".join(session.scalars(select(Moderator.mf_recovery_codes)).one())
    page = moderator.client.get("/moderation/recovery-codes?show_codes=1").text
    assert not any(one in stored or one in page for one in codes)


def test_five_wrong_recovery_codes_lock_like_wrong_codes_of_an_app(wall: Wall, moderator: AtTheDesk) -> None:
    codes = recovery_codes(moderator)
    client = wall.app.test_client()
    password(client, "mo@example.org")
    for _ in range(5):
        recovers(client, "0000-0000-0000")
    recovers(client, codes[0])
    assert not inside(client)


def test_a_lost_factor_is_renewed_by_link_and_everything_old_is_void(wall: Wall, moderator: AtTheDesk) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    codes = recovery_codes(moderator)
    answer = presses(lead, f"people/{person(wall, 'mo')}/renew")
    assert not inside(moderator.client)
    client = wall.app.test_client()
    password(client, "mo@example.org")
    recovers_at = client.get("/moderation/sign-in/recovery")
    assert recovers_at.status_code == 302, codes
    assert not inside(client)
    link = found(LINK, answer.text)
    again = wall.app.test_client()
    page = again.get(link)
    csrf = found(CSRF, page.text)
    page = again.post(link, data={"csrf_token": csrf, "password": "eight slow rivers run"})
    secret = found(re.compile(r"data-totp-secret>([^<]+)<"), page.text)
    fresh = AtTheDesk(wall, again, "mo", Seat("", secret))
    again.post(link, data={"csrf_token": found(CSRF, page.text), "code": fresh.next_code()})
    assert inside(again)
    with wall.look() as session:
        held = session.scalars(select(Membership.role).where(Membership.moderator_id == person(wall, "mo"))).all()
    assert held == [Role.MODERATOR]  # the same role, once
    assert "moderator:renew" in acts(wall)


@pytest.mark.parametrize(
    "by, whom", [("mo", "lead"), ("lead", "owner"), ("lead", "lead2"), ("mo", "mo"), ("lead", "lead")]
)
def test_nobody_reaches_above_or_beside_themselves(wall: Wall, by: str, whom: str) -> None:
    roles = {"mo": Role.MODERATOR, "lead": Role.LEAD, "lead2": Role.LEAD, "owner": Role.OWNER}
    people = {name: wall.moderator(name, roles[name]) for name in {by, whom}}
    for path in ("renew", "sign-out"):
        answer = presses(people[by], f"people/{person(wall, whom)}/{path}")
        assert answer.status_code == 403
    assert inside(people[whom].client)


def test_a_lead_of_one_campaign_does_not_reach_the_people_of_another(wall: Wall) -> None:
    lead = wall.moderator("lead", Role.LEAD, SLUG)
    other = wall.moderator("other", Role.MODERATOR, OTHER)
    assert presses(lead, f"people/{person(wall, 'other')}/renew").status_code == 404
    assert lead.client.get(f"/moderation/people/{person(wall, 'other')}").status_code == 404
    assert "other@example.org" not in lead.client.get("/moderation/people").text
    assert inside(other.client)


def test_a_session_can_be_seen_and_ended_from_another(wall: Wall, moderator: AtTheDesk) -> None:
    other = wall.app.test_client()
    password(other, "mo@example.org")
    code(other, moderator.next_code())
    assert inside(other)
    page = moderator.client.get("/moderation/sessions").text
    ends = re.findall(r"/moderation/sessions/(\d+)/end", page)
    assert len(ends) == 1 and "this one" in page
    presses(moderator, f"sessions/{ends[0]}/end")
    assert not inside(other)
    assert inside(moderator.client)


def test_nobody_ends_the_session_of_another_by_its_number(wall: Wall, moderator: AtTheDesk) -> None:
    other = wall.moderator("other")
    with wall.look() as session:
        theirs = session.scalars(select(SignIn.id).where(SignIn.moderator_id == person(wall, "other"))).one()
    assert presses(moderator, f"sessions/{theirs}/end").status_code == 404
    assert inside(other.client)


def test_a_role_that_ends_takes_its_holder_off_the_desk_and_the_last_owner_stays(wall: Wall) -> None:
    owner, gone = wall.moderator("owner", Role.OWNER), wall.moderator("mo")
    with wall.look() as session:
        rows = session.execute(select(Membership.moderator_id, Membership.id))
        memberships: dict[int, int] = {moderator_id: membership_id for moderator_id, membership_id in rows}
    assert presses(owner, f"people/roles/{memberships[person(wall, 'mo')]}/end").status_code == 303
    assert not inside(gone.client)
    answer = presses(owner, f"people/roles/{memberships[person(wall, 'owner')]}/end")
    assert answer.status_code == 422 and "last owner" in answer.text
    assert inside(owner.client)
    assert {"moderator:role-end", "moderator:leave"} <= set(acts(wall))


def test_who_has_lost_a_factor_is_invited_by_nobody_below_them(wall: Wall) -> None:
    owner, other = wall.moderator("owner", Role.OWNER), wall.moderator("other", Role.OWNER)
    lead = wall.moderator("lead", Role.LEAD, SLUG)
    presses(owner, f"people/{person(wall, 'other')}/renew")
    given = {"csrf_token": lead.csrf(), "email": "other@example.org", "role": "moderator", "campaign": SLUG}
    answer = lead.client.post("/moderation/people", data=given)
    assert answer.status_code == 403 and "data-invitation" not in answer.text
    assert not inside(other.client)


def test_a_persons_page_tells_the_roles_of_campaigns_that_the_reader_may_see(wall: Wall) -> None:
    here, everywhere = wall.moderator("here", Role.MODERATOR, SLUG), wall.moderator("boss", Role.OWNER)
    wall.moderator("both", Role.LEAD, SLUG)
    with wall.work() as session:
        campaign = session.scalars(select(Campaign).where(Campaign.slug == OTHER)).one()
        both = session.scalars(select(Moderator).where(Moderator.name == "both")).one()
        session.add(Membership(moderator_id=both.id, campaign_id=campaign.id, role=Role.OWNER, since=utcnow()))
        title = campaign.title.in_("en")
    address = f"/moderation/people/{person(wall, 'both')}"
    page = here.client.get(address).text
    assert "Lead, " in page
    assert "Owner, " not in page and title not in page
    page = everywhere.client.get(address).text
    assert "Lead, " in page and f"Owner, {title}" in page


def roles_of(wall: Wall, name: str) -> dict[int | None, int]:
    """The memberships of somebody, by campaign."""
    with wall.look() as session:
        held = select(Membership.campaign_id, Membership.id).where(Membership.moderator_id == person(wall, name))
        return {campaign_id: membership_id for campaign_id, membership_id in session.execute(held)}


def joins(wall: Wall, who: AtTheDesk, slug: str) -> None:
    """Somebody at the desk moderates this campaign as well."""
    with wall.work() as session:
        campaign = session.scalars(select(Campaign).where(Campaign.slug == slug)).one()
        held = Membership(
            moderator_id=person(wall, who.name), campaign_id=campaign.id, role="moderator", since=utcnow()
        )
        session.add(held)


def test_what_waits_for_somebody_whose_role_ends_is_anybodys_there_again(wall: Wall) -> None:
    owner, mo = wall.moderator("owner", Role.OWNER), wall.moderator("mo", Role.MODERATOR, SLUG)
    joins(wall, mo, OTHER)
    here, there = wall.promises(), wall.promises(slug=OTHER)
    opened = wall.promises("I will ask what would help")
    wall.screens()
    mos = str(person(wall, "mo"))
    for each in (here, there):
        assert owner.decides(each, "pass", to=mos).status_code == 303
    presses(mo, f"reviews/{opened.review_id}/claim")
    assert wall.review(opened.review_id).claimed_by_id == int(mos)
    campaign = wall.review(here.review_id).campaign_id
    assert presses(owner, f"people/roles/{roles_of(wall, 'mo')[campaign]}/end").status_code == 303
    assert wall.review(here.review_id).passed_to_id is None
    assert wall.review(there.review_id).passed_to_id == int(mos)
    freed = wall.review(opened.review_id)
    assert (freed.claimed_by_id, freed.claimed_until, freed.handed_until) == (None, None, None)
    given = {"csrf_token": owner.csrf(), "lane": "new"}
    assert owner.client.post("/moderation/hand", data=given).status_code == 303
    assert set(owner.sees("hand")) == {here.review_id, opened.review_id}


def test_what_waits_for_somebody_who_leaves_is_anybodys_again(wall: Wall) -> None:
    owner, _mo = wall.moderator("owner", Role.OWNER), wall.moderator("mo")
    sent = wall.promises()
    wall.screens()
    owner.decides(sent, "pass", to=str(person(wall, "mo")))
    with wall.work() as session:
        assert memberships.leave(session, "mo@example.org", "operator", utcnow())
    assert wall.review(sent.review_id).passed_to_id is None


def invites(by: AtTheDesk, slug: str) -> str:
    given = {"csrf_token": by.csrf(), "email": "new@example.org", "role": "moderator", "campaign": slug}
    return found(LINK, by.client.post("/moderation/people", data=given).text)


def test_an_invitation_takes_the_place_of_earlier_ones_to_the_same_campaign_only(wall: Wall) -> None:
    owner, lead = wall.moderator("owner", Role.OWNER), wall.moderator("lead", Role.LEAD, SLUG)
    elsewhere, first, second = invites(owner, OTHER), invites(owner, SLUG), invites(lead, SLUG)
    client = wall.app.test_client()
    assert [client.get(link).status_code for link in (elsewhere, first, second)] == [200, 404, 200]


def test_renewing_a_lost_factor_voids_every_link_to_that_address(wall: Wall) -> None:
    owner, lead = wall.moderator("owner", Role.OWNER), wall.moderator("lead", Role.LEAD, SLUG)
    wall.moderator("new", Role.MODERATOR, OTHER)
    link = invites(lead, SLUG)
    assert presses(owner, f"people/{person(wall, 'new')}/renew").status_code == 200
    assert wall.app.test_client().get(link).status_code == 404


def test_an_invitation_to_a_campaign_that_is_none_is_refused_and_reaches_no_campaign(wall: Wall) -> None:
    owner, lead = wall.moderator("owner", Role.OWNER), wall.moderator("lead", Role.LEAD, SLUG)
    for by, slug in ((owner, "no-such-campaign"), (owner, " "), (owner, SLUG.upper()), (lead, "no-such-campaign")):
        given = {"csrf_token": by.csrf(), "email": "new@example.org", "role": "moderator", "campaign": slug}
        answer = by.client.post("/moderation/people", data=given)
        assert answer.status_code == 422, slug
        assert "There is no such campaign." in answer.text
        assert not LINK.search(answer.text)
    with wall.look() as session:
        emails = session.scalars(select(Invitation.email)).all()
    assert "new@example.org" not in emails
    assert invites(owner, "").startswith("/moderation/invitation/")  # all campaigns, as it was chosen


def test_an_invitation_stands_though_somebody_with_fewer_rights_invites_the_same_address(wall: Wall) -> None:
    owner, lead = wall.moderator("owner", Role.OWNER), wall.moderator("lead", Role.LEAD, SLUG)
    links = []
    for by, role in ((owner, "owner"), (lead, "viewer"), (lead, "moderator")):
        given = {"csrf_token": by.csrf(), "email": "new@example.org", "role": role, "campaign": SLUG}
        links.append(found(LINK, by.client.post("/moderation/people", data=given).text))
    opened = [wall.app.test_client().get(link).status_code for link in links]
    assert opened == [200, 404, 409], "the weaker comes after the stronger"
