"""A reader finds promises by their words, by names as far as they are shown, and by what they are; nothing else is found."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from moderation.decisions import decide
from moderation.models import Moderator, Review
from moderation.workflow import Move
from pledges.db import utcnow
from pledges.figures import counters
from pledges.intake.door import review_desk
from pledges.models import Campaign, Contribution, Kind, Progress, ShowName, Type
from pledges.organisations import places
from pledges.receipt import acts
from pledges.wall import finder, listing, publishing, steps
from tests.forms import forms
from tests.wall import SLUG, AtTheDesk, Sent, Wall, later, seen_by

CARD = re.compile(r'data-pledge="([^"]+)"')
LINK = re.compile(r'rel="(next|prev)" href="([^"#]+)')
LANGUAGES, STATUSES = ("en", "cy"), [*Progress]


def cards(wall: Wall, path: str) -> list[str]:
    """Ids of the promises on this page, in its order."""
    answer = wall.app.test_client().get(path.replace("&amp;", "&"))
    assert answer.status_code == 200, path
    return CARD.findall(answer.text)


def finds(wall: Wall, words: str, slug: str = SLUG, **filters: str) -> list[str]:
    answer = wall.app.test_client().get(f"/{slug}", query_string={"q": words, **filters})
    assert answer.status_code == 200
    listed: Any = wall.app.test_client().get(f"/api/v1/campaigns/{slug}/pledges", query_string={"q": words, **filters})
    found = CARD.findall(answer.text)
    assert [each["id"] for each in listed.json["pledges"]] == found  # the JSON says the same
    return found


@pytest.fixture
def wall(walls: Callable[..., Wall]) -> Wall:
    return walls()


@pytest.fixture
def mo(wall: Wall) -> AtTheDesk:
    return wall.moderator()


def test_a_promise_is_found_by_its_words_and_by_their_beginnings_and_by_all_of_them(wall: Wall, mo: AtTheDesk) -> None:
    books = wall.promises("I will buy schoolbooks by Black authors for Year 4")
    talk = wall.promises("Rwy’n addo gwrando ar staff cyn siarad")
    listen = wall.promises("我会在说话之前倾听我的同事们")
    wall.promises("I will wait for a person to read this about schoolbooks")
    for each in (books, talk, listen):
        mo.approves(each)
    assert finds(wall, "schoolbooks") == finds(wall, "SCHOOL") == finds(wall, "black  year") == [books.public_id]
    assert finds(wall, "gwrando") == finds(wall, "rwy n siarad") == finds(wall, "Rwy’n") == [talk.public_id]
    assert finds(wall, "倾听") == finds(wall, "同事") == [listen.public_id]
    assert finds(wall, "倾话") == finds(wall, "schoolbooks gwrando") == finds(wall, "person") == []
    for nothing in ("…", '"', "' OR 1", "NEAR(", "§kind§person", "words:", "*", "-", "a AND", "\\", "💐"):
        assert finds(wall, nothing) == [], nothing


def test_a_long_word_is_found_by_its_plural_by_its_beginning_and_the_other_way_round(wall: Wall, mo: AtTheDesk) -> None:
    one = wall.promises("I will ask one colleague about an opportunity")
    many = wall.promises("I will ask my colleagues about opportunities")
    else_ = wall.promises("I will ask the college and the collection, with operations")
    hindi = wall.promises("मैं विश्वविद्यालय में सुनूँगा और सीखूँगा")
    for each in (one, many, else_, hindi):
        mo.approves(each)
    both = [many.public_id, one.public_id]
    for asked in (
        "colleague",
        "colleagues",
        "Colleagues’",
        "colleagu",
        "opportunity",
        "opportunities",
        "colleagues opportunity",
    ):
        assert finds(wall, asked) == both, asked
    assert finds(wall, "collections") == [else_.public_id] and finds(wall, "colleges") == []
    assert finds(wall, "विश्वविद्यालय") == [hindi.public_id]
    assert finds(wall, "विश्वास") == []
    assert finds(wall, "विश्वविद") == []  # a letter without the mark that makes it another
    desk = mo.client.get("/moderation/search", query_string={"q": "opportunity"}).text
    assert [f'data-review="{each.review_id}"' in desk for each in (one, many, else_)] == [True, True, False]


def test_promises_that_were_approved_in_one_moment_stand_in_one_order_everywhere(wall: Wall) -> None:
    sent = [wall.promises(f"I will listen {number} times") for number in range(5)]
    now = utcnow()
    for each in (sent[3], sent[0], sent[4], sent[1], sent[2]):
        with wall.work() as session:
            publishing.publish(session, session.get_one(Contribution, each.contribution_id).latest, now)
    found = finds(wall, "listen")
    assert found == [sent[at].public_id for at in (2, 1, 4, 0, 3)]
    assert cards(wall, f"/{SLUG}") == found
    feed = wall.app.test_client().get(f"/{SLUG}/feed.atom").text
    assert sorted(found, key=lambda id: feed.index(f"/promises/{id}")) == found


WRITINGS = {  # what is written, how it is asked for and found, and what is another word
    "विश्वविद्यालयों में छात्रवृत्ति": (("विश्वविद्या", "विश्व", "छात्रवृत्ति", "छात्रवृ"), ("विश्वविध", "छात्रवत्ति", "छत्र")),
    "প্রতিশ্রুতিগুলোর কথা বলব": (("প্রতিশ্রুতিগুলো", "প্রতিশ্রুতি", "প্রতি"), ("প্রতিশ্রুত", "পরতি")),
    "பள்ளிக்கூடங்களில் கேட்பேன்": (("பள்ளிக்கூடங்களில்", "பள்ளிக்கூடங்", "பள்ளி", "கேட்பே"), ("பள்ளிகூட", "பளளி")),
    "เราจะปลูกต้นไม้ในโรงเรียน": (("ปลูกต้น", "โรงเรียน", "ต้นไม้"), ("ปลกตน", "โรงเรยน")),
    "سَأُحْسِنُ الاِسْتِماعَ إلى الجَمِيع": (("ساحسن", "سَأُحْسِنُ", "الاستماع", "الاست", "الجميع", "الى"), ("الاستمتاع",)),
    "אֲנִי מַבְטִיחַ לְהַקְשִׁיב": (("מבטיח", "מַבְטִיחַ", "להקשיב", "להק"), ("מבטח",)),
    "Tôi sẽ lắng nghe người khác": (("lắng", "lang nghe", "nguoi", "người", "NGƯỜI"), ("lung",)),
    "Mo ṣèlérí láti gbọ́ ọ̀rọ̀ wọn": (("selerí", "ṣèlérí", "seleri", "oro", "ọ̀rọ̀", "gbo"), ("ara",)),
    "Θα ακούω προσεκτικά": (("ακουω", "ΑΚΟΎΩ", "προσεκτ"), ("ακουα",)),
}


def test_words_of_every_writing_are_found_by_how_they_begin_and_folded_as_their_readers_expect(
    wall: Wall, mo: AtTheDesk
) -> None:
    sent = {words: wall.promises(words) for words in WRITINGS}
    for each in sent.values():
        mo.approves(each)
    for words, (found, other) in WRITINGS.items():
        for asked in found:
            assert finds(wall, asked) == [sent[words].public_id], asked
        for asked in other:
            assert finds(wall, asked) == [], asked
    words, ((asked, *_), _other) = next(iter(WRITINGS.items()))
    desk = mo.client.get("/moderation/search", query_string={"q": asked}).text
    assert f'data-review="{sent[words].review_id}"' in desk


def test_a_name_is_found_as_far_as_it_is_shown_and_by_nobody_once_it_is_hidden(wall: Wall, mo: AtTheDesk) -> None:
    named = {"name": "Amina Yusuf", "role": "Midwife in Derby", "organisation": "Northbrook"}
    full = wall.promises("I will ask who is missing", show_name="full", **named)
    first = wall.promises("I will ask who was missing", show_name="first", **named)
    role = wall.promises("I will ask who will be missing", show_name="role", **named)
    none = wall.promises("I will ask who had been missing", show_name="anonymous", **named)
    for each in (full, first, role, none):
        mo.approves(each)
    every = [each.public_id for each in (none, role, first, full)]
    assert finds(wall, "missing") == every
    assert finds(wall, "yusuf") == [full.public_id]
    assert finds(wall, "amina") == [first.public_id, full.public_id]
    assert finds(wall, "midwife") == [role.public_id, full.public_id]
    assert finds(wall, "northbrook") == []
    assert wall.acts(full, "hide_name").status_code in (200, 303)
    assert finds(wall, "yusuf") == [] and finds(wall, "amina") == [first.public_id]
    assert finds(wall, "missing") == every


def test_what_is_taken_down_withdrawn_or_changed_is_found_no_more_and_stands_where_it_stood_when_it_is_back(
    wall: Wall, mo: AtTheDesk
) -> None:
    one = wall.promises("I will mentor apprentices", email="amina@example.org")
    two = wall.promises("I will mentor nurses")
    mo.approves(one)
    mo.approves(two)
    assert finds(wall, "mentor") == [two.public_id, one.public_id]
    assert mo.decides(one, "reject", reason="other").status_code == 303
    assert finds(wall, "mentor") == [two.public_id]
    assert mo.decides(one, "undo").status_code == 303
    assert finds(wall, "mentor") == [two.public_id, one.public_id]
    assert wall.acts(two, "withdraw").status_code in (200, 303)
    assert finds(wall, "mentor") == [one.public_id]
    newer = wall.edits(one, "I will mentor plumbers", email="amina@example.org")
    assert finds(wall, "plumbers") == [] and finds(wall, "apprentices") == [one.public_id]
    mo.approves(newer)
    assert finds(wall, "plumbers") == [one.public_id] and finds(wall, "apprentices") == []
    assert wall.acts(one, "erase").status_code in (200, 303)
    assert finds(wall, "mentor") == []


def test_what_was_erased_lies_in_no_index_any_more(wall: Wall, mo: AtTheDesk) -> None:
    one, two = wall.promises("I will unlearn zugzwanging"), wall.promises("I will unlearn something else")
    mo.approves(one)
    mo.approves(two)
    wall.acts(one, "erase")
    with wall.look() as session:
        table = "wall_words" if session.get_bind().dialect.name == "postgresql" else "wall_words_data"
        kept = "".join(str(value) for row in session.execute(text(f"SELECT * FROM {table}")) for value in row)  # noqa: S608 (constants)
    assert "omething" in kept and "gzwang" not in kept  # the first letters may stand with the word before it


def test_filters_combine_and_one_alone_says_how_many_there_are(wall: Wall, mo: AtTheDesk) -> None:
    def sent(number: int, **fields: str) -> str:
        made = wall.promises(f"I will do what number {number} asks of me", **fields)
        mo.approves(made)
        return made.public_id

    one = sent(1, theme="listen", audience="schools")
    two = sent(2, theme="speak", audience="schools")
    three = sent(3, theme="speak", kind="organisation", organisation="Northbrook", email="a@northbrook.example")
    client = wall.app.test_client()
    assert cards(wall, f"/{SLUG}?theme=speak") == [three, two]
    assert cards(wall, f"/{SLUG}?audience=schools") == [two, one]
    assert cards(wall, f"/{SLUG}?theme=speak&kind=person&q=number") == [two]
    assert cards(wall, f"/{SLUG}?theme=speak&audience=schools&lang=en&status=promised") == [two]
    assert cards(wall, f"/{SLUG}?theme=listen&kind=organisation") == cards(wall, f"/{SLUG}?lang=cy") == []
    assert cards(wall, f"/{SLUG}?theme=none-such") == cards(wall, f"/{SLUG}?status=none-such") == []
    alone = client.get(f"/{SLUG}?kind=organisation").text
    assert "1 promise: organisations" in alone and 'organisations</a> <span class="n">' not in alone
    assert 'people</a> <span class="n">2</span>' in alone  # another of the same kind is one alone, too
    both = client.get(f"/{SLUG}?kind=organisation&theme=speak").text
    assert 'class="n"' not in both and "Promises: Speak up, organisations" in both
    assert 'Schools</a> <span class="n">2</span>' in client.get(f"/{SLUG}").text


def test_kept_promises_come_first_when_they_are_asked_for(wall: Wall, mo: AtTheDesk) -> None:
    ids = []
    for number in range(6):
        made = wall.promises(f"I will do what number {number} asks of me")
        mo.approves(made)
        ids.append(made)
    with wall.work() as session:
        for number in (1, 4):
            pledge = session.get_one(Contribution, ids[number].contribution_id)
            steps.set_progress(session, pledge, Progress.KEPT)
    said = [each.public_id for each in ids]
    assert cards(wall, f"/{SLUG}") == said[::-1]
    assert cards(wall, f"/{SLUG}?sort=new") == said[::-1]
    assert cards(wall, f"/{SLUG}?sort=kept") == [said[number] for number in (4, 1, 5, 3, 2, 0)]
    assert cards(wall, f"/{SLUG}?sort=kept&q=number") == [said[number] for number in (4, 1, 5, 3, 2, 0)]
    assert cards(wall, f"/{SLUG}?status=kept") == [said[4], said[1]]


# Pages


class Many:
    """Promises below the forms, many of them at one moment, with everything that a reader can ask for."""

    def __init__(self, wall: Wall, chance: random.Random) -> None:
        self.wall, self.chance = wall, chance
        self.sent: list[Sent] = []
        with wall.work() as session:
            campaign = session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one()
            self.themes = [theme.key for theme in campaign.themes][:3]
            self.audiences = [each.key for each in campaign.audiences]
            self.by_kind = {each.key: each.kind for each in campaign.audiences}

    def makes(self) -> None:
        chance = self.chance
        words = " ".join(chance.choices(("listen", "read", "ask", "mentor", "schools", "pay"), k=3))
        fields = {"theme": chance.choice(self.themes), "audience": chance.choice(self.audiences)}
        if chance.random() < 0.3:
            fields |= {"kind": "organisation", "organisation": f"Co {chance.randrange(3)}", "email": "a@co.example"}
        self.sent.append(self.wall.promises(f"I will {words}", lang=chance.choice(("", "cy")), **fields))


def rows(wall: Wall) -> Iterator[tuple[Contribution, str, str, str]]:
    with wall.look() as session:
        found = select(Contribution).where(Contribution.type == Type.PLEDGE, Contribution.shown_at.is_not(None))
        for each in session.scalars(found.order_by(Contribution.shown_at.desc(), Contribution.id.desc())):
            assert each.published_revision is not None
            yield (
                each,
                each.published_revision.words,
                each.theme.key if each.theme else "",
                each.audience.key if each.audience else "",
            )


def wanted(wall: Wall, by_kind: dict[str, Kind | None], asked: dict[str, str]) -> list[str]:
    """What the rows themselves say, without any index."""
    found = [
        each
        for each, words, theme, audience in rows(wall)
        if asked.get("theme", theme) == theme
        and (asked.get("audience", audience) == audience or by_kind.get(asked["audience"]) == each.kind)
        and asked.get("kind", each.kind) == each.kind
        and asked.get("status", each.progress) == each.progress
        and asked.get("lang", each.lang) == each.lang
        and all(word in words.split() for word in asked.get("q", "").split())
    ]
    if asked.get("sort") == "kept":
        found.sort(key=lambda each: each.progress is not Progress.KEPT)
    return [each.public_id for each in found]


@pytest.mark.timeout(600)
def test_pages_on_and_back_show_what_the_rows_say_whatever_happened_before(
    wall: Wall, mo: AtTheDesk, share: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each of some hundred random acts, by each of many questions: nothing lost, nothing twice, nothing that is gone."""
    chance = random.Random(11)
    for name, few in (
        ("NEAR", 4),
        ("FURTHER", 8),
        ("PROMISING", 2),
    ):  # so that what is rare and what is common differ here
        monkeypatch.setattr(f"pledges.search.wall.{name}", few)
    monkeypatch.setattr("pledges.wall.listing.PAGE", 5)
    monkeypatch.setattr(listing.wall_page, "__kwdefaults__", {"after": "", "before": "", "limit": 5})
    monkeypatch.setattr(finder.page, "__kwdefaults__", {"limit": 5})
    many = Many(wall, chance)
    for _ in range(30):
        many.makes()
    with wall.work() as session:
        by = wall.plain_moderator(session)
        now, place = later(1), iter(range(10**6))
        for each in many.sent:
            approve(session, wall, each, by, now)  # all at one moment
    for _ in range(share(200, 4)):
        with wall.work() as session:
            for _ in range(3):
                happens(session, chance, many, later(2 + next(place)))
        asked = question(chance, many)
        said = wanted(wall, many.by_kind, asked)
        assert walked(wall, asked) == (said, said), asked
    with wall.look() as session:
        campaign_id = session.scalars(select(Campaign.id).where(Campaign.slug == SLUG)).one()
        assert counters.recount(session, campaign_id) == {} and places.recount(session, campaign_id) == 0
        session.rollback()


