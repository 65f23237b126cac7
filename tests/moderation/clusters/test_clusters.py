"""Near-identical items stand in one row, and honest ones are never hidden or declined unread."""

from __future__ import annotations

import random
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select, update
from werkzeug.test import TestResponse

from bench import evening_words
from bench.queue import prepared
from moderation import lanes
from moderation.bulk import batches as bulk_batches
from moderation.bulk import picks
from moderation.clusters import arranging, likeness
from moderation.jobs import retention
from moderation.models import (
    BatchItem,
    Cluster,
    ClusterBand,
    ClusterKind,
    Evidence,
    Finding,
    Membership,
    Review,
    ReviewCluster,
    ReviewLane,
    Role,
)
from moderation.queue import counts
from moderation.screens import beside, clusters, context
from moderation.workflow import State
from pledges.db import utcnow
from pledges.models import Campaign
from pledges.tokens import secret_for
from tests.again import again
from tests.databases import Databases
from tests.forms import form
from tests.wall import SLUG, AtTheDesk, Sent, Wall, later, opened

ABUSE = "{name}, go back to where you came from, {place} is full and nobody here wants your lot"
COPIES = (
    ABUSE.format(name="Aisha", place="Luton"),
    ABUSE.format(name="Mr Bello", place="Luton").upper(),
    ABUSE.format(name="Chidi", place="this town").replace("e", "3") + " 😂😂",
    ABUSE.format(name="Devi", place="Cardiff").replace(" ", "  "),
    ABUSE.format(name="Esra", place="the north") + " simple as",
)
LINK = re.compile(r'href="(/moderation/clusters/\d+)[^"]*" data-cluster>([^<]+)<')


FREE = ("gmail.com", "pm.me", "mail.nhs.net")  # many have addresses there who are nobody to each other


def arrives(wall: Wall, words: str, n: int, *, ip: str = "", **fields: str) -> Sent:
    """A promise from an address of its own, or from the one given."""
    address = ip or f"198.51.{n % 250}.{n % 200 + 1}"
    return wall.promises(words, address=address, name_it="", **fields)


@again
def flood(wall: Wall, texts: tuple[str, ...] | list[str] = COPIES, start: int = 0) -> list[Sent]:
    sent = [arrives(wall, words, start + n) for n, words in enumerate(texts)]
    wall.screens()
    return sent


def rows(at: AtTheDesk) -> list[tuple[str, str]]:
    """The cluster rows of the queue: where each leads, and what it says."""
    return LINK.findall(at.client.get("/moderation/").text)


def declines(at: AtTheDesk, path: str, *, also_rest: bool = False, take_out: tuple[str, ...] = ()) -> TestResponse:
    """The cluster as it is ticked, without what is taken out, is declined by way of the dry run."""
    chosen = form(at.client.get(path).text, "/moderation/bulk")
    fields = chosen.sent("reject")
    fields["pick"] = [pick for pick in fields.get("pick", []) if pick not in take_out]
    if also_rest:
        fields["rest"] = ["1"]
    offered = form(at.client.post(chosen.action, data=fields).text, "/moderation/bulk/decide")
    count = len(offered.values("pick")[0].split(","))
    return at.client.post(offered.action, data=offered.sent(reason="hateful", confirm=str(count)))


def state(wall: Wall, sent: Sent) -> State:
    return wall.review(sent.review_id).state


def pick(wall: Wall, sent: Sent) -> str:
    return f"{sent.review_id}.{wall.review(sent.review_id).version}"


