"""Finding patients and opening their record; each look is logged."""

from flask import Blueprint

area = Blueprint("patients", __name__)
