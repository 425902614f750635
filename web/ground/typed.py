"""What a browser sends, as the engine takes texts: composed letters, one kind of line end, nothing that cannot be seen.

How long a text may be is said by the engine, which knows what it becomes.
"""

from typing import Any

from flask import Flask, Request
from werkzeug.datastructures import ImmutableMultiDict, iter_multi_items

from workflow import texts
from workflow.db import LONGEST_LINE, LONGEST_NOTE

_AS_TYPED = {"password", "old", "new", "again"}  # what is compared and never shown


class Cleaned(ImmutableMultiDict[str, Any]):
    """The fields of a form or an address; files are left alone."""

    def __init__(self, fields: Any = ()) -> None:
        super().__init__(
            [
                (name, texts.clean(value) if isinstance(value, str) and name not in _AS_TYPED else value)
                for name, value in iter_multi_items(fields or ())
            ]
        )


class CleanRequest(Request):
    """A request whose fields are clean wherever they are read."""

    parameter_storage_class = Cleaned


def register(app: Flask) -> None:
    """Read every request so, and let each field say how much it holds."""
    app.request_class = CleanRequest
    app.jinja_env.globals["longest"] = {"line": LONGEST_LINE, "note": LONGEST_NOTE}
