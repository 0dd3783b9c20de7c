"""The doors: signing in and out, registering, and what a browser carries through them."""

import re
from datetime import timedelta

import pytest
import time_machine

from clock import now
from models import Delivery, LoginCode, LoginSession, Patient, Provider, Staff
from rules import accounts
from rules.actor import FOYER

SECRET = "three grey herons at dawn"


@pytest.fixture
def browser(clinic):
    return lambda: clinic.app.test_client()


def newest_digits():
    return accounts.digits_of(LoginCode.select().order_by(LoginCode.id.desc()).get())


def without_token(page):
    return re.sub(r'(name="csrf_token" value=")[^"]+', r"\1", page)


def cookie(browser):
    return browser.get_cookie("foyer").value


def sign_in(browser, email="ava@example.com", **more):
    """Sign in with the newest code; from then on the browser reads its token on the profile."""
    assert browser.submit("/sign-in", email=email, **more).status_code == 303
    answer = browser.submit("/sign-in/code", code=newest_digits())
    browser.token_page = "/profile"
    return answer


def wrong():
    return f"{(int(newest_digits()) + 1) % 1_000_000:06d}"


def test_a_patient_signs_in_with_a_mailed_code(nobody, clinic):
    answer = nobody.submit("/sign-in", email=" Ava@Example.com")
    assert (answer.status_code, answer.location) == (303, "/sign-in/code")
    letter = Delivery.get()
    assert (letter.kind, letter.address, letter.patient) == ("code_signin", "ava@example.com", clinic.ava)
    digits = newest_digits()
    answer = nobody.submit("/sign-in/code", code=f" {digits[:3]} {digits[3:]} ")
    assert (answer.status_code, answer.location) == (303, "/")
    assert "Ava Moreno" in nobody.see("/profile")


def test_the_code_field_can_be_filled_in_and_pasted(nobody):
    nobody.submit("/sign-in", email="ava@example.com")
    field = re.search(r'<input[^>]*name="code"[^>]*>', nobody.see("/sign-in/code")).group()
    assert 'inputmode="numeric"' in field
    assert 'autocomplete="one-time-code"' in field
    assert "maxlength" not in field


def test_no_page_tells_whether_an_account_exists(browser):
    pages = []
    for email in ("ava@example.com", "noa@example.com"):
        one = browser()
        asked = one.submit("/sign-in", email=email)
        told = one.see("/sign-in/code")
        tried = one.submit("/sign-in/code", code="000000" if newest_digits() != "000000" else "000001")
        pages.append([asked.text, str(asked.headers.get("Location")), told, tried.text, str(tried.status_code)])
    known, unknown = ([without_token(text).replace("noa@", "ava@") for text in each] for each in pages)
    assert known == unknown


def test_registering_does_not_tell_either(browser):
    details = {"first_name": "Noa", "last_name": "Park", "birth_date": "1999-12-31", "phone": "212 555 0199"}
    pages = []
    for email in ("ava@example.com", "noa@example.com"):
        one = browser()
        answer = one.submit("/register", email=email, **details)
        pages.append(without_token(answer.text + answer.location + one.see("/sign-in/code")))
    assert pages[0] == pages[1].replace("noa@", "ava@")


def test_a_code_dies_after_five_wrong_tries(nobody):
    nobody.submit("/sign-in", email="ava@example.com")
    for _ in range(5):
        answer = nobody.submit("/sign-in/code", code=wrong())
        assert answer.status_code == 422
        assert "<title>Error: " in answer.text
    assert nobody.submit("/sign-in/code", code=newest_digits()).status_code == 422
    assert nobody.get("/profile").status_code == 303


def test_guessing_with_a_fresh_jar_each_time_is_stopped(browser):
    victim = browser()
    victim.submit("/sign-in", email="ava@example.com")
    code = LoginCode.get()
    for digits in (newest_digits(), wrong()):
        stranger = browser()
        with stranger.session_transaction() as jar:
            jar["asked"] = code.id
        assert stranger.submit("/sign-in/code", code=digits).location == "/sign-in"
    answers = [browser().submit("/sign-in", email=email) for email in ("ava@example.com", "AVA@example.com") * 3]
    assert [a.status_code for a in answers] == [303] * 4 + [422] * 2
    assert "too many tries" in answers[-1].text
    assert 'value="ava@example.com"' in answers[-1].text


