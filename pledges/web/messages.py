"""Our words in the language of the page: each message is looked up once for each language, not each time it is said."""

from __future__ import annotations

from typing import Any

from flask import Flask, g
from flask_babel import Domain, get_locale
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup


class Messages(Domain):
    """As the library's, with what was said before at hand; messages stand in our code, so there are only so many."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], str] = {}
        self._marked: dict[tuple[str, str], Markup] = {}

    def gettext(self, string: str, **variables: Any) -> str:
        key = (_language(), string)
        said = self._said.get(key)
        if said is None:
            said = self._said[key] = str(super().gettext(string))
        return said % variables if variables else said

    def marked(self, string: str) -> Markup:
        """The message as it stands in a page: a pattern, whose own signs need no escaping."""
        key = (_language(), string)
        said = self._marked.get(key)
        if said is None:
            said = self._marked[key] = Markup(self.gettext(string))  # noqa: S704 (our own words)
        return said


def _language() -> str:
    try:
        return str(g._flask_babel.babel_locale.language)  # where the library keeps it, once it was asked for
    except (AttributeError, RuntimeError):
        locale = get_locale()
        return locale.language if locale is not None else ""


def init_app(app: Flask) -> None:
    """Python and templates say the same messages; templates as Jinja's `newstyle` says them."""
    messages = Messages()
    app.extensions["babel"].instance.domain_instance = messages
    whole: dict[Markup, Markup] = {}  # patterns without variables, filled in

    @pass_eval_context
    def gettext(context: EvalContext, string: str, /, **variables: Any) -> str:
        if not context.autoescape:
            return messages.gettext(string) % variables
        pattern = messages.marked(string)
        if variables:
            return pattern % variables
        said = whole.get(pattern)
        if said is None:
            said = whole[pattern] = pattern % variables
        return said

    @pass_eval_context
    def ngettext(context: EvalContext, singular: str, plural: str, num: int, /, **variables: Any) -> str:
        variables.setdefault("num", num)
        pattern = messages.get_translations().ungettext(singular, plural, num)
        return (Markup(pattern) if context.autoescape else pattern) % variables  # noqa: S704 (our own words)

    app.jinja_env.globals |= {"_": gettext, "gettext": gettext, "ngettext": ngettext}
