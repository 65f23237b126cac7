"""The look at every page that a test fetches can fail."""

import pytest
from flask import Flask

from tests.markup import check_all

PAGE = '<!doctype html><html lang="en"><head><title>Wall</title></head><body><p id="a">{}</p></body></html>'


@pytest.mark.parametrize(
    ("held", "wrong"),
    [
        ('<b id="a">twice</b>', "the id 'a' stands 2 times"),
        ("<b>never closed", "[Ee]nd tag"),
        ("<form><button>Go</button></form>", "a form without an action"),
        ('<time datetime="2026-05-01T10:00:00.123456Z">May</time>', "three digits of a second"),
        ('<input type="radio" autocomplete="off">', "autocomplete on a radio"),
    ],
)
def test_a_page_with_a_wrong_structure_is_not_taken(monkeypatch: pytest.MonkeyPatch, held: str, wrong: str) -> None:
    monkeypatch.setenv("WALL_TEST_FULL", "1")
    app = check_all(Flask("wall"))
    app.add_url_rule("/", "show", lambda: PAGE.format(held))
    with pytest.raises(AssertionError, match=wrong):
        app.test_client().get("/")


def test_a_page_with_a_right_structure_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WALL_TEST_FULL", "1")
    app = check_all(Flask("wall"))
    app.add_url_rule("/", "show", lambda: PAGE.format("I will listen"))
    assert app.test_client().get("/").status_code == 200
