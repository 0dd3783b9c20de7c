"""One person in front of one browser, who goes by the words on the screen."""

import re
import time

from playwright.sync_api import Error, expect

from tests.journeys.conftest import complaints_of_axe


class Walk:
    """One person in front of one browser; looks at every page with axe where scripts may run."""

    def __init__(self, page, scripts):
        self.page, self.scripts, self.found = page, scripts, []

    def look(self):
        """One h1, nothing wider than the screen, nothing that axe minds."""
        for _ in range(5):
            try:
                self.page.wait_for_load_state()
                return self.examine()
            except Error as gone:
                if not re.search("Execution context was destroyed|page is navigating", str(gone)):
                    raise
                time.sleep(0.2)  # htmx was on its way to the next page
        raise AssertionError(f"{self.page.url} does not come to rest")

    def examine(self):
        if self.scripts:
            self.found += complaints_of_axe(self.page)
            wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            assert not self.page.evaluate(wide), f"{self.page.url} scrolls sideways"
        assert self.page.locator("h1").count() == 1, self.page.url

    def press(self, name, role="button", exact=False):
        self.page.get_by_role(role, name=name, exact=exact).first.click()
        if self.scripts:
            self.page.wait_for_timeout(100)
            expect(self.page.locator("[aria-busy=true]")).to_have_count(0)
        self.look()

    def follow(self, name, exact=False):
        self.press(name, "link", exact)

    def fill(self, label, text):
        self.page.get_by_label(re.compile(f"^{re.escape(label)}")).first.fill(text)

    def go(self, address):
        self.page.goto(address)
        self.look()

    def reads(self, *words):
        for word in words:
            expect(self.page.locator("body")).to_contain_text(word, use_inner_text=True)

    def section(self, heading):
        return self.page.locator("section", has=self.page.get_by_role("heading", name=heading, exact=True))

    def letter(self, to, subject):
        """The newest letter with this subject to this address, once it has arrived in the demo's mailbox."""
        reader = self.page.context.new_page()
        try:
            for _ in range(60):
                reader.goto("/demo/mailbox")
                entry = reader.locator(".choice-list li").filter(has_text=to).filter(has_text=subject)
                if entry.count():
                    entry.first.get_by_role("link").click()
                    reader.wait_for_load_state()
                    return reader.locator("main").inner_text()
                time.sleep(0.5)
            raise AssertionError(f"no letter {subject!r} to {to}")
        finally:
            reader.close()

    def enter_code(self, address, subject):
        digits = re.search(r"\b\d{3} ?\d{3}\b", self.letter(address, subject)).group()
        self.fill("Six-digit code", digits)

    def sign_in(self, address):
        self.go("/sign-in")
        self.fill("E-mail address", address)
        self.press("Send me a code")
        self.enter_code(address, "Your sign-in code")
        self.press("Sign in", exact=True)

    def answer_sections(self, look=lambda: None):
        """Through a questionnaire, an answer for every question of whatever type, until the answers can be checked."""
        for _ in range(20):
            if not self.page.locator("form.answering").count():
                return self.reads("Check your answers")
            look()
            for number in range(self.page.locator(".to-answer").count()):
                self.answer(self.page.locator(".to-answer").nth(number))
            self.press("Continue", exact=True)
        raise AssertionError(f"{self.page.url}: the questionnaire does not end")

    def answer(self, question):
        """By its role: what is still true, no, none, or a few words."""
        if question.get_by_label("Yes, still true").count():
            question.get_by_label("Yes, still true").check()
        elif question.locator("input[name^=none_]").count():
            question.locator("input[name^=none_]").check()
        elif question.locator("input[type=radio]").count():
            question.locator("input[type=radio]").last.check()
        elif question.locator("input[type=checkbox]").count():
            question.locator("input[type=checkbox]").first.check()
        elif question.locator("textarea").count():
            question.locator("textarea").fill("Nothing to add.")
        else:
            fields = {"input[type=date]": "2024-05-06", "input.w-number": "60", "input[type=email]": "dr@example.com",
                      "input[type=tel]": "212 555 0100", "input[type=text]": "As always."}  # fmt: skip
            sign = next((sign for sign in fields if question.locator(sign).count()), None)
            if sign:  # photos are left out
                question.locator(sign).fill(fields[sign])
        if self.scripts:
            self.page.wait_for_timeout(60)  # it may bring another question
