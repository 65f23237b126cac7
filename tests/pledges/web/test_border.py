"""Whatever is sent is bounded before anything normalises, folds or matches it: counted, not timed."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from pledges import signs
from pledges import text as pledges_text
from pledges.web import border
from tests.pledges.intake.test_road import text

MARKS = "a" + "\u0344" * 15_000 + "\u0323" * 500
MIXED = "\u0344\u0323" * 1000 + "\uff9e\u0344\u0323" * 1000


@pytest.fixture
def longest_run(monkeypatch):
    """The longest run of marks, taken apart, that anything has put into a normal form."""
    found = [0]
    normalise = unicodedata.normalize

    def watched(form, said):
        run = 0
        for letter in said:
            apart = normalise("NFKD", letter)
            run = run + len(apart) if unicodedata.combining(apart[0]) else sum(map(unicodedata.combining, apart)) and 1
            found[0] = max(found[0], run)
        return normalise(form, said)

    monkeypatch.setattr(unicodedata, "normalize", watched)
    return found


@pytest.mark.parametrize("said", [MIXED, MIXED[:1900]], ids=["too long for a line", "within a line"])
@pytest.mark.parametrize("name", ["promise", "name", "event", "email", "website", "how_we_will_know", "token", "theme"])
def test_no_field_of_the_form_brings_long_runs_of_marks_to_a_normal_form(visitor, longest_run, name, said):
    answer = visitor.sends("/week/promise", **{"promise": "I will listen", name: said})
    assert answer.status_code in (303, 413, 422)
    assert longest_run[0] <= 2 * signs.MOST_MARKS


@pytest.mark.parametrize("path", ["/send-link", "/week", "/api/v1/campaigns/week/pledges"])
def test_nor_does_any_other_door(visitor, longest_run, path):
    visitor.client.post("/send-link", data={"email": MIXED[:1500] + "@example.org"})
    visitor.get(path, query_string={name: MIXED[:1500] for name in ("q", "theme", "event", "after", "limit", "since")})
    visitor.client.post(path, json={"q": MIXED})
    assert longest_run[0] <= 2 * signs.MOST_MARKS


def test_a_field_that_is_longer_than_any_form_needs_is_refused_whole(visitor, stored):
    answer = visitor.promises(event=MARKS)
    assert answer.status_code == 413
    assert "your words are still there" in text(answer)
    assert stored() == []


def test_every_sign_that_becomes_a_mark_counts_as_one():
    """By the data of the language itself, so that a newer one cannot open the door again."""
    for number in range(sys.maxunicode + 1):
        apart = unicodedata.normalize("NFKD", chr(number))
        if unicodedata.combining(apart[0]):
            assert signs.few_marks(chr(number) * 99) == chr(number) * signs.MOST_MARKS, hex(number)


@pytest.mark.parametrize("given", [{"q": MIXED}, [[MIXED]], {"a": {"b": [MIXED]}}, MIXED])
def test_json_is_bounded_like_a_form(app, given):
    with app.test_request_context("/", method="POST", json=given):
        from flask import request

        said = str(request.get_json())
    assert signs.few_marks(said) == said


def test_json_that_is_nested_beyond_reason_is_refused(app):
    deep: list[object] = []
    for _ in range(border.DEEPEST + 2):
        deep = [deep]
    from flask import request
    from werkzeug.exceptions import BadRequest

    with app.test_request_context("/", method="POST", json=deep), pytest.raises(BadRequest):
        request.get_json()


@pytest.mark.parametrize("most", [30, 900, 5_000])
def test_json_of_nothing_but_lists_is_refused_however_deep(app, most):
    from flask import request
    from werkzeug.exceptions import BadRequest

    given = {"data": "[" * most + "]" * most, "content_type": "application/json"}
    with app.test_request_context("/", method="POST", **given), pytest.raises(BadRequest):
        request.get_json()


@pytest.mark.parametrize("piece", [" a", "dr ", "a,", ", ", "\u200da", "a\u0301", "و ", "mr and "])
def test_a_first_name_is_read_in_few_steps_however_long_the_name(piece):
    steps = [0]

    def count(*_given):
        steps[0] += 1
        return count

    sys.settrace(count)
    try:
        pledges_text.first_name((piece * 10_000)[:10_000])
    finally:
        sys.settrace(None)
    assert steps[0] < 20_000  # 100,000,000 where the whole of it is read
