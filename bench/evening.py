"""`python -m bench.evening`: 900 items wait, 650 of them variations of a few abusive texts; one moderator clears the desk.

Everything comes in through the public form, from 40 networks of abuse and as many addresses as there are honest people,
under the wall's own hourly limits. Then a script plays the moderator with nothing but what the pages offer: it follows
their links, sends the forms that it finds in the HTML, and judges only words that a page has shown it. An act is a POST
of the moderator; signing in is none. Ends with 1 where a bound is missed.

Bounds: 120 acts, no abuse shown, nothing honest declined or left, 15 harsh texts opened.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from bench import commit, evening_words
from moderation.clusters import likeness
from moderation.models import Letter, Review
from moderation.workflow import State
from pledges.db import utcnow
from pledges.models import Campaign, Contribution, Revision
from pledges.text import clean
from tests.akismet_service import KEY, AkismetService
from tests.forms import Form, form, forms
from tests.wall import CSRF, OFTEN, SEEN, SLUG, Wall, later, make_app, opened

WAITING, ABUSE, NETWORKS = 900, 650, 40
ACTS, HARSH = 120, 15
HASTE_SECONDS = 3.5  # a form sent sooner after it was opened is taken for a script's
ITEM = re.compile(r'<li class="q" data-review="(\d+)".*?</li>', re.DOTALL)
CLUSTER = re.compile(r'href="(/moderation/clusters/\d+)[^"]*"( data-cluster)?>')
QUOTE = re.compile(r'<blockquote class="words"[^>]*>(.*?)</blockquote>', re.DOTALL)
LEAF = re.compile(r'<li class="leaf[^>]*data-review="(\d+)".*?</li>', re.DOTALL)
TAG = re.compile(r"<[^>]+>")


@dataclass
class Counts:
    """What the evening came to."""

    seed: int
    sent: int = 0
    abusive: int = 0
    refused: int = 0
    acts: dict[str, int] = field(default_factory=dict)
    harsh_opened: int = 0
    pages: int = 0
    abuse_shown: int = 0
    abuse_left: int = 0
    honest_declined: int = 0
    honest_shown: int = 0
    honest_left: int = 0
    letters_to_abusers: int = 0
    seconds: float = 0.0

    @property
    def acted(self) -> int:
        return sum(self.acts.values())

    def missed(self) -> list[str]:
        """The bounds that were missed."""
        bounds = {
            f"more than {ACTS} acts": self.acted > ACTS,
            "abuse was shown": self.abuse_shown > 0,
            "something honest was declined": self.honest_declined > 0,
            "something still waits": self.abuse_left + self.honest_left > 0,
            "not all of the honest are shown": self.honest_shown != self.sent - self.abusive,
            f"more than {HARSH} harsh texts were opened": self.harsh_opened > HARSH,
            "the form refused some of it": self.refused > 0,
        }
        return [what for what, holds in bounds.items() if holds]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--waiting", type=int, default=WAITING, help="items that wait (default: 900)")
    parser.add_argument("--seed", type=int, default=20, help="of all that is chance (default: 20)")
    parser.add_argument("--database", default="", help="address of an empty database (default: SQLite in a folder)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wall-evening-") as folder:
        url = given.database or f"sqlite:///{Path(folder) / 'wall.db'}"
        opened(url)
        counts = evening(url, Path(folder), given.waiting, given.seed)
    report(counts)
    return 1 if counts.missed() else 0


def evening(url: str, folder: Path, waiting: int, seed: int) -> Counts:
    """All of it comes in, is checked, and is worked off; answers what it came to."""
    chance = random.Random(seed)
    abuse = evening_words.abuse(waiting * ABUSE // WAITING, chance)
    honest = evening_words.honest(waiting - len(abuse), chance)
    counts = Counts(seed, sent=waiting, abusive=len(abuse))
    started = time.monotonic()
    with AkismetService() as service:
        app = make_app(
            url, folder, limit_promises="30/hour", limit_campaign=OFTEN, akismet_api_key=KEY,
            akismet_endpoint=service.url, akismet_timeout_seconds=5,
        )  # fmt: skip
        wall = Wall(app)
        _arrive(wall, abuse, honest, chance, counts)
        while wall.screens():
            pass
        moderator = wall.moderator("mo")
        Evening(moderator.client, wall, counts).clear()
        wall.screens(later(wall.settings.undo_seconds + 5))
        _judge(wall, set(abuse), counts)
        wall.close()
    counts.seconds = time.monotonic() - started
    return counts


def _arrive(wall: Wall, abuse: list[str], honest: list[str], chance: random.Random, counts: Counts) -> None:
    """Each is sent through the form: opened first, and sent after a while, as people do."""
    networks = max(1, NETWORKS * len(abuse) // ABUSE) if len(abuse) < ABUSE else NETWORKS
    queue = [(words, f"203.{n % networks}.7.{chance.randrange(1, 250)}") for n, words in enumerate(abuse)]
    queue += [(words, f"81.{n // 200}.{n % 200}.{chance.randrange(1, 250)}") for n, words in enumerate(honest)]
    chance.shuffle(queue)
    client = wall.app.test_client()
    path = f"/{SLUG}/promise"
    forms_open = [form(_from(client, path, address), "/promise") for _, address in queue]
    time.sleep(HASTE_SECONDS)
    for (words, address), open_form in zip(queue, forms_open, strict=True):
        answer = client.post(
            open_form.action or path,
            data=open_form.sent(promise=words[:500], consent="yes", name_it=""),
            environ_overrides={"REMOTE_ADDR": address},
        )
        counts.refused += answer.status_code != 303


def _from(client: FlaskClient, path: str, address: str) -> str:
    return client.get(path, environ_overrides={"REMOTE_ADDR": address}).text


def is_abuse(words: str) -> bool:
    """What a person sees at a glance: whether it is one of the few texts, however it is dressed up."""
    mine = likeness.skeleton(words)
    every = evening_words.FAMILIES
    return any(likeness.near(mine, likeness.skeleton(_filled(text))) or _shares(mine, text) for text in every)


def _filled(text: str) -> str:
    return text.format(name="Aisha", place="Luton", end="")


def _shares(mine: str, text: str) -> bool:
    """Whether the longest fixed part of the text stands in these words."""
    longest = max(re.split(r"\{\w+\}", text), key=len)
    return likeness.skeleton(longest)[2:-2] in mine


@dataclass(frozen=True)
class Member:
    """How a member of a cluster is chosen, its words if they are shown, and whether the page chose it."""

    pick: str
    words: str | None
    ticked: bool


class Evening:
    """The moderator's part, by the pages alone."""

    def __init__(self, client: FlaskClient, wall: Wall, counts: Counts) -> None:
        self.client = client
        self.wall = wall
        self.counts = counts
        self._looked_at: set[str] = set()

    def clear(self) -> None:
        """Clusters first, since they are most of it; then the sheets; then what is left, one by one."""
        while path := self._next_cluster():
            while self._declines_cluster(path):  # what the rest did not take along is listed next
                pass
        self._reads_sheets()
        self._one_by_one()

    # -- what the pages offer ------------------------------------------------------------------

    def _get(self, path: str) -> str:
        self.counts.pages += 1
        answer = self.client.get(path)
        _expect(answer, 200)
        return answer.text

    def _post(self, kind: str, offered: Form, button: str | None = None, **changed: str | list[str]) -> TestResponse:
        """An act: the form is sent as it stands, with what the moderator changed in it."""
        self.counts.acts[kind] = self.counts.acts.get(kind, 0) + 1
        return self.client.post(offered.action, data=offered.sent(button, **changed))

    def _opens_text(self, address: str, page: str, **fields: str) -> str:
        """The page with its harsh text, which is asked for by a button and counted."""
        self.counts.harsh_opened += 1
        csrf, seen = CSRF.search(page), SEEN.search(page)
        given = {"csrf_token": csrf[1] if csrf else "", "seen": seen[1] if seen else "", **fields}
        answer = self.client.post(address, data=given)
        _expect(answer, 200)
        return answer.text

    # -- clusters ------------------------------------------------------------------------------

    def _next_cluster(self) -> str | None:
        """A cluster of the queue's pages that has not been looked at yet."""
        for page in self._queue_pages():
            for path, _ in CLUSTER.findall(page):
                if path not in self._looked_at:
                    self._looked_at.add(path)
                    return str(path)
        return None

    def _queue_pages(self) -> Iterable[str]:
        page = self._get("/moderation/")
        yield page
        while following := re.search(r'class="more"><a [^>]*href="(/moderation/\?[^"]*after=[^"]+)"', page):
            page = self._get(following[1].replace("&amp;", "&"))
            yield page

    def _declines_cluster(self, path: str) -> bool:
        """One of them is read; if it is abuse, those of which no text in sight says something else are declined together.

        Whether any were: then the page is looked at once more.
        """
        page = self._get(path)
        if 'value="example"' in page:
            page = self._opens_text(path, page, show="example")
        if 'name="listed"' not in page or not is_abuse(_plain(next(iter(QUOTE.findall(page)), ""))):
            return False
        seen = self._members_of(path, page)
        chosen = form(page, "/moderation/bulk")
        listed = chosen.values("listed")
        wrong = [each for each in seen if each.words is not None and not is_abuse(each.words)]  # none: hidden
        kept = {each.pick for each in wrong}
        picks = [pick for pick in listed if pick not in kept]
        taken_along = {each.pick for each in wrong if each.ticked} - set(listed)  # the rest are those that come ticked
        rest = {"rest": "1"} if chosen.values("rest") and not taken_along else {}
        if not picks and not rest:
            return False
        asked = self._post("bulk, sorted out", chosen, "reject", pick=picks, **rest)
        offered = form(asked.text, "/moderation/bulk/decide")
        count = str(len(offered.values("pick")[0].split(",")))
        confirm = {"confirm": count} if offered.values("confirm") else {}
        done = self._post("bulk, decided", offered, None, reason="hateful", tell="no", **confirm)
        self._waits_for(done)
        return True

    def _members_of(self, path: str, page: str) -> list[Member]:
        """Every member, page by page, before any is chosen."""
        seen = _members(page)
        further = re.compile(rf'href="({path}\?[^"]*after=\d+[^"]*)"')
        while following := further.search(page):
            page = self._get(following[1].replace("&amp;", "&"))
            seen += _members(page)
        return seen

    def _waits_for(self, answer: TestResponse) -> None:
        """The page loads itself again while the worker goes on."""
        _expect(answer, 303)
        while "data-finished" not in self._get(answer.headers["Location"]):
            self.wall.screens(later(30))

    # -- sheets and single items ---------------------------------------------------------------

    def _reads_sheets(self) -> None:
        answer = self._post("reading sheet, taken", form(self._get("/moderation/"), "/moderation/sheet"))
        while True:
            page = self._get(answer.headers["Location"])
            leaves = LEAF.findall(page)
            if not leaves:
                return
            out = [
                match[1] for match in LEAF.finditer(page) if any(is_abuse(_plain(w)) for w in QUOTE.findall(match[0]))
            ]
            answer = self._post("reading sheet, approved", form(page, "/sheet/approve"), out=out)

    def _one_by_one(self) -> None:
        """What is left is opened, read, and decided by itself."""
        while True:
            page = self._get("/moderation/")
            item = ITEM.search(page)
            if item is None:
                return
            address = f"/moderation/reviews/{item[1]}"
            whole = self._get(address)
            if SEEN.search(whole) and not QUOTE.search(whole):
                whole = self._opens_text(address, whole)
            words = _plain(QUOTE.findall(whole)[-1] if len(QUOTE.findall(whole)) == 1 else QUOTE.findall(whole)[0])
            move = "reject" if is_abuse(words) else "approve"
            offered = next(each for each in forms(whole) if each.values("move") == [move])
            reason = {"reason": "hateful", "tell": "no"} if move == "reject" else {}
            answer = self._post(f"one by one, {move}", offered, None, **reason)
            if " data-sure" in answer.text:  # a check found something: it is named, and approved all the same
                again = next(each for each in forms(answer.text) if each.values("move") == [move])
                answer = self._post(f"one by one, {move}", again, None)
            _expect(answer, 303)


