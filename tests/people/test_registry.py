"""A region's file: looked at, read whole or not at all, undone while nobody uses what it made."""

from datetime import date

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from tests.people.conftest import NOW, Staff
from workflow import sentences
from workflow.actor import SYSTEM, Actor
from workflow.errors import Invalid, NotAllowed, NotPossible
from workflow.staff import holders, registry, registry_undo
from workflow.tables import Organisation, Person, PersonRole, Unit, UnitHolder
from workflow.vocabulary import Holding, Language, OrganisationKind, Role, UnitKind

HEADER = ";".join(registry.COLUMNS)
GOOD = [
    HEADER,
    ";region;Region Prøve;1099;;;Forvaltning;forvaltning;;;;;;;;;",
    "1099;kommune;Prøve Kommune;999;123456;5790000000001;Distrikt Øst;distrikt;1234567;5790000000002;+45 00000001;+45 "
    "00000002;+45 00000003;ost@demo.example;ja;07:00;22:30",
    "1099;kommune;Prøve Kommune;;;;Plejehjemmet;plads;;;;;;;nej;;",
]


def apply(session: Session, lines: list[str]) -> registry.Reading:
    return registry.apply(session, lines, by=SYSTEM, at=NOW)


def test_a_preview_says_everything_and_does_nothing(session: Session) -> None:
    seen = registry.preview(session, GOOD, by=SYSTEM)
    assert [(change["name"], change["before"]) for change in seen.changes] == [
        (name, None) for name in ("Region Prøve", "Forvaltning", "Prøve Kommune", "Distrikt Øst", "Plejehjemmet")
    ]
    assert session.scalar(select(func.count()).select_from(Unit)) == 0


def test_a_file_is_read(session: Session) -> None:
    assert apply(session, GOOD).bad == []
    unit = session.scalars(select(Unit).where(Unit.name == "Distrikt Øst")).one()
    assert (unit.kind, unit.sor, unit.gln) == (UnitKind.DISTRICT, "1234567", "5790000000002")
    assert (unit.phone, unit.phone_night, unit.phone_line) == ("+45 00000001", "+45 00000002", "+45 00000003")
    assert (str(unit.reads_from), str(unit.reads_until), unit.receives_for_municipality) == (
        "07:00:00",
        "22:30:00",
        True,
    )
    municipality = unit.organisation
    assert (municipality.kind, municipality.code) == (OrganisationKind.MUNICIPALITY, "0999")
    assert municipality.parent_id == session.scalar(select(Organisation.id).where(Organisation.code == "1099"))


def test_read_again_it_changes_nothing_and_a_new_name_is_a_change(session: Session) -> None:
    apply(session, GOOD)
    again = apply(session, GOOD)
    assert (again.changes, again.bad) == ([], [])
    renamed = apply(session, [line.replace("Distrikt Øst", "Distrikt Vest") for line in GOOD])
    assert [(c["before"]["name"], c["after"]["name"]) for c in renamed.changes] == [("Distrikt Øst", "Distrikt Vest")]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("1099;amt;Prøve;;;;;;;;;;;;;;", "not_a_kind_of_organisation"),
        ("1098;kommune;Prøve;;;;;;;;;;;;;;", "no_such_region"),
        ("1099;kommune;;;;;;;;;;;;;;;", "organisation_incomplete"),
        ("1099;kommune;Prøve;;12;;;;;;;;;;;;", "bad_sor"),
        ("1099;kommune;Prøve;;;12;;;;;;;;;;;", "bad_gln"),
        ("1099;kommune;Prøve;;;;Ny;kontor;;;;;;;;;", "not_a_kind_of_unit"),
        ("1099;kommune;Prøve;;;;Ny;distrikt;;;;;;;;7;9", "bad_time"),
        ("1099;kommune;Prøve;;;;Ny;distrikt;;;;;;;;07:00;", "bad_time"),
        ("1099;kommune;Prøve;;1234567;;Ny;distrikt;;;;;;;;;", None),
        ("1099;kommune;Prøve Kommune;;;;Plejehjemmet;plads;;;;;;;nej;;", "twice_in_the_file"),
        ("1099", "not_a_kind_of_organisation"),
        ("1099;kommune;Prøve Kommune;;;;Plejehjemmet;distrikt;1234567;;;;;;;;", "number_taken"),
        ("1099;kommune;Anden Kommune;998;;;Distrikt Øst;distrikt;1234567;;;;;;;;", "twice_in_the_file"),
    ],
)
def test_a_bad_line_is_named_and_then_nothing_is_written(session: Session, line: str, why: str | None) -> None:
    reading = apply(session, [*GOOD, line])
    assert [(bad.line, bad.code) for bad in reading.bad] == ([(5, why)] if why else [])
    assert (session.scalar(select(func.count()).select_from(Unit)) == 0) is bool(why)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize(
    ("code", "known"),
    [("not_a_kind_of_organisation", registry.ORGANISATIONS), ("not_a_kind_of_unit", registry.UNITS)],
)
def test_an_unknown_kind_is_answered_with_those_there_are(
    code: str, known: dict[str, object], language: Language
) -> None:
    said = sentences.sentence(code, language)
    assert [word for word in known if word not in said] == []


def test_another_header_is_refused(session: Session) -> None:
    with pytest.raises(Invalid):
        apply(session, ["navn;kode", "x;y"])


def test_only_administrators_read_files(session: Session, staff: Staff) -> None:
    with pytest.raises(NotAllowed):
        registry.preview(session, GOOD, by=staff.nurse)


def undo(session: Session, *, by: Actor = SYSTEM) -> None:
    registry_undo.undo(session, by=by, at=NOW)


