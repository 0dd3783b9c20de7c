"""Old traces of signing in are swept away: tries after a month, and codes that ran out a month ago."""

from datetime import timedelta

from database import write_tx
from models import Attempt, Delivery, LoginCode

KEPT = timedelta(days=30)


def sweep_away(at) -> int:
    """Delete what is older than KEPT at that moment; returns how many rows. The messages with the codes stay."""
    with write_tx():
        tries = Attempt.delete().where(Attempt.at < at - KEPT).execute()
        old = LoginCode.select(LoginCode.id).where(LoginCode.expires_at < at - KEPT)
        Delivery.update(code=None).where(Delivery.code.in_(old)).execute()
        return tries + LoginCode.delete().where(LoginCode.expires_at < at - KEPT).execute()