def approve(session: Session, wall: Wall, sent: Sent, by: Moderator, now: datetime) -> None:
    review = session.get_one(Review, sent.review_id)
    decide.decide(
        session,
        review.id,
        Move.APPROVE,
        by=by,
        version=review.version,
        now=now,
        settings=wall.settings,
        seen=seen_by(session, by, review.id),
    )


def happens(session: Session, chance: random.Random, many: Many, now: datetime) -> None:
    """One of them is hidden, shown, kept, without a name, or erased."""
    sent = chance.choice(many.sent)
    pledge = session.get_one(Contribution, sent.contribution_id)
    match chance.randrange(5):
        case 0:
            publishing.hide(session, pledge, now)
        case 1:
            if pledge.shown_at is None and pledge.erased_at is None and pledge.revisions:
                publishing.publish(session, pledge.revisions[-1], now)
        case 2:
            if pledge.shown_at is not None:
                steps.set_progress(session, pledge, chance.choice(STATUSES))
        case 3:
            publishing.show_less(session, pledge, ShowName.ANONYMOUS, now)
        case 4:
            if chance.random() < 0.1 and pledge.erased_at is None:
                acts.erase(session, pledge, review_desk(), now)


def question(chance: random.Random, many: Many) -> dict[str, str]:
    offered = {
        "theme": many.themes,
        "audience": many.audiences,
        "kind": [*Kind],
        "status": [Progress.PROMISED, Progress.KEPT],
        "lang": LANGUAGES,
        "q": ("listen", "ask", "read schools"),
        "sort": ("kept",),
    }
    names = chance.sample(sorted(offered), k=chance.choice((0, 1, 1, 2, 3)))
    return {name: str(chance.choice(list(offered[name]))) for name in names}


