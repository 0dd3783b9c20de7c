"""A patient's way through a questionnaire, section by section, with and without scripts, on one device or on two."""

import html
import io
import re
from datetime import timedelta

import pytest

from clock import now
from models import Answer, Paperwork, Task
from rules import answers, paperwork, templates
from tests.rules.test_paperwork import actor, begin, fresh

QUESTIONS = [
    {"key": "you", "label": "About you", "type": "section", "required": False, "help": "What we should know."},
    {"key": "reason", "label": "What brings you in?", "type": "text", "required": True, "help": ""},
    {"key": "smoke", "label": "Do you smoke?", "type": "yes_no", "required": True, "help": "", "rules": [
        {"is": "is", "value": "yes", "then": "inform", "words": "Please do not smoke for a day before."}]},
    {"key": "packs", "label": "How many a day?", "type": "number", "required": True, "help": "", "unit": "", "least": 1,
     "most": 99, "show_if": {"join": "all", "conditions": [{"question": "smoke", "is": "is", "value": "yes"}]}},
    {"key": "lungs", "label": "Your lungs", "type": "section", "required": False, "help": "",
     "show_if": {"join": "all", "conditions": [{"question": "packs", "is": "at_least", "value": 10}]}},
    {"key": "cough", "label": "Do you cough?", "type": "yes_no", "required": True, "help": ""},
    {"key": "health", "label": "Your health", "type": "section", "required": False, "help": ""},
    {"key": "care", "label": "Please take your time.", "type": "note", "required": False, "help": ""},
    {"key": "medicines", "label": "What do you take?", "type": "medication_list", "required": True, "help": "",
     "ask": "confirm"},
    {"key": "areas", "label": "Where?", "type": "body_area", "required": False, "help": ""},
    {"key": "pain", "label": "How sensitive are you?", "type": "scale", "required": False, "help": "", "least": 0,
     "most": 10, "low": "not at all", "high": "very"},
    {"key": "pregnant", "label": "Are you pregnant?", "type": "yes_no", "required": True, "help": "", "safety": True},
]  # fmt: skip
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def version(clinic):
    """The questionnaire of the cast, with sections."""
    return write(clinic, QUESTIONS)


def write(clinic, questions):
    return templates.write_version(clinic.history, actor(clinic.ava), "Medical history", "", questions)


@pytest.fixture
def task(clinic, version):
    return begin(clinic, now() + timedelta(days=3))[1]["questionnaire"]


class Page:
    """A section as a browser holds it: what its form would send, changed by what is typed."""

    def __init__(self, browser, address):
        self.browser, self.text = browser, browser.see(address)
        self.address = re.search(r'class="answering" method="post" action="([^"]+)"', self.text)[1]
        self.fields = {}
        form = self.text[self.text.index('class="answering"') :]
        form = form[: form.index("</form>")]
        for tag in re.findall(r"<(?:input|textarea)[^>]*>(?:[^<]*</textarea>)?", form):
            name, value = re.search(r'name="([^"]+)"', tag), re.search(r' value="([^"]*)"', tag)
            box = re.search(r'type="(checkbox|radio|file)"', tag)
            if name is None or (box and "checked" not in tag):
                continue
            text = re.search(r">\n?([^<]*)</textarea>", tag)
            said = text[1] if text else value[1] if value else ""
            self.fields.setdefault(name[1], []).append(html.unescape(said))

    def send(self, do="next", **typed):
        return self.browser.post(self.address, data={**self.fields, "do": do, **typed})

    def give(self, only, **typed):
        data = {**self.fields, "only": only, **typed}
        return self.browser.post(re.sub(r"/sections/\d+", "/answers", self.address), data=data, headers=HTMX)


def at(task, part=""):
    return f"/tasks/{task.id}{part}"


def through(browser, task, medicines=("none_medicines", "y")):
    """Answer all of it, without scripts."""
    Page(browser, at(task, "/sections/1")).send(q_reason="Lines", q_smoke="no")
    Page(browser, at(task, "/sections/3")).send(**dict([medicines]), q_pregnant="no")


