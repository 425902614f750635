"""The guides of the screens of who answers for a unit, and of who watches the system."""

from web.guides.guide import Guide
from web.guides.guide import to_translate as _

GUIDES = {  # by the name of the screen in addresses
    "missede": Guide(
        title=_("Missed"),
        purpose=_("Times that ran out: what happened, why, and what was learned from it."),
        words=(
            (_("Missed"), _("The time passed, and it was not done. It is written once, and nothing removes it.")),
            (_("Verdict"), _("What was said of it later: it stands, is excused, or is left out. The row stays.")),
        ),
        whens=(
            (
                _("Somebody came to harm"),
                _("Report an adverse event too. The page has the facts to copy, without name and CPR number."),
            ),
        ),
    ),
    "overblik": Guide(
        title=_("Overview"),
        purpose=_("How it goes for your units, in six figures. Each says of how many it is, and leads to its list."),
        words=(
            (
                _("Follow-up calls in time"),
                _("Made within the time of the agreement, usually 24 hours after discharge."),
            ),
            (_("Late right now"), _("The time of the next step has passed, and the episode is still open.")),
        ),
    ),
    "klynge": Guide(
        title=_("The cluster"),
        purpose=_("The hospitals and municipalities that you share citizens with, in numbers without names."),
        words=((_("“<5”"), _("One to four in another organisation: nobody is to be recognised.")),),
    ),
    "revision": Guide(
        title=_("Access log"),
        purpose=_("Who has seen a citizen, when, in which role and why."),
        words=(
            (_("Look"), _("Every page, list, search, print and export that shows a citizen; and every refusal.")),
            (_("Seal"), _("What shows that nobody has changed the log.")),
        ),
        whens=(
            (_("A citizen asks who has looked"), _("Search by the CPR number, and hand out the extract.")),
            (_("You do not know why somebody looked"), _("Ask them. Write what they say when you confirm the look.")),
        ),
    ),
    "status": Guide(
        title=_("System status"),
        purpose=_("Whether Overgang itself works: what stands still, since when, and what to do."),
        words=((_("Background work"), _("What raises reminders and sends messages. Without it, late still shows.")),),
        whens=(
            (
                _("Reminders are out of order"),
                _("Work from the lists, and call. Nothing is lost: what is due is raised when it runs again."),
            ),
        ),
    ),
}
