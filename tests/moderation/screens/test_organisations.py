"""Organisations are told by their names alone; what is alike is asked of a person, and a badge belongs to one row."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from moderation.models import Act, Role
from pledges.figures import counters
from pledges.models import Campaign, Contribution, MergedOrganisation, Organisation, Revision
from tests.forms import forms
from tests.wall import SLUG, AtTheDesk, Sent, Wall, later


def promises(wall: Wall, name: str, words: str = "We will plant ten trees") -> Sent:
    sent = wall.promises(
        f"{words} at {name}", kind="organisation", organisation=name, show_name="organisation", email="a@example.org"
    )
    wall.screens()
    return sent


def verify(wall: Wall, name: str) -> None:
    """It has a badge, and so have the promises that stand under it now."""
    now = later(0)
    with wall.work() as session:
        row = session.scalars(select(Organisation).where(Organisation.name == name)).one()
        row.verified_at = now
        session.execute(update(Contribution).where(Contribution.organisation_id == row.id).values(vouched_at=now))


def stands_under(wall: Wall, sent: Sent) -> str:
    """The name of the organisation that these words count for."""
    with wall.look() as session:
        row = session.get_one(Contribution, sent.contribution_id).organisation
        assert row is not None
        return row.name


def shown(wall: Wall, sent: Sent) -> tuple[str, bool]:
    told = wall.app.test_client().get(f"/api/v1/pledges/{sent.public_id}").json
    assert told is not None
    return told["organisation"], told["verified"]


def counted(wall: Wall) -> int:
    with wall.look() as session:
        campaign_id = session.scalars(select(Campaign.id).where(Campaign.slug == SLUG)).one()
        names = counters.read(session, campaign_id, [counters.ORGANISATIONS])
    return names.get(counters.ORGANISATIONS, 0)


def says(at: AtTheDesk, sent: Sent, act: str) -> int:
    """Presses the button on the item, if there is one; answers the status."""
    page = at.client.get(f"/moderation/reviews/{sent.review_id}").text
    found = [each for each in forms(page) if each.action.endswith("/organisation") and act in each.values("act")]
    if not found:
        return 0
    return at.client.post(found[0].action, data=found[0].sent()).status_code


PAIRS = [
    ("C++ Club", "C Club"), ("राम संस्था", "रामा संस्था"), ("Exámple", "Example Trust"), ("Exámple", "Example"),
    ("A/B School", "AB School"), ("Łódź Circle", "Lodz Circle"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_names_are_two_organisations_and_share_no_badge(
    wall: Wall, moderator: AtTheDesk, one: str, other: str
) -> None:
    first, second = promises(wall, one), promises(wall, other)
    moderator.approves(first)
    moderator.approves(second)
    verify(wall, one)
    assert shown(wall, first) == (one, True)
    assert shown(wall, second) == (other, False)
    assert counted(wall) == 2


def test_case_white_space_and_compatibility_forms_alone_make_no_other_organisation(
    wall: Wall, moderator: AtTheDesk
) -> None:
    for name in ("Example School", "EXAMPLE  school", "Ｅxample\u00a0School", "Exam\u200dple School"):
        moderator.approves(promises(wall, name))
    with wall.look() as session:
        assert len(session.scalars(select(Organisation)).all()) == 1
    assert counted(wall) == 1


def test_likeness_is_offered_and_merged_by_one_press_of_a_lead_and_taken_back_by_another(
    wall: Wall, moderator: AtTheDesk
) -> None:
    first, second = promises(wall, "Example Trust"), promises(wall, "Exámple")
    moderator.approves(first)
    moderator.approves(second)
    verify(wall, "Example Trust")
    page = moderator.client.get(f"/moderation/reviews/{second.review_id}").text
    assert "Is this the same as “Example Trust”?" in page
    assert says(moderator, second, "same") == 0  # a moderator sees the question and has no button
    assert shown(wall, second) == ("Exámple", False)
    lead = wall.moderator("lea", Role.LEAD)
    assert says(lead, second, "same") == 303
    assert stands_under(wall, second) == "Example Trust"
    assert shown(wall, second) == ("Exámple", False)  # nobody has proved to speak for it in these words
    assert counted(wall) == 1
    third = promises(wall, "EXÁMPLE", "We will sing")
    moderator.approves(third)
    assert stands_under(wall, third) == "Example Trust"  # the same name later counts alike
    assert says(lead, second, "part") == 303
    assert [stands_under(wall, each) for each in (first, second, third)] == ["Example Trust", "Exámple", "Exámple"]
    assert [shown(wall, each)[1] for each in (first, second, third)] == [True, False, False]
    assert counted(wall) == 2
    with wall.look() as session:
        lines = session.scalars(select(Act).where(Act.subject.startswith("organisation:")).order_by(Act.id)).all()
    assert [line.act for line in lines] == ["organisation:merge", "organisation:part"]
    assert "mple" not in str([line.after for line in lines])


def test_a_badge_is_lost_in_no_merging(wall: Wall, moderator: AtTheDesk) -> None:
    first, second = promises(wall, "Example Trust"), promises(wall, "Example")
    moderator.approves(first)
    moderator.approves(second)
    verify(wall, "Example Trust")
    lead = wall.moderator("lea", Role.LEAD)
    assert says(lead, first, "same") == 0
    answer = lead.client.post(
        f"/moderation/reviews/{first.review_id}/organisation",
        data={"csrf_token": lead.csrf(), "act": "same", "organisation": _public_id(wall, "Example")},
    )
    assert answer.status_code == 409


def _public_id(wall: Wall, name: str) -> str:
    with wall.look() as session:
        return session.scalars(select(Organisation.public_id).where(Organisation.name == name)).one()


def test_a_moderator_who_is_no_lead_merges_nothing_by_hand(wall: Wall, moderator: AtTheDesk) -> None:
    first, second = promises(wall, "Example Trust"), promises(wall, "Example")
    moderator.approves(first)
    answer = moderator.client.post(
        f"/moderation/reviews/{second.review_id}/organisation",
        data={"csrf_token": moderator.csrf(), "act": "same", "organisation": _public_id(wall, "Example Trust")},
    )
    assert answer.status_code == 403
    with wall.look() as session:
        assert session.scalars(select(MergedOrganisation)).all() == []


def test_a_name_goes_with_the_last_words_that_bore_it_though_it_was_merged(wall: Wall, moderator: AtTheDesk) -> None:
    first, second = promises(wall, "Example Trust"), promises(wall, "Exámple")
    moderator.approves(first)
    moderator.approves(second)
    assert says(wall.moderator("lea", Role.LEAD), second, "same") == 303
    wall.acts(second, "erase")
    with wall.look() as session:
        assert session.scalars(select(Organisation.name)).all() == ["Example Trust"]
    wall.acts(first, "erase")
    with wall.look() as session:
        assert session.scalars(select(Organisation.name)).all() == []


@pytest.mark.parametrize(
    ("listed", "innocent"),
    [("काम", "कमरा"), ("राम", "रामा"), ("กา", "กี"), ("がき", "かき")],
)
def test_a_listed_word_is_not_found_in_words_that_differ_in_a_mark(wall: Wall, listed: str, innocent: str) -> None:
    lead = wall.moderator("lea", Role.LEAD)
    page = lead.client.get(f"/moderation/word-lists?campaign={SLUG}").text
    form = next(each for each in forms(page) if "add" in each.values("act"))
    lead.client.post("/moderation/word-lists", data=form.sent(words=listed, effect="mask"))
    masked, free = wall.promises(f"We say {listed} every day"), wall.promises(f"We say {innocent} every day")
    wall.screens()
    assert wall.review(masked.review_id).masked
    assert not wall.review(free.review_id).masked


def test_copies_are_told_by_words_and_not_by_letters_without_their_marks(wall: Wall) -> None:
    said = ("हर दिन राम काम", "हर दिन रामा कमरा", "हर  दिन, राम काम!")
    for words in said:
        wall.promises(words)
    with wall.look() as session:
        one, other, again = session.scalars(select(Revision.repeat_key).order_by(Revision.id)).all()
    assert one == again
    assert one != other
