"""Where somebody stands in a questionnaire, and the page of one of its sections."""

from clock import now
from rules import answers, conditions, earlier, markdown, paperwork, photos
from rules.answering_day import answering_day
from rules.conditions import LAYOUT
from views import questionnaire, respond

SECONDS_EACH = 9  # about so long a question takes


class Way:
    """Where somebody stands in a questionnaire: its version, what is stored, and which sections that shows."""

    def __init__(self, task, version, stored=None):
        self.task, self.version = task, version
        self.on = answering_day(task)
        self.stored = stored or answers.note_photos(task, version)
        self.sections = conditions.sections(version.questions, self.stored.values, self.on)
        self.shown = [section for section in self.sections if section.shown]

    def section(self, number: int):
        return next((it for it in self.shown if it.number == number), None)

    def questions(self, section) -> list[dict]:
        return [it for it in section.questions if it["key"] in section.shown]

    def next_after(self, number: int):
        """The section to go to after this one; None: all are done, and the answers can be checked."""
        if self.task.sections_done < len(self.sections):
            return next((it for it in self.shown if it.number > number), None)
        lacking = answers.missing(self.version, self.stored, self.on)
        return next((it for it in self.shown if it.number > number and lacking.keys() & set(it.shown)), None)

    def before(self, number: int):
        return next((it for it in reversed(self.shown) if it.number < number), None)

    def not_done(self):
        return next((it for it in self.shown if it.number > self.task.sections_done), None)

    def progress(self, section) -> dict:
        left = sum(it["type"] not in LAYOUT for at in self.shown if at.number >= section.number for it in at.questions)
        return {"place": self.shown.index(section) + 1, "of": len(self.shown), "minutes": -(-left * SECONDS_EACH // 60)}


def way_through(door, version=None) -> Way:
    return Way(door.task, version or paperwork.version_of(door.task))


def frame(door, version) -> dict:
    """What every page of a questionnaire shows: the text, and the visit it is for."""
    task, visit = door.task, door.task.appointment
    return {
        "door": door,
        "task": task,
        "version": version,
        "visit": visit,
        "zone": visit.location.time_zone,
        "late": paperwork.is_late(task.paperwork.kind, task.status, visit.status, visit.starts_at, now()),
    }


def show_section(door, way, number, form=None, items=None, part=None, **also):
    section = way.section(number)
    if form is None:
        form, items = filled(way, section, **also)
    return respond.form_page(
        "patient/paperwork/section.html",
        form,
        part,
        items=items,
        section=section,
        first=way.shown[0] is section,
        back=way.before(number),
        last=way.shown[-1] is section,
        progress=way.progress(section),
        body=markdown.render(way.version.body) if way.shown[0] is section else "",
        **frame(door, way.version),
    )


def filled(way, section, **also):
    """The form of a section, with what is stored, what was told before, and what its answers bring up."""
    shown = way.questions(section)
    pictures = photos.of(way.task) if any(it["type"] == "photo" for it in shown) else {}
    informs = questionnaire.informs_of(way.version, way.stored.values, way.on)
    offered = earlier.offered(way.task, shown)
    return questionnaire.page_of(shown, way.stored, offered, informs=informs, pictures=pictures, **also)


def told_by_section(way, values, lacking=(), pictures=None) -> list:
    """[(section, lines)], a line for each question that is asked, its answer in words and what was said to it."""
    informs = questionnaire.informs_of(way.version, values, way.on)
    return [
        (
            section,
            [
                {
                    "key": it["key"],
                    "label": it["label"],
                    "said": questionnaire.asked.said(it, values.get(it["key"])),
                    "missing": it["key"] in lacking,
                    "confirmed": it["key"] in way.stored.confirmed,
                    "informs": [found.words for found in informs if found.question == it["key"]],
                    "pictures": (pictures or {}).get(it["key"], ()),
                }
                for it in way.questions(section)
                if it["type"] not in LAYOUT
            ],
        )
        for section in way.shown
    ]
