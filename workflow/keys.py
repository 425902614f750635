"""The key ring: what is encrypted at rest, found by a keyed hash, and sealed against change."""

import base64
import hashlib
import hmac
import os
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from workflow.settings import MissingSettings, Settings

_ring: "KeyRing | None" = None


class Unreadable(ValueError):
    """The stored bytes were not written with a key of this ring, or were changed."""


@dataclass(frozen=True, repr=False)
class KeyRing:
    """Encryption keys by name, the current one first; and one key that never changes, for hashes."""

    encryption: dict[str, AESGCM]
    hashing: bytes

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Read `name:base64,name:base64` (32 bytes each) and the hash key. Raises MissingSettings."""
        try:
            pairs = [pair.split(":", 1) for pair in settings.keys.split(",")]
            encryption = {name: AESGCM(base64.b64decode(value, validate=True)) for name, value in pairs}
            hashing = base64.b64decode(settings.hash_key, validate=True)
        except ValueError as error:
            raise MissingSettings("OVERGANG_KEYS is name:base64[,name:base64], OVERGANG_HASH_KEY is base64") from error
        if len(encryption) < len(pairs):
            raise MissingSettings("OVERGANG_KEYS names two keys alike: each needs a name of its own")
        if len(hashing) < 32:
            raise MissingSettings("OVERGANG_HASH_KEY must hold at least 32 bytes")
        return cls(encryption, hashing)

    @property
    def newest(self) -> str:
        """The name of the key that everything new is written with."""
        return next(iter(self.encryption))

    def encrypt(self, plain: str) -> bytes:
        """Authenticated encryption with the current key: its name, a nonce and the ciphertext."""
        name, key = self.newest, self.encryption[self.newest]
        nonce, label = os.urandom(12), name.encode()
        return label + b":" + nonce + key.encrypt(nonce, plain.encode(), label)

    def decrypt(self, stored: bytes) -> str:
        """What `encrypt` was given. Raises Unreadable."""
        label, _, rest = stored.partition(b":")
        try:
            return self.encryption[label.decode()].decrypt(rest[:12], rest[12:], label).decode()
        except (KeyError, InvalidTag, UnicodeDecodeError) as error:
            raise Unreadable("not written with a key of this ring") from error

    def fingerprint(self, purpose: str, data: bytes) -> bytes:
        """A keyed hash (HMAC-SHA256) of `data`; other purposes give other hashes."""
        return hmac.digest(self.hashing, purpose.encode() + b"\0" + data, hashlib.sha256)


def use(settings: Settings) -> None:
    """Open the ring of this process. Called once by each door at start-up."""
    global _ring
    _ring = KeyRing.from_settings(settings)


def ring() -> KeyRing:
    """The ring of this process. Raises MissingSettings when no door has opened one."""
    if _ring is None:
        raise MissingSettings("no key ring: the door must call workflow.keys.use(settings) first")
    return _ring
