"""Every table of Foyer, its constraints and its one-line facts: the door to the chapters in tables/.

The verbs live in rules/. Money is integer minor units with a currency; times end in _at and are UTC; statuses are
adjectives.
"""

from tables.access import Attempt, CalendarFeed, Invitation, KeptForm, LoginCode, LoginSession
from tables.base import KINDS, LIVE, OPEN_TASK, TO_COME, Base  # noqa: F401 - the words that tables share
from tables.booking import (
    Appointment,
    AppointmentMove,
    Hold,
    HoldPart,
    Occupancy,
    Policy,
    PolicyAcceptance,
    RunningLate,
)
from tables.clinic import Category, Clinic, Location, Prerequisite, Service
from tables.hours import (
    HoursException,
    Resource,
    ResourceHours,
    ResourceKind,
    ResourceOff,
    ServiceNeed,
    TimeOff,
    WorkingHours,
)
from tables.messages import Delivery
from tables.money import AgreementVersion, Charge, Membership, Plan
from tables.paperwork import Answer, CheckAnswer, CheckIn, Finding, HandOver, Photo, ProfileChange, Task
from tables.people import ActingFor, Patient, Provider, ServiceProvider, Staff
from tables.signing import NoticeConsent, Permission, RecordNotice, SealedFile, Signature
from tables.templates import Assignment, CategoryAssignment, Paperwork, PaperworkVersion, Picture
from tables.trail import Fault, TrailEnd, TrailEntry
from tables.waitlist import Offer, WaitlistEntry

MODELS = [
    Clinic, Location, Category, Service, Prerequisite,
    Patient, Staff, Provider, ServiceProvider, ActingFor,
    WorkingHours, TimeOff, HoursException, ResourceKind, Resource, ResourceHours, ResourceOff, ServiceNeed,
    LoginCode, LoginSession, KeptForm, Invitation, Attempt, CalendarFeed,
    Paperwork, PaperworkVersion, Assignment, CategoryAssignment, Picture,
    Policy, Appointment, AppointmentMove, PolicyAcceptance, Hold, HoldPart, Occupancy, RunningLate,
    WaitlistEntry, Offer,
    Task, Answer, Photo, Finding, ProfileChange, CheckAnswer, CheckIn, HandOver,
    Plan, AgreementVersion, Membership, Charge,
    Signature, SealedFile, Permission, RecordNotice, NoticeConsent,
    Delivery,
    TrailEntry, TrailEnd, Fault,
]  # fmt: skip
