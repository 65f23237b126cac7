"""The author's own page: what it shows, and what each act does."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from pledges.intake.door import Standing
from pledges.models import Consent, Contact, Contribution, Revision
from pledges.tokens import hashes_of_email
from tests.pledges.intake.test_road import WORDS, text


@pytest.fixture
def receipt(visitor) -> str:
    answer = visitor.promises(name="Amina Yusuf", show_name="full", role="Teacher", email="a@example.org")
    return answer.location.split("?")[0]


def does(visitor, receipt: str, act: str, **fields: str):
    return visitor.client.post(receipt, data={"act": act, **fields})


def edits(visitor, receipt: str, words: str, **fields: str):
    given = {"promise": words, "name": "Amina Yusuf", "show_name": "full", **fields}
    return does(visitor, receipt, "edit", token=visitor.token(f"{receipt}?do=edit"), **given)


def test_it_shows_the_link_the_reference_and_what_the_checks_saw(visitor, receipt, desk, stored):
    desk.says = Standing(state="waiting", place=3, usual_wait_minutes=50, saw=("personal_data", "child"))
    answer = visitor.get(f"{receipt}?sent=1")
    page = text(answer)
    assert f"https://wall.example{receipt}" in page
    assert stored()[0].public_id in page
    assert 'data-saw="personal_data"' in page
    assert "number 3 in the queue" in page
    assert "<svg" in page
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer.headers["X-Robots-Tag"]


def test_the_reference_opens_nothing(visitor, receipt, stored):
    assert visitor.get(f"/receipt/{stored()[0].public_id}").status_code == 404


def test_only_a_hash_of_the_link_is_stored(receipt, stored):
    token = receipt.rsplit("/", 1)[1]
    assert token not in str(stored()[0].receipt_hash)
    assert len(token) >= 43


def test_looking_changes_nothing(visitor, receipt, desk, approve):
    approve()
    before = len(desk.notes)
    for query in ("", "?do=edit", "?do=withdraw", "?act=erase", "?sent=1"):
        assert visitor.get(receipt + query).status_code == 200
    assert len(desk.notes) == before
    assert WORDS in text(visitor.get("/week"))


def test_a_change_waits_while_the_old_words_stand(visitor, receipt, approve, desk):
    approve()
    assert edits(visitor, receipt, "I will listen and take notes").status_code == 303
    assert WORDS in text(visitor.get("/week"))
    assert desk.told("review")[-1][1] == 2
    approve()
    wall = text(visitor.get("/week"))
    assert "I will listen and take notes" in wall
    assert WORDS not in wall


def test_a_change_sent_twice_is_one_change(visitor, receipt, session):
    token = visitor.token(f"{receipt}?do=edit")
    fields = {"token": token, "promise": "I will listen and take notes"}
    for _ in range(2):
        assert does(visitor, receipt, "edit", **fields).status_code == 303
    assert session.query(Revision).count() == 2


def test_the_first_form_sent_again_after_a_change_is_still_one_promise(visitor, stored):
    token = visitor.token("/week/promise")
    first = visitor.promises(token=token)
    edits(visitor, first.location.split("?")[0], "I will listen and take notes")
    assert visitor.promises(token=token).location == first.location
    assert len(stored()) == 1


def test_a_slip_in_a_change_keeps_the_words(visitor, receipt):
    answer = edits(visitor, receipt, "short")
    assert answer.status_code == 422
    assert "short</textarea>" in text(answer)


def test_withdrawn_words_are_gone_at_once_and_can_be_put_back(visitor, receipt, approve, desk):
    id = approve()
    assert does(visitor, receipt, "withdraw").status_code == 303
    assert visitor.get(f"/week/promises/{id}").status_code == 404
    assert desk.told("withdrawn") == [id]
    assert "Put it back" in text(visitor.get(receipt))
    assert does(visitor, receipt, "restore").status_code == 303
    assert desk.told("restored") == [id]
    assert visitor.get(f"/week/promises/{id}").status_code == 404  # a person reads it first


def test_after_30_days_it_cannot_be_put_back(visitor, receipt, database):
    does(visitor, receipt, "withdraw")
    with database.new_session() as session:
        session.query(Contribution).one().withdrawn_at = datetime.now(UTC) - timedelta(days=31)
        session.commit()
    assert does(visitor, receipt, "restore").status_code == 409


def test_what_was_not_withdrawn_cannot_be_put_back(visitor, receipt):
    assert does(visitor, receipt, "restore").status_code == 409


def test_erasing_leaves_no_word_no_name_and_no_address(visitor, receipt, approve, database, tmp_path):
    approve()
    assert does(visitor, receipt, "erase").status_code == 200
    assert visitor.get(receipt).status_code == 404
    with database.engine.begin() as connection:
        connection.exec_driver_sql("SELECT 1")
    with database.new_session() as session:
        assert session.query(Contact).count() == 0
    raw = database.engine.raw_connection()
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    kept = (tmp_path / "wall.db").read_bytes()
    assert [word for word in (b"before I speak", b"Amina", b"a@example.org", b"Teacher") if word in kept] == []


def test_a_hidden_name_stays_hidden_when_older_words_are_approved_later(visitor, receipt, approve):
    id = approve()
    assert "Amina" in text(visitor.get("/week"))
    assert does(visitor, receipt, "hide_name").status_code == 303
    assert "Amina" not in text(visitor.get("/week"))
    approve(id)
    assert "Amina" not in text(visitor.get("/week"))
    edits(visitor, receipt, "I will listen and say who I am")
    approve(id)
    assert "Amina" in text(visitor.get("/week"))


def test_a_new_link_ends_the_old_one(visitor, receipt):
    answer = does(visitor, receipt, "new_link")
    assert visitor.get(receipt).status_code == 404
    assert visitor.get(answer.location).status_code == 200


def test_an_appeal_is_taken_in_its_days_alone(visitor, receipt, desk):
    desk.says = Standing(state="rejected", reasons=("Rule 3",), appeal_until=datetime.now(UTC) + timedelta(days=3))
    assert "Rule 3" in text(visitor.get(receipt))
    assert does(visitor, receipt, "appeal").status_code == 303
    desk.says = Standing(state="rejected", appeal_until=datetime.now(UTC) - timedelta(days=3))
    assert does(visitor, receipt, "appeal").status_code == 409
    desk.says = Standing(state="rejected")
    assert does(visitor, receipt, "appeal").status_code == 409
    assert len(desk.told("appealed")) == 1


def test_letters_can_be_stopped_and_that_ends_nothing_else_that_was_agreed_to(visitor, session):
    receipt = visitor.promises(email="a@example.org", follow_up="yes").location.split("?")[0]
    does(visitor, receipt, "letters")
    contact = session.query(Contact).one()
    assert (contact.letters_wanted, contact.follow_up) == (False, True)
    assert session.query(Consent).filter_by(purpose="follow_up", withdrawn_at=None).count() == 1


def test_each_thing_that_was_agreed_to_can_be_ended(visitor, session):
    ticked = {"quote": "yes", "news": "yes", "invite_again": "yes"}
    receipt = visitor.promises(email="a@example.org", **ticked).location.split("?")[0]
    page = text(visitor.get(receipt))
    assert all(f'name="keep" value="{wish}" checked' in page for wish in ticked)
    assert does(visitor, receipt, "wishes", keep="quote").status_code == 303
    page = text(visitor.get(receipt))
    assert [wish for wish in ticked if f'value="{wish}" checked' in page] == ["quote"]
    ended = session.query(Consent.purpose).filter(Consent.withdrawn_at.is_not(None)).order_by(Consent.purpose)
    assert [purpose for (purpose,) in ended] == ["invite_again", "news"]


def test_ending_one_wish_leaves_the_others_and_being_asked_ends_with_its_own(visitor, session):
    receipt = visitor.promises(email="a@example.org", follow_up="yes", news="yes").location.split("?")[0]

    def is_asked() -> bool:
        asked = session.query(Contact.follow_up).scalar()
        session.rollback()  # nobody waits for it
        return asked

    does(visitor, receipt, "wishes", keep="follow_up")
    assert is_asked()
    does(visitor, receipt, "wishes")
    assert not is_asked()


def test_what_was_ticked_and_is_not_sent_yet_says_so(visitor):
    receipt = visitor.promises(email="a@example.org", news="yes").location.split("?")[0]
    assert "not sent at present" in text(visitor.get(receipt))
    receipt = visitor.promises("I will read", email="a@example.org", quote="yes").location.split("?")[0]
    assert "not sent at present" not in text(visitor.get(receipt))


def test_no_box_is_shown_for_letters_that_nothing_sends(visitor):
    for page in (visitor.get("/week/promise"), visitor.promises("", follow_up="yes", news="yes", invite_again="yes")):
        shown = [name for name in ("follow_up", "invite_again", "quote", "news") if f'name="{name}"' in text(page)]
        assert shown == ["follow_up", "invite_again", "quote"]


def test_what_happens_next_is_told_while_it_has_not_happened(visitor, receipt, desk):
    desk.says = Standing(state="waiting")
    assert "What happens next" in text(visitor.get(f"{receipt}?sent=1"))
    desk.says = Standing(state="approved")
    assert "What happens next" not in text(visitor.get(f"{receipt}?sent=1"))


@pytest.mark.parametrize("act", ["", "approve", "publish"])
def test_no_other_act_is_taken(visitor, receipt, act):
    assert does(visitor, receipt, act).status_code == 400


def test_one_author_s_link_does_not_open_another_s_words(visitor, receipt):
    visitor.promises("I will plant ten trees", name="Ben Okri", show_name="full")
    assert "ten trees" not in text(visitor.get(receipt))


def test_send_my_link_answers_alike_for_known_and_unknown_addresses(visitor, receipt, desk, app):
    known = visitor.client.post("/send-link", data={"email": "A@example.org"})
    unknown = visitor.client.post("/send-link", data={"email": "b@example.org"})
    assert (known.status_code, known.data) == (unknown.status_code, unknown.data)
    asked = desk.told("link")
    assert [len(hashes) for hashes in asked] == [1, 1]
    with app.app_context():
        assert asked == [hashes_of_email("a@example.org"), hashes_of_email("b@example.org")]


def test_the_receipt_speaks_welsh_under_its_welsh_address(visitor, receipt):
    assert '<html lang="cy">' in text(visitor.get(f"/cy{receipt}"))


def test_a_comment_has_a_receipt_too(visitor, receipt, approve):
    id = approve()
    answer = visitor.sends(f"/week/promises/{id}/comment", comment="Well said")
    own = answer.location.split("?")[0]
    assert "We have your comment." in text(visitor.get(answer.location))
    token = visitor.token(f"{own}?do=edit")
    assert does(visitor, own, "edit", token=token, comment="Very well said").status_code == 303
    assert "Very well said" in text(visitor.get(own))


def test_changed_is_said_only_of_words_that_changed(visitor, receipt, approve, hide, stored):
    id = approve()
    approve(id)
    assert stored()[0].changed_at is None
    hide(id)
    approve(id)
    assert stored()[0].changed_at is None
    edits(visitor, receipt, "I will listen and take notes")
    approve(id)
    changed_at = stored()[0].changed_at
    assert changed_at is not None
    hide(id)
    approve(id)
    assert stored()[0].changed_at == changed_at
    hide(id)
    edits(visitor, receipt, "I will listen and read them out")
    approve(id)
    assert stored()[0].changed_at > changed_at


def test_a_used_change_with_other_words_comes_back_with_a_fresh_token(visitor, receipt, session):
    token = visitor.token(f"{receipt}?do=edit")
    fields = {"token": token, "name": "Amina Yusuf", "show_name": "full"}
    assert does(visitor, receipt, "edit", promise="I will listen and take notes", **fields).status_code == 303
    answer = does(visitor, receipt, "edit", promise="I will plant ten trees", **fields)
    assert answer.status_code == 422
    assert "I will plant ten trees" in text(answer)
    assert "This form has been sent before" in text(answer)
    assert token not in text(answer)
    fresh = re.search(r'name="token" value="([^"]+)"', text(answer))
    assert fresh
    again = {**fields, "token": fresh[1]}
    assert does(visitor, receipt, "edit", promise="I will plant ten trees", **again).status_code == 303
    assert does(visitor, receipt, "edit", promise="I will plant ten trees", **again).status_code == 303
    said = [revision.words for revision in session.query(Revision).order_by(Revision.id)]
    assert said == [WORDS, "I will listen and take notes", "I will plant ten trees"]


def test_a_change_sent_after_withdrawing_elsewhere_keeps_its_words(visitor, receipt, stored):
    token = visitor.token(f"{receipt}?do=edit")
    does(visitor, receipt, "withdraw")
    given = {"act": "edit", "promise": "I will plant ten trees", "how_we_will_know": "By the trees", "token": token}
    answer = visitor.client.post(receipt, data=given)
    assert answer.status_code == 409
    assert "I will plant ten trees" in text(answer)
    assert "By the trees" in text(answer)
    assert f'href="{receipt}"' in text(answer)
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert len(stored()) == 1


def test_a_change_that_was_taken_is_acknowledged_again_after_withdrawing(visitor, receipt):
    token = visitor.token(f"{receipt}?do=edit")
    given = {"act": "edit", "promise": "I will plant ten trees", "token": token}
    assert visitor.client.post(receipt, data=given).status_code == 303
    does(visitor, receipt, "withdraw")
    assert visitor.client.post(receipt, data=given).status_code == 303


@pytest.mark.parametrize("act", ["erase", "new_link"])
def test_a_change_by_a_link_that_opens_nothing_any_more_keeps_its_words(visitor, receipt, act):
    token = visitor.token(f"{receipt}?do=edit")
    does(visitor, receipt, act)
    given = {"act": "edit", "promise": "I will plant ten trees", "token": token}
    answer = visitor.client.post(receipt, data=given)
    assert answer.status_code == 404
    assert "I will plant ten trees" in text(answer)
    assert answer.headers["Cache-Control"] == "private, no-store"
