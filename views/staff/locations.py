"""The clinic's addresses."""

from flask import Blueprint

area = Blueprint("locations", __name__)
