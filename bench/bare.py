"""The yardstick: a bare Flask + Jinja page with five plain SQLite queries, as small as one can write it."""

import os
import sqlite3

from flask import Flask, render_template
from jinja2 import DictLoader

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ clinic[0] }}</title></head><body>
<h1>Hello, {{ patient[0] }}</h1>
<ul>{% for a in appointments %}<li>{{ a[0] }} {{ a[1] }} {{ a[2] }} {{ a[3] }} {{ a[4] }}</li>{% endfor %}</ul>
<ul>{% for t in tasks %}<li><a href="/tasks/{{ t[0] }}">{{ t[1] }}</a> {{ t[2] }}</li>{% endfor %}</ul>
<p>{{ owed[0] }}</p></body></html>"""
PATIENT = int(os.environ["BENCH_PATIENT"])

app = Flask(__name__)
app.jinja_loader = DictLoader({"home.html": PAGE})  # compiled once, as any template is


@app.get("/")
def home():
    db = sqlite3.connect(os.environ["BENCH_FILE"])
    try:
        clinic = db.execute("SELECT name FROM clinic WHERE id = 1").fetchone()
        patient = db.execute("SELECT first_name FROM patient WHERE id = ?", (PATIENT,)).fetchone()
        appointments = db.execute(
            """SELECT a.starts_at, a.status, s.name, p.name, l.name FROM appointment a
            JOIN service s ON s.id = a.service_id JOIN provider p ON p.id = a.provider_id
            JOIN location l ON l.id = a.location_id WHERE a.patient_id = ? ORDER BY a.starts_at DESC LIMIT 10""",
            (PATIENT,),
        ).fetchall()
        tasks = db.execute(
            """SELECT t.id, w.name, t.status FROM task t JOIN paperwork w ON w.id = t.paperwork_id
            JOIN appointment a ON a.id = t.appointment_id
            WHERE t.patient_id = ? AND a.status IN ('booked', 'arrived') ORDER BY a.starts_at""",
            (PATIENT,),
        ).fetchall()
        owed = db.execute(
            "SELECT COALESCE(SUM(amount_minor), 0) FROM charge WHERE patient_id = ? AND status = 'owed'", (PATIENT,)
        ).fetchone()
    finally:
        db.close()
    return render_template(
        "home.html", clinic=clinic, patient=patient, appointments=appointments, tasks=tasks, owed=owed
    )
