"""A real mail server on the loopback, which answers as a test tells it and keeps what it took."""

import asyncio
import ssl
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.process import free_port

CERTIFICATE = Path(__file__).parent / "gateways" / "loopback.pem"  # self-signed, for localhost, worth nothing


@dataclass
class MailServer:
    """Speaks SMTP on 127.0.0.1; change its answers at any time."""

    mail: str = "250 OK"
    rcpt: str = "250 OK"
    data: str = "250 taken"
    refused: dict = field(default_factory=dict)  # an address -> the answer it gets instead of rcpt
    hang_up_after_data: bool = False
    seconds: float = 0  # between the letter and the answer
    encrypts: bool = False
    user: str = ""
    password: str = ""
    port: int = 0
    taken: list = field(default_factory=list)  # letters, in the order in which they came
    asked: list = field(default_factory=list)  # (address, encrypted) of every RCPT
    controller: Controller | None = None

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.mail.startswith("250"):
            envelope.mail_from = address
        return self.mail

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.asked.append((address, session.ssl is not None))
        answer = self.refused.get(address, self.rcpt)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):
        if not self.data.startswith("250"):
            return self.data
        self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
        if self.hang_up_after_data:
            server.transport.abort()
        await asyncio.sleep(self.seconds)
        return self.data

    def check(self, server, session, envelope, mechanism, given):
        right = (given.login, given.password) == (self.user.encode(), self.password.encode())
        return AuthResult(success=right)

    def start(self):
        self.port = self.port or free_port()
        options = {}
        if self.encrypts:
            options["tls_context"] = context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(CERTIFICATE)
        if self.user:
            options |= {"authenticator": self.check, "auth_required": True, "auth_require_tls": self.encrypts}
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, **options)
        self.controller.start()
        return self

    def stop(self):
        if self.controller is not None:
            self.controller.stop(no_assert=True)
            self.controller = None

    def ids(self):
        return [letter["Message-ID"] for letter in self.taken]

    def url(self, who=""):
        return f"smtp://{who}127.0.0.1:{self.port}"
