"""Why nothing can be given to a task any more, in the words that its reader gets."""

from models import Task

MOVED = "Your visit has moved, and this is no longer good for it. Please open the new one on your home page."
NOT_NEEDED = {
    "cancelled": "This is not needed any more: the appointment was cancelled.",
    "missed": "This is not needed any more: the appointment did not take place.",
}
DONE = {
    "questionnaire": "These answers were sent already. If something has changed since, please tell the clinic.",
    "consent": "This was signed already. If you have changed your mind, please call the clinic.",
}


def why(task: Task) -> str:
    """The sentence for a task that is closed: its visit moved, was cancelled or missed, or it was done before."""
    if task.lapsed_at:
        return MOVED
    if task.status == "not_needed":
        return NOT_NEEDED.get(task.appointment.status, "This is not needed any more.")
    return DONE.get(task.paperwork.kind, "This was done already.")
