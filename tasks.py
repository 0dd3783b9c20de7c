"""What runs when. Huey only wakes; the outbox is the truth."""


def wake():
    """Ask for the outbox to be looked at now."""
