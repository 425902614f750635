"""What is wrong with a message, and where: what a fatal-error tells its sender."""

from dataclasses import dataclass

# Codes of the value set medcom-acknowledgement-issue-details: MedCom's own, and HL7's.
RECEIVER_UNKNOWN = "MSG_Receiver_Identifier_UNKNOWN"
TYPE_NOT_RECEIVED = "MSG_RECEIVER_UNABLE_TO_RECEIVE_MSG_TYPE"
VALUE_UNKNOWN = "MSG_VALUESET_VALUE_UNKNOWN"
DATATYPE_WRONG = "MSG_Datatype_Wrong"
DAMAGED = "MSG_Damaged_durin_transport"  # as it is published
TOO_LONG = "MSG_Element_To_Long"
OPERATION_FAILED = "MSG_OP_NOT_ALLOWED"
DUPLICATE_ID = "MSG_DUPLICATE_ID"
REQUIRED = "MSG_PARAM_INVALID"
HL7_CODES = frozenset({OPERATION_FAILED, DUPLICATE_ID, REQUIRED})


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    `code` is FHIR's issue type, `detail` MedCom's word for it, `where` a path in the message, `text` a sentence. None
    of them repeats what the message says of a person.
    """

    code: str
    detail: str
    where: str
    text: str


class Unreadable(ValueError):
    """The bytes are no message: nobody can be answered. The text says why, and repeats nothing of them."""
