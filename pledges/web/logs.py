"""What is written to the log tells no secret: the tokens of private links are masked in every line."""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from typing import Any

_TOKENS = re.compile(
    r"((?:/|%2F)(?:receipt|letters|proofs|drafts|invitation)(?:/|%2F)|[?&;](?:proof|token|auth_token|press)=)[^\s/?&#\"'<>)\],;]+",
    re.IGNORECASE,
)
_FORMATTER = logging.Formatter()


def masked(text: str) -> str:
    """The same text without the tokens of private links."""
    return _TOKENS.sub(r"\1…", text)


def keep_tokens_out() -> None:
    """Every line that this process logs is masked, whoever writes it and wherever it goes."""
    usual = logging.getLogRecordFactory()
    if getattr(usual, "masks", False):
        return

    def masking(*args: Any, **kwargs: Any) -> logging.LogRecord:
        return _masked_record(usual(*args, **kwargs))

    masking.masks = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(masking)


def _masked_record(record: logging.LogRecord) -> logging.LogRecord:
    with suppress(TypeError, ValueError):  # words and values that do not fit: the handler says so
        said = record.getMessage()
        if masked(said) != said:  # else it stays as it is: filters tell lines apart by their unfilled words
            record.msg, record.args = masked(said), None
    if record.exc_info and record.exc_info[0] is not None and not record.exc_text:
        written = _FORMATTER.formatException(record.exc_info)
        if masked(written) != written:
            record.exc_text = masked(written)  # formatters take this instead of writing it themselves
    return record
