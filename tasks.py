"""What runs when. Huey only wakes; the truth is in the tables, so losing its queue loses nothing."""

import fcntl
import logging
import threading
from functools import lru_cache

from huey import PostgresHuey, SqliteHuey, crontab
from huey.consumer import Consumer

import settings
from clock import now
from database import db
from rules import charging, memberships, photos, reminders, sealing, sending, tidying, waitlist

log = logging.getLogger("foyer.tasks")
QUIET = ("huey", "huey.consumer", "huey.consumer.Scheduler", "huey.consumer.Worker")


def wake():
    """Ask for the outbox to be looked at now; never raises, since the minute's sweep finds it anyway."""
    try:
        built(settings.current()).drain()
    except Exception:
        log.exception("the sender could not be woken")


def drain():
    """Ask the card providers for what is due, send what is due (a receipt tells of the charge), seal, offer times."""
    with db.connection_context():
        charging.ask_due()
        sending.send_due(going=lambda: not stopping.is_set())
        sealing.seal_due(going=lambda: not stopping.is_set())
        waitlist.offer_due(now())  # after what may not wait; its own mails wake the sender once more


def sweep():
    """Each minute: send what is due, then remind of open paperwork; what is put wakes the sender once more."""
    drain()
    with db.connection_context():
        reminders.put_due(now())


def renew():
    """Charge the membership periods that have begun."""
    with db.connection_context():
        memberships.renew_due(now())


def tidy():
    """Sweep old traces away, and files that no row names."""
    with db.connection_context():
        tidying.sweep_away(now())
        photos.sweep(now())
        sealing.sweep(now())


stopping = threading.Event()


@lru_cache(maxsize=1)
def built(chosen: settings.Settings):
    """The queue of these settings, with its tasks; `.drain()` on it enqueues one look at the outbox."""
    if chosen.database_url.startswith("sqlite"):
        huey = SqliteHuey("foyer", filename=str(chosen.data_dir / "huey.db"), results=False, fsync=False)
    else:
        huey = PostgresHuey("foyer", dsn=chosen.database_url, results=False)
    huey.drain = huey.task(name="drain")(drain)
    huey.periodic_task(crontab(minute="*"), name="sweep")(sweep)
    huey.periodic_task(crontab(minute="7"), name="renew")(renew)
    huey.periodic_task(crontab(minute="30", hour="3"), name="tidy")(tidy)
    return huey


class InProcessConsumer(Consumer):
    """Runs beside the web server: signals are the server's, and dead threads are replaced without a main loop."""

    def _set_signal_handlers(self):
        pass

    def start(self):
        super().start()
        threading.Thread(target=self._watch, name="consumer-watch", daemon=True).start()

    def _watch(self):
        while not self.stop_flag.wait(self._health_check_interval):
            self.check_worker_health()


class Sender:
    """The consumer of this process, once this process is the one that sends.

    One process sends: whoever holds the lock on data_dir/sender.lock. The others stand by, and one of them
    takes over when the holder ends; it may then give back what the dead one was sending.
    """

    def __init__(self, chosen: settings.Settings):
        self.chosen = chosen
        self.consumer = None
        self.turn = threading.Lock()
        threading.Thread(target=self._take_turn, name="sender", daemon=True).start()

    def _take_turn(self):
        self.lock = open(self.chosen.data_dir / "sender.lock", "w")  # noqa: SIM115 - held until the process ends
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        while not stopping.is_set():
            try:
                with self.turn:
                    self._begin()
                return wake()
            except Exception:  # the database may be away just now; without a sender nothing would go, ever
                log.exception("the sender could not start; it tries again")
                stopping.wait(5)

    def _begin(self):
        if stopping.is_set():
            return
        with db.connection_context():
            sending.release()
            sealing.release()
        for leftover in self.chosen.data_dir.glob("huey.db*"):  # written without fsync, so a power cut may break it
            leftover.unlink()
        built.cache_clear()
        self.consumer = InProcessConsumer(
            built(self.chosen), workers=2, initial_delay=0.05, max_delay=1, shutdown_timeout=20
        )
        self.consumer.start()

    def stop(self):
        """Finish the letter that is on the wire, then send no more."""
        stopping.set()
        with self.turn:
            if self.consumer is not None:
                self.consumer.stop(graceful=True)


def start_consumer() -> Sender:
    """For the web server, after it forked."""
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    stopping.clear()
    return Sender(settings.current())
