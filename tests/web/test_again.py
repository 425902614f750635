"""A form that is refused comes back on its page, with what was typed in it."""

from html import unescape

from tests.web.reader import Reader


def test_what_was_typed_comes_back_with_what_was_wrong(somebody: Reader) -> None:
    somebody.presses(somebody.sees("/sign-in"), data_demo_user="distrikt")
    page = somebody.sees("/noed-adgang")
    form = next(form for form in page.forms if form.action == "/noed-adgang")
    assert form.fields["form"] == "emergency"
    answer = somebody.client.post("/noed-adgang", data=form.fields | {"cpr": "12", "reason": "Fundet på gaden"})
    assert answer.status_code == 422
    text = unescape(answer.text)
    assert "Det er ikke gemt" in text
    assert 'href="#emergency-cpr"' in text
    assert 'id="emergency-cpr-error"' in text
    assert "Fundet på gaden" in text


def test_a_page_that_is_not_there_for_them_is_not_shown(somebody: Reader) -> None:
    somebody.presses(somebody.sees("/sign-in"), data_demo_user="distrikt")
    form = next(form for form in somebody.sees("/noed-adgang").forms if form.action == "/noed-adgang")
    answer = somebody.client.post("/noed-adgang", data=form.fields | {"back": "/admin/people", "cpr": "12"})
    assert answer.status_code == 422
    assert "Det lykkedes ikke" in answer.text


def test_a_form_that_names_no_page_gets_the_plain_page(somebody: Reader) -> None:
    somebody.presses(somebody.sees("/sign-in"), data_demo_user="distrikt")
    form = next(form for form in somebody.sees("/noed-adgang").forms if form.action == "/noed-adgang")
    fields = {name: value for name, value in form.fields.items() if name != "form"}
    answer = somebody.client.post("/noed-adgang", data=fields | {"cpr": "12"})
    assert answer.status_code == 422
    assert "Det er ikke gemt" not in answer.text
