"""What a page of a questionnaire sends is stored: a whole section by its buttons, or one answer as it was given."""

from urllib.parse import quote

from flask import abort, flash, make_response, render_template, request

from models import Photo
from rules import answers, earlier, paperwork, photos, words
from rules.conditions import LAYOUT
from rules.question_types import most_of
from rules.refused import Refused
from views import questionnaire, respond
from views.way import Way, filled, show_section, way_through

ALSO_ELSEWHERE = "answered differently on another device meanwhile. What you gave here stands."
CHANGED_BEFORE = "has changed since this page was opened. Please look at it once more."
KEPT_ELSEWHERE = "changed on another device meanwhile. That answer stands."


def save_section(door, number):
    """Continue, Back, Save and finish later, or a button within the section; all of them store what fits."""
    do, _, what = request.form.get("do", "").partition(":")
    try:
        version = seen_version(door)
        saved, offered, sent = store(door, version)
    except Refused as no:
        return shown_anew(door, number, no)
    problems = saved.problems | change_photos(door, version, do, what)
    way = Way(door.task, version, answers.note_photos(door.task, version, saved.stored))
    section = way.section(number)
    if section is None:
        return respond.done(door.base)  # its questions are not asked any more
    on_the_page = set(request.form.getlist("asked"))
    misfits = problems.keys() & set(section.shown)
    problems = {key: problems[key] for key in misfits}
    if do in ("", "next"):
        problems |= lacking_here(way, offered, sent, on_the_page & set(section.shown) - misfits)
    more = what if do == "add_row" else ""
    if problems:
        return show_section(door, way, number, problems=problems, typed_keys=misfits - sent.stale, more=more)
    tell(saved)
    here = f"{door.base}/sections/{number}"
    if more:
        return respond.done(f"{here}?more={quote(more)}#question-{quote(more)}")
    if do in ("photos", "remove_photo"):
        return respond.done(here)
    if do == "later":
        return respond.done(door.home, "Your answers are saved. You can finish whenever you like.")
    if do == "back":
        before = way.before(number)
        return respond.done(f"{door.base}/sections/{before.number}" if before else door.home)
    if brought := news(way, section, on_the_page):
        return respond.done(here, brought)
    answers.gone_through(door.task, number, way.sections)
    following = way.next_after(number)
    return respond.done(f"{door.base}/sections/{following.number}" if following else f"{door.base}/check")


def shown_anew(door, number, no: Refused):
    """The rule said no to all of it: the answers were sent before, or the text is a new one."""
    if door.task.status not in ("open", "in_progress"):
        raise no
    way = way_through(door)
    section = way.section(number) or way.shown[0]
    form, items = filled(way, section, typed_keys=set(request.form.getlist("asked")))
    respond.refuse(form, no)
    return show_section(door, way, section.number, form, items)


def lacking_here(way, offered, sent, keys) -> dict:
    """A sentence for each of these questions that must be answered and is not, or whose earlier answer waits for a yes.

    Nobody knows whether an untouched earlier answer is still true, so it is asked for where none is required, too.
    """
    found = {key: said for key, said in answers.missing(way.version, way.stored, way.on).items() if key in keys}
    for question in way.version.questions:
        key = question["key"]
        if key in keys and key in offered and key not in sent.given and questionnaire.STILL + key not in request.form:
            found[key] = f"Tell us whether this is still true: “{question['label']}”"
    return found


def seen_version(door):
    """The version that stood on the screen. Refused, so that the page is shown anew, when it is too old a one."""
    return paperwork.shown_version(door.task, request.form.get("version"))


def store(door, version, only=None):
    on_the_page = set(request.form.getlist("asked"))
    asked = [it for it in version.questions if it["key"] in on_the_page]
    offered = {
        key: it for key, it in earlier.offered(door.task, [q for q in asked if earlier.way_of(q) == "confirm"]).items()
    }
    sent = questionnaire.sent(asked, offered, only)
    saved = answers.save(door.task, sent.given, door.by, version, sent.seen, sent.confirmed)
    stale = {it["key"]: f"Your last answer to “{it['label']}” {CHANGED_BEFORE}" for it in asked
             if it["key"] in sent.stale}  # fmt: skip
    return saved._replace(problems=saved.problems | stale), offered, sent


