"""What differs between one installation and another, read from the environment once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

DEMO_SECRETS = {
    "OVERGANG_SECRET_KEY": "demo-only-not-for-real-citizens",
    "OVERGANG_KEYS": "demo:b3ZlcmdhbmctZGVtby1rZXktbm90LWEtc2VjcmV0ISE=",
    "OVERGANG_HASH_KEY": "b3ZlcmdhbmctZGVtby1oYXNoLWtleS1ub3Qtc2VjcmU=",
}
NEEDED = ("DATABASE_URL", "REDIS_URL", *DEMO_SECRETS)


class MissingSettings(ValueError):
    """The environment lacks something without which this installation must not start."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Settings:
    """One installation. It has no repr: it holds secrets."""

    demo: bool
    database_url: str
    owner_url: str
    redis_url: str
    secret_key: str
    keys: str
    hash_key: str
    base_url: str
    smtp_url: str | None
    mail_from: str
    gateway_url: str | None
    gateway_token: str | None
    access_log_years: int = 5  # how long looks are kept
    idle: timedelta = timedelta(minutes=30)
    life: timedelta = timedelta(hours=12)
    trusted_proxies: str = ""
    provider_file: str | None = None
    provider_secret: str | None = None
    medcom_type: str  # A: the acknowledgement travels back to the hospital; B: it stays inside; C: there is none
    medcom_in: str | None  # the folder where a message gateway puts what is for us
    medcom_out: str | None  # and takes what is from us
    medcom_endpoint: str | None  # or where it is posted to
    medcom_token: str | None
    medcom_patience: timedelta = timedelta(minutes=30)  # without an acknowledgement, before a message is sent again
    medcom_resends: int = 3  # before a person is told instead
    medcom_certificate_header: str | None  # in which a proxy names the client certificate that it has checked

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings. Raises MissingSettings, naming every variable that is absent or only fit for a demo.

        With OVERGANG_DEMO=1 the secrets of the demo stand in for absent ones; without it they are refused.
        """
        demo = environment.get("OVERGANG_DEMO") == "1"
        found = {**(DEMO_SECRETS if demo else {}), **{k: v for k, v in environment.items() if v}}
        if missing := [name for name in NEEDED if name not in found]:
            raise MissingSettings(
                f"Overgang cannot start: set {', '.join(missing)} in the environment "
                "(OVERGANG_DEMO=1 starts a demonstration with invented citizens and secrets that protect nothing)."
            )
        if not demo and (shown := [name for name, value in DEMO_SECRETS.items() if found[name] == value]):
            raise MissingSettings(
                f"Overgang cannot start: {', '.join(shown)} holds the demo's secret, which everybody knows. "
                "Make your own (docs/operations.md says how)."
            )
        return cls(
            demo=demo,
            database_url=sqlalchemy_url(found["DATABASE_URL"]),
            owner_url=sqlalchemy_url(found.get("DATABASE_OWNER_URL", found["DATABASE_URL"])),
            redis_url=found["REDIS_URL"],
            secret_key=found["OVERGANG_SECRET_KEY"],
            keys=found["OVERGANG_KEYS"],
            hash_key=found["OVERGANG_HASH_KEY"],
            base_url=found.get("OVERGANG_BASE_URL", "http://127.0.0.1:8080").rstrip("/"),
            smtp_url=found.get("OVERGANG_SMTP_URL"),
            mail_from=found.get("OVERGANG_MAIL_FROM", "overgang@localhost"),
            gateway_url=found.get("OVERGANG_GATEWAY_URL"),
            gateway_token=found.get("OVERGANG_GATEWAY_TOKEN"),
            access_log_years=_whole(found, "OVERGANG_ACCESS_LOG_YEARS", 5),
            idle=timedelta(minutes=_whole(found, "OVERGANG_IDLE_MINUTES", 30)),
            life=timedelta(hours=_whole(found, "OVERGANG_SIGN_IN_HOURS", 12)),
            trusted_proxies=found.get("OVERGANG_TRUSTED_PROXIES", ""),
            provider_file=found.get("OVERGANG_PROVIDER"),
            provider_secret=found.get("OVERGANG_PROVIDER_SECRET"),
            medcom_type=_one_of(found, "OVERGANG_MEDCOM_TYPE", ("B", "A", "C")),
            medcom_in=found.get("OVERGANG_MEDCOM_IN"),
            medcom_out=found.get("OVERGANG_MEDCOM_OUT"),
            medcom_endpoint=found.get("OVERGANG_MEDCOM_ENDPOINT"),
            medcom_token=found.get("OVERGANG_MEDCOM_TOKEN"),
            medcom_patience=timedelta(minutes=_whole(found, "OVERGANG_MEDCOM_PATIENCE_MINUTES", 30)),
            medcom_resends=_whole(found, "OVERGANG_MEDCOM_RESENDS", 3),
            medcom_certificate_header=found.get("OVERGANG_MEDCOM_CERTIFICATE_HEADER"),
        )


def _whole(found: Mapping[str, str], name: str, otherwise: int) -> int:
    value = found.get(name, str(otherwise))
    if not value.isdecimal() or int(value) < 1:
        raise MissingSettings(f"{name} must be a whole number of at least 1")
    return int(value)


def _one_of(found: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """A setting with few values, the first by default. Raises MissingSettings for another."""
    chosen = found.get(name, choices[0])
    if chosen not in choices:
        raise MissingSettings(f"Overgang cannot start: {name} is one of {', '.join(sorted(choices))}.")
    return chosen


def sqlalchemy_url(url: str) -> str:
    """The URL with the driver named, however the operator wrote the scheme."""
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else url
