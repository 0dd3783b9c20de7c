"""What the letters say, and when they must not go."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import policy as mail_policy

import pytest
import time_machine

import settings
from clock import now
from database import write_tx
from models import AgreementVersion, Appointment, Clinic, Delivery, LoginCode, PaperworkVersion, Patient
from rules import charging, codes, letters, memberships, outbox, scheduling, searching, sending
from rules.actor import Actor

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECRETS = ("wrinkle", "alcohol", "upright", "filler")  # what nobody may read over a shoulder


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as travel:
        yield travel


@pytest.fixture
def ava(clinic):
    return Actor("patient", clinic.ava.id, clinic.ava.name)


@pytest.fixture
def desk(clinic):
    return Actor("staff", clinic.desk.id, clinic.desk.name)


@pytest.fixture
def visit(clinic, ava):
    """Ava's visit in four days, at half past two in New York."""
    starts_at = datetime(2026, 3, 6, 19, 30, tzinfo=UTC)
    return scheduling.book(
        clinic.ava, clinic.botox, provider=clinic.dr_lin, location=clinic.soho, starts_at=starts_at,
        by=ava, request_key="k1", policy=clinic.policy,
    )  # fmt: skip


def message(kind):
    return Delivery.select().where(Delivery.kind == kind).order_by(Delivery.id.desc()).get()


def letter(kind):
    return letters.compose(message(kind))


def refused(kind):
    with pytest.raises(letters.NotNow) as no:
        letter(kind)
    return no.value


def test_a_confirmation_says_when_where_with_whom_and_until_when_it_is_free(clinic, visit):
    written = letter("booking_confirmed")
    assert written.to == "ava@example.com"
    assert written.subject == "Your appointment on Fri 6 Mar 2026 is booked"
    assert "Hello Ava," in written.text
    assert "When: Fri 6 Mar 2026, 14:30 EST\nWith: Dr Lin\nWhere: Soho, 1 Test Street, New York\n" in written.text
    assert "Free to cancel until Wed 4 Mar 2026, 14:30 EST, then $50.00." in written.text
    assert "2 papers need you" in written.text
    assert f"http://localhost/appointments/{visit.id}" in written.text
    assert "Why you get this e-mail: You booked this visit." in written.text
    assert "The Test Clinic · 212-555-0100" in written.text


def test_a_confirmation_carries_the_visit_for_the_calendar(clinic, visit):
    delivery = message("booking_confirmed")
    mail = letters.envelope(letters.compose(delivery), delivery)
    [file] = mail.iter_attachments()
    assert file.get_content_type() == "text/calendar"
    assert file["Content-Type"].params["method"] == "REQUEST"
    assert b"DTSTART:20260306T193000Z" in file.get_content().encode()


def test_no_subject_and_no_ordinary_text_tells_of_the_treatment(clinic, visit, ava, clock):
    Clinic.update(instructions_in_mail=False).execute()
    opening = searching.free_times(
        clinic.botox, provider=clinic.dr_lin, since=NOON + timedelta(days=1), until=NOON + timedelta(days=3)
    )[0]
    scheduling.move(visit, starts_at=opening.starts_at, provider=clinic.dr_lin, location=clinic.soho, by=ava)
    written = [letter(kind) for kind in ("booking_confirmed", "pre_treatment", "appointment_moved")]
    visit = Appointment.get_by_id(visit.id)
    with time_machine.travel(visit.ends_at + timedelta(hours=2), tick=False):
        written.append(letter("post_treatment"))
    clock.move_to(visit.starts_at - timedelta(hours=1))
    scheduling.cancel(visit, by=ava)
    written += [letter("appointment_cancelled"), letter("charge_receipt")]
    for one in written:
        files = "".join(file.content.decode() for file in one.attachments)
        told = " ".join((one.subject, one.text, one.html, files)).lower()
        assert not [word for word in SECRETS if word in told], one.subject


def test_instructions_come_as_text_and_as_a_page_where_the_clinic_wants_it(clinic, visit):
    written = letter("pre_treatment")
    assert "wrinkle" not in written.subject
    assert "## Before wrinkle relaxing\n\nNo alcohol for 24 hours." in written.text
    assert "<h2>Before wrinkle relaxing</h2>" in written.html
    Clinic.update(instructions_in_mail=False).execute()
    written = letter("pre_treatment")
    assert "/tasks/" in written.text
    assert not written.html


