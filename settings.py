"""What the machine tells Foyer: read from the environment once, checked with a sentence for a bad value."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class BadSetting(ValueError):
    """A setting that cannot be used; its text is for the person who set it."""


@dataclass(frozen=True)
class Settings:
    database_url: str
    data_dir: Path
    host: str
    port: int
    base_url: str  # no slash at the end
    mail_url: str  # "" = one .eml file per message under data_dir/mail
    mail_from: str  # "" = the clinic's e-mail
    secret_key: str
    demo: bool  # only ever true in a data folder that the demo command made
    trusted_proxies: int  # how many proxies in front may set X-Forwarded-*

    @property
    def secure(self):
        return self.base_url.startswith("https://")

    @property
    def mails_to_a_folder(self):
        """A clinic without a mail server: no code and no letter reaches anybody. In a demo that is the point."""
        return not self.mail_url and not self.demo


def from_environment(environ=os.environ) -> Settings:
    """Read and check every setting. Raises BadSetting; makes the data folder and the secret key file."""
    data_dir = Path(environ.get("DATA_DIR") or "var").absolute()
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        (data_dir / "mail").mkdir(exist_ok=True, mode=0o700)
    except OSError as fault:
        raise BadSetting(f"DATA_DIR {data_dir} cannot be used: {fault.strerror}.") from fault
    port = _number(environ, "PORT", 8000, 1, 65535)
    host = environ.get("HOST") or "127.0.0.1"
    if host not in LOOPBACK and not environ.get("BASE_URL"):
        raise BadSetting(
            f"HOST={host} lets other machines in, so set BASE_URL to the address that they will type, "
            f"like BASE_URL=http://192.168.1.20:{port}."
        )
    return Settings(
        database_url=_database_url(environ.get("DATABASE_URL") or f"sqlite:///{data_dir / 'foyer.db'}"),
        data_dir=data_dir,
        host=host,
        port=port,
        base_url=_base_url(environ.get("BASE_URL") or f"http://localhost:{port}"),
        mail_url=_mail_url(environ.get("MAIL_URL") or ""),
        mail_from=environ.get("MAIL_FROM") or "",
        secret_key=_secret_key(environ, data_dir),
        demo=(data_dir / "demo").is_file(),  # a folder of that name is not the mark: ./var/demo lies in ./var
        trusted_proxies=_number(environ, "TRUSTED_PROXIES", 0, 0, 5),
    )


def warnings(chosen: Settings) -> list[str]:
    """What works, but hardly as anybody means it; a sentence each, for whoever starts the portal."""
    found = []
    if chosen.mails_to_a_folder:
        found.append(
            f"MAIL_URL is not set: mail goes to the folder {chosen.data_dir / 'mail'} and to nobody else, "
            "so patients cannot sign in."
        )
    if chosen.secure and not chosen.trusted_proxies:
        found.append(
            "BASE_URL is https but TRUSTED_PROXIES is 0: behind a proxy all visitors then count as one, and thirty "
            "codes in an hour lock everybody out. Set TRUSTED_PROXIES to the number of proxies in front (usually 1)."
        )
    return found


def _number(environ, name, default, least, most):
    text = environ.get(name) or str(default)
    if not text.isdigit() or not least <= int(text) <= most:
        raise BadSetting(f"{name} must be a whole number from {least} to {most}, not {text!r}.")
    return int(text)


def _database_url(url):
    if not url.startswith(("sqlite:///", "postgresql://", "postgres://")):
        raise BadSetting("DATABASE_URL must start with sqlite:/// or postgresql://.")
    return url


def _base_url(url):
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise BadSetting(f"BASE_URL must look like https://portal.example.com, not {url!r}.")
    return url.rstrip("/")


def _mail_url(url):
    if url and (urlsplit(url).scheme not in ("smtp", "smtps") or not urlsplit(url).hostname):
        raise BadSetting("MAIL_URL must look like smtp://user:password@host:587 or smtps://….")
    return url


def _secret_key(environ, data_dir):
    given = environ.get("SECRET_KEY")
    if given:
        if len(given) < 32:
            raise BadSetting("SECRET_KEY must have at least 32 characters.")
        return given
    path = data_dir / "secret_key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()


_current: Settings | None = None


def use(settings: Settings) -> None:
    """portal.py says, once, which settings are in force."""
    global _current
    _current = settings


def current() -> Settings:
    assert _current is not None, "settings are in force only after create_app"
    return _current