def change_photos(door, version, do, what) -> dict:
    """Keep the photos that the form brought, take away the one that is to go; a sentence where that fails."""
    problems = {}
    if do == "remove_photo" and what.isdecimal() and len(what) < 19:
        photo = Photo.get_or_none(Photo.id == int(what), Photo.task == door.task)
        if photo is not None:
            photos.remove(photo, door.by)
    for question in version.questions:
        key = question["key"]
        if question["type"] != "photo":
            continue
        try:
            for file in request.files.getlist(questionnaire.FILES + key):
                if file.filename:
                    photos.add(door.task, key, file.stream, door.by, most=most_of(question))
        except Refused as no:
            problems[key] = no.words
    return problems


def tell(saved) -> None:
    """Say which answers two devices gave; in words without the answers themselves, since they wait in the session."""
    for questions, said in (([it[0] for it in saved.both], ALSO_ELSEWHERE), (saved.theirs, KEPT_ELSEWHERE)):
        if questions:
            named = ", ".join(f"“{it['label'][:60]}”" for it in questions[:5])
            flash(f"{named}: {said}", "calm")


def news(way, section, on_the_page) -> str:
    """What an answer brought onto this very section: questions, or words to be read before going on; or nothing."""
    new = [it for it in way.questions(section) if it["key"] not in on_the_page]
    count = sum(it["type"] not in LAYOUT for it in new)
    if count:
        return f"Your answer brings {words.count(count, 'more question')}."
    told = {f"{it.question}.{it.rule}" for it in questionnaire.informs_of(way.version, way.stored.values, way.on)
            if it.question in section.shown}  # fmt: skip
    if new or told - set(request.form.getlist("told")):
        return "Please read what we say to your answer, then go on."
    return ""


def sent_late(door, version, saved, stale):
    """What was kept is saved; what does not fit is shown in its section, as it was typed."""
    way = Way(door.task, version, saved.stored)
    wrong = next((it for it in way.shown if saved.problems.keys() & set(it.shown)), None)
    if wrong is not None:
        typed = saved.problems.keys() - stale
        return show_section(door, way, wrong.number, problems=saved.problems, typed_keys=typed)
    tell(saved)
    return respond.done(door.base, "What you typed is saved.")


def save_one(door):
    """One answer as it was given (htmx): "Saved" beside it, or the section anew when it brings or takes away questions.

    Without htmx it is a form that was kept while the reader was signed out: all of it is saved.
    """
    only = request.form.get("only") if request.htmx else None
    try:
        version = seen_version(door)
        saved, _, sent = store(door, version, only)
    except Refused as no:
        if not request.htmx:
            raise
        return make_response(render_template("patient/paperwork/_saved.html", problem=no.words), 422)
    if not request.htmx:
        return sent_late(door, version, saved, sent.stale)
    asking = (it for it in version.questions if it["key"] == only and it["type"] not in LAYOUT)
    question = next(asking, None) or abort(404)
    way = Way(door.task, version, saved.stored)
    section = next(it for it in way.sections if any(q["key"] == only for q in it.questions))
    on_the_page = set(request.form.getlist("asked"))
    if sent.stale or request.form.get("more") or (section.shown and set(section.shown) != on_the_page):
        typed = (on_the_page - {only} | saved.problems.keys()) - sent.stale
        answer = show_section(
            door, way, section.number, part="section", problems=saved.problems, typed_keys=typed,
            more=request.form.get("more", ""),
        )  # fmt: skip
        answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#section", "outerMorph"
        if request.form.get("more"):
            respond.focus(answer, f"#question-{only} .listed-rows li:last-child input")
        return answer
    informs = questionnaire.informs_of(version, saved.stored.values, way.on)
    value, was = saved.stored.values.get(only), request.form.get(questionnaire.WAS + only)
    part = render_template(
        "patient/paperwork/_saved.html",
        question=question,
        problem=saved.problems.get(only),
        was=was if saved.problems else answers.digest(value),
        emptied=value is None,
        informs=[it for it in informs if it.question == only],
        both=[(questionnaire.asked.said(q, there), questionnaire.asked.said(q, now_)) for q, there, now_ in saved.both],
        theirs=[questionnaire.asked.said(q, value) for q in saved.theirs],
        saved=value is not None or was not in (None, answers.digest(None)),
    )
    return make_response(part, 422 if saved.problems else 200)
