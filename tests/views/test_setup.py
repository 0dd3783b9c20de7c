"""The staff's set-up pages: clinic, locations, providers, policy and plans."""

from datetime import timedelta

import pytest

from clock import local, now
from models import (
    AgreementVersion,
    Appointment,
    Clinic,
    Location,
    Membership,
    Plan,
    Policy,
    Provider,
    TimeOff,
    TrailEntry,
    WorkingHours,
)
from rules import policy

PLACE = {"name": "Soho", "address": "1 Test Street", "phone": "", "directions": "", "time_zone": "America/New_York"}
PLAN = {"name": "Silk", "summary": "", "benefits": "", "price_minor": "50", "period": "month", "agreement": "Pay."}
POLICY = {
    "notice_hours": "24", "fee_kind": "fixed", "fee_value": "60.50", "no_show_kind": "percent",
    "no_show_value": "80", "extra": "",
}  # fmt: skip


@pytest.fixture
def visit(clinic):
    starts_at = (now() + timedelta(days=3)).replace(minute=0, second=0, microsecond=0)
    return Appointment.create(
        patient=clinic.ava,
        service=clinic.peel,
        provider=clinic.dr_lin,
        location=clinic.soho,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        currency="USD",
        request_key="visit",
    )


def fix(answer, *sentences):
    """The same page came back: 422, title and summary say so, and each sentence stands there."""
    assert answer.status_code == 422, answer.text[:500]
    assert "<title>Error: " in answer.text
    assert "There is a problem" in answer.text
    for words in sentences:
        assert words in answer.text


# --- who may ---


def pages(clinic):
    places, people, plans = f"/staff/locations/{clinic.soho.id}", f"/staff/providers/{clinic.dr_lin.id}", clinic.glow.id
    everybody = [
        "/staff/locations",
        "/staff/providers",
        people,
        "/staff/policy",
        "/staff/plans",
        f"/staff/plans/{plans}",
    ]
    hours = ["/staff/providers/new", f"{people}/edit"]
    owner = [
        "/staff/clinic", "/staff/clinic/names", "/staff/locations/new", places, "/staff/policy/draft",
        "/staff/plans/new", f"/staff/plans/{plans}/edit", f"/staff/plans/{plans}/agreement",
    ]  # fmt: skip
    return everybody, hours, owner


def test_everybody_may_read_and_only_those_in_charge_may_change(clinic, as_owner, as_desk, as_nurse, as_ava):
    everybody, hours, owner = pages(clinic)
    for address in everybody:
        for browser in (as_owner, as_desk, as_nurse):
            browser.see(address)
        assert as_ava.get(address).status_code == 403
    for address in hours:
        assert [b.get(address).status_code for b in (as_owner, as_desk, as_nurse)] == [200, 200, 403]
    for address in owner:
        assert [b.get(address).status_code for b in (as_owner, as_desk, as_nurse)] == [200, 403, 403]


def test_nothing_is_changed_by_those_who_may_not(clinic, as_desk, as_nurse):
    for browser, address in (
        (as_desk, "/staff/clinic/names"),
        (as_desk, "/staff/policy"),
        (as_desk, "/staff/policy/withdrawal"),
        (as_desk, f"/staff/plans/{clinic.glow.id}/archive"),
        (as_desk, f"/staff/locations/{clinic.bath.id}/archive"),
        (as_nurse, f"/staff/providers/{clinic.dr_lin.id}/hours"),
        (as_nurse, f"/staff/providers/{clinic.dr_lin.id}/time-off"),
        (as_nurse, f"/staff/providers/{clinic.dr_lin.id}/archive"),
    ):
        assert browser.submit(address, name="Mine").status_code == 403, address
    assert (
        TrailEntry.select().where(TrailEntry.actor_kind == "staff", ~TrailEntry.action.contains("signed")).count() == 0
    )


def test_the_reader_sees_no_button_that_would_refuse_them(clinic, as_nurse):
    for address in pages(clinic)[0]:
        page = as_nurse.see(address)
        for words in ("Archive", "Add a", "Change", "Remove<", "Write a new version"):
            assert words not in page, (address, words)


