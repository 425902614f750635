"""What an identity provider says of a person, read as its configuration says: the file that OVERGANG_PROVIDER names."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from workflow.errors import NotAllowed
from workflow.settings import MissingSettings, Settings
from workflow.staff.identities import Claimed
from workflow.vocabulary import Role

WHERE = {"username": "preferred_username", "name": "name", "email": "email", "mobile": "phone_number", "roles": "roles"}


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One OpenID provider. docs/administration.md tells what each line means."""

    name: str
    issuer: str
    client_id: str
    secret: str | None
    scope: str = "openid profile email"
    claims: Mapping[str, str] = field(default_factory=dict)
    role_pattern: str = r"(?P<role>[^@]+)@(?P<unit>.+)"
    roles: Mapping[str, str] = field(default_factory=dict)
    creates_people: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)  # sent along: acr_values, idp hints

    @classmethod
    def from_settings(cls, settings: Settings) -> Self | None:
        """None where none is configured. Raises MissingSettings, saying what is wrong with the file."""
        if settings.provider_file is None:
            return None
        try:
            said = json.loads(Path(settings.provider_file).read_text(encoding="utf-8"))
            made = cls(secret=settings.provider_secret, **said)
            if {"role", "unit"} - set(re.compile(made.role_pattern).groupindex):
                raise ValueError("role_pattern must name the groups role and unit")
            if strangers := set(made.roles.values()) - {role.value for role in Role}:
                raise ValueError(f"no such roles: {', '.join(sorted(strangers))}")
            if unknown := set(made.claims) - set(WHERE):
                raise ValueError(f"no such claims: {', '.join(sorted(unknown))}")
        except (OSError, ValueError, TypeError, re.error) as error:
            raise MissingSettings(f"OVERGANG_PROVIDER ({settings.provider_file}) cannot be used: {error}") from error
        return made

    def read(self, claims: Mapping[str, Any]) -> Claimed:
        """The claims of an id_token that was verified. Raises NotAllowed when it names nobody."""
        said = {ours: claims.get(theirs) for ours, theirs in {**WHERE, **self.claims}.items()}
        username, name = said["username"], said["name"] or said["username"]
        if not isinstance(username, str) or not isinstance(name, str) or not username.strip():
            raise NotAllowed("unknown_to_us")
        return Claimed(
            issuer=self.issuer, subject=str(claims["sub"]), username=username, name=name,
            email=_text(said["email"]), mobile=_text(said["mobile"]),
            roles=None if said["roles"] is None else self._roles(said["roles"]),
        )  # fmt: skip

    def _roles(self, said: object) -> list[tuple[Role, str]]:
        """Every role that is ours; what we do not know is left out."""
        listed = said.split() if isinstance(said, str) else said if isinstance(said, list) else []
        found = (re.fullmatch(self.role_pattern, each) for each in listed if isinstance(each, str))
        names = {role.value: role.value for role in Role} if not self.roles else self.roles
        return [(Role(names[one["role"]]), one["unit"]) for one in found if one and one["role"] in names]


def _text(said: object) -> str | None:
    return said if isinstance(said, str) else None
