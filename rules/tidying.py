"""Old traces of signing in are swept away, each after a time of its own."""

from datetime import timedelta

from database import write_tx
from models import Attempt, Delivery, KeptForm, LoginCode, LoginSession
from rules import outbox

KEPT = timedelta(days=30)  # tries and codes
TYPED = timedelta(days=1)  # what somebody typed who never proved their address, and messages to nobody
SESSIONS = timedelta(days=90)


def sweep_away(at) -> int:
    """Delete what is old at that moment; returns how many rows. The messages with the codes stay."""
    with write_tx():
        LoginCode.update(details={}).where(LoginCode.expires_at < at - TYPED).execute()
        swept = Delivery.delete().where(Delivery.kind == outbox.TO_NOBODY, Delivery.due_at < at - TYPED).execute()
        swept += KeptForm.delete().where(KeptForm.expires_at < at).execute()
        swept += Attempt.delete().where(Attempt.at < at - KEPT).execute()
        ended = LoginSession.ended_at.is_null(False) & (LoginSession.ended_at < at - SESSIONS)
        swept += LoginSession.delete().where(ended | (LoginSession.seen_at < at - SESSIONS)).execute()
        old = LoginCode.select(LoginCode.id).where(LoginCode.expires_at < at - KEPT)
        Delivery.update(code=None).where(Delivery.code.in_(old)).execute()
        return swept + LoginCode.delete().where(LoginCode.expires_at < at - KEPT).execute()
