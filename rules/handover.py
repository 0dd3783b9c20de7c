"""Hand-over links: one task on another device, behind the patient's birth date, until it is done or time runs out."""

from models import HandOver
from rules.actor import Actor

HOW = "hand-over link"


def actor(hand_over: HandOver, ip: str = "", agent: str = "") -> Actor:
    """Whoever acts by this link; the link's number stands where a session's number would."""
    patient = hand_over.task.patient
    name = patient.name if hand_over.purpose == "patient" else f"Guardian of {patient.called}"
    return Actor("patient", patient.id, name, ip, agent, hand_over.id, HOW)
