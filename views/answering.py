"""A patient's way through a questionnaire: one section a page, then the answers to be checked, then sent once."""

from flask import abort, redirect, request, url_for

from clock import now
from rules import answers, conditions, findings, paperwork, photos
from rules.refused import Refused
from views import respond
from views.saving import save_one, save_section, seen_version  # noqa: F401 - one door
from views.way import Way, frame, show_section, told_by_section, way_through


def begin(door):
    """To the first section that is not done, to the answers to be checked, or to what was sent."""
    if door.task.status == "done":
        return answered(door)
    section = way_through(door).not_done()
    return redirect(f"{door.base}/sections/{section.number}" if section else f"{door.base}/check", 303)


def section(door, number):
    if door.task.status == "done":
        return redirect(door.base, 303)
    way = way_through(door)
    if not 1 <= number <= len(way.sections):
        abort(404)
    if way.section(number) is None:
        return begin(door)  # its questions are not asked any more
    return show_section(door, way, number, more=request.args.get("more", ""))


# --- checking and sending -----------------------------------------------------------------------


def check(door):
    if door.task.status == "done":
        return redirect(door.base, 303)
    way = way_through(door)
    unfinished = way.not_done()
    if unfinished is not None:
        return redirect(f"{door.base}/sections/{unfinished.number}", 303)
    return show_check(door, way)


def show_check(door, way, problems=None, refused=""):
    lacking = answers.missing(way.version, way.stored, way.on)
    values = conditions.kept(way.version.questions, way.stored.values, way.on)
    pictures = photos.of(door.task) if any(it["type"] == "photo" for it in way.version.questions) else {}
    return respond.page(
        "patient/paperwork/check.html",
        status=422 if problems or refused else 200,
        page_errors=bool(problems or refused),
        told=told_by_section(way, values, lacking, pictures),
        lacking=[(f"{door.base}/sections/{place_of(way, key)}#question-{key}", said) for key, said in lacking.items()],
        asked_to_send=bool(problems),
        refused=refused,
        digest=answers.digest_of(way.version, values),
        **frame(door, way.version),
    )


def place_of(way, key) -> int:
    return next(it.number for it in way.sections if key in it.shown)


def submit(door):
    """Send what is stored; nothing that an old page still shows can change it."""
    if door.task.status == "done":
        return sent(door, "Your answers were sent already.")
    version = seen_version(door)
    try:
        answers.submit(door.task, {}, door.by, version, request.form.get("checked", ""))
    except Refused as no:
        if door.task.status not in ("open", "in_progress"):
            raise
        return show_check(door, way_through(door), no.facts.get("problems"), "" if "problems" in no.facts else no.words)
    return sent(door, "Thank you. Your answers are with the clinic.")


def sent(door, said):
    """On with what waits next; to the visit's postponement when an answer stands in its way."""
    task = door.task
    blocks = [it for it in findings.open_for([task.appointment_id]).get(task.appointment_id, ()) if it.then == "block"]
    if door.handed and not blocks:
        return respond.done(door.base)
    if door.handed:
        return respond.page("patient/paperwork/handed_over.html", said=said, blocks=blocks, **frame(door, task.version))
    if blocks:
        return respond.done(f"/appointments/{task.appointment_id}/postponement")
    open_ones = paperwork.action_required(task.patient, now())
    then = f"Next: {open_ones[0].name}." if open_ones else "Nothing else is waiting for you."
    return respond.done(url_for("home.home"), f"{said} {then}")


def answered(door):
    """What was sent, in words, with what the clinic says to it."""
    version = paperwork.version_of(door.task)
    way = Way(door.task, version, answers.load(door.task))
    pictures = photos.of(door.task) if any(it["type"] == "photo" for it in version.questions) else {}
    return respond.page(
        "patient/paperwork/answered.html",
        told=told_by_section(way, way.stored.values, (), pictures),
        **frame(door, version),
    )
