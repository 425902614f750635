"""What a hospital's words are called in our pathways, and in which of our states they leave a citizen."""

from workflow.medcom.codes import Event
from workflow.medcom.stays import State

IN_HOSPITAL = frozenset({"acute", "admitted", "admitted_at_home", "on_leave", "ready_for_discharge"})
TRIGGERS = {
    Event.STAA: "patient_acutely_seen",
    Event.STIN: "patient_admitted",
    Event.STOR: "leave_started",
    Event.SLOR: "leave_ended",
    Event.SLHJ: "patient_discharged",
    Event.MORS: "patient_died",
}
STARTS = frozenset({"patient_acutely_seen", "patient_admitted", "stay_resumed"})
FITS = {
    State.ACUTE: IN_HOSPITAL - {"on_leave"},
    State.ADMITTED: IN_HOSPITAL - {"on_leave"},
    State.ON_LEAVE: frozenset({"on_leave"}),
    State.DISCHARGED: frozenset({"discharged", "at_tryghedshotel", "at_home", "closed"}),
    State.DECEASED: frozenset({"deceased"}),
}
