"""Answering questionnaires, signing consents, reading instructions."""

from flask import Blueprint

area = Blueprint("paperwork", __name__)
