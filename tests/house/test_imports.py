"""Imports go one way: portal -> views -> rules -> models, tasks -> rules, rules -> gateways."""

import ast
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[2]
FRAMES = {"flask", "flask_login", "flask_wtf", "wtforms", "htmx_flask", "flask_assets", "werkzeug"}
MAY_NOT = {
    "rules": FRAMES | {"views", "tasks", "portal", "huey"},
    "gateways": FRAMES | {"views", "tasks", "portal", "rules", "models", "database", "peewee", "huey"},
    "views": {"tasks", "portal", "gateways", "huey"},
    "tables": FRAMES | {"views", "tasks", "portal", "rules", "gateways", "huey", "models"},
    "models.py": FRAMES | {"views", "tasks", "portal", "rules", "gateways", "huey"},
    "database.py": FRAMES | {"views", "tasks", "portal", "rules", "gateways", "models", "huey"},
    "clock.py": FRAMES | {"views", "tasks", "portal", "rules", "gateways", "models", "database"},
    "settings.py": FRAMES | {"views", "tasks", "portal", "rules", "gateways", "models", "database"},
    "tasks.py": FRAMES | {"views", "portal"},
}


def imported(path):
    """The top-level packages that a file imports, wherever in the file it does so."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module.split(".")[0]


@pytest.mark.parametrize("place", MAY_NOT)
def test_imports_go_downwards(place):
    room = HOUSE / place
    files = sorted(room.rglob("*.py")) if room.is_dir() else [room]
    assert files
    wrong = [f"{f.relative_to(HOUSE)} imports {name}" for f in files for name in imported(f) if name in MAY_NOT[place]]
    assert not wrong


def test_only_portal_imports_routes():
    """Views import guard, respond, hypermedia, entrance, the forms beside them and what several areas share (a visit
    that is asked for, what holds it, the pages of a hand-over link); never another area's routes."""
    shared = {
        "guard",
        "respond",
        "hypermedia",
        "forms",
        "times",
        "cards",
        "entrance",
        "questionnaire",
        "signature",
        "editors",
        "doors",
        "answering",
        "saving",
        "way",
        "consenting",
        "guardians",
        "reading",
        "asked",
        "held",
        "changing",
        "confirming",
        "whom",
        "looked_after",
    }
    wrong = []
    for file in sorted((HOUSE / "views").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "views":
                names = [node.module.split(".")[1]] if "." in node.module else [a.name for a in node.names]
                wrong += [f"{file.relative_to(HOUSE)} imports {n}" for n in names if n not in shared]
    assert not wrong


def test_nothing_but_the_clock_asks_the_time():
    asking = ("datetime.now(", "datetime.utcnow(", "date.today(", "time.time(")
    files = [
        *(HOUSE / "rules").rglob("*.py"),
        *(HOUSE / "views").rglob("*.py"),
        HOUSE / "tasks.py",
        *(HOUSE / "tables").rglob("*.py"),
    ]
    assert not [f"{f.relative_to(HOUSE)}: {a}" for f in files for a in asking if a in f.read_text()]
