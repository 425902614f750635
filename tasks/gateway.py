"""The folders and the endpoint of a message gateway: what is taken from there, and what is put there."""

import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import psycopg
import requests
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session as OpenSession

from workflow import clock
from workflow.db import Session
from workflow.medcom import folder as folder_view
from workflow.medcom import intake, outbound, waiting, wire
from workflow.medcom.outbound import Transmission
from workflow.medcom.problems import Unreadable
from workflow.seeing.masking import masked
from workflow.settings import Settings

ONE_TAKES = func.hashtext("overgang: taking messages")
ONE_SENDS = func.hashtext("overgang: sending messages")
ENDINGS = {".xml", ".json"}
STILL_WRITING = 2.0  # seconds since a file was last written to
STILL_WRITING_OTHERS = 60.0  # of one whose ending says nothing: a program may move it to its name when it is whole
KILLS = 2  # readers that a file may end before it is laid aside
SECONDS = 10  # that an endpoint is waited for
MOST = 500  # files or messages a run

log = logging.getLogger(__name__)


def take_files(settings: Settings) -> int:
    """Take in the files of the in-folder, and put the answers into the out-folder; returns how many were taken.

    A file is first moved to `taken`, so that one that comes meanwhile under its name is another. It goes when it is
    loaded and its answer lies there: killed anywhere between, the next run does the rest, and the message counts once.
    What cannot be read goes to `unreadable`, for a person. One run at a time.
    """
    if settings.medcom_in is None:
        return 0
    inbox = Path(settings.medcom_in)
    with _alone(ONE_TAKES) as alone:
        if not alone:
            return 0
        taken, unreadable = inbox / folder_view.TAKEN, inbox / folder_view.UNREADABLE
        for folder in (taken, unreadable):
            folder.mkdir(parents=True, exist_ok=True)
        for readers in taken.glob(".*.readers"):  # of a file that went with the process that counted
            if not (taken / readers.name[1:].removesuffix(".readers")).exists():
                readers.unlink()
        done = sum(_finish(file, unreadable, settings) for file in _messages(taken))
        for file in _messages(inbox)[:MOST]:
            claimed = taken / file.name
            if claimed.exists() or _is_being_written(file):  # the other of that name had to wait
                continue
            os.rename(file, claimed)
            done += _finish(claimed, unreadable, settings)
        return done


def _is_being_written(file: Path) -> bool:
    rest = STILL_WRITING if file.suffix.lower() in ENDINGS else STILL_WRITING_OTHERS
    return 0 <= clock.real_now().timestamp() - file.stat().st_mtime < rest


def _messages(folder: Path) -> list[Path]:
    """Every file, whatever its ending: what it holds decides. One that begins with a dot is not there yet."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith(".") and path.is_file())


def _finish(file: Path, unreadable: Path, settings: Settings) -> bool:
    """Take in one file that is ours. False when it must wait: our own side is out of order.

    Its readers are counted beside it before they begin: one that has ended KILLS of them is laid aside.
    """
    readers = file.with_name(f".{file.name}.readers")
    if readers.exists() and readers.stat().st_size >= KILLS:
        log.error("a file from the gateway has ended %d readers, and is laid aside: %s", KILLS, masked(file.name))
        os.rename(file, unreadable / file.name)
        readers.unlink()
        return True
    with readers.open("ab") as counted:
        counted.write(b".")
    try:
        done = _take_in(file, unreadable, settings)
    except (SQLAlchemyError, psycopg.Error):  # not the file's fault
        readers.unlink()
        raise
    except Exception as unforeseen:
        log.error("a file from the gateway cannot be taken in (%s): %s", type(unforeseen).__name__, masked(file.name))
        return False
    readers.unlink()
    return done


def _take_in(file: Path, unreadable: Path, settings: Settings) -> bool:
    try:
        receipt = intake.take_in(
            _transaction, file.read_bytes(), received_from="folder", real_at=clock.real_now()
        )  # fmt: skip
    except Unreadable as why:
        log.warning("a file from the gateway cannot be read (%s): %s", why, masked(file.name))
        os.rename(file, unreadable / file.name)
        return True
    if not receipt.kept:
        return False
    answer = receipt.acknowledgement() if settings.medcom_type != "C" else None
    if answer is not None and settings.medcom_out is not None:
        which = hashlib.sha256(f"{receipt.outside.sender_key} {receipt.outside.header_id}".encode()).hexdigest()
        ending = file.suffix if file.suffix.lower() in ENDINGS else f".{wire.format_of(answer)}"
        put(Path(settings.medcom_out), f"{file.stem}.{which[:12]}.ack{ending}", answer)
    file.unlink()
    return True


def put(folder: Path, name: str, raw: bytes) -> None:
    """Let a whole file stand in a folder: never half of one, and the same one for the same name."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{name}.part"
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640), "wb") as out:  # ours and our group's
        out.write(raw)
        out.flush()
        os.fsync(out.fileno())
    os.rename(part, folder / name)


