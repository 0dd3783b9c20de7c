"""Those whom a patient acts for, as the home page shows them: named, each with their visits and what is to do."""

from types import SimpleNamespace

from rules import families, paperwork, visits
from views.cards import card


def looked_after(patient, at) -> list:
    """Those whom the patient acts for, each with their visits and open tasks: three queries, however many they are."""
    people = [it.other for it in families.may_act_for(patient)]
    if not people:
        return []
    lines, to_do = visits.upcoming_of(people, at), paperwork.action_required_of(people, at)
    return [
        SimpleNamespace(
            id=it.id, called=it.called, name=it.name, to_do=to_do[it.id],
            upcoming=[card(line, at) for line in lines[it.id]],
        )
        for it in people
    ]  # fmt: skip
