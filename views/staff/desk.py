"""Today and the coming days at the front desk."""

from flask import Blueprint

area = Blueprint("desk", __name__)
