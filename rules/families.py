"""Acting for others: whose visits and papers somebody may look after beside their own, as the clinic noted it.

Nothing is remembered of it anywhere else: every door asks again, so the moment it ends all of them are closed.
"""

from clock import now
from database import Written, write_tx
from models import ActingFor, Hold, Occupancy, Offer, Patient, WaitlistEntry
from rules import outbox, trail
from rules.profile import tidy
from rules.refused import Refused

MOST = 12  # for how many one person acts; a family has fewer


def may_act_for(patient: Patient) -> list[ActingFor]:
    """For whom this patient acts now, each row with its `.other`, in one query; by name."""
    return _acted_for(patient=patient.id)


@Written
def _acted_for(patient):
    rows = ActingFor.select(ActingFor, Patient).join(Patient, on=ActingFor.other).where(_live(), _by(patient))
    return rows.where(Patient.archived_at.is_null()).order_by(Patient.first_name, Patient.last_name, Patient.id)


def others(patient: Patient):
    """The numbers of those whom this patient acts for, as a part of another query."""
    rows = ActingFor.select(ActingFor.other).join(Patient, on=ActingFor.other).where(_live(), _by(patient))
    return rows.where(Patient.archived_at.is_null())


def acts_for(actor: Patient, patient: Patient) -> bool:
    """Whether the first may act for the second at this moment; nobody is said to act for themselves."""
    return others(actor).where(ActingFor.other == patient).exists()


def acted_for_by(patient: Patient) -> list[ActingFor]:
    """Who acts for this patient now, each row with its `.patient`, the earliest first."""
    rows = ActingFor.select(ActingFor, Patient).join(Patient, on=ActingFor.patient)
    rows = rows.where(_live(), ActingFor.other == patient, Patient.archived_at.is_null())
    return list(rows.order_by(ActingFor.since, ActingFor.id))


def before(patient: Patient) -> list[ActingFor]:
    """Who acted for this patient once, or whom they acted for, the latest first; each with both people."""
    whose = (ActingFor.patient == patient) | (ActingFor.other == patient)
    return list(_both().where(whose, ActingFor.ended_at.is_null(False)).order_by(ActingFor.ended_at.desc()).limit(MOST))


def around(patient: Patient) -> tuple[list[ActingFor], list[ActingFor]]:
    """For the patient's record, in one query: who acts for them, and whom they act for."""
    whose = (ActingFor.patient == patient) | (ActingFor.other == patient)
    rows = list(_both().where(_live(), whose).order_by(ActingFor.since, ActingFor.id))
    return [it for it in rows if it.other_id == patient.id], [it for it in rows if it.patient_id == patient.id]


def reached_through(patient: Patient) -> Patient | None:
    """Who reads the mails about a patient without an e-mail of their own: the first who acts for them and has one."""
    return next((it.patient for it in acted_for_by(patient) if it.patient.email), None)


def note(patient: Patient, other: Patient, relation: str, by) -> ActingFor:
    """Staff note that `patient` may act for `other`, and as what. Refused with a field of the form."""
    relation = tidy(relation)
    if not by.is_staff:
        raise Refused("Only the clinic can note who acts for whom.")
    if not relation:
        raise Refused("Say what they are to the patient, such as mother or legal guardian", field="relation")
    if len(relation) > 60:
        raise Refused("Keep it under 60 characters", field="relation")
    if patient.id == other.id:
        raise Refused("Choose another person: everybody acts for themselves anyway.", field="who")
    with write_tx():
        for one in (patient, other):
            if Patient.get_by_id(one.id).archived_at:
                raise Refused(f"{one.name} is archived, so nobody is noted for or with them.", field="who")
        if acts_for(patient, other):
            raise Refused(f"It is noted already that {patient.name} acts for {other.name}.", field="who")
        if len(may_act_for(patient)) >= MOST:
            raise Refused(f"{patient.name} acts for {MOST} people already. End one of those first.", field="who")
        made = ActingFor.create(patient=patient, other=other, relation=relation, noted_by=by.name[:120], since=now())
        if patient.email and not other.email:
            outbox.release(other)  # what was held for want of an address has somebody to read it now
        trail.record(by, "acting for noted", f"patient {other.id}", patient=other, actor=patient.id)
        return made


def end(acting: ActingFor, by) -> bool:
    """From this moment every door is closed: held times and links to offers are over. False when it had ended."""
    with write_tx():
        still = (ActingFor.id == acting.id) & ActingFor.ended_at.is_null()
        if not ActingFor.update(ended_at=now()).where(still).execute():
            return False
        held = (Hold.held_by == acting.patient_id) & (Hold.patient == acting.other_id) & Hold.ended_at.is_null()
        holds = [hold.id for hold in Hold.select(Hold.id).where(held)]
        Occupancy.delete().where(Occupancy.hold.in_(holds)).execute()
        Hold.update(ended_at=now(), ended="released").where(Hold.id.in_(holds)).execute()
        theirs = WaitlistEntry.select(WaitlistEntry.id).where(WaitlistEntry.patient == acting.other_id)
        if acting.other.email:  # else whatever was offered went to those who act for them
            theirs = theirs.where(WaitlistEntry.asked_by == acting.patient_id)
        links = (Offer.status == "open") & Offer.entry.in_(theirs)
        Offer.update(status="expired", answered_at=now()).where(links).execute()
        trail.record(by, "acting for ended", f"patient {acting.other_id}", patient=acting.other_id,
                     actor=acting.patient_id)  # fmt: skip
        return True


def _both():
    other = Patient.alias()
    rows = ActingFor.select(ActingFor, Patient, other).join_from(ActingFor, Patient, on=ActingFor.patient)
    return rows.join_from(ActingFor, other, on=(ActingFor.other == other.id), attr="other")


def _by(patient):
    return ActingFor.patient == patient


def _live():
    return ActingFor.ended_at.is_null()
