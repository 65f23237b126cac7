"""From the form to the wall: nothing is lost, nothing counts twice, nothing shows before it may."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from itsdangerous import URLSafeTimedSerializer
from pydantic import SecretStr

from pledges.intake import storing
from pledges.limits import counting
from pledges.models import Campaign, CampaignState, EventCode, Revision
from tests.pledges.conftest import in_days, newest_revision

WORDS = "I will listen before I speak"


def text(answer) -> str:
    return answer.get_data(as_text=True)


def close(database) -> None:
    with database.new_session() as session:
        session.query(Campaign).one().state = CampaignState.CLOSED
        session.commit()


def test_a_promise_is_stored_hidden_and_its_sender_gets_a_receipt(visitor, desk, stored):
    answer = visitor.promises(name="Amina Yusuf", show_name="full")
    assert answer.status_code == 303
    assert answer.location.startswith("/receipt/")
    (pledge,) = stored()
    assert pledge.published_revision_id is None
    assert desk.told("stored") == [pledge.public_id]
    page = text(visitor.get(answer.location))
    assert "Thank you, Amina." in page
    assert pledge.public_id in page
    assert WORDS not in text(visitor.get("/week"))


def test_an_approved_promise_stands_on_the_wall_with_its_author(visitor, approve):
    visitor.promises(name="Amina Yusuf", show_name="full", theme="work")
    id = approve()
    wall = text(visitor.get("/week"))
    assert WORDS in wall
    assert "Amina Yusuf" in wall
    assert f'data-pledge="{id}"' in wall
    assert WORDS in text(visitor.get(f"/week/promises/{id}"))


def test_an_organisation_s_promise_can_be_shown(visitor, approve):
    visitor.promises(kind="organisation", organisation="Northbrook School", email="head@example.org")
    approve()
    assert "Northbrook School" in text(visitor.get("/week"))


def test_the_same_form_sent_twice_gives_the_same_receipt(visitor, stored):
    token = visitor.token("/week/promise")
    first = visitor.promises(token=token)
    again = visitor.promises(token=token)
    assert again.location == first.location
    assert len(stored()) == 1


def test_a_used_form_with_other_words_comes_back_with_a_fresh_token(visitor, stored):
    token = visitor.token("/week/promise")
    visitor.promises(token=token)
    answer = visitor.promises("I will plant ten trees", token=token)
    assert answer.status_code == 422
    assert "I will plant ten trees" in text(answer)
    assert token not in text(answer)
    assert len(stored()) == 1


def test_a_retry_is_answered_also_when_the_wall_has_closed_meanwhile(visitor, database):
    token = visitor.token("/week/promise")
    first = visitor.promises(token=token)
    close(database)
    assert visitor.promises(token=token).location == first.location


def test_of_two_at_once_both_get_the_receipt(visitor, stored, monkeypatch):
    token = visitor.token("/week/promise")
    first = visitor.promises(token=token)
    looks = []
    real = storing.already

    def blind_once(*given):
        looks.append(given)
        return None if len(looks) <= 1 else real(*given)

    monkeypatch.setattr(storing, "already", blind_once)
    assert visitor.promises(token=token).location == first.location
    assert len(stored()) == 1


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c"])
def test_a_form_that_is_not_ours_comes_back_with_its_words(visitor, stored, token):
    answer = visitor.client.post("/week/promise", data={"promise": WORDS, "consent": "yes", "token": token})
    assert answer.status_code == 422
    assert WORDS in text(answer)
    assert stored() == []


def test_a_form_older_than_a_day_comes_back_with_a_fresh_token(visitor, app, stored, monkeypatch):
    long_ago = datetime.now(UTC) - timedelta(hours=25)
    monkeypatch.setattr("itsdangerous.timed.TimestampSigner.get_timestamp", lambda _self: int(long_ago.timestamp()))
    token = str(URLSafeTimedSerializer("k" * 64, salt="wall-form").dumps(["nonce", "promise:week"]))
    monkeypatch.undo()
    answer = visitor.promises(token=token)
    assert answer.status_code == 422
    assert "press the button once more" in text(answer)
    assert WORDS in text(answer)
    assert token not in text(answer)
    assert stored() == []


def test_the_token_of_another_form_is_not_taken(visitor, stored, approve):
    visitor.promises()
    id = approve()
    answer = visitor.promises("I will plant ten trees", token=visitor.token(f"/week/promises/{id}/comment"))
    assert answer.status_code == 422
    assert len(stored()) == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"promise": "short"}, "Write a little more"),
        ({"promise": "x" * 501}, "1 character too long"),
        ({"promise": "a" + "👩" * 500}, "1 character too long"),
        ({"consent": ""}, "Tick this to go on"),
        ({"email": "a@example.org, b@example.org"}, "one email address"),
        ({"email": "a@"}, "one email address"),
        ({"email": "a@example.org\r\nBcc: b@example.org"}, "one email address"),
        ({"kind": "organisation", "organisation": "X"}, "we need one for an organisation"),
        ({"kind": "organisation", "email": "a@example.org"}, "Write the name of the organisation"),
        ({"kind": "alien"}, "Choose who is promising"),
        ({"show_name": "full"}, "Write the name that we may show"),
        ({"show_name": "role", "role": ""}, "Write the role or place"),
        ({"show_name": "loudly"}, "Choose what we may show"),
        ({"theme": "nope"}, "Choose a theme"),
        ({"audience": "nope"}, "Choose from the list"),
        ({"lang": "tlh"}, "Choose the language"),
        ({"website": "http://example.org"}, "beginning with https://"),
        ({"website": "javascript:alert(1)"}, "beginning with https://"),
        ({"by_when": "2027-02-30"}, "Write a real date"),
        ({"by_when": "2001-01-01"}, "still to come"),
        ({"name": "n" * 101}, "Shorten this to 100"),
        ({"how_we_will_know": "n" * 301}, "Shorten this to 300"),
        ({"follow_up": "yes"}, "what was asked for with it needs one"),
    ],
)
def test_a_slip_is_told_in_words_and_nothing_written_is_lost(visitor, stored, wrong, says):
    fields = {"role": "Dad of two", **wrong}
    answer = visitor.promises(**{"words": fields.pop("promise", WORDS)}, **fields)
    page = text(answer)
    assert answer.status_code == 422
    assert 'role="alert"' in page
    assert says in page
    assert "role" in wrong or "Dad of two" in page
    assert stored() == []


def test_500_characters_beyond_the_first_plane_are_taken(visitor, stored, session):
    assert visitor.promises("a" + "👩" * 499).status_code == 303
    assert newest_revision(session).words == "a" + "👩" * 499


@pytest.mark.parametrize("bad", ["\x00", "\ud800", "\ufffe", "\u202e", "\x1b"])
def test_hostile_characters_do_no_harm(visitor, session, bad):
    answer = visitor.client.post(
        "/week/promise",
        data=(
            f"token={visitor.token('/week/promise')}&consent=yes&name=A{_percent(bad)}&show_name=full"
            f"&promise=I+will{_percent(bad)}+listen+before"
        ),
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 303
    assert bad not in newest_revision(session).words


def _percent(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "surrogatepass"))


def test_fields_that_are_not_ours_change_nothing(visitor, stored):
    visitor.promises(state="approved", published_at="2026-01-01", campaign_id="7", example="1", public_id="mine")
    (pledge,) = stored()
    assert (pledge.published_at, pledge.example, pledge.campaign_id) == (None, False, 1)
    assert pledge.public_id != "mine"


def test_a_body_that_is_too_big_is_refused_in_words(visitor):
    answer = visitor.promises("x" * 70_000)
    assert answer.status_code == 413
    assert "too much at once" in text(answer)


def test_seeing_it_first_stores_nothing_and_keeps_the_form(visitor, stored):
    token = visitor.token("/week/promise")
    answer = visitor.promises(name="Amina Yusuf", show_name="first", step="preview", token=token)
    page = text(answer)
    assert answer.status_code == 200
    assert "This is how it would look" in page
    assert "<bdi>Amina</bdi>" in page
    assert 'value="Amina Yusuf"' in page
    assert token in page
    assert stored() == []
    assert visitor.promises(name="Amina Yusuf", show_name="first", token=token).status_code == 303


def test_seeing_it_first_shows_all_that_will_be_public(visitor):
    fields = {"audience": "parents", "by_when": "2027-03-01", "how_we_will_know": "I write it down each week"}
    page = text(visitor.promises(step="preview", **fields))
    seen = page[page.index("This is how it would look") : page.index("Nothing has been sent yet")]
    for shown in ("Parents", "1 March 2027", "I write it down each week"):
        assert shown in seen


def test_a_closed_campaign_takes_nothing_and_gives_the_words_back(visitor, database, stored):
    token = visitor.token("/week/promise")
    close(database)
    answer = visitor.promises(token=token)
    assert answer.status_code == 409
    assert WORDS in text(answer)
    assert stored() == []
    assert "Promises are closed" in text(visitor.get("/week/promise"))


@pytest.mark.parametrize("when", [{"opens_at": 1}, {"closes_at": -1}])
def test_outside_its_days_nothing_is_taken(visitor, database, when):
    token = visitor.token("/week/promise")
    with database.new_session() as session:
        for name, days in when.items():
            setattr(session.query(Campaign).one(), name, datetime.now(UTC) + timedelta(days=days))
        session.commit()
    assert visitor.promises(token=token).status_code == 409


def test_too_many_are_told_when_to_come_back_and_keep_their_words(visitor, limiter, stored):
    limiter.wait["promises"] = 90
    answer = visitor.promises()
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "90"
    assert "Please wait until" in text(answer)
    assert WORDS in text(answer)
    assert stored() == []


def test_an_event_code_is_kept_in_the_form_and_told_to_the_limiter(visitor, database, limiter, stored):
    now = datetime.now(UTC)
    with database.new_session() as session:
        session.add(
            EventCode(
                campaign_id=1,
                code="hall7",
                name="Hall",
                starts_at=now - timedelta(hours=1),
                ends_at=now + timedelta(hours=1),
                ceiling=50,
            )
        )
        session.commit()
    assert 'name="event" value="hall7"' in text(visitor.get("/week/promise?event=hall7"))
    assert 'name="event"' not in text(visitor.get("/week/promise?event=hall8"))
    visitor.promises(event="hall7")
    assert limiter.asked[0][1]["event"].ceiling == "50 per 1 year"
    assert stored()[0].event_code_id is not None


def test_the_desk_that_fails_after_the_commit_fails_nobody(visitor, desk, stored):
    desk.breaks = True
    assert visitor.promises().status_code == 303
    assert len(stored()) == 1


def test_the_trap_and_the_haste_are_noted_and_decide_nothing(visitor, desk):
    visitor.promises(company_url="https://spam.example")
    origin = desk.told("review")[0][2]
    assert origin.trap_value == "https://spam.example"
    assert origin.seconds_on_form is not None
    visitor.promises("I will plant ten trees", company_url=None)
    assert desk.told("review")[1][2].trap_value is None


def test_consent_is_kept_with_the_words_that_were_agreed_to(visitor, session):
    from pledges.models import Consent

    visitor.promises(quote="yes")
    kept = {each.purpose: each.wording.text for each in session.query(Consent)}
    assert kept["public"] == "I know that my promise will be public, and I am 13 or over."
    assert set(kept) == {"public", "quote"}


def test_a_form_page_is_shared_by_no_cache_and_kept_for_back(visitor):
    answer = visitor.get("/week/promise")
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_nothing_about_the_person_is_chosen_beforehand(visitor):
    page = text(visitor.get("/week/promise"))
    boxes = [part.split(">")[0] for part in page.split("<input")[1:]]
    assert [box for box in boxes if "checked" in box and 'name="kind"' not in box] == []


def test_the_folded_part_opens_when_it_holds_an_error(visitor):
    assert '<details class="stronger">' in text(visitor.get("/week/promise"))
    assert '<details class="stronger" open>' in text(visitor.promises(audience="never"))


def test_a_campaign_for_children_asks_for_no_child_s_name(visitor, database):
    with database.new_session() as session:
        session.query(Campaign).one().through_teacher = True
        session.commit()
    page = text(visitor.get("/week/promise"))
    assert 'name="name"' not in page
    assert 'value="full"' not in page
    assert "no child’s name" in page
    assert visitor.promises(name="Tom", show_name="full").status_code == 422


def test_an_answer_takes_the_same_road_and_stands_under_its_question(visitor, approve):
    path = "/week/questions/q234567890/answer"
    assert visitor.sends(path, answer="No").status_code == 303
    id = approve()
    assert "No" in text(visitor.get("/week/questions/q234567890"))
    assert visitor.get(f"/week/answers/{id}").status_code == 200
    assert visitor.get(f"/week/promises/{id}").status_code == 404
    assert id not in text(visitor.get("/week"))


def test_a_promise_may_start_from_another_one(visitor, approve, stored):
    visitor.promises()
    id = approve()
    page = text(visitor.get(f"/week/promise?like={id}"))
    assert WORDS in page
    visitor.promises("I will listen, and write it down", like=id)
    assert stored()[0].inspired_by_id is not None


def test_a_date_that_is_to_come_is_kept(visitor, session):
    visitor.promises(by_when=in_days(30))
    assert str(newest_revision(session).by_when) == in_days(30)


def test_the_busy_database_is_told_in_words(visitor, monkeypatch):
    from sqlalchemy.exc import OperationalError

    def locked(*_given, **_named):
        raise OperationalError("INSERT", {}, Exception("database is locked"))

    token = visitor.token("/week/promise")
    monkeypatch.setattr(storing, "receive", locked)
    answer = visitor.promises(token=token)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "10"
    assert "locked" not in text(answer)


def test_each_promise_is_one_revision(visitor, session):
    visitor.promises()
    assert session.query(Revision).count() == 1


def test_no_level_is_shown_that_the_campaign_does_not_permit(visitor, database, stored):
    with database.new_session() as session:
        session.query(Campaign).one().show_names = ["first", "anonymous"]
        session.commit()
    visitor.promises(kind="organisation", organisation="Northbrook", email="a@example.org")
    assert stored()[0].show_name == "anonymous"
    assert visitor.promises(name="Amina Yusuf", show_name="full").status_code == 422


def test_akismet_is_named_only_where_it_is_asked(visitor, app, database, approve):
    visitor.promises()
    forms = ("/week/promise", f"/week/promises/{approve()}/comment")

    def named() -> list[bool]:
        return ["Akismet" in text(visitor.get(path)) for path in forms]

    assert named() == [False, False]  # there is no key
    app.extensions["wall.settings"].akismet_api_key = SecretStr("key")
    assert named() == [True, True]
    with database.new_session() as session:
        session.query(Campaign).one().akismet = "off"
        session.commit()
    assert named() == [False, False]


def test_one_email_address_is_counted_by_itself(visitor, limiter, stored):
    limiter.wait["email"] = 3600
    answer = visitor.promises(email="a@example.org")
    assert answer.status_code == 429
    assert limiter.asked[-1][1]["email"] == "a@example.org"
    assert stored() == []


@pytest.mark.usefixtures("early_in_a_minute")
def test_the_real_limits_let_five_through_and_keep_the_words_of_the_sixth(visitor, app, stored):
    counting.init_app(app, app.extensions["wall.settings"])
    answers = [visitor.promises(f"I will plant {number} trees") for number in range(6)]
    assert [answer.status_code for answer in answers] == [303] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert "I will plant 5 trees" in text(answers[-1])
    assert len(stored()) == 5


@pytest.mark.parametrize("form", ["promise", "comment", "report"])
def test_where_nobody_can_count_no_visitor_is_blamed(visitor, limiter, approve, form):
    visitor.promises()
    page = f"/week/promises/{approve()}"
    limiter.wait, limiter.status = {"promises": 30, "comments": 30, "reports": 30}, 503
    answer = {
        "promise": lambda: visitor.promises("I will plant ten trees"),
        "comment": lambda: visitor.sends(f"{page}/comment", comment="I will plant ten trees"),
        "report": lambda: visitor.sends(f"{page}/report", category="other", note="I will plant ten trees"),
    }[form]()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "We cannot take this right now" in text(answer)
    assert "from your connection" not in text(answer)
    assert "I will plant ten trees" in text(answer)


def test_what_came_too_late_comes_back_with_all_its_answers(visitor, database):
    token = visitor.token("/week/promise")
    close(database)
    answers = {"how_we_will_know": "By the trees", "name": "Amina Yusuf", "role": "Dad of two", "by_when": in_days(30)}
    answers |= {"organisation": "Northbrook School", "website": "https://northbrook.example"}
    page = text(visitor.promises(token=token, **answers))
    assert [value for value in answers.values() if value not in page] == []
