"""What is erased is gone from the file itself, terms end, and the record notices a hand that is not ours."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from moderation.jobs import retention
from moderation.models import Act, Evidence, Letter, Note, Review
from moderation.record import chain
from moderation.workflow import State
from pledges.db import transaction, utcnow
from pledges.models import Contribution, Organisation, Revision
from tests.wall import AtTheDesk, Sent, Wall, later, unguarded

CANARY = "Kanarienvogel"


def forget(wall: Wall, **ahead: float) -> dict[str, int]:
    with wall.app.app_context():
        return retention.forget(wall.settings, utcnow() + timedelta(**ahead))


def canary_sent(wall: Wall, moderator: AtTheDesk, number: int) -> Sent:
    """A promise with the canary in every field, noted on, edited, reported and shown."""
    words = f"I will feed the {CANARY} number {number} with telephone 020 7946 0{number:03d}"
    fields = {
        "name": f"{CANARY} {number}", "show_name": "organisation", "role": f"{CANARY} keeper", "kind": "organisation",
        "organisation": f"{CANARY} Society {number}", "website": f"https://{CANARY.lower()}.example",
        "email": f"{CANARY.lower()}{number}@example.org", "how_we_will_know": f"The {CANARY} sings",
        "header_User_Agent": f"{CANARY}/1.0", "header_Referer": f"https://{CANARY.lower()}.example/",
    }  # fmt: skip
    sent = wall.promises(words, **fields)
    wall.screens()
    moderator.decides(sent, "pass", note=f"Is {CANARY} a name?")
    moderator.decides(sent, "revise", reason="clearer", note=f"Which {CANARY}?")
    fields = {name: value for name, value in fields.items() if not name.startswith("header_")}
    sent = wall.edits(sent, f"{words}, daily", **fields)
    wall.screens()
    moderator.approves(sent)
    wall.reports(sent, note=f"I am the {CANARY}", email=f"{CANARY.lower()}@example.org")
    return sent


def bytes_of(wall: Wall) -> dict[str, int]:
    """In which files of the instance, and how often, the canary's bytes stand."""
    found = {}
    for path in wall.settings.instance.rglob("*"):
        if path.is_file():
            found[path.name] = path.read_bytes().lower().count(CANARY.lower().encode())
    database = Path(wall.database.url.removeprefix("sqlite:///"))
    for path in database.parent.glob(f"{database.name}*"):
        found[path.name] = path.read_bytes().lower().count(CANARY.lower().encode())
    return {name: count for name, count in found.items() if count}


@pytest.mark.parametrize("database_kind", [pytest.param("sqlite", marks=pytest.mark.sqlite)])
def test_no_byte_of_what_was_erased_stays_in_the_file(wall: Wall, moderator: AtTheDesk, database_kind: str) -> None:
    sent = [canary_sent(wall, moderator, number) for number in range(5)]
    wall.promises("I will plant ten trees")
    assert any(name.endswith(".eml") for name in bytes_of(wall))  # the control
    for each in sent:
        assert wall.acts(each, "erase").status_code == 200
    wall.screens(later(60))  # what is owed to who reported them is told first
    forget(wall)
    assert bytes_of(wall) == {}


def test_letters_in_the_folder_go_with_the_words_and_with_their_rows(wall: Wall, moderator: AtTheDesk) -> None:
    gone, kept = canary_sent(wall, moderator, 1), wall.promises(email="else@example.org")
    wall.screens()
    mail = wall.settings.instance / "mail"
    written = len(list(mail.glob("*.eml")))
    assert any(CANARY.lower() in letter.lower() for letter in wall.letters())
    wall.acts(gone, "erase")
    assert len(list(mail.glob("*.eml"))) < written
    assert not any(CANARY.lower() in letter.lower() for letter in wall.letters())
    (mail / "00009999.eml").write_text("left behind by a crash between the erasure and its files")
    assert forget(wall)["written letters"] == 1
    assert "else@example.org" in "".join(wall.letters())
    assert kept.contribution_id != gone.contribution_id


