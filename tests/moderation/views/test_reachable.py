"""Every page of the desk is reached by links from its first."""

from __future__ import annotations

import re

from flask import Flask

from moderation.models import Role
from tests.wall import AtTheDesk, Wall

LINK = re.compile(r'<(?:a [^>]*href|form [^>]*method="get"[^>]*action)="(/moderation/[^"#]*)"')
PRESSED = {"desk.show_break", "desk.show_search", "desk.show_sheet"}  # a button that posts leads there
BY_SCRIPT = {"desk.tell_news"}


def pages_without_an_id(app: Flask) -> dict[str, str]:
    """The addresses of the desk that name no item, by what answers them."""
    return {
        rule.endpoint: rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("desk.") and "GET" in (rule.methods or ()) and not rule.arguments
    }


def linked(who: AtTheDesk) -> set[str]:
    """Every address that links lead to, from the queue on; items and people once each are enough."""
    found, todo, kinds = set[str](), ["/moderation/"], set[str]()
    while todo:
        address = todo.pop()
        for link in LINK.findall(who.client.get(address).text):
            plain = link.replace("&amp;", "&").partition("?")[0]
            kind = re.sub(r"\d+", "N", plain)
            if kind not in kinds:
                kinds.add(kind)
                todo.append(plain)
            found.add(plain)
    return found


def test_every_page_that_names_no_item_is_linked(wall: Wall) -> None:
    owner = wall.moderator("owner", Role.OWNER)
    wall.promises()
    wall.screens()
    there = linked(owner)
    lost = {endpoint: rule for endpoint, rule in pages_without_an_id(wall.app).items() if rule not in there}
    assert set(lost) <= PRESSED | BY_SCRIPT, lost
    assert "/moderation/record" in there
    assert "/moderation/record" not in linked(wall.moderator("mo"))
