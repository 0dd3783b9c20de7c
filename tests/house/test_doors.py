"""What stands before every route: the token of a form, where a request comes from, the names we answer to, headers."""

import re
from urllib.parse import urlencode

import pytest

import portal
import settings
from database import db
from models import Appointment, Fault, LoginSession
from tests.conftest import SECRET
from tests.house import world as w

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # no database sees what stops here


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(w.MONDAY, tick=False)


@pytest.fixture
def world(clinic, monday):
    return w.build(clinic)


@pytest.fixture
def everybody(nobody, as_ava, as_owner):
    return ((nobody, "everyone"), (as_ava, "patient"), (as_owner, "staff"))


def posts(world, kind):
    for rule in w.routes(world.clinic.app, kind):
        if "POST" in rule.methods:
            yield from (w.with_slot(address, world) for address in w.addresses(rule, world))


def test_without_its_token_no_form_is_taken(clinic, world, everybody):
    before, tried = w.digest(), 0
    for browser, kind in everybody:
        for address in posts(world, kind):
            for token, headers in (({}, {}), ({"csrf_token": ""}, HTMX), ({"csrf_token": "x"}, {"X-CSRFToken": "x"})):
                assert browser.post(address, data=token, headers=headers).status_code == 400, address
                tried += 1
    assert w.digest() == before
    assert tried > 150


def test_with_its_token_each_form_is_taken_or_refused_by_a_rule(clinic, world, everybody):
    """The positive control: nothing but the token made the 400s above."""
    for browser, kind in everybody:
        for address in posts(world, kind):
            if "sign-out" not in address:
                token = browser.token()
                answer = browser.post(address, data={"csrf_token": token})
                gone = 410 if address == "/handed/door" else 404  # nobody holds a hand-over link here
                assert answer.status_code in (200, 303, 404, 409, 422, gone), (address, answer.status_code)
                if answer.status_code == 404:  # asked without what the page would have carried
                    carried = re.search("/confirmation|/hand-over|^/staff/calendar/block$", address)
                    assert re.match("/tasks/|/booking/", address) or carried, address
    assert Fault.select().count() == 0


def test_a_token_is_worth_nothing_in_another_browser(clinic, world, as_ava, as_ben, nobody):
    address = f"/appointments/{world.visit.id}/cancellation"
    for thief in (as_ben, nobody):
        answer = as_ava.post(address, data={"csrf_token": thief.token(), "shown": "0"})
        assert answer.status_code == 400
    assert Appointment.get_by_id(world.visit.id).status == "booked"
    assert as_ava.post(address, data={"csrf_token": as_ava.token(), "shown": "0"}).status_code == 303
    assert Appointment.get_by_id(world.visit.id).status == "cancelled"


def test_a_token_from_before_signing_in_is_worth_nothing_after_it(clinic, nobody):
    early = nobody.token()
    nobody.sign_in(clinic.ava)
    with nobody.session_transaction() as session:
        session.pop("csrf_token")  # what views.entrance does when somebody comes in
    assert nobody.post("/profile/address", data={"csrf_token": early, "street": "x"}).status_code == 400


def test_nothing_that_changes_is_done_by_asking(clinic, world, everybody):
    """Each form's fields in the address of a GET, as a link or a picture would send them."""
    before, held = w.digest(), w.contents()
    for browser, kind in everybody:
        for address, fields in w.every_form(browser, world, kind).items():
            query = {**fields, "csrf_token": browser.token(), "accepted": "y", "agreed": "y", "do": "save"}
            plain, _, more = address.partition("?")
            assert browser.get(f"{plain}?{more}&{urlencode(query)}").status_code < 500, address
    assert w.changes(held) == set()
    for method in ("PUT", "PATCH", "DELETE", "TRACE"):
        for browser, kind in everybody:
            headers = {"X-CSRFToken": browser.token()}
            for address in posts(world, kind):
                answer = browser.open(address, method=method, headers=headers)
                assert answer.status_code in (400, 404, 405), (method, address)
    assert w.digest() == before


def test_the_method_cannot_be_overridden(clinic, world, as_ava):
    before = w.digest()
    address = f"/appointments/{world.visit.id}/cancellation"
    as_ava.get(address, headers={"X-HTTP-Method-Override": "POST"})
    as_ava.get(address, query_string={"_method": "POST", "csrf_token": as_ava.token()})
    assert w.digest() == before