# --- the clinic ---


def test_a_part_of_the_clinic_is_saved_and_shown(clinic, as_owner, as_ava):
    assert (
        as_owner.submit("/staff/clinic/names", name="Rosewater", tagline="Skin", phone="", email="").status_code == 303
    )
    assert "Rosewater" in as_owner.see("/staff/clinic")
    assert "Rosewater" in as_ava.see("/membership")
    entry = TrailEntry.get(TrailEntry.action == "clinic changed")
    assert entry.details["changes"]["name"] == ["The Test Clinic", "Rosewater"]


def test_the_clinics_name_is_needed_and_what_was_typed_stays(clinic, as_owner):
    answer = as_owner.submit("/staff/clinic/names", name=" ", tagline="Kept", phone="abc", email="nonsense")
    fix(answer, "Enter the clinic’s name", "Enter a phone number like", "Enter an e-mail address like", 'value="Kept"')
    assert Clinic.get().name == "The Test Clinic"


def test_each_bad_link_is_told_beside_its_own_field(clinic, as_owner):
    links = {
        "website_url": "www.example.com",
        "instagram_url": "http://x.example",
        "youtube_url": "javascript:alert(1)",
    }
    answer = as_owner.submit("/staff/clinic/links", **links)
    fix(answer, "Enter the Instagram address in full", "Enter the YouTube address in full", "javascript:alert(1)")
    assert "Enter the Website address" not in answer.text
    assert Clinic.get().website_url == ""
    as_owner.submit("/staff/clinic/links", website_url="www.example.com")
    assert 'href="https://www.example.com"' in as_owner.see("/staff")


@pytest.mark.parametrize("typed", ["", "-1", "1.5", "NaN", "1e3", "99999999999", "١٢x"])
def test_a_number_out_of_bounds_gets_one_sentence_with_the_bounds(clinic, as_owner, typed):
    numbers = {
        "lead_minutes": typed,
        "horizon_days": "90",
        "slot_minutes": "15",
        "grace_minutes": "3",
        "hold_minutes": "10",
    }
    answer = as_owner.submit("/staff/clinic/booking", **numbers)
    fix(answer, "Enter a whole number of minutes from 0 to 20,160")
    assert "Not a valid" not in answer.text
    assert Clinic.get().lead_minutes == 60


def test_the_booking_numbers_are_saved(clinic, as_owner):
    numbers = {"lead_minutes": "0", "horizon_days": "30", "slot_minutes": "30", "grace_minutes": "0"}
    as_owner.submit("/staff/clinic/booking", **numbers, hold_minutes="5", close_gaps="y")
    saved = Clinic.get()
    assert (saved.hold_minutes, saved.close_gaps) == (5, True)
    assert (saved.lead_minutes, saved.horizon_days, saved.slot_minutes, saved.grace_minutes) == (0, 30, 30, 0)


def test_instructions_by_mail_can_be_switched_off_and_on(clinic, as_owner):
    idle = {"patient_idle_minutes": "10", "staff_idle_minutes": "30"}
    as_owner.submit("/staff/clinic/portal", **idle)
    assert Clinic.get().instructions_in_mail is False
    as_owner.submit("/staff/clinic/portal", **idle, instructions_in_mail="y")
    assert Clinic.get().instructions_in_mail is True


def test_a_part_that_does_not_exist_is_not_found(clinic, as_owner):
    assert as_owner.get("/staff/clinic/secrets").status_code == 404
    assert as_owner.submit("/staff/clinic/secrets", name="x").status_code == 404


