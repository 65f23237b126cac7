"""'See it first' shows what will stand, says what it leaves out, and waiting messages name what helps."""

from __future__ import annotations

import re

import pytest

from pledges.models import Campaign
from tests.pledges.intake.test_road import text


def of_preview(answer) -> str:
    found = re.search(r'<section[^>]*aria-labelledby="preview-t".*?</section>', text(answer), re.DOTALL)
    assert found, text(answer)
    return found[0]


@pytest.fixture
def first_names_alone(database, campaign) -> None:
    with database.new_session() as session:
        session.query(Campaign).one().show_names = ["first"]
        session.commit()


def test_a_comment_is_previewed_with_the_name_that_the_wall_will_show(visitor, approve, first_names_alone):
    visitor.promises()
    path = f"/week/promises/{approve()}/comment"
    given = {"comment": "Well said", "name": "Smith, Jane"}
    shown = of_preview(visitor.sends(path, step="preview", **given))
    assert "<bdi>Jane</bdi>" in shown
    assert "Smith" not in shown
    assert "Nothing has been sent yet" in shown
    assert "did not choose" not in shown


def test_a_changed_comment_is_previewed_too(visitor, approve):
    visitor.promises()
    sent = visitor.sends(f"/week/promises/{approve()}/comment", comment="Well said", name="Jane Smith")
    receipt = sent.location.split("?")[0]
    given = {
        "act": "edit",
        "token": visitor.token(f"{receipt}?do=edit"),
        "comment": "Very well said",
        "step": "preview",
    }
    answer = visitor.client.post(receipt, data={**given, "name": "Jane Smith"})
    assert answer.status_code == 200
    assert "<bdi>Jane Smith</bdi>" in of_preview(answer)


def test_an_answer_is_previewed_as_one(visitor):
    id = visitor.get("/api/v1/campaigns/week").json["questions"][0]["id"]
    shown = of_preview(visitor.sends(f"/week/questions/{id}/answer", answer="A cup of tea", step="preview"))
    assert "An answer" in shown
    assert "A promise" not in shown


def test_what_is_not_sent_does_not_wait_and_its_heading_stands_below_that_of_the_page(visitor):
    answer = visitor.promises(step="preview")
    assert "Waiting" not in of_preview(answer)
    assert text(answer).index("<h1>") < text(answer).index('id="preview-t"')


def test_a_name_without_a_choice_is_not_shown_and_the_preview_says_why(visitor):
    why = "You wrote a name and did not choose to show it"
    assert why in of_preview(visitor.promises(step="preview", name="Jane Smith"))
    assert why not in of_preview(visitor.promises(step="preview", name="Jane Smith", show_name="anonymous"))
    assert why not in of_preview(visitor.promises(step="preview", name="Jane Smith", show_name="full"))
    assert why not in of_preview(visitor.promises(step="preview"))


NEED, LEAVE = "since we need one for an organisation", "leave the email address out, or"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, LEAVE),
        ({"kind": "organisation", "organisation": "Acme"}, NEED),
        ({"follow_up": "yes"}, LEAVE),
    ],
)
def test_who_used_an_address_too_often_is_told_what_they_can_do_now(visitor, limiter, given, told):
    limiter.wait["email"] = 3600
    answer = visitor.promises(email="org@example.org", **given)
    assert answer.status_code == 429
    assert [each for each in (NEED, LEAVE) if each in text(answer)] == [told]


@pytest.mark.parametrize(("seconds", "told"), [(1, "in 1 second."), (40, "in 40 seconds."), (200, "in 4 minutes.")])
def test_an_author_who_acts_too_often_is_told_how_long_to_wait(visitor, limiter, seconds, told):
    receipt = visitor.promises().location.split("?")[0]
    limiter.wait["receipts"] = seconds
    answer = visitor.client.post(receipt, data={"act": "withdraw"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, str(seconds))
    assert told in text(answer)


@pytest.mark.parametrize("prefix", ["", "/cy", "/en"])
def test_no_page_at_a_private_address_is_told_to_another_site(visitor, limiter, prefix):
    receipt = prefix + visitor.promises().location.split("?")[0]
    post = visitor.client.post
    answers = [visitor.get(f"{prefix}/receipt/none"), visitor.client.put(receipt), visitor.get(f"{receipt}/more")]
    answers += [post(receipt, data={"act": "dance"}), post(receipt, data={"act": "appeal"})]
    limiter.wait["receipts"] = 60
    answers.append(post(receipt, data={"act": "withdraw"}))
    assert [answer.status_code for answer in answers] == [404, 405, 404, 400, 409, 429]
    assert {answer.headers["Referrer-Policy"] for answer in answers} == {"no-referrer"}
    assert visitor.get("/week").headers["Referrer-Policy"] == "same-origin"


def test_thanks_lead_back_to_the_wall(visitor):
    page = text(visitor.get(visitor.promises().location))
    assert '<a href="/week">Back to the wall</a>' in page


def test_whoever_looks_very_often_waits_and_keeps_the_words(visitor, limiter):
    assert "Nothing has been sent yet" in text(visitor.promises(step="preview"))
    limiter.wait["api"] = 40
    late = visitor.promises("Words that are not lost", step="preview")
    assert late.status_code == 429
    assert "Words that are not lost" in text(late)
    assert late.headers["Retry-After"] == "40"
    assert visitor.promises("Words that are not lost").status_code == 303  # sending has a limit of its own
