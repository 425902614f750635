"""The closed sets of words that the whole system shares."""

from enum import StrEnum


class Language(StrEnum):
    DANISH = "da"
    ENGLISH = "en"


class OrganisationKind(StrEnum):
    REGION = "region"
    HOSPITAL = "hospital"
    MUNICIPALITY = "municipality"
    PRACTICE = "practice"


class UnitKind(StrEnum):
    WARD = "ward"
    COORDINATION = "coordination"  # discharge coordinators, for every ward of their hospital
    DISTRICT = "district"
    FACILITY = "facility"  # Tryghedshotellet, akutpladser, short stays
    PRACTICE = "practice"
    ADMINISTRATION = "administration"


class Role(StrEnum):
    DISCHARGE_COORDINATOR = "discharge_coordinator"
    WARD_NURSE = "ward_nurse"
    MUNICIPAL_NURSE = "municipal_nurse"
    FACILITY_NURSE = "facility_nurse"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"


class Party(StrEnum):
    """Who a unit is to an episode."""

    WARD = "ward"
    FACILITY = "facility"
    DISTRICT = "district"
    PRACTICE = "practice"
    RECEIVER = "receiver"  # whoever the pathway sends the citizen to
    RESPONSIBLE = "responsible"  # whoever has the responsibility now


class Origin(StrEnum):
    """How we heard."""

    PERSON = "person"
    MESSAGE = "message"
    SYSTEM = "system"


class EntryKind(StrEnum):
    """What an entry of the history tells."""

    OPENED = "opened"
    EVENT = "event"
    CORRECTED = "corrected"
    CANCELLED = "cancelled"
    REROUTED = "rerouted"
    PLANNED = "planned"
    NEED = "need"
    REVIEWED = "reviewed"
    CHASED = "chased"
    HANDOVER_SENT = "handover_sent"
    HANDOVER_READ = "handover_read"
    HANDOVER_ACCEPTED = "handover_accepted"
    HANDOVER_REJECTED = "handover_rejected"
    CITIZEN_INFORMED = "citizen_informed"
    ATTEMPT = "attempt"
    TASK_DONE = "task_done"
    TASK_CONFIRMED = "task_confirmed"
    CLAIM_REFUSED = "claim_refused"
    TASK_CLAIMED = "task_claimed"
    TASK_HANDED_ON = "task_handed_on"
    NOT_RELEVANT = "not_relevant"
    AGREEMENT = "agreement"
    PLACE = "place"
    TRANSFERRED = "transferred"
    UNIT_SUCCEEDED = "unit_succeeded"
    MERGED = "merged"
    UNMERGED = "unmerged"
    OBSERVED = "observed"
    ANSWERED = "answered"


class Observed(StrEnum):
    """What a nurse writes down of a citizen (domain/users.md 4.2 and 4.4)."""

    TOBS = "tobs"  # tidlig opsporing af begyndende sygdom: a score
    MEDICINE = "medicine"
    AIDS = "aids"
    WORRY = "worry"


class Look(StrEnum):
    """What an entry of the access log tells: how somebody came to see, or did not."""

    READ = "read"
    SEARCH = "search"
    LIST = "list"
    PRINT = "print"
    EXPORT = "export"
    REFUSED = "refused"
    BREAK_GLASS = "break_glass"
    CPR_SHOWN = "cpr_shown"
    OPENED = "opened"  # an episode, and with it the sight of it


class WhyLook(StrEnum):
    """Why a look must be confirmed by a manager."""

    SAMPLE = "sample"
    NO_RELATION = "no_relation"
    SAME_SURNAME = "same_surname"
    UNUSUAL_VOLUME = "unusual_volume"
    OPENED_UNKNOWN = "opened_unknown"  # an episode for somebody whom the unit had nothing to do with before


class LegalBasis(StrEnum):
    """Why something is sent although the citizen objected (sundhedsloven sections 41 and 42; practice.md 2.9)."""

    CONSENT = "consent"  # the citizen has agreed to this one
    OWN_INTEREST_UNABLE = "own_interest_unable"  # the citizen cannot look after their own interests
    ESSENTIAL_REGARD = "essential_regard"  # obvious public interest, or essential regard for the citizen or others
    STATUTORY_DUTY = "statutory_duty"  # a law says that it must be told


class HandoverState(StrEnum):
    OWED = "owed"  # the sender has it and owes it
    SENT = "sent"
    READ = "read"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class TaskState(StrEnum):
    OPEN = "open"
    DONE = "done"
    WITHDRAWN = "withdrawn"


class Claim(StrEnum):
    """How it stands with a time that the owing side told after the limit had passed."""

    WAITING = "waiting"  # for the other side, or a manager
    CONFIRMED = "confirmed"
    REFUSED = "refused"


class Outcome(StrEnum):
    """How one try to reach somebody went (domain/quality.md 5.8)."""

    COMPLETED = "completed"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    CALL_LATER = "call_later"
    WRONG_NUMBER = "wrong_number"
    DECLINED = "declined"
    NOT_RELEVANT = "not_relevant"

    @property
    def vain(self) -> bool:
        """Tried without reaching anybody who could answer."""
        return self not in {Outcome.COMPLETED, Outcome.NOT_RELEVANT}


class MissCode(StrEnum):
    """Why it counts as missed (domain/quality.md 5.1)."""

    NOT_SENT = "M1"
    SENT_LATE = "M2"
    NOT_ANSWERED = "M3"
    REJECTED_NOT_RESENT = "M4"
    CALL_NOT_MADE = "M5"
    TASK_NOT_DONE = "M6"


