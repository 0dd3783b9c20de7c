"""The cancellation policy in sentences, made from its own settings, so that words and numbers cannot drift apart."""

from rules.words import count, money


def text_of(
    *, notice_hours, fee_kind, fee_value, no_show_kind, no_show_value, late_move_costs, active, currency, extra=""
) -> str:
    """The policy in sentences, Markdown, as the patient accepts it."""
    if not active:
        return "No cancellation policy applies."
    fee = _fee_words(fee_kind, fee_value, currency)
    absence = _fee_words(no_show_kind, no_show_value, currency)
    latest = f"until **{count(notice_hours, 'hour')}** before it starts" if notice_hours else "until it starts"
    said = [f"You can cancel or move your appointment free of charge {latest}."]
    if notice_hours and fee:
        said.append(f"If you cancel later than that, the fee is **{fee}**.")
        said.append(
            "If you move it later than that, the fee is the same."
            if late_move_costs
            else "If you move it later than that, the move itself is free; cancelling afterwards still costs the fee."
        )
    if absence:
        said.append(f"If you do not come, the fee is **{absence}**.")
    said.append("If we cancel or move your appointment, it never costs you anything.")
    return "\n\n".join([" ".join(said), *([extra.strip()] if extra.strip() else [])])


def _fee_words(kind, value, currency):
    if not value:
        return ""
    return money(value, currency) if kind == "fixed" else f"{value} % of the price of the treatment"
