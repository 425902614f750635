"""What every pathway through a hospital shares: the ward's states, the ways out, and the rules of the region."""

from datetime import time, timedelta

from workflow.pathway import Handover, State, Transition
from workflow.rule import Rule, Rung, days, hours
from workflow.vocabulary import Audience, Circumstance, Concerns, DoneBy, MissCode, Party, Role, RuleKind

HOSPITAL = (Role.DISCHARGE_COORDINATOR, Role.WARD_NURSE)
DISTRICT = (Role.MUNICIPAL_NURSE,)
FACILITY = (Role.FACILITY_NURSE,)
EVERYBODY = (Party.WARD, Party.RECEIVER, Party.DISTRICT)
ANYBODY = HOSPITAL + DISTRICT + FACILITY

# What a discharge by a person asks for first (decisions D2, R05-R07).
DESTINATION, HANDOVER_SENT, PHONE_AGREEMENT = "destination", "handover_sent", "phone_agreement"
NO_OPEN_TASK = "no_open_task"

# ISBAR fields that must be filled (domain/quality.md 5.8).
ISBAR_REQUIRED = (
    "signed:nursing", "S.reason", "S.discharge", "S.treatment_responsibility", "S.infection_precautions",
    "S.treatment_level", "B.allergies", "A.function", "R.actions", "R.medicine", "R.told",
)  # fmt: skip

FOLLOW_UP_CALL = "follow_up_call"

HOSPITAL_STATES = (
    State("acute", owner=Party.WARD, within=hours(24)),
    State("admitted", owner=Party.WARD, review=days(1)),
    State("admitted_at_home", owner=Party.WARD, review=days(1)),
    State("on_leave", owner=Party.WARD, review=days(1)),
    State("ready_for_discharge", owner=Party.WARD, within=hours(48)),
)
FINAL_STATES = (State("closed", owner=None), State("deceased", owner=None), State("cancelled", owner=None))


def hospital_transitions(hands_over: Handover) -> tuple[Transition, ...]:
    """Everything that happens in the hospital, up to a discharge that hands over as said."""
    discharge = {
        "by": HOSPITAL,
        "hands_over": hands_over,
        "asks": (DESTINATION, HANDOVER_SENT, PHONE_AGREEMENT),
        "tells": EVERYBODY,
    }
    return (
        Transition("patient_admitted", "acute", "admitted", by=HOSPITAL),
        Transition("leave_started", "admitted", "on_leave", by=HOSPITAL),
        Transition("leave_started", "ready_for_discharge", "on_leave", by=HOSPITAL),
        Transition("leave_ended", "on_leave", "admitted", by=HOSPITAL),
        Transition("treatment_moved_home", "admitted", "admitted_at_home", by=HOSPITAL),
        Transition("returned_to_ward", "admitted_at_home", "admitted", by=HOSPITAL),
        Transition("declared_ready", "admitted", "ready_for_discharge", by=HOSPITAL),
        Transition("declared_ready", "admitted_at_home", "ready_for_discharge", by=HOSPITAL),
        Transition("condition_worsened", "ready_for_discharge", "admitted", by=HOSPITAL),
        *(
            Transition("patient_discharged", source, "discharged", **discharge)  # type: ignore[arg-type]
            for source in ("acute", "admitted", "admitted_at_home", "on_leave", "ready_for_discharge")
        ),
        Transition(
            "stay_resumed", "discharged", "admitted", by=HOSPITAL, takes_back="patient_discharged", tells=EVERYBODY
        ),
    )


def ways_out(states: tuple[State, ...]) -> tuple[Transition, ...]:
    """Death and cancellation, from every state that is open."""
    open_states = [state.name for state in states if state.owner is not None]
    return tuple(
        Transition(trigger, state, dest, by=ANYBODY, tells=EVERYBODY)
        for state in open_states
        for trigger, dest in (("patient_died", "deceased"), ("episode_cancelled", "cancelled"))
    )


ENDING = ("stay_resumed", "patient_readmitted", "patient_died", "episode_cancelled")
STAY_ENDING = ("patient_died", "episode_cancelled")

CALL_LADDER = (
    Rung(-hours(6), Audience.CLAIMANT),
    Rung(-hours(2), Audience.UNIT),
    Rung(hours(0), Audience.MANAGERS),
)
TASK_LADDER = (Rung(-hours(2), Audience.CLAIMANT), Rung(hours(0), Audience.MANAGERS))

