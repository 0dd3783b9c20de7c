"""The clinic's details, its locations and its plans."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from clock import now
from database import db, is_sqlite
from models import AgreementVersion, Appointment, Clinic, Location, Membership, Occupancy, Plan, Policy, TrailEntry
from rules import clinic as details
from rules import locations, plans
from rules.actor import Actor
from rules.refused import Refused

TOKENS = (Path(__file__).parents[2] / "static" / "css" / "tokens.css").read_text()


@pytest.fixture
def owner(clinic):
    return Actor("staff", clinic.owner.id, clinic.owner.name)


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


def test_the_currency_stands_once_an_amount_was_named_in_it(clinic, owner):
    with pytest.raises(Refused, match="in USD") as no:
        details.change(owner, currency="JPY", name="Another name")
    assert no.value.field == "currency"
    assert (Clinic.get().currency, Clinic.get().name) == ("USD", "The Test Clinic")
    details.change(owner, currency="USD", name="Another name")
    assert Clinic.get().name == "Another name"


@pytest.mark.parametrize("kept", [None, Policy, Plan, Appointment])
def test_a_new_clinic_may_still_choose_its_currency(clinic, owner, visit, kept):
    for table in ("policy", "agreement_version"):
        on = "_delete" if is_sqlite() else f" ON {table}"
        db.execute_sql(f"DROP TRIGGER {table}_frozen{on}")
    AgreementVersion.delete().execute()
    Occupancy.delete().execute()
    for table in {Policy, Plan, Appointment} - {kept}:
        table.delete().execute()
    if kept is None:
        assert details.change(owner, currency="EUR").currency == "EUR"
    else:
        with pytest.raises(Refused):
            details.change(owner, currency="EUR")


def told(action):
    return [entry.details for entry in TrailEntry.select().where(TrailEntry.action == action)]


# --- details ---


def test_a_change_keeps_in_the_trail_what_stood_there_before(clinic, owner):
    details.change(owner, name="New Name", phone="212-555-0100")
    assert Clinic.get().name == "New Name"
    assert told("clinic changed") == [{"changes": {"name": ["The Test Clinic", "New Name"]}}]


def test_saving_what_is_there_already_changes_nothing(clinic, owner):
    details.change(owner, name="The Test Clinic")
    assert told("clinic changed") == []


def test_a_clinic_that_nobody_has_set_up_gets_its_row(clinic, owner):
    Clinic.delete().execute()
    details.change(owner, name="First")
    assert Clinic.get().name == "First"


def test_a_clinic_begins_once_and_never_loses_what_was_filled_in(clinic):
    details.begin()
    assert Clinic.get().name == "The Test Clinic"
    Clinic.delete().execute()
    details.begin()
    assert Clinic.get_by_id(1).slot_minutes == 15


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("https://www.example.com/clinic?x=1#top", "https://www.example.com/clinic?x=1#top"),
        (" www.example.com ", "https://www.example.com"),
        ("instagram.com/the.clinic/", "https://instagram.com/the.clinic/"),
        ("https://m.me/clinic", "https://m.me/clinic"),
    ],
)
def test_a_link_is_stored_as_an_https_address(typed, stored):
    assert details.checked_link(typed, "Website") == stored


@pytest.mark.parametrize(
    "typed",
    [
        "http://example.com",
        "javascript:alert(1)",
        "data:text/html,hi",
        "//example.com",
        "https://",
        "https://localhost",
        "https://user:word@example.com",
        "https://example.com:8443/",
        "https://example.com:port/",
        "https://exa mple.com",
        'https://example.com/"onclick=',
        "https://example.com/<script>",
        "https://example.com\\@evil.example",
        "https://ex\u00e4mple.com",
        "https://[::1",
        "nonsense",
        "https://example.com/\u0000",
    ],
)
def test_anything_but_a_plain_https_address_is_refused(typed):
    with pytest.raises(Refused, match="Enter the Website address"):
        details.checked_link(typed, "Website")


def test_a_rule_refuses_a_bad_link_beside_its_field(clinic, owner):
    with pytest.raises(Refused) as no:
        details.change(owner, facebook_url="http://facebook.com/clinic")
    assert no.value.field == "facebook_url"
    assert Clinic.get().facebook_url == ""


@pytest.mark.parametrize("typed", ["#643049", "1f4a73", "#000000", " #2F5730 "])
def test_an_accent_that_reads_is_stored_in_one_spelling(clinic, owner, typed):
    details.change(owner, accent=typed)
    assert re.fullmatch(r"#[0-9a-f]{6}", Clinic.get().accent)


@pytest.mark.parametrize("typed", ["#ffffff", "#c08040", "#767676", "#e0b0a0"])
def test_an_accent_too_light_for_the_paper_is_refused_with_its_contrast(clinic, owner, typed):
    with pytest.raises(Refused, match=r"contrast is \d\.\d to 1") as no:
        details.change(owner, accent=typed)
    assert no.value.field == "accent"


@pytest.mark.parametrize("typed", ["plum", "#12345", "#1234567", "red;}", "#12g456", "}body{"])
def test_what_is_no_colour_is_refused(typed):
    with pytest.raises(Refused, match="Enter a colour like"):
        details.checked_accent(typed)


def test_the_contrast_is_that_of_the_standard():
    assert details._contrast(details._rgb("#000000"), details._rgb("#ffffff")) == pytest.approx(21)
    assert details._contrast(details._rgb("#777777"), details._rgb("#ffffff")) == pytest.approx(4.478, abs=0.001)


def test_the_colours_that_an_accent_is_checked_against_are_those_of_the_style_sheet():
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", half)) for half in TOKENS.split("scheme: dark")[:2])
    assert (light["paper"], light["linen"], light["sheet"]) == details.LIGHT_GROUNDS
    assert (dark["paper"], dark["linen"], dark["sheet"]) == details.DARK_GROUNDS
    assert (light["on-accent"], dark["on-accent"]) == (details.LIGHT_WORDS, details.DARK_WORDS)
    assert f"oklch(from var(--accent) {details.LIFT:.2f} calc(c * {details.FADE})".replace("0.", ".") in TOKENS
    shares = re.findall(r"--accent-wash: color-mix\(in srgb, var\(--accent(?:-ink)?\) (\d+)%", TOKENS)
    assert [int(share) / 100 for share in shares] == [details.WASH_LIGHT, details.WASH_DARK]


@pytest.mark.parametrize("typed", ["call us", "12", "1" * 20, "<b>123456</b>"])
def test_a_phone_number_that_cannot_be_dialled_is_refused(clinic, owner, typed):
    with pytest.raises(Refused) as no:
        details.change(owner, phone=typed)
    assert no.value.field == "phone"


# --- locations ---

PLACE = {"name": "Mayfair", "address": "3 Row", "phone": "", "directions": "", "time_zone": "Europe/London"}


def test_a_location_is_added_and_told(clinic, owner):
    place = locations.add(owner, **PLACE)
    assert Location.get_by_id(place.id).time_zone == "Europe/London"
    assert told("location added") == [{"name": "Mayfair", "time_zone": "Europe/London"}]


def test_a_time_zone_that_is_none_is_refused(clinic, owner):
    with pytest.raises(Refused) as no:
        locations.add(owner, **{**PLACE, "time_zone": "Mars/Olympus"})
    assert no.value.field == "time_zone"


def test_a_new_time_zone_asks_first_when_visits_are_ahead_and_leaves_their_moment(clinic, owner, visit):
    told_now = {name: getattr(clinic.soho, name) for name in PLACE} | {"time_zone": "America/Chicago"}
    with pytest.raises(Refused, match="1 visit is booked at Soho") as no:
        locations.change(clinic.soho, owner, **told_now)
    assert no.value.field == "sure"
    assert Location.get_by_id(clinic.soho.id).time_zone == "America/New_York"
    locations.change(clinic.soho, owner, sure=True, **told_now)
    assert Location.get_by_id(clinic.soho.id).time_zone == "America/Chicago"
    assert Appointment.get().starts_at == visit.starts_at
    assert told("location changed") == [{"changes": {"time_zone": ["America/New_York", "America/Chicago"]}}]


def test_a_new_time_zone_without_visits_asks_nothing(clinic, owner):
    told_now = {name: getattr(clinic.soho, name) for name in PLACE} | {"time_zone": "America/Chicago"}
    assert locations.change(clinic.soho, owner, **told_now).time_zone == "America/Chicago"


def test_a_location_with_visits_ahead_and_the_last_one_cannot_be_archived(clinic, owner, visit):
    with pytest.raises(Refused, match="1 visit is still ahead at Soho"):
        locations.archive(clinic.soho, owner)
    locations.archive(clinic.bath, owner)
    Appointment.update(status="cancelled").execute()
    with pytest.raises(Refused, match="the only location"):
        locations.archive(clinic.soho, owner)
    locations.restore(clinic.bath, owner)
    locations.archive(clinic.soho, owner)
    assert [p.name for p in locations.all_of_them()] == ["Bath", "Soho"]


def test_the_time_zones_to_choose_from_are_real_ones_and_hold_the_present_one():
    listed = [name for names in locations.zones("US/Eastern").values() for name, _ in names]
    assert {"America/New_York", "Europe/London", "Australia/Lord_Howe", "US/Eastern"} <= set(listed)
    assert len(listed) == len(set(listed))


# --- plans ---

SILK = {"name": "Silk", "summary": "", "benefits": "", "price_minor": 1000, "period": "year"}


def test_a_plan_comes_with_the_first_version_of_its_agreement(clinic, owner):
    plan = plans.add(owner, **SILK, agreement="You pay yearly.")
    assert [v.text for v in plan.agreements] == ["You pay yearly."]
    assert plan.currency == "USD"


def test_an_edited_agreement_is_a_new_version_and_the_same_text_is_none(clinic, owner):
    assert plans.write_agreement(clinic.glow, owner, "New.").number == 2
    assert plans.write_agreement(clinic.glow, owner, " New. ").number == 2
    assert [v.number for v in clinic.glow.agreements] == [1, 2]


def test_two_plans_cannot_have_one_name(clinic, owner):
    with pytest.raises(Refused) as no:
        plans.add(owner, **{**SILK, "name": "GLOW"}, agreement="x")
    assert no.value.field == "name"
    plans.change(clinic.glow, owner, **{**SILK, "name": "Glow"})


def test_the_list_of_plans_counts_the_members_in_one_query(clinic, owner, queries):
    for n, patient in enumerate((clinic.ava, clinic.ben)):
        Membership.create(
            patient=patient,
            plan=clinic.glow,
            agreement=clinic.glow.agreements.get(),
            price_minor=1,
            currency="USD",
            period="month",
            joined_on=now().date(),
            period_starts_on=now().date(),
            next_charge_on=now().date() + timedelta(days=30),
            request_key=str(n),
            status="active" if n else "ended",
        )
    with queries() as count:
        assert [(p.name, p.members) for p in plans.all_of_them()] == [("Glow", 1)]
    assert count() == 1
    assert [m.patient.name for m in plans.members_of(clinic.glow)] == ["Ben Okafor"]


def test_a_changed_price_is_told_with_the_old_one(clinic, owner):
    plans.change(clinic.glow, owner, name="Glow", summary="", benefits="", price_minor=12000, period="month")
    assert told("plan changed")[0]["changes"]["price_minor"] == [9900, 12000]
