"""What answers mean for a visit: flags that a provider decides, and blocks that move it, free of charge.

A finding counts as long as the answers that it comes from count for its visit: their own task is not replaced, or
another task of the visit still rests on it. A block stands in the way of its visit until the visit's own day has
come to `until_on`, and of every new visit of the same service before that day. So moving a visit settles its block,
moving it back does not, and nothing has to be written down for that.
"""

from datetime import date

from peewee import fn

from clock import local, now
from database import write_tx
from models import TO_COME, Answer, Appointment, Finding, Location, Patient, Service, Task
from rules import questions, trail, words
from rules.judging import before, carry, raise_for  # noqa: F401 - one door
from rules.refused import Refused

FOR_EVER = date(9999, 12, 31)
LONGEST_REASON = 500
DECISIONS = {  # what staff choose, of which kind of finding: the status it gets, and the word of the trail
    "clear": ("flag", "cleared", "flag cleared"),
    "decline": ("flag", "declined", "flag declined"),
    "lift": ("block", "cleared", "block lifted"),
}


def counting():
    """The query of findings whose answers still count for their visit."""
    rests = (Task.id == Finding.task) | (Task.counted_from == Finding.task)
    current = (Task.appointment == Finding.appointment) & (Task.status == "done") & Task.lapsed_at.is_null() & rests
    return Finding.select().where(fn.EXISTS(Task.select(Task.id).where(current)))


def _whole():
    return (
        counting()
        .select(Finding, Appointment, Location, Service, Patient)
        .join_from(Finding, Appointment)
        .join_from(Appointment, Location)
        .join_from(Finding, Service)
        .join_from(Finding, Patient)
        .order_by(Finding.id)
    )


def stands(finding: Finding) -> bool:
    """Whether it waits for somebody before its visit: a flag to be decided, or a block on the day of the visit."""
    if finding.status != "open" or finding.appointment.status not in TO_COME:
        return False
    return finding.then == "flag" or before(finding.appointment, finding.until_on)


def of_visits(appointment_ids) -> dict[int, list[Finding]]:
    """All findings that count for these visits, decided ones too; one query."""
    found = {number: [] for number in appointment_ids}
    if found:
        for finding in _whole().where(Finding.appointment.in_(list(found))):
            found[finding.appointment_id].append(finding)
    return found


def open_for(appointment_ids) -> dict[int, list[Finding]]:
    """The findings of these visits that wait for somebody; one query."""
    return {number: [it for it in there if stands(it)] for number, there in of_visits(appointment_ids).items()}


def of_patient(patient) -> list[Finding]:
    """All that counts of this patient, newest first; one query."""
    return list(_whole().where(Finding.patient == patient).order_by(Finding.id.desc()))


def waiting() -> list[Finding]:
    """What waits for a provider or keeps a visit from taking place, of visits to come, soonest first; one query."""
    rows = _whole().where((Finding.status == "open") & Appointment.status.in_(TO_COME))
    return [it for it in rows.order_by(Appointment.starts_at, Finding.id) if stands(it)]


def earlier(findings: list[Finding]) -> dict[int, Finding]:
    """The latest decision about the same answer for another visit, by the number of the finding; one query."""
    if not findings:
        return {}
    decided = (
        Finding.select(Finding, Service)
        .join(Service)
        .where(Finding.task.in_({it.task_id for it in findings}) & (Finding.status != "open"))
        .order_by(Finding.decided_at)
    )
    by_answer = {}
    for it in decided:
        by_answer.setdefault((it.task_id, it.question, it.rule), []).append(it)
    found = {}
    for it in findings:
        others = by_answer.get((it.task_id, it.question, it.rule), [])
        last = next((one for one in reversed(others) if one.appointment_id != it.appointment_id), None)
        if last:
            found[it.id] = last
    return found


def answer_of(finding: Finding) -> tuple[str, str] | None:
    """The question and its answer, in words."""
    for question in finding.task.version.questions:
        if question["key"] == finding.question:
            given = Answer.get_or_none((Answer.task == finding.task) & (Answer.question == finding.question))
            return question["label"], questions.said(question, given and given.value)
    return None


def block_of_visit(appointment) -> Finding | None:
    """The block that keeps this visit from taking place on its day; of several, the one that lasts longest."""
    there = [it for it in open_for([appointment.id])[appointment.id] if it.then == "block"]
    return max(there, key=lambda it: it.until_on or FOR_EVER, default=None)


def block_of(patient, service, on: date) -> Finding | None:
    """The block because of which the patient cannot have this service on that day; the one that lasts longest."""
    blocks = counting().where(
        (Finding.patient == patient) & (Finding.service == service)
        & (Finding.then == "block") & (Finding.status == "open")
        & (Finding.until_on.is_null() | (Finding.until_on > on))
    )  # fmt: skip
    return max(blocks, key=lambda it: it.until_on or FOR_EVER, default=None)


def check_free(patient, service, starts_at, time_zone: str, by) -> None:
    """Refuse a time on a day on which a block stands; staff can lift it first."""
    on = local(starts_at, time_zone).date()
    block = block_of(patient, service, on)
    if block is None:
        return
    if by.is_staff:
        until = f"until {words.date_words(block.until_on)}" if block.until_on else "until it is lifted"
        raise Refused(f"This treatment is blocked for this patient {until}. A provider can lift the block first.")
    raise Refused(f"{block.words} {from_words(block)}")


