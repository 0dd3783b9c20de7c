"""Paperwork is tied to services from its own side: one by one, and to whole categories with what comes later."""

import pytest

from clock import now
from models import Assignment, Category, CategoryAssignment, Service, Task, TrailEntry
from rules import assignments, scheduling, searching, services, templates
from rules.actor import FOYER, Actor


@pytest.fixture
def desk(clinic):
    return Actor("staff", clinic.desk.id, clinic.desk.name)


def of(paper):
    return {row.service_id for row in paper.assignments}, {row.category_id for row in paper.category_assignments}


def skin():
    return Category.get(Category.name == "Skin")


def test_the_shelves_show_what_is_tied_and_how(clinic):
    CategoryAssignment.create(category=skin(), paperwork=clinic.history)
    told = [
        (shelf.name, shelf.whole, [(service.name, tied) for service, tied in shelf.services])
        for shelf in assignments.shelves(clinic.history)
    ]
    assert told == [
        ("Injectables", False, [("Wrinkle relaxing", True)]),
        ("Skin", True, [("Light peel", False)]),
    ]


def test_the_ticked_ones_are_tied_and_the_others_are_not(clinic, desk):
    assert assignments.assign(clinic.history, desk, services={clinic.peel.id}, categories={skin().id})
    assert of(clinic.history) == ({clinic.peel.id}, {skin().id})
    said = TrailEntry.get(TrailEntry.action == "assignments changed")
    assert (said.actor_name, said.subject) == ("Dana Desk", f"paperwork {clinic.history.id}")
    assert said.details == {
        "service_added": [clinic.peel.id], "service_removed": [clinic.botox.id], "category_added": [skin().id],
    }  # fmt: skip
    assert of(clinic.consent) == ({clinic.botox.id}, set()), "other paperwork stays as it is"


def test_the_same_again_changes_nothing_and_leaves_no_line(clinic, desk):
    assert not assignments.assign(clinic.history, desk, services={clinic.botox.id}, categories=set())
    assert not TrailEntry.select().where(TrailEntry.action == "assignments changed").exists()


def test_what_does_not_exist_is_not_tied_and_an_archived_service_keeps_what_it_has(clinic, desk):
    Service.update(archived_at=now()).where(Service.id == clinic.botox.id).execute()
    assert not assignments.assign(clinic.history, desk, services={999}, categories={888})
    assert of(clinic.history) == ({clinic.botox.id}, set())


def test_a_category_brings_its_paperwork_to_a_service_that_comes_later(clinic, desk):
    assignments.assign(clinic.history, desk, services=set(), categories={skin().id})
    assert [paper.name for paper in assignments.by_category(skin())] == ["Medical history"]
    later = Service.create(category=skin(), name="Glow", duration_minutes=30)
    assert {service.name for service in assignments.handing_out(clinic.history.id)} == {"Light peel", "Glow"}
    later.delete_instance()
    visit = scheduling.book(
        clinic.ava, clinic.peel, provider=clinic.dr_lin, location=clinic.soho, starts_at=first_time(clinic),
        by=Actor("patient", clinic.ava.id, clinic.ava.name), request_key="k", policy=clinic.policy,
    )  # fmt: skip
    assert [task.paperwork.name for task in Task.select().where(Task.appointment == visit)] == ["Medical history"]


def first_time(clinic):
    return searching.free_times(clinic.peel, at_most=1)[0].starts_at


def test_what_comes_twice_is_asked_once(clinic, desk):
    injectables = clinic.botox.category_id
    assignments.assign(clinic.history, desk, services={clinic.botox.id}, categories={injectables})
    assert [service.name for service in assignments.handing_out(clinic.history.id)] == ["Wrinkle relaxing"]
    assert [service.name for service in templates.services_of(clinic.history)] == ["Wrinkle relaxing"]
    assert {row.name: row.services for row in templates.listed()}["Medical history"] == 1
    assert {row.name: row.papers for row in services.listed()} == {"Wrinkle relaxing": 4, "Light peel": 0}


def test_counts_include_what_comes_by_category_but_nothing_archived(clinic, desk):
    assignments.assign(clinic.history, desk, services={clinic.botox.id}, categories={skin().id})
    assert {row.name: row.services for row in templates.listed()}["Medical history"] == 2
    assert {row.name: row.papers for row in services.listed()} == {"Wrinkle relaxing": 4, "Light peel": 1}
    templates.archive(clinic.history, FOYER)
    assert {row.name: row.papers for row in services.listed()} == {"Wrinkle relaxing": 3, "Light peel": 0}


def test_the_form_costs_the_same_for_few_services_and_for_many(clinic, queries):
    def asked():
        with queries() as count:
            assignments.shelves(clinic.history)
        return count()

    few = asked()
    for number in range(10):
        shelf = Category.create(name=f"Shelf {number}")
        service = Service.create(category=shelf, name=f"More {number}", duration_minutes=30)
        Assignment.create(service=service, paperwork=clinic.history)
    assert asked() == few == 4
