"""The editors of instructions, before and after the treatment."""

from wtforms import IntegerField, SelectField

from models import Paperwork
from views.editors.common import PaperworkForm

UNITS = {"minutes": 1, "hours": 60, "days": 1440}


class PreTreatmentForm(PaperworkForm):
    part = "staff/paperwork/_instruction.html"


class PostTreatmentForm(PreTreatmentForm):
    delay = IntegerField("Mail it so long after the visit ends", default=0)
    delay_unit = SelectField("Unit", choices=[(unit, unit) for unit in UNITS], default="hours", validate_choice=False)

    @classmethod
    def facts_of(cls, paperwork: Paperwork) -> dict:
        delay = paperwork.delay_minutes
        unit = next(unit for unit, size in reversed(UNITS.items()) if delay % size == 0) if delay else "hours"
        return {**super().facts_of(paperwork), "delay": delay // UNITS[unit], "delay_unit": unit}

    def facts(self) -> dict:
        return {**super().facts(), "delay_minutes": (self.delay.data or 0) * UNITS.get(self.delay_unit.data, 1)}
