"""A logo is drawn anew from what was sent, bounded before it is decoded, and shown once a moderator has looked, while the badge holds."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import select

from pledges.db import utcnow
from pledges.models import Logo, Organisation
from pledges.organisations import badges, pictures
from tests.moderation.test_proofs import address, gives, of, says, waits
from tests.wall import SLUG, Sent, Wall

PICTURE = re.compile(rf'<span class="logo"><img src="(/{SLUG}/organisations/\w+/logo-\w+\.png)" alt="([^"]*)"')


def drawn(kind: str = "PNG", size: tuple[int, int] = (300, 100), **given: object) -> bytes:
    kept = BytesIO()
    Image.new("RGB", size, "#1c5d3a").save(kept, kind, **given)
    return kept.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is as large as this."""

    def chunk(name: bytes, said: bytes) -> bytes:
        return struct.pack(">I", len(said)) + name + said + struct.pack(">I", zlib.crc32(name + said))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


def test_only_its_points_are_kept_no_larger_than_they_are_shown() -> None:
    secret = PngInfo()
    secret.add_text("Comment", "taken at 12 Mill Lane")
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "taken at 12 Mill Lane", 6  # turned by a quarter
    sent = [drawn(pnginfo=secret, exif=exif), drawn("JPEG", exif=exif), drawn("WEBP", exif=exif)]
    for each in sent:
        assert b"Mill Lane" in each
        kept = pictures.drawn_anew(each)
        again = Image.open(BytesIO(kept.png))
        assert again.format == "PNG" and b"Mill Lane" not in kept.png and not again.info
        assert (kept.width, kept.height) == again.size == (53, 160)


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"", "none"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "kind"),
        (drawn("GIF"), "kind"),
        (b"RIFF\0\0\0\0WAVEfmt ", "kind"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * pictures.MOST_BYTES, "large"),
        (bomb(60_000, 60_000), "points"),
        (bomb(1, 5_000), "points"),
        (bomb(2_000, 1_900), "broken"),
        (drawn("JPEG")[:200], "broken"),
        (drawn()[:60], "broken"),
    ],
    ids=["nothing", "svg", "gif", "wave", "heavy", "huge", "long", "cut short", "half a jpeg", "half a png"],
)
def test_what_is_no_small_picture_is_refused_before_it_is_decoded(sent: bytes, why: str) -> None:
    with pytest.raises(pictures.NoLogo) as refused:
        pictures.drawn_anew(sent)
    assert refused.value.why == why


@pytest.fixture
def wall(walls: Callable[..., Wall]) -> Wall:
    return walls()


def sends(
    wall: Wall, sent: Sent, picture: bytes, alt: str = "A green field", name: str = "logo.png"
) -> tuple[int, str]:
    given = {"alt": alt, "logo": (BytesIO(picture), name)}
    answer = wall.app.test_client().post(f"{sent.receipt}/logo", data=given, content_type="multipart/form-data")
    return answer.status_code, answer.text


def shown(wall: Wall, sent: Sent) -> list[tuple[str, str]]:
    """The logo on the promise's page, its card and the organisation's page, which say alike."""
    client = wall.app.test_client()
    page = re.search(rf"/{SLUG}/organisations/\w+(?=\")", client.get(f"/{SLUG}/promises/{sent.public_id}").text)
    assert page is not None
    found = [
        PICTURE.findall(client.get(each).text) for each in (f"/{SLUG}/promises/{sent.public_id}", f"/{SLUG}", page[0])
    ]
    assert set(found[0]) == set(found[1]) and {*found[0]} <= {*found[2]}
    return found[0]


@dataclass(frozen=True)
class Elsewhere:
    """What other people's pages show of a promise."""

    embedded: list[str]
    drawn: bytes
    words: str  # of the picture, for those who do not see it


def elsewhere(wall: Wall, sent: Sent) -> Elsewhere:
    get, one = wall.app.test_client().get, f"/{SLUG}/promises/{sent.public_id}"
    paths = (f"/{SLUG}/embed", f"/{SLUG}/embed.json", f"/{SLUG}/fragment", f"{one}/embed", f"{one}/embed.json")
    words = re.search(r'og:image:alt" content="([^"]*)"', get(one).text)
    assert words is not None
    texts = [get(path).text.replace(f'"src":"{SLUG}', f'"src":"/{SLUG}') for path in paths]
    return Elsewhere(texts, get(f"{one}/card.png").data, words[1])


def test_a_logo_is_shown_once_a_moderator_has_looked_and_goes_with_the_badge(wall: Wall) -> None:
    mo = wall.moderator()
    sent, client = of(wall, mo), wall.app.test_client()
    assert sends(wall, sent, drawn())[0] == 409  # nobody has proved to speak for it
    gives(wall, sent)
    for alt, picture, said in (
        ("", drawn(), "Write what the logo shows"),
        ("A field", b"", "Choose a picture"),
        ("A field", drawn("GIF"), "as PNG, JPEG or WebP"),
    ):
        status, page = sends(wall, sent, picture, alt)
        assert status == 422 and said in page
    assert sends(wall, sent, b"\x89PNG\r\n\x1a\n" + b"\0" * 300_000)[0] == 413
    assert sends(wall, sent, drawn(size=(30, 10)))[0] == 303 and sends(wall, sent, drawn())[0] == 303
    assert waits(mo) == (1, 1) and shown(wall, sent) == []
    before = elsewhere(wall, sent)
    desk = mo.client.get(address(wall)).text
    seen = re.search(r'src="(/moderation/organisations/\w+/\w+\.png)" alt="A green field"', desk)
    assert seen is not None and mo.client.get(seen[1]).data.startswith(b"\x89PNG")
    assert client.get(seen[1]).status_code == 302
    assert says(mo, wall, "yes") == 303 and waits(mo) == (0, 0)
    ((path, alt),) = shown(wall, sent)
    plain, with_logo = before, elsewhere(wall, sent)
    assert [said.count(path) for said in with_logo.embedded] == [1, 1, 1, 1, 1] and not any(
        path in said for said in plain.embedded
    )
    assert all('alt="A green field"' in said or '"alt":"A green field"' in said for said in with_logo.embedded)
    assert with_logo.drawn != plain.drawn and with_logo.words == f"{plain.words} (with a logo: A green field)"
    answer = client.get(path)
    assert alt == "A green field" and answer.mimetype == "image/png" and answer.data.startswith(b"\x89PNG")
    assert client.get(path.replace("logo-", "logo-0")).status_code == 404
    with wall.work() as session:
        badges.end(session, session.scalars(select(Organisation)).one(), utcnow())
    assert shown(wall, sent) == [] and client.get(path).status_code == 404
    after = elsewhere(wall, sent)
    assert (after.drawn, after.words) == (before.drawn, before.words)
    assert not any("A green field" in said for said in after.embedded)
    gives(wall, sent)
    assert len(shown(wall, sent)) == 1
    assert wall.acts(sent, "erase").status_code == 200
    with wall.look() as session:
        assert session.scalars(select(Logo.id)).all() == []
    assert client.get(path).status_code == 404


def test_no_other_form_takes_a_file(wall: Wall) -> None:
    given = {"act": "erase", "logo": (BytesIO(drawn()), "logo.png")}
    sent = wall.promises()
    answer = wall.app.test_client().post(sent.receipt, data=given, content_type="multipart/form-data")
    assert answer.status_code == 415