# --- the way ------------------------------------------------------------------------------------


def test_the_whole_way_without_scripts(as_ava, task):
    assert as_ava.get(at(task)).location == at(task, "/sections/1")
    page = Page(as_ava, at(task, "/sections/1"))
    for words in ("Medical history", "About you", "What we should know.", "Section 1 of 2", "minute"):
        assert words in page.text
    assert "How many a day?" not in page.text
    assert page.send(q_reason="Lines", q_smoke="no").location == at(task, "/sections/3"), "the lungs are skipped"
    assert fresh(task).sections_done == 2
    assert as_ava.get(at(task)).location == at(task, "/sections/3")
    page = Page(as_ava, at(task, "/sections/3"))
    assert "Section 2 of 2" in page.text
    sent = page.send(q_medicines=["Ibuprofen", "", ""], n_medicines=["daily", "", ""], q_areas=["face_nose"],
                     q_pain="3", q_pregnant="no")  # fmt: skip
    assert sent.location == at(task, "/check")
    assert as_ava.get(at(task)).location == at(task, "/check")
    page = as_ava.see(at(task, "/check"))
    for words in ("Ibuprofen (daily)", "Nose", "3 of 10", "Lines", "Send answers", "/sections/3#question-pain"):
        assert words in page
    assert as_ava.submit(at(task, "/submission"), version="1").location == "/"
    assert fresh(task).status == "done"
    assert len(fresh(task).answers_digest) == 64
    page = as_ava.see(at(task))
    assert "Ibuprofen (daily)" in page
    assert "Change" not in page
    assert as_ava.get(at(task, "/sections/1")).location == at(task)
    assert as_ava.get(at(task, "/check")).location == at(task)


def test_back_and_finish_later_store_what_fits_and_miss_nothing(as_ava, task):
    Page(as_ava, at(task, "/sections/1")).send(q_reason="Lines", q_smoke="no")
    page = Page(as_ava, at(task, "/sections/3"))
    assert page.send("back", q_pain="4").location == at(task, "/sections/1")
    assert page.send("later", q_pain="4").location == "/"
    assert "saved" in as_ava.see("/")
    assert answers.of(task) == {"reason": "Lines", "smoke": "no", "pain": 4}
    assert as_ava.get(at(task)).location == at(task, "/sections/3"), "on any device"
    assert 'value="4" checked' in as_ava.see(at(task, "/sections/3"))


def test_what_is_missing_is_said_and_everything_is_kept(as_ava, task):
    answer = Page(as_ava, at(task, "/sections/1")).send(q_smoke="yes", q_reason="")
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert answer.text.count("Write an answer for “What brings you in?”") == 2
    assert 'href="#q_reason"' in answer.text
    assert "Enter a number for" not in answer.text, "it was not on the page yet"
    assert answers.of(task) == {"smoke": "yes"}
    assert fresh(task).sections_done == 0


def test_what_does_not_fit_stays_as_it_was_typed(as_ava, task):
    Page(as_ava, at(task, "/sections/1")).send(q_reason="Lines", q_smoke="yes")
    for do in ("next", "back", "later"):
        answer = Page(as_ava, at(task, "/sections/1")).send(do, q_packs="a lot")
        assert answer.status_code == 422
        assert answer.text.count("Enter a number for “How many a day?”") == 2
        assert 'value="a lot"' in answer.text


def test_an_answer_that_brings_questions_or_words_shows_the_section_again(as_ava, task):
    first = Page(as_ava, at(task, "/sections/1"))
    assert first.send(q_reason="Lines", q_smoke="yes").location == at(task, "/sections/1")
    page = Page(as_ava, at(task, "/sections/1"))
    assert "Your answer brings 1 more question." in page.text
    assert "Please do not smoke for a day before." in page.text
    assert "How many a day?" in page.text
    assert page.send(q_packs="20").location == at(task, "/sections/2"), "now the lungs are asked about"
    assert "Section 2 of 3" in as_ava.see(at(task, "/sections/2"))


