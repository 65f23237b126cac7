"""The description says what is there, and what is answered has the shape that it says."""

from __future__ import annotations

import json

import pytest
from openapi_spec_validator import validate
from pydantic import BaseModel

from pledges.api import schemas

API = "/api/v1"


def test_it_is_an_openapi_document_of_every_address(visitor, app) -> None:
    answer = visitor.get(f"{API}/openapi.json")
    assert answer.mimetype == "application/json" and answer.headers["Access-Control-Allow-Origin"] == "*"
    document = answer.json
    assert document["openapi"].startswith("3.1")
    validate(document)
    described = {(path, method.upper()) for path, of in document["paths"].items() for method in of}
    there = {
        (rule.rule.removeprefix(API).replace("<", "{").replace(">", "}"), method)
        for rule in app.url_map.iter_rules()
        for method in rule.methods & {"GET", "POST"}
        if rule.endpoint.startswith("api.")
    }
    assert described == there


def test_what_each_address_can_be_asked_is_what_it_reads(visitor) -> None:
    document = visitor.get(f"{API}/openapi.json").json
    asked = [each["name"] for each in document["paths"]["/campaigns/{slug}/pledges"]["get"]["parameters"]]
    assert {"slug", "after", "limit", "theme", "audience", "kind", "status", "lang"} <= set(asked)


SHAPES: list[tuple[str, type[BaseModel]]] = [
    ("/campaigns", schemas.Campaigns),
    ("/campaigns/week", schemas.Campaign),
    ("/campaigns/week/count", schemas.Counts),
    ("/campaigns/week/pledges", schemas.Pledges),
    ("/campaigns/week/answers?question=q234567890", schemas.Answers),
    ("/campaigns/week/removed", schemas.Removed),
    ("/pledges/{id}", schemas.PledgeOrAnswer),
    ("/pledges/{id}/comments", schemas.Comments),
    ("/pledges/{id}/updates", schemas.Updates),
    ("/campaigns/week/figures", schemas.Figures),
    ("/campaigns/week/organisations", schemas.Organisations),
]


@pytest.mark.parametrize(("path", "shape"), SHAPES, ids=[path for path, _ in SHAPES])
def test_an_answer_has_the_shape_that_is_described(visitor, shown, hide, path, shape) -> None:
    id, gone = shown(["I will listen", "I will speak"], name="Amina")
    shown(["Well said"], parent=id, name="Bo")
    hide(gone)
    answer = visitor.get(API + path.format(id=id))
    assert answer.status_code == 200
    assert shape.model_validate_json(answer.data).model_dump(mode="json") == json.loads(answer.data)


def test_a_promise_has_every_field_of_the_contract(visitor, shown) -> None:
    (id,) = shown(["I will listen"])
    found = visitor.get(f"{API}/pledges/{id}").json
    expected = (
        "id url promise by organisation verified kind theme audience lang by_when how_we_will_know status published_at "
        "comments embed_url card_url"
    )
    assert set(expected.split()) <= set(found)
    assert found["card_url"] == f"https://wall.example/week/promises/{id}/card.png"
    assert found["published_at"].endswith("Z")


@pytest.mark.parametrize(
    ("path", "status", "errors"),
    [
        ("/campaigns/week/pledges?limit=0", 400, {"limit"}),
        ("/campaigns/week/pledges?after=x", 400, {"after"}),
        ("/pledges/{id}/comments?after=x", 400, {"after"}),
        ("/campaigns/week/removed?since=soon", 400, {"since"}),
        ("/campaigns/nowhere", 404, set()),
        ("/pledges/none2345", 404, set()),
        ("/nothing/at/all", 404, set()),
    ],
)
def test_every_error_is_a_problem_that_names_the_field(visitor, shown, path, status, errors) -> None:
    (id,) = shown(["I will listen"])
    answer = visitor.get(API + path.format(id=id))
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    problem = schemas.Problem.model_validate(answer.json)
    assert (problem.status, set(problem.errors)) == (status, errors)
    assert visitor.client.delete(API + "/campaigns").mimetype == "application/problem+json"


@pytest.mark.parametrize(
    "since", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2027-07-21", "2027-07-21T09:00:00z"]
)
def test_any_moment_can_be_asked_since(visitor, since) -> None:
    assert visitor.get(f"{API}/campaigns/week/removed", query_string={"since": since}).status_code == 200


def test_organisations_are_listed_by_name_with_what_they_promised(visitor, approve) -> None:
    for name in ("Northbrook", "Kestrel Vale", "Amber Hall"):
        visitor.promises(kind="organisation", organisation=name, email="k@example.org")
        approve()
    first = visitor.get(f"{API}/campaigns/week/organisations?limit=2").json
    assert [(each["name"], each["pledges"]) for each in first["organisations"]] == [
        ("Amber Hall", 1),
        ("Kestrel Vale", 1),
    ]
    rest = visitor.get(f"{API}/campaigns/week/organisations?limit=2&after={first['next']}").json
    assert [each["name"] for each in rest["organisations"]] == ["Northbrook"] and rest["next"] is None
    found = visitor.get(f"{API}/campaigns/week/organisations?q=kes").json["organisations"]
    assert [each["url"].startswith("https://wall.example/week/organisations/") for each in found] == [True]
    assert visitor.get(f"{API}/campaigns/week/organisations?after=x").json["errors"].keys() == {"after"}
