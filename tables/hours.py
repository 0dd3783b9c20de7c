"""When providers work where, what differs on single days, and which rooms and devices there are."""

from peewee import BooleanField, CharField, Check, DateField, IntegerField

from database import UTCDateTime
from tables.base import Base, link
from tables.clinic import Location, Service
from tables.people import Provider


class WorkingHours(Base):
    """A provider works at a location every week from one wall-clock minute of the day to another."""

    provider = link(Provider, "hours")
    location = link(Location, "hours")
    weekday = IntegerField()  # 0 is Monday
    opens_minute = IntegerField()
    closes_minute = IntegerField()

    class Meta:
        constraints = [
            Check("weekday BETWEEN 0 AND 6"),
            Check("opens_minute >= 0 AND opens_minute < closes_minute AND closes_minute <= 1440"),
        ]


class TimeOff(Base):
    """A stretch in which a provider cannot be booked."""

    provider = link(Provider, "time_off")
    starts_at = UTCDateTime()
    ends_at = UTCDateTime()
    reason = CharField(max_length=120, default="")

    class Meta:
        indexes = ((("provider", "ends_at"), False),)
        constraints = [Check("starts_at < ends_at")]


class HoursException(Base):
    """On these days a location is closed, or a provider works other hours there than in other weeks.

    Without a provider it is for everybody: closed, or nobody works outside these hours (a holiday, a short day).
    With one it takes the place of this provider's weekly hours at this location, also on a day without any.
    """

    location = link(Location, "exceptions")
    provider = link(Provider, "exceptions", null=True)
    first_on = DateField()
    last_on = DateField()
    opens_minute = IntegerField(null=True)  # None: closed
    closes_minute = IntegerField(null=True)
    reason = CharField(max_length=120, default="")  # "Public holiday"; patients do not see it

    class Meta:
        indexes = ((("location", "last_on"), False),)
        constraints = [
            Check("first_on <= last_on"),
            Check("(opens_minute IS NULL) = (closes_minute IS NULL)"),
            Check("opens_minute >= 0 AND opens_minute < closes_minute AND closes_minute <= 1440"),
        ]


class ResourceKind(Base):
    """A kind of room or device of which services need one: "Laser", "Treatment room"."""

    name = CharField(max_length=80, unique=True)
    room = BooleanField(default=False)


class Resource(Base):
    """One room or device at one location."""

    kind = link(ResourceKind, "resources")
    location = link(Location, "resources")
    name = CharField(max_length=80)
    cleanup_minutes = IntegerField(default=0)  # taken for so long after each use
    archived_at = UTCDateTime(null=True)

    class Meta:
        indexes = ((("location", "name"), True),)
        constraints = [Check("cleanup_minutes BETWEEN 0 AND 240")]


class ResourceHours(Base):
    """A room or device can be used every week between these wall-clock minutes; without any such row, always."""

    resource = link(Resource, "hours")
    weekday = IntegerField()  # 0 is Monday
    opens_minute = IntegerField()
    closes_minute = IntegerField()

    class Meta:
        constraints = [
            Check("weekday BETWEEN 0 AND 6"),
            Check("opens_minute >= 0 AND opens_minute < closes_minute AND closes_minute <= 1440"),
        ]


class ResourceOff(Base):
    """A stretch in which a room or device cannot be used: maintenance, painting."""

    resource = link(Resource, "off")
    starts_at = UTCDateTime()
    ends_at = UTCDateTime()
    reason = CharField(max_length=120, default="")

    class Meta:
        indexes = ((("resource", "ends_at"), False),)
        constraints = [Check("starts_at < ends_at")]


class ServiceNeed(Base):
    """This service needs one room or device of this kind, at the same location, for its whole time."""

    service = link(Service, "needs_kinds")
    kind = link(ResourceKind, "needed_for")

    class Meta:
        indexes = ((("service", "kind"), True),)
