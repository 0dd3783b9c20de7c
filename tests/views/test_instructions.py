"""Instructions as they are read, checked and written: the page day by day, large print, check-ins, the editor."""

import re
from datetime import timedelta
from io import BytesIO

import pytest

from models import CheckAnswer, CheckIn, Clinic, Delivery, Paperwork, Photo, Picture, Task, TrailEntry
from rules import check_ins, pictures, templates
from tests.house.world import picture
from tests.rules.test_check_ins import DAY_3
from tests.rules.test_instructions import CHECK, NOON, STEPS, critical, timeline_task, written
from tests.rules.test_paperwork import actor, begin


@pytest.fixture(autouse=True)
def before_the_visit(time_machine):
    time_machine.move_to(NOON - timedelta(days=2), tick=False)


@pytest.fixture
def task(clinic, time_machine):
    """Ava's instructions on the third day after her visit."""
    task = timeline_task(clinic)
    time_machine.move_to(DAY_3, tick=False)
    return task


def address(task):
    return f"/tasks/{task.id}"


def stages(page):
    return re.findall(r'<li class="stage is-(\w+)" id="(\w+)"', page)


def check_in(browser, task, step="day_3", feeling="as_expected", words="", **files):
    form = {"csrf_token": browser.token(), "step": step, f"{step}-feeling": feeling, f"{step}-words": words}
    form |= {f"{step}-{name}": (stream, "IMG_1.jpg") for name, stream in files.items()}
    return browser.post(f"{address(task)}/check-ins", data=form, content_type="multipart/form-data")


# --- the page -----------------------------------------------------------------------------------


def test_the_page_shows_the_text_and_the_steps_in_time(clinic, task, as_ava):
    page = as_ava.see(address(task))
    assert "Stay upright." in page
    assert stages(page) == [("over", "day_1"), ("now", "day_3"), ("later", "day_14")]
    assert "<strong>Day 3</strong> – today" in page
    assert "from Tuesday 17 March" in page
    assert "Still <strong>red</strong>? Fine." in page
    assert 'href="#day_3"' in page
    assert page.count('aria-current="step"') == 1
    assert Task.get_by_id(task.id).status == "done"


def test_an_instruction_without_steps_has_no_timeline(clinic, as_ava):
    page = as_ava.see(address(begin(clinic, NOON)[1]["pre_treatment"]))
    assert "No alcohol" in page
    assert "Day by day" not in page
    assert "check-question" not in page


def test_large_letters_need_no_script(clinic, task, as_ava):
    plain, large = as_ava.see(address(task)), as_ava.see(f"{address(task)}?print=large")
    assert f'href="{address(task)}?print=large"' in plain
    assert 'class="patient is-large"' in large
    assert "is-large" not in plain
    assert f'href="{address(task)}">go back' in large


def test_a_video_is_a_link_that_names_its_site(clinic, as_ava):
    written(clinic, clinic.before, video="https://www.youtube.com/watch?v=1&t=2")
    page = as_ava.see(address(begin(clinic, NOON)[1]["pre_treatment"]))
    assert 'href="https://www.youtube.com/watch?v=1&amp;t=2" rel="noopener noreferrer"' in page
    assert "(youtube.com)" in page
    assert "<iframe" not in page


def test_a_page_of_many_steps_and_check_ins_asks_no_more_queries(clinic, as_ava, queries, time_machine):
    few = timeline_task(clinic, steps=STEPS[:1])
    many = timeline_task(clinic, NOON + timedelta(hours=3), steps=[{**STEPS[1], "key": f"s{n}"} for n in range(12)])
    time_machine.move_to(DAY_3 + timedelta(days=1), tick=False)
    as_ava.sign_in(clinic.ava)
    for number in range(12):
        check_ins.give(many, f"s{number}", "not_sure", "", actor(clinic.ava))
    counts = []
    for task in (few, many):
        as_ava.see(address(task))
        with queries() as count:
            as_ava.see(address(task))
        counts.append(count())
    assert counts[0] == counts[1]


# --- the check question -------------------------------------------------------------------------


def answer(browser, task, choice):
    return browser.submit(f"{address(task)}/check-answers", choice=choice)


