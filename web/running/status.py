"""The system's health in words: what works, what does not, since when, and what to do."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from flask import Flask, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from web.ground import headers, identity, menu, rules
from web.ground.formats import instant, number, span
from web.ground.language import current, gettext, ngettext
from web.running import health
from web.running.health import Condition
from workflow.figures import Backlog, Figures, Sweep
from workflow.pathways import newest
from workflow.vocabulary import MissCode

TOLERATED = timedelta(seconds=60)  # a sweep comes every few seconds, and a restart takes less than this
NAMED = 5  # files
RECOUNTED = timedelta(minutes=5)  # what must be nought is counted every minute


class State(StrEnum):
    """How one part is. Its value names the look."""

    WORKS = "success"
    LATE = "warning"
    FAILS = "error"
    UNKNOWN = "info"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One part of the installation: how it is, what that means, and what to do when it is not well."""

    part: str
    key: str
    state: State
    means: str
    remedy: str = ""


def lines(now: Condition) -> list[Line]:
    """Every part, those that others rest on first."""
    return [database(now), schema(now), *established(now), broker(now), background(now), *work(now), *gateway(now)]


def database(now: Condition) -> Line:
    part, key = gettext("Database"), "database"
    if now.database.silent_since is None:
        return Line(part=part, key=key, state=State.WORKS, means=gettext("Answers. Everything is kept here."))
    return Line(
        part=part,
        key=key,
        state=State.FAILS,
        means=gettext(
            "No answer since at least %(since)s. Nobody can see or record anything; nothing recorded is lost."
        )
        % {"since": instant(now.database.silent_since)},
        remedy=gettext("Start the database again; “overgang doctor” says more."),
    )


def schema(now: Condition) -> Line:
    part, key = gettext("Tables"), "schema"
    match now.schema_at_head:
        case None:
            return unknown(part, key)
        case True:
            return Line(part=part, key=key, state=State.WORKS, means=gettext("As this version needs them."))
        case False:
            return Line(
                part=part,
                key=key,
                state=State.FAILS,
                means=gettext("From another version than this program."),
                remedy=gettext("Run “overgang migrate”, or start the version that the tables belong to."),
            )


def established(now: Condition) -> list[Line]:
    """Whether the database is this installation's, something is agreed for every pathway, and the clocks are right."""
    mark, agreed, clocks = gettext("Installation"), gettext("Agreements"), gettext("Clock")
    seen = now.installation
    if seen is None:
        parts = {"installation": mark, "agreements": agreed, "clock": clocks}
        return [unknown(part, key) for key, part in parts.items()]
    return [
        Line(
            part=mark,
            key="installation",
            state=State.WORKS,
            means=gettext("The database and the keys belong together."),
        )
        if not seen.wrong
        else Line(
            part=mark,
            key="installation",
            state=State.FAILS,
            means=gettext("The database and this installation's keys or kind do not belong together."),
            remedy=gettext("Run “overgang doctor”: it says which, and how to mend it."),
        ),
        Line(part=agreed, key="agreements", state=State.WORKS, means=gettext("In force for every pathway."))
        if not seen.without_agreement
        else Line(
            part=agreed,
            key="agreements",
            state=State.FAILS,
            means=gettext("None in force for %(pathways)s: no episode can be opened there.")
            % {"pathways": ", ".join(newest(key).title[current()] for key in seen.without_agreement)},
            remedy=gettext("Run “overgang migrate”, then confirm the agreement under Agreements."),
        ),
        Line(part=clocks, key="clock", state=State.WORKS, means=gettext("Right: as the database's."))
        if seen.clock_runs_true
        else Line(
            part=clocks,
            key="clock",
            state=State.FAILS,
            means=gettext("%(apart)s from the database's. Deadlines are read wrongly.") % {"apart": span(seen.skew)},
            remedy=gettext("Set both machines by a time server."),
        ),
    ]


def broker(now: Condition) -> Line:
    part, key = gettext("Message broker"), "broker"
    if now.broker.silent_since is None:
        return Line(part=part, key=key, state=State.WORKS, means=gettext("Answers. It wakes the background work."))
    return Line(
        part=part,
        key=key,
        state=State.FAILS,
        means=gettext("No answer since at least %(since)s. Reminders come late; none is lost, and the lists are right.")
        % {"since": instant(now.broker.silent_since)},
        remedy=gettext("Start Redis (or Valkey) again. The background work goes on by itself."),
    )