def test_no_column_holds_what_was_erased(wall: Wall, moderator: AtTheDesk) -> None:
    sent = canary_sent(wall, moderator, 1)
    assert "revisions" in tables_with_canary(wall)
    assert "notes" in tables_with_canary(wall)
    wall.acts(sent, "erase")
    assert tables_with_canary(wall) == {"reports"}  # the address of who reported it, until the letter has gone
    wall.screens(later(60))
    assert tables_with_canary(wall) == set()
    with wall.look() as session:
        assert session.scalars(select(Evidence)).all() == []
        assert session.scalars(select(Note)).all() == []
        assert session.scalars(select(Organisation)).all() == []
        revisions = session.scalars(select(Revision)).all()
        assert [(each.words, each.salt, len(each.digest)) for each in revisions] == [("", "", 64)] * 2
        assert list(chain.verify(session)) == []


def tables_with_canary(wall: Wall) -> set[str]:
    from pledges.db import Base

    with wall.look() as session:
        return {
            table.name
            for table in Base.metadata.sorted_tables
            if CANARY.lower() in str(session.execute(select(table)).all()).lower()
        }


def test_an_organisation_stays_while_another_promise_names_it(wall: Wall, moderator: AtTheDesk) -> None:
    fields = {"kind": "organisation", "organisation": "Tree Trust", "email": "a@example.org"}
    first = wall.promises("We will plant ten trees", **fields)
    second = wall.promises("We will water ten trees", **fields)
    moderator.approves(first)
    moderator.approves(second)
    wall.acts(first, "erase")
    with wall.look() as session:
        assert session.scalars(select(Organisation.name)).all() == ["Tree Trust"]
    wall.acts(second, "erase")
    with wall.look() as session:
        assert session.scalars(select(Organisation.name)).all() == []


def test_a_13_each_term_ends_when_it_should_and_not_before(wall: Wall, moderator: AtTheDesk) -> None:
    shown, spam, rejected, withdrawn, waiting = (
        wall.promises(f"I will do thing number {n}", email=f"a{n}@example.org") for n in range(5)
    )
    wall.screens()
    moderator.approves(shown)
    moderator.decides(spam, "spam")
    moderator.decides(rejected, "reject", reason="off_topic")
    wall.acts(withdrawn, "withdraw")

    def erased() -> set[int]:
        with wall.look() as session:
            ids = session.scalars(select(Contribution.id).where(Contribution.erased_at.is_not(None)))
            return set(ids)

    forget(wall, days=14.9)
    assert erased() == set()
    forget(wall, days=15.1)
    assert erased() == {spam.contribution_id}
    assert evidence_left(wall) == 4
    forget(wall, days=29.9)
    assert evidence_left(wall) == 4
    forget(wall, days=30.1)
    assert erased() == {spam.contribution_id, withdrawn.contribution_id}
    assert evidence_left(wall) == 0
    forget(wall, days=182)
    assert len(erased()) == 2
    assert forget(wall, days=184)["rejected"] == 1
    assert erased() == {spam.contribution_id, withdrawn.contribution_id, rejected.contribution_id}
    assert sum(forget(wall, days=184).values()) == 0
    assert wall.shown("I will do thing number 0")
    assert wall.review(waiting.review_id).state is State.WAITING


def evidence_left(wall: Wall) -> int:
    with wall.look() as session:
        return session.scalars(select(func.count()).select_from(Evidence)).one()