class Cause(StrEnum):
    """Why a handover was missed, as a review finds (the eight factors of domain/quality.md 5.1)."""

    COMMUNICATION = "communication"
    INFORMATION = "information"
    ORGANISATION = "organisation"
    SURROUNDINGS = "surroundings"  # rooms and IT
    PROFESSIONALISM = "professionalism"
    RESPONSIBILITY = "responsibility"
    TEAM_AWARENESS = "team_awareness"
    CULTURE = "culture"


class Verdict(StrEnum):
    STANDS = "stands"
    EXCUSED = "excused"
    EXCLUDED = "excluded"


class Ended(StrEnum):
    """Why a deadline no longer runs."""

    MET = "met"
    MET_LATE = "met_late"
    MOVED = "moved"
    HANDED_ON = "handed_on"
    WITHDRAWN = "withdrawn"


class Audience(StrEnum):
    """Whom a rung of the ladder tells."""

    CLAIMANT = "claimant"  # who took the task, else the unit
    UNIT = "unit"
    MANAGERS = "managers"  # of both units


class NoticeKind(StrEnum):
    """Why a unit is told something."""

    NOTICE = "notice"  # something happened that you need to know
    REMINDER = "reminder"  # something has not happened that you owe
    ESCALATION = "escalation"  # the next rung: somebody else must know
    MISS = "miss"  # it was not done in time


class StayState(StrEnum):
    """What a place is used for, over a span of time."""

    RESERVED = "reserved"
    TAKEN = "taken"
    LEFT = "left"
    RELEASED = "released"
    CLOSED = "closed"  # nobody can lie here: cleaning, repair, no staff


class PlaceKind(StrEnum):
    TRYGHEDSHOTEL = "tryghedshotel"
    ACUTE = "acute"
    SHORT_STAY = "short_stay"


class RuleKind(StrEnum):
    """How an agreement puts a time on something (decisions D4)."""

    AFTER_EVENT = "after_event"
    AT_CLOCK_TIME = "at_clock_time"
    BEFORE_EVENT = "before_event"
    MISSING_AT_EVENT = "missing_at_event"
    ALWAYS_PHONE = "always_phone"
    REVIEW_EVERY = "review_every"


class Concerns(StrEnum):
    """What a rule puts its time on."""

    TASK = "task"
    STATE = "state"
    HANDOVER_SENDING = "handover_sending"
    HANDOVER_ANSWER = "handover_answer"
    HANDOVER_MENDING = "handover_mending"  # a new version after a rejection
    QUESTION = "question"  # that a unit asked another
    WINDOW = "window"  # nobody owes anything; until then, something holds (the 72-hour line)


class DoneBy(StrEnum):
    """What completes a task: evidence, not a tick."""

    CONTACT = "contact"  # a completed contact attempt that names the person spoken to
    ANSWER = "answer"  # to the question that it is about
    RECORD = "record"  # somebody records that it was done, with a reference or note


class Circumstance(StrEnum):
    """What a rule may ask of an episode before it holds. Anything else in `when` is a recorded need."""

    STAY_OVER_24_H = "stay_over_24_h"
    STAY_UNDER_24_H = "stay_under_24_h"
    WEEKEND_OR_HOLIDAY = "weekend_or_holiday"
    NOT_SENT_BY_NOON = "not_sent_by_noon"
    REPORT_WANTED = "report_wanted"  # nobody has said that no admission report is wanted, and none was asked for before


class Holding(StrEnum):
    """What an organisation is to a unit, from a day until a day (decisions D12)."""

    AUTHORITY = "authority"  # decides and pays
    OPERATOR = "operator"  # employs those who work there


class RoleState(StrEnum):
    """How far a role has come that somebody was given."""

    PROPOSED = "proposed"  # waits for a second person
    IN_FORCE = "in_force"
    ENDED = "ended"


class SignInBy(StrEnum):
    """How a person showed who they are."""

    PASSWORD = "password"
    PROVIDER = "provider"
    DEMO = "demo"


class SignInEnd(StrEnum):
    """Why a sign-in no longer counts."""

    SIGNED_OUT = "signed_out"
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"
    SIGNED_IN_ANEW = "signed_in_anew"
    PASSWORD_CHANGED = "password_changed"
    DEACTIVATED = "deactivated"
    ENDED_BY_ADMINISTRATOR = "ended_by_administrator"


class Fate(StrEnum):
    """What became of a message that was received."""

    LOADED = "loaded"
    HISTORY = "history"  # loaded, and changed nothing that we can see: late, or of something that is over
    UNKNOWN_CITIZEN = "unknown_citizen"  # no relevant case: acknowledged, and deleted
    REFUSED = "refused"
    WAITING = "waiting"  # our own side failed; it is kept, and loaded later
    ANSWER = "answer"  # an acknowledgement of something of ours


class Sending(StrEnum):
    """How far a message of ours has come."""

    QUEUED = "queued"
    AWAITING = "awaiting"  # sent, and not acknowledged yet
    RESENDING = "resending"
    ACKNOWLEDGED = "acknowledged"
    FAILED = "failed"  # refused, or never answered: a person has been told
    SENT = "sent"  # an acknowledgement of ours: nobody answers it


class Scope(StrEnum):
    """What a program may do with a token, within what its role may do."""

    UNITS_READ = "units:read"
    EPISODES_READ = "episodes:read"
    EPISODES_WRITE = "episodes:write"
    HANDOVERS_READ = "handovers:read"
    HANDOVERS_WRITE = "handovers:write"
    TASKS_READ = "tasks:read"
    TASKS_WRITE = "tasks:write"
    PLACES_READ = "places:read"
    PLACES_WRITE = "places:write"
    MISSES_READ = "misses:read"
    CPR_READ = "cpr:read"  # numbers whole, where they are masked otherwise
    CALENDAR = "calendar:read"  # a unit's deadlines without names: of an address that a person made for themselves