def test_staffs_words_are_never_a_template_and_their_html_is_cleaned(clinic, visit):
    PaperworkVersion.create(
        paperwork=clinic.before, number=2, title="T", digest="d",
        body="{{ clinic.email }} {% raw %} <script>alert(1)</script> [x](javascript:alert(1))",
    )  # fmt: skip
    written = letter("pre_treatment")
    assert "{{ clinic.email }} {% raw %}" in written.text
    assert "<script" not in written.html
    assert 'href="javascript' not in written.html


def test_aftercare_waits_for_its_delay_and_follows_a_later_visit(clinic, visit):
    delivery = message("post_treatment")
    assert delivery.due_at == visit.ends_at + timedelta(minutes=120)
    with time_machine.travel(delivery.due_at, tick=False):
        assert "Stay upright for four hours." in letter("post_treatment").text
        Appointment.update(starts_at=now(), ends_at=now() + timedelta(minutes=30)).execute()
        no = refused("post_treatment")
        assert (no.status, no.due_at) == ("waiting", now() + timedelta(minutes=150))
        sending.send_due()
        assert (message("post_treatment").status, message("post_treatment").due_at) == ("waiting", no.due_at)


@pytest.mark.parametrize("kind", ["booking_confirmed", "pre_treatment", "post_treatment"])
@pytest.mark.parametrize("status", ["cancelled", "missed"])
def test_a_visit_that_is_off_brings_no_letter_even_if_its_message_is_still_there(clinic, visit, kind, status):
    Appointment.update(status=status, closed_at=now()).execute()
    no = refused(kind)
    assert (no.status, no.reason) == ("skipped", f"The appointment was {status}")


def test_what_should_have_come_before_the_visit_does_not_come_after_it_began(clinic, visit, clock):
    clock.move_to(visit.starts_at)
    assert "had begun" in refused("booking_confirmed").reason
    assert "had begun" in refused("pre_treatment").reason


def test_a_moved_visit_says_both_times(clinic, visit, desk):
    scheduling.move(
        visit, starts_at=visit.starts_at + timedelta(hours=1), provider=clinic.dr_lin, location=clinic.soho, by=desk
    )
    written = letter("appointment_moved")
    assert "When: Fri 6 Mar 2026, 15:30 EST" in written.text
    assert "It was on Fri 6 Mar 2026, 14:30 EST." in written.text
    assert [file.method for file in written.attachments] == ["REQUEST"]


def test_a_cancelled_visit_says_what_it_cost(clinic, visit, ava, clock):
    clock.move_to(visit.starts_at - timedelta(hours=2))
    scheduling.cancel(visit, by=ava)
    written = letter("appointment_cancelled")
    assert "the fee of $50.00 applies" in written.text
    assert [file.method for file in written.attachments] == ["CANCEL"]
    receipt = letter("charge_receipt")
    assert "This is for a late cancellation." in receipt.text
    assert "Amount: $50.00" in receipt.text
    assert "It is owed." in receipt.text


def test_a_visit_that_was_cancelled_in_time_says_that_it_cost_nothing(clinic, visit, ava):
    scheduling.cancel(visit, by=ava)
    assert "Cancelling cost you nothing." in letter("appointment_cancelled").text


def test_a_receipt_tells_what_stands_when_it_is_written(clinic, visit, ava, desk, clock):
    clock.move_to(visit.starts_at - timedelta(hours=2))
    charge = scheduling.cancel(visit, by=ava)
    charging.waive(charge, desk, "first time")
    assert "you need not pay anything" in letter("charge_receipt").text


def test_a_code_stands_in_the_text_and_never_in_the_subject(clinic):
    code = codes.ask_code("ava@example.com", "signin", "browser", patient=clinic.ava)
    written = letter("code_signin")
    assert written.subject == "Your sign-in code"
    assert f"\n{codes.digits_of(code)}\n" in written.text


def test_a_code_that_ran_out_or_was_used_is_not_sent(clinic, clock):
    codes.ask_code("new@example.com", "register", "browser")
    assert "Hello,\n" in letter("code_register").text
    LoginCode.update(used_at=now()).execute()
    assert "was used" in refused("code_register").reason
    LoginCode.update(used_at=None).execute()
    clock.shift(timedelta(minutes=10))
    assert "ran out" in refused("code_register").reason


