"""What no page of ours would send: every field and every address filled with rubbish, texts that want to be code."""

import json
import re
from email import message_from_bytes
from email.policy import SMTP
from html.parser import HTMLParser
from io import BytesIO
from itertools import cycle

import pytest

from models import Category, Clinic, Delivery, Fault, Location, Paperwork, Patient, Plan, Provider, Service, Staff
from rules import letters, plans, policy, templates
from tests.house import world as w


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(w.MONDAY, tick=False)


@pytest.fixture
def world(clinic, monday):
    return w.build(clinic)


RUBBISH = [
    "'", "\";--", "-1", "0", "99999999999", str(2**63), "9" * 30, "9" * 5000, "²", "٣", "NaN", "1e999", "a\x00b",
    "💉", "\u202ex", "[]", "{}", "%s%n", "{{7*7}}", "../../etc/passwd", "\r\nBcc: x@example.com", "2026-02-30",
    "0001-01-01", "9999-12-31", "20260303T193000Z", "00010101T000000Z", "1-1-99991231T235959Z", "x" * 70_000, "",
]  # fmt: skip
NAMES = [
    "q", "page", "status", "day", "location", "provider", "from", "slot", "at", "kind", "v", "next", "sort", "order",
    "dir", "per_page", "filter", "section", "number",
]  # fmt: skip


def broken():
    return [f"{fault.route}: {fault.error} at {fault.place}" for fault in Fault.select()]


def turned(names, rubbish=RUBBISH):
    """Requests in which each name takes another piece of rubbish, until each name had a good part of it."""
    for turn in range(0, len(rubbish), 6):
        yield {name: rubbish[(turn + place) % len(rubbish)] for place, name in enumerate(names)}


def test_rubbish_in_an_address_is_never_a_fault(clinic, world, as_ava, as_owner, nobody):
    for browser, kind in ((as_ava, "patient"), (as_owner, "staff"), (nobody, "everyone")):
        for rule in w.routes(clinic.app, kind):
            if "GET" in rule.methods:
                for query in turned(NAMES, RUBBISH[:-2]):
                    answer = browser.get(w.addresses(rule, world)[0], query_string=query)
                    assert answer.status_code < 500, (rule.rule, query, broken())
    assert broken() == []


def test_each_parameter_alone_is_never_a_fault(clinic, world, as_ava, as_owner):
    """With the others as they should be, so that the rubbish is reached."""
    slot = w.with_slot("/confirmation", world).partition("=")[2]
    good = {"slot": slot, "provider": clinic.dr_lin.id, "location": clinic.soho.id, "day": "2026-03-06", "page": 1}
    reading = [
        (as_ava, f"/booking/{clinic.botox.id}/times", ("provider", "from")),
        (as_ava, f"/booking/{clinic.peel.id}/confirmation", ("slot",)),
        (as_ava, f"/booking/{clinic.peel.id}", ("before", "also", "for")),
        (as_ava, "/booking", ("with",)),
        (as_ava, f"/appointments/{world.visit.id}/time/confirmation", ("slot",)),
        (as_ava, "/appointments", ("page",)),
        (as_owner, "/staff", ("day", "location")),
        (as_owner, "/staff/messages", ("page", "status")),
        (as_owner, "/staff/faults", ("q",)),
    ]
    for browser, address, names in reading:
        for name in names:
            for rubbish in RUBBISH:
                answer = browser.get(address, query_string={**good, name: rubbish})
                assert answer.status_code < 500, (address, name, rubbish[:40], broken())
    assert broken() == []


def test_rubbish_in_a_form_is_never_a_fault(clinic, world, as_ava, as_owner, nobody):
    for browser, kind in ((as_owner, "staff"), (as_ava, "patient"), (nobody, "everyone")):
        forms, turns = w.every_form(browser, world, kind), cycle(RUBBISH)
        assert len(forms) > 4
        for address, fields in forms.items():
            token = browser.token()
            names = [name for name in fields if name != "csrf_token"][:12]  # an editor repeats its last ones
            sent = [dict.fromkeys(fields, next(turns)), *({**fields, name: next(turns)} for name in names)]
            for form in sent:
                answer = browser.post(address, data={"do": "save", **form, "csrf_token": token})
                assert answer.status_code < 500, (address, str(form)[:300], broken())
    assert broken() == []


