"""Booking: service, provider, time, policy, booked."""

from flask import Blueprint

area = Blueprint("booking", __name__)
