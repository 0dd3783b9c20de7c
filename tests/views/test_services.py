"""Services: who may change them, what is warned about, and what a booking gets."""

import re

from models import Assignment, Category, Prerequisite, Service, ServiceProvider, TrailEntry, WorkingHours


def form(clinic, **differs):
    facts = {
        "name": "Laser glow", "category": Category.get(Category.name == "Skin").id, "new_category": "",
        "summary": "A quiet hour.", "duration_minutes": "45", "buffer_minutes": "15", "price": "250.00",
        "providers": [clinic.dr_lin.id], "papers_questionnaire": [clinic.history.id],
        "papers_post_treatment": [clinic.after.id], "buffer_before_minutes": "0", "parallel": "1",
        "patients": "everybody", "online": "y", "self_cancel": "y", "self_move": "y",
    }  # fmt: skip
    return {**facts, **differs}


def test_the_list_warns_of_a_service_with_nothing_assigned(clinic, as_desk):
    page = as_desk.see("/staff/services")
    rows = {row: "Nothing assigned" in row for row in re.findall(r"<tr>.*?</tr>", page, re.S)}
    assert [warned for row, warned in rows.items() if "Light peel" in row] == [True]
    assert [warned for row, warned in rows.items() if "Wrinkle relaxing" in row] == [False]
    assert "No questionnaire is assigned" in as_desk.see(f"/staff/services/{clinic.peel.id}")


def test_the_list_shows_a_service_that_needs_another_first(clinic, as_desk):
    Prerequisite.create(service=clinic.botox, needs=clinic.peel, at_least_hours=24, within_days=90)
    assert "Wrinkle relaxing" in as_desk.see("/staff/services")


def test_the_list_costs_the_same_for_two_services_and_for_twelve(clinic, as_desk, queries):
    with queries() as few:
        as_desk.see("/staff/services")
    for number in range(10):
        Service.create(category=1, name=f"More {number}", duration_minutes=30)
    with queries() as many:
        as_desk.see("/staff/services")
    assert few() == many()


def test_the_desk_adds_a_service_with_people_and_paperwork(clinic, as_desk):
    answer = as_desk.submit("/staff/services/new", **form(clinic))
    assert answer.status_code == 303, answer.text
    made = Service.get(Service.name == "Laser glow")
    assert (made.duration_minutes, made.buffer_minutes, made.price_minor) == (45, 15, 25000)
    assert {row.paperwork_id for row in made.assignments} == {clinic.history.id, clinic.after.id}
    assert [row.provider_id for row in made.performed_by] == [clinic.dr_lin.id]
    said = {entry.action for entry in TrailEntry.select().where(TrailEntry.subject == f"service {made.id}")}
    assert said == {"service added", "providers changed", "assignments changed"}


def test_a_new_category_can_be_written_and_an_existing_one_is_found(clinic, as_owner):
    as_owner.submit("/staff/services/new", **form(clinic, category="0", new_category="Laser"))
    as_owner.submit("/staff/services/new", **form(clinic, name="Other", category="0", new_category="laser "))
    assert {it.category.name for it in Service.select().where(Service.name.in_(["Laser glow", "Other"]))} == {"Laser"}


def test_a_name_is_the_same_name_however_it_is_typed(clinic, as_owner):
    for name, shelf in (("Première", "Éclat"), ("Seconde", "ÉCLAT"), ("Troisième", "éclat")):
        answer = as_owner.submit("/staff/services/new", **form(clinic, name=name, new_category=shelf))
        assert answer.status_code == 303, answer.text
    assert Category.select().where(Category.name.in_(["Éclat", "ÉCLAT", "éclat"])).count() == 1
    answer = as_owner.submit("/staff/services/new", **form(clinic, name="PREMIÈRE"))
    assert (answer.status_code, "Another service has this name" in answer.text) == (422, True)


def test_what_keeps_a_service_from_being_booked_is_said(clinic, as_owner):
    def told(**differs):
        as_owner.submit("/staff/services/new", **form(clinic, **differs))
        return as_owner.see("/staff/services")

    assert "One is saved. It can be booked." in told(name="One")
    assert "Two is saved. It cannot be booked yet: nobody performs it." in told(name="Two", providers=[])
    WorkingHours.delete().where(WorkingHours.provider == clinic.dr_lin).execute()
    assert "nobody who performs it has weekly hours" in told(name="Three")


def test_a_change_touches_only_what_differs(clinic, as_owner):
    page = f"/staff/services/{clinic.botox.id}"
    kept = {row.id for row in Assignment.select().where(Assignment.paperwork == clinic.history)}
    facts = form(
        clinic, name="Wrinkle relaxing", category=clinic.botox.category_id, summary="", duration_minutes="30",
        price="410", papers_consent=[clinic.consent.id], papers_post_treatment=[], providers=[],
    )  # fmt: skip
    assert as_owner.submit(page, **facts).status_code == 303
    assert {row.paperwork_id for row in clinic.botox.assignments} == {clinic.history.id, clinic.consent.id}
    assert kept <= {row.id for row in Assignment.select()}
    assert not ServiceProvider.select().where(ServiceProvider.service == clinic.botox).exists()
    changed = TrailEntry.get(TrailEntry.action == "service changed")
    assert changed.details == {"changed": ["price_minor"]}
    as_owner.submit(page, **facts)
    assert TrailEntry.select().where(TrailEntry.action == "service changed").count() == 1


def test_what_does_not_fit_comes_back_with_sentences(clinic, as_owner):
    for differs, words in (
        ({"name": ""}, "Write what the service is called."),
        ({"name": "light PEEL"}, "Another service has this name already."),
        ({"category": "0"}, "Choose a category, or write a new one."),
        ({"category": "999"}, "Choose a category, or write a new one."),
        ({"duration_minutes": "4"}, "Enter a whole number of minutes from 5 to 720"),
        ({"duration_minutes": "soon"}, "Enter a whole number of minutes from 5 to 720"),
        ({"buffer_minutes": "-1"}, "Enter a whole number of minutes from 0 to 240"),
        ({"price": "cheap"}, "without a currency sign"),
    ):
        answer = as_owner.submit("/staff/services/new", **form(clinic, **differs))
        assert answer.status_code == 422
        assert words in answer.text, differs
        assert "A quiet hour." in answer.text, "what was typed is kept"
    assert not Service.select().where(Service.name == "Laser glow").exists()


def test_unknown_people_and_papers_are_dropped(clinic, as_owner):
    as_owner.submit("/staff/services/new", **form(clinic, providers=["999"], papers_consent=["888", "x"]))
    made = Service.get_or_none(Service.name == "Laser glow")
    assert made is None or not made.performed_by.count()


def test_an_archived_service_is_off_the_list_and_can_come_back(clinic, as_owner):
    as_owner.submit(f"/staff/services/{clinic.peel.id}/archival")
    assert Service.get_by_id(clinic.peel.id).archived_at
    assert "Archived" in as_owner.see("/staff/services")
    as_owner.submit(f"/staff/services/{clinic.peel.id}/restoration")
    assert Service.get_by_id(clinic.peel.id).archived_at is None


def test_providers_read_and_patients_see_nothing(clinic, as_nurse, as_ava):
    page = as_nurse.see(f"/staff/services/{clinic.botox.id}")
    assert "Save service" not in page
    assert as_nurse.get("/staff/services/new").status_code == 403
    assert as_nurse.submit(f"/staff/services/{clinic.botox.id}", **form(clinic)).status_code == 403
    assert as_ava.get("/staff/services").status_code == 403