def check_raised(appointment, by) -> None:
    """A patient does not get a time that earlier answers forbid; raised inside its transaction, this undoes it.

    Staff get it: they see the block on the visit, and lift it or find another day.
    """
    block = block_of_visit(appointment) if by.is_patient else None
    if block:
        raise Refused(f"{block.words} {from_words(block)}")


def from_words(block: Finding) -> str:
    """From which day the service can be had, as the patient reads it."""
    if block.until_on is None:
        return "The clinic will tell you when you can have this treatment."
    return f"You can have this treatment from {words.date_words(block.until_on)} on."


def excused_of(appointment_ids) -> set[int]:
    """Which of these visits cannot take place as planned: blocked on their day, or declined; one query."""
    there = of_visits(appointment_ids)
    return {number for number, them in there.items() if any(hinders(it) for it in them)}


def hinders(finding: Finding) -> bool:
    return finding.status == "declined" or (finding.then == "block" and stands(finding))


def excused():
    """For a list of appointments, as columns of its query: until when an open block lasts (FOR_EVER: until it is
    lifted; None: there is none), how many flags were declined, and how many wait for a decision."""
    there = counting().where(Finding.appointment == Appointment.id)
    blocks = there.where((Finding.then == "block") & (Finding.status == "open"))
    until = blocks.select(fn.MAX(fn.COALESCE(Finding.until_on, FOR_EVER)))
    flags = there.where(Finding.then == "flag").select(fn.COUNT(Finding.id))
    return until, flags.where(Finding.status == "declined"), flags.where(Finding.status == "open")


def decide(finding: Finding, by, cleared: bool, why: str) -> Finding:
    """Staff decided: a flag is cleared or declined, a block is lifted; whoever comes second reads it."""
    if not by.is_staff:
        raise Refused("Only the clinic can decide this.")
    why = " ".join((why or "").split())
    if not any(letter.isalpha() for letter in why):
        raise Refused("Enter the reason in words.", "why")
    if len(why) > LONGEST_REASON:
        raise Refused(f"Keep the reason to {LONGEST_REASON} characters or fewer.", "why")
    if finding.then == "block" and not cleared:
        raise Refused("A block can only be lifted.", "decision")
    decision = next(it for it in DECISIONS.values() if it[:2] == (finding.then, "cleared" if cleared else "declined"))
    with write_tx():
        over = why_over(finding) if Finding.get_by_id(finding.id).status == "open" else ""
        if over:
            raise Refused(over)
        facts = {"status": decision[1], "decided_at": now(), "decided_by": by.name[:120], "why": why}
        open_one = (Finding.id == finding.id) & (Finding.status == "open")
        if not Finding.update(**facts).where(open_one).execute():
            there = Finding.get_by_id(finding.id)
            raise Refused(f"{there.decided_by} was faster: {decided_words(there)}")
        trail.record(by, decision[2], f"appointment {finding.appointment_id}", patient=finding.patient_id)
    for name, value in facts.items():
        setattr(finding, name, value)
    return finding


def why_over(finding: Finding) -> str:
    """Why an open flag is not to be decided any more, as a sentence; "" while it stands. A block can always be lifted:
    it stands in the way of other visits, too."""
    if finding.then == "block":
        return ""
    status = Appointment.get_by_id(finding.appointment_id).status
    if status not in TO_COME:
        return f"This visit is {status}, so there is nothing to decide about it any more."
    if not counting().where(Finding.id == finding.id).exists():
        return "These answers no longer count for this visit, so there is nothing to decide about them any more."
    return ""


def ask_again(appointment, by) -> None:
    """The visit moved: what a provider declined for the earlier time is decided anew, with that decision in sight."""
    declined = (Finding.appointment == appointment) & (Finding.status == "declined")
    if Finding.update(status="open").where(declined).execute():
        trail.record(by, "flag open again", f"appointment {appointment.id}", patient=appointment.patient_id)


def before_the_move(finding: Finding) -> str:
    """What was decided before the visit moved, of a flag that is open again."""
    decided = finding.status == "open" and finding.decided_by
    return f"Not fit for treatment by {finding.decided_by}: {finding.why}" if decided else ""


def state(finding: Finding, on: date) -> tuple[str, str]:
    """Where it stands for staff, `on` this day, as a badge: (words, kind)."""
    if finding.status == "declined":
        return "Not fit for treatment", "danger"
    if finding.status == "cleared":
        return ("Lifted" if finding.then == "block" else "OK"), "good"
    if finding.then == "flag":
        return ("Needs OK", "warn") if stands(finding) else ("Was not decided", "calm")
    if finding.until_on is None or finding.until_on > on:
        return "Blocked", "warn" if stands(finding) else "calm"
    return "Over", "calm"


def state_today(finding: Finding) -> tuple[str, str]:
    return state(finding, local(now(), finding.appointment.location.time_zone).date())


def decided_words(finding: Finding) -> str:
    """OK by Dr Lin: the reason"""
    return f"{state(finding, date.max)[0]} by {finding.decided_by}: {finding.why}"
