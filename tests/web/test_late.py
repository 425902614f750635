"""What somebody typed while their sign-in ended is not lost, not leaked, and not sent as somebody else's."""

import pyotp
import pytest
from flask import Flask
from sqlalchemy import text

from tests.web.reader import Page, Reader
from tests.web.test_signin import PASSWORD, with_app, with_password
from web.entrance import late
from workflow.db import Session
from workflow.staff import people


@pytest.fixture
def too_late(somebody: Reader) -> Page:
    """The district nurse sent a form, and her sign-in had ended."""
    return typed_too_late(somebody)


def typed_too_late(reader: Reader, **more: str) -> Page:
    reader.signs_in("distrikt")
    page = reader.sees("/account")
    with Session.begin() as session:
        session.execute(text("update sign_ins set used_at = used_at - interval '31 minutes'"))
    form = next(form for form in page.forms if form.action == "/account")
    sent = (
        form.fields | {"mobile": "+45 00 00 00 77", "email": "dorthe@demo.example", "mail": ["miss", "notice"]} | more
    )
    answer = Page(reader.client.post("/account", data=sent))
    assert answer.answer.status_code == 401
    return answer


def mobile() -> str | None:
    with Session() as session:
        return people.named(session, "distrikt").mobile


def test_after_signing_in_again_it_is_sent_as_it_was_typed(somebody: Reader, too_late: Page) -> None:
    assert "Det, du skrev, er gemt" in too_late.text
    resumed = somebody.presses(too_late, data_demo_user="distrikt")
    assert mobile() is None
    assert "data-send-at-once" in resumed.html
    form = next(form for form in resumed.forms if form.action == "/account")
    assert (form.fields["mobile"], form.fields["email"]) == ("+45 00 00 00 77", "dorthe@demo.example")
    assert somebody.presses(resumed, data_send_again="").answer.request.path == "/account"
    assert mobile() == "+45 00 00 00 77"


def test_a_field_with_many_values_keeps_them(somebody: Reader, too_late: Page) -> None:
    resumed = somebody.presses(too_late, data_demo_user="distrikt")
    sent = [(v["name"], v["value"]) for tag, v in resumed.tags if tag == "input" and v.get("type") == "hidden"]
    assert [value for name, value in sent if name == "mail"] == ["miss", "notice"]


def test_through_a_password_and_a_code(somebody: Reader, app: Flask) -> None:
    secret = with_app("distrikt")
    page = somebody.sends(typed_too_late(somebody), "/sign-in", username="distrikt", password=PASSWORD)
    assert page.first("input", name="code")
    resumed = somebody.sends(page, "/sign-in/code", code=pyotp.TOTP(secret).now())
    assert "+45 00 00 00 77" in resumed.html


def test_a_wrong_password_in_between_loses_nothing(somebody: Reader, too_late: Page) -> None:
    with_password("distrikt")
    wrong = somebody.sends(too_late, "/sign-in", username="distrikt", password="forkert")
    resumed = somebody.sends(wrong, "/sign-in", username="distrikt", password=PASSWORD)
    assert "+45 00 00 00 77" in resumed.html


def test_somebody_else_gets_it_to_copy_and_not_to_send(somebody: Reader, too_late: Page) -> None:
    shown = somebody.presses(too_late, data_demo_user="afdeling")
    assert "+45 00 00 00 77" in shown.text
    assert [form for form in shown.forms if form.action == "/account"] == []


def test_nor_does_the_same_person_send_it_in_another_role(somebody: Reader) -> None:
    somebody.presses(somebody.signs_in("vikar"), data_role="ward_nurse")
    with Session.begin() as session:
        session.execute(text("update sign_ins set ended_at = now()"))
    typed = Page(somebody.client.post("/account", data={"form_mark": mark(somebody), "mobile": "+45 00 00 00 77"}))
    same = somebody.presses(typed, data_demo_user="vikar")
    assert "data-send-again" in same.html  # the role of before was chosen again
    with Session.begin() as session:
        session.execute(text("update person_roles set state = 'ended' where role = 'ward_nurse'"))
    choosing = somebody.presses(typed, data_demo_user="vikar")
    other = somebody.presses(choosing, data_role="facility_nurse")
    assert "data-to-copy" in other.html


def mark(reader: Reader) -> str:
    return reader.sees("/sign-in").forms[0].fields["form_mark"]


def test_from_another_tab_one_goes_on_here(somebody: Reader, too_late: Page) -> None:
    carried = next(form.fields["typed"] for form in too_late.forms if "typed" in form.fields)
    somebody.signs_in("distrikt")
    resumed = somebody.client.post("/typed", data={"form_mark": mark(somebody), "typed": carried})
    assert "+45 00 00 00 77" in resumed.text


def test_the_page_of_a_stranger_does_not_show_what_was_typed(too_late: Page) -> None:
    assert "+45 00 00 00 77" not in too_late.html
    assert "dorthe@" not in too_late.html


def test_passwords_are_never_carried(somebody: Reader) -> None:
    somebody.signs_in("distrikt")
    page = mark(somebody)
    with Session.begin() as session:
        session.execute(text("update sign_ins set ended_at = now()"))
    sent = {"form_mark": page, "old": "hemmelig-1", "new": "hemmelig-2", "again": "hemmelig-2", "note": "ikke hemmelig"}
    answer = Page(somebody.client.post("/account/password", data=sent))
    opened = late.opened(next(form.fields["typed"] for form in answer.forms if "typed" in form.fields))
    assert opened is not None
    assert opened.fields == [["note", "ikke hemmelig"]]


def test_what_is_too_much_is_not_carried_and_nothing_breaks(somebody: Reader) -> None:
    page = typed_too_late(somebody, note="x" * 250_000)
    assert not any("typed" in form.fields for form in page.forms)


@pytest.mark.parametrize("forged", ["", "x", "ZGVtbzpmb3JnZWQ=", "æ", "A" * 300_000])
def test_nobody_makes_one_up(somebody: Reader, forged: str) -> None:
    somebody.signs_in("distrikt")
    answer = somebody.client.post("/typed", data={"form_mark": mark(somebody), "typed": forged})
    assert answer.status_code == 200
    assert "data-send-again" not in answer.text


def test_a_stale_mark_is_made_anew_for_the_second_sending(somebody: Reader, too_late: Page) -> None:
    somebody.client.delete_cookie("overgang_form")
    fresh = somebody.sees("/sign-in")
    form = next(form for form in too_late.forms if form.action == "/demo/sign-in")
    sent = form.fields | {"user": "distrikt", "form_mark": fresh.forms[0].fields["form_mark"]}
    resumed = Page(somebody.client.post("/demo/sign-in", data=sent))
    somebody.presses(resumed, data_send_again="")
    assert mobile() == "+45 00 00 00 77"


def test_signing_out_too_late_is_being_out(somebody: Reader) -> None:
    page = somebody.signs_in("distrikt")
    with Session.begin() as session:
        session.execute(text("update sign_ins set used_at = used_at - interval '31 minutes'"))
    out = somebody.presses(page, data_sign_out="here")
    assert (out.answer.request.path, out.answer.status_code) == ("/sign-in", 200)
    assert not any("typed" in form.fields for form in out.forms)