def test_words_alone_are_shown_before_going_on(clinic, as_ava, task):
    questions = [it for it in QUESTIONS if it["key"] != "packs"][:3]
    write(clinic, questions)
    answer = Page(as_ava, at(task, "/sections/1")).send(q_reason="Lines", q_smoke="yes")
    assert answer.location == at(task, "/sections/1")
    page = Page(as_ava, at(task, "/sections/1"))
    assert "Please read what we say to your answer" in page.text
    assert page.send().location == at(task, "/check"), "they were on the page this time"
    assert "Please do not smoke" in as_ava.see(at(task, "/check"))


def test_what_hidden_questions_carry_is_dropped_when_it_is_sent(as_ava, task):
    Page(as_ava, at(task, "/sections/1")).send(q_reason="Lines", q_smoke="yes")
    Page(as_ava, at(task, "/sections/1")).send(q_packs="20")
    Page(as_ava, at(task, "/sections/1")).send(q_smoke="no")
    assert answers.of(task)["packs"] == 20, "it may be changed back"
    Page(as_ava, at(task, "/sections/3")).send(none_medicines="y", q_pregnant="no")
    as_ava.submit(at(task, "/submission"), version="1")
    assert answers.of(task) == {"reason": "Lines", "smoke": "no", "medicines": "none", "pregnant": "no"}
    assert Answer.select().count() == 4


def test_a_change_after_all_was_done_leads_back_to_the_check_or_to_what_it_brings(as_ava, task):
    through(as_ava, task)
    assert Page(as_ava, at(task, "/sections/1")).send(q_reason="Frown lines").location == at(task, "/check")
    Page(as_ava, at(task, "/sections/1")).send(q_smoke="yes")
    assert Page(as_ava, at(task, "/sections/1")).send(q_packs="20").location == at(task, "/sections/2")
    page = as_ava.see(at(task, "/check"))
    assert "one answer is still missing" in page
    refused = as_ava.submit(at(task, "/submission"), version="1")
    assert refused.status_code == 422
    assert f'href="{at(task, "/sections/2")}#question-cough"' in refused.text
    assert fresh(task).status == "in_progress"


def test_a_section_that_is_not_asked_or_not_there(as_ava, task):
    assert as_ava.get(at(task, "/sections/2")).location == at(task, "/sections/1")
    assert as_ava.get(at(task, "/sections/9")).status_code == 404
    assert as_ava.get(at(task, "/check")).location == at(task, "/sections/1"), "nothing to check yet"


def test_a_double_submit_sends_once(as_ava, task):
    through(as_ava, task)
    for _ in range(2):
        assert as_ava.submit(at(task, "/submission"), version="1").status_code == 303
    assert as_ava.submit(at(task, "/sections/1"), asked=["reason"], q_reason="x").status_code == 409
    assert answers.of(task)["reason"] == "Lines"


def test_another_patient_finds_none_of_it(as_ben, as_desk, task):
    for part in ("/sections/1", "/check"):
        assert as_ben.get(at(task, part)).status_code == 404
        assert as_desk.get(at(task, part)).status_code == 403
    for part in ("/sections/1", "/answers", "/submission"):
        assert as_ben.submit(at(task, part)).status_code == 404


