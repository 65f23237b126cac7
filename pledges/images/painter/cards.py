"""The pictures, 1200 by 630, all within 64 of the edge that matters (`shared/design`, share images)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import Any

import resvg_py

from .colours import DYES, GOOD, INK, PAPER, weave
from .fonts import is_right_to_left, outline, shaped
from .lines import Block, fitted

WIDE, HIGH, SAFE = 1200, 630, 64
INSIDE = WIDE - 2 * SAFE
SERIF, SERIF_BOLD, SANS, SANS_BOLD = "NotoSerif-Regular", "NotoSerif-Bold", "NotoSans-Regular", "NotoSans-Bold"
ASCENT, DESCENT = 1.069, 0.293  # of all these fonts, in sizes
OPEN = 1.6  # the leading of scripts that need room above and below
SIZES = {"s": ((96, 84, 72, 60), 1.04), "m": ((60, 54, 48), 1.16), "l": ((43, 38), 1.24), "xl": ((43, 38), 1.24)}
LOGO = (196, 92)  # its place beside the name, with a margin of 8
TICK = "M2.2 8.6l4 4 8-9.4"  # in a square of 16

Given = dict[str, Any]


def picture(given: Given) -> bytes:
    """The PNG of what is given; KeyError where that is no picture that we draw."""
    return bytes(resvg_py.svg_to_bytes(svg_string=drawing(given), skip_system_fonts=True))


def drawing(given: Given) -> str:
    """The same as SVG, of shapes alone: no letter is left to whoever draws it."""
    kinds: dict[str, Callable[[Given], str]] = {"promise": _promise, "wall": _wall, "count": _count}
    inside = kinds[given["kind"]](given)
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDE}" height="{HIGH}">{inside}</svg>'


# The pictures


def _promise(given: Given) -> str:
    """Words, who says so, and the cloth as far as it was woven on that day."""
    dye = DYES[given["dye"]]
    short = given["size"] == "s"
    ground, ink = (dye.fill, dye.on) if short else (PAPER, INK)
    words, band = _drawable(given["words"], given["instead"]), given["size"]
    sizes, leading = SIZES["m" if words != given["words"] else band]
    rtl = is_right_to_left(words)
    block = fitted(words, SERIF, sizes, _leading(words, leading), INSIDE, 273, balanced=band in "sm")
    top = 72 + (273 - block.height) / 2
    return "".join(
        [
            f"<defs>{weave(given['dye'])}</defs>",
            f'<path d="M0 0h{WIDE}v{HIGH}H0z" fill="{ground}"/>',
            f'<path d="M0 0h{WIDE}v24H0z" fill="{dye.fill}"/><path d="M0 0h{WIDE}v24H0z" fill="url(#weave)"/>',
            _block(block, SERIF, ink, top, right=rtl, rtl=rtl),
            _signature(given, ink, ink if short else dye.ink),
            _beside(given, ink, GOOD if not short else ink),
            _cloth(given, 480, 150),
        ]
    )


def _signature(given: Given, ink: str, of_motif: str) -> str:
    name, meta = _drawable(given["name"], ""), _drawable(given["meta"], "")
    mark, wide_mark = _logo(given["logo"]) if given.get("logo") else ("", 81.0)
    motif = f'<path transform="translate({SAFE} 369) scale(9)" fill="{of_motif}" d="{escape(given["motif"])}"/>'
    x, wide = SAFE + wide_mark + 22, 640 - wide_mark + 81
    for scale in (1.0, 0.86, 0.74, 0.62, 0.5):
        named = fitted(name, SANS_BOLD, [28 * scale], _leading(name, 1.22), wide, 1e9) if name else None
        told = fitted(meta, SANS, [24 * scale], _leading(meta, 1.25), wide, 1e9) if meta else None
        blocks = [(block, face) for block, face in ((named, SANS_BOLD), (told, SANS)) if block is not None]
        high = sum(block.height for block, _ in blocks)
        if high <= 104:
            break
    top = 409 - high / 2
    said = []
    for block, face in blocks:
        said.append(_block(block, face, ink, top, x=x))
        top += block.height
    return (mark or motif) + "".join(said)


def _logo(given: Given) -> tuple[str, float]:
    """On white, no larger than its place, where the motif would stand; and how wide that is."""
    scale = min((most - 16) / max(1, size) for most, size in zip(LOGO, (given["width"], given["height"]), strict=True))
    wide, high = given["width"] * scale, given["height"] * scale
    left, top = SAFE + 8, 409.5 - high / 2
    ground = f'<path d="M{SAFE} {top - 8:.1f}h{wide + 16:.1f}v{high + 16:.1f}h-{wide + 16:.1f}z" fill="#ffffff"/>'
    place = f'x="{left}" y="{top:.1f}" width="{wide:.1f}" height="{high:.1f}"'
    return f'{ground}<image {place} href="data:image/png;base64,{escape(given["png"])}"/>', wide + 16


def _beside(given: Given, ink: str, of_status: str) -> str:
    """Whose wall it is, and how the promise stands, at the other end."""
    site = fitted(given["site"], SERIF_BOLD, (24, 21, 18), _leading(given["site"], 1.2), 300, 88)
    if not given["status"]:
        return _block(site, SERIF_BOLD, ink, 409 - site.height / 2, right=True)
    top = 409 - (site.height + 34) / 2
    line = shaped(given["status"], SANS_BOLD)
    tick = ""
    if given["kept"]:
        x = WIDE - SAFE - line.width * 22 - 28
        tick = f'<path transform="translate({x:.1f} {top + 3:.1f}) scale(1.3)" fill="none" stroke="{of_status}" stroke-width="2.4" d="{TICK}"/>'
    status = _block(Block((given["status"],), 22, 1.3), SANS_BOLD, of_status, top, right=True)
    return tick + status + _block(site, SERIF_BOLD, ink, top + 34, right=True)


def _wall(given: Given) -> str:
    """What the campaign calls out, and what has come of it."""
    ink, campaign = given["on_campaign"], given["campaign"]
    hero = fitted(given["hero"], SERIF_BOLD, (84, 72, 60, 50, 42), _leading(given["hero"], 1.06), INSIDE, 190)
    title = fitted(given["title"], SANS, (28, 24, 20), _leading(given["title"], 1.25), INSIDE, 36)
    top = 84 + (276 - hero.height - title.height - 22) / 2
    rtl = is_right_to_left(given["hero"])
    return "".join(
        [
            f'<path d="M0 0h{WIDE}v{HIGH}H0z" fill="{campaign}"/>',
            f'<path d="M0 0h{WIDE}v24H0z" fill="{given["accent"]}"/>',
            _block(title, SANS, ink, top, right=rtl),
            _block(hero, SERIF_BOLD, ink, top + title.height + 22, right=rtl, rtl=rtl),
            _figures(given["figures"], ink),
            _cloth(given, 480, 150),
        ]
    )


def _figures(figures: Iterable[tuple[str, str]], ink: str) -> str:
    """Number and word, one beside the other; smaller where they have no room."""
    figures = list(figures)
    for scale in (1.0, 0.84, 0.7, 0.55):
        wide = [
            (shaped(number, SERIF_BOLD).width * 44 + shaped(word, SANS).width * 24 + 10 / scale) * scale
            for number, word in figures
        ]
        if sum(wide) + 40 * (len(wide) - 1) <= INSIDE:
            break
    x, said = float(SAFE), []
    for (number, word), each in zip(figures, wide, strict=True):
        after = x + shaped(number, SERIF_BOLD).width * 44 * scale + 10
        said.append(_line(number, SERIF_BOLD, 44 * scale, ink, x, 440))
        said.append(_line(word, SANS, 24 * scale, ink, after, 440))
        x += each + 40
    return "".join(said)


def _count(given: Given) -> str:
    """How many promises there are."""
    ink = given["on_campaign"]
    room = INSIDE * 0.6
    number = given["number"]
    size = min(230.0, room / shaped(number, SERIF_BOLD).width)
    x = SAFE + shaped(number, SERIF_BOLD).width * size + 32
    word = fitted(given["word"], SERIF_BOLD, (56, 48, 40, 32), _leading(given["word"], 1.1), WIDE - SAFE - x, 200)
    title = fitted(given["title"], SANS, (28, 24, 20), _leading(given["title"], 1.25), INSIDE, 72)
    return "".join(
        [
            f'<path d="M0 0h{WIDE}v{HIGH}H0z" fill="{given["campaign"]}"/>',
            f'<path d="M0 0h{WIDE}v24H0z" fill="{given["accent"]}"/>',
            _line(number, SERIF_BOLD, size, ink, SAFE, 310),
            _block(word, SERIF_BOLD, ink, 322 - word.height, x=x),
            _block(title, SANS, ink, 420 - title.height / 2),
            _cloth(given, 480, 150),
        ]
    )


def _cloth(given: Given, top: int, high: int) -> str:
    cloth = given["cloth"]
    dyed = "".join(f'<path fill="{DYES[dye].lit}" d="{escape(path)}"/>' for dye, path in cloth["dyed"].items())
    ground = given["campaign"]
    return (
        f'<svg x="0" y="{top}" width="{WIDE}" height="{high}" viewBox="0 0 {WIDE} {high}">'
        f'<path d="M0 0h{WIDE}v{high}H0z" fill="{ground}"/>'
        f'<path d="{escape(cloth["warp"])}" stroke="{given["on_campaign"]}" stroke-opacity=".45"/>{dyed}'
        f'<path d="{escape(cloth["joints"])}" stroke="{ground}"/>'
        f'<path d="{escape(cloth["fine_joints"])}" stroke="{ground}" stroke-width=".5" stroke-opacity=".55"/></svg>'
    )


# Words


def _drawable(text: str, instead: str) -> str:
    """The text; `instead` where a sign of it is in none of our fonts, since half a sentence says something else."""
    return text if not shaped(" ".join(text.split()), SERIF).missing else instead


def _leading(text: str, usual: float) -> float:
    """More room between lines where letters reach higher and lower."""
    fonts = {glyph.font for glyph in shaped(" ".join(text.split()), SERIF).glyphs}
    return usual if fonts <= {SERIF, "NotoEmoji-Regular"} else max(usual, OPEN)


def _block(
    block: Block, face: str, ink: str, top: float, *, x: float = SAFE, right: bool = False, rtl: bool = False
) -> str:
    """The lines below each other; with `right` they end at the safe edge."""
    high = block.size * block.leading
    base = (high - (ASCENT + DESCENT) * block.size) / 2 + ASCENT * block.size
    said = []
    for number, text in enumerate(block.lines):
        own = rtl or is_right_to_left(text)
        start = WIDE - SAFE - shaped(text, face, right_to_left=own).width * block.size if right else x
        said.append(_line(text, face, block.size, ink, start, top + number * high + base, rtl=own))
    return "".join(said)


def _line(text: str, face: str, size: float, ink: str, x: float, y: float, *, rtl: bool = False) -> str:
    drawn = []
    for glyph in shaped(text, face, right_to_left=rtl).glyphs:
        path = outline(glyph.font, glyph.number)
        if path:
            at = f"{x + glyph.x * size:.2f} {y - glyph.y * size:.2f}"
            drawn.append(f'<path transform="translate({at}) scale({size:.3f})" d="{path}"/>')
    return f'<g fill="{ink}">{"".join(drawn)}</g>'
