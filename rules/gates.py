"""What stands between a visit and its treatment, in words: history, consents, instructions, card, flags. No queries."""

from typing import NamedTuple

from models import OPEN_TASK
from rules import findings
from rules.words import count, date_words

SIGNS_LATER = {"witness": "a witness", "provider": "the provider"}


class Gate(NamedTuple):
    """One gate of one visit. `state`: good, none (not asked for), open, late, ask (staff decide), stop."""

    name: str
    state: str
    words: str


class Gates(NamedTuple):
    """All gates of a visit, and what is missing as parts of a sentence."""

    gates: list[Gate]
    missing: list[str]
    open_tasks: list  # of the patient, in the order in which they are done


class Facts(NamedTuple):
    """What is known of one visit; its tasks without lapsed ones, by kind in the order in which they are done."""

    tasks: list
    signers: dict  # number of a consent's task -> roles that have not signed yet
    unanswered: set  # numbers of the tasks of instructions whose check question is not answered right
    findings: list
    at_visit: bool  # the patient is here, or should be
    begun: bool  # the start has passed
    birth_date_known: bool
    prefers_paper: bool = False
    pays_here: bool = True  # money is taken at the desk, so no visit waits for a card


def of(visit: Facts) -> Gates:
    """The gates of a visit."""
    by_kind = {"questionnaire": [], "consent": [], "pre_treatment": []}
    for task in visit.tasks:
        if task.status != "not_needed" or task.declined_at:
            by_kind[task.paperwork.kind].append(task)
    questionnaires, consents, instructions = by_kind.values()
    open_tasks = [task for tasks in by_kind.values() for task in tasks if _open(task)]
    missing = _open_words(open_tasks)
    consent, of_consents = _consents(consents, visit)
    reading, of_reading = _instructions(instructions, visit)
    flags, of_flags = _flags(visit.findings, any(map(_open, questionnaires)))
    missing += of_consents + of_reading + of_flags
    card = Gate("Card", "none", "At the clinic" if visit.pays_here else "Not asked for")
    return Gates([_history(questionnaires, visit.begun), consent, reading, card, flags], missing, open_tasks)


def _open(task) -> bool:
    return task.status in OPEN_TASK and not task.declined_at


def _open_words(open_tasks) -> list[str]:
    """Medical history and consent are open; one clause, or none."""
    names = {}
    for task in open_tasks:
        names.setdefault(task.paperwork.kind, []).append(task.paperwork.name)
    said = []
    if asked := names.get("questionnaire"):
        said.append(asked[0] if len(asked) == 1 else count(len(asked), "questionnaire"))
    if signed := names.get("consent"):
        said.append("consent" if len(signed) == 1 else count(len(signed), "consent"))
    if "pre_treatment" in names:
        said.append("instructions")
    if not said:
        return []
    one = len(open_tasks) == 1 and said != ["instructions"]
    return [f"{_listed(said)} {'is' if one else 'are'} open"]


def _listed(parts) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if parts[1:] else parts[0]


def _history(tasks, begun) -> Gate:
    name = "History"
    if not tasks:
        return Gate(name, "none", "Not asked for")
    still_open = [task for task in tasks if _open(task)]
    if not still_open:
        valid = all(task.counted_from_id for task in tasks)
        return Gate(name, "good", "Still valid" if valid else "Done")
    done = len(tasks) - len(still_open)
    begun_ones = any(task.status == "in_progress" for task in still_open)
    words = f"{done} of {len(tasks)} done" if done else "Begun" if begun_ones else "Not begun"
    return _late(name, words) if begun else Gate(name, "open", words)


def _late(name, words) -> Gate:
    return Gate(name, "late", f"Late: {words[:1].lower()}{words[1:]}")


def _consents(tasks, visit) -> tuple[Gate, list[str]]:
    name, number = "Consents", len(tasks)
    if not tasks:
        return Gate(name, "none", "Not asked for"), []
    declined = sum(bool(task.declined_at) for task in tasks)
    still_open = [task for task in tasks if _open(task)]
    waits = [visit.signers.get(task.id, ()) for task in still_open]
    guardian = any("guardian" in roles and "patient" not in roles for roles in waits)
    signed = [task for task in tasks if not _open(task) and not task.declined_at]
    later = [role for role in SIGNS_LATER if any(role in visit.signers.get(task.id, ()) for task in signed)]
    missing = []
    if declined:
        missing.append("consent was declined" if declined == 1 else f"{declined} consents were declined")
    if still_open and not visit.birth_date_known:
        missing.append("the birth date is not known, so nobody can sign yet")
    if guardian:
        missing.append("a guardian has not signed")
    if later and visit.at_visit:
        who = _listed([SIGNS_LATER[role] for role in later])
        missing.append(f"{who} {'has' if len(later) == 1 else 'have'} not signed")
    if declined:
        gate = Gate(name, "stop", "Declined" if number == 1 else f"{declined} of {number} declined")
    elif still_open:
        signing = f"{len(signed)} of {number} signed" if signed else "Not signed"
        words = "Prefers paper" if visit.prefers_paper else "Guardian missing" if guardian else signing
        gate = _late(name, words) if visit.begun else Gate(name, "open", words)
    elif later:
        roles = _listed(later)
        here = Gate(name, "ask", f"{roles.capitalize()} signature missing")
        gate = here if visit.at_visit else Gate(name, "good", f"Signed; {roles} at the visit")
    else:
        papers = sum(bool(task.signed_on_paper_by) for task in tasks)
        words = "Signed on paper" if papers == number else f"Signed, {papers} on paper" if papers else "Signed"
        gate = Gate(name, "good", "Still valid" if all(task.counted_from_id for task in tasks) else words)
    return gate, missing


def _instructions(tasks, visit) -> tuple[Gate, list[str]]:
    name = "Instructions"
    if not tasks:
        return Gate(name, "none", "None"), []
    unread = [task for task in tasks if _open(task)]
    if unread:
        read = len(tasks) - len(unread)
        words = f"{read} of {len(tasks)} read" if read else "Not read"
        return Gate(name, "late" if visit.begun else "open", words), []
    if any(task.id in visit.unanswered for task in tasks):
        return Gate(name, "open", "Check question open"), ["the check question is not answered right yet"]
    return Gate(name, "good", "Read"), []


def _flags(there, history_open) -> tuple[Gate, list[str]]:
    name = "Flags"
    blocks = [it for it in there if it.then == "block" and findings.stands(it)]
    if blocks:
        last = max(blocks, key=lambda it: it.until_on or findings.FOR_EVER)
        words = f"Blocked until {date_words(last.until_on)}" if last.until_on else "Blocked"
        return Gate(name, "stop", words), [f"{words[:1].lower()}{words[1:]}"]
    if any(it.status == "declined" for it in there):
        return Gate(name, "stop", "Not fit"), ["not fit for this treatment"]
    asking = [it for it in there if it.then == "flag" and it.status == "open"]
    if asking:
        words = "Needs OK" if len(asking) == 1 else f"{len(asking)} need an OK"
        clause = "an answer needs" if len(asking) == 1 else f"{len(asking)} answers need"
        return Gate(name, "ask", words), [f"{clause} a provider’s OK"]
    if any(it.then == "flag" for it in there):
        return Gate(name, "good", "Cleared"), []
    return Gate(name, "none", "Not known yet" if history_open else "None"), []
