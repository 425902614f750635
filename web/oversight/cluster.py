"""The cluster in numbers, for its managers."""

from flask import Flask, render_template
from flask.typing import ResponseReturnValue

from web.ground import looks, rules
from workflow import cluster
from workflow.seeing import access_log
from workflow.vocabulary import Look, MissCode, Role


def register(app: Flask) -> None:
    """The page `/klynge`."""

    @app.get("/klynge")
    @rules.only(Role.MANAGER)
    def cluster_page() -> ResponseReturnValue:
        with looks.looking("cluster") as desk:
            organisations = cluster.read(desk.session, by=desk.by, at=desk.at)
            access_log.write(desk.session, Look.LIST, desk.visit, by=desk.by)
            return render_template("cluster.html", at=desk.at, organisations=organisations, codes=MissCode)
