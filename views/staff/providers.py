"""Providers, their weekly hours and time off."""

from flask import Blueprint

area = Blueprint("providers", __name__)