def test_a_form_from_another_site_is_refused_even_with_a_token(clinic, world, everybody):
    before = w.digest()
    for browser, kind in everybody:
        token = browser.token()
        for address in posts(world, kind):
            headers = {"Sec-Fetch-Site": "cross-site", **HTMX}
            assert browser.post(address, data={"csrf_token": token}, headers=headers).status_code == 403, address
    assert w.digest() == before


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_link_from_another_site_may_lead_here(clinic, as_ava, site):
    assert as_ava.get("/", headers={"Sec-Fetch-Site": site}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil@localhost"])
def test_to_another_name_we_do_not_answer(clinic, nobody, as_ava, host):
    for browser, address in ((nobody, "/sign-in"), (as_ava, "/"), (nobody, "/nowhere"), (nobody, "/clinic.css")):
        answer = browser.get(address, headers={"Host": host})
        assert answer.status_code == 400, address
        assert "evil" not in answer.text
    forwarded = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Forwarded": "host=evil.example"}
    answer = nobody.get("/account", headers=forwarded)
    assert answer.location == "/sign-in?next=/account"
    assert "evil" not in as_ava.see("/")


OUTSIDE = [
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example",
    "https:evil.example", "http:/evil.example", "javascript:alert(1)//evil", "data:text/html,evil", "/\t/evil.example",
    "/\n/evil.example", "\t//evil.example", " //evil.example", "/%2f/evil.example", "/%5cevil.example",
    "//localhost@evil.example", "https://localhost@evil.example", "/..//evil.example", "/.//evil.example",
    "//evil.example/%2f..", "evil.example", "/\u2044evil.example", "/;@evil.example\r\nX: y", "@evil.example",
]  # fmt: skip


def test_the_way_back_never_leads_away(clinic, nobody, as_ava, as_owner):
    for there in OUTSIDE:
        for browser, door in ((as_ava, "/sign-in"), (as_ava, "/register"), (as_owner, "/staff/sign-in")):
            answer = browser.get(door, query_string={"next": there})
            assert answer.status_code == 303
            assert re.fullmatch(r"/(staff)?", answer.location), there
        for door in ("/sign-in", "/register", "/staff/sign-in"):
            assert "evil" not in nobody.get(door, query_string={"next": there}).text, there


def test_htmx_is_never_a_reason_to_pass(clinic, world, nobody, as_ava, as_owner):
    """With every header that htmx may send, each page refuses whom it refuses without."""
    more = {"HX-Boosted": "true", "HX-Target": "main#main", "HX-Source": "a#x", "HX-Current-URL": "http://localhost/"}
    for rule in w.routes(clinic.app, "patient", "staff"):
        for address in w.addresses(rule, world)[:1]:
            other = as_owner if w.audience_of(clinic.app, rule)[0] == "patient" else as_ava
            for kind in ("partial", "full"):
                for browser in (nobody, other):
                    answer = browser.get(address, headers={**more, "HX-Request": "true", "HX-Request-Type": kind})
                    refused = answer.status_code in (403, 405) or "/sign-in" in answer.headers.get("HX-Redirect", "")
                    assert refused, address


# --- headers and cookies ---

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)


def test_every_answer_carries_the_headers(clinic, world, everybody, as_ben):
    answers = [as_ben.get(f"/appointments/{world.visit.id}"), as_ben.get("/staff"), as_ben.post("/profile/names")]
    answers += [as_ben.get("/nowhere"), as_ben.get("/", headers={"Host": "evil.example"}), as_ben.post("/", json={})]
    for browser, kind in everybody:
        answers += [answer for _, answer in w.every_page(browser, world, kind)]
    assert {answer.status_code for answer in answers} == {200, 400, 403, 404, 415}
    for answer in answers:
        headers = answer.headers
        assert headers["Content-Security-Policy"] == POLICY
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "Strict-Transport-Security" not in headers, "this one is asked by http"
        assert "Server" not in headers
        public = answer.request.path.startswith(("/clinic.css", "/pictures/"))
        assert public or headers["Cache-Control"] == "no-store", answer.request.path
        assert public or {"Cookie", "HX-Request"} <= set(re.split(r",\s*", headers["Vary"]))


@pytest.fixture
def secure(clinic, tmp_path):
    """The same clinic behind https."""
    here, database = settings.current(), db.obj
    chosen = {"DATA_DIR": str(tmp_path), "SECRET_KEY": SECRET, "BASE_URL": "https://portal.example.com"}
    try:
        app = portal.create_app(settings.from_environment(chosen))
        db.initialize(database)
        yield app.test_client()
    finally:
        settings.use(here)
        db.initialize(database)


def test_over_https_the_cookie_is_bound_to_the_host(clinic, secure):
    answer = secure.get("/sign-in", base_url="https://portal.example.com")
    [cookie] = answer.headers.getlist("Set-Cookie")
    name, *facts = re.split(r"[=;]\s*", cookie)
    assert name == "__Host-foyer"
    assert {"Secure", "HttpOnly", "Path", "SameSite"} <= set(facts)
    assert "Domain" not in facts
    assert facts[facts.index("Path") + 1] == "/"
    assert facts[facts.index("SameSite") + 1] == "Lax"
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert secure.get("/sign-in", base_url="https://evil.example").status_code == 400


def test_the_cookie_lives_as_long_as_the_browser_and_scripts_cannot_read_it(clinic, nobody):
    [cookie] = nobody.get("/sign-in").headers.getlist("Set-Cookie")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Expires" not in cookie
    assert "Max-Age" not in cookie


def test_a_forged_or_ended_cookie_is_nobody(clinic, as_ava, nobody):
    cookie = as_ava.get_cookie("foyer").value
    for forged in ("x", cookie[:-2], cookie + "x", "." + cookie, "", "a" * 5000):
        nobody.set_cookie("foyer", forged)
        assert nobody.get("/").status_code == 303, forged[:20]
    nobody.set_cookie("foyer", cookie)
    assert nobody.get("/").status_code == 200
    assert as_ava.submit("/sign-out").status_code == 303
    assert LoginSession.select().where(LoginSession.ended_at.is_null()).count() == 0
    assert nobody.get("/").status_code == 303, "a copy of the cookie outlived the sign-out"
