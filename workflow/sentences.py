"""Every sentence and word of the engine that a user may read, in Danish and English."""

from collections.abc import Iterable
from datetime import datetime

from workflow import calendar
from workflow.vocabulary import Language

ERRORS: dict[str, tuple[str, str]] = {
    # access
    "citizen_objects": (
        "Borgeren har frabedt sig videregivelse. Angiv et lovgrundlag og en begrundelse, hvis der sendes alligevel.",
        "The citizen has objected to being passed on. Give a legal basis and a reason if it is sent all the same.",
    ),
    "glass_is_broken_already": (
        "Nødadgangen til borgeren er åben allerede.",
        "Emergency access to the citizen is open already.",
    ),
    "objected_elsewhere": (
        "Frabedelsen er registreret i et andet forløb. Enheden dér kan trække den tilbage.",
        "The objection was registered on another episode. The unit there can withdraw it.",
    ),
    "has_not_objected": (
        "Borgeren har ikke frabedt sig noget.",
        "The citizen has not objected.",
    ),
    "merge_sees_not_all": (
        "Numrene skal samles af en, der kan se alle borgerens forløb.",
        "Somebody who sees every episode of the citizen must merge the numbers.",
    ),
    "merged_already": (
        "Nummeret er samlet med et andet allerede.",
        "The number has been merged already.",
    ),
    "no_patients_for_you": (
        "Denne rolle giver ikke adgang til borgere.",
        "This role gives no access to citizens.",
    ),
    "no_such_citizen": (
        "Der er intet at vise på det nummer.",
        "There is nothing to show for that number.",
    ),
    "no_such_merge": (
        "Sammenlægningen findes ikke, eller du har ikke adgang til den.",
        "There is no such merge, or you have no access to it.",
    ),
    "not_a_replacement": (
        "Kun et erstatnings-CPR-nummer kan lægges sammen med et andet nummer.",
        "Only a replacement CPR number can be merged with another number.",
    ),
    "nothing_to_review_here": (
        "Der er intet at gennemgå her.",
        "There is nothing to review here.",
    ),
    "objected_already": (
        "Borgeren har allerede frabedt sig videregivelse.",
        "The citizen has objected already.",
    ),
    "one_and_the_same": (
        "Det er den samme borger.",
        "That is the same citizen.",
    ),
    # the board, search, opening an episode
    "view_needs_name": (
        "Giv visningen et navn på højst {most} tegn.",
        "Give the view a name of at most {most} characters.",
    ),
    "nothing_is_filtered": (
        "Vælg først, hvad der skal vises; så kan det gemmes.",
        "First choose what to show; then it can be kept.",
    ),
    "too_many_views": (
        "Du har gemt {most} visninger. Fjern en af dem først.",
        "You have kept {most} views. Remove one of them first.",
    ),
    "no_such_view": ("Visningen er fjernet.", "The view has been removed."),
    "no_arrival_awaited": (
        "Der ventes ingen ankomst: borgerens tilstand er {state}.",
        "No arrival is awaited: the citizen's state is {state}.",
    ),
    "search_for_more": (
        "Skriv et fuldt CPR-nummer, mindst to bogstaver af et navn eller et telefonnummer på otte cifre.",
        "Type a full CPR number, at least two letters of a name, or a telephone number of eight digits.",
    ),
    "not_your_way_in": (
        "Din enhed kan ikke oprette et forløb på den måde.",
        "Your unit cannot open an episode in that way.",
    ),
    "not_to_be_chosen": (
        "Den enhed kan ikke vælges her.",
        "That unit cannot be chosen here.",
    ),
    "lives_in_another_municipality": (
        "Borgeren hører til en anden kommune. Borgerens egen kommune eller hospitalet opretter forløbet.",
        "The citizen belongs to another municipality. Their own municipality or the hospital opens the episode.",
    ),
    "unit_is_elsewhere": (
        "Enheden hører ikke til borgerens kommune.",
        "The unit does not belong to the citizen's municipality.",
    ),
    "fill_in_first": ("Udfyld først: {items}.", "Fill in first: {items}."),
    "no_such_version": ("Den version findes ikke.", "There is no such version."),
    "purpose_needed": (
        "Forløbet er særligt følsomt. Angiv formålet, før det vises.",
        "The episode is sensitive. Say what for before it is shown.",
    ),
    "reviewed_already": (
        "Gennemgået af {by} {at}.",
        "Reviewed by {by} {at}.",
    ),
    "undone_already": (
        "Sammenlægningen er ophævet allerede.",
        "The merge has been undone already.",
    ),
    "which_goes_on": (
        "Begge numre har et åbent forløb: vælg det, der fortsætter.",
        "Both numbers have an open episode: choose the one that goes on.",
    ),
    # reviews of misses
    "no_cpr_here": (
        "Skriv ikke CPR-numre her.",
        "Write no CPR numbers here.",
    ),
    "no_reviewer_of_this": (
        "Vælg en leder af en af de enheder, der er del af forløbet.",
        "Choose a manager of one of the units that take part in the episode.",
    ),
    "no_such_miss": (
        "Der er intet misset her, som du har adgang til.",
        "Nothing was missed here that is yours to see.",
    ),
    "period_too_long": (
        "Vælg højst et år ad gangen.",
        "Choose a year at most at a time.",
    ),
    "review_lacks": (
        "Før gennemgangen kan lukkes, mangler: {items}.",
        "Before the review can be closed, this is missing: {items}.",
    ),
    # agreements
    "agreed_by_regions_and_municipalities": (
        "En samarbejdsaftale gælder for alle, for en region eller for en kommune.",
        "An agreement holds for everybody, for a region or for a municipality.",
    ),
    "bad_figure": (
        "Skriv et tal, der er større end nul og højst et år: {name}.",
        "Write a figure above nought, and a year at most: {name}.",
    ),
    "ladder_needed": (
        "Nogen skal have besked, når det er for sent: {name}.",
        "Somebody must be told when it is late: {name}.",
    ),
    "no_such_agreement": (
        "Samarbejdsaftalen findes ikke.",
        "There is no such agreement.",
    ),
    "no_such_pathway": (
        "Forløbsskabelonen findes ikke.",
        "There is no such pathway.",
    ),
    "nothing_changes": (
        "Der er ikke ændret noget.",
        "Nothing has been changed.",
    ),
    "title_needed": (
        "Giv aftalen en titel.",
        "Give the agreement a title.",
    ),
    # texts that an organisation words itself
    "wording_needed": (
        "Skriv en tekst, eller gå tilbage til den, Overgang kom med.",
        "Write a text, or go back to the one that Overgang came with.",
    ),
    "text_too_long": (
        "Teksten må højst fylde {most} tegn.",
        "The text may have {most} characters at most.",
    ),
    "cpr_in_wording": (
        "Noget i teksten ligner et CPR-nummer. Teksten må ikke handle om en bestemt borger.",
        "Something in the text looks like a CPR number. The text must not be about one citizen.",
    ),
    "no_such_blank": (
        "Teksten kan ikke udfylde {blanks}. Den kan udfylde: {known}.",
        "The text cannot fill in {blanks}. It can fill in: {known}.",
    ),
    "blank_needed": (
        "Teksten skal indeholde {blanks}.",
        "The text must hold {blanks}.",
    ),
    "closed_in_the_past": (
        "Dagen er gået. Vælg i dag eller en dag, der kommer.",
        "That day has passed. Choose today or a day to come.",
    ),
    "until_has_passed": (
        "Vælg et tidspunkt, der kommer, eller lad feltet stå tomt.",
        "Choose a time to come, or leave the field empty.",
    ),
    "too_many_closed_days": (
        "En enhed kan have højst {most} lukkedage foran sig.",
        "A unit can have {most} closed days ahead of it at most.",
    ),
    "no_such_closed_day": ("Lukkedagen findes ikke.", "There is no such closed day."),
    "no_such_text": ("Teksten findes ikke.", "There is no such text."),
    # everything else
    "after_what_came_after": (
        "Tidspunktet ligger efter det, der skete bagefter ({later}).",
        "That time is after what happened next ({later}).",
    ),
    "agreed_for_the_past": (
        "En aftale skal gælde et tidspunkt efter samtalen.",
        "What is agreed must be for a time after the conversation.",
    ),
    "agreed_with_nobody": (
        "Aftaler kan kun skrives, når I har talt sammen.",
        "Agreements can only be written when you have spoken.",
    ),
    "already_accepted": ("Allerede modtaget af {by} {at}.", "Already accepted by {by} {at}."),
    "read_before_accepting": (
        "Læs overleveringen, før den modtages: ingen i enheden har læst denne version.",
        "Read the handover before accepting it: nobody in the unit has read this version.",
    ),
    "already_claimed": ("{by} har taget opgaven.", "{by} has taken the task."),
    "already_rejected": (
        "Afvist af {by} {at}; afsenderen skal sende en ny version.",
        "Rejected by {by} {at}; the sender owes a new version.",
    ),
    "already_responsible": (
        "Enheden har allerede ansvaret; der er intet at overlevere.",
        "The unit already has the responsibility; there is nothing to hand over.",
    ),
    "already_this_way": ("Forløbet går allerede den vej.", "The episode already goes that way."),
    "asked_for_first": (
        "Det kan først registreres, når dette er på plads: {items}.",
        "It can only be recorded when this is in place: {items}.",
    ),
    "bad_agreement": ("Samarbejdsaftalen kan ikke bruges: {problems}.", "The agreement cannot be used: {problems}."),
    "bad_header": (
        "Filens første linje skal være: {expected}.",
        "The first line of the file must be: {expected}.",
    ),
    "attachment_not_taken": (
        "Vedhæft højst 10 MB pdf, gif, jpeg, png, tiff eller bmp.",
        "Attach at most 10 MB of pdf, gif, jpeg, png, tiff or bmp.",
    ),
    "before_what_came_before": (
        "Tidspunktet ligger før det, der skete forinden ({earlier}).",
        "That time is before what happened earlier ({earlier}).",
    ),
    "cannot_happen_now": (
        "»{trigger}« kan ikke ske, mens borgeren er »{state}«.",
        "'{trigger}' cannot happen while the citizen is '{state}'.",
    ),
    "cannot_reroute_now": (
        "Forløbet kan ikke skifte vej, mens borgeren er »{state}«.",
        "The episode cannot change its way while the citizen is '{state}'.",
    ),
    "citizen_has_no_municipality": (
        "Borgeren mangler bopælskommune; den skal angives først.",
        "The citizen has no municipality of residence; give it first.",
    ),
    "citizen_has_open_episode": (
        "Borgeren har allerede et åbent forløb.",
        "The citizen already has an open episode.",
    ),
    "nothing_agreed": (
        "Der er ingen samarbejdsaftale i kraft for forløb {pathway}, så forløbet kan ikke oprettes. Kontakt driften.",
        "No agreement is in force for episodes {pathway}, so it cannot be opened. Contact operations.",
    ),
    "ends_before_it_begins": ("Slutdatoen ligger før startdatoen.", "The end date is before the start date."),
    "episode_is_closed": ("Forløbet er afsluttet.", "The episode is closed."),
    "handover_incomplete": ("Overleveringen mangler: {items}.", "The handover lacks: {items}."),
    "handover_withdrawn": ("Overleveringen er trukket tilbage.", "The handover has been withdrawn."),
    "has_a_place_already": ("Borgeren har allerede en plads.", "The citizen already has a place."),
    "has_no_place": ("Borgeren har ingen plads.", "The citizen has no place."),
    "in_the_future": (
        "Tidspunktet ligger i fremtiden; registrér det, når det er sket.",
        "That time is in the future; record it when it has happened.",
    ),
    "letter_not_given_up": (
        "Beskeden er ikke opgivet; den er sendt eller bliver forsøgt igen.",
        "The message has not been given up; it was sent or is being tried again.",
    ),
    "line_incomplete": ("Linjen mangler navn eller ydelse.", "The line lacks a name or a service."),
    "municipality_has_no_receiver": (
        "Kommunen har ingen enhed, der modtager; en administrator skal vælge den.",
        "The municipality has no unit that receives; an administrator must choose it.",
    ),
    "moves_only_from_now": (
        "En aftale, der flytter åbne frister, skal gælde fra nu af.",
        "An agreement that moves open deadlines must hold from now on.",
    ),
    "newer_version": (
        "Der findes en nyere version; læs den, før du svarer.",
        "There is a newer version; read it before you answer.",
    ),
    "lives_elsewhere": (
        "Borgeren bor ikke i modtagerens kommune. Skriv, hvorfor der sendes dertil.",
        "The citizen does not live in the receiver's municipality. Say why it is sent there.",
    ),
    "newer_draft": (
        "Der findes en nyere kladde. Begge tekster står nedenfor: ret din til, og gem eller send igen.",
        "There is a newer draft. Both texts stand below: adjust yours, and save or send again.",
    ),
    "no_demo_clock": ("Demo-uret findes kun i en demo.", "The demo clock exists in a demo only."),
    "no_such_category": (
        "Vælg en af MedComs kategorier; »Andet« kræver et emne.",
        "Choose one of MedCom's categories; 'Other' needs a topic.",
    ),
    "no_such_episode": (
        "Forløbet findes ikke, eller du har ikke adgang til det.",
        "There is no such episode, or it is not yours to see.",
    ),
    "no_such_field": ("Ukendte felter i overleveringen: {fields}.", "Unknown fields in the handover: {fields}."),
    "no_such_handover": (
        "Overleveringen findes ikke, eller du har ikke adgang til den.",
        "There is no such handover, or it is not yours to see.",
    ),
    "no_such_letter": ("Beskeden findes ikke.", "There is no such message."),
    "no_such_municipality": ("Ukendt kommunekode.", "Unknown municipality code."),
    "no_such_party": ("Der mangler en enhed på forløbet: {party}.", "The episode lacks a unit: {party}."),
    "no_such_place": ("Pladsen findes ikke.", "There is no such place."),
    "no_such_task": (
        "Opgaven findes ikke, eller du har ikke adgang til den.",
        "There is no such task, or it is not yours to see.",
    ),
    "no_such_thread": (
        "Samtalen findes ikke, eller du har ikke adgang til den.",
        "There is no such conversation, or it is not yours to see.",
    ),
    "no_such_segment": (
        "Samtalen har ikke alle de stykker, der skal videresendes: {segments}.",
        "The conversation does not have every piece that is to be forwarded: {segments}.",
    ),
    "no_such_way_in": (
        "Forløbet kan ikke begynde sådan: »{way}«.",
        "The pathway cannot begin this way: '{way}'.",
    ),
    "nobody_proposed_it": (
        "Ingen har foreslået, at opgaven ikke er relevant.",
        "Nobody has proposed that the task is not relevant.",
    ),
    "not_a_call": ("Opgaven er ikke et opkald.", "The task is not a call."),
    "not_a_cpr": (
        "Det er ikke et CPR-nummer: seks cifre for fødselsdatoen og fire tegn.",
        "That is not a CPR number: six digits for the date of birth and four characters.",
    ),
    "not_a_time": (
        "Tidspunktet kan ikke læses. Skriv dato og klokkeslæt.",
        "The time cannot be read. Write a date and a time of day.",
    ),
    "not_a_date": ("Skriv en dato (åååå-mm-dd).", "Write a date (yyyy-mm-dd)."),
    "no_such_holding": (
        "En enhed har en myndighed og en driver; andet er der ikke.",
        "A unit has an authority and an operator; there is nothing else.",
    ),
    "not_closed": ("Pladsen er ikke lukket.", "The place is not closed."),
    "not_done_yet": ("Opgaven er ikke udført endnu.", "The task has not been done yet."),
    "not_in_force": ("Hændelsen gælder ikke længere.", "The event is no longer in force."),
    "not_in_the_unit": ("Kollegaen arbejder ikke i enheden.", "The colleague does not work in the unit."),
    "not_the_receiver": (
        "Kun den modtagende enhed kan svare på overleveringen.",
        "Only the receiving unit can answer the handover.",
    ),
    "not_your_episode": ("Din enhed er ikke del af forløbet.", "Your unit takes no part in the episode."),
    "not_your_task": ("Opgaven hører til en anden enhed.", "The task belongs to another unit."),
    "not_your_unit": ("Det skal en anden enhed gøre.", "Another unit has to do this."),
    "not_yours_to_send_again": (
        "Det kan kun en leder eller en administrator.",
        "Only a manager or an administrator can do this.",
    ),
    "not_yours_to_report": (
        "»{trigger}« registreres af en anden enhed eller rolle.",
        "'{trigger}' is recorded by another unit or role.",
    ),
    "not_in_hospital": (
        "Borgeren ligger ikke på en afdeling, men er »{state}«.",
        "The citizen is in no ward, but '{state}'.",
    ),
    "nothing_reserved": ("Der er ikke reserveret en plads.", "No place has been reserved."),
    "nothing_sent_yet": ("Der er ikke sendt en overlevering endnu.", "No handover has been sent yet."),
    "no_destination": (
        "Vælg først, hvor borgeren skal hen: uden et sted kan udskrivningen ikke registreres.",
        "First choose where the citizen goes: without a destination the discharge cannot be recorded.",
    ),
    "nothing_to_hand_over": (
        "Der er intet at overlevere, mens borgeren er »{state}«.",
        "There is nothing to hand over while the citizen is '{state}'.",
    ),
    "nothing_to_review": (
        "Der er intet at gennemgå, mens borgeren er »{state}«.",
        "There is nothing to review while the citizen is '{state}'.",
    ),
    "only_an_answer_completes_it": (
        "Et spørgsmål er besvaret, når svaret er skrevet.", "A question is answered by writing the answer."
    ),
    "only_a_call_completes_it": (
        "Opgaven afsluttes kun af en gennemført samtale.",
        "Only a completed conversation completes the task.",
    ),
    "only_a_manager": ("Det kan kun en leder.", "Only a manager can do this."),
    "only_the_newest_event": (
        "Kun den nyeste hændelse kan annulleres.",
        "Only the newest event can be cancelled.",
    ),
    "other_side_confirms": (
        "Samtalen bekræftes af den anden part.",
        "The other side confirms the conversation.",
    ),
    "own_handover": (
        "Du kan ikke modtage din egen overlevering.",
        "You cannot accept your own handover.",
    ),
    "close_places_instead": (
        "Der er flere pladser allerede. En plads slettes ikke; luk den i stedet.",
        "There are more places already. A place is not deleted; close it instead.",
    ),
    "departs_with_a_handover": (
        "Borgeren er i huset. Registrér afrejsen på forløbet; så er det klart, hvem der tager over.",
        "The citizen is in the house. Record the departure on the episode, so that it is clear who takes over.",
    ),
    "no_place_free": ("0 ledige - sæt på venteliste.", "0 free - put on the waiting list."),
    "nobody_waits": ("Borgeren står ikke på ventelisten.", "The citizen is not on the waiting list."),
    "not_so_many_places": ("Skriv et antal fra 1 til {most}.", "Give a number from 1 to {most}."),
    "place_not_free": ("Pladsen er ikke ledig på det tidspunkt.", "The place is not free at that time."),
    "places_are_free": ("Der er ledige pladser; brug en af dem.", "There are free places; use one of them."),
    "reason_needed": ("Skriv en begrundelse.", "Give a reason."),
    "record_needed": (
        "Skriv, hvor det kan ses, at opgaven er udført.",
        "Say where it can be seen that the task has been done.",
    ),
    "rerouted_since": (
        "Forløbet har skiftet vej siden og kan ikke gå tilbage til »{state}«; vælg først den gamle vej igen.",
        "The episode has changed its way since, and cannot go back to '{state}'; choose the old way again first.",
    ),
    "second_person_needed": (
        "En anden person skal bekræfte, at opgaven ikke er relevant.",
        "A second person must confirm that the task is not relevant.",
    ),
    "somebody_was_faster": (
        "En anden har registreret noget imens. Se det nye, og prøv igen.",
        "Somebody has recorded something meanwhile. Look at it, and try again.",
    ),
    "task_done": ("Opgaven er udført af {by} {at}.", "The task was done by {by} {at}."),
    "task_withdrawn": ("Opgaven er bortfaldet.", "The task is no longer owed."),
    "text_needed": ("Skriv en tekst.", "Write a text."),
    "not_a_score": (
        "En TOBS-score er et helt tal fra 0 til {most}; andet end TOBS har ingen score.",
        "A TOBS score is a whole number from 0 to {most}; nothing but TOBS has a score.",
    ),
    "not_to_be_asked": (
        "Den enhed kan ikke spørges: den har ingen del i forløbet, eller du handler for den.",
        "That unit cannot be asked: it takes no part in the episode, or you act for it.",
    ),
    "no_such_question": ("Spørgsmålet findes ikke.", "There is no such question."),
    "answered_already": (
        "Spørgsmålet er allerede besvaret af {by} {at}.",
        "The question was already answered by {by} {at}.",
    ),
    "time_without_zone": ("Tidspunktet mangler tidszone.", "The time has no time zone."),
    "unit_has_no_address": (
        "Enheden har ingen MedCom-adresse; en administrator skal angive den.",
        "The unit has no address with MedCom; an administrator must give it.",
    ),
    "valid_from_in_the_past": (
        "En samarbejdsaftale kan ikke gælde bagud i tid.",
        "An agreement cannot hold from a time that has passed.",
    ),
    "ward_has_no_address": (
        "Afdelingen har ingen MedCom-adresse; ring i stedet.",
        "The ward has no address with MedCom; phone instead.",
    ),
    "agreed_by_when": ("Skriv, hvornår aftalen skal være klaret.", "Say by when what was agreed must be done."),
    "agreed_by_whom": ("Vælg, hvem der har aftalen.", "Choose who has what was agreed."),
    "which_place": ("Vælg en plads.", "Choose a place."),
    "which_outcome": ("Vælg, hvordan det gik.", "Choose how it went."),
    "script_unanswered": ("Samtalen mangler: {items}.", "The conversation lacks: {items}."),
    "what_was_agreed": ("Skriv, hvad der er aftalt.", "Say what was agreed."),
    "when_to_call_again": ("Skriv, hvornår der ringes igen.", "Say when to call again."),
    "who_did_you_speak_to": ("Skriv navnet på den, du talte med.", "Give the name of the person you spoke to."),
    # the page of an episode
    "no_such_need": (
        "Vælg et af de behov, samarbejdsaftalen spørger om.",
        "Choose one of the needs that the agreement asks about.",
    ),
    "nothing_to_write_about": (
        "Der er intet opfølgende opkald og ingen overlevering at skrive om for din enhed.",
        "There is no follow-up call and no handover for your unit to write about.",
    ),
    # people, roles and signing in
    "bad_username": (
        "Brugernavnet skal være 2-64 små bogstaver, cifre og tegnene . _ @ - og ikke et CPR-nummer.",
        "The username must be 2-64 small letters, digits and the signs . _ @ - and not a CPR number.",
    ),
    "has_second_factor": ("Der er allerede en app, der viser koder.", "There is an app that shows codes already."),
    "has_the_role": ("Personen har allerede rollen, eller den venter.", "They have the role already, or it waits."),
    "last_administrator": (
        "Det er den sidste administrator; giv først en anden rollen.",
        "This is the last administrator; give the role to somebody else first.",
    ),
    "later_change_exists": ("Der er allerede skrevet en senere ændring.", "A later change is written down already."),
    "name_needed": ("Skriv et navn, og intet CPR-nummer.", "Give a name, and no CPR number."),
    "no_local_account": ("Personen har ingen lokal konto.", "The person has no local account."),
    "no_second_factor": ("Der er ingen app, der viser koder.", "There is no app that shows codes."),
    "no_such_organisation": ("Organisationen findes ikke.", "There is no such organisation."),
    "no_such_person": ("Personen findes ikke.", "There is no such person."),
    "no_such_role": ("Rollen findes ikke eller er ikke din.", "There is no such role, or it is not yours."),
    "no_such_sign_in": ("Den findes ikke længere.", "It is no longer there."),
    "no_such_unit": ("Enheden findes ikke.", "There is no such unit."),
    "not_a_phone_number": ("Det er ikke et telefonnummer.", "That is not a telephone number."),
    "not_an_email": ("Det er ikke en mailadresse.", "That is not a mail address."),
    "not_your_organisation": ("Det hører til en anden organisation.", "It belongs to another organisation."),
    "only_an_administrator": ("Det kan kun en administrator.", "Only an administrator can do this."),
    "password_obvious": (
        "Adgangskoden er for let at gætte. Skriv nogle ord, som kun du ville sætte sammen.",
        "The password is too easy to guess. Write some words that only you would put together.",
    ),
    "password_the_same": ("Den nye adgangskode er den gamle.", "The new password is the old one."),
    "password_too_long": (
        "Adgangskoden må højst være på {longest} tegn.",
        "The password must not have more than {longest} characters.",
    ),
    "password_too_short": (
        "Adgangskoden skal være på mindst {shortest} tegn.",
        "The password must have at least {shortest} characters.",
    ),
    "passwords_differ": ("De to nye adgangskoder er ikke ens.", "The two new passwords are not the same."),
    "person_is_not_active": ("Personen er ikke aktiv.", "The person is not active."),
    "role_does_not_wait": ("Rollen venter ikke på godkendelse.", "The role does not wait for approval."),
    "role_has_ended": ("Rollen er allerede taget fra.", "The role has been taken away already."),
    "second_person_approves": (
        "En anden skal godkende rollen: enhedens leder eller en administrator, som hverken har givet eller får den.",
        "A second person approves the role: the unit's manager or an administrator, who neither gave it nor gets it.",
    ),
    "sign_in_first": ("Log ind først.", "Sign in first."),
    "too_many_tries": (
        "For mange forsøg. Prøv igen {until}.",
        "Too many tries. Try again {until}.",
    ),
    "unknown_to_us": (
        "Du er logget ind hos din udbyder, men har ikke adgang til Overgang. Tal med din administrator.",
        "You are signed in with your provider, but have no access to Overgang. Talk to your administrator.",
    ),
    "username_taken": ("Brugernavnet er taget.", "The username is taken."),
    "wrong_code": (
        "Koden er forkert eller er brugt. Vent på den næste.",
        "The code is wrong or was used. Wait for the next.",
    ),
    "wrong_password": ("Den nuværende adgangskode er forkert.", "The present password is wrong."),
    "wrong_sign_in": ("Brugernavn eller adgangskode er forkert.", "The username or the password is wrong."),
    # systems and their tokens
    "key_used_for_another": (
        "Nøglen i Idempotency-Key er brugt til en anden forespørgsel.",
        "The key in Idempotency-Key was used for another request.",
    ),
    "lives_too_long": (
        "En token gælder i 1-{longest} dage.",
        "A token is valid for 1-{longest} days.",
    ),
    "no_such_page": ("Siden af listen findes ikke.", "There is no such page of the list."),
    "no_such_token": ("Den findes ikke, eller den er ikke din.", "There is none, or it is not yours."),
    "not_a_key": (
        "Idempotency-Key er 1-200 synlige ASCII-tegn.",
        "Idempotency-Key has 1-200 visible ASCII characters.",
    ),
    "not_for_systems": ("Et system kan ikke have den rolle.", "A system cannot have that role."),
    "role_not_in_force": (
        "Rollen gælder ikke (endnu); en anden skal godkende den først.",
        "The role is not in force (yet); somebody else must approve it first.",
    ),
    "scope_needed": ("Vælg, hvad systemet må.", "Choose what the system may do."),
    "systems_do_not_sign_in": (
        "Et system logger ikke ind; det bruger en token.",
        "A system does not sign in; it uses a token.",
    ),
    "token_lacks_scope": ("Din token giver ikke adgang til »{scope}«.", "Your token does not allow '{scope}'."),
    # the file of organisations and units
    "bad_gln": ("GLN skal være 13 cifre.", "The GLN must have 13 digits."),
    "bad_sor": ("SOR-id skal være 6-19 cifre.", "The SOR id must have 6-19 digits."),
    "bad_time": ("Klokkeslæt skrives tt:mm, fra og til, eller slet ikke.", "Times are hh:mm, from and until, or none."),
    "no_file": ("Vælg en fil.", "Choose a file."),
    "not_utf8": (
        "Filen er ikke skrevet i UTF-8. I Excel: gem som »CSV UTF-8«.",
        "The file is not written in UTF-8. In Excel: save as “CSV UTF-8”.",
    ),
    "bad_lines": (
        "Noget er ændret, siden filen blev set igennem. Se den igennem igen.",
        "Something has changed since the file was looked at. Look at it again.",
    ),
    "no_such_region": (
        "Ukendt region. Skriv dens kode i første kolonne, fx 1082; den skal være oprettet eller stå længere oppe.",
        "Unknown region. Give its code in the first column, as 1082; it must be there already, or stand further up.",
    ),
    "not_a_kind_of_organisation": (
        "Ukendt art af organisation. Skriv region, hospital, kommune eller praksis.",
        "Unknown kind of organisation. Write region, hospital, kommune or praksis.",
    ),
    "not_a_kind_of_unit": (
        "Ukendt art af enhed. Skriv afdeling, koordination, distrikt, plads, praksis eller forvaltning.",
        "Unknown kind of unit. Write afdeling, koordination, distrikt, plads, praksis or forvaltning.",
    ),
    "nothing_to_undo": ("Der er ingen indlæsning at fortryde.", "There is no import to undo."),
    "number_taken": ("Nummeret er allerede en andens.", "The number is somebody else's already."),
    "organisation_incomplete": ("Linjen mangler organisationens navn.", "The line lacks the organisation's name."),
    "twice_in_the_file": ("Enheden står to gange i filen.", "The unit stands in the file twice."),
    "nothing_ticked": ("Sæt kryds ved mindst én.", "Tick at least one."),
    "used_since_the_import": (
        "Noget, som filen skrev, er taget i brug eller ændret siden: {name}. Intet er fortrudt.",
        "Something that the file wrote was used or changed since: {name}. Nothing was undone.",
    ),
}

