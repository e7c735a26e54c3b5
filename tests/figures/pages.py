"""Pages of a running demo as their readers get them: one line of text each, without markup."""

import re
from html import unescape

import requests

_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_UNSEEN = re.compile(r"<(script|style|template|head)\b.*?</\1>|<!--.*?-->", re.S)
_TAG = re.compile(r"<[^>]+>")
_LEAST, _TIMEOUT = 400, 60


class Reader:
    """One person who is signed in and reads pages."""

    def __init__(self, base: str, who: str, password: str) -> None:
        self._base, self._session = base, requests.Session()
        self._session.headers["Accept-Language"] = "en"
        form = self._session.get(f"{base}/login/", timeout=_TIMEOUT)
        token = _TOKEN.search(form.text)
        assert token, f"{base}/login/ shows no form"
        answer = self._session.post(
            form.url,
            {
                "csrfmiddlewaretoken": token[1],
                "username": f"{who}@demo.example",
                "password": password,
            },
            headers={"Referer": form.url},
            timeout=_TIMEOUT,
        )
        assert "/login/" not in answer.url, f"{who} could not sign in"

    def html(self, address: str) -> str:
        """The markup of a page."""
        answer = self.answer(address)
        assert answer.status_code < _LEAST, f"{address} answered {answer.status_code}"
        return answer.text

    def answer(self, address: str) -> requests.Response:
        """What is answered, whatever its status."""
        return self._session.get(self._base + address, timeout=_TIMEOUT)

    def text(self, address: str) -> str:
        """What stands on a page, in its order; an address ends where the page does."""
        return as_text(self.html(address))


def as_text(html: str) -> str:
    """The words of some markup in one line."""
    return " ".join(unescape(_TAG.sub(" ", _UNSEEN.sub(" ", html))).split())