def test_variations_of_one_text_stand_in_one_row_that_says_how_many_and_from_where(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sent = flood(wall)
    honest = wall.promises("I will sit next to whoever is shouted at on the bus")
    wall.screens()
    ((path, words),) = rows(moderator)
    assert words == "5 nearly the same, from 5 networks"
    assert moderator.sees("all") == [sent[0].review_id, honest.review_id]
    assert moderator.sees("abuse") == [sent[0].review_id]
    page = moderator.client.get(path).text
    assert page.count("data-review=") == 5
    assert "wants your lot" not in page  # harsh: kept hidden until asked for
    assert moderator.opens_text(path, show="example").count("wants your lot") == 1


def test_the_differences_to_the_example_are_marked_word_by_word(wall: Wall, moderator: AtTheDesk) -> None:
    flood(wall)
    page = moderator.opens_text(rows(moderator)[0][0], show="all")
    assert "<mark>Devi,</mark>" in page
    assert "<mark>Cardiff</mark>" in page
    assert "<mark>wants" not in page


def test_a_cluster_is_declined_at_once_and_what_is_taken_out_waits_by_itself(wall: Wall, moderator: AtTheDesk) -> None:
    sent = flood(wall)
    assert declines(moderator, rows(moderator)[0][0], take_out=(pick(wall, sent[2]),)).status_code == 303
    assert [state(wall, each) for each in sent].count(State.REJECTED) == 4
    assert moderator.sees("all") == [sent[2].review_id]
    assert rows(moderator) == []
    moderator.decides(sent[2], "reject", reason="hateful")
    assert moderator.sees("all") == []


def test_later_copies_gather_in_one_row_and_are_declined_by_one_press_and_never_by_themselves(
    wall: Wall, moderator: AtTheDesk
) -> None:
    flood(wall)
    declines(moderator, rows(moderator)[0][0])
    more = flood(wall, [ABUSE.format(name=name, place="Hull") for name in ("Farouk", "Hamza", "Ines")], start=50)
    assert [state(wall, each) for each in more] == [State.WAITING] * 3
    ((path, words),) = rows(moderator)
    assert words == "3 more like those you declined"
    (carries,) = moderator.sees("all")
    assert carries in {each.review_id for each in more}
    again = form(moderator.client.get(path).text, "/moderation/bulk/decide")
    assert moderator.client.post(again.action, data=again.sent()).status_code == 303
    assert [state(wall, each) for each in more] == [State.REJECTED] * 3
    assert (
        wall.decisions(more[0].review_id)[-1].reason_id == wall.decisions(more[1].review_id)[-1].reason_id is not None
    )
    (later_one,) = flood(wall, [ABUSE.format(name="Olu", place="Leeds")], start=90)
    ann = wall.moderator("ann")
    assert [words for _, words in rows(ann)] == ["1 more like those that mo declined"]
    assert state(wall, later_one) is State.WAITING


def test_honest_people_who_promise_alike_are_read_and_not_chosen_from_the_start(
    wall: Wall, moderator: AtTheDesk
) -> None:
    alike = [f"I promise to read one book by a Black author with {who} this year" for who in
             ("my pupils", "our choir", "my sister", "the team", "my mum")]  # fmt: skip
    sent = flood(wall, alike)
    first, *others = (each.review_id for each in sent)
    page = moderator.client.get("/moderation/").text
    assert first in moderator.sees("all")  # no check spoke against it, and it differs
    (path,) = {match[0] for match in LINK.findall(page)}
    members = moderator.client.get(path).text
    plain = re.sub(r"</?mark>", "", members)
    for words in alike:
        assert words in plain  # each is seen as it is
    chosen = form(members, "/moderation/bulk")
    assert chosen.sent("reject").get("pick", []) == []
    assert moderator.client.post(chosen.action, data=chosen.sent("reject")).status_code == 422
    assert others


def test_what_reads_like_a_declined_text_and_says_the_opposite_is_not_declined_with_its_copies(
    wall: Wall, moderator: AtTheDesk
) -> None:
    base = "I will never again give a job to people from the estate by the canal, and I mean it"
    bad = flood(wall, [base, base + " 😂", base + " !!", base.upper()])
    chosen = form(moderator.client.get(rows(moderator)[0][0]).text, "/moderation/bulk")
    offered = moderator.client.post(chosen.action, data=chosen.sent("reject", pick=chosen.values("pick"))).text
    offer = form(offered, "/moderation/bulk/decide")
    moderator.client.post(offer.action, data=offer.sent(reason="hateful"))
    assert [state(wall, each) for each in bad] == [State.REJECTED] * 4
    (good,) = flood(wall, [base.replace("never again give", "now always give")], start=60)
    (copy,) = flood(wall, [base + " ??"], start=70)
    path = rows(moderator)[0][0]
    again = form(moderator.client.get(path).text, "/moderation/bulk/decide")
    assert again.values("pick") == [pick(wall, copy)]
    moderator.client.post(again.action, data=again.sent())
    assert state(wall, copy) is State.REJECTED
    assert state(wall, good) is State.WAITING
    assert good.review_id in moderator.sees("all")


def test_a_clear_item_that_differs_is_never_behind_a_row(wall: Wall, moderator: AtTheDesk) -> None:
    flood(wall)
    shared = "203.0.113.7"
    clear = [
        arrives(wall, words, 0, ip=shared)
        for words in (
            "We will print our welcome in Punjabi and Somali",
            "I shall count who speaks in our meetings",
            "My pledge is travel money for interviews, no questions asked",
            "I promise a seat at my table on Sundays",
        )
    ]
    wall.screens()
    assert {each.review_id for each in clear} < set(moderator.sees("all"))


def test_one_network_whose_items_all_have_findings_stands_in_one_row(wall: Wall, moderator: AtTheDesk) -> None:
    texts = (
        "Cheap watches at http://a.example/1 http://b.example/2 http://c.example/3",
        "Essays written overnight http://d.example http://e.example http://f.example",
        "Win a phone today http://g.example http://h.example and http://i.example",
        "Loans for all of you http://j.example http://k.example http://l.example",
    )
    sent = [arrives(wall, words, 0, ip=f"2001:db8:1:1::{n}") for n, words in enumerate(texts, 1)]
    wall.screens()
    found = rows(moderator)
    assert found[0][1] == "3 from one network"  # the first came when nothing was there to stand with
    assert len(set(moderator.sees("all")) & {each.review_id for each in sent}) == 2


def test_one_site_that_many_lead_to_stands_in_one_row_and_free_mail_gathers_nobody(
    wall: Wall, moderator: AtTheDesk
) -> None:
    words = ("Watches", "Loans and more loans", "Essays in a night", "A phone for you", "Casino evenings")
    for n, what in enumerate(words):
        link = f"http://shop.example/{n} http://www.shop.example/{n}a http://shop.example/{n}b"
        arrives(wall, f"{what}: {link}", n, email=f"a{n}@{FREE[n % len(FREE)]}")
    wall.screens()
    assert [said for _, said in rows(moderator)] == ["4 that lead to one site"]
    with wall.look() as session:
        kinds = session.scalars(select(Cluster.total).where(Cluster.kind == ClusterKind.DOMAIN)).all()
        assert kinds == [5]


def test_an_item_in_a_cluster_that_was_decided_alone_is_decided_once(wall: Wall, moderator: AtTheDesk) -> None:
    sent = flood(wall)
    path = rows(moderator)[0][0]
    chosen = form(moderator.client.get(path).text, "/moderation/bulk")
    ann = wall.moderator("ann")
    ann.decides(sent[1], "spam")
    offered = form(moderator.client.post(chosen.action, data=chosen.sent("reject")).text, "/moderation/bulk/decide")
    moderator.client.post(offered.action, data=offered.sent(reason="hateful"))
    assert state(wall, sent[1]) is State.SPAM
    people = [len([d for d in wall.decisions(each.review_id) if d.moderator_id]) for each in sent]
    assert people == [1] * 5


def test_counts_are_kept_as_items_come_and_go_and_the_row_passes_on(wall: Wall, moderator: AtTheDesk) -> None:
    sent = flood(wall)

    def kept() -> tuple[int, int]:
        with wall.look() as session:
            cluster = session.scalars(
                select(Cluster).where(Cluster.kind == ClusterKind.WORDS).order_by(Cluster.waiting.desc())
            ).first()
            assert cluster is not None
            counted = session.scalar(
                select(func.count())
                .select_from(ReviewCluster)
                .where(ReviewCluster.cluster_id == cluster.id, ReviewCluster.waits.is_(True))
            )
            assert cluster.waiting == counted
            return cluster.waiting, cluster.total

    assert kept() == (5, 5)
    moderator.decides(sent[0], "reject", reason="hateful")
    assert kept() == (4, 5)
    assert moderator.sees("all") == [sent[1].review_id]  # the next one carries the row
    moderator.decides(sent[0], "undo")
    assert kept() == (5, 5)
    assert len(moderator.sees("all")) == 1
    wall.acts(sent[1], "withdraw")
    assert kept() == (4, 5)
    wall.acts(sent[2], "erase")
    assert kept() == (3, 4)
    moderator.decides(sent[3], "spam")
    assert kept() == (2, 4)
    assert sorted(moderator.sees("all")) == [sent[0].review_id, sent[4].review_id]  # two are no cluster


def test_undoing_a_clusters_batch_brings_its_row_back(wall: Wall, moderator: AtTheDesk) -> None:
    flood(wall)
    answer = declines(moderator, rows(moderator)[0][0])
    assert moderator.sees("all") == []
    undo = form(moderator.client.get(answer.headers["Location"]).text, "/undo")
    moderator.client.post(undo.action, data=undo.sent())
    assert [words for _, words in rows(moderator)] == ["5 nearly the same, from 5 networks"]


def lays_aside(at: AtTheDesk, path: str) -> str:
    """The whole cluster is laid aside at once; answers the page of the batch."""
    chosen = form(at.client.get(path).text, "/moderation/bulk")
    offered = form(at.client.post(chosen.action, data=chosen.sent("park")).text, "/moderation/bulk/decide")
    return at.client.get(at.client.post(offered.action, data=offered.sent()).headers["Location"]).text


def test_a_cluster_that_was_laid_aside_comes_back_as_one_row(wall: Wall, moderator: AtTheDesk) -> None:
    flood(wall)
    lays_aside(moderator, rows(moderator)[0][0])
    assert moderator.sees("all") == []
    wall.screens(later(hours=25))
    assert [words for _, words in rows(moderator)] == ["5 nearly the same, from 5 networks"]
    assert len(moderator.sees("all")) == 1


def test_a_cluster_that_was_laid_aside_by_mistake_is_one_row_again(wall: Wall, moderator: AtTheDesk) -> None:
    flood(wall)
    undo = form(lays_aside(moderator, rows(moderator)[0][0]), "/undo")
    moderator.client.post(undo.action, data=undo.sent())
    assert [words for _, words in rows(moderator)] == ["5 nearly the same, from 5 networks"]
    assert len(moderator.sees("all")) == 1


def test_above_twenty_a_cluster_is_confirmed_by_its_number(wall: Wall, moderator: AtTheDesk) -> None:
    names = evening_words.NAMES[:22]
    sent = [arrives(wall, ABUSE.format(name=name, place="Leeds"), n) for n, name in enumerate(names)]
    wall.screens()
    path = rows(moderator)[0][0]
    chosen = form(moderator.client.get(path).text, "/moderation/bulk")
    offered = form(moderator.client.post(chosen.action, data=chosen.sent("reject")).text, "/moderation/bulk/decide")
    assert moderator.client.post(offered.action, data=offered.sent(reason="hateful")).status_code == 422
    assert state(wall, sent[0]) is State.WAITING
    assert declines(moderator, path).status_code == 303
    assert {state(wall, each) for each in sent} == {State.REJECTED}


def test_the_networks_hash_is_forgotten_with_the_evidence_and_the_words_with_their_erasure(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sent = flood(wall)
    with wall.work() as session:
        session.execute(update(Evidence).values(forget_after=utcnow() - timedelta(days=1)))
    with wall.app.app_context():
        retention.forget(wall.settings, utcnow())
    with wall.look() as session:
        assert session.scalars(select(Cluster).where(Cluster.kind == ClusterKind.NETWORK)).all() == []
        assert session.scalar(select(func.count()).select_from(ReviewCluster)) == 5
    assert [words for _, words in rows(moderator)] == ["5 nearly the same"]
    for each in sent:
        wall.acts(each, "erase")
    with wall.look() as session:
        for table in (ReviewCluster, Cluster, ClusterBand):
            assert session.scalar(select(func.count()).select_from(table)) == 0, table


def fingerprint(wall: Wall, *words: str) -> set[int]:
    """The bands of these words, as a cluster of the first campaign has them."""
    with wall.work() as session:
        campaign = session.scalars(select(Campaign.id).where(Campaign.slug == SLUG)).one()
        key = secret_for("clusters") + f"{campaign}".encode()
        return {band for each in words for band in likeness.bands(key, likeness.skeleton(each))}


def test_the_fingerprint_of_erased_words_goes_with_them_and_later_copies_still_gather(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sent = flood(wall)
    with wall.look() as session:
        keys = set(session.scalars(select(Cluster.key).where(Cluster.kind == ClusterKind.WORDS)))
        bands = set(session.scalars(select(ClusterBand.band)))
    assert bands == fingerprint(wall, *COPIES)
    for each in sent[:2]:
        wall.acts(each, "erase")
    with wall.look() as session:
        assert set(session.scalars(select(ClusterBand.band))) == fingerprint(wall, *COPIES[2:]) < bands
        assert not keys & set(session.scalars(select(Cluster.key).where(Cluster.kind == ClusterKind.WORDS)))
    flood(wall, [ABUSE.format(name="Farouk", place="Hull")], start=50)
    assert [words for _, words in rows(moderator)] == ["4 nearly the same, from 4 networks"]


def test_who_says_nearly_the_same_with_no_word_against_them_stands_by_themselves(
    wall: Wall, moderator: AtTheDesk
) -> None:
    base = "I will never again give a job to people from the estate by the canal, and I mean it"
    bad = flood(wall, [base, base + " 😂", base + " !!", base.upper()])
    (path, words) = rows(moderator)[0]
    (before,) = flood(wall, [base.replace("never again give", "now always give").replace("and I", "I do")], start=60)
    assert rows(moderator)[0] == (path, words)
    chosen = form(moderator.client.get(path).text, "/moderation/bulk")
    ticked = [pick(wall, each) for each in bad]
    offered = moderator.client.post(chosen.action, data=chosen.sent("reject", pick=ticked)).text
    offer = form(offered, "/moderation/bulk/decide")
    moderator.client.post(offer.action, data=offer.sent(reason="hateful"))
    copies = flood(wall, [base + " ??", base + " 😂😂"], start=70)  # the first carries the row of later copies
    (after,) = flood(wall, [base.replace("never again give", "always find") + " with all"], start=80)
    assert moderator.sees("all") == [before.review_id, copies[0].review_id, after.review_id]
    assert [said for _, said in rows(moderator) if "more like" in said] == ["2 more like those you declined"]


def test_what_stands_behind_a_row_that_nobody_carries_comes_to_the_front_again(
    wall: Wall, moderator: AtTheDesk
) -> None:
    flood(wall)
    with wall.work() as session:
        session.execute(update(Cluster).values(example_id=None))
        session.execute(update(Review).values(behind=True))
        session.execute(update(ReviewLane).values(behind=True))
    assert moderator.sees("all") == []
    wall.screens(later(60))
    assert [words for _, words in rows(moderator)] == ["5 nearly the same, from 5 networks"]


def test_a_cluster_of_another_campaign_does_not_exist(wall: Wall, moderator: AtTheDesk) -> None:
    flood(wall)
    path = rows(moderator)[0][0]
    stranger = wall.moderator("ola", slug="courageous-conversations")
    assert stranger.client.get(path).status_code == 404


def test_a_row_whose_example_is_laid_aside_passes_on_and_nothing_is_lost_from_sight(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sent = flood(wall)
    moderator.decides(sent[0], "park")
    assert moderator.sees("all") == [sent[1].review_id]
    assert moderator.sees("parked") == [sent[0].review_id]
    ann = wall.moderator("ann")
    moderator.decides(sent[3], "pass", to="ann@example.org")
    assert sent[3].review_id in ann.sees("mine")
    assert [words for _, words in rows(moderator)] == ["3 nearly the same, from 3 networks"]


def test_an_appeal_is_never_behind_a_row(wall: Wall, moderator: AtTheDesk) -> None:
    sent = flood(wall)
    declines(moderator, rows(moderator)[0][0])
    flood(wall, [ABUSE.format(name=name, place="Hull") for name in ("Farouk", "Hamza")], start=50)
    wall.acts(sent[2], "appeal")
    assert moderator.sees("appeals") == [sent[2].review_id]
    assert sent[2].review_id in moderator.sees("all")


def test_a_lane_shows_a_member_whose_row_stands_elsewhere(wall: Wall, moderator: AtTheDesk) -> None:
    flood(wall)
    welsh = arrives(wall, ABUSE.format(name="Gwen", place="Bangor"), 77, lang="cy")
    wall.screens()
    assert welsh.review_id not in moderator.sees("abuse")
    assert moderator.sees("welsh") == [welsh.review_id]


def astray(wall: Wall) -> list[tuple[int, str]]:
    """Rows of lanes that do not say whether their cluster's row stands there for them."""
    with wall.look() as session:
        wrong = []
        for row in session.scalars(select(ReviewLane)):
            carried = session.scalars(
                select(Cluster.example_id)
                .join(ReviewCluster, ReviewCluster.cluster_id == Cluster.id)
                .where(ReviewCluster.review_id == row.review_id, ReviewCluster.folds.is_(True))
            ).first()
            stands = carried is not None and session.get(ReviewLane, (carried, row.lane)) is not None
            if row.behind != (row.review.behind and stands):
                wrong.append((row.review_id, str(row.lane)))
        return wrong


def test_each_lane_knows_for_whom_a_row_stands_there_after_every_move(wall: Wall, moderator: AtTheDesk) -> None:
    first = arrives(wall, COPIES[0], 1)
    welsh = arrives(wall, ABUSE.format(name="Gwen", place="Bangor"), 77, lang="cy")
    sent = [first, *flood(wall, COPIES[1:], start=2)]
    also = arrives(wall, ABUSE.format(name="Mair", place="Bala"), 78, lang="cy")
    wall.screens()
    (carries,) = moderator.sees("welsh")  # the row stands there too
    assert carries == also.review_id  # a check spoke against it once more than against those before it
    assert astray(wall) == []
    moderator.decides(carries, "spam")  # and passes to the oldest, which is not in Welsh
    assert moderator.sees("welsh") == [welsh.review_id]
    assert moderator.sees("all") == [first.review_id]
    assert astray(wall) == []
    moderator.decides(carries, "undo")
    assert astray(wall) == []
    moderator.decides(sent[2], "park")
    assert astray(wall) == []
    moderator.decides(sent[2], "pass")
    wall.acts(sent[3], "withdraw")
    assert astray(wall) == []
    wall.acts(sent[3], "restore")
    wall.screens()
    assert astray(wall) == []
    for each in sent[1:4]:
        moderator.decides(each, "spam")
    assert astray(wall) == []


def test_members_are_told_when_the_one_that_carries_their_row_changes_its_lanes(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sent = flood(wall)
    assert moderator.sees("abuse") == [sent[0].review_id]
    with wall.work() as session:
        session.execute(update(Finding).where(Finding.review_id == sent[0].review_id).values(lane=None))
        lanes.put_in(session, session.get_one(Review, sent[0].review_id))
    wall.screens(later(60))
    assert moderator.sees("abuse") == [each.review_id for each in sent[1:]]
    assert astray(wall) == []


def test_a_member_that_comes_to_stand_in_another_lane_stays_behind_its_row(wall: Wall, moderator: AtTheDesk) -> None:
    sent = flood(wall)
    with wall.work() as session:
        moved = session.get_one(Review, sent[2].review_id)
        moved.waiting_since = later(hours=-1)
        lanes.put_in(session, moved)
    assert moderator.sees("all") == moderator.sees("abuse") == [sent[0].review_id]
    assert astray(wall) == []


def test_members_of_a_large_cluster_are_told_by_the_worker_a_portion_at_a_time(
    wall: Wall, moderator: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arranging, "AT_ONCE", 2)
    monkeypatch.setattr(arranging, "CANDIDATES", 1)
    welsh = arrives(wall, ABUSE.format(name="Gwen", place="Bangor"), 77, lang="cy")
    flood(wall)
    also = [arrives(wall, ABUSE.format(name=name, place="Bala"), 80 + n, lang="cy") for n, name in
            enumerate(("Mair", "Nia", "Olwen"))]  # fmt: skip
    wall.screens()
    (carries,) = moderator.sees("welsh")
    moderator.decides(carries, "spam")
    moderator.decides(welsh, "spam")
    assert moderator.sees("welsh") == []  # a decision waits for none of it
    wall.screens(later(60))
    assert moderator.sees("welsh") == [each.review_id for each in also if each.review_id != carries]
    assert astray(wall) == []


def test_a_flood_whose_first_copies_no_check_spoke_against_is_one_row_in_the_lane_of_the_later_ones(
    wall: Wall, moderator: AtTheDesk
) -> None:
    spam = "Buy cheap watches at http://cheap-watches.example/ now, friends, number {n}"
    sent = flood(wall, [spam.format(n=n) for n in range(12)])
    carried = moderator.sees("spam")
    assert len(carried) == 1
    assert set(moderator.sees("all")) <= {sent[0].review_id, *carried}
    assert astray(wall) == []


def test_an_item_that_was_laid_aside_stays_so_when_its_like_arrives(wall: Wall, moderator: AtTheDesk) -> None:
    first = arrives(wall, COPIES[0], 1)
    wall.screens()
    moderator.decides(first, "park")
    sent = flood(wall, COPIES[1:], start=2)
    assert moderator.sees("parked") == [first.review_id]
    assert moderator.sees("all") == [sent[0].review_id]
    assert [words for _, words in rows(moderator)] == ["4 nearly the same, from 4 networks"]
    assert astray(wall) == []


@pytest.mark.sqlite
def test_a_page_of_the_queue_walks_past_none_of_those_that_a_row_stands_for(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted in steps of the database, which a busy machine does not change."""
    monkeypatch.setattr(counts, "COUNTED", 30)  # so far both walls are counted, and no further
    monkeypatch.setattr(beside, "NETWORKS_COUNTED", 20)
    monkeypatch.setattr(context, "CONNECTED", 20)
    steps = {}
    for size in (80, 800):
        desk = prepared(databases.fresh("sqlite", opened), tmp_path / str(size), size, folded=True)
        assert len(desk.sees("all")) > 20
        taken: list[int] = []

        def count(connection: Any, *_: object, taken: list[int] = taken) -> None:
            connection.set_progress_handler(lambda: taken.append(1), 50)

        event.listen(desk.wall.database.engine, "checkout", count)
        for lane in ("all", "abuse", "new"):
            assert desk.client.get(f"/moderation/?lane={lane}").status_code == 200
        steps[size] = len(taken)
        desk.wall.close()
    assert steps[800] < 1.2 * steps[80]


@pytest.mark.sqlite
def test_near_identical_is_told_apart_from_alike() -> None:
    """Over all pairs of a family, and over all pairs of honest promises and of different families."""
    chance = random.Random(7)
    texts = evening_words.abuse(120, chance)
    honest = [likeness.skeleton(words) for words in evening_words.honest(120, chance)]
    bare = [likeness.skeleton(words) for words in texts]
    for mine in bare:
        assert not any(likeness.near(mine, other) for other in honest)
    key = b"k" * 32
    for start in ABUSE.format(name="Wei", place="Bangor"), "We read together, every Tuesday, whoever comes along":
        disguised = start.replace("a", "4").upper() + " 😂"
        assert likeness.skeleton(start) == likeness.skeleton(disguised)
        assert likeness.exact(key, start) == likeness.exact(key, disguised)
        assert set(likeness.bands(key, likeness.skeleton(start))) == set(
            likeness.bands(key, likeness.skeleton(disguised))
        )
    assert likeness.skeleton("I will plant 6 trees with my class") != likeness.skeleton(
        "I will plant 9 trees with my class"
    )
    assert arranging.FEW == 3


def test_two_batches_of_one_cluster_at_once_decide_each_item_once_and_keep_its_counts(wall: Wall) -> None:
    """Two moderators press at the same moment, in opposite order, while the worker still screens later copies."""
    sent = flood(wall) + [arrives(wall, ABUSE.format(name=name, place="Hull"), 60 + n) for n, name in
                          enumerate(evening_words.NAMES[:9])]  # fmt: skip
    wall.screens()
    late = [arrives(wall, ABUSE.format(name="Olu", place=place), 90 + n) for n, place in enumerate(("Derby", "Leeds"))]
    batches = []
    for name, items in (("mo", sent), ("ann", sent[::-1])):
        with wall.work() as session:
            seen = picks.read_picks(pick(wall, each) for each in items)
            me = wall.plain_moderator(session, name)
            session.add(Membership(moderator_id=me.id, role=Role.MODERATOR, since=utcnow()))
            batches.append(bulk_batches.begin(session, seen, "spam", by=me, now=utcnow()).id)

    def goes_on(batch_id: int) -> bool:
        with wall.app.app_context():
            return bulk_batches.go_on(batch_id, wall.settings, utcnow())

    with ThreadPoolExecutor(3) as pool:
        screened = pool.submit(wall.screens)
        assert list(pool.map(goes_on, batches)) == [True, True]
        assert screened.result() == 2
    with wall.look() as session:
        outcomes = session.scalars(select(BatchItem.outcome)).all()
        cluster = session.scalars(select(Cluster).where(Cluster.kind == ClusterKind.WORDS)).one()
        assert (cluster.waiting, cluster.total) == (2, 16)
    assert sorted(outcomes) == ["done"] * 14 + ["overtaken"] * 14
    assert {state(wall, each) for each in sent} == {State.SPAM}
    assert {state(wall, each) for each in late} == {State.WAITING}


def ticks(at: AtTheDesk, path: str, picked: list[str]) -> str:
    """The dry run of the cluster's first page with these ticked, and the tick for what it does not list."""
    chosen = form(at.client.get(path).text, "/moderation/bulk")
    assert chosen.values("rest")
    return at.client.post(chosen.action, data=chosen.sent("reject", pick=picked, rest=["1"])).text


def would_decline(dry_run: str) -> set[int]:
    return {int(each.split(".")[0]) for each in form(dry_run, "/moderation/bulk/decide").values("pick")[0].split(",")}


def test_the_rest_of_a_cluster_is_what_its_page_would_have_ticked_and_nothing_else(
    wall: Wall, moderator: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = flood(wall, [*COPIES, *(ABUSE.format(name=name, place="Hull") for name in ("Farouk", "Hamza", "Ines"))])
    path = rows(moderator)[0][0]
    ann = wall.moderator("ann")
    stands, passed, aside, clear = sent[3:7]
    moderator.approves(stands)
    wall.reports(stands)
    moderator.decides(stands, "reopen")
    moderator.decides(passed, "pass", to="ann@example.org")
    ann.decides(aside, "park")
    with wall.work() as session:  # as of honest words that only read alike
        session.execute(update(Finding).where(Finding.review_id == clear.review_id).values(verdict="clear"))
    for room in (beside, clusters):
        monkeypatch.setattr(room, "LISTED", 2)
    page = moderator.client.get(path).text
    assert "Also the 2 that would be chosen from the start" in page
    listed = [pick(wall, each) for each in sent[:2]]
    assert would_decline(ticks(moderator, path, listed)) == {sent[n].review_id for n in (0, 1, 2, 7)}
    for room in (beside, clusters):
        monkeypatch.setattr(room, "LISTED", 50)
    ticked = set(re.findall(r'name="pick" value="(\d+)\.\d+"[^>]* checked', moderator.client.get(path).text))
    assert ticked == {str(sent[n].review_id) for n in (0, 1, 2, 7)}
    assert form(moderator.client.get(path).text, "/moderation/bulk").values("rest") == []


def test_copies_of_what_was_declined_are_taken_with_the_rest_though_no_check_spoke(
    wall: Wall, moderator: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = "I will never again give a job to people from the estate by the canal, and I mean it"
    flood(wall, [base, base + " 😂", base + " !!", base.upper()])
    path = rows(moderator)[0][0]
    chosen = form(moderator.client.get(path).text, "/moderation/bulk")
    offered = moderator.client.post(chosen.action, data=chosen.sent("reject", pick=chosen.values("pick"))).text
    offer = form(offered, "/moderation/bulk/decide")
    moderator.client.post(offer.action, data=offer.sent(reason="hateful"))
    copies = flood(wall, [base + " ??", base + " 😂😂", base + " ..."], start=60)
    flood(wall, [base.replace("never again give", "now always give")], start=70)
    for room in (beside, clusters):
        monkeypatch.setattr(room, "LISTED", 1)
    (path, _), *_ = rows(moderator)
    assert would_decline(ticks(moderator, path, [])) == {each.review_id for each in copies[1:]}


def test_what_stands_on_the_wall_is_chosen_by_hand_and_the_dry_run_says_so_of_all_of_them(
    wall: Wall, moderator: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = flood(wall)
    path = rows(moderator)[0][0]
    for each in sent[:2]:
        moderator.approves(each)
        wall.reports(each)
        moderator.decides(each, "reopen")
    chosen = form(moderator.client.get(path).text, "/moderation/bulk")
    by_hand = [pick(wall, each) for each in sent]
    page = moderator.client.post(chosen.action, data=chosen.sent("reject", pick=by_hand)).text
    assert "2 of those that can be decided stand on the wall now." in page
    assert "2 of them were reported." in page
    assert page.count(">Stands on the wall<") == page.count(">Reported<") == 2
    for room in (beside, clusters):
        monkeypatch.setattr(room, "LISTED", 1)
    page = moderator.client.post(chosen.action, data=chosen.sent("reject", pick=by_hand[::-1])).text
    assert "2 of those that can be decided stand on the wall now." in page