WORDS: dict[str, tuple[str, str]] = {
    # roles
    "discharge_coordinator": ("udskrivningskoordinator", "discharge coordinator"),
    "ward_nurse": ("sygeplejerske på afdelingen", "ward nurse"),
    "municipal_nurse": ("kommunal sygeplejerske", "municipal nurse"),
    "facility_nurse": ("sygeplejerske på stedet", "facility nurse"),
    "manager": ("leder", "manager"),
    "administrator": ("administrator", "administrator"),
    "operator": ("it-drift", "IT operator"),
    # what an organisation is to a unit, and how far a role has come
    "authority": ("myndighed", "authority"),
    "operated": ("drift", "operator"),
    "proposed": ("venter på godkendelse", "waits for approval"),
    "in_force": ("gælder", "in force"),
    "ended": ("taget fra", "taken away"),
    # what a system may do
    "units:read": ("læse enheder", "read units"),
    "episodes:read": ("læse forløb", "read episodes"),
    "episodes:write": ("registrere på forløb", "record in episodes"),
    "handovers:read": ("læse overleveringer", "read handovers"),
    "handovers:write": ("sende og besvare overleveringer", "send and answer handovers"),
    "tasks:read": ("læse opgaver og frister", "read tasks and deadlines"),
    "tasks:write": ("registrere på opgaver", "record in tasks"),
    "places:read": ("læse pladser", "read places"),
    "places:write": ("disponere over pladser", "reserve and close places"),
    "misses:read": ("læse missede frister", "read misses"),
    "cpr:read": ("se hele CPR-numre", "see whole CPR numbers"),
    # states
    "planned": ("Planlagt", "Planned"),
    "acute": ("Akut ambulant", "Acute outpatient"),
    "admitted": ("Indlagt", "Admitted"),
    "admitted_at_home": ("Indlagt i eget hjem", "Admitted at home"),
    "on_leave": ("Orlov", "On leave"),
    "ready_for_discharge": ("Færdigbehandlet", "Ready for discharge"),
    "short:ready_for_discharge": ("Færdigbeh.", "Ready"),
    "short:acute": ("Akut", "Acute"),
    "short:admitted_at_home": ("Indl. hjemme", "At home"),
    "short:at_tryghedshotel": ("Ankommet", "Arrived"),
    "next:discharged": ("Udskrives", "Discharge"),
    "next:at_tryghedshotel": ("Ankommer", "Arrives"),
    "next:at_home": ("Hjem", "Home"),
    "next:ready_for_discharge": ("Færdigbehandles", "Ready"),
    "discharged": ("Udskrevet", "Discharged"),
    "at_tryghedshotel": ("På Tryghedshotellet", "At Tryghedshotellet"),
    "at_home": ("Hjemme", "At home"),
    "closed": ("Afsluttet", "Closed"),
    "deceased": ("Død", "Deceased"),
    "cancelled": ("Annulleret", "Cancelled"),
    # the way of an episode
    "way:to_receive": ("Modtages", "To be received"),
    "way:received": ("Modtaget", "Received"),
    "way:call": ("Opkald", "Call"),
    "way:done": ("udført", "done"),
    "way:late": ("udført for sent", "done late"),
    "way:now": ("nu", "now"),
    "way:next": ("næste skridt", "next step"),
    "way:missed": ("misset", "missed"),
    "way:ahead": ("kommer", "to come"),
    # the board
    "board:handover_answer": ("Svar på overlevering", "Answer to the handover"),
    "board:handover_sending": ("Send overlevering", "Send the handover"),
    "board:arrival": ("Ankomst", "Arrival"),
    "board:review": ("Daglig gennemgang", "Daily review"),
    "board:next": ("Næste skridt", "Next step"),
    "board:handover": ("Overlevering", "Handover"),
    # ways in, and what is asked for when an episode is opened
    "way_in:home:admission": ("Indlagt", "Admitted"),
    "way_in:home:acute_admission": ("Akut ambulant, ikke indlagt", "Acute outpatient, not admitted"),
    "way_in:tryghedshotel:hospital": ("Indlagt, skal til Tryghedshotellet", "Admitted, on the way to Tryghedshotellet"),
    "way_in:tryghedshotel:acute_hospital": (
        "Akut ambulant, skal til Tryghedshotellet",
        "Acute outpatient, on the way to Tryghedshotellet",
    ),
    "way_in:tryghedshotel:general_practice": ("Henvist af egen læge", "Referred by the general practitioner"),
    "way_in:tryghedshotel:municipality": ("Visiteret af kommunen", "Assigned by the municipality"),
    "way_in:tryghedshotel:citizen": ("Borgeren henvender sig selv", "The citizen's own request"),
    "name": ("navn", "name"),
    "municipality": ("kommune", "municipality"),
    # triggers
    "patient_acutely_seen": ("Akut modtaget", "Acutely seen"),
    "patient_admitted": ("Indlæggelse", "Admission"),
    "stay_planned": ("Ophold planlagt", "Stay planned"),
    "leave_started": ("Orlov begyndt", "Leave started"),
    "leave_ended": ("Orlov slut", "Leave ended"),
    "treatment_moved_home": ("Behandling flyttet hjem", "Treatment moved home"),
    "returned_to_ward": ("Tilbage på afdelingen", "Returned to the ward"),
    "declared_ready": ("Meldt færdigbehandlet", "Declared ready"),
    "condition_worsened": ("Tilstand forværret", "Condition worsened"),
    "patient_discharged": ("Udskrivning", "Discharge"),
    "stay_resumed": ("Opholdet genoptaget", "Stay resumed"),
    "patient_arrived": ("Ankomst til Tryghedshotellet", "Arrival at Tryghedshotellet"),
    "patient_arrived_home": ("Hjemkomst", "Arrival home"),
    "departed_home": ("Afrejse til eget hjem", "Departure home"),
    "patient_readmitted": ("Genindlæggelse", "Readmission"),
    "episode_closed": ("Forløb afsluttet", "Episode closed"),
    "patient_died": ("Død", "Death"),
    "episode_cancelled": ("Forløb annulleret", "Episode cancelled"),
    # kinds of unit
    "unit:ward": ("sengeafsnit", "ward"),
    "unit:coordination": ("udskrivningskoordination", "discharge coordination"),
    "unit:district": ("hjemmeplejedistrikt", "home care district"),
    "unit:facility": ("kommunalt sted med pladser", "municipal facility with places"),
    "unit:practice": ("almen praksis", "general practice"),
    "unit:administration": ("forvaltning", "administration"),
    # parties
    "ward": ("afdelingen", "the ward"),
    "facility": ("Tryghedshotellet", "the facility"),
    "district": ("kommunens distrikt", "the district"),
    "practice": ("almen praksis", "the practice"),
    "receiver": ("modtageren", "the receiver"),
    "responsible": ("den ansvarlige enhed", "the responsible unit"),
    # what is asked for
    "destination": ("hvor borgeren skal hen", "where the citizen goes"),
    "handover_sent": ("overlevering sendt", "handover sent"),
    "phone_agreement": ("telefonaftale med kommunen", "agreement by phone with the municipality"),
    "no_open_task": ("åbne opgaver afsluttet", "open tasks closed"),
    # what a handover says
    "by:nursing": ("sygepleje", "nursing"),
    "by:medical": ("læge", "medical"),
    "by:therapy": ("terapeut", "therapy"),
    "signed:nursing": ("sygeplejefaglig underskrift", "nursing signature"),
    "signed:medical": ("lægefaglig underskrift", "medical signature"),
    "signed:therapy": ("terapeutfaglig underskrift", "therapy signature"),
    "I.relatives": ("pårørende", "relatives"),
    "I.may_inform_relatives": ("pårørende må informeres", "relatives may be informed"),
    "I.interpreter": ("tolk eller sprog", "interpreter or language"),
    "I.general_practice": ("egen læge", "general practitioner"),
    "S.reason": ("årsag til indlæggelse og overgang", "why admitted, why now"),
    "S.discharge": ("tidspunkt og sted for udskrivning", "time and destination of discharge"),
    "S.treatment_responsibility": ("hvem har behandlingsansvaret, og hvor længe", "who has treatment responsibility"),
    "S.infection_precautions": ("isolation og smitte", "infection precautions"),
    "S.treatment_level": ("behandlingsniveau", "treatment level"),
    "B.history": ("relevant forhistorie", "relevant history"),
    "B.allergies": ("allergi (CAVE)", "allergies"),
    "B.usual_function": ("habituel funktion", "usual function"),
    "B.home": ("bolig og netværk", "home and network"),
    "B.services_before": ("ydelser før indlæggelsen", "services before admission"),
    "A.function": ("funktion nu", "function now"),
    "A.vital_signs": ("seneste værdier med tid", "last vital signs with time"),
    "A.risks": ("risici", "risks"),
    "A.worries": ("det, der bekymrer mig", "what worries me"),
    "A.mobility": ("mobilitet", "mobility"),
    "R.actions": ("hvad modtageren skal gøre, og hvornår", "what the receiver must do, and by when"),
    "R.medicine": ("medicin", "medicine"),
    "R.aids": ("hjælpemidler", "aids"),
    "R.rehabilitation": ("genoptræning", "rehabilitation"),
    "R.appointments": ("aftaler", "appointments"),
    "R.when_to_call": ("hvornår skal man ringe til hvem", "when to call whom"),
    "R.told": ("hvad borger og pårørende har fået at vide", "what citizen and relatives have been told"),
    "override_reason": ("begrundelse for at sende alligevel", "reason for sending all the same"),
    # tasks
    "follow_up_call": ("Opfølgende opkald", "Follow-up call"),
    "admission_report": ("Indlæggelsesrapport", "Admission report"),
    "care_plan": ("Plejeforløbsplan", "Care plan"),
    "rehabilitation_start": ("Start på genoptræning", "Start of rehabilitation"),
    "answer_question": ("Besvar spørgsmål", "Answer the question"),
    "question_asked": ("Spørgsmål stillet", "Question asked"),
    "agreed": ("Aftalt opgave", "Agreed task"),
    "review_of_stay": ("Revurdering af opholdet", "Review of the stay"),
    # how a call went, and what it is about (domain/quality.md 5.8)
    "outcome": ("hvordan gik det", "how it went"),
    "outcome:completed": ("Vi talte sammen", "We spoke"),
    "outcome:no_answer": ("Intet svar", "No answer"),
    "outcome:busy": ("Optaget", "Busy"),
    "outcome:call_later": ("Ring igen senere", "Ring again later"),
    "outcome:wrong_number": ("Forkert nummer", "Wrong number"),
    "outcome:declined": ("De ville ikke tale nu", "They would not speak"),
    "outcome:not_relevant": ("Ikke relevant", "Not relevant"),
    "spoken_with": ("hvem du talte med", "whom you spoke to"),
    "condition": ("borgeren sammenlignet med udskrivelsen", "the citizen compared with the discharge"),
    "condition:better": ("Bedre", "Better"),
    "condition:same": ("Uændret", "The same"),
    "condition:worse": ("Dårligere", "Worse"),
    "doctor": ("er en læge inddraget", "is a doctor involved"),
    "doctor_who": ("hvilken læge, og hvornår", "which doctor, and when"),
    "medicine": ("medicin: stemmer den med FMK, mangler noget", "medicine: does it agree with FMK, is any missing"),
    "aids": ("hjælpemidler og træning på plads", "aids and training in place"),
    "questions": ("vores spørgsmål og svarene", "our questions and the answers"),
    "plan": ("skal noget rettes i planen", "is anything to be corrected in the plan"),
    "adverse_event": ("utilsigtet hændelse (UTH)", "adverse event"),
    "rating": ("overleveringen var", "the handover was"),
    "rating:complete": ("Fyldestgørende", "Complete"),
    "rating:partly": ("Delvis fyldestgørende", "Partly complete"),
    "rating:not": ("Mangelfuld", "Not complete"),
    "place:free": ("Ledig", "Free"),
    "place:reserved": ("Reserveret", "Reserved"),
    "place:taken": ("Optaget", "Taken"),
    "place:closed": ("Lukket", "Closed"),
    "place:other": ("Optaget", "Taken"),
    "places:tryghedshotel": ("Tryghedshotelpladser", "Tryghedshotel places"),
    "places:acute": ("Akutpladser", "Acute places"),
    "places:short_stay": ("Korttidspladser", "Short stays"),
    "need:municipal_services": ("får kommunale ydelser", "receives municipal services"),
    "need:same_day_action": ("indsats samme dag", "action the same day"),
    "need:action_within_24_h": ("indsats inden for 24 timer", "action within 24 hours"),
    "need:rehabilitation_plan": ("genoptræningsplan", "rehabilitation plan"),
    "phone:day": ("dag", "day"),
    "phone:night": ("nat", "night"),
    "phone:line": ("72-timers-linjen", "the 72-hour line"),
    "notice": ("Besked", "Notice"),
    "reminder": ("Påmindelse", "Reminder"),
    "escalation": ("Eskalering", "Escalation"),
    "miss": ("Misset", "Missed"),
    # topics of notices
    "handover_accepted": ("overlevering modtaget", "handover accepted"),
    "handover_rejected": ("overlevering afvist", "handover rejected"),
    "handover_sending": ("overlevering skal sendes", "a handover must be sent"),
    "handover_answer": ("overlevering venter på svar", "a handover awaits an answer"),
    "call_completed": ("opfølgende opkald gennemført", "follow-up call completed"),
    "tried_in_vain": ("to forgæves opkald", "two calls in vain"),
    "event_cancelled": ("hændelse annulleret", "event cancelled"),
    "time_corrected": ("tidspunkt rettet", "time corrected"),
    "rerouted": ("forløbet går en anden vej", "the episode goes another way"),
    "discharge_expected": ("forventet udskrivning ændret", "expected discharge changed"),
    "transferred": ("borgeren er flyttet til en anden afdeling", "the citizen has moved to another ward"),
    "hospital_disagrees": (
        "sygehusets besked passer ikke med forløbet; se det efter",
        "the hospital's message does not fit the episode; look at it",
    ),
    "told_after_death": ("sygehuset melder noget efter dødsfaldet", "the hospital tells of something after the death"),
    "stays_in_parallel": ("borgeren er indlagt to steder", "the citizen is admitted in two places"),
    "correspondence": ("ny korrespondance", "new correspondence"),
    "message_not_received": (
        "en besked er ikke kommet frem; ring i stedet",
        "a message has not got through; phone instead",
    ),
    "task": ("en opgave", "a task"),
    "state": ("et forløb skal ses til", "an episode must be looked at"),
    # what is filled in where a text has it in braces
    "blank:unit": ("enhed", "unit"),
    "blank:time": ("tidspunkt", "time"),
    "blank:line": ("besked", "notice"),
    "blank:kind": ("slags", "kind"),
    "blank:link": ("link", "link"),
    "text:mail_subject": ("Mailens emne", "Subject of the mail"),
    "text:mail_body": ("Mailens tekst", "Text of the mail"),
    "text:sms": ("SMS", "Text message"),
    # access
    "log:at": ("tidspunkt", "when"),
    "log:person": ("hvem", "who"),
    "log:unit": ("enhed", "unit"),
    "log:kind": ("hvordan", "how"),
    "log:purpose": ("formål", "purpose"),
    "look:read": ("læst", "read"),
    "look:search": ("søgt", "searched"),
    "look:list": ("vist på liste", "shown in a list"),
    "look:print": ("udskrevet", "printed"),
    "look:export": ("eksporteret", "exported"),
    "look:refused": ("afvist", "refused"),
    "look:break_glass": ("nødadgang", "emergency access"),
    "look:cpr_shown": ("CPR-nummer vist", "CPR number shown"),
    "look:opened": ("forløb oprettet", "episode opened"),
    "why:no_relation": ("ingen relation", "no relation"),
    "why:same_surname": ("samme efternavn", "same surname"),
    "why:unusual_volume": ("usædvanligt mange", "unusually many"),
    "why:opened_unknown": ("oprettet for en borger, som enheden ikke kendte", "opened for a citizen new to the unit"),
    "why:sample": ("stikprøve", "sample"),
    "basis:consent": ("borgerens samtykke", "the citizen's consent"),
    "basis:own_interest_unable": (
        "borgeren kan ikke varetage sine interesser",
        "the citizen cannot look after themselves",
    ),
    "basis:essential_regard": ("væsentlige hensyn (værdispring)", "essential regard"),
    "basis:statutory_duty": ("pligt efter lov", "a duty by law"),
    # misses
    "M1": ("Overlevering ikke sendt før overgangen", "Handover not sent before the transition"),
    "M2": ("Overlevering sendt for sent", "Handover sent late"),
    "M3": ("Overlevering ikke besvaret i tide", "Handover not answered in time"),
    "M4": ("Overlevering afvist og ikke sendt igen", "Handover rejected and not sent again"),
    "M5": ("Opfølgende opkald ikke gennemført", "Follow-up call not made"),
    "M6": ("Opgave ikke udført i tide", "Task not done in time"),
    "cause:communication": ("Kommunikation", "Communication"),
    "cause:information": ("Information", "Information"),
    "cause:organisation": ("Organisation", "Organisation"),
    "cause:surroundings": ("Rammer og it", "Surroundings and IT"),
    "cause:professionalism": ("Faglighed", "Professionalism"),
    "cause:responsibility": ("Ansvar", "Responsibility"),
    "cause:team_awareness": ("Teamopmærksomhed", "Team awareness"),
    "cause:culture": ("Kultur", "Culture"),
    "cause": ("årsag", "cause"),
    "learning": ("læring", "what was learned"),
    "verdict:stands": ("tæller", "counts"),
    "verdict:excused": ("undskyldt", "excused"),
    "verdict:excluded": ("tæller ikke med", "excluded"),
    "not_in_time": ("ikke nået i tide", "not in time"),
    "done_in_time": ("gjort i tide, registreret senere", "done in time, recorded later"),
    "passed_again": ("den nye frist blev heller ikke holdt", "the new deadline was missed too"),
    "audience:claimant": ("den, der har taget opgaven", "who took the task"),
    "audience:unit": ("enheden", "the unit"),
    "audience:managers": ("lederne", "the managers"),
    # the page of an episode
    "sure": ("krydset ved »Ja«", "the tick at “Yes”"),
    "made_at": ("hvornår I talte sammen", "when you spoke"),
    "need:admission_report_asked": ("sygehuset ønsker indlæggelsesrapport", "the hospital wants an admission report"),
    "need:admission_report_not_asked": (
        "sygehuset ønsker ikke indlæggelsesrapport",
        "the hospital wants no admission report",
    ),
    "entry:corrected": ("Tidspunkt rettet", "Time corrected"),
    "entry:cancelled": ("Annulleret", "Cancelled"),
    "entry:rerouted": ("Ny vej", "Another way"),
    "entry:planned": ("Forventet udskrivning", "Expected discharge"),
    "entry:need": ("Behov registreret", "Need recorded"),
    "entry:reviewed": ("Set til", "Looked at"),
    "entry:handover_sent": ("Overlevering sendt", "Handover sent"),
    "entry:handover_read": ("Overlevering læst", "Handover read"),
    "entry:handover_accepted": ("Overlevering modtaget", "Handover accepted"),
    "entry:handover_rejected": ("Overlevering afvist", "Handover rejected"),
    "entry:citizen_informed": ("Borger eller pårørende orienteret", "Citizen or relatives told"),
    "entry:attempt": ("Kontaktforsøg", "Attempt to reach somebody"),
    "entry:task_done": ("Opgave udført", "Task done"),
    "entry:task_confirmed": ("Samtale bekræftet", "Conversation confirmed"),
    "entry:task_claimed": ("Opgave taget", "Task taken"),
    "entry:task_handed_on": ("Opgave givet videre", "Task handed on"),
    "entry:not_relevant": ("Opgave ikke relevant", "Task not relevant"),
    "entry:agreement": ("Ny samarbejdsaftale flyttede frister", "A new agreement moved deadlines"),
    "entry:place": ("Plads", "Place"),
    "entry:transferred": ("Flyttet til anden afdeling", "Moved to another ward"),
    "entry:merged": ("Numre lagt sammen", "Numbers merged"),
    "entry:unmerged": ("Numre skilt ad", "Numbers separated"),
    "entry:observed": ("Observation", "Observation"),
    "entry:answered": ("Svar", "Answer"),
    # what is observed
    "what": ("hvad du har observeret", "what you observed"),
    "score": ("TOBS-score", "TOBS score"),
    "asks": ("hvem der spørges", "who is asked"),
    "observed:tobs": ("TOBS", "TOBS"),
    "observed:medicine": ("Medicin gennemgået", "Medicine checked"),
    "observed:aids": ("Hjælpemidler", "Aids"),
    "observed:worry": ("Bekymring", "Worry"),
    "question": ("spørgsmål om en borger", "a question about a citizen"),
    "question_answered": ("svar på jeres spørgsmål", "an answer to your question"),
    "way_to:home": ("til eget hjem", "home"),
    "way_to:tryghedshotel": ("til Tryghedshotellet", "to Tryghedshotellet"),
    "stay:reserved": ("reserveret", "reserved"),
    "stay:taken": ("optaget", "taken"),
    "stay:left": ("forladt", "left"),
    "stay:released": ("frigivet", "released"),
    "stay:overbooked": ("ekstra plads", "extra place"),
    "stay:moved": ("flyttet hertil", "moved here"),
    "handover:owed": ("Ikke sendt", "Not sent"),
    "handover:sent": ("Sendt", "Sent"),
    "handover:read": ("Læst", "Read"),
    "handover:accepted": ("Modtaget", "Accepted"),
    "handover:rejected": ("Afvist", "Rejected"),
    "handover:withdrawn": ("Trukket tilbage", "Withdrawn"),
    "why:consent": (
        "borgeren har sagt ja til netop denne videregivelse (sundhedsloven § 41, stk. 1)",
        "the citizen has agreed to this one (Danish Health Act, section 41(1))",
    ),
    "why:own_interest_unable": (
        "borgeren kan ikke selv tage stilling, og det sker i borgerens interesse (§ 41, stk. 2)",
        "the citizen cannot decide, and it is in their interest (section 41(2))",
    ),
    "why:essential_regard": (
        "væsentlige hensyn til borgeren eller andre vejer klart tungere (§ 41, stk. 2)",
        "essential regard for the citizen or others clearly weighs more (section 41(2))",
    ),
    "why:statutory_duty": (
        "en lov siger, at det skal videregives (§ 41, stk. 2)",
        "a law says that it must be passed on (section 41(2))",
    ),
    "sending:queued": ("venter på at blive sendt", "waits to be sent"),
    "sending:awaiting": ("sendt, afventer kvittering", "sent, awaits acknowledgement"),
    "sending:resending": ("sendes igen", "is being sent again"),
    "sending:acknowledged": ("kvitteret", "acknowledged"),
    "sending:failed": ("ikke kommet frem: ring i stedet", "not received: phone instead"),
    "sending:sent": ("sendt", "sent"),
    "category:alcohol-and-drug-treatment": ("Rusmiddelbehandling", "Alcohol and drug treatment"),
    "category:assistive-devices": ("Hjælpemidler", "Assistive devices"),
    "category:carecoordination": ("Forløbskoordinering", "Care coordination"),
    "category:decease": ("Dødsfald", "Death"),
    "category:discharge": ("Udskrivelse", "Discharge"),
    "category:examination-results": ("Undersøgelsessvar", "Examination results"),
    "category:healthcare": ("Sundhedspleje", "Health care"),
    "category:home-care-assessment": ("Visitation", "Home care assessment"),
    "category:medicine": ("Medicin", "Medicine"),
    "category:nursing": ("Sygepleje", "Nursing"),
    "category:outpatient": ("Ambulant", "Outpatient"),
    "category:psychiatry-social-disability": ("Psykiatri, social, handicap", "Psychiatry, social care, disability"),
    "category:regarding-referral": ("Vedr. henvisning", "Regarding referral"),
    "category:telemedicine": ("Telemedicin", "Telemedicine"),
    "category:training": ("Træning", "Training"),
    "category:acute-ambulant": ("Akut ambulant", "Acute outpatient"),
    "category:extended-care-responsibility": ("Udvidet behandlingsansvar", "Extended treatment responsibility"),
    "category:other": ("Andet", "Other"),
}


def word(code: str, language: Language) -> str:
    """The word for a state, trigger, party, field, task, topic or miss. Raises KeyError for one that has none."""
    danish, english = WORDS[code]
    return danish if language == Language.DANISH else english


def sentence(code: str, language: Language, **facts: object) -> str:
    """The sentence of an error, with its facts filled in: times as Danes read them, codes as words."""
    danish, english = ERRORS[code]
    plain = {name: readable(value, language) for name, value in facts.items()}
    return (danish if language == Language.DANISH else english).format(**plain)


def readable(value: object, language: Language) -> str:
    """A fact as a sentence holds it: a time as people write it, a code as its word, several with commas."""
    if isinstance(value, datetime):
        return format(
            calendar.local(value), "%d.%m.%Y kl. %H.%M" if language == Language.DANISH else "%d.%m.%Y at %H:%M"
        )
    if isinstance(value, str):
        return word(value, language) if value in WORDS else value
    if isinstance(value, Iterable):
        return ", ".join(readable(item, language) for item in value)
    return str(value)
