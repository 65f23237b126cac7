"""Whatever happens to promises, every outlet shows the same ones, and no word of any other."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from html import unescape
from urllib.parse import quote

import pytest
import time_machine
from sqlalchemy import select

from pledges.models import Campaign, Contribution, Kind, ShowName, Type
from tests.kept import Kept
from tests.pledges.web.test_kept_sequences import BEGINS, Life
from tests.wall import OFTEN, SLUG

CARDS = re.compile(r'data-pledge="(\w+)"')
PAGES = re.compile(rf"/{SLUG}/promises/(\w+)\b")
AFTER = re.compile(rf'href="(/{SLUG}(?:/organisations/\w+)?\?[^"]*\bafter=[^"]*)"')
ENTRY = re.compile(r"<entry>.*?</entry>", re.DOTALL)
NEXT = re.compile(r'<link[^>]* rel="next"[^>]* href="([^"]+)"|<link[^>]* href="([^"]+)"[^>]* rel="next"')
HOME = "http://wall.example"
ALL = 100  # more than there are promises


class Outlets:
    """What each of them shows, as the ids of promises in its own order."""

    def __init__(self, kept: Kept) -> None:
        self.kept = kept

    def text(self, path: str) -> str:
        told = self.kept.says(path.removeprefix(HOME))
        assert told.status == 200, (path, told.status)
        return told.text

    def wall(self, path: str = f"/{SLUG}") -> list[str]:
        """All pages of the wall, or of what it is narrowed to, one after the other."""
        found: list[str] = []
        while path:
            page = self.text(path)
            found += CARDS.findall(page)
            further = [unescape(each) for each in AFTER.findall(page)]
            path = further[-1].partition("#")[0] if further else ""
        return found

    def json(self, more: str = "") -> list[str]:
        found, after = [], ""
        while True:
            path = f"/api/v1/campaigns/{SLUG}/pledges?limit=40{more}{f'&after={quote(after)}' if after else ''}"
            told = json.loads(self.text(path))
            found += [each["id"] for each in told["pledges"]]
            after = told["next"] or ""
            if not after:
                return found

    def feed(self, path: str = f"/{SLUG}/feed.atom") -> list[str]:
        found: list[str] = []
        while path:
            page = self.text(path)
            found += [PAGES.findall(entry)[0] for entry in ENTRY.findall(page)]
            further = NEXT.search(page.partition("<entry>")[0])
            path = unescape(further[1] or further[2]) if further else ""
        return found

    def linked(self, path: str) -> list[str]:
        return list(dict.fromkeys(PAGES.findall(self.text(path))))

    def of_element(self) -> list[str]:
        """The items of the script's own data are trees, each with the address of its page."""
        items = json.loads(self.text(f"/{SLUG}/embed.json?limit={ALL}"))["items"]
        return [re.findall(r"promises/(\w+)", json.dumps(each))[0] for each in items]

    def of_organisations(self) -> set[str]:
        """What stands on the pages of all organisations that are listed."""
        listed = json.loads(self.text(f"/api/v1/campaigns/{SLUG}/organisations?limit=100"))["organisations"]
        found: set[str] = set()
        for each in listed:
            found |= {*self.wall(f"/{SLUG}/organisations/{each['id']}")}
        return found

    def counted(self) -> tuple[int, int]:
        """Promises and organisations, as their numbers say."""
        counts = json.loads(self.text(f"/api/v1/campaigns/{SLUG}/count"))
        return counts["pledges"], counts["organisations"]


@pytest.mark.timeout(7200)  # the whole count takes long
def test_all_outlets_show_the_same_promises_whatever_happened(
    kept: Callable[..., Kept], share: Callable[..., int]
) -> None:
    with time_machine.travel(BEGINS, tick=False) as clock:
        here = kept(limit_api=OFTEN)  # everything is read again and again in one moment
        life, outlets, chance = Life(here, here, clock), Outlets(here), random.Random(13)
        for _ in range(60):  # so that there is something of every kind
            life.acts(chance)()
        for _ in range(share(1000, usual=10)):
            life.acts(chance)()
            agree(life, outlets, chance)


def agree(life: Life, outlets: Outlets, chance: random.Random) -> None:
    """Every outlet shows what the rows say."""
    with life.wall.look() as session:
        campaign = session.scalars(select(Campaign.id).where(Campaign.slug == SLUG)).one()
        here = (Contribution.campaign_id == campaign, Contribution.type == Type.PLEDGE)
        newest = (Contribution.shown_at.desc(), Contribution.id.desc())
        on_wall = select(Contribution).where(*here, Contribution.shown_at.is_not(None))
        shown = session.scalars(on_wall.order_by(*newest)).all()
        others = session.scalars(select(Contribution.public_id).where(*here, Contribution.shown_at.is_(None))).all()
        ids = [each.public_id for each in shown]
        work = [each.public_id for each in shown if each.theme_id == life.work]
        named = [each for each in shown if each.kind is Kind.ORGANISATION and each.show_name is not ShowName.ANONYMOUS]
        said = {each.public_id: each.published_revision.words for each in shown if each.published_revision}
        organisations = {each.organisation_id for each in named}
    told = {
        "wall": outlets.wall(),
        "JSON": outlets.json(),
        "feed": outlets.feed(),
        "frame": outlets.linked(f"/{SLUG}/embed?limit={ALL}"),
        "fragment": outlets.linked(f"/{SLUG}/fragment?limit={ALL}"),
        "element": outlets.of_element(),
    }
    for name, found in told.items():
        assert found == ids[: len(ids) if name not in ("frame", "fragment", "element") else ALL], (
            f"{name} after {life.done}"
        )
    for name, found in {
        "wall": outlets.wall(f"/{SLUG}?theme=work"),
        "feed": outlets.feed(f"/{SLUG}/feed.atom?theme=work"),
    }.items():
        assert found == work, f"{name} of a theme after {life.done}"
    searched = {"wall": outlets.wall(f"/{SLUG}?q=words"), "JSON": outlets.json("&q=words")}
    for name, found in searched.items():  # those of one moment may stand in another order
        assert sorted(found) == sorted(ids), f"{name}, searched, after {life.done}"
    assert outlets.of_organisations() == {each.public_id for each in named}, life.done
    assert outlets.counted() == (len(ids), len(organisations)), life.done
    for id in chance.sample(ids, min(2, len(ids))):
        page = outlets.text(f"/{SLUG}/promises/{id}")
        assert said[id] in page and said[id] in outlets.text(f"/{SLUG}/promises/{id}/embed"), life.done
        assert said[id] in json.loads(outlets.text(f"/api/v1/pledges/{id}"))["promise"], life.done
        outlets.text(of_one(id))
    for id in chance.sample(others, min(2, len(others))):
        for path in (f"/{SLUG}/promises/{id}", f"/{SLUG}/promises/{id}/card.png", f"/api/v1/pledges/{id}", of_one(id)):
            assert outlets.kept.says(path).status == 404, f"{path} after {life.done}"


def of_one(id: str) -> str:
    return f"/oembed?url={quote(f'{HOME}/{SLUG}/promises/{id}', safe='')}"