def test_a_new_code_can_be_asked_for_and_ends_the_first(nobody):
    nobody.submit("/sign-in", email="ava@example.com")
    old = newest_digits()
    assert nobody.submit("/sign-in/code/renewal").location == "/sign-in/code"
    if old != newest_digits():
        assert nobody.submit("/sign-in/code", code=old).status_code == 422
    assert nobody.submit("/sign-in/code", code=newest_digits()).location == "/"


def test_too_many_new_codes_are_refused_on_the_page(nobody):
    nobody.submit("/sign-in", email="ava@example.com")
    for _ in range(4):
        nobody.submit("/sign-in/code/renewal")
    answer = nobody.submit("/sign-in/code/renewal")
    assert answer.status_code == 422
    assert "too many tries" in answer.text
    assert nobody.submit("/sign-in/code", code=newest_digits()).location == "/"


def test_without_having_asked_there_is_no_code_page(nobody):
    for answer in (
        nobody.get("/sign-in/code"),
        nobody.submit("/sign-in/code", code="123456"),
        nobody.submit("/sign-in/code/renewal"),
    ):
        assert (answer.status_code, answer.location) == (303, "/sign-in")


@pytest.mark.parametrize("typed", ["", "ava", "ava@", "a b@example.com"])
def test_a_bad_address_gets_words_beside_the_field(nobody, typed):
    answer = nobody.submit("/sign-in", email=typed)
    assert answer.status_code == 422
    assert 'id="email-error"' in answer.text
    assert f'value="{typed}"' in answer.text


def test_signing_in_changes_the_session_and_the_csrf_token(nobody, clinic):
    before = nobody.token()
    with nobody.session_transaction() as jar:
        jar["planted"] = "by somebody else"
        secret = jar.get("browser")
    sign_in(nobody)
    with nobody.session_transaction() as jar:
        assert "planted" not in jar
        assert "asked" not in jar
        assert jar.get("browser") != secret or secret is None
    assert nobody.post("/profile/contact", data={"csrf_token": before, "phone": "212 555 0100"}).status_code == 400
    assert Patient.get_by_id(clinic.ava.id).phone == "+12125550101"


def test_signing_in_again_ends_the_session_before(nobody):
    sign_in(nobody)
    first = cookie(nobody)
    sign_in(nobody, "ben@example.com")
    assert "Ben Okafor" in nobody.see("/profile")
    nobody.set_cookie("foyer", first)
    assert nobody.get("/profile").status_code == 303


def test_signing_out_kills_a_copied_cookie(nobody):
    sign_in(nobody)
    copied = cookie(nobody)
    answer = nobody.submit("/sign-out")
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    nobody.set_cookie("foyer", copied)
    assert nobody.get("/profile").status_code == 303


def test_who_idled_out_reads_why(nobody):
    with time_machine.travel(now(), tick=False) as clock:
        sign_in(nobody)
        clock.shift(timedelta(minutes=15))
        answer = nobody.get("/profile?from=mail")
        assert answer.location == "/sign-in?next=/profile?from%3Dmail"
        page = nobody.see(answer.location)
        assert "You were signed out after 15 minutes to keep your details safe. What you saved is kept." in page
        nobody.token_page = "/sign-in"
        assert sign_in(nobody, next="/profile?from=mail").location == "/profile?from=mail"


def test_one_who_never_was_signed_in_reads_no_such_thing(nobody):
    assert "signed out" not in nobody.see("/sign-in")


def test_a_signed_in_patient_is_not_asked_again(as_ava):
    assert as_ava.get("/sign-in?next=/appointments").location == "/appointments"
    assert as_ava.get("/register").location == "/"