def test_what_was_sent_stays_on_the_page_as_days_go_by(clinic, as_ava, as_nurse, time_machine):
    """A condition that counts days looks at the day of answering, also in another visit that the answers count for."""
    laser = {"key": "laser", "label": "When was your last laser?", "type": "date", "rules": [
        {"is": "within_days", "value": 30, "then": "inform", "words": "Please bring sun cream."}]}  # fmt: skip
    looks = {"join": "all", "conditions": [{"question": "laser", "is": "within_days", "value": 30}]}
    Paperwork.update(validity="days", validity_days=365).where(Paperwork.id == clinic.history.id).execute()
    write(clinic, [laser, {"key": "how", "label": "How was it?", "type": "text", "show_if": looks}])
    first = begin(clinic, now() + timedelta(days=3))[1]["questionnaire"]
    day = (now() - timedelta(days=20)).date().isoformat()
    Page(as_ava, at(first, "/sections/1")).send(q_laser=day)
    Page(as_ava, at(first, "/sections/1")).send(q_how="Quite red")
    assert as_ava.submit(at(first, "/submission"), version="2").status_code == 303
    later = begin(clinic, now() + timedelta(days=60))[1]["questionnaire"]
    assert later.counted_from_id == first.id
    time_machine.move_to(now() + timedelta(days=50), tick=False)
    as_ava.sign_in(clinic.ava)
    as_nurse.sign_in(clinic.nurse)
    for task in (first, later):
        for page in (as_ava.see(at(task)), as_nurse.see(f"/staff/tasks/{task.id}")):
            assert "Quite red" in page
        assert "Please bring sun cream." in as_ava.see(at(task))


# --- one answer at a time -----------------------------------------------------------------------


def test_one_answer_is_saved_with_a_new_sign_of_what_was_shown(as_ava, task):
    page = Page(as_ava, at(task, "/sections/1"))
    saved = page.give("reason", q_reason="Lines", q_smoke="no")
    assert (saved.status_code, "Saved" in saved.text, "<html" in saved.text) == (200, True, False)
    assert f'name="was_reason" value="{answers.digest("Lines")}"' in saved.text
    assert answers.of(task) == {"reason": "Lines"}, "only the answer that was just given"
    assert "Answer taken away" in page.give("reason", q_reason="", was_reason=answers.digest("Lines")).text


def test_an_answer_that_others_look_at_brings_the_section_anew_with_what_was_typed(as_ava, task):
    page = Page(as_ava, at(task, "/sections/1"))
    part = page.give("smoke", q_smoke="yes", q_reason="half a sent")
    assert (part.headers["HX-Retarget"], part.headers["HX-Reswap"]) == ("#section", "outerMorph")
    assert part.text.lstrip().startswith('<div id="section">')
    for words in ("How many a day?", "Please do not smoke", 'value="half a sent"'):
        assert words in part.text
    assert answers.of(task) == {"smoke": "yes"}


def test_a_row_more_with_and_without_scripts(as_ava, task):
    page = Page(as_ava, at(task, "/sections/3"))
    assert page.text.count('name="q_medicines"') == 3
    part = page.give("medicines", more="medicines", q_medicines=["a", "b", "c"], n_medicines=["", "", ""])
    assert part.text.count('name="q_medicines"') == 4
    answer = Page(as_ava, at(task, "/sections/3")).send("add_row:medicines")
    assert answer.location == at(task, "/sections/3?more=medicines#question-medicines")
    assert as_ava.see(answer.location).count('name="q_medicines"') == 4
    assert [row["name"] for row in answers.of(task)["medicines"]] == ["a", "b", "c"]


# --- two devices --------------------------------------------------------------------------------


def test_two_devices_lose_nothing(clinic, as_ava, task):
    phone = clinic.app.test_client().sign_in(clinic.ava)
    one, two = Page(as_ava, at(task, "/sections/1")), Page(phone, at(task, "/sections/1"))
    one.send("later", q_reason="Lines")
    two.send("later", q_smoke="no")
    assert answers.of(task) == {"reason": "Lines", "smoke": "no"}, "the second page did not know the first answer"
    one, two = Page(as_ava, at(task, "/sections/1")), Page(phone, at(task, "/sections/1"))
    one.send("later", q_reason="Frown lines")
    assert "changed on another device meanwhile. That answer stands." not in as_ava.see("/")
    two.send("later")
    assert "“What brings you in?”: changed on another device meanwhile. That answer stands." in phone.see("/")
    assert answers.of(task)["reason"] == "Frown lines", "a stale page does not bring the old answer back"
    two.send("later", q_reason="Dry skin")
    assert answers.of(task)["reason"] == "Dry skin", "what was changed last wins"
    assert "answered differently on another device meanwhile. What you gave here stands." in phone.see("/")


