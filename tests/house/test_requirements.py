"""What the house imports, it asks for by name: never a package that only came along with another."""

import sys
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.house.test_imports import HOUSE, imported

OURS = ["*.py", "rules/*.py", "views/**/*.py", "gateways/*.py"]
REQUIRED = HOUSE / "requirements.in"


def test_each_imported_package_is_asked_for_by_name():
    asked = {line.partition("==")[0].partition("[")[0].strip().lower() for line in REQUIRED.read_text().splitlines()}
    names = {name for pattern in OURS for file in HOUSE.glob(pattern) for name in imported(Path(file))}
    come_from = packages_distributions()
    foreign = {name: come_from[name] for name in names if name in come_from and name not in sys.stdlib_module_names}
    assert len(foreign) > 10
    assert not {name for name, packages in foreign.items() if not {one_name(p) for p in packages} & asked}


def one_name(package):
    """A package's name as lists of requirements spell it: pillow_heif and pillow-heif are one."""
    return package.lower().replace("_", "-")