def test_the_accent_is_checked_saved_and_served(clinic, as_owner, nobody):
    assert nobody.get("/clinic.css").text == ""
    fix(as_owner.submit("/staff/clinic/look", accent="#ffd0d0", currency="USD"), "too light to be read", "#ffd0d0")
    as_owner.submit("/staff/clinic/look", accent="1F4A73", currency="USD")
    answer = nobody.get("/clinic.css?v=1f4a73")
    assert answer.text == ":root{--accent:#1f4a73}\n"
    assert answer.mimetype == "text/css"
    assert "immutable" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    assert nobody.get("/clinic.css?v=000000").headers["Cache-Control"] == "no-cache"
    assert "/clinic.css?v=1f4a73" in nobody.see("/sign-in")


def test_a_currency_that_is_not_offered_is_refused(clinic, as_owner):
    assert as_owner.submit("/staff/clinic/look", accent="", currency="XXX").status_code == 422
    assert Clinic.get().currency == "USD"


# --- locations ---


def test_a_location_is_added_with_its_zone(clinic, as_owner):
    fix(
        as_owner.submit("/staff/locations/new", **{**PLACE, "name": "", "address": "", "time_zone": "Mars"}),
        "Enter a name for this location",
        "Enter the address",
    )
    fix(as_owner.submit("/staff/locations/new", **{**PLACE, "time_zone": "Mars"}), "Choose a time zone from the list")
    assert as_owner.submit("/staff/locations/new", **{**PLACE, "name": "Mayfair"}).status_code == 303
    page = as_owner.see("/staff/locations")
    assert "Mayfair" in page
    assert "Nobody works here yet" in page


def test_a_new_zone_with_visits_ahead_asks_first(clinic, as_owner, visit):
    address, moved = f"/staff/locations/{clinic.soho.id}", {**PLACE, "time_zone": "America/Chicago"}
    assert 'name="sure"' not in as_owner.see(address)
    answer = as_owner.submit(address, **moved)
    fix(answer, "1 visit is booked at Soho. Each stays at the same moment", 'name="sure"')
    assert '<option selected value="America/Chicago">' in answer.text
    assert as_owner.submit(address, **moved, sure="y").status_code == 303
    assert Location.get_by_id(clinic.soho.id).time_zone == "America/Chicago"


def test_archiving_a_location_with_visits_ahead_is_refused_on_its_page(clinic, as_owner, visit):
    fix(as_owner.submit(f"/staff/locations/{clinic.soho.id}/archive"), "1 visit is still ahead at Soho")
    assert as_owner.submit(f"/staff/locations/{clinic.bath.id}/archive").status_code == 303
    assert "Offer it again" in as_owner.see(f"/staff/locations/{clinic.bath.id}")
    as_owner.submit(f"/staff/locations/{clinic.bath.id}/restoration")
    assert Location.get_by_id(clinic.bath.id).archived_at is None


# --- providers ---


def test_a_provider_is_added_and_then_given_hours(clinic, as_desk):
    told = {"title": "Aesthetician", "buffer_before_minutes": "5", "buffer_after_minutes": "10"}
    fix(as_desk.submit("/staff/providers/new", **told, name="", staff="0"), "Enter the provider’s name")
    answer = as_desk.submit("/staff/providers/new", **told, name="Mara Voss", staff=str(clinic.desk.id))
    mara = Provider.get(Provider.name == "Mara Voss")
    assert (mara.buffer_before_minutes, mara.buffer_after_minutes) == (5, 10)
    assert answer.location == f"/staff/providers/{mara.id}"
    assert mara.staff == clinic.desk
    assert "No hours yet" in as_desk.see(answer.location)
    hours = {"weekday": "0", "location": str(clinic.soho.id), "opens": "09:00", "closes": "00:00"}
    assert as_desk.submit(f"{answer.location}/hours", **hours).status_code == 303
    assert "09:00 to 24:00, Soho" in as_desk.see(answer.location)
    assert "Mon 09:00 to 24:00, Soho" in as_desk.see("/staff/providers")


def test_an_account_of_another_provider_cannot_be_chosen(clinic, as_desk):
    answer = as_desk.submit("/staff/providers/new", name="Mara", title="", staff=str(clinic.nurse.id))
    assert answer.status_code == 422
    assert Provider.select().where(Provider.name == "Mara").count() == 0