@pytest.mark.parametrize("rubbish", ["²", "9" * 30, str(2**63), "a\x00b"])
def test_what_was_a_fault_once(clinic, world, as_ava, as_ben, as_owner, rubbish):
    slot = f"{clinic.dr_lin.id}-{clinic.soho.id}-20260309T150000Z"
    there = f"/staff/patients/{clinic.ben.id}/booking/{clinic.peel.id}/confirmation"
    for browser, address, form in (
        (as_ben, f"/membership/plans/{clinic.glow.id}", {"agreement": rubbish}),
        (as_ben, f"/booking/{clinic.peel.id}/confirmation", {"slot": slot, "policy": rubbish, "accepted": "y"}),
        (as_ben, f"/booking/{clinic.peel.id}/confirmation", {"slot": slot, "request_key": rubbish * 30}),
        (as_owner, there, {"slot": slot, "policy": rubbish, "accepted": "y", "request_key": "k"}),
        (as_owner, f"/staff/services/{clinic.botox.id}", {"name": "X", "category": rubbish, "providers": rubbish}),
        (as_owner, f"/staff/paperwork/{clinic.consent.id}", {"do": "save", "base": rubbish}),
        (as_owner, f"/staff/paperwork/{clinic.history.id}", {"do": f"remove:{rubbish}"}),
        (as_owner, "/staff/patients", {"q": rubbish, "page": rubbish}),
        (as_owner, f"/staff/charges/{world.charge.id}/waiver", {"why": f"a {rubbish}"}),
    ):
        assert browser.submit(address, **form).status_code < 500, (address, broken())
    assert broken() == []


def test_only_a_form_is_a_form(clinic, world, as_ava):
    address, before, token = f"/appointments/{world.visit.id}/cancellation", w.digest(), as_ava.token()
    told = {"X-CSRFToken": token}
    for body, kind in (
        ("[]", "application/json"),
        (json.dumps({"shown": "0", "csrf_token": token}), "application/json"),
        ("[" * 20_000, "application/json"),
        (f"csrf_token={token}&shown=0", "text/plain"),
        ("<a/>", "application/xml"),
    ):
        answer = as_ava.post(address, data=body, content_type=kind, headers=told)
        assert answer.status_code == 415, kind
    for body, kind, status in (
        ("no boundary", "multipart/form-data", 400),
        ("--x\r\nhalf a part", "multipart/form-data; boundary=x", 400),
        ("&".join(f"f{n}=1" for n in range(5000)), "application/x-www-form-urlencoded", 400),
        ("why=" + "x" * (4 * 1024 * 1024 + 1), "application/x-www-form-urlencoded", 413),
    ):
        answer = as_ava.post(address, data=body, content_type=kind)
        assert answer.status_code == status, (kind, body[:20])
    assert w.digest() == before
    assert broken() == []


def test_five_thousand_fields_and_a_doubled_one_change_nothing_else(clinic, as_ava):
    many = {f"f{n}": "1" for n in range(5000)}
    answer = as_ava.submit("/profile/address", **many, street=["1 First Street", "2 Second Street"])
    assert answer.status_code == 303
    assert Patient.get_by_id(clinic.ava.id).street == "1 First Street"


def test_a_file_in_place_of_a_text_is_refused(clinic, world, as_ava):
    before = w.digest()
    data = {"csrf_token": as_ava.token(), "street": (BytesIO(b"x"), "street.txt")}
    assert as_ava.post("/profile/address", data=data).status_code == 400
    assert w.digest() == before


# --- texts that want to be code ---

SPELL = "<script>alert(1)</script><b>x</b>\"'{{7*7}}{%x%}%s%(x)s$\u202e💉"
SHORT = "<b>{{7*7}}%s💉"
HEADER = "A\r\nBcc: thief@example.com\r\n\r\n"
MARKED_DOWN = f"{SPELL}\n\n[x](javascript:alert(1)) ![x](http://evil.example/x.png) <img src=x onerror=alert(1)>"


