"""A38: addresses of far ends that lead into our own network, in every way of writing them."""

import pytest

from alerts.sentinel.client.connection import origin_of
from alerts.sentinel.engine.inputs import reasons_against_address

METADATA = (
    "169.254.169.254",
    "169.254.169.254.",
    "2852039166",
    "0xa9fea9fe",
    "0xA9FEA9FE",
    "0251.0376.0251.0376",
    "0xa9.0xfe.0xa9.0xfe",
    "169.254.43518",
    "169.16689662",
    "0xa9.254.169.254",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[0:0:0:0:0:ffff:a9fe:a9fe]",
    "169.254.0.1",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[ff02::1]",
    "224.0.0.1",
    "0.0.0.0",
    "0",
    "0x0",
    "[::]",
    "[::ffff:0.0.0.0]",
    "239.255.255.250",
    "00.00.00.00",
)
WRITTEN = (
    "http://management.azure.com",
    "http://127.0.0.1",
    "ftp://management.azure.com",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "redis://127.0.0.1:6379",
    "//management.azure.com",
    "management.azure.com",
    "https:/management.azure.com",
    "https:///x",
    "https://",
    "https:",
    "https://me@evil.example",
    "https://me:secret@evil.example",
    "https://management.azure.com@evil.example",
    "https://evil.example\\@management.azure.com",
    "https://evil.example#@management.azure.com",
    "https://evil.example?management.azure.com",
    "https://evil.example/management.azure.com",
    "https://management.azure.com/..",
    "https://a.example/path",
    "https://a.example:99999",
    "https://a.example:-1",
    "https://a.example:port",
    "https://a.example\r\nHost: evil",
    "https://a .example",
    "https://a.example\t",
    "\thttps://a.example",
    "https://[::1",
    "https://[169.254.169.254]",
    "https://\x00",
    "https://a\x7f.example",
    "javascript:alert(1)",
    "data:,x",
    "jar:https://a!/x",
    "https://" + "a" * 300 + ".example",
)
NEXT_PAGES = (
    "https://evil.example/subscriptions",
    "https://management.azure.com:444/",
    "http://management.azure.com/",
    "https://management.azure.com.evil.example/",
    "https://management.azure.com@evil.example/",
    "https://evil.example\\@management.azure.com/",
    "//evil.example/",
    "https://169.254.169.254/",
    "https://[::1]/",
    "https://2852039166/",
    "https://localhost/",
    "https://management.azure.com\t.evil/",
)


@pytest.mark.abuse("A38")
@pytest.mark.parametrize("option", ["--endpoint", "--authority", "--logs-endpoint"])
def test_a38_no_address_of_a_far_end_leads_to_ourselves_or_is_read_in_two_ways(option, attempts):
    for url in (*(f"https://{host}" for host in METADATA), *WRITTEN):
        attempts.note((option, url), blocked=bool(reasons_against_address(option, url)))
    for url in ("https://management.azure.com", "https://10.20.30.40:8443", "https://azure.plant"):
        assert reasons_against_address(option, url) == []


@pytest.mark.abuse("A38")
def test_a38_the_address_of_a_next_page_is_another_host_however_it_is_written(attempts):
    pinned = origin_of("https://management.azure.com")
    for url in NEXT_PAGES:
        attempts.note(url, blocked=origin_of(url) != pinned)
