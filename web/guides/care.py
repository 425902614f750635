"""The guides of the screens where citizens are followed."""

from web.guides.guide import Guide
from web.guides.guide import to_translate as _

GUIDES = {  # by the name of the screen in addresses
    "overgange": Guide(
        title=_("Transitions"),
        purpose=_("Every citizen on the way to or from your unit; those with the least time left stand first."),
        words=(
            (_("Overdue"), _("The time has passed. It stays late, also when it is done afterwards.")),
            (_("Await acceptance"), _("Sent to another unit, and not answered. Until they accept, the sender has it.")),
        ),
        whens=(
            (
                _("You cannot find a citizen"),
                _(
                    "Search by name, CPR number or telephone. You find those in whose care your unit takes part; "
                    "for anybody else there is emergency access."
                ),
            ),
            (
                _("The page says that it cannot reach Overgang"),
                _("What you see is from the time it shows. Work from the printed task list, and call."),
            ),
        ),
    ),
    "forloeb": Guide(
        title=_("Episode"),
        purpose=_("One citizen's way: where they are, who has the responsibility now, and what must happen next."),
        words=(
            (
                _("Happened, recorded"),
                _("Two times: when it happened, and when we heard of it. Deadlines run from when it happened."),
            ),
            (
                _("Responsible unit"),
                _("Who has the responsibility now. It moves only when the receiver accepts a handover."),
            ),
            (
                _("The 72-hour line"),
                _("The telephone that the hospital answers for 72 hours after the discharge."),
            ),
        ),
        whens=(
            (
                _("A time was written wrong"),
                _("Correct it, and say why. The old line stays, the new one counts, and deadlines move with it."),
            ),
            (
                _("You have measured TOBS, checked medicine or aids, or you are worried"),
                _(
                    "Write it under Observe, with when it was. Ask another unit about it if it concerns them: they are "
                    "told, and answer here. Was it written wrong, write it again with the same time: the newest counts."
                ),
            ),
            (_("A button cannot be pressed"), _("The text beside it says what is missing.")),
        ),
    ),
    "overlevering": Guide(
        title=_("Handover"),
        purpose=_("Responsibility on its way from one unit to another, with what the receiver must know (ISBAR)."),
        words=(
            (
                _("Sent, read, accepted"),
                _("Sent is not received, and read is not accepted. Only accepted moves the responsibility."),
            ),
            (_("NEW"), _("Changed since the version before.")),
        ),
        whens=(
            (
                _("You are sent too little"),
                _("Ask for what is missing, or reject and say why. The sender keeps the responsibility."),
            ),
            (
                _("You and a colleague open the same handover"),
                _("The first answer counts. Whoever is second is told who gave it, and when."),
            ),
        ),
    ),
    "opgaver": Guide(
        title=_("Tasks"),
        purpose=_("What your unit owes; the task with the least time left stands first."),
        words=(
            (_("Take"), _("You do it, and your colleagues see so. The unit still owes it.")),
            (_("Shift change"), _("Unfinished tasks go to the next shift, with a note.")),
        ),
        whens=(
            (_("A task is late"), _("Do it all the same. It counts as late, and by how much.")),
            (
                _("Overgang may go down"),
                _("Print the list at the start of the shift. Afterwards, record what you did and when it was."),
            ),
        ),
    ),
    "indbakke": Guide(
        title=_("Inbox"),
        purpose=_("What your unit has been told: what is due, what is late, and what others have done."),
        whens=((_("You have read it"), _("Mark it as read. It stays, and your colleagues see who read it.")),),
    ),
    "soeg": Guide(
        title=_("Search"),
        purpose=_("Find a citizen by CPR number, name or telephone among those whom your unit has a relation to."),
        whens=(
            (
                _("Nobody is found"),
                _("Open an episode with the full CPR number, or ask for emergency access if it cannot wait."),
            ),
        ),
    ),
    "opkald": Guide(
        title=_("Follow-up call"),
        purpose=_("From nurse to nurse, within 24 hours of the discharge: the call that is counted."),
        words=(
            (_("Attempt"), _("One try to reach somebody: whom, when, and what came of it.")),
            (_("Agreement"), _("What you agreed on the phone: it becomes a task with an owner and a time.")),
        ),
        whens=(
            (_("Nobody answers"), _("Record it, and when you try again. Then call the next number on the page.")),
            (_("You are worried now"), _("Call the 72-hour line; at danger to life, 112. Record it afterwards.")),
        ),
    ),
    "pladser": Guide(
        title=_("Places"),
        purpose=_("The places of the municipality: who has them, who is on the way, and who waits."),
        words=(
            (_("Reserved"), _("Kept for somebody who has not arrived.")),
            (_("Closed"), _("Out of use. Nobody can be put there.")),
        ),
        whens=(
            (
                _("Every place is taken"),
                _("Put the citizen on the waiting list. A manager can add an extra place, with a reason."),
            ),
        ),
    ),
    "noed-adgang": Guide(
        title=_("Emergency access"),
        purpose=_("To see one citizen for four hours without a relation, when it cannot wait."),
        words=((_("Relation"), _("Your unit takes part in the citizen's episode, or has taken part.")),),
        whens=(
            (
                _("You need it"),
                _("Write the full CPR number, and why. The managers of both units look at it the next day."),
            ),
        ),
    ),
}