def _expect(answer: TestResponse, status: int) -> None:
    if answer.status_code != status:
        raise RuntimeError(f"{answer.request.path} answered {answer.status_code}: {answer.text[:2000]}")


def _plain(words: str) -> str:
    return unescape(TAG.sub("", words)).strip()


def _members(page: str) -> list[Member]:
    """Each member of a cluster's page."""
    found = []
    for part in page.split('<li data-review="')[1:]:
        item = part.split("</li>")[0]
        pick = re.search(r'name="pick" value="([^"]+)"', item)
        words = QUOTE.search(item)
        if pick:
            ticked = "checked" in item.split(pick[0])[1].split(">")[0]
            found.append(Member(pick[1], _plain(words[1]) if words else None, ticked))
    return found


def _judge(wall: Wall, abuse: set[str], counts: Counts) -> None:
    """What stands on the wall, and what became of each; the database is asked, not the moderator."""
    with wall.look() as session:
        campaign = session.scalars(select(Campaign.id).where(Campaign.slug == SLUG)).one()
        rows = session.execute(
            select(Revision.words, Review.state, Contribution.published_revision_id)
            .join(Review, Review.revision_id == Revision.id)
            .join(Contribution, Contribution.id == Revision.contribution_id)
            .where(Contribution.campaign_id == campaign)
        ).all()
        counts.letters_to_abusers = _letters(session)
    known = {_one_line(words) for words in abuse}
    for words, state, published in rows:
        bad = words in known
        waits = state in (State.WAITING, State.RECEIVED)
        counts.abuse_shown += bad and published is not None
        counts.abuse_left += bad and waits
        counts.honest_declined += not bad and state in (State.REJECTED, State.SPAM)
        counts.honest_shown += not bad and published is not None
        counts.honest_left += not bad and waits


def _one_line(words: str) -> str:
    return clean(words, lines=True)


def _letters(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Letter).where(Letter.kind == "rejected")) or 0


def report(counts: Counts) -> None:
    print(f"{counts.sent} waited: {counts.abusive} abusive, {counts.sent - counts.abusive} honest. Seed {counts.seed}.")
    print(f"Acts: {counts.acted} of at most {ACTS}")
    for kind, count in sorted(counts.acts.items()):
        print(f"  {count:4} {kind}")
    print(f"Harsh texts opened: {counts.harsh_opened} of at most {HARSH}")
    print(f"Abuse shown: {counts.abuse_shown}; still waiting: {counts.abuse_left}")
    print(f"Honest: {counts.honest_shown} shown, {counts.honest_declined} declined, {counts.honest_left} still waiting")
    print(
        f"Pages read: {counts.pages}; {counts.seconds:.0f} s in all, {utcnow():%Y-%m-%d %H:%M} UTC, commit {commit()}"
    )
    missed = counts.missed()
    print(f"Missed: {'; '.join(missed)}" if missed else "Every bound was kept.")


if __name__ == "__main__":
    sys.exit(main())
