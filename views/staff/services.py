"""Services, who performs them, and the paperwork assigned to them."""

from flask import Blueprint

area = Blueprint("services", __name__)