def background(now: Condition) -> Line:
    part, key = gettext("Background work"), "beat"
    if now.figures is None:
        return unknown(part, key)
    if now.beat_lives:
        assert now.beat_silent is not None
        means = gettext("Last sign of life %(ago)s ago.") % {"ago": span(now.beat_silent)}
        return Line(part=part, key=key, state=State.WORKS, means=means)
    if now.beat_at is None:
        means = gettext("Has never run here. No reminders are raised or sent.")
    else:
        means = gettext(
            "No sign of life since %(since)s. No reminders are raised or sent; late still shows as late."
        ) % {"since": instant(now.beat_at)}
    return Line(
        part=part,
        key=key,
        state=State.FAILS,
        means=means,
        remedy=gettext("Start the worker and the beat again. What is due is raised at once."),
    )


def gateway(now: Condition) -> list[Line]:
    """Whether a file lies in the folder of the message gateway that nobody takes."""
    if now.left_lying is None:
        return []
    part, key, lying = gettext("Messages in"), "gateway", now.left_lying
    if not lying:
        return [Line(part=part, key=key, state=State.WORKS, means=gettext("No file is left lying."))]
    means = ngettext(
        "%(count)s file from the message gateway has not been taken in, since %(since)s: %(names)s.",
        "%(count)s files from the message gateway have not been taken in, the oldest since %(since)s: %(names)s.",
        len(lying),
    ) % {
        "count": number(len(lying)),
        "since": instant(lying[0].since),
        "names": ", ".join(one.name for one in lying[:NAMED]) + (" …" if len(lying) > NAMED else ""),
    }
    remedy = gettext("Look at the files in the gateway's folder and in “unreadable”, and ask the sender to send again.")
    return [Line(part=part, key=key, state=State.FAILS, means=means, remedy=remedy)]


def work(now: Condition) -> list[Line]:
    """Whether what must be raised, routed and sent is so, and nothing is forgotten."""
    raising, sending, delivered = gettext("Reminders"), gettext("Messages out"), gettext("Delivery")
    counting = gettext("Control count")
    if now.figures is None:
        parts = {"raising": raising, "sending": sending, "delivered": delivered, "forgotten": counting}
        return [unknown(part, key) for key, part in parts.items()]
    return [
        reminders(raising, now.figures),
        outgoing(sending, now.figures),
        undeliverable(delivered, now.figures),
        forgotten(counting, now.figures.last_count, now.looked_at),
    ]


def reminders(part: str, figures: Figures) -> Line:
    waits = figures.unraised
    if not waits.count:
        return Line(part=part, key="raising", state=State.WORKS, means=gettext("Everything due has been raised."))
    means = ngettext(
        "%(count)s is due and not raised yet; it is %(oldest)s late.",
        "%(count)s are due and not raised yet; the oldest is %(oldest)s late.",
        waits.count,
    ) % {"count": number(waits.count), "oldest": span(waits.oldest)}
    remedy = gettext("Look at “Background work” above. If that works, give it a minute.")
    return Line(part=part, key="raising", state=lateness(waits), means=means, remedy=remedy)


def outgoing(part: str, figures: Figures) -> Line:
    waits = Backlog(
        count=figures.unrouted.count + figures.unsent.count, oldest=max(figures.unrouted.oldest, figures.unsent.oldest)
    )
    if not waits.count:
        return Line(part=part, key="sending", state=State.WORKS, means=gettext("Nothing waits to leave."))
    means = ngettext(
        "%(count)s waits to leave, %(oldest)s past its time.",
        "%(count)s wait to leave; the oldest is %(oldest)s past its time.",
        waits.count,
    ) % {"count": number(waits.count), "oldest": span(waits.oldest)}
    remedy = gettext("See that the mail server and the gateway answer. Each message is tried again by itself.")
    return Line(part=part, key="sending", state=lateness(waits), means=means, remedy=remedy)


