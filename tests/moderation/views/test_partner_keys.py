"""Keys of partners at the desk: given by lead and owner, shown once, ended at once, and told in the record."""

from __future__ import annotations

import re

import pytest

from moderation.models import Role
from tests.wall import OTHER, SLUG, AtTheDesk, Wall

PAGE = f"/moderation/campaigns/{SLUG}/keys"


def gives(by: AtTheDesk, name: str = "Kestrel Vale") -> str:
    answer = by.client.post(PAGE, data={"csrf_token": by.csrf(), "act": "give", "name": name})
    assert answer.status_code == 200, answer.text
    (key,) = re.findall(r"<code data-key>([^<]+)</code>", answer.text)
    return key


def sends(wall: Wall, key: str) -> int:
    body = {
        "promise": "I will listen before I speak",
        "visitor_address": "203.0.113.9",
        "consents": {"public": "My words may be shown in public."},
    }
    client = wall.app.test_client()
    headers = {"Authorization": f"Bearer {key}"}
    return client.post(f"/api/v1/campaigns/{SLUG}/pledges", json=body, headers=headers).status_code


def test_a_key_is_shown_once_works_and_ends_at_once(wall: Wall) -> None:
    owner = wall.moderator("olwen", Role.OWNER)
    key = gives(owner)
    page = owner.client.get(PAGE).text
    assert key not in page and key[-4:] in page and "Kestrel Vale" in page
    assert sends(wall, key) == 202
    (number,) = re.findall(r'name="key" value="(\d+)"', page)
    ended = owner.client.post(PAGE, data={"csrf_token": owner.csrf(), "act": "end", "key": number})
    assert ended.status_code == 303
    assert sends(wall, key) == 401
    again = owner.client.post(PAGE, data={"csrf_token": owner.csrf(), "act": "end", "key": number})
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("role", "status"), [(Role.VIEWER, 403), (Role.MODERATOR, 403), (Role.LEAD, 200), (Role.OWNER, 200)]
)
def test_lead_and_owner_alone_look_after_keys(wall: Wall, role: Role, status: int) -> None:
    somebody = wall.moderator("sam", role)
    assert somebody.client.get(PAGE).status_code == status
    given = {"csrf_token": somebody.csrf(), "act": "give", "name": "Kestrel Vale"}
    assert somebody.client.post(PAGE, data=given).status_code == status
    offered = somebody.client.get(f"/moderation/campaigns/{SLUG}").text
    assert (PAGE in offered) is (status == 200)


def test_whoever_runs_another_campaign_sees_nothing_here(wall: Wall) -> None:
    other = wall.moderator("olwen", Role.OWNER, OTHER)
    assert other.client.get(PAGE).status_code == 404
    assert other.client.get(f"/moderation/campaigns/{SLUG}").status_code == 404
    listed = other.client.get("/moderation/campaigns").text
    assert f"/moderation/campaigns/{OTHER}" in listed and f"/moderation/campaigns/{SLUG}" not in listed


def test_a_key_belongs_to_somebody(wall: Wall) -> None:
    owner = wall.moderator("olwen", Role.OWNER)
    for name in ("", "\u200b", "x" * 101):
        answer = owner.client.post(PAGE, data={"csrf_token": owner.csrf(), "act": "give", "name": name})
        assert answer.status_code == 422


def test_what_was_done_with_keys_stands_in_the_record_without_the_key(wall: Wall) -> None:
    owner = wall.moderator("olwen", Role.OWNER)
    key = gives(owner)
    record = owner.client.get("/moderation/record").text
    assert "gave a partner a key" in record and key not in record