def test_with_scripts_the_reader_sees_both_answers(clinic, as_ava, task):
    phone = clinic.app.test_client().sign_in(clinic.ava)
    one, two = Page(as_ava, at(task, "/sections/1")), Page(phone, at(task, "/sections/1"))
    one.give("reason", q_reason="Lines")
    said = two.give("reason", q_reason="Dry skin").text
    assert "you had answered “Lines” meanwhile. What stands now is “Dry skin”" in said
    assert "elsewhere" not in two.give("reason", q_reason="Red", was_reason=answers.digest("Dry skin")).text


def test_what_was_checked_is_what_is_sent(as_ava, task):
    through(as_ava, task)
    checked = re.search(r'name="checked" value="(\w+)"', as_ava.see(at(task, "/check")))[1]
    Page(as_ava, at(task, "/sections/1")).send(q_reason="Something else")
    refused = as_ava.submit(at(task, "/submission"), version="1", checked=checked)
    assert refused.status_code == 422
    assert "changed on another device" in refused.text
    again = re.search(r'name="checked" value="(\w+)"', refused.text)[1]
    assert as_ava.submit(at(task, "/submission"), version="1", checked=again).status_code == 303


def test_a_template_edited_meanwhile_is_answered_as_it_was_shown(clinic, version, as_ava, task):
    page = Page(as_ava, at(task, "/sections/1"))
    templates.write_version(clinic.history, actor(clinic.ava), "History", "", [{"label": "New?", "type": "yes_no"}])
    page.send("later", q_reason="Lines")
    assert fresh(task).version == version
    assert "What brings you in?" in as_ava.see(at(task, "/sections/1"))


# --- the second visit ---------------------------------------------------------------------------


@pytest.fixture
def second(clinic, as_ava, task):
    """The questionnaire of the next visit, after the first was answered."""
    through(as_ava, task, ("q_medicines", ["Ibuprofen", "", ""]))
    as_ava.submit(at(task, "/submission"), version="1")
    return begin(clinic, now() + timedelta(days=40))[1]["questionnaire"]


def test_earlier_answers_are_filled_in_and_saved_with_their_section_only(as_ava, second):
    page = Page(as_ava, at(second, "/sections/1"))
    assert page.fields["q_reason"] == ["Lines"]
    assert "From what you told us on" in page.text
    assert answers.of(second) == {}
    page.give("smoke", q_smoke="no")
    assert answers.of(second) == {"smoke": "no"}, "nobody has said yet that the other one is still true"
    assert page.send().location == at(second, "/sections/3")
    assert answers.of(second) == {"reason": "Lines", "smoke": "no"}


def test_an_offered_answer_that_was_emptied_is_not_offered_again(as_ava, second):
    Page(as_ava, at(second, "/sections/1")).send("later", q_reason="")
    assert Page(as_ava, at(second, "/sections/1")).fields["q_reason"] == [""]


def test_an_offered_answer_never_replaces_what_another_device_saved(clinic, as_ava, second):
    stale = Page(as_ava, at(second, "/sections/1"))
    Page(as_ava, at(second, "/sections/1")).send("later", q_reason="Dry skin")
    stale.send("later")
    assert answers.of(second)["reason"] == "Dry skin"


