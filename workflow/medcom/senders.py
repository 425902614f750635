"""Who may deliver messages: by a key that is shown once, or by a client certificate that a proxy checked."""

import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import keys
from workflow.tables import SenderKey


def make_key(session: Session, name: str, *, at: datetime) -> str:
    """Let somebody deliver under this name; returns the key, which is kept nowhere else."""
    key = f"overgang_{secrets.token_urlsafe(32)}"
    session.add(SenderKey(name=name, key_hash=_hash(key), made_at=at))
    session.flush()
    return key


def trust_certificate(session: Session, name: str, certificate: str, *, at: datetime) -> None:
    """Let the holder of a certificate with this name deliver."""
    session.add(SenderKey(name=name, certificate=certificate, made_at=at))
    session.flush()


def revoke(session: Session, name: str, *, at: datetime) -> int:
    """Take back what was given under this name; returns how many credentials."""
    own = session.scalars(select(SenderKey).where(SenderKey.name == name, SenderKey.revoked_at.is_(None))).all()
    for credential in own:
        credential.revoked_at = at
    return len(own)


def name_of(session: Session, *, key: str | None = None, certificate: str | None = None) -> str | None:
    """Under what name this key or certificate delivers; None when it does not."""
    if key is not None:
        shown = SenderKey.key_hash == _hash(key)
    elif certificate is not None:
        shown = SenderKey.certificate == certificate
    else:
        return None
    return session.scalar(select(SenderKey.name).where(shown, SenderKey.revoked_at.is_(None)))


def _hash(key: str) -> bytes:
    return keys.ring().fingerprint("sender", key.encode())
