"""Assigning from the paperwork's page, what the service's page says about it, and the checklist on both pages."""

import re

from models import Assignment, Category, CategoryAssignment, WorkingHours


def skin():
    return Category.get(Category.name == "Skin")


def plain(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def test_the_papers_page_offers_every_service_by_its_category(clinic, as_desk):
    page = as_desk.see(f"/staff/paperwork/{clinic.history.id}")
    told = page.partition(f'action="/staff/paperwork/{clinic.history.id}/assignments"')[2].partition("</form>")[0]
    assert f'name="services" value="{clinic.botox.id}" checked' in told
    assert f'name="services" value="{clinic.peel.id}">' in told
    assert f'name="categories" value="{skin().id}">' in told
    assert "All services of Skin, also later ones" in told


def test_ticking_ties_and_unticking_unties_without_scripts(clinic, as_desk):
    answer = as_desk.submit(
        f"/staff/paperwork/{clinic.history.id}/assignments", services=[clinic.peel.id], categories=[skin().id]
    )
    assert (answer.status_code, answer.location) == (303, f"/staff/paperwork/{clinic.history.id}#assigned")
    assert [row.service_id for row in Assignment.select().where(Assignment.paperwork == clinic.history)] == [
        clinic.peel.id
    ]
    assert CategoryAssignment.get().category == skin()
    assert "1 service hands it out now." in as_desk.see(f"/staff/paperwork/{clinic.history.id}")
    as_desk.submit(f"/staff/paperwork/{clinic.history.id}/assignments")
    page = as_desk.see(f"/staff/paperwork/{clinic.history.id}")
    assert "No service hands it out, so nobody gets it." in page
    assert CategoryAssignment.select().count() == 0


def test_rubbish_ties_nothing(clinic, as_owner):
    answer = as_owner.submit(
        f"/staff/paperwork/{clinic.history.id}/assignments", services=["x", "-1", "999"], categories=["٣", "9" * 30]
    )
    assert answer.status_code == 303
    assert not clinic.history.assignments.count()
    assert not clinic.history.category_assignments.count()


def test_providers_read_and_do_not_assign(clinic, as_nurse, as_ava):
    page = as_nurse.see(f"/staff/paperwork/{clinic.history.id}")
    assert "/assignments" not in page
    assert f'href="/staff/services/{clinic.botox.id}"' in page
    for browser in (as_nurse, as_ava):
        assert browser.submit(f"/staff/paperwork/{clinic.history.id}/assignments").status_code == 403
    assert clinic.history.assignments.count() == 1


def test_the_services_page_shows_what_comes_by_its_category_and_cannot_untick_it(clinic, as_desk):
    CategoryAssignment.create(category=skin(), paperwork=clinic.history)
    page = as_desk.see(f"/staff/services/{clinic.peel.id}")
    assert "With every service of Skin" in plain(page)
    assert f'href="/staff/paperwork/{clinic.history.id}#assigned"' in page
    assert f'name="papers_questionnaire" id="papers_questionnaire-0" value="{clinic.history.id}"' not in page
    as_desk.submit(
        f"/staff/services/{clinic.peel.id}", name="Light peel", category=skin().id, duration_minutes="60",
        buffer_minutes="0", price="150", providers=[clinic.dr_lin.id],
    )  # fmt: skip
    assert CategoryAssignment.select().count() == 1
    assert f'value="{clinic.history.id}"' in as_desk.see(f"/staff/services/{clinic.botox.id}")


def test_the_checklist_stands_on_the_services_page_with_links(clinic, as_desk):
    page = as_desk.see(f"/staff/services/{clinic.peel.id}")
    assert "Not fit to be booked yet: 2 things are missing" in page
    assert "No questionnaire is assigned" in page
    assert "Advice: No pre-treatment instructions are assigned" in plain(page)
    assert "Fit to be booked" in as_desk.see(f"/staff/services/{clinic.botox.id}")
    WorkingHours.delete().execute()
    page = as_desk.see(f"/staff/services/{clinic.botox.id}")
    assert "Not fit to be booked yet: 1 thing is missing" in page
    assert "Nobody who performs it has weekly hours so no times are offered" in plain(page)


def test_the_list_of_services_says_what_each_lacks(clinic, as_desk):
    rows = {
        name: plain(row)
        for row in re.findall(r"<tr>.*?</tr>", as_desk.see("/staff/services"), re.S)
        for name in ("Light peel", "Wrinkle relaxing")
        if name in row
    }
    assert "2 missing no questionnaire, no consent" in rows["Light peel"]
    assert rows["Wrinkle relaxing"].rstrip().endswith("Fit")


def test_the_desk_names_what_is_not_fit(clinic, as_desk):
    assert "Light peel is not fit to be booked: no questionnaire, no consent" in plain(as_desk.see("/staff"))
