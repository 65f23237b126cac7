"""What the quick checks see is named once before a promise is sent, and whoever wrote it changes it, or sends it as it is."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from pledges.models import Contribution
from tests.forms import Form, forms
from tests.wall import SLUG, AtTheDesk, Wall

PATH = f"/{SLUG}/promise"
NOTICED = re.compile(r'data-noticed="(\w+)"')


@pytest.fixture
def wall(walls: Callable[..., Wall]) -> Wall:
    return walls()


@pytest.fixture
def mo(wall: Wall) -> AtTheDesk:
    return wall.moderator()


def made(page: str) -> Form:
    """The form of the promise, as the page holds it."""
    (found,) = [each for each in forms(page) if each.values("promise")]
    return found


def sends(wall: Wall, page: str, button: str | None = None, **fields: str):
    given = made(page).sent(button, **fields)
    return wall.app.test_client().post(PATH, data=given)


def sees(wall: Wall, words: str, **fields: str) -> list[str]:
    """What is named of these words, sent from a fresh form as a browser does; nothing: it was sent."""
    page = wall.app.test_client().get(PATH).text
    answer = sends(wall, page, promise=words, consent="yes", **fields)
    assert answer.status_code in (200, 303), answer.text
    return NOTICED.findall(answer.text) if answer.status_code == 200 else []


def test_each_kind_is_named_and_what_is_clear_goes_straight_on(wall: Wall, mo: AtTheDesk) -> None:
    mo.approves(wall.promises("I will ask who is missing from our meetings each week"))
    wall.promises("I will publish what we pay and say what we do about it")  # waits: nobody is told of it
    assert sees(wall, "I will ring 020 7946 0958 each week") == ["telephone"]
    assert sees(wall, "I will write to ada@example.org or 020 7946 0958") == ["email", "telephone"]
    assert sees(wall, "I will hold tea at 12 Acacia Avenue, SW1A 1AA") == ["address"]
    assert sees(wall, "I will share https://shop.example/offer with all") == ["links"]
    assert sees(wall, "I will ask who is missing from our meetings every week") == ["repeat"]
    assert sees(wall, "I will publish what we pay and say what we do about it") == []
    assert sees(wall, "I will listen before I speak") == []
    assert sees(wall, "I will listen", name="Ada 020 7946 0958", show_name="full") == ["telephone"]


def test_it_says_that_a_listed_word_is_there_and_not_which(wall: Wall) -> None:
    page = wall.app.test_client().get(PATH).text
    answer = sends(wall, page, promise="I was called a darkie at work and I will speak up", consent="yes")
    assert NOTICED.findall(answer.text) == ["listed"]
    notice = answer.text.partition('id="noticed"')[2].partition("<form")[0]
    assert "often hurts" in notice and "darkie" not in notice


def test_it_is_named_once_with_every_field_kept_and_the_second_press_sends_it(wall: Wall) -> None:
    page = wall.app.test_client().get(PATH).text
    words = "I will ring 020 7946 0958 each week"
    told = sends(wall, page, promise=words, theme="speak", how_we_will_know="The log", consent="yes")
    assert told.status_code == 200 and "It has not been sent yet." in told.text and "020 7946 0958</bdi>" in told.text
    again = made(told.text).sent()
    assert (again["promise"], again["theme"], again["how_we_will_know"]) == ([words], ["speak"], ["The log"])
    assert again["consent"] == ["yes"] and again["token"] == made(page).values("token")
    assert wall.app.test_client().post(PATH, data=again).status_code == 303
    first = sends(wall, page, promise=words, theme="speak", how_we_will_know="The log", consent="yes")
    assert first.status_code == 303  # the same form with the same words is the same promise


def test_a_form_without_that_wish_is_stored_at_once_whatever_is_in_it(wall: Wall) -> None:
    assert wall.promises("I will ring 020 7946 0958 each week").public_id


def test_a_preview_names_it_too_and_then_it_was_named(wall: Wall) -> None:
    page = wall.app.test_client().get(PATH).text
    looked = sends(wall, page, "preview", promise="I will ring 020 7946 0958 each week")
    assert NOTICED.findall(looked.text) == ["telephone"]
    assert made(looked.text).values("name_it") == []
    clear = sends(wall, page, "preview", promise="I will listen before I speak")
    assert made(clear.text).values("name_it") == ["first"]  # what is changed afterwards is still looked at


def test_a_check_that_fails_holds_nobody_up(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*given: object) -> None:
        raise RuntimeError("no list")

    monkeypatch.setattr("moderation.door.noticing.noticed", breaks)
    assert sees(wall, "I will ring 020 7946 0958 each week") == []


# Starting points


def starts(page: str) -> dict[str, str]:
    """The button of each starting point, by its words."""
    found = re.findall(r'value="(start-\d+)"[^>]*>(.*?)</button>', page, re.DOTALL)
    return {re.sub(r"<[^>]+>", "", said).strip().partition("  ")[0]: value for value, said in found}


def test_a_starting_point_stands_below_what_was_written_and_nothing_is_lost_or_sent(wall: Wall) -> None:
    page = wall.app.test_client().get(PATH).text
    words, button = next((w, b) for w, b in starts(page).items() if "hiring" in w)
    words = words.partition("Fair work")[0].strip()
    begun = sends(wall, page, button, name="Ada", how_we_will_know="The log")
    assert begun.status_code == 200
    fields = made(begun.text).sent()
    assert (fields["promise"], fields["theme"], fields["name"]) == ([words], ["work"], ["Ada"])
    assert fields["how_we_will_know"] == ["The log"] and "field--bad" not in begun.text
    more = sends(wall, page, button, promise="I will listen", theme="speak")
    fields = made(more.text).sent()
    assert (fields["promise"], fields["theme"]) == ([f"I will listen\n{words}"], ["speak"])
    with wall.look() as session:
        assert session.query(Contribution).count() == 0


def test_enter_sends_the_promise_and_presses_no_starting_point(wall: Wall) -> None:
    form = made(wall.app.test_client().get(PATH).text)
    first = next(each for each in form.controls if each.kind == "submit")
    assert (first.name, first.value) == ("", "")