def test_still_true_is_confirmed_or_changed(as_ava, second):
    Page(as_ava, at(second, "/sections/1")).send()
    page = Page(as_ava, at(second, "/sections/3"))
    assert "Last time you told us: <strong>Ibuprofen</strong>." in page.text
    assert "q_pregnant" not in page.fields, "safety is asked anew"
    asked = page.send(q_pregnant="no")
    assert asked.status_code == 422
    assert 'href="#still_medicines-0"' in asked.text
    assert "Tell us whether this is still true" in asked.text
    assert page.send(q_pregnant="no", still_medicines="yes", q_medicines=["forged"]).location == at(second, "/check")
    row = Answer.get(Answer.task == second, Answer.question == "medicines")
    assert (row.value, row.confirmed) == ([{"name": "Ibuprofen", "note": ""}], True)
    page = Page(as_ava, at(second, "/sections/3"))
    assert page.fields["still_medicines"] == ["yes"]
    page.send(still_medicines="no", q_medicines=["Aspirin", "", ""])
    row = Answer.get(Answer.task == second, Answer.question == "medicines")
    assert (row.value[0]["name"], row.confirmed) == ("Aspirin", False)


def optional(clinic):
    """The same questionnaire, where nobody must say what they take."""
    write(clinic, [{**it, "required": False} if it["key"] == "medicines" else it for it in QUESTIONS])


def test_an_earlier_answer_is_never_passed_over_in_silence(clinic, as_ava, second):
    optional(clinic)
    Page(as_ava, at(second, "/sections/1")).send()
    page = Page(as_ava, at(second, "/sections/3"))
    untouched = page.send(q_pregnant="no")
    assert untouched.status_code == 422
    assert "Tell us whether this is still true: “What do you take?”" in untouched.text
    assert page.send("later", q_pregnant="no").location == "/", "only who goes on is asked"
    page = Page(as_ava, at(second, "/sections/3"))
    changed = page.send(still_medicines="no", q_medicines=["", "", ""], n_medicines=["", "", ""])
    assert changed.location == at(second, "/check"), "it has changed into nothing, and nothing must be said"
    assert Page(as_ava, at(second, "/sections/3")).fields["still_medicines"] == ["no"]
    assert Page(as_ava, at(second, "/sections/3")).send().location == at(second, "/check")
    assert "medicines" not in answers.of(second)


@pytest.fixture
def stale(clinic, as_ava, second):
    """A page that shows an earlier answer, which another questionnaire has replaced since it was opened."""
    Page(as_ava, at(second, "/sections/1")).send()
    page = Page(as_ava, at(second, "/sections/3"))
    third = begin(clinic, now() + timedelta(days=50))[1]["questionnaire"]
    given = {"reason": "x", "smoke": "no", "medicines": [{"name": "Warfarin", "note": ""}], "pregnant": "no"}
    answers.submit(third, given, actor(clinic.ava), paperwork.version_of(third))
    return page


@pytest.mark.parametrize("do", ["next", "later"])
def test_nobody_confirms_what_they_did_not_see(as_ava, second, stale, do):
    answer = stale.send(do, q_pregnant="no", still_medicines="yes")
    assert answer.status_code == 422
    assert "Your last answer to “What do you take?” has changed since this page was opened." in answer.text
    assert "Last time you told us: <strong>Warfarin</strong>." in answer.text
    assert 'id="still_medicines-0" value="yes" checked' not in answer.text
    assert answers.of(second) == {"reason": "Lines", "smoke": "no", "pregnant": "no"}
    Page(as_ava, at(second, "/sections/3")).send(still_medicines="yes")
    assert answers.of(second)["medicines"][0]["name"] == "Warfarin"


def test_with_scripts_the_changed_answer_is_shown_at_once(second, stale):
    part = stale.give("medicines", still_medicines="yes", q_pregnant="no")
    assert part.headers["HX-Retarget"] == "#section"
    assert "<strong>Warfarin</strong>" in part.text
    assert "has changed since this page was opened" in part.text
    assert 'value="no" checked' in part.text, "what was typed elsewhere stays"
    assert "medicines" not in answers.of(second)


