"""The one file that knows how htmx 4 speaks: its request headers, on top of htmx-flask."""

from functools import cached_property

from htmx_flask.requests import HtmxAwareRequest, HtmxHeaders


class Hypermedia(HtmxHeaders):
    """htmx 4 names the asking element in HX-Source and says in HX-Request-Type whether it wants a part."""

    @cached_property
    def source(self):
        return self._headers.get("HX-Source")  # "button#save"

    @cached_property
    def target_id(self):
        return (self.target or "").partition("#")[2] or None

    @cached_property
    def partial(self):
        """True when only a fragment is wanted; never a reason to skip a check."""
        return bool(self) and self._headers.get("HX-Request-Type") == "partial"


class PortalRequest(HtmxAwareRequest):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.htmx = Hypermedia(self.headers)

    @cached_property
    def fetched_ahead(self):
        """Only in case of a click that may never come: nobody has looked at the page yet."""
        said = f"{self.headers.get('Sec-Purpose', '')} {self.headers.get('Purpose', '')}"
        return "prefetch" in said or "prerender" in said
