"""What an instruction says beside its text: a video, a question that checks it was understood, and steps in time."""

import re
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from clock import local
from models import PaperworkVersion
from rules import words
from rules.profile import tidy
from rules.refused import Refused

MOST_STEPS = 20
MOST_CHOICES = 6
LONGEST_CHOICE = 200
LONGEST_LINE = 500
LONGEST_STEP = 10_000
LONGEST_DELAY = 60 * 24 * 365
KEY = re.compile(r"[a-z0-9_]{1,40}")


class Stage(NamedTuple):
    """One stage of a timeline: a step, or, with an empty key, the main text that holds from the visit on."""

    key: str
    title: str
    body: str
    due_at: datetime
    check_in: bool
    state: str  # "over", "now" or "later"
    day: str  # "Day 3"
    since: str  # "from Friday 27 November"


def video_of(version: PaperworkVersion) -> tuple[str, str] | None:
    """The address of the video and the name of its site, which is read before the link is followed."""
    address = (version.details or {}).get("video")
    return (address, urlsplit(address).hostname.removeprefix("www.")) if address else None


def check_of(version: PaperworkVersion) -> dict | None:
    """The question that checks whether the instruction was understood."""
    return (version.details or {}).get("check") or None


def steps_of(version: PaperworkVersion) -> list[dict]:
    """The later steps, in the order of their delays."""
    return (version.details or {}).get("steps") or []


def step_of(version: PaperworkVersion, key: str) -> dict | None:
    return next((step for step in steps_of(version) if step["key"] == key), None)


def step_due_at(step: dict, ends_at: datetime) -> datetime:
    """When a step begins: its delay after the end of the visit."""
    return ends_at + timedelta(minutes=step["delay_minutes"])


def timeline(version: PaperworkVersion, ends_at: datetime, time_zone: str, at: datetime) -> list[Stage]:
    """The stages in order, with the words for when each begins; the main text comes first. [] without any steps."""
    steps = steps_of(version)
    if not steps:
        return []
    begun = sum(step_due_at(step, ends_at) <= at for step in steps)  # they stand in the order of their delays
    stages = [
        Stage("", version.title, version.body, ends_at, False, "over" if begun else "now", "After your visit", "")
    ]
    for number, step in enumerate(steps, 1):
        due_at = step_due_at(step, ends_at)
        state = "later" if number > begun else "now" if number == begun else "over"
        stages.append(
            Stage(
                step["key"], step["title"], step["body"], due_at, bool(step.get("check_in")), state,
                _day(due_at, ends_at, time_zone), _since(due_at, time_zone, at),
            )
        )  # fmt: skip
    return stages


def _day(due_at, ends_at, time_zone):
    days = (local(due_at, time_zone).date() - local(ends_at, time_zone).date()).days
    return f"Day {days}" if days else "The same day"


def _since(due_at, time_zone, at):
    there, here = local(due_at, time_zone), local(at, time_zone)
    if there.date() == here.date():
        return f"today, from {there:%H:%M}" if due_at > at else "today"
    year = f" {there.year}" if there.year != here.year else ""
    return f"{'from' if due_at > at else 'since'} {there:%A} {there.day} {there:%B}{year}"


def after_words(minutes: int) -> str:
    """When a step begins, as the people who write it say it."""
    return f"{words.span(minutes)} after the visit" if minutes else "As the visit ends"


# --- writing them -------------------------------------------------------------------------------


def tidy_details(kind: str, details: dict | None) -> dict:
    """The details of an instruction as a version keeps them; {} when it is only a text.

    Refused with the field ("video", "check_question", "check_right", "check_wrong", "check_line", or a step's "title",
    "body" or "delay" with facts["number"], its position from 0) and a sentence.
    """
    details = details or {}
    kept = {"video": _video(details.get("video")), "check": _check(details.get("check"))}
    if kind == "post_treatment":
        kept["steps"] = _steps(details.get("steps"))
    return {name: value for name, value in kept.items() if value}


def _video(address) -> str:
    address = tidy(address or "")
    if not address:
        return ""
    try:
        parts = urlsplit(address)
        good = parts.scheme == "https" and parts.hostname and "." in parts.hostname and not parts.username
    except ValueError:
        good = False
    if not good or len(address) > 500 or not address.isprintable() or any(mark in address for mark in " <>\"'\\"):
        raise Refused("Enter the whole address of the video. It begins with https://.", "video")
    return address


def _check(given) -> dict | None:
    given = given or {}
    question, right, line = (tidy(given.get(name) or "") for name in ("question", "right", "line"))
    choices = list(dict.fromkeys(tidy(choice) for choice in given.get("choices") or [] if tidy(choice)))
    wrong = [choice for choice in choices if choice != right]
    if not (question or right or line or wrong):
        return None
    if not question:
        raise Refused("Write the question, or empty all of its fields.", "check_question")
    if not right:
        raise Refused("Write the right answer.", "check_right")
    if not wrong:
        raise Refused("Write at least one wrong answer, each on its own line.", "check_wrong")
    if len(wrong) >= MOST_CHOICES:
        raise Refused(f"Write {MOST_CHOICES - 1} wrong answers at most.", "check_wrong")
    if not line:
        raise Refused("Write the line that is shown after a wrong answer.", "check_line")
    for text, longest, field in (
        (question, LONGEST_LINE, "check_question"),
        (right, LONGEST_CHOICE, "check_right"),
        *((choice, LONGEST_CHOICE, "check_wrong") for choice in wrong),
        (line, LONGEST_LINE, "check_line"),
    ):
        if len(text) > longest:
            raise Refused(f"Keep it to {longest} characters or fewer.", field)
    choices = sorted((right, *wrong), key=_in_order)  # so that the place of the right one tells nothing
    return {"key": "check", "question": question, "choices": choices, "right": right, "line": line}


def _in_order(choice: str):
    """ "After 3 days" before "After 14 days"."""
    return [
        (part.isdigit(), int(part) if part.isdigit() else 0, part.lower()) for part in re.split(r"([0-9]+)", choice)
    ]


def _steps(given) -> list[dict]:
    given = [(number, step) for number, step in enumerate(given or []) if not _is_blank(step)]
    if len(given) > MOST_STEPS:
        raise Refused(f"An instruction can have {MOST_STEPS} steps at most.", "steps")
    steps, taken = [], set()
    for number, step in given:
        title, body = tidy(step.get("title") or ""), (step.get("body") or "").replace("\r\n", "\n").strip()
        for text, longest, field, missing in (
            (title, 120, "title", "Write its title."),
            (body, LONGEST_STEP, "body", "Write what to do then."),
        ):
            if not text:
                raise Refused(f"Step {number + 1}: {missing}", field, number=number)
            if len(text) > longest:
                words = f"Step {number + 1}: Keep it to {longest:,} characters or fewer."
                raise Refused(words, field, number=number)
        delay = step.get("delay_minutes")
        if not isinstance(delay, int) or not 1 <= delay <= LONGEST_DELAY:
            raise Refused(f"Step {number + 1}: Enter how long after the visit, a year at most.", "delay", number=number)
        key = step.get("key") or ""
        if not KEY.fullmatch(key) or key in taken:
            key = f"step_{secrets.token_hex(4)}"
        taken.add(key)
        steps.append(
            {"key": key, "title": title, "body": body, "delay_minutes": delay, "check_in": bool(step.get("check_in"))}
        )
    return sorted(steps, key=lambda step: step["delay_minutes"])


def _is_blank(step) -> bool:
    return not (step.get("key") or (step.get("title") or "").strip() or (step.get("body") or "").strip())
