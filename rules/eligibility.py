"""Who may book a service themselves, and whether what must come before it is there."""

from models import Appointment
from rules import prerequisites
from rules.clinic import the_clinic
from rules.refused import Refused

HAS_BEEN_HERE = ("arrived", "completed")


def check(patient, service, starts_at, by, also=(), sure=False, moving=False) -> None:
    """Refuse what this patient cannot book at this time.

    `also`: the other parts booked in the same go. A patient is held to the service's switches and to its
    prerequisites; staff only to the prerequisites, until they are `sure`. With `moving` the visit stands already, so
    that only the distance to its prerequisites is looked at. What is missing stands in facts["missing"].
    """
    if not (by.is_patient or by.is_staff):
        return
    if by.is_patient and not moving:
        no = barred(patient, service)
        if no:
            raise Refused(no, field="service")
    if by.is_staff and sure:
        return
    lacking = prerequisites.missing(patient, service, starts_at, also)
    if lacking and by.is_patient:
        raise Refused(" ".join(each.words for each in lacking), field="prerequisite", missing=lacking)
    if lacking:
        told = " ".join(prerequisites.distance(each.prerequisite) for each in lacking)
        raise Refused(
            f"{patient.name} lacks what comes before this. {told} Tick the box to book it all the same.",
            field="sure",
            missing=lacking,
        )


def barred(patient, service) -> str:
    """Why this patient cannot book this service themselves, whatever the time; "" if they can.

    `patient` is whose visit it will be, None before that is known: then only the online switch counts.
    """
    if not service.online:
        return f"This is booked with us in person. {_call()}"
    if patient is None or service.patients == "everybody":
        return ""
    return _of_whom(service, has_been_here(patient))


def barring(patient, services) -> dict[int, str]:
    """The same for many services at once, by their numbers; at most one query."""
    been = has_been_here(patient) if any(service.patients != "everybody" for service in services) else False
    return {
        service.id: _of_whom(service, been) if service.online else f"This is booked with us in person. {_call()}"
        for service in services
    }


def _of_whom(service, been) -> str:
    if service.patients == "new" and been:
        return f"This is for a first visit, and you have been here before. Choose another treatment, or {_call('')}"
    if service.patients == "existing" and not been:
        return f"This is for patients who have been here before. Choose another treatment first, or {_call('')}"
    return ""


def has_been_here(patient) -> bool:
    """Whether any visit of this patient took place."""
    came = (Appointment.patient == patient) & Appointment.status.in_(HAS_BEEN_HERE)
    return Appointment.select().where(came).exists()


def _call(first="Please") -> str:
    phone = the_clinic().phone
    return f"{first} call us{f': {phone}' if phone else ''}.".strip()
