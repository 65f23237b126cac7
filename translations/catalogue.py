"""`python -m translations.catalogue`: find every string, bring the catalogues up to date, compile them."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("cy",)
SOURCES = {"pledges": ("**.py", "python"), "moderation": ("**.py", "python"), "templates": ("**.*", "jinja2")}
OPTIONS = {"**.*": {"silent": "false"}}  # a template that does not parse stops the command, instead of losing its words
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "lazy_ngettext": (1, 2)}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|\{\w*\}")


def main() -> int:
    """0 where every string has its translation; else the strings that lack one are printed."""
    template = extracted()
    lacking = 0
    for language in LANGUAGES:
        catalogue = updated(language, template)
        for problem in problems(catalogue, template):
            print(f"{language}: {problem}")
            lacking += 1
        print(f"{language}: {len(template)} strings")
    return 1 if lacking else 0


def po_file(language: str) -> Path:
    return ROOT / "translations" / language / "LC_MESSAGES" / "messages.po"


def mo_file(language: str) -> Path:
    return po_file(language).with_suffix(".mo")


def extracted(root: Path = ROOT) -> Catalog:
    """Every string of the code and the templates, without translations."""
    found = Catalog(project="Promise Wall", fuzzy=False)
    for folder, mapping in SOURCES.items():
        for name, _line, message, _comments, context in extract_from_dir(root / folder, [mapping], OPTIONS, KEYWORDS):
            found.add(message, None, [(f"{folder}/{name}", 0)], context=context)
    return found


def read(language: str) -> Catalog:
    with po_file(language).open("rb") as file:
        return read_po(file, locale=language)


def updated(language: str, template: Catalog) -> Catalog:
    """The catalogue holds the template's strings and no other; new ones are empty. Both files are written."""
    catalogue = read(language) if po_file(language).exists() else Catalog(locale=language, project="Promise Wall")
    catalogue.update(template, no_fuzzy_matching=True, update_creation_date=False)
    catalogue.fuzzy = False
    with po_file(language).open("wb") as file:
        write_po(file, catalogue, width=0, ignore_obsolete=True, include_lineno=False)
    with mo_file(language).open("wb") as file:
        write_mo(file, read(language))
    return catalogue


def problems(catalogue: Catalog, template: Catalog) -> Iterator[str]:
    """What a reader would stumble over: one line for each string not translated, or not faithfully."""
    for message in template:
        if message.id:
            yield from _problems_of(message, catalogue.get(message.id, message.context), catalogue.num_plurals)


def _problems_of(message: Message, translated: Message | None, plurals: int) -> Iterator[str]:
    asked = forms(message.id)
    name = repr(asked[0])
    if translated is None:
        yield f"{name} is not in the catalogue"
        return
    given = forms(translated.string)
    if len(given) != (plurals if len(asked) > 1 else 1) or not all(given):
        yield f"{name} is not translated"
    elif translated.fuzzy:
        yield f"{name} is marked fuzzy"
    elif any(_placeholders(words) != _placeholders(asked[-1]) for words in given):
        yield f"{name} and its translation differ in their placeholders"


def forms(words: str | Sequence[str] | None) -> tuple[str, ...]:
    """The singular and the plurals; of a string without them, it alone."""
    return (words or "",) if words is None or isinstance(words, str) else tuple(words)


def _placeholders(words: str) -> Counter[str]:
    return Counter(PLACEHOLDER.findall(words))


if __name__ == "__main__":
    sys.exit(main())