def test_the_last_import_is_undone_whole(session: Session) -> None:
    apply(session, GOOD)
    apply(session, [HEADER, GOOD[2].replace("22:30", "21:00").replace("Øst", "Ny"), f"1099{GOOD[3][4:]}"])
    undo(session)
    unit = session.scalars(select(Unit).where(Unit.sor == "1234567")).one()
    assert (unit.name, str(unit.reads_until)) == ("Distrikt Øst", "22:30:00")
    undo(session)
    assert session.scalars(select(Organisation)).all() == []
    with pytest.raises(NotPossible):
        undo(session)


def test_not_when_somebody_works_there(session: Session) -> None:
    apply(session, GOOD)
    unit = session.scalars(select(Unit).where(Unit.name == "Plejehjemmet")).one()
    person = Person(username="maja", name="Maja Demo", active=True)
    session.add(person)
    session.flush()
    session.add(PersonRole(person_id=person.id, unit_id=unit.id, role=Role.FACILITY_NURSE))
    session.flush()
    with pytest.raises(NotPossible, match="Plejehjemmet"):
        undo(session)


def test_nor_when_it_was_changed_since(session: Session) -> None:
    apply(session, GOOD)
    session.scalars(select(Unit).where(Unit.name == "Distrikt Øst")).one().phone = "+45 00 00 00 09"
    with pytest.raises(NotPossible, match="Distrikt Øst"):
        undo(session)


@pytest.mark.parametrize("table", ["units", "organisations"])
def test_the_application_removes_nothing_else(session: Session, staff: Staff, table: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), session.begin_nested():
        session.execute(text(f"delete from {table}"))
    with pytest.raises(DBAPIError, match="only what the last import made"):
        session.execute(select(func.take_back(table, staff.office.id)))


SAID = {name: "" for name in registry.COLUMNS} | {"enhed": "Distrikt Nyt", "enhedsart": "distrikt"}


def test_a_unit_that_is_typed_is_remembered_as_a_file_is(session: Session, staff: Staff) -> None:
    municipality = staff.world.municipality
    made = registry.write_unit(session, municipality, None, SAID, by=staff.first, at=NOW)
    changed = SAID | {"enhed": "Distrikt Ny", "læses_fra": "07:00", "læses_til": "22:00"}
    registry.write_unit(session, municipality, made, changed, by=staff.first, at=NOW)
    registry.write_unit(session, municipality, made, changed, by=staff.first, at=NOW)  # changes nothing: not remembered
    assert (made.name, str(made.reads_from)) == ("Distrikt Ny", "07:00:00")
    undo(session, by=staff.first)
    assert (made.name, made.reads_from) == ("Distrikt Nyt", None)
    undo(session, by=staff.first)
    assert session.scalar(select(Unit).where(Unit.name == "Distrikt Nyt")) is None


@pytest.mark.parametrize("wrong", [{"enhed": ""}, {"enhedsart": "kontor"}, {"enhed_sor": "12"}, {"læses_fra": "7"}])
def test_a_unit_that_cannot_be_is_not_typed(session: Session, staff: Staff, wrong: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        registry.write_unit(session, staff.world.municipality, None, SAID | wrong, by=staff.first, at=NOW)


def test_an_administrator_writes_their_own_and_what_lies_in_it(session: Session, staff: Staff) -> None:
    elsewhere = Organisation(name="Region Anden", kind=OrganisationKind.REGION, code="1097")
    session.add(elsewhere)
    session.flush()
    own = [HEADER, f"1099;kommune;{staff.world.municipality.name};730;;;Distrikt Nyt;distrikt;;;;;;;;;"]
    strange = [HEADER, ";region;Region Anden;1097;;;Forvaltning;forvaltning;;;;;;;;;"]
    staff.world.region.code = "1099"
    session.flush()
    assert registry.apply(session, own, by=staff.first, at=NOW).bad == []
    assert [bad.code for bad in registry.apply(session, strange, by=staff.first, at=NOW).bad] == [
        "not_your_organisation"
    ]
    with pytest.raises(NotAllowed):
        registry.write_unit(session, elsewhere, None, SAID, by=staff.first, at=NOW)
    apply(session, strange)
    with pytest.raises(NotAllowed):
        undo(session, by=staff.first)


# --- authority and operator, by day ---

REFORM = date(2027, 1, 1)


def test_authority_changes_on_a_day_and_the_operator_stays(session: Session, staff: Staff) -> None:
    facility, region = staff.world.facility, staff.world.region
    holders.hand_over(session, facility, Holding.AUTHORITY, region, from_on=REFORM, by=SYSTEM)
    assert holders.holder(session, facility, Holding.AUTHORITY, on=date(2026, 12, 31)) == staff.world.municipality
    assert holders.holder(session, facility, Holding.AUTHORITY, on=REFORM) == region
    assert holders.holder(session, facility, Holding.OPERATOR, on=REFORM) == staff.world.municipality
    assert [row.until_on for row in holders.holders(session, facility)] == [date(2026, 12, 31), None]
    with pytest.raises(NotPossible):
        holders.hand_over(session, facility, Holding.AUTHORITY, region, from_on=REFORM, by=SYSTEM)


def test_no_unit_has_two_authorities_on_one_day(session: Session, staff: Staff) -> None:
    holders.hand_over(session, staff.world.facility, Holding.AUTHORITY, staff.world.region, from_on=REFORM, by=SYSTEM)
    session.add(
        UnitHolder(
            unit_id=staff.world.facility.id, holding=Holding.AUTHORITY, organisation_id=staff.world.hospital.id,
            from_on=date(2026, 12, 31), until_on=date(2026, 12, 31),
        )
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="one_at_a_time"):
        session.flush()