def test_overlapping_hours_are_refused_with_the_other_stretch(clinic, as_desk):
    address = f"/staff/providers/{clinic.dr_lin.id}"
    hours = {"weekday": "1", "location": str(clinic.bath.id), "opens": "16:00", "closes": "20:00"}
    answer = as_desk.submit(f"{address}/hours", **hours)
    fix(answer, "Dr Lin already works at Soho on Tuesdays from 09:00 to 17:00", 'value="16:00"')
    answer = as_desk.submit(f"{address}/hours", **{**hours, "opens": "nine", "closes": ""})
    fix(answer, "Enter when the work begins, like 09:00", "Enter when the work ends, like 17:00")
    assert "Not a valid" not in answer.text
    fix(as_desk.submit(f"{address}/hours", **{**hours, "opens": "12:00", "closes": "11:00"}), "later than the start")


def test_hours_are_removed_and_the_visits_in_them_told(clinic, as_desk, visit):
    morning = visit.starts_at.replace(hour=15)  # within the hours, whatever the hour of this test
    Appointment.update(starts_at=morning, ends_at=morning + timedelta(hours=1)).execute()
    weekday = local(morning, clinic.soho.time_zone).weekday()
    stretches = WorkingHours.select().where(WorkingHours.provider == clinic.dr_lin)
    address = f"/staff/providers/{clinic.dr_lin.id}/hours"
    for stretch in list(stretches):
        answer = as_desk.submit(f"{address}/{stretch.id}/removal")
        if stretch.weekday == weekday:
            fix(answer, "1 visit would stand outside", "Ava Moreno", f"/staff/appointments/{visit.id}/time")
    [left] = stretches.clone()
    assert left.weekday == weekday
    as_desk.submit(f"{address}/{left.id}/removal", sure="y")
    assert stretches.count() == 0
    assert "No hours yet" in as_desk.see(f"/staff/providers/{clinic.dr_lin.id}")


def test_hours_and_time_off_of_another_provider_are_not_found(clinic, as_desk):
    stretch = WorkingHours.get(WorkingHours.provider == clinic.other_provider)
    assert as_desk.submit(f"/staff/providers/{clinic.dr_lin.id}/hours/{stretch.id}/removal").status_code == 404
    assert as_desk.submit(f"/staff/providers/{clinic.dr_lin.id}/time-off/1/removal").status_code == 404
    assert as_desk.get("/staff/providers/999").status_code == 404


def test_time_off_names_the_visits_inside_before_it_is_saved(clinic, as_desk, visit):
    address = f"/staff/providers/{clinic.dr_lin.id}"
    day = f"{visit.starts_at:%Y-%m-%d}"
    off = {"starts": f"{day}T00:00", "ends": f"{visit.ends_at + timedelta(days=1):%Y-%m-%d}T23:59", "reason": "Course"}
    off["clock"] = str(clinic.bath.id)
    answer = as_desk.submit(f"{address}/time-off", **off)
    fix(answer, "1 visit stands inside this time: Ava Moreno", 'name="sure"', "Course", f'value="{day}T00:00"')
    assert TimeOff.select().count() == 0
    assert as_desk.submit(f"{address}/time-off", **off, sure="y").status_code == 303
    assert "Course" in as_desk.see(address)
    as_desk.submit(f"{address}/time-off/{TimeOff.get().id}/removal")
    assert TimeOff.select().count() == 0


def test_time_off_without_days_says_what_to_enter(clinic, as_desk):
    answer = as_desk.submit(f"/staff/providers/{clinic.dr_lin.id}/time-off", starts="", ends="soon", clock="1")
    fix(answer, "Enter the day and time at which it begins", "Enter the day and time at which it ends")


def test_archiving_a_provider_with_visits_ahead_is_refused_on_the_page(clinic, as_desk, visit):
    fix(as_desk.submit(f"/staff/providers/{clinic.dr_lin.id}/archive"), "1 visit is still ahead with Dr Lin")
    as_desk.submit(f"/staff/providers/{clinic.other_provider.id}/archive")
    page = as_desk.see(f"/staff/providers/{clinic.other_provider.id}")
    assert "Archived: not offered" in page
    assert "Add these hours" not in page
    as_desk.submit(f"/staff/providers/{clinic.other_provider.id}/restoration")
    assert Provider.get_by_id(clinic.other_provider.id).archived_at is None


