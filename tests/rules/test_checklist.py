"""The service checklist: each point there and missing, what is needed and what is advice, and what a list costs."""

from uuid import uuid4

import pytest

from clock import now
from models import (
    Assignment,
    Category,
    CategoryAssignment,
    Clinic,
    Location,
    Paperwork,
    PaperworkVersion,
    Policy,
    Prerequisite,
    Provider,
    Resource,
    ResourceHours,
    ResourceKind,
    Service,
    ServiceNeed,
    ServiceProvider,
    Staff,
    WorkingHours,
)
from rules import checklist


def lacking(service, *levels):
    service = Service.get_by_id(service.id)
    return [line.short for line in checklist.missing(checklist.of([service])[service.id], *levels)]


def needed(service):
    return lacking(service, "bookable", "fit")


def renewed(paper, questions=(), **details):
    PaperworkVersion.create(
        paperwork=paper, number=2, title=paper.name, body="Text", digest=uuid4().hex, questions=list(questions),
        details=details,
    )  # fmt: skip


def test_a_service_with_all_of_it_is_fit(clinic):
    assert needed(clinic.botox) == []
    assert checklist.bookable_words(clinic.botox) == "It can be booked."
    assert lacking(clinic.botox, "advice") == ["no safety question"]


def test_a_service_without_paperwork_is_bookable_and_not_fit(clinic):
    assert lacking(clinic.peel, "bookable") == []
    assert needed(clinic.peel) == ["no questionnaire", "no consent"]
    assert lacking(clinic.peel, "advice") == ["no pre-treatment instructions", "no post-treatment instructions"]


def test_without_a_provider_hours_or_a_place_nobody_finds_a_time(clinic):
    Location.update(archived_at=now()).where(Location.id == clinic.soho.id).execute()
    assert lacking(clinic.peel, "bookable") == ["the location of those hours is closed"]
    WorkingHours.delete().where(WorkingHours.provider == clinic.dr_lin).execute()
    assert lacking(clinic.peel, "bookable") == ["nobody who performs it has weekly hours"]
    words = "It cannot be booked yet: nobody who performs it has weekly hours."
    assert checklist.bookable_words(clinic.peel) == words
    Provider.update(archived_at=now()).where(Provider.id == clinic.dr_lin.id).execute()
    assert lacking(clinic.peel, "bookable") == ["nobody performs it"]
    assert lacking(clinic.botox, "bookable") == [], "somebody else performs that one"


def test_paperwork_by_category_counts_and_archived_paperwork_does_not(clinic):
    CategoryAssignment.create(category=clinic.peel.category, paperwork=clinic.history)
    assert needed(clinic.peel) == ["no consent"]
    Paperwork.update(archived_at=now()).where(Paperwork.id == clinic.history.id).execute()
    assert needed(clinic.peel) == ["no questionnaire", "no consent"]


def test_a_counter_signature_needs_a_provider_who_signs_in(clinic):
    renewed(clinic.consent, provider=True)
    assert needed(clinic.botox) == []
    Staff.update(archived_at=now()).where(Staff.id == clinic.nurse.id).execute()
    assert needed(clinic.botox) == ["nobody who performs it can counter-sign"]
    Staff.update(archived_at=None, role="desk").where(Staff.id == clinic.nurse.id).execute()
    assert needed(clinic.botox) == ["nobody who performs it can counter-sign"]
    Staff.update(role="provider").where(Staff.id == clinic.nurse.id).execute()
    ServiceProvider.delete().where(ServiceProvider.provider == clinic.other_provider).execute()
    assert needed(clinic.botox) == ["nobody who performs it can counter-sign"]


def test_who_is_worried_afterwards_must_read_whom_to_call(clinic):
    Clinic.update(phone="").execute()
    assert needed(clinic.botox) == ["nowhere to call when worried"]
    Clinic.update(emergency_words="Call 911.").execute()
    assert needed(clinic.botox) == []
    Clinic.update(emergency_words="").execute()
    Assignment.delete().where(Assignment.paperwork == clinic.after).execute()
    assert needed(clinic.botox) == []


def test_a_worried_check_in_must_reach_somebody_by_e_mail(clinic):
    Clinic.update(email="").execute()
    assert needed(clinic.botox) == [], "nobody checks in after that"
    step = {"key": "s", "title": "Next day", "body": "Rest.", "delay_minutes": 1080, "check_in": True}
    renewed(clinic.after, steps=[step])
    assert needed(clinic.botox) == ["no e-mail for worried check-ins"]
    Clinic.update(email="hello@example.com").execute()
    assert needed(clinic.botox) == []
    lines = checklist.of([clinic.botox])[clinic.botox.id]
    assert "A worried check-in reaches somebody by e-mail" in [line.words for line in lines]