def test_sent_and_dropped_letters_are_forgotten_after_ninety_days(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises(email="amina@example.org")
    moderator.approves(sent)
    wall.screens(utcnow() + timedelta(seconds=40))
    assert len(wall.owed()) == 2
    forget(wall, days=89)
    assert len(wall.owed()) == 2
    forget(wall, days=91)
    assert wall.owed() == []


def test_spam_that_was_shown_before_or_waits_again_is_not_erased(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    wall.screens()
    moderator.decides(sent, "spam")
    moderator.decides(sent, "reopen")
    forget(wall, days=400)
    with wall.look() as session:
        assert session.get_one(Contribution, sent.contribution_id).erased_at is None


# The record


def faults(wall: Wall) -> list[str]:
    with wall.look() as session:
        return [fault.what for fault in chain.verify(session)]


@pytest.fixture
def lines(wall: Wall) -> list[int]:
    """The ids of six lines."""
    with wall.work() as session:
        return [
            chain.add(session, "operator", "test", f"thing:{number}", after={"n": number}, now=utcnow()).id
            for number in range(6)
        ]


INTO = 'INTO acts (id, actor, act, subject, campaign_id, "before", "after", at, previous, hash)'
REST = """'x', act, subject, campaign_id, "before", "after", at, previous, hash FROM acts WHERE id = 1"""
STATEMENTS = [
    "UPDATE acts SET actor = 'x' WHERE id = 1",
    "DELETE FROM acts",
    "TRUNCATE acts",
    f"INSERT OR REPLACE {INTO} SELECT id, {REST}",
    f"INSERT OR REPLACE {INTO} SELECT id + 1000, {REST}",
    f"INSERT {INTO} SELECT id, {REST} ON CONFLICT (id) DO UPDATE SET actor = 'x'",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_database_itself_refuses_to_change_the_record(wall: Wall, lines: list[int], statement: str) -> None:
    refusal = "syntax error" if _unknown(wall, statement) else "never changed or removed"
    with pytest.raises(DBAPIError, match=refusal), wall.work() as session:
        session.execute(text(statement))
    assert faults(wall) == []


def _unknown(wall: Wall, statement: str) -> bool:
    """SQLite empties a table by DELETE alone, and it alone replaces what stands in the way."""
    return statement.startswith("TRUNCATE" if wall.settings.database_url.startswith("sqlite") else "INSERT OR")


def test_a_whole_record_has_no_fault(wall: Wall, lines: list[int]) -> None:
    assert faults(wall) == []


@pytest.mark.parametrize("column, value", [("actor", "moderator:9"), ("after", {"n": 9}), ("subject", "thing:9")])
def test_a_changed_line_is_found(wall: Wall, lines: list[int], column: str, value: object) -> None:
    with wall.work() as session:
        unguarded(session)
        session.execute(update(Act).where(Act.id == lines[2]).values({column: value}))
    assert faults(wall) == ["was changed after it was written"]


def test_a_changed_line_with_a_fresh_hash_is_found_at_the_next(wall: Wall, lines: list[int]) -> None:
    with wall.work() as session:
        unguarded(session)
        line = session.get_one(Act, lines[2])
        line.actor = "moderator:9"
        line.hash = chain._hash(line)
    assert faults(wall) == ["does not follow the line before it"]


@pytest.mark.parametrize("place", [0, 2, 5])
def test_a_removed_line_is_found_also_at_the_ends(wall: Wall, lines: list[int], place: int) -> None:
    with wall.work() as session:
        unguarded(session)
        session.execute(delete(Act).where(Act.id == lines[place]))
    assert faults(wall)


def test_an_inserted_line_is_found(wall: Wall, lines: list[int]) -> None:
    with wall.work() as session:
        last = session.get_one(Act, lines[-1])
        forged = Act(
            actor="operator", act="test", subject="thing:7", before={}, after={}, at=utcnow(), previous=last.hash
        )
        values = {
            name: getattr(forged, name) for name in ("actor", "act", "subject", "before", "after", "at", "previous")
        }
        session.execute(insert(Act).values(**values, id=lines[-1] + 1, hash=chain._hash(forged)))
    assert faults(wall) == ["the head tells of 6 lines, 7 are there"]


def test_the_command_tells_of_a_fault(wall: Wall, lines: list[int]) -> None:
    run = wall.app.test_cli_runner()
    assert run.invoke(args=["record", "verify"]).exit_code == 0
    with wall.app.app_context(), transaction() as session:
        unguarded(session)
        session.execute(text("UPDATE acts SET actor = 'x' WHERE id = :id"), {"id": lines[1]})
    answer = run.invoke(args=["record", "verify"])
    assert answer.exit_code == 1
    assert f"line {lines[1]}: was changed" in answer.output


def test_the_record_holds_no_words(wall: Wall, moderator: AtTheDesk) -> None:
    canary_sent(wall, moderator, 1)
    assert "acts" not in tables_with_canary(wall)
    assert "letters" not in tables_with_canary(wall)
    with wall.look() as session:
        assert session.scalars(select(Act)).all()
        assert session.scalars(select(Letter)).all()
        assert session.scalars(select(Review)).all()
