"""Who acts: a person at work in one unit, a message, or the system itself."""

from dataclasses import dataclass

from workflow.vocabulary import Origin, Role


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A person as they act now; taken from the session, never from input."""

    name: str
    unit_id: int | None = None
    organisation_id: int | None = None
    person_id: int | None = None
    roles: frozenset[Role] = frozenset()
    origin: Origin = Origin.PERSON

    @property
    def sees_patients(self) -> bool:
        """Whether any role that they act in may see citizens: administrators and operators do not (decisions D7)."""
        return bool(self.roles - {Role.ADMINISTRATOR, Role.OPERATOR})

    @property
    def is_message(self) -> bool:
        """Whether a hospital's message says so: it is taken as it comes, and no guard refuses it."""
        return self.origin == Origin.MESSAGE


SYSTEM = Actor(name="Overgang", origin=Origin.SYSTEM)