# Numbers and sources: domain/practice.md 2.3 (Midtjylland 2021/2022); every one is to be confirmed locally.
SHARED_RULES = (
    Rule(
        key="R12", kind=RuleKind.AFTER_EVENT, concerns=Concerns.TASK, task=FOLLOW_UP_CALL, done_by=DoneBy.CONTACT,
        on="patient_discharged", owner=Party.RECEIVER, counterpart=Party.WARD, after=hours(24),
        ladder=CALL_LADDER, miss=MissCode.CALL_NOT_MADE, withdrawn_by=ENDING,
        source="S3: personal contact between Tryghedshotellet and the ward one day after discharge",
    ),
    Rule(
        key="R01", kind=RuleKind.AFTER_EVENT, concerns=Concerns.TASK, task="admission_report",
        on="patient_admitted", owner=Party.DISTRICT, counterpart=Party.WARD, after=hours(24), ladder=TASK_LADDER,
        miss=MissCode.TASK_NOT_DONE, when=("municipal_services", Circumstance.REPORT_WANTED), withdrawn_by=STAY_ENDING,
        source="Region Midtjylland, flowchart 2-2: manual admission report within 24 hours [src 8]",
    ),
    Rule(
        key="R01-acute", kind=RuleKind.AFTER_EVENT, concerns=Concerns.TASK, task="admission_report",
        on="patient_acutely_seen", owner=Party.DISTRICT, counterpart=Party.WARD, after=hours(24), ladder=TASK_LADDER,
        miss=MissCode.TASK_NOT_DONE, withdrawn_by=STAY_ENDING,
        when=("municipal_services", "admission_report_asked", Circumstance.REPORT_WANTED),
        source="MedCom, use of reportOfAdmissionFlag: an acute outpatient stay asks, the admission after it does not",
    ),
    Rule(
        key="R02", kind=RuleKind.MISSING_AT_EVENT, concerns=Concerns.TASK, task="care_plan",
        on="patient_admitted", before="patient_discharged", owner=Party.WARD, counterpart=Party.DISTRICT,
        after=hours(48), ladder=(Rung(hours(0), Audience.CLAIMANT), Rung(hours(24), Audience.UNIT)),
        miss=MissCode.TASK_NOT_DONE, when=("municipal_services", Circumstance.STAY_OVER_24_H),
        withdrawn_by=STAY_ENDING,
        source="Region Midtjylland, flowchart 2-4: a care plan before discharge when the stay is over 24 h [src 9]",
    ),
    Rule(
        key="R05", kind=RuleKind.ALWAYS_PHONE, concerns=Concerns.TASK, task="phone_agreement", done_by=DoneBy.CONTACT,
        on="patient_discharged", owner=Party.WARD, counterpart=Party.DISTRICT, clock=time(12),
        after=hours(1), ladder=TASK_LADDER, miss=MissCode.TASK_NOT_DONE, withdrawn_by=ENDING,
        when=("same_day_action", Circumstance.NOT_SENT_BY_NOON),
        source="Region Midtjylland, flowchart 2-5: same-day action is phoned unless sent by 12:00 [src 10]",
    ),
    Rule(
        key="R06", kind=RuleKind.ALWAYS_PHONE, concerns=Concerns.TASK, task="phone_agreement", done_by=DoneBy.CONTACT,
        on="patient_discharged", owner=Party.WARD, counterpart=Party.DISTRICT, after=hours(1), ladder=TASK_LADDER,
        miss=MissCode.TASK_NOT_DONE, when=("action_within_24_h",), withdrawn_by=ENDING,
        source="Region Midtjylland, flowchart 1-40: what is expected within 24 h is always phoned [src 6]",
    ),
    Rule(
        key="R07", kind=RuleKind.ALWAYS_PHONE, concerns=Concerns.TASK, task="phone_agreement", done_by=DoneBy.CONTACT,
        on="patient_discharged", owner=Party.WARD, counterpart=Party.DISTRICT, after=hours(1), ladder=TASK_LADDER,
        miss=MissCode.TASK_NOT_DONE, withdrawn_by=ENDING,
        when=("municipal_services", Circumstance.WEEKEND_OR_HOLIDAY),
        source="Region Midtjylland, flowchart 2-5: weekend and holiday discharges are agreed by phone [src 10]",
    ),
    Rule(
        key="R15", kind=RuleKind.AFTER_EVENT, concerns=Concerns.WINDOW, on="patient_discharged", owner=Party.WARD,
        after=hours(72), when=(Circumstance.STAY_OVER_24_H,), ladder=(),
        source="72 hours of extended treatment responsibility, practice.md 2.5 [src 38-44]",
    ),
    Rule(
        key="R17", kind=RuleKind.AFTER_EVENT, concerns=Concerns.TASK, task="rehabilitation_start",
        on="patient_discharged", owner=Party.DISTRICT, after=days(7), when=("rehabilitation_plan",),
        ladder=(Rung(-timedelta(days=2), Audience.CLAIMANT), Rung(hours(0), Audience.MANAGERS)),
        miss=MissCode.TASK_NOT_DONE, withdrawn_by=ENDING,
        source="sundhedsloven section 140(4): rehabilitation starts within 7 days of discharge [src 22]",
    ),
)  # fmt: skip
