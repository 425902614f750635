"""Tryghedshotellet, the house between hospital and home: from the hospital, or instead of it."""

from workflow.pathway import Handover, Pathway, State, Transition, WayIn
from workflow.pathways.parts import (
    DISTRICT,
    ENDING,
    EVERYBODY,
    FACILITY,
    FINAL_STATES,
    HANDOVER_SENT,
    HOSPITAL,
    HOSPITAL_STATES,
    ISBAR_REQUIRED,
    NO_OPEN_TASK,
    SHARED_RULES,
    TASK_LADDER,
    hospital_transitions,
    ways_out,
)
from workflow.rule import Rule, days, hours
from workflow.vocabulary import Concerns, Language, Party, RuleKind

STATES = (
    State("planned", owner=Party.FACILITY, within=hours(24)),
    *HOSPITAL_STATES,
    State("discharged", owner=Party.FACILITY, within=hours(4)),
    State("at_tryghedshotel", owner=Party.FACILITY, review=days(1)),
    State("at_home", owner=Party.DISTRICT, review=days(7)),
    *FINAL_STATES,
)

TO_FACILITY = Handover(to=Party.FACILITY, answer_within=hours(4), arrival="patient_arrived", requires=ISBAR_REQUIRED)
TO_DISTRICT = Handover(to=Party.DISTRICT, answer_within=hours(4), arrival="departed_home", requires=ISBAR_REQUIRED)

TRYGHEDSHOTEL = Pathway(
    key="tryghedshotel",
    version=1,
    title={Language.DANISH: "Tryghedshotellet", Language.ENGLISH: "Tryghedshotellet"},
    receiver=Party.FACILITY,
    ways_in=(
        WayIn("hospital", "patient_admitted", "admitted", Party.WARD),
        WayIn("acute_hospital", "patient_acutely_seen", "acute", Party.WARD),
        WayIn("general_practice", "stay_planned", "planned", Party.PRACTICE),
        WayIn("municipality", "stay_planned", "planned", Party.DISTRICT),
        WayIn("citizen", "stay_planned", "planned", Party.FACILITY),
    ),
    states=STATES,
    transitions=(
        *hospital_transitions(TO_FACILITY),
        Transition("patient_arrived", "planned", "at_tryghedshotel", by=FACILITY, hands_over=TO_FACILITY),
        Transition("patient_arrived", "discharged", "at_tryghedshotel", by=FACILITY),
        Transition(
            "departed_home", "at_tryghedshotel", "at_home", by=FACILITY, hands_over=TO_DISTRICT, asks=(HANDOVER_SENT,),
            tells=EVERYBODY,
        ),
        Transition("patient_readmitted", "planned", "closed", by=HOSPITAL),
        Transition("patient_readmitted", "discharged", "closed", by=HOSPITAL),
        Transition("patient_readmitted", "at_tryghedshotel", "closed", by=HOSPITAL),
        Transition("patient_readmitted", "at_home", "closed", by=HOSPITAL),
        Transition("episode_closed", "at_home", "closed", by=DISTRICT, asks=(NO_OPEN_TASK,)),
        *ways_out(STATES),
    ),
    tasks=(
        *SHARED_RULES,
        Rule(
            key="R21", kind=RuleKind.REVIEW_EVERY, concerns=Concerns.TASK, task="review_of_stay",
            on="patient_arrived", owner=Party.FACILITY, after=days(5), ladder=TASK_LADDER, mandatory=False,
            withdrawn_by=("departed_home", *ENDING),
            source="review of the type of temporary stay: Herning 5 days, Randers 3 weeks [src 32, 33]",
        ),
    ),
)  # fmt: skip