OUTSIDE = [
    "https://evil.example", "http:evil.example", "https:evil.example", "//evil.example", "///evil.example",
    "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "\t//evil.example", " //evil.example",
    "/\n/evil.example", "/%09//evil.example", "/%5cevil.example", "/%2f/evil.example", "/%2Fevil.example",
    "javascript:alert(1)", "data:text/html,x", "evil.example", "//user@evil.example", "https://localhost@evil.example",
    "@evil.example", "/..//evil.example", "/é", "/\u2028x", "", "/" + "a" * 600, "/sign-out", "/sign-in", "/staff",
    "/staff/people", "?next=//evil.example", "#x", "/\x00", "http://localhost/profile",
]  # fmt: skip


@pytest.mark.parametrize("address", OUTSIDE)
def test_next_never_leads_out_of_the_house(clinic, address):
    from views.entrance import own_path

    assert own_path(address) is None
    if not address.startswith("/staff"):
        assert own_path(address, staff=True) is None


@pytest.mark.parametrize("address", OUTSIDE[:6])
def test_next_is_checked_in_the_query_and_in_the_form(nobody, address):
    page = nobody.get("/sign-in", query_string={"next": address}).text
    assert 'name="next"' not in page
    assert sign_in(nobody, next=address).location == "/"


@pytest.mark.parametrize("address", ["/", "/profile", "/booking/3/times?provider=2&from=2026-03-01T10:00Z", "/a#b"])
def test_next_leads_to_pages_of_ours(clinic, address):
    from views.entrance import own_path

    assert own_path(address) == address


def test_next_is_never_in_a_mail(nobody):
    nobody.submit("/sign-in", email="ava@example.com", next="/tasks/7")
    assert "/tasks/7" not in str(list(Delivery.select().tuples())) + str(list(LoginCode.select().tuples()))


# --- registering

DETAILS = {
    "first_name": " Cleo ",
    "last_name": "Park",
    "birth_date": "1999-12-31",
    "email": "Cleo@example.com",
    "phone": "(212) 555-0199",
}


def test_somebody_new_registers(nobody):
    assert nobody.submit("/register", next="/booking", **DETAILS).location == "/sign-in/code"
    assert Delivery.get().kind == "code_register"
    answer = nobody.submit("/sign-in/code", code=newest_digits())
    assert answer.location == "/booking"
    cleo = Patient.get(Patient.email == "cleo@example.com")
    assert (cleo.first_name, cleo.phone, cleo.care_by_email, cleo.marketing_by_email) == (
        "Cleo", "+12125550199", True, False,
    )  # fmt: skip
    assert "Welcome, Cleo" in nobody.see("/profile")


@pytest.mark.parametrize("typed", ["AVA@example.com", "ava@example.com ", "ava@example.com.", "\u200bava@example.com"])
def test_a_known_address_is_never_duplicated(nobody, clinic, typed):
    before = Patient.select().count()
    answer = nobody.submit("/register", **{**DETAILS, "email": typed})
    if answer.status_code == 303:
        nobody.submit("/sign-in/code", code=newest_digits())
        assert "Ava Moreno" in nobody.see("/profile")
    assert Patient.select().count() == before
    assert Patient.get_by_id(clinic.ava.id).last_name == "Moreno"


def test_a_half_done_registration_opens_nothing(nobody):
    nobody.submit("/register", **DETAILS)
    for page in ("/", "/profile", "/account", "/staff"):
        assert "/sign-in" in nobody.get(page).location, page


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("first_name", "  ", "Enter your first name"),
        ("last_name", "", "Enter your last name"),
        ("last_name", "x" * 81, "Use at most 80 letters"),
        ("birth_date", "", "Enter your birth date"),
        ("birth_date", "31.12.1999", "Enter your birth date"),
        ("birth_date", "2999-01-01", "Your birth date must be in the past"),
        ("birth_date", "1800-01-01", "Check the year"),
        ("email", "cleo", "Enter an e-mail address like"),
        ("phone", "12", "Enter a phone number like"),
        ("phone", "", "Enter your phone number"),
    ],
)
def test_registering_says_what_is_wrong_and_loses_nothing(nobody, field, typed, words):
    answer = nobody.submit("/register", **{**DETAILS, field: typed, "marketing_by_email": "y"})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert words in answer.text
    assert "checked" in answer.text
    for name, value in {**DETAILS, "phone": "+12125550199"}.items():
        if name != field:
            assert re.search(rf'name="{name}"[^>]*value="{re.escape(value.strip())}"', answer.text, re.I), name
    assert LoginCode.select().count() == 0