# --- policy ---


def test_a_policy_is_shown_as_patients_read_it_before_it_is_in_force(clinic, as_owner):
    answer = as_owner.submit("/staff/policy/draft", **POLICY, late_move_costs="y")
    assert answer.status_code == 200
    assert "<strong>24 hours</strong>" in answer.text
    assert "<strong>$60.50</strong>" in answer.text
    assert "80 % of the price" in answer.text
    assert "$320.00" in answer.text  # missed, for an appointment of $400.00
    assert Policy.select().count() == 1
    assert as_owner.submit("/staff/policy", **POLICY, late_move_costs="y").status_code == 303
    written = policy.current()
    told = (written.number, written.notice_hours, written.fee_value, written.no_show_value, written.late_move_costs)
    assert told == (2, 24, 6050, 80, True)
    assert "In force: version 2" in as_owner.see("/staff/policy")


def test_from_the_preview_back_to_the_form_nothing_is_lost(clinic, as_owner):
    typed = {**POLICY, "extra": "Call us.", "late_move_costs": "y"}
    page = as_owner.submit("/staff/policy/draft/return", **typed).text
    for words in ('value="24"', 'value="60.50"', 'value="80"', "Call us."):
        assert words in page
    assert 'name="late_move_costs" id="late_move_costs" value="y" checked' in page


def test_the_same_policy_again_makes_no_version(clinic, as_owner):
    for _ in range(2):
        as_owner.submit("/staff/policy", **POLICY)
    assert Policy.select().count() == 2


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"notice_hours": "721"}, "Enter a whole number of hours from 0 to 720"),
        ({"notice_hours": ""}, "Enter a whole number of hours from 0 to 720"),
        ({"fee_value": "-5"}, "Enter an amount like 50 or 50.00"),
        ({"fee_value": "NaN"}, "Enter an amount like 50 or 50.00"),
        ({"fee_value": "1e9"}, "Enter an amount like 50 or 50.00"),
        ({"fee_value": "999999999"}, "Enter an amount from 0.00 to 100,000.00"),
        ({"fee_value": ""}, "Enter how much; 0 for nothing"),
        ({"no_show_value": "101"}, "Enter a whole percentage from 0 to 100"),
        ({"no_show_value": "12.5"}, "Enter a whole percentage from 0 to 100"),
    ],
)
def test_a_policy_that_makes_no_sense_comes_back_with_a_sentence(clinic, as_owner, wrong, words):
    for address in ("/staff/policy/draft", "/staff/policy"):
        fix(as_owner.submit(address, **{**POLICY, **wrong}), words)
    assert Policy.select().count() == 1


def test_a_policy_can_be_ended_for_new_bookings_and_written_again(clinic, as_owner, as_desk):
    as_owner.submit("/staff/policy", **{**POLICY, "extra": "Call us."})
    as_owner.submit("/staff/policy/withdrawal")
    assert policy.current() is None
    assert "No policy is in force" in as_desk.see("/staff/policy")
    as_owner.submit("/staff/policy/withdrawal")
    assert Policy.select().count() == 3
    page = as_owner.see("/staff/policy/draft")
    assert 'value="60.50"' in page
    assert "Call us." in page


# --- plans ---


def test_a_plan_is_added_with_its_agreement(clinic, as_owner, as_ava):
    answer = as_owner.submit("/staff/plans/new", **PLAN)
    assert answer.status_code == 303
    assert "$50.00 every month" in as_owner.see(answer.location)
    assert "Silk" in as_ava.see("/membership")