def test_what_was_confirmed_is_asked_anew_when_it_is_another_answer_by_now(clinic, as_ava, second):
    Page(as_ava, at(second, "/sections/1")).send()
    Page(as_ava, at(second, "/sections/3")).send(still_medicines="yes", q_pregnant="no")
    third = begin(clinic, now() + timedelta(days=50))[1]["questionnaire"]
    given = {"reason": "x", "smoke": "no", "medicines": "none", "pregnant": "no"}
    answers.submit(third, given, actor(clinic.ava), paperwork.version_of(third))
    page = Page(as_ava, at(second, "/sections/3"))
    assert "still_medicines" not in page.fields
    assert page.send().status_code == 422
    assert answers.of(second)["medicines"] == [{"name": "Ibuprofen", "note": ""}]


def test_an_earlier_answer_that_no_longer_fits_is_not_offered(clinic, as_ava, second):
    changed = [{**it, "type": "number", "unit": "", "least": None, "most": None} if it["key"] == "reason" else it
               for it in QUESTIONS]  # fmt: skip
    write(clinic, changed)
    assert Page(as_ava, at(second, "/sections/1")).fields["q_reason"] == [""]


def test_the_answers_of_another_patient_are_never_offered(clinic, as_ben, second):
    bens = begin(clinic, now() + timedelta(days=9), patient=clinic.ben, provider=clinic.other_provider)[1]
    assert Page(as_ben, at(bens["questionnaire"], "/sections/1")).fields["q_reason"] == [""]


# --- photos -------------------------------------------------------------------------------------


def picture():
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (40, 30), "tan").save(out, "PNG")
    out.seek(0)
    return out


def test_photos_are_added_and_removed_with_the_section_kept(clinic, as_ava, task):
    photo = {"key": "skin", "label": "Your skin", "type": "photo", "required": True, "help": "", "most": 2}
    write(clinic, [QUESTIONS[1], photo])
    page = Page(as_ava, at(task, "/sections/1"))
    assert 'enctype="multipart/form-data"' in page.text
    assert page.send(q_reason="Lines").status_code == 422, "a photo is missing"
    added = page.send("photos", q_reason="Lines", p_skin=[(picture(), "a.png"), (picture(), "b.png")])
    assert added.location == at(task, "/sections/1")
    page = Page(as_ava, at(task, "/sections/1"))
    assert page.text.count('<img src="/photos/') == 2
    numbers = answers.of(task)["skin"]
    assert page.send(f"remove_photo:{numbers[0]}").status_code == 303
    assert answers.of(task)["skin"] == numbers[1:]
    wrong = Page(as_ava, at(task, "/sections/1")).send("photos", p_skin=[(io.BytesIO(b"not one"), "a.png")])
    assert wrong.status_code == 422
    assert Page(as_ava, at(task, "/sections/1")).send().location == at(task, "/check")
    assert as_ava.submit(at(task, "/submission"), version="1").status_code == 303
    assert answers.of(task)["skin"] == numbers[1:]