def load_waiting(settings: Settings) -> int:
    """Load what was kept because our own side had failed, and send the answer that is owed; returns how many."""
    done, after = 0, 0
    while done < MOST:
        try:
            with _transaction() as (session, at):
                found = waiting.load_next(
                    session, after=after, at=at, real_at=clock.real_now(), answers=settings.medcom_type != "C"
                )
        except waiting.FailedAgain as failed:
            log.error("message %s was not taken in: %s", failed.row, failed.why)
            after = failed.row
            continue
        if found is None:
            return done
        done, after = done + 1, found
    return done


def send(settings: Settings) -> int:
    """Send what is due, by the out-folder or by POST; returns how many. One run at a time sends."""
    if settings.medcom_out is None and settings.medcom_endpoint is None:
        return 0
    with _alone(ONE_SENDS) as alone:
        sent = 0
        while alone and sent < MOST:
            with _transaction() as (session, at):  # the sending is counted, whatever becomes of us
                due = outbound.claim(
                    session, at=at, real_at=clock.real_now(), patience=settings.medcom_patience,
                    resends=settings.medcom_resends,
                )  # fmt: skip
            if due is None:
                break
            try:
                _transmit(due, settings)
            except (OSError, requests.RequestException) as why:
                log.warning("a message has not left: %s", type(why).__name__)
                with _transaction() as (session, _):
                    outbound.not_delivered(session, due, real_at=clock.real_now())
                break
            sent += 1
        return sent


def _transmit(due: Transmission, settings: Settings) -> None:
    if settings.medcom_endpoint is None:
        put(Path(settings.medcom_out or ""), f"{due.number}.xml", due.raw)
        return
    credential = {"Authorization": f"Bearer {settings.medcom_token}"} if settings.medcom_token else {}
    headers = {"Content-Type": "application/fhir+xml; charset=utf-8", "Accept": "application/fhir+xml", **credential}
    answer = requests.post(settings.medcom_endpoint, data=due.raw, headers=headers, timeout=SECONDS)
    answer.raise_for_status()
    if answer.content:  # an endpoint may acknowledge at once
        try:
            intake.take_in(_transaction, answer.content, received_from="endpoint", real_at=clock.real_now())
        except Unreadable as why:
            log.warning("the endpoint's answer cannot be read: %s", why)


@contextmanager
def _transaction() -> Iterator[tuple[OpenSession, datetime]]:
    with Session.begin() as session:
        yield session, clock.now(session)


@contextmanager
def _alone(work: object) -> Iterator[bool]:
    """Whether nobody else does this work, for as long as the block lasts."""
    with Session.begin() as held:
        # The server lets go of the lock by itself when this process is gone, even if the network did not say so.
        held.execute(text("set local idle_in_transaction_session_timeout = '60s'"))
        yield bool(held.scalar(select(func.pg_try_advisory_xact_lock(work))))
