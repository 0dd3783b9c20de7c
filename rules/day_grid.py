"""A column of the calendar as cells: who is there, what is blocked, and each gap; knows nothing of the database."""

from typing import NamedTuple

HOUR = 60
STEPS = (10, 15, 20, 30)  # other grids are shown by quarters of an hour: lower rows could not be read
USUAL = (9 * HOUR, 17 * HOUR)


class Mark(NamedTuple):
    """Something that takes a provider's time, in minutes on the wall clock of the day."""

    kind: str  # visit, elsewhere, held or off
    starts: int
    ends: int
    number: int = 0  # of the appointment, or of the time off
    who: str = ""
    what: str = ""
    status: str = ""
    late: int = 0  # minutes that the patient said they will be late
    before: int = 0  # the buffers around it
    after: int = 0
    runs_on: bool = False  # it began on an earlier day or ends on a later one

    @property
    def time(self) -> str:
        return f"{clock(self.starts)}–{clock(self.ends)}"


class Cell(NamedTuple):
    kind: str  # taken, buffer, free, past or outside
    first: int  # row
    rows: int
    starts: int  # minutes
    ends: int
    marks: tuple = ()


def clock(minute: int) -> str:
    return f"{minute // HOUR:02d}:{minute % HOUR:02d}"


def joined(stretches) -> list[tuple[int, int]]:
    """The same minutes, in order, with stretches that touch or overlap made one."""
    whole = []
    for starts, ends in sorted(stretches):
        if whole and starts <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], ends))
        else:
            whole.append((starts, ends))
    return whole


def step_of(slot_minutes: int) -> int:
    return slot_minutes if slot_minutes in STEPS else 15


def span_of(columns) -> tuple[int, int]:
    """From which full hour to which the rows go: all that is worked, and all that is booked."""
    edges = [edge for column in columns for stretch in column.hours for edge in stretch]
    edges += [edge for column in columns for m in column.marks if m.kind == "visit" for edge in (m.starts, m.ends)]
    first, last = (min(edges), max(edges)) if edges else USUAL
    return first // HOUR * HOUR, min(-(-last // HOUR) * HOUR, 24 * HOUR)


def cells(hours, marks, *, first: int, last: int, step: int, current: int, missing=()) -> list[Cell]:
    """The cells of one column, top down, without a gap between them.

    What shares a row shares a cell. A free stretch is cut at each full hour, so that every gap is near at hand;
    `current` is the minute it is now (before the day: -1, after it: 1440); `missing` are rows that the clock skips.
    """
    count = -(-(last - first) // step)
    kinds = [_kind(first + row * step, step, hours, current, row in missing) for row in range(count)]
    for mark in marks:
        for starts, ends in ((mark.starts - mark.before, mark.starts), (mark.ends, mark.ends + mark.after)):
            for row in _rows(starts, ends, first, step, count):
                if kinds[row] == "free":
                    kinds[row] = "buffer"
    found = _taken(marks, first, step, count)
    starts_in = {cell.first: cell for cell in found}
    done, row = [], 0
    while row < count:
        if row in starts_in:
            done.append(starts_in[row])
            row += starts_in[row].rows
            continue
        end = row + 1
        while end < count and end not in starts_in and kinds[end] == kinds[row]:
            if kinds[row] == "free" and (first + end * step) % HOUR == 0:
                break
            end += 1
        done.append(Cell(kinds[row], row, end - row, first + row * step, min(first + end * step, 24 * HOUR)))
        row = end
    return done


def _kind(minute, step, hours, current, skipped):
    if skipped or not any(opens <= minute and minute + step <= closes for opens, closes in hours):
        return "outside"
    return "past" if minute < current else "free"


def _rows(starts, ends, first, step, count):
    return range(max((starts - first) // step, 0), min(-(-(ends - first) // step), count)) if starts < ends else ()


def _taken(marks, first, step, count):
    """Cells of all marks; those that share a row become one."""
    groups = []
    for mark in sorted(marks, key=lambda m: (m.starts, m.ends, m.number)):
        rows = _rows(mark.starts, mark.ends, first, step, count)
        if not rows:
            continue
        if groups and rows.start < groups[-1][1]:
            groups[-1][1] = max(groups[-1][1], rows.stop)
            groups[-1][2].append(mark)
        else:
            groups.append([rows.start, rows.stop, [mark]])
    return [
        Cell("taken", start, stop - start, first + start * step, first + stop * step, tuple(there))
        for start, stop, there in groups
    ]