def test_a_wrong_answer_shows_the_line_again_and_lets_them_try_again(clinic, as_ava):
    task = critical(clinic, clinic.before)
    page = as_ava.see(address(task))
    assert CHECK["question"] in page
    assert CHECK["line"] not in page
    home = as_ava.see("/")
    assert "Begun" in home
    sent = answer(as_ava, task, "Tomorrow")
    assert (sent.status_code, sent.location) == (303, f"{address(task)}#check")
    page = as_ava.see(address(task))
    assert f"<blockquote>{CHECK['line']}</blockquote>" in page
    assert "There is a problem" not in page
    assert Task.get_by_id(task.id).status == "in_progress"
    assert answer(as_ava, task, "After four hours").status_code == 303
    page = as_ava.see(address(task))
    assert "That is right, thank you." in page
    assert "/check-answers" not in page
    assert Task.get_by_id(task.id).status == "done"
    assert [row.right for row in CheckAnswer.select().order_by(CheckAnswer.id)] == [False, True]
    assert clinic.before.name not in as_ava.see("/")


def test_no_choice_at_all_is_an_error_at_the_question(clinic, as_ava):
    task = critical(clinic, clinic.before)
    sent = answer(as_ava, task, "")
    assert sent.status_code == 422
    assert sent.text.count("Choose one of the answers.") == 2
    assert 'href="#choice-0"' in sent.text
    assert 'id="choice-0"' in sent.text


def test_staff_see_each_try(clinic, as_ava, as_desk):
    task = critical(clinic, clinic.before)
    as_ava.see(address(task))
    answer(as_ava, task, "Tomorrow")
    page = as_desk.see(f"/staff/tasks/{task.id}")
    assert "check question is not answered right yet" in page
    assert "Tomorrow" in page
    assert "Not right" in page


def test_only_the_patient_answers_and_only_what_is_theirs(clinic, task, as_ben, as_desk, nobody):
    for path, form in (("check-answers", {"choice": "x"}), ("check-ins", {"step": "day_3"})):
        assert as_ben.submit(f"{address(task)}/{path}", **form).status_code == 404
        assert as_desk.submit(f"{address(task)}/{path}", **form).status_code == 403
        assert nobody.submit(f"{address(task)}/{path}", **form).status_code == 303
    assert CheckIn.select().count() == CheckAnswer.select().count() == 0


# --- check-ins ----------------------------------------------------------------------------------


def test_a_check_in_with_a_photo_is_told_back(clinic, task, as_ava):
    sent = check_in(as_ava, task, feeling="not_sure", words="A bit <red>", photo=picture())
    assert (sent.status_code, sent.location) == (303, f"{address(task)}#day_3")
    page, photo = as_ava.see(address(task)), Photo.get()
    assert "<strong>Not sure</strong>" in page
    assert "A bit &lt;red&gt;" in page
    assert f'src="/photos/{photo.id}"' in page
    assert "Tell us again" in page
    assert "alarm" not in page
    assert as_ava.get(f"/photos/{photo.id}").status_code == 200


def test_who_is_worried_reads_the_emergency_words_first(clinic, task, as_ava, as_nurse):
    Clinic.update(emergency_words="Call 911 first, then us.").execute()
    sent = check_in(as_ava, task, feeling="worried", words="It droops")
    assert (sent.status_code, sent.location) == (303, address(task))
    page = as_ava.see(address(task))
    alarm = page.index('class="alarm" role="alert"')
    assert alarm < page.index("<h1")
    assert "Call 911 first, then us." in page[alarm : page.index("<h1")]
    assert 'href="tel:212-555-0100"' in page
    assert "Nobody has read it yet" in page
    assert Delivery.select().where(Delivery.kind == "check_in_worried").count() == 1
    as_nurse.submit(f"/staff/check-ins/{CheckIn.get().id}/seen")
    assert "Nia Nurse read your message" in as_ava.see(address(task))


def test_without_emergency_words_the_page_still_says_what_to_do(clinic, task, as_ava):
    check_in(as_ava, task, feeling="worried")
    assert "please call us now" in as_ava.see(address(task))


def test_what_was_refused_keeps_the_words(clinic, task, as_ava):
    sent = check_in(as_ava, task, feeling="worried", words="It droops", photo=BytesIO(b"%PDF-1.7"))
    assert sent.status_code == 422
    assert "<title>Error:" in sent.text
    assert "This file is a PDF." in sent.text
    assert 'href="#day_3-photo"' in sent.text
    assert "It droops" in sent.text
    assert re.search(r'value="worried" checked', sent.text)
    assert CheckIn.select().count() == 0
    sent = check_in(as_ava, task, feeling="")
    assert sent.status_code == 422
    assert "Choose how it goes." in sent.text