def as_browsers_do(fields, name, file):
    """A form with a file; the test client's own encoder spares an empty field its line, which the reader may miss."""
    parts = [(f'name="{key}"', value.encode()) for key, values in fields.items() for value in values]
    parts.append((f'name="{name}"; filename="a.png"\r\nContent-Type: image/png', file.read()))
    heads = [(f"--part-of-a-form\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode(), value)
             for head, value in parts]  # fmt: skip
    body = b"".join(head + value + b"\r\n" for head, value in heads) + b"--part-of-a-form--\r\n"
    return body, "multipart/form-data; boundary=part-of-a-form"


def test_the_longest_section_is_sent_whole_with_its_photo(clinic, as_ava, task):
    lists = [{"key": f"k{i}", "label": f"What, {i}?", "type": "allergy_list"} for i in range(199)]
    write(clinic, [*lists, {"key": "skin", "label": "Your skin", "type": "photo"}])
    page = Page(as_ava, at(task, "/sections/1"))
    rows = {f"q_k{i}": [f"This {i}", "That", ""] for i in range(199)}
    body, kind = as_browsers_do({**page.fields, "do": ["next"], **rows}, "p_skin", picture())
    assert as_ava.post(page.address, data=body, content_type=kind).status_code == 303
    stored = answers.of(task)
    assert len(stored) == 200
    assert stored["k198"] == [{"name": "This 198", "note": ""}, {"name": "That", "note": ""}]


@pytest.mark.parametrize(("most", "taken"), [(None, 6), (2, 2)])
def test_a_photo_question_says_how_many_it_takes(clinic, as_ava, task, most, taken):
    write(clinic, [{"key": "skin", "label": "Your skin", "type": "photo", "most": most}])
    page = Page(as_ava, at(task, "/sections/1"))
    assert f"{taken} photos at most" in page.text
    refused = page.send("photos", p_skin=[(picture(), f"{number}.png") for number in range(taken + 1)])
    assert refused.status_code == 422
    assert f"There can be {taken} photos here." in refused.text
    assert len(answers.of(task)["skin"]) == taken


# --- figures ------------------------------------------------------------------------------------


def test_a_long_section_costs_the_same_as_a_short_one(clinic, as_ava, second, queries):
    def many(number):
        return [{"key": f"k{i}", "label": f"Number {i}?", "type": "text", "required": False, "help": ""}
                for i in range(number)]  # fmt: skip

    counts = []
    for number in (3, 120):
        write(clinic, many(number))
        with queries() as count:
            as_ava.see(at(second, "/sections/1"))
        counts.append(count())
        Task.update(sections_done=1).where(Task.id == second.id).execute()
        with queries() as count:
            as_ava.see(at(second, "/check"))
        counts.append(count())
        Task.update(sections_done=0).where(Task.id == second.id).execute()
    assert counts[:2] == counts[2:]


def test_the_task_is_due_until_it_is_sent(clinic, as_ava, task):
    through(as_ava, task)
    assert Paperwork.get_by_id(task.paperwork_id).name in as_ava.see("/")
    assert "questionnaire" in [row.kind for row in paperwork.action_required(clinic.ava, now())]


# --- staff --------------------------------------------------------------------------------------


def test_staff_see_first_what_is_flagged_and_what_changed(clinic, as_ava, as_nurse, second):
    flagged = [{**it, "rules": [{"is": "is", "value": "yes", "then": "flag", "words": "Ask about the cough."}]}
               if it["key"] == "smoke" else it for it in QUESTIONS]  # fmt: skip
    write(clinic, flagged)
    Page(as_ava, at(second, "/sections/1")).send(q_reason="Dry skin", q_smoke="yes", q_packs="3")
    Page(as_ava, at(second, "/sections/1")).send(q_packs="3")
    Page(as_ava, at(second, "/sections/3")).send(q_pregnant="no", still_medicines="yes")
    as_ava.submit(at(second, "/submission"), version="1")
    assert fresh(second).status == "done"
    page = as_nurse.see(f"/staff/tasks/{second.id}")
    first, rest = page[page.index('id="answers-head"') :].split("<details>", 1)
    told = ("What is flagged, and what changed", "<del>Lines</del>", "<ins>Dry skin</ins>", "Ask about the cough.",
            "<del>No answer</del>", "<ins>3</ins>")  # fmt: skip
    for words in told:
        assert words in first, words
    assert "Are you pregnant?" not in first
    assert "Are you pregnant?" in rest
    assert "Confirmed as still true" in rest
    assert fresh(second).answers_digest in rest
    assert "Changed! What is stored" not in page


def test_staff_see_all_answers_of_a_first_time(as_ava, as_nurse, task):
    through(as_ava, task)
    page = as_nurse.see(f"/staff/tasks/{task.id}")
    assert "Answers so far, not sent" in page
    assert "<details open>" in page
    assert "What do you take?" in page


def test_an_answer_to_what_asks_nothing_is_nowhere(as_ava, task):
    sent = {"version": "2", "asked": "you", "csrf_token": as_ava.token()}
    for only in ("you", "care", "nonsense", ""):
        assert as_ava.post(at(task, "/answers"), data={**sent, "only": only}, headers=HTMX).status_code == 404, only