def test_without_an_address_it_is_held(clinic, visit):
    Patient.update(email=None).execute()
    no = refused("booking_confirmed")
    assert (no.status, no.reason) == ("held", "The patient has no e-mail address")


def test_who_wants_no_care_messages_gets_no_instructions_but_still_learns_of_visits(clinic, visit):
    Patient.update(care_by_email=False).execute()
    no = refused("pre_treatment")
    assert (no.status, no.reason) == ("skipped", "The patient asked for no instructions by e-mail")
    assert letter("booking_confirmed").to == "ava@example.com"


def test_an_archived_patient_gets_nothing(clinic, visit):
    Patient.update(archived_at=now()).execute()
    assert refused("booking_confirmed").status == "skipped"


def test_a_letter_goes_to_the_address_of_the_moment_unless_it_names_one(clinic, visit):
    with write_tx():
        outbox.put("email_changed", "changed", dedupe="c", patient=clinic.ava, address="old@example.com")
    Patient.update(email="newer@example.com").where(Patient.id == clinic.ava.id).execute()
    assert letter("booking_confirmed").to == "newer@example.com"
    assert letter("email_changed").to == "old@example.com"


@pytest.mark.parametrize("name", ["Ava\r\nBcc: x@example.com", 'Ava" <x@example.com>, "', "Ava\nSubject: hi"])
def test_no_name_becomes_a_header(clinic, visit, name):
    Patient.update(first_name=name, preferred_name="").execute()
    Clinic.update(name=name).execute()
    delivery = message("booking_confirmed")
    mail = letters.envelope(letters.compose(delivery), delivery)
    assert "Bcc" not in mail
    assert mail.get_all("Subject") == ["Your appointment on Fri 6 Mar 2026 is booked"]
    assert [address.addr_spec for address in mail["To"].addresses] == ["ava@example.com"]
    assert b"\nBcc:" not in mail.as_bytes(policy=mail_policy.SMTP)


def test_an_address_that_no_letter_can_carry_fails_with_a_reason(clinic, visit):
    delivery = message("booking_confirmed")
    written = replace(letters.compose(delivery), to="not an address")
    with pytest.raises(letters.NotNow) as no:
        letters.envelope(written, delivery)
    assert no.value.status == "failed"


def test_a_letter_has_its_message_id_and_says_that_a_machine_wrote_it(clinic, visit):
    delivery = message("booking_confirmed")
    mail = letters.envelope(letters.compose(delivery), delivery)
    assert mail["Message-ID"] == delivery.message_id
    assert mail["Auto-Submitted"] == "auto-generated"
    assert str(mail["From"]) == "The Test Clinic <hello@example.com>"


def test_the_sender_can_be_another_address_than_the_clinics(clinic, visit):
    kept = settings.current()
    settings.use(replace(kept, mail_from="Portal <portal@example.com>"))
    try:
        delivery = message("booking_confirmed")
        mail = letters.envelope(letters.compose(delivery), delivery)
        assert [address.addr_spec for address in mail["From"].addresses] == ["portal@example.com"]
    finally:
        settings.use(kept)


def test_a_new_member_reads_price_and_next_charge(clinic, ava):
    agreement = AgreementVersion.get(AgreementVersion.plan == clinic.glow)
    memberships.join(
        clinic.ava, clinic.glow, agreement, ava, "m1",
        price=memberships.price_words(clinic.glow), method="typed", signer_name="Ava Moreno",
    )  # fmt: skip
    written = letter("membership_joined")
    assert "Price: $99.00 every month" in written.text
    assert "Next charge: 2 April 2026" in written.text
    memberships.leave(message("membership_joined").membership, ava)
    assert "runs until 1 April 2026" in letter("membership_ended").text


def test_every_kind_has_a_text_and_a_name_for_staff():
    texts = {path.stem for path in letters.TEXTS.glob("[!_]*.txt")}
    assert texts == set(letters.FACTS) == set(outbox.KIND_WORDS)


def test_every_kind_of_letter_has_its_text_its_facts_and_its_words():
    """Who adds partials/mail/<kind>.txt is told what else it needs."""
    texts = {path.stem for path in letters.TEXTS.glob("[!_]*.txt")}
    assert texts == set(letters.FACTS), "rules/letter_facts.py: FACTS says what each text names"
    assert texts == set(outbox.KIND_WORDS), "rules/outbox.py: KIND_WORDS says what staff read"
