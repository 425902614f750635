"""The last net: whatever looks like a CPR number is masked before a log line or a traceback leaves the process.

Nothing may rely on it: no exception, log line or message names a number in the first place.
"""

import logging
import sys
import traceback
from types import TracebackType
from typing import Any

from workflow.cpr import WITHIN


def masked(text: str) -> str:
    """The same text, with the last four characters of whatever has the shape of a CPR number gone."""
    return WITHIN.sub(r"\1-****", text)


class _MaskedRecord(logging.LogRecord):
    """A log record whose text and traceback are masked, whichever handler writes it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.exc_info and self.exc_info[0] is not None:
            self.exc_text = masked("".join(traceback.format_exception(*self.exc_info)).rstrip())

    def getMessage(self) -> str:  # noqa: N802 - the name that logging gave it
        return masked(super().getMessage())


def install() -> None:
    """Mask what this process writes, by logging or by dying. Called once by each door at start-up."""
    logging.setLogRecordFactory(_MaskedRecord)
    sys.excepthook = _last_words


def _last_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.stderr.write(masked("".join(traceback.format_exception(kind, error, trace))))
