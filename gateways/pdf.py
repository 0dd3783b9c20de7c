"""Makes a PDF out of HTML: tagged for screen readers (PDF/UA-1), and nothing is fetched, from nowhere."""

import logging
import threading
from functools import lru_cache

VARIANT = "pdf/ua-1"
TALKATIVE = ("weasyprint", "weasyprint.progress", "fontTools")  # they quote the page, and it is a patient's
WANTED = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"


class Missing(Exception):
    """What makes PDFs is not on this machine; the reason is for whoever runs the portal."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


def made(html: str, attached: dict[str, str] | None = None) -> bytes:
    """The PDF of one HTML page that brings its own styles; pictures only as data: addresses. Raises Missing.

    `attached` are texts that go along inside of it as files, by their names.

    WeasyPrint takes a second and 44 MB to be imported, so it is there only once somebody signed.
    """
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)
        logging.getLogger(name).disabled = True  # importing it sets the level anew
    try:
        import weasyprint
    except OSError as fault:  # ctypes found no Pango
        raise Missing(f"Pango is missing on the portal's machine: apt install {WANTED}") from fault
    only_data = weasyprint.urls.URLFetcher(allowed_protocols=["data"], allow_redirects=False)
    files = [
        weasyprint.Attachment(string=text.encode(), name=name, relationship="Source", description=name)
        for name, text in (attached or {}).items()
    ]
    with _one_at_a_time:
        page = weasyprint.HTML(string=html, url_fetcher=only_data)
        return page.write_pdf(pdf_variant=VARIANT, attachments=files, font_config=_fonts())


_one_at_a_time = threading.Lock()


@lru_cache(maxsize=1)
def _fonts():
    """The machine's fonts, looked up once: WeasyPrint would look for them at each PDF, and keep 300 kB each time."""
    from weasyprint.text.fonts import FontConfiguration

    return FontConfiguration()