def walked(wall: Wall, asked: dict[str, str]) -> tuple[list[str], list[str]]:
    """All pages from the first to the last, and from the last back to the first, by the links of the pages alone."""
    client = wall.app.test_client()
    on: list[str] = []
    back: list[str] = []
    answer = client.get(f"/{SLUG}", query_string=asked)
    while True:
        assert answer.status_code == 200
        on += CARD.findall(answer.text)
        links = dict(LINK.findall(answer.text))
        if "next" not in links:
            break
        answer = client.get(links["next"].replace("&amp;", "&"))
    while True:
        back = CARD.findall(answer.text) + [each for each in back if each not in CARD.findall(answer.text)]
        links = dict(LINK.findall(answer.text))
        if "prev" not in links:
            return on, back
        answer = client.get(links["prev"].replace("&amp;", "&"))


def test_a_question_is_given_back_as_it_was_typed_and_goes_on_with_what_else_was_asked(wall: Wall) -> None:
    answer = wall.app.test_client().get(f"/{SLUG}", query_string={"q": '<b onclick="x">&', "theme": "listen"})
    assert "<b onclick" not in answer.text
    (search,) = [each for each in forms(answer.text) if each.values("q")]
    assert search.sent() == {"theme": ["listen"], "q": ['<b onclick="x">&']}


def test_a_cursor_that_is_none_begins_at_the_start_and_json_says_so(wall: Wall, mo: AtTheDesk) -> None:
    made = wall.promises()
    mo.approves(made)
    client = wall.app.test_client()
    for wrong in ("x", "p1", "p.", "p2.5", "p-1.5", "p0.zz", "p0." + "f" * 40, "pp0.1", "MTIz"):
        for query in (
            {"after": wrong},
            {"before": wrong},
            {"after": wrong, "q": "listen"},
            {"before": wrong, "sort": "kept"},
        ):
            answer = client.get(f"/{SLUG}", query_string=query)
            assert (answer.status_code, CARD.findall(answer.text)) == (200, [made.public_id]), query
        for query in ({"after": wrong}, {"after": wrong, "q": "listen"}):
            assert client.get(f"/api/v1/campaigns/{SLUG}/pledges", query_string=query).status_code == 400, query
