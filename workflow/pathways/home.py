"""Discharge home with municipal care: where every admission starts, for nobody knows yet."""

from workflow.pathway import Handover, Pathway, State, Transition, WayIn
from workflow.pathways.parts import (
    DISTRICT,
    FINAL_STATES,
    HOSPITAL,
    HOSPITAL_STATES,
    ISBAR_REQUIRED,
    NO_OPEN_TASK,
    SHARED_RULES,
    hospital_transitions,
    ways_out,
)
from workflow.rule import days, hours
from workflow.vocabulary import Language, Party

STATES = (
    *HOSPITAL_STATES,
    State("discharged", owner=Party.DISTRICT, within=hours(24)),
    State("at_home", owner=Party.DISTRICT, review=days(7)),
    *FINAL_STATES,
)

TO_DISTRICT = Handover(
    to=Party.DISTRICT, answer_within=hours(4), arrival="patient_arrived_home", requires=ISBAR_REQUIRED
)

HOME = Pathway(
    key="home",
    version=1,
    title={Language.DANISH: "Udskrivelse til eget hjem", Language.ENGLISH: "Discharge home"},
    receiver=Party.DISTRICT,
    ways_in=(
        WayIn("admission", "patient_admitted", "admitted", Party.WARD),
        WayIn("acute_admission", "patient_acutely_seen", "acute", Party.WARD),
    ),
    states=STATES,
    transitions=(
        *hospital_transitions(TO_DISTRICT),
        Transition("patient_arrived_home", "discharged", "at_home", by=DISTRICT),
        Transition("patient_readmitted", "discharged", "closed", by=HOSPITAL),
        Transition("patient_readmitted", "at_home", "closed", by=HOSPITAL),
        Transition("episode_closed", "at_home", "closed", by=DISTRICT, asks=(NO_OPEN_TASK,)),
        *ways_out(STATES),
    ),
    tasks=SHARED_RULES,
)