def test_a_step_that_has_not_begun_takes_none(clinic, task, as_ava):
    page = as_ava.see(address(task))
    assert 'name="day_3-feeling"' in page
    assert 'name="day_14-feeling"' not in page
    assert 'name="day_1-feeling"' not in page, "staff did not ask for it there"
    assert check_in(as_ava, task, step="day_14").status_code == 422
    assert CheckIn.select().count() == 0


def test_staff_read_what_a_patient_said_and_say_that_they_did(clinic, task, as_ava, as_desk, as_nurse):
    check_in(as_ava, task, feeling="worried", words="It droops", photo=picture())
    for page in (as_desk.see("/staff"), as_desk.see("/staff/check-ins")):
        assert "/staff/check-ins" in page or "/check-ins" in page
        assert "It droops" not in page
    waiting = as_desk.see("/staff/check-ins")
    for said in ("Call first", "Ava Moreno"):
        assert said in waiting
    for health in ("Worried", "Half-way", "Wrinkle"):
        assert health not in waiting, "how it goes stands behind the link, where looking is written down"
    assert TrailEntry.select().where(TrailEntry.action == "check-ins looked at").count() == 0
    record = f"/staff/patients/{clinic.ava.id}/check-ins"
    page = as_nurse.see(record)
    assert "It droops" in page
    assert "Half-way" in page
    assert f'src="/staff/photos/{Photo.get().id}"' in page
    assert TrailEntry.select().where(TrailEntry.action == "check-ins looked at").count() == 1
    sent = as_nurse.submit(f"/staff/check-ins/{CheckIn.get().id}/seen")
    assert (sent.status_code, sent.location) == (303, record)
    assert "Seen by Nia Nurse" in as_desk.see(record)
    as_desk.submit(f"/staff/check-ins/{CheckIn.get().id}/seen")
    assert CheckIn.get().seen_by == "Nia Nurse"
    assert "Nobody is waiting" in as_desk.see("/staff/check-ins")


# --- pictures -----------------------------------------------------------------------------------


def test_staff_put_a_picture_into_a_text(clinic, as_desk, as_ava, nobody):
    form = {"csrf_token": as_desk.token(), "shows": "Two points", "picture": (picture(), "x.png")}
    sent = as_desk.post("/staff/pictures", data=form, content_type="multipart/form-data")
    assert sent.status_code == 303
    made = Picture.get()
    line = pictures.line_of(made)
    assert line == f"![Two points](/pictures/{made.file_name})"
    assert line in as_desk.see("/staff/pictures")
    written(clinic, clinic.before, body=f"Look: {line}")
    page = as_ava.see(address(begin(clinic, NOON)[1]["pre_treatment"]))
    assert f'<img src="/pictures/{made.file_name}" alt="Two points" loading="lazy">' in page
    answer = nobody.get(f"/pictures/{made.file_name}")
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert answer.headers["Cache-Control"].startswith("private")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_picture_needs_words_and_must_be_one(clinic, as_desk, as_nurse, as_ava):
    for form, words in (
        ({"shows": "", "picture": (picture(), "x.jpg")}, "Say what the picture shows"),
        ({"shows": "a](b", "picture": (picture(), "x.jpg")}, "square brackets"),
        ({"shows": "A face"}, "Choose a picture."),
        ({"shows": "A face", "picture": (BytesIO(b"<svg/>"), "x.jpg")}, "This file is an SVG."),
    ):
        form = {"csrf_token": as_desk.token(), **form}
        sent = as_desk.post("/staff/pictures", data=form, content_type="multipart/form-data")
        assert sent.status_code == 422
        assert words in sent.text
    assert Picture.select().count() == 0
    assert as_nurse.get("/staff/pictures").status_code == as_ava.get("/staff/pictures").status_code == 403


def test_other_names_are_no_pictures(clinic, nobody):
    for name in ("x.jpg", "..%2Fsecret_key", "%2e%2e%2fsecret_key", "a" * 32 + ".jpg", "a" * 32 + ".png"):
        assert nobody.get(f"/pictures/{name}").status_code == 404


# --- the editor ---------------------------------------------------------------------------------


