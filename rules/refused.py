"""A "no", in words for the person who asked."""


class Refused(Exception):
    """Raised by a rule when it will not do something; `field` names the form field the words belong to."""

    def __init__(self, words: str, field: str | None = None, **facts):
        super().__init__(words)
        self.words = words
        self.field = field
        self.facts = facts  # such as the next free times when somebody was faster