def test_price_policy_and_safety_are_advice(clinic):
    Service.update(price_minor=0).where(Service.id == clinic.botox.id).execute()
    Policy.create(
        number=2, text="None", notice_hours=0, fee_kind="fixed", fee_value=0, no_show_kind="fixed", no_show_value=0,
        active=False, digest="x",
    )  # fmt: skip
    assert lacking(clinic.botox, "advice") == ["no price", "no policy", "no safety question"]
    renewed(clinic.history, [{"key": "pregnant", "label": "Pregnant?", "type": "yes_no", "safety": True}])
    assert lacking(clinic.botox, "advice") == ["no price", "no policy"]
    assert needed(clinic.botox) == []


def test_each_line_says_where_to_see_to_it(clinic):
    for line in checklist.of([clinic.peel])[clinic.peel.id]:
        assert line.href.startswith("/staff/")
        assert line.level in checklist.LEVELS


def test_what_is_not_fit_is_told_by_name_and_archived_services_are_not(clinic):
    assert checklist.unfit() == [(clinic.peel.id, "Light peel", "no questionnaire, no consent")]
    Service.update(archived_at=now()).where(Service.id == clinic.peel.id).execute()
    assert checklist.unfit() == []


@pytest.mark.parametrize("number", [0, 20])
def test_a_list_of_many_costs_as_much_as_a_list_of_one(clinic, queries, number):
    for each in range(number):
        more = Service.create(category=Category.get(), name=f"More {each}", duration_minutes=30)
        ServiceProvider.create(service=more, provider=clinic.dr_lin)
        Assignment.create(service=more, paperwork=clinic.history)
    services = list(Service.select())
    with queries() as count:
        assert len(checklist.of(services)) == number + 2
    assert count() == 11


# --- how it is scheduled ---


def laser(clinic, place=None, **hours):
    kind = ResourceKind.get_or_none() or ResourceKind.create(name="Laser")
    ServiceNeed.get_or_create(service=clinic.peel, kind=kind)
    if place is None:
        return None
    made = Resource.create(kind=kind, location=place, name="Laser 1")
    if hours:
        ResourceHours.create(resource=made, weekday=0, **hours)
    return made


def test_a_needed_device_must_stand_where_somebody_performs_it(clinic):
    laser(clinic)
    assert lacking(clinic.peel, "bookable") == ["no “Laser” where somebody performs it"]
    made = laser(clinic, clinic.bath)
    assert lacking(clinic.peel, "bookable") == ["no “Laser” where somebody performs it"]
    Resource.update(location=clinic.soho).execute()
    assert lacking(clinic.peel, "bookable") == []
    Resource.update(archived_at=now()).where(Resource.id == made.id).execute()
    assert lacking(clinic.peel, "bookable") == ["no “Laser” where somebody performs it"]


def test_its_own_hours_must_leave_the_time_that_the_service_takes(clinic):
    laser(clinic, clinic.soho, opens_minute=16 * 60 + 1, closes_minute=20 * 60)
    assert lacking(clinic.peel, "bookable") == ["a “Laser” never long enough"]
    ResourceHours.update(opens_minute=16 * 60).execute()
    assert lacking(clinic.peel, "bookable") == []


def test_somebody_must_work_as_long_as_it_takes(clinic):
    Service.update(duration_minutes=8 * 60 + 5).where(Service.id == clinic.peel.id).execute()
    assert lacking(clinic.peel, "bookable") == ["nobody works long enough for it"]
    Service.update(duration_minutes=8 * 60).where(Service.id == clinic.peel.id).execute()
    assert lacking(clinic.peel, "bookable") == []


def test_what_comes_first_must_be_bookable_itself(clinic):
    Prerequisite.create(service=clinic.peel, needs=clinic.botox, within_days=30)
    assert lacking(clinic.peel, "bookable") == []
    Service.update(online=False).where(Service.id == clinic.botox.id).execute()
    assert "“Wrinkle relaxing” not online" in lacking(clinic.peel, "advice")
    Service.update(archived_at=now()).where(Service.id == clinic.botox.id).execute()
    assert lacking(clinic.peel, "bookable") == ["“Wrinkle relaxing” cannot be booked"]
    Service.update(archived_at=None).where(Service.id == clinic.botox.id).execute()
    ServiceProvider.delete().where(ServiceProvider.service == clinic.botox).execute()
    assert lacking(clinic.peel, "bookable") == ["“Wrinkle relaxing” cannot be booked"]