@pytest.fixture
def form(clinic):
    return {
        "name": "Aftercare", "title": "", "body": "Stay upright.", "delay": "2", "delay_unit": "hours", "do": "save",
        "video": "https://vimeo.com/1", "check_question": CHECK["question"], "check_right": CHECK["right"],
        "check_wrong": "At once\r\n\r\nTomorrow", "check_line": CHECK["line"], "steps-0-title": "The result",
        "steps-0-delay": "14", "steps-0-unit": "days", "steps-0-body": "Look.", "steps-0-check_in": "y",
        "steps-1-title": "The next day", "steps-1-delay": "18", "steps-1-unit": "hours", "steps-1-body": "Cool it.",
    }  # fmt: skip


NEW = "/staff/paperwork/new?kind=post_treatment"


def test_staff_write_an_instruction_with_everything(clinic, as_desk, form):
    sent = as_desk.submit(NEW, **form)
    assert sent.status_code == 303
    paper = Paperwork.get(Paperwork.name == "Aftercare")
    details = templates.current_version(paper).details
    assert paper.delay_minutes == 120
    assert details["video"] == "https://vimeo.com/1"
    assert details["check"] == {**CHECK, "key": "check", "choices": ["After four hours", "At once", "Tomorrow"]}
    assert [(it["title"], it["delay_minutes"], it["check_in"]) for it in details["steps"]] == [
        ("The next day", 18 * 60, False),
        ("The result", 14 * 1440, True),
    ]
    page = as_desk.see(f"/staff/paperwork/{paper.id}")
    for value in ("https://vimeo.com/1", "After four hours", "The next day", 'value="18"', "18 hours after the visit"):
        assert value in page, value
    assert re.search(r"<textarea[^>]*check_wrong[^>]*>\s*At once\s+Tomorrow", page)
    fields = dict(re.findall(r'name="(steps-\d-key)"[^>]* value="(\w+)"', page))
    assert set(fields.values()) == {step["key"] for step in details["steps"]}
    again = {**form, **fields, "base": "1"}
    swapped = {name.replace("-0-", "-x-").replace("-1-", "-0-").replace("-x-", "-1-"): again[name] for name in form}
    as_desk.submit(f"/staff/paperwork/{paper.id}", **{**swapped, **fields, "base": "1"})
    assert templates.current_version(paper).number == 1, "the same text, in the order in which it is shown"
    assert as_desk.get(f"/staff/paperwork/{paper.id}/versions/1").status_code == 200


def test_steps_come_and_go_without_scripts(clinic, as_desk, form):
    page = as_desk.submit(NEW, **{**form, "do": "add"}).text
    assert 'name="steps-2-title"' in page
    assert "Not saved yet." in page
    page = as_desk.submit(NEW, **{**form, "do": "remove:0"}).text
    assert "steps-1-title" not in page
    assert re.search(r'name="steps-0-title"[^>]* value="The next day"', page)
    assert 'value="https://vimeo.com/1"' in page
    for nothing in ("remove:9", "remove:x", "remove", "up:1", "preview"):
        page = as_desk.submit(NEW, **{**form, "do": nothing}).text
        assert 'name="steps-1-title"' in page
        assert "steps-2-title" not in page
    assert not Paperwork.select().where(Paperwork.name == "Aftercare").exists()


@pytest.mark.parametrize(
    ("change", "words", "link"),
    [
        ({"steps-1-delay": "soon"}, "Step 2: Enter how long after the visit", "steps-1-delay"),
        ({"steps-0-title": ""}, "Step 1: Write its title.", "steps-0-title"),
        ({"check_right": ""}, "Write the right answer.", "check_right"),
        ({"video": "http://x.example"}, "It begins with https://.", "video"),
        ({"delay": "soon"}, "The delay can be a year at most.", "delay"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field(clinic, as_desk, form, change, words, link):
    sent = as_desk.submit(NEW, **{**form, **change})
    assert sent.status_code == 422
    assert words in sent.text
    field = re.search(rf'<(?:input|textarea)[^>]*id="{link}"[^>]*>', sent.text)[0]
    assert 'aria-invalid="true"' in field
    assert not Paperwork.select().where(Paperwork.name == "Aftercare").exists()


def test_an_unfinished_form_still_has_a_preview(clinic, as_desk, form):
    sent = as_desk.submit(NEW, **{**form, "do": "preview", "steps-0-title": "", "steps-0-delay": "x", "check_line": ""})
    assert sent.status_code == 200
    assert "(a step without a title)" in sent.text