def test_registering_asks_in_the_way_browsers_understand(nobody):
    page = nobody.see("/register")
    for name, autocomplete in (
        ("first_name", "given-name"), ("last_name", "family-name"), ("birth_date", "bday"), ("email", "email"),
        ("phone", "tel"),
    ):  # fmt: skip
        field = re.search(rf'<input[^>]*name="{name}"[^>]*>', page).group()
        assert f'autocomplete="{autocomplete}"' in field
    assert "checked" not in re.search(r'<input[^>]*name="marketing_by_email"[^>]*>', page).group()


# --- staff


def test_staff_sign_in_and_out(nobody, clinic):
    accounts.set_password(clinic.desk, SECRET, FOYER)
    answer = nobody.submit("/staff/sign-in", email="Desk@example.com", password=SECRET, next="/staff/patients?q=a")
    assert (answer.status_code, answer.location) == (303, "/staff/patients?q=a")
    copied = cookie(nobody)
    nobody.token_page = "/staff"
    answer = nobody.submit("/staff/sign-out")
    assert answer.location == "/staff/sign-in"
    nobody.set_cookie("foyer", copied)
    assert nobody.get("/staff").location == "/staff/sign-in?next=/staff"


def test_a_wrong_password_never_comes_back_and_names_no_field(browser, clinic):
    accounts.set_password(clinic.desk, SECRET, FOYER)
    pages = []
    for email in ("desk@example.com", "none@example.com"):
        answer = browser().submit("/staff/sign-in", email=email, password="a wrong one")
        assert answer.status_code == 422
        assert "a wrong one" not in answer.text
        pages.append(without_token(answer.text).replace("none@", "desk@"))
    assert pages[0] == pages[1]


def test_the_password_of_a_patient_page_opens_nothing(nobody, clinic):
    accounts.set_password(clinic.desk, SECRET, FOYER)
    for form in ({"email": "desk@example.com"}, {"password": SECRET}, {}):
        assert nobody.submit("/staff/sign-in", **form).status_code == 422
    assert nobody.get("/staff").status_code == 303


def test_staff_idle_out_later_and_read_why(nobody, clinic):
    accounts.set_password(clinic.owner, SECRET, FOYER)
    with time_machine.travel(now(), tick=False) as clock:
        nobody.submit("/staff/sign-in", email="owner@example.com", password=SECRET)
        clock.shift(timedelta(minutes=29))
        nobody.see("/staff/people")
        clock.shift(timedelta(minutes=30))
        assert "after 30 minutes" in nobody.see(nobody.get("/staff/people").location)


def test_the_first_owner_sets_the_clinic_up_once(nobody, browser, clinic):
    LoginSession.delete().execute()
    Provider.update(staff=None).execute()
    Staff.delete().execute()
    address = accounts.first_owner_link().removeprefix("http://localhost")
    assert "Open your clinic" in nobody.see(address)
    weak = nobody.submit(address, name="Olga", email="olga@example.com", password="short", again="short")
    assert weak.status_code == 422
    assert "at least 12 characters" in weak.text
    assert 'value="Olga"' in weak.text
    differs = nobody.submit(address, name="Olga", email="olga@example.com", password=SECRET, again="x")
    assert "not the same" in differs.text
    done = nobody.submit(address, name="Olga", email="olga@example.com", password=SECRET, again=SECRET)
    assert (done.status_code, done.location) == (303, "/staff")
    assert "Olga" in nobody.see("/staff/people")
    assert browser().get(address).status_code == 404
    again = browser().submit(address, name="Eve", email="eve@example.com", password=SECRET, again=SECRET)
    assert again.status_code == 404
    assert Staff.select().count() == 1


def test_a_made_up_link_is_404(nobody):
    assert nobody.get("/staff/setup/made-up").status_code == 404
    assert nobody.submit("/staff/setup/made-up", name="Eve", password=SECRET, again=SECRET).status_code == 404
