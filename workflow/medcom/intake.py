"""What every door does with a message: take it in, or keep it for later where our own side fails."""

import logging
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

import psycopg
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from workflow.medcom import receiving
from workflow.medcom.problems import Unreadable
from workflow.medcom.receipt import Receipt

AWAY = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)

log = logging.getLogger(__name__)
Transaction = Callable[[], AbstractContextManager[tuple[Session, datetime]]]  # a session, and the time that it goes by


def take_in(transaction: Transaction, raw: bytes, *, received_from: str, real_at: datetime) -> Receipt:
    """Receive a message in a transaction of the door's. A fault of ours is answered with transient-error.

    Raises problems.Unreadable when nobody can be answered.
    """
    for attempt in (receiving.receive, receiving.keep_for_later):
        try:
            with transaction() as (session, at):
                return attempt(session, raw, received_from=received_from, at=at)
        except Unreadable:
            raise
        except AWAY as away:
            log.warning("a message was not taken in: the database does not answer (%s)", type(away).__name__)
            break
        except Exception as fault:  # whatever it is, the message must not be lost; what it says may hold what was sent
            where = "".join(traceback.format_tb(fault.__traceback__))
            log.error("a message was not taken in by %s: %s\n%s", attempt.__name__, type(fault).__name__, where)
    return receiving.out_of_order(raw, at=real_at)