@pytest.mark.parametrize("typed", ["", "-1", "NaN", "1e9", "inf", "12.345", "$50", "200000"])
def test_a_price_that_is_none_is_refused(clinic, as_owner, typed):
    answer = as_owner.submit("/staff/plans/new", **{**PLAN, "price_minor": typed, "agreement": "Kept text."})
    fix(answer, "Kept text.")
    assert Plan.select().count() == 1


@pytest.mark.parametrize(("typed", "stored"), [("50", 5000), ("50.5", 5050), (" 1,250.00 ", 125000), ("0", 0)])
def test_a_price_is_stored_in_minor_units(clinic, as_owner, typed, stored):
    as_owner.submit("/staff/plans/new", **{**PLAN, "price_minor": typed})
    assert Plan.get(Plan.name == "Silk").price_minor == stored


def test_a_name_that_is_taken_is_told_beside_the_field(clinic, as_owner):
    fix(as_owner.submit("/staff/plans/new", **{**PLAN, "name": "glow"}), "There is already a plan called Glow")


def test_an_edited_agreement_is_a_new_version_and_both_can_be_read(clinic, as_owner):
    address = f"/staff/plans/{clinic.glow.id}"
    fix(as_owner.submit(f"{address}/agreement", text=" "), "Enter the text that members sign")
    as_owner.submit(f"{address}/agreement", text="## New\r\n\r\nText.")
    page = as_owner.see(address)
    assert "Version 2" in page
    assert "You pay monthly" in page
    assert AgreementVersion.select().count() == 2


def test_a_changed_price_leaves_members_theirs(clinic, as_owner):
    today = now().date()
    Membership.create(
        patient=clinic.ava,
        plan=clinic.glow,
        agreement=AgreementVersion.get(),
        price_minor=9900,
        currency="USD",
        period="month",
        joined_on=today,
        period_starts_on=today,
        next_charge_on=today + timedelta(days=30),
        request_key="m",
    )
    address = f"/staff/plans/{clinic.glow.id}"
    assert "for whoever joins from now on" in as_owner.see(f"{address}/edit")
    changed = {name: PLAN[name] for name in ("name", "summary", "benefits", "period")}
    as_owner.submit(f"{address}/edit", **changed, price_minor="120")
    page = as_owner.see(address)
    assert "$120.00 every month" in page
    assert "$99.00 every month" in page
    assert "Ava Moreno" in page
    as_owner.submit(f"{address}/archive")
    assert "can no longer be joined" in as_owner.see(address)
    as_owner.submit(f"{address}/restoration")
    assert Plan.get_by_id(clinic.glow.id).archived_at is None


# --- all of them ---


def test_signs_that_nobody_sees_never_reach_the_database(clinic, as_owner):
    as_owner.submit("/staff/clinic/names", name="Rose\x07water", tagline="", phone="", email="")
    as_owner.submit("/staff/clinic/notes", important_note="One\r\n\x07two", emergency_words="")
    saved = Clinic.get()
    assert (saved.name, saved.important_note) == ("Rose water", "One\n two")


def test_words_of_staff_are_never_markup(clinic, as_owner, as_ava):
    as_owner.submit("/staff/plans/new", **{**PLAN, "name": "<b>Silk</b>", "benefits": "<script>x</script>"})
    assert "<script>x" not in as_ava.see("/membership")
    assert "&lt;b&gt;Silk&lt;/b&gt;" in as_ava.see("/membership")


def test_a_list_costs_the_same_number_of_queries_for_few_rows_and_for_many(clinic, as_owner, queries):
    def cost(address):
        with queries() as count:
            as_owner.see(address)
        return count()

    few = [cost(address) for address in ("/staff/providers", "/staff/locations", "/staff/plans")]
    for n in range(3):
        place = Location.create(name=f"Place {n}", time_zone="Europe/London")
        provider = Provider.create(name=f"Provider {n}")
        WorkingHours.create(provider=provider, location=place, weekday=n, opens_minute=0, closes_minute=60)
        Plan.create(name=f"Plan {n}", price_minor=1, currency="USD")
    assert [cost(address) for address in ("/staff/providers", "/staff/locations", "/staff/plans")] == few
