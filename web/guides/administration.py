"""The guides of the screens of administration, and of signing in."""

from web.guides.guide import Guide
from web.guides.guide import to_translate as _

GUIDES = {  # by the name of the screen in addresses
    "people": Guide(
        title=_("People"),
        purpose=_("Who works here, how they are reached, and in which units."),
        whens=((_("Somebody leaves"), _("Deactivate them: they are out at once. What they did stays.")),),
    ),
    "units": Guide(
        title=_("Units"),
        purpose=_("Organisations and their units: telephones, and who decides and who runs them."),
        words=((_("Authority, operator"), _("Who decides and pays; who does the work. Each from a day.")),),
        whens=(
            (_("Many units come or change"), _("Read a file: the page says what it would write, before it does.")),
            (
                _("A unit is closed for a day"),
                _("Write the day down with the unit: whoever sends it something sees when it is read again."),
            ),
            (_("It was the wrong file"), _("Undo it, before anybody uses what it made.")),
        ),
    ),
    "roles": Guide(
        title=_("Roles"),
        purpose=_("What people may do where. What one person gives, a second one approves."),
        words=((_("Waits for approval"), _("Given, and not approved: it opens nothing yet.")),),
        whens=((_("Half a year has passed"), _("Look through who has which role, and say who still needs it.")),),
    ),
    "sign-ins": Guide(
        title=_("Signed in"),
        purpose=_("Who is signed in now, where and since when."),
        whens=((_("A computer was left open"), _("Sign them out here. It counts at once.")),),
    ),
    "aftaler": Guide(
        title=_("Agreements"),
        purpose=_("The numbers of a pathway - hours, ladders, what is required - by place, from a day on."),
        words=((_("Version"), _("A change is a new version from a day on. The old one holds until then.")),),
    ),
    "tekster": Guide(
        title=_("Texts"),
        purpose=_(
            "What Overgang writes to your units in the inbox, by mail and by SMS - and how you say it yourselves."
        ),
        words=(
            (
                _("Blank"),
                _("A word in braces, such as {enhed}: it is filled in when the text is used. None is about a citizen."),
            ),
        ),
        whens=(
            (_("A text is misunderstood"), _("Write it in your own words, and look at the example before you save.")),
            (
                _("Your wording was no better"),
                _("Go back to Overgang's text. Every wording stays in the list, with its date."),
            ),
        ),
    ),
    "systems": Guide(
        title=_("Systems"),
        purpose=_("Programs that use Overgang, in which unit, and what each may do."),
        whens=((_("A token may be in wrong hands"), _("Withdraw it: it stops at once. Then make another.")),),
    ),
    "account": Guide(
        title=_("My account"),
        purpose=_("Where you are told what, your password, and the keyboard shortcuts."),
    ),
    "sign-in": Guide(
        title=_("Sign in"),
        purpose=_("With your work's sign-in, or with a local account."),
        whens=(
            (
                _("You have forgotten the password"),
                _("Whoever runs Overgang where you work gives you a new one, which you change."),
            ),
        ),
    ),
    "choose": Guide(
        title=_("Unit and role"),
        purpose=_("In which unit and role you act: it decides what you see and do."),
        whens=((_("Your unit is not there"), _("Your manager or an administrator can give you the role.")),),
    ),
    "hjaelp": Guide(
        title=_("Help"),
        purpose=_("What each screen is for, what its words mean, and what to do when."),
    ),
    "was": Guide(
        title=_("Accessibility"),
        purpose=_("How Overgang can be used with a keyboard, a screen reader and large print; and what is lacking."),
    ),
}
