"""A logo as it was sent becomes one of ours: bounded before it is decoded, drawn anew, and nothing beside its points is kept."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps

MOST_BYTES = 200 * 1024
MOST_POINTS = 4_000_000
LONGEST_SIDE = 4_000
SHOWN = (384, 160)  # four times as large as the largest place for it
KEPT_BYTES = 128 * 1024
FORMATS = {"PNG": b"\x89PNG\r\n\x1a\n", "JPEG": b"\xff\xd8\xff", "WEBP": b"RIFF"}


class NoLogo(ValueError):
    """It cannot be a logo: `why` is 'none', 'large', 'kind', 'points' or 'broken'."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Picture:
    """A PNG of ours."""

    png: bytes
    width: int
    height: int


def drawn_anew(sent: bytes) -> Picture:
    """The picture, as large as it is ever shown. Raises NoLogo."""
    if not sent:
        raise NoLogo("none")
    if len(sent) > MOST_BYTES:
        raise NoLogo("large")
    kinds = [name for name, begins in FORMATS.items() if sent.startswith(begins)]
    if not kinds or (kinds == ["WEBP"] and sent[8:12] != b"WEBP"):
        raise NoLogo("kind")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(sent), formats=kinds) as image:  # the head alone: nothing is decoded yet
                width, height = image.size
                if width * height > MOST_POINTS or max(width, height) > LONGEST_SIDE or min(width, height) < 1:
                    raise NoLogo("points")
                return _ours(image)
    except NoLogo:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise NoLogo("points") from error
    except Exception as error:  # whatever a decoder stumbles over: it is no picture that anybody could show
        raise NoLogo("broken") from error


def _ours(image: Image.Image) -> Picture:
    """Its first frame, the right way up, on see-through ground."""
    image.draft("RGB", SHOWN)  # a JPEG is decoded no larger than it has to be
    points = ImageOps.exif_transpose(image).convert("RGBA")
    points.thumbnail(SHOWN, Image.Resampling.LANCZOS)
    plain = Image.new("RGBA", points.size)
    plain.paste(points)  # points alone: no text, no profile, no place where it was taken
    png = _png(plain)
    if len(png) > KEPT_BYTES:
        png = _png(plain.quantize(256, method=Image.Quantize.FASTOCTREE))
    if len(png) > KEPT_BYTES:
        raise NoLogo("large")
    return Picture(png, *plain.size)


def _png(image: Image.Image) -> bytes:
    kept = BytesIO()
    image.save(kept, "PNG", optimize=True)
    return kept.getvalue()
