"""Strong words stand nowhere in a page before somebody asks for them: not as a name, and not beside other words."""

from __future__ import annotations

from sqlalchemy import select

from moderation.models import Cluster, Review, ReviewCluster
from tests.moderation.bulk.test_sheet import calm as calm  # a wall whose spam service answers
from tests.moderation.bulk.test_sheet import on_it, screened, sheet
from tests.moderation.clusters.test_clusters import arrives
from tests.wall import AtTheDesk, Sent, Wall

HARSH = "You are all wankers and I will say so"
KEPT = "Name kept hidden"


def address(sent: Sent) -> str:
    return f"/moderation/reviews/{sent.review_id}"


def page(who: AtTheDesk, path: str) -> str:
    answer = who.client.get(path)
    assert answer.status_code == 200
    return answer.text


def test_a_strong_name_is_kept_hidden_with_the_words(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises("I will listen", name="Big Wanker", role="Chief Wanker", show_name="full")
    mild = wall.promises("I will plant a tree", name="Amina", show_name="anonymous")
    wall.screens()
    for path in (address(sent), f"/moderation/?at={sent.review_id}", "/moderation/search?q=listen"):
        assert "Wanker" not in page(moderator, path), path
        assert KEPT in page(moderator, path), path
    assert "Amina" in page(moderator, address(mild))
    shown = moderator.opens_text(address(sent))
    assert "Big <mark>Wanker" in shown and "Chief <mark>Wanker" in shown
    assert KEPT not in shown


def test_the_address_of_a_website_is_kept_hidden_with_the_words(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises("They are wankers and I will say so", website="https://allwankers.example")
    wall.screens()
    assert "allwankers.example" not in page(moderator, address(sent))
    assert "allwankers.example" in moderator.opens_text(address(sent))


def test_a_strong_name_is_kept_hidden_among_its_like(wall: Wall, moderator: AtTheDesk) -> None:
    words = "Come to my shop and buy the cheapest watches of the town"
    sent = [wall.promises(words, name="Big Wanker", show_name="anonymous") for _ in range(4)]
    wall.screens()
    with wall.look() as session:
        cluster = session.scalars(
            select(Cluster.id).join(ReviewCluster).where(ReviewCluster.review_id == sent[0].review_id)
        ).first()
    path = f"/moderation/clusters/{cluster}"
    assert "Wanker" not in page(moderator, path)
    assert KEPT in page(moderator, path)
    assert "Wanker" in moderator.opens_text(path, show="all")


def harsh_and_shown(wall: Wall, by: AtTheDesk) -> Sent:
    """A promise with strong words, approved all the same."""
    sent = wall.promises(HARSH)
    wall.screens()
    by.approves(sent)
    return sent


def test_what_a_comment_answers_is_hidden_where_it_has_strong_words(wall: Wall, moderator: AtTheDesk) -> None:
    sent = harsh_and_shown(wall, moderator)
    comment = wall.comments(sent, "Good to hear that")
    wall.screens()
    for path in (address(comment), f"/moderation/?at={comment.review_id}"):
        assert "wankers" not in page(moderator, path), path
        assert "Good to hear that" in page(moderator, path), path
    assert "wankers" in moderator.opens_text(address(comment))


def test_what_stands_on_the_wall_is_hidden_where_it_has_strong_words(wall: Wall, moderator: AtTheDesk) -> None:
    sent = harsh_and_shown(wall, moderator)
    newer = wall.edits(sent, "You are all kind and I will say so")
    wall.screens()
    hidden = page(moderator, address(newer))
    assert "You are all kind" in hidden
    assert "wankers" not in hidden  # nor in what has changed
    shown = moderator.opens_text(address(newer))
    assert shown.count("wankers") == 2


def test_what_reporters_wrote_is_hidden_where_it_has_strong_words(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    wall.screens()
    moderator.approves(sent)
    wall.reports(sent, note="They are wankers, all of them")
    wall.reports(sent, category="other", note="It is about my sister")
    hidden = page(moderator, address(sent))
    assert "wankers" not in hidden
    assert "1 note is kept hidden" in hidden
    assert "It is about my sister" in hidden
    shown = moderator.opens_text(address(sent))
    assert "They are wankers, all of them" in shown
    assert "is kept hidden" not in shown


def test_a_sheet_shows_no_strong_words_of_what_a_comment_answers(calm: Wall) -> None:
    reader = calm.moderator("mo")
    sent = arrives(calm, "My shop window is free for posters of the carnival", 1)
    screened(calm)
    reader.approves(sent)
    comment = calm.comments(sent, "How kind of you to do that")
    screened(calm)
    assert "posters of the carnival" in sheet(reader)
    with calm.work() as session:
        session.get_one(Review, sent.review_id).masked = True
    hidden = sheet(reader)
    assert on_it(hidden) == [comment.review_id]
    assert "posters of the carnival" not in hidden
    assert "Open the comment by itself to read it." in hidden
