"""How many queries each page takes: a number of its own, however much stands on the wall and waits at its desk."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from moderation.surge import held
from tests.filled import Filled
from tests.queries import Queries, counted

# route: address, with names of `filled`, and how many queries it takes
PAGES: dict[str, dict[str, int]] = {
    "/": {"/": 3},
    "/<slug>": {"/{slug}": 4, "/cy/{slug}": 4, "/{slug}?theme=listen": 4, "/{slug}?q=promise&kind=person&sort=kept": 4},
    "/<slug>/<any(promises, answers):shelf>/<id>": {"/{slug}/promises/{promise}": 6, "/{slug}/answers/{answer}": 5},
    "/<slug>/<any(promises, answers):shelf>/<id>/comment": {
        "/{slug}/promises/{promise}/comment": 3,
        "/{slug}/promises/{promise}/comment?reply_to={comment}": 5,
    },
    "/<slug>/<any(promises, answers):shelf>/<id>/card.png": {"/{slug}/promises/{promise}/card.png": 3},
    "/<slug>/<any(promises, answers):shelf>/<id>/qr.svg": {"/{slug}/promises/{promise}/qr.svg": 2},
    "/<slug>/<any(promises, answers):shelf>/<id>/qr.png": {"/{slug}/promises/{promise}/qr.png": 2},
    "/<slug>/<any(promises, answers):shelf>/<id>/report": {"/{slug}/promises/{promise}/report": 3},
    "/<slug>/embed": {"/{slug}/embed": 3, "/{slug}/embed?mode=count": 2},
    "/<slug>/embed.css": {"/{slug}/embed.css?scheme=dark": 1},
    "/<slug>/embed.json": {"/{slug}/embed.json?limit=100": 3},
    "/<slug>/<any(promises, answers):shelf>/<id>/embed": {"/{slug}/promises/{promise}/embed": 3},
    "/<slug>/promises/<id>/embed.json": {"/{slug}/promises/{promise}/embed.json": 3},
    "/<slug>/questions/<id>/embed": {"/{slug}/questions/{question}/embed": 4},
    "/<slug>/organisations/<id>/embed": {"/{slug}/organisations/{organisation}/embed": 4},
    "/<slug>/fragment": {"/{slug}/fragment": 3},
    "/oembed": {
        "/oembed?url=http%3A%2F%2Fwall.example%2F{slug}": 1,
        "/oembed?url=http%3A%2F%2Fwall.example%2F{slug}%2Fpromises%2F{promise}": 2,
    },
    "/embed.js": {"/embed.js": 0},
    "/embed.css": {"/embed.css": 0},
    "/embed-<name>.js": {"/embed-000000000000.js": 0},
    "/<slug>/feed.atom": {"/{slug}/feed.atom": 3, "/{slug}/feed.atom?theme=listen": 3},
    "/<slug>/<any(promises, answers):shelf>/<id>/feed.atom": {"/{slug}/promises/{promise}/feed.atom": 4},
    "/<slug>/card.png": {"/{slug}/card.png": 3},
    "/<slug>/count.png": {"/{slug}/count.png": 3},
    "/<slug>/qr.svg": {"/{slug}/qr.svg": 1},
    "/<slug>/qr.png": {"/{slug}/qr.png": 1},
    "/<slug>/colours.css": {"/{slug}/colours.css": 1},
    "/<slug>/comments/<id>/report": {"/{slug}/comments/{comment}/report": 4},
    "/<slug>/promises/<id>/poster": {"/{slug}/promises/{promise}/poster": 2},
    "/<slug>/updates/<id>/report": {"/{slug}/updates/{update}/report": 4},
    "/<slug>/organisations": {"/{slug}/organisations": 3, "/{slug}/organisations?q=k": 4},
    "/<slug>/organisations/<id>": {"/{slug}/organisations/{organisation}": 4},
    "/<slug>/organisations/<id>/logo-<hash>.png": {"/{slug}/organisations/{organisation}/logo-{logo}.png": 3},
    "/<slug>/organisations/<id>/report": {"/{slug}/organisations/{organisation}/report": 5},
    "/<slug>/organisations/<id>/feed.atom": {"/{slug}/organisations/{organisation}/feed.atom": 4},
    "/<slug>/promise": {"/{slug}/promise": 1, "/{slug}/promise?like={promise}&event=HALL0": 5},
    "/<slug>/questions/<id>": {"/{slug}/questions/{question}": 3},
    "/<slug>/questions/<id>/answer": {"/{slug}/questions/{question}/answer": 2},
    "/accessibility": {"/accessibility": 2},
    "/privacy": {"/privacy": 2},
    "/help": {"/help": 2},
    "/house-rules": {"/house-rules": 3, "/house-rules?campaign={slug}": 3},
    "/api/v1/campaigns": {"/api/v1/campaigns": 6},
    "/api/v1/campaigns/<slug>": {"/api/v1/campaigns/{slug}": 2},
    "/api/v1/campaigns/<slug>/answers": {"/api/v1/campaigns/{slug}/answers?question={question}": 3},
    "/api/v1/campaigns/<slug>/figures": {"/api/v1/campaigns/{slug}/figures": 2},
    "/api/v1/campaigns/<slug>/count": {"/api/v1/campaigns/{slug}/count": 2},
    "/api/v1/campaigns/<slug>/pledges": {
        "/api/v1/campaigns/{slug}/pledges": 3,
        "/api/v1/campaigns/{slug}/pledges?q=promise": 2,
    },
    "/api/v1/campaigns/<slug>/organisations": {"/api/v1/campaigns/{slug}/organisations": 2},
    "/api/v1/campaigns/<slug>/removed": {"/api/v1/campaigns/{slug}/removed": 3},
    "/api/v1/openapi.json": {"/api/v1/openapi.json": 1},
    "/api/v1/pledges/<id>": {"/api/v1/pledges/{promise}": 5},
    "/api/v1/pledges/<id>/updates": {"/api/v1/pledges/{promise}/updates": 3},
    "/api/v1/pledges/<id>/comments": {"/api/v1/pledges/{promise}/comments": 3},
    "/healthz": {"/healthz": 0},
    "/readyz": {"/readyz": 1},
    "/receipt/<token>": {"/receipt/{receipt}": 24, "/receipt/{receipt}?do=edit": 7},
    "/letters/<token>": {"/letters/{letters}": 2},
    "/proofs/<token>": {"/proofs/{proof}": 5},
    "/drafts/<token>": {"/drafts/{draft}": 4, "/drafts/{draft}?do=form": 5},
    "/send-link": {"/send-link": 2},
    "/moderation/": {
        "/moderation/": 24,
        "/moderation/?lane=new&age=over": 10,
        "/moderation/?lane=parked": 23,
        "/moderation/?at={waiting}": 22,
        "/moderation/?campaign={slug}&lang=en": 24,
        "/moderation/?done={decided}": 25,
        "/moderation/?at={reported}": 24,
    },
    "/moderation/batches/<int:batch_id>": {"/moderation/batches/{batch}": 6},
    "/moderation/break": {"/moderation/break": 2},
    "/moderation/campaigns": {"/moderation/campaigns": 4},
    "/moderation/campaigns/<slug>": {"/moderation/campaigns/{slug}": 5},
    "/moderation/campaigns/<slug>/keys": {"/moderation/campaigns/{slug}/keys": 6},
    "/moderation/campaigns/<slug>/embed": {"/moderation/campaigns/{slug}/embed": 7},
    "/moderation/campaigns/<slug>/webhooks": {"/moderation/campaigns/{slug}/webhooks": 7},
    "/moderation/clusters/<int:cluster_id>": {"/moderation/clusters/{cluster}": 15},
    "/moderation/figures": {"/moderation/figures": 11},
    "/moderation/history": {"/moderation/history": 7, "/moderation/history?who=me": 7},
    "/moderation/house-rules": {"/moderation/house-rules": 7},
    "/moderation/invitation/<token>": {"/moderation/invitation/none": 3},
    "/moderation/items": {"/moderation/items?id={promise}": 4},
    "/moderation/items/<public_id>": {"/moderation/items/{promise}": 5},
    "/moderation/me": {"/moderation/me": 2},
    "/moderation/domains": {"/moderation/domains": 4},
    "/moderation/organisations/<public_id>": {"/moderation/organisations/{organisation}": 11},
    "/moderation/organisations/<public_id>/<matter>.png": {
        "/moderation/organisations/{organisation}/{logo_matter}.png": 9
    },
    "/moderation/passkeys": {"/moderation/passkeys": 3},
    "/moderation/passkeys/remove": {"/moderation/passkeys/remove": 2},
    "/moderation/people": {"/moderation/people": 5},
    "/moderation/people/<int:moderator_id>": {"/moderation/people/{moderator}": 7},
    "/moderation/queue.json": {"/moderation/queue.json?since={since}&ids={listed}": 12},
    "/moderation/reasons": {"/moderation/reasons": 8},
    "/moderation/record": {"/moderation/record": 7},
    "/moderation/recovery-codes": {"/moderation/recovery-codes": 2},
    "/moderation/reviews/<int:review_id>": {
        "/moderation/reviews/{waiting}": 16,
        "/moderation/reviews/{reported}": 19,
        "/moderation/reviews/{alike}": 16,
        "/moderation/reviews/{reply}": 17,
    },
    "/moderation/reviews/<int:review_id>/decide": {"/moderation/reviews/{waiting}/decide": 2},
    "/moderation/reviews/<int:review_id>/letter": {"/moderation/reviews/{waiting}/letter": 2},
    "/moderation/search": {"/moderation/search": 5, "/moderation/search?q=promise": 7},
    "/moderation/sessions": {"/moderation/sessions": 3},
    "/moderation/sheet": {"/moderation/sheet": 11},
    "/moderation/sign-in": {"/moderation/sign-in": 2},
    "/moderation/sign-in/again": {"/moderation/sign-in/again": 3},
    "/moderation/sign-in/code": {"/moderation/sign-in/code": 2},
    "/moderation/sign-in/how": {"/moderation/sign-in/how": 2},
    "/moderation/sign-in/passkey": {"/moderation/sign-in/passkey": 2},
    "/moderation/sign-in/recovery": {"/moderation/sign-in/recovery": 2},
    "/moderation/sign-in/rescue": {"/moderation/sign-in/rescue": 1},
    "/moderation/sign-in/set-up": {"/moderation/sign-in/set-up": 1},
    "/moderation/surge": {"/moderation/surge": 14},
    "/moderation/word-lists": {"/moderation/word-lists": 6},
}
EXEMPT = {"static", "security.static"}  # files
PUBLIC, AT_THE_DESK = 8, 25  # queries of a page, at most
PRIVATE = {"/receipt/{receipt}"}  # of one author, with all that was decided
LANGUAGE = re.compile(r"^/(cy|en)/")
EVERY = [(route, path) for route, paths in PAGES.items() for path in paths]


def asked(filled: Filled, path: str) -> Queries:
    """What the page asks, when it is not the first."""
    address = filled.path(path)
    filled.desk.client.get(address)
    with counted(filled.wall.database.engine) as queries:
        answer = filled.desk.client.get(address)
    assert answer.status_code < 500
    return queries


@pytest.mark.parametrize(("route", "path"), EVERY, ids=[path for _, path in EVERY])
def test_a_page_takes_its_number_of_queries_however_much_there_is(
    filled_walls: tuple[Filled, Filled], route: str, path: str
) -> None:
    few, many = (asked(each, path) for each in filled_walls)
    assert len(few) == len(many), f"more of these for more rows:\n{many.beside(few)}\nand fewer:\n{few.beside(many)}"
    assert len(many) == PAGES[route][path], many.grouped()


def test_every_page_has_its_number(filled_walls: tuple[Filled, Filled]) -> None:
    assert {_plain(rule.rule) for rule in _read_rules(filled_walls[0].wall.app)} == set(PAGES)


def _read_rules(app: Flask) -> Iterator[Rule]:
    """The routes that answer a page or JSON to whoever reads, but for the languages of one page."""
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint not in EXEMPT:
            yield rule


def _plain(route: str) -> str:
    """The same page without its language."""
    return LANGUAGE.sub("/", route)


def test_no_page_takes_more_than_its_kind_may() -> None:
    for path, number in ((path, number) for paths in PAGES.values() for path, number in paths.items()):
        if path not in PRIVATE:
            assert number <= (AT_THE_DESK if path.startswith("/moderation") else PUBLIC), path


def test_what_is_shown_when_walls_move_again_is_found_by_one_query_after_however_many_surges(
    filled_walls: tuple[Filled, Filled],
) -> None:
    for each in filled_walls:
        with each.wall.work() as session, counted(each.wall.database.engine) as queries:
            held.held_back(session)
        assert len(queries) == 1, queries.grouped()
