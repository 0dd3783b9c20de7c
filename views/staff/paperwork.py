"""Editing questionnaires, consents and instructions; an edit makes a new version."""

from flask import Blueprint

area = Blueprint("staff_paperwork", __name__)