@pytest.fixture
def bewitched(clinic, monday):
    """Whoever may write a text wrote one that wants to be code, before anything was booked or signed."""
    spelled = {
        Patient: ("last_name", "preferred_name", "street", "city", "emergency_name", "allergies", "medical_notes"),
        Staff: ("name",),
        Provider: ("name", "title"),
        Location: ("name", "address", "directions"),
        Category: ("name",),
        Service: ("name", "summary"),
        Clinic: ("name", "tagline", "important_note", "emergency_words"),
        Paperwork: ("name",),
        Plan: ("name", "summary", "benefits"),
    }
    for model, fields in spelled.items():
        for row in model.select():
            told = {
                name: f"{SPELL if model._meta.fields[name].field_type == 'TEXT' else SHORT}{row.id}" for name in fields
            }
            model.update(told).where(model.id == row.id).execute()
    owner = w.actor(clinic.owner, "staff")
    for paper in Paperwork.select():
        first, *rest = templates.current_version(paper).questions or [None]
        asked = [{**first, "label": SPELL, "help": SPELL}, *rest] if first else []
        templates.write_version(paper, owner, SPELL, MARKED_DOWN, asked)
    plans.write_agreement(clinic.glow, owner, MARKED_DOWN)
    clinic.policy = policy.write(
        owner, notice_hours=48, fee_kind="fixed", fee_value=5000, no_show_kind="percent", no_show_value=100,
        extra=MARKED_DOWN,
    )  # fmt: skip
    for name, row in vars(clinic).items():
        if type(row) in spelled:
            setattr(clinic, name, type(row).get_by_id(row.id))
    return w.build(clinic, name=f"Ava {SPELL}", reason=SPELL)


CALENDAR = "webcal://localhost/calendar/"  # opens the calendar of the device


class Live(HTMLParser):
    """What of a page would do something: scripts that are not ours, handlers, foreign addresses, unknown tags."""

    ours = re.compile(r"/static/gen/[\w.]+\.js")

    def __init__(self, html):
        super().__init__()
        self.found, self.words = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag in ("b", "iframe", "object", "embed", "style", "base") or (
            tag == "script" and not self.ours.fullmatch(attrs.get("src", ""))
        ):
            self.found.append(tag)
        self.found += [f"{tag} {name}" for name in attrs if name.startswith("on") or name == "style"]
        for name in ("href", "src", "action"):
            if not (attrs.get(name) or "/").startswith(("/", "#", "mailto:", "tel:", "?", CALENDAR)):
                self.found.append(f"{name}={attrs[name]}")

    def handle_data(self, data):
        self.words += data


def test_no_page_takes_a_text_for_code(clinic, bewitched, as_ava, as_owner):
    pages = 0
    for browser, kind in ((as_ava, "patient"), (as_owner, "staff")):
        for address, answer in w.every_page(browser, bewitched, kind, "everyone"):
            if answer.mimetype == "text/html":
                page = Live(answer.text)
                assert page.found == [], address
                assert not re.search(r"\b49\b", page.words.replace("$49", "")), address
                pages += "{{7*7}}" in page.words
    assert pages > 60, "the texts were not there at all"
    assert broken() == []


def test_no_page_takes_what_came_back_in_a_form_for_code(clinic, world, as_ava, as_owner, nobody):
    for browser, kind in ((as_ava, "patient"), (as_owner, "staff"), (nobody, "everyone")):
        for address, fields in w.every_form(browser, world, kind).items():
            answer = browser.submit(address, **{name: SPELL for name in fields if name != "csrf_token"})
            if answer.status_code in (200, 422):
                assert Live(answer.text).found == [], address


def test_no_text_becomes_a_header_of_a_mail(clinic, bewitched):
    Patient.update(first_name=HEADER, last_name=HEADER, preferred_name=HEADER).execute()
    Clinic.update(name=HEADER, phone="1\r\nBcc: 2").execute()
    Provider.update(name=HEADER).execute()
    Location.update(name=HEADER).execute()
    Plan.update(name=HEADER).execute()
    Delivery.update(because=HEADER).execute()
    kinds, told = set(), bewitched.tasks["pre_treatment"]
    for delivery in Delivery.select():
        try:
            letter = letters.envelope(letters.compose(delivery), delivery)
        except letters.NotNow:
            continue
        kinds.add(delivery.kind)
        read = message_from_bytes(letter.as_bytes(policy=SMTP), policy=SMTP)
        assert read["Bcc"] is None
        assert [it.addr_spec for it in read["To"].addresses] == ["ava@example.com"]
        assert not re.search(r"script|Wrinkle|peel|7\*7", read["Subject"])
        assert "49" not in read.get_body(("plain",)).get_content().split()
        html = read.get_body(("html",))
        assert html is None or set(Live(html.get_content()).found) <= {f"href=http://localhost/tasks/{told.id}"}
        for file in read.iter_attachments():
            assert not re.search(r"(?m)^Bcc:", file.get_content())
    assert kinds > {"booking_confirmed", "pre_treatment", "appointment_cancelled", "charge_receipt"}
