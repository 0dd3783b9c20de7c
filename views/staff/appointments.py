"""One visit as staff see it: check-in, no-show, cancel, move."""

from flask import Blueprint

area = Blueprint("staff_appointments", __name__)
