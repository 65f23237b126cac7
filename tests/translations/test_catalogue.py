"""The catalogues hold every string of the code, translated, and the compiled form is that of the text form."""

from __future__ import annotations

from gettext import GNUTranslations
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.plurals import get_plural
from flask_babel import force_locale, gettext, ngettext

from app import create_app
from pledges.settings import Settings
from translations import catalogue

MEND = "run: python -m translations.catalogue"


@pytest.fixture(scope="module")
def template() -> Catalog:
    return catalogue.extracted()


def words_of(catalog: Catalog) -> dict[tuple[str, ...], tuple[str, ...]]:
    return {catalogue.forms(message.id): catalogue.forms(message.string) for message in catalog if message.id}


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_every_string_of_the_code_is_translated_with_its_placeholders(language: str, template: Catalog) -> None:
    assert list(catalogue.problems(catalogue.read(language), template)) == [], MEND


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_nothing_stays_in_the_catalogue_that_the_code_no_longer_says(language: str, template: Catalog) -> None:
    assert words_of(catalogue.read(language)).keys() == words_of(template).keys(), MEND


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_the_compiled_catalogue_is_that_of_the_text(language: str) -> None:
    with catalogue.mo_file(language).open("rb") as file:
        assert words_of(read_mo(file)) == words_of(catalogue.read(language)), MEND


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_plural_forms_are_those_that_babel_asks_for(language: str) -> None:
    catalog = catalogue.read(language)
    assert (catalog.num_plurals, catalog.plural_expr) == tuple(get_plural(Locale.parse(language)))[:2]


def test_the_extraction_sees_python_templates_letters_and_lazy_strings(template: Catalog) -> None:
    origins = {file.rsplit(".", 1)[1] for message in template for file, _line in message.locations}
    assert origins == {"py", "html", "txt"}
    assert "Likely spam" in template, "a string of lazy_gettext"
    assert ("%(num)d comment", "%(num)d comments") in template


def test_a_lost_placeholder_an_empty_form_and_a_missing_string_are_each_told() -> None:
    asked = Catalog()
    for message in ("gone", "empty", "%(n)s left", ("%(num)d day", "%(num)d days")):
        asked.add(message)
    given = Catalog(locale="cy")
    given.add("empty", "")
    given.add("%(n)s left", "ar ôl")
    given.add(("%(num)d day", "%(num)d days"), ("%(num)d diwrnod", "%(num)d diwrnod", "", "", ""))
    assert [line.split(" ", 1)[0] for line in catalogue.problems(given, asked)] == [
        "'gone'", "'empty'", "'%(n)s", "'%(num)d",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 diwrnod"), (1, "1 diwrnod"), (2, "2 ddiwrnod"), (3, "3 diwrnod"), (6, "6 diwrnod"), (11, "11 diwrnod")],
)
def test_welsh_counts_days_by_its_own_rules(number: int, words: str) -> None:
    with catalogue.mo_file("cy").open("rb") as file:
        forms = GNUTranslations(file)
    assert forms.ngettext("%(num)s day", "%(num)s days", number) % {"num": number} == words


def test_the_application_finds_the_catalogue_wherever_it_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = create_app(Settings(instance=tmp_path))
    with app.test_request_context("/cy/"), force_locale("cy"):
        assert gettext("Make your promise") == "Gwnewch eich addewid"
        assert ngettext("%(num)d comment", "%(num)d comments", 12) == "12 sylw"
    with app.test_request_context("/"), force_locale("en"):
        assert gettext("Make your promise") == "Make your promise"
