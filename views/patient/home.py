"""The patient's home page."""

from flask import Blueprint

area = Blueprint("home", __name__)