def undeliverable(part: str, figures: Figures) -> Line:
    if figures.dead_since is None:
        return Line(part=part, key="delivered", state=State.WORKS, means=gettext("No message has been given up."))
    return Line(
        part=part,
        key="delivered",
        state=State.LATE,
        means=ngettext(
            "%(count)s message was given up on %(since)s. It is in the unit's list all the same.",
            "%(count)s messages were given up, the first on %(since)s. They are in the units' lists all the same.",
            figures.dead,
        )
        % {"count": number(figures.dead), "since": instant(figures.dead_since)},
        remedy=gettext("Correct the address or the channel, and send again."),
    )


def forgotten(part: str, count: Sweep | None, looked_at: datetime) -> Line:
    """The last count of what must be nought."""
    key = "forgotten"
    if count is None:
        means = gettext("Not counted yet. The first count comes within a minute of the worker starting.")
        return Line(part=part, key=key, state=State.UNKNOWN, means=means)
    ago = looked_at - count.started_at
    if count.done:
        means = ngettext(
            "Something is forgotten: %(count)s fault, counted %(ago)s ago.",
            "Something is forgotten: %(count)s faults, counted %(ago)s ago.",
            count.done,
        ) % {"count": number(count.done), "ago": span(ago)}
        remedy = gettext("Run “overgang reconcile”: it counts again and says what it is.")
        return Line(part=part, key=key, state=State.FAILS, means=means, remedy=remedy)
    means = gettext("Nothing is forgotten. Counted %(ago)s ago.") % {"ago": span(ago)}
    if ago > RECOUNTED:
        remedy = gettext("Look at “Background work” above. “overgang reconcile” counts at once.")
        return Line(part=part, key=key, state=State.LATE, means=means, remedy=remedy)
    return Line(part=part, key=key, state=State.WORKS, means=means)


def lateness(waits: Backlog) -> State:
    """Waiting is how it works; waiting long is not."""
    return State.LATE if waits.oldest > TOLERATED else State.WORKS


def unknown(part: str, key: str) -> Line:
    """What only the database knows, while it does not tell."""
    return Line(
        part=part,
        key=key,
        state=State.UNKNOWN,
        means=gettext("Cannot be seen until what stands above works."),
    )


def state_words() -> dict[State, str]:
    return {
        State.WORKS: gettext("Works"),
        State.LATE: gettext("Late"),
        State.FAILS: gettext("Does not work"),
        State.UNKNOWN: gettext("Unknown"),
    }


def headline(found: list[Line]) -> tuple[State, str]:
    """The worst of it, in one sentence."""
    states = {line.state for line in found}
    if State.FAILS in states:
        return State.FAILS, gettext("Something does not work")
    if State.LATE in states:
        return State.LATE, gettext("Everything works, but something is late")
    return State.WORKS, gettext("Everything works")


def sweep_words() -> dict[str, str]:
    """What each sweep does."""
    return {
        "apply_agreements": gettext("Move what a new agreement moves"),
        "audit_log": gettext("Find looks that managers must confirm"),
        "deliver": gettext("Deliver notices"),
        "follow_register": gettext("Follow who has left and which units close"),
        "forget_answers": gettext("Forget what programs were answered"),
        "heartbeat": gettext("Give a sign of life"),
        "keep_log": gettext("Keep the months of the access log"),
        "messages": gettext("Exchange messages with hospitals"),
        "raise_due": gettext("Raise what is due"),
        "reconcile": gettext("Look for what was forgotten"),
        "seal_log": gettext("Seal the access log"),
    }


def register(app: Flask) -> None:
    """`/status`, and the front page: the first page of the menu of who is signed in."""

    @app.get("/")
    @rules.public
    def front() -> ResponseReturnValue:
        found = identity.signed_in()
        if found is None:
            return redirect(url_for("sign_in_page"))
        return redirect(url_for(identity.STEPS[found.lacks] if found.lacks else menu.items()[0].endpoint))

    @app.get("/status")
    @rules.public
    def status_page() -> ResponseReturnValue:
        now = health.look()
        if now.database.came and not headers.wants_fragment():  # a page that refreshes itself is no sign of life
            identity.signed_in()
        found = lines(now)
        state, sentence = headline(found)
        return render_template(
            "status.html",
            layout="fragment.html" if headers.wants_fragment() else "base.html",
            at=now.figures.at if now.figures else None,
            now=now,
            lines=found,
            state=state,
            sentence=sentence,
            words=state_words(),
            misses=MissCode,
            sweeps=sweep_words(),
        )
