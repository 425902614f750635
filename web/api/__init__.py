"""The JSON interface below `/api/v1`: what people do in the pages, for the systems that they work in."""

from functools import cache

from flask import Flask, Response

from web.api import deadlines, episodes, events, handovers, misses, openapi, places, tasks, units
from web.api.verbs import PREFIX, Interface
from web.ground import rules


def register(app: Flask) -> None:
    """Every verb, and the document that describes them."""
    api = Interface(app)
    for family in (units, episodes, events, handovers, tasks, deadlines, places, misses):
        family.register(api)

    @cache
    def document() -> str:
        return openapi.document(api.verbs)

    @app.get(f"{PREFIX}/openapi.json")
    @rules.public
    def api_described() -> Response:
        return Response(document(), content_type="application/json")
