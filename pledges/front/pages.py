"""Finished pages, kept in memory: a reader costs bytes and no work, and nothing stale is answered."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from . import coding
from .handing import Answer, Asking, Headers

SAID = "wall.said"  # in the environ: a `Said`, for the application to say what its page shows
ALL = 0  # in place of a campaign: pages that hang on every campaign
ANY = -1  # in place of a contribution: pages that hang on all of them

OVERHEAD = 4096  # bytes that a page takes besides its bodies,
OF_A_KEY, OF_AN_ITEM = 4, 450  # for each character of its key, and for each contribution that it hangs on
TALKS_REMEMBERED = 2000  # changes under single contributions, for each campaign
GONE_SECONDS = 1.0  # what is not found may be found a second later
GONE_MOST = 200
KEY_MOST = 512  # characters of an address of which it is remembered that nothing is there
HOSTS_MOST = 64
SAID_ANEW = (b"etag", b"content-length", b"vary", b"date", b"accept-ranges", b"content-disposition")
ONLY_WHOLE = (b"content-type", b"content-length", b"content-encoding", b"content-language")  # not with a 304


@dataclass(frozen=True)
class Shows:
    """What a page shows, by which it is known when it is out of date."""

    campaign: int  # id, or ALL
    version: int  # of the campaign's wall, read before anything else; for ALL the sum of all
    talk: int = 0  # of the campaign: how often something under one of its contributions has changed
    items: frozenset[int] = frozenset()  # contributions whose comments the page shows or counts
    until: float | None = None  # seconds since 1970, when the clock alone makes it another page
    hole: str = ""  # purpose of the form whose token is to be filled in
    token: bytes = b""  # that stands in its place


@dataclass
class Said:
    """Handed to the application with a request; it says here what the page shows, if it may be kept."""

    shows: Shows | None = None


@dataclass(frozen=True)
class Versions:
    """What has been shown so far, as the database says."""

    walls: Mapping[int, int]  # campaign id -> version
    talks: Mapping[int, int]
    talked: Mapping[int, Iterable[tuple[int, int]]] = field(default_factory=dict)  # campaign id -> (talk, contribution)


class Page:
    """One page in all its codings."""

    __slots__ = (
        "gzip", "gzip_tag", "hole", "last_used", "plain", "shows", "size", "tag", "unchanged", "until",
    )  # fmt: skip

    def __init__(self, found: Answer, shows: Shows | None) -> None:
        status, headers, body = found
        self.shows = shows
        self.until = shows.until if shows is not None and shows.until is not None else math.inf
        self.hole: coding.Packed | None = None
        self.last_used = 0.0
        tag = _value(headers, b"etag")
        base = [pair for pair in headers if pair[0] not in SAID_ANEW]
        base.append((b"vary", b"Accept-Encoding"))
        if shows is not None and shows.hole:
            before, _, after = body.partition(shows.token)
            self.hole = coding.Packed(before, after)
            self.tag = self.gzip_tag = b""
            self.plain: Answer = (status, base, b"")
            self.gzip: Answer = (status, [*base, (b"content-encoding", b"gzip")], b"")
            self.unchanged: dict[bytes, Answer] = {}
            self.size = len(self.hole) + OVERHEAD
            return
        small = coding.packed(body) if len(body) >= coding.SMALLEST else body
        worth = len(small) < len(body)
        self.tag = tag
        self.gzip_tag = tag[:-1] + b'-gzip"' if tag and worth else tag
        self.plain = (status, _told(base, tag, len(body)), body)
        self.gzip = (
            (status, [*_told(base, self.gzip_tag, len(small)), (b"content-encoding", b"gzip")], small)
            if worth
            else self.plain
        )
        without = [pair for pair in base if pair[0] not in ONLY_WHOLE]
        tags = {self.tag, self.gzip_tag} - {b""}
        self.unchanged = {each: (304, [*without, (b"etag", each)], b"") for each in tags}
        self.size = len(body) + (len(small) if worth else 0) + OVERHEAD

    def answer(self, asking: Asking, fill: Callable[[str], bytes], *, head: bool) -> Answer:
        """What this request is told: the page in a coding that it takes, or that nothing has changed."""
        _host, accepted, known = asking
        gzip = bool(accepted) and coding.takes_gzip(accepted)
        if self.hole is not None:
            return self._filled(fill, gzip=gzip, head=head)
        if known and self.unchanged:
            unchanged = self.unchanged.get(known) or self._unchanged(known, gzip=gzip)
            if unchanged is not None:
                return unchanged
        found = self.gzip if gzip else self.plain
        return (found[0], found[1], b"") if head else found

    def _filled(self, fill: Callable[[str], bytes], *, gzip: bool, head: bool) -> Answer:
        assert self.hole is not None and self.shows is not None  # noqa: S101
        token = fill(self.shows.hole)
        body = self.hole.filled(token) if gzip else self.hole.before + token + self.hole.after
        status, headers, _ = self.gzip if gzip else self.plain
        return status, [*headers, (b"content-length", str(len(body)).encode())], b"" if head else body

    def _unchanged(self, known: bytes, *, gzip: bool) -> Answer | None:
        """That one of the pages that the reader has is this one still, and which (RFC 9110, 13.1.2 and 15.4.5)."""
        if known.strip() == b"*":
            return self.unchanged[self.gzip_tag if gzip else self.tag]
        each = (tag.strip().removeprefix(b"W/") for tag in known.split(b","))
        return next((self.unchanged[tag] for tag in each if tag in self.unchanged), None)


def _value(headers: Headers, name: bytes) -> bytes:
    return next((value.removeprefix(b"W/") for each, value in headers if each == name), b"")


def _told(base: Headers, tag: bytes, length: int) -> Headers:
    told = [*base, (b"content-length", str(length).encode())]
    return [*told, (b"etag", tag)] if tag else told


def _size(key: str, page: Page) -> int:
    """The bytes that it takes under this key."""
    items = len(page.shows.items) if page.shows is not None else 0
    return page.size + OF_A_KEY * len(key) + OF_AN_ITEM * items


class Pages:
    """What is kept, least recently used out first: pages that were asked something never push out those that were not."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes // 2  # for each of the two shelves
        self._shelves: tuple[OrderedDict[str, Page], OrderedDict[str, Page]] = (OrderedDict(), OrderedDict())
        self._held = [0, 0]
        self._of_campaign: dict[int, set[str]] = {}
        self._of_item: dict[int, set[str]] = {}
        self._walls: dict[int, int] = {}
        self._talks: dict[int, int] = {}
        self._talked: dict[int, deque[tuple[int, int]]] = {}
        self._remembered_from: dict[int, int] = {}  # campaign -> the talk from which all changes are remembered
        self._gone: OrderedDict[str, tuple[float, Answer]] = OrderedDict()
        self._changes = 0
        self._emptied_at = 0  # the changes there were when nothing was kept any longer
        self._hosts: set[bytes] = set()
        self._fixed: dict[str, Page] = {}
        self._lock = threading.Lock()

    @property
    def held_bytes(self) -> int:
        return sum(self._held)

    def __len__(self) -> int:
        return sum(map(len, self._shelves))

    @property
    def talks(self) -> dict[int, int]:
        """How far each campaign's talk has been heard."""
        return dict(self._talks)

    def get(self, key: str) -> Page | None:
        """The page, unless the clock has ended it."""
        shelf = self._shelves["?" in key]
        page = shelf.get(key)
        if page is None:
            return self._fixed.get(key)
        if time.time() >= page.until:
            with self._lock:
                self._drop(key)
            return None
        now = time.monotonic()
        if now - page.last_used >= 1:  # the order need not be finer than that
            page.last_used = now
            with self._lock:
                if key in shelf:
                    shelf.move_to_end(key)
        return page

    def fix(self, key: str, page: Page) -> None:
        """Kept for as long as this process runs, as a file that never changes under its name."""
        self._fixed[key] = page

    @property
    def changes(self) -> int:
        """How many changes were heard of so far; who makes a page says where it began."""
        return self._changes

    def put(self, key: str, page: Page, *, since: int) -> bool:
        """Kept; False where something that it shows has changed since it was read, or nobody knows whether."""
        shows = page.shows
        if shows is None:
            return False
        which, size = "?" in key, _size(key, page)
        with self._lock:
            if since < self._emptied_at or self._is_stale(shows):
                return False
            self._drop(key)
            if size > self._most:
                return True
            self._shelves[which][key] = page
            self._held[which] += size
            self._of_campaign.setdefault(shows.campaign, set()).add(key)
            for item in shows.items:
                self._of_item.setdefault(item, set()).add(key)
            while self._held[which] > self._most:
                self._drop(next(iter(self._shelves[which])))
        return True

    def _is_stale(self, shows: Shows) -> bool:
        if shows.version < self._walls.get(shows.campaign, 0):
            return True
        if not shows.items:
            return False
        if shows.talk < self._remembered_from.get(shows.campaign, 0):
            return True
        changed = self._talked.get(shows.campaign, ())
        return any(item in shows.items or ANY in shows.items for talk, item in changed if talk > shows.talk)

    def _drop(self, key: str) -> None:
        which = "?" in key
        page = self._shelves[which].pop(key, None)
        if page is None or page.shows is None:
            return
        self._held[which] -= _size(key, page)
        self._forget_name(self._of_campaign, page.shows.campaign, key)
        for item in page.shows.items:
            self._forget_name(self._of_item, item, key)

    @staticmethod
    def _forget_name(names: dict[int, set[str]], name: int, key: str) -> None:
        keys = names.get(name)
        if keys is not None:
            keys.discard(key)
            if not keys:
                del names[name]

    def heard(self, news: Versions) -> None:
        """What has changed since the last news is dropped."""
        with self._lock:
            self._gone.clear()
            if self._walls.keys() - {ALL} - news.walls.keys():  # a campaign is no more
                self._walls.clear()
                self._drop_all()
            for campaign, version in {**news.walls, ALL: sum(news.walls.values())}.items():
                self._hear_wall(campaign, version)
            for campaign, talk in news.talks.items():
                self._hear_talk(campaign, talk)
            for campaign, changes in news.talked.items():
                self._remember(campaign, changes)

    def _hear_wall(self, campaign: int, version: int) -> None:
        known = self._walls.get(campaign, -1)
        if version == known:
            return
        self._changes += 1
        self._walls[campaign] = version
        is_back = version < known  # an older database was put in the place of this one
        self._drop_of(campaign, lambda shows: is_back or shows.version < version)

    def _hear_talk(self, campaign: int, talk: int) -> None:
        known = self._talks.get(campaign, -1)
        if talk == known:
            return
        self._changes += 1
        self._talks[campaign] = talk
        if known < 0 or talk < known:  # which contributions have changed before is not known
            self._remembered_from[campaign] = talk
            self._talked.pop(campaign, None)
            self._drop_of(campaign, lambda shows: bool(shows.items) and shows.talk != talk)

    def _drop_of(self, campaign: int, is_stale: Callable[[Shows], bool]) -> None:
        for key in list(self._of_campaign.get(campaign, ())):
            page = self._shelves["?" in key].get(key)
            if page is not None and page.shows is not None and is_stale(page.shows):
                self._drop(key)

    def _remember(self, campaign: int, changes: Iterable[tuple[int, int]]) -> None:
        known = self._talked.setdefault(campaign, deque())
        for talk, item in changes:
            known.append((talk, item))
            for key in [*self._of_item.get(item, ()), *self._of_item.get(ANY, ())]:
                page = self._shelves["?" in key].get(key)
                if page is not None and page.shows is not None and page.shows.talk < talk:
                    self._drop(key)
        while len(known) > TALKS_REMEMBERED:
            self._remembered_from[campaign] = known.popleft()[0]

    def empty(self) -> None:
        """Nothing is kept, nor what is being made, as when it is not known any more what has changed."""
        with self._lock:
            self._drop_all()
            self._gone.clear()

    def _drop_all(self) -> None:
        self._changes += 1
        self._emptied_at = self._changes
        for shelf in self._shelves:
            for key in list(shelf):
                self._drop(key)

    # What is not there

    def gone(self, key: str) -> Answer | None:
        """That nothing is there, for a second."""
        found = self._gone.get(key)
        if found is None:
            return None
        if time.monotonic() > found[0]:
            return None
        return found[1]

    def put_gone(self, key: str, answer: Answer, *, since: int) -> None:
        with self._lock:
            if since != self._changes or len(key) > KEY_MOST:
                return
            self._gone[key] = (time.monotonic() + GONE_SECONDS, answer)
            while len(self._gone) > GONE_MOST:
                self._gone.popitem(last=False)

    # Hosts

    def knows_host(self, host: bytes) -> bool:
        """Whether the application has answered under this name."""
        return host in self._hosts

    def note_host(self, host: bytes) -> None:
        if len(self._hosts) < HOSTS_MOST:
            self._hosts.add(host)
