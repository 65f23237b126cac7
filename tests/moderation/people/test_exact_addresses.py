"""Where an address carries a token, its capitals are what was given."""

from __future__ import annotations

from tests.moderation.conftest import Wall

TOKEN = ".eJyrVkrOSMzJ_c1-QX"


def test_no_token_in_an_address_loses_its_capitals(wall: Wall) -> None:
    client = wall.app.test_client()
    rules = [rule for rule in wall.app.url_map.iter_rules() if "token" in rule.arguments]
    assert {"public.receipt", "desk.join", "security.wan_register_response", "security.wan_signin_response"} <= {
        rule.endpoint for rule in rules
    }
    for rule in rules:
        before = rule.rule.partition("<")[0]
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            assert client.open(f"{before}{TOKEN}", method=method).status_code != 308, rule
            moved = client.open(f"{before.upper()}{TOKEN}/", method=method)
            assert (moved.status_code, moved.headers["Location"]) == (308, f"{before}{TOKEN}"), rule
