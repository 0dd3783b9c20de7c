"""Membership plans, their agreements and members."""

from flask import Blueprint

area = Blueprint("plans", __name__)
