"""Start nginx as Tagout's proxy: fill in its configuration, make a certificate where none is given,
and hand on what it states as lines of JSON. `start.py health` asks whether it answers.
"""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

HERE = Path(__file__).parent
MADE = Path(tempfile.gettempdir())
# A line of the error log of nginx.
LOGGED_FORM = re.compile(r"(?:\S+ \S+ )?(?:nginx: )?\[(\w+)\] (?:\d+#\d+: )?(.*)")
LEVELS = {"warn": "WARNING", "error": "ERROR", "crit": "CRITICAL", "alert": "CRITICAL"}
LEVELS |= {"emerg": "CRITICAL", "debug": "DEBUG"}


class Misconfigured(Exception):
    """The proxy cannot start; the text states what to do."""


def log(level: str, message: str, logger: str = "proxy") -> None:
    """Write one line of the log."""
    at = time.strftime("%Y-%m-%dT%H:%M:%S+0000", time.gmtime())
    line = {"at": at, "level": level, "logger": logger, "message": message}
    print(json.dumps(line), flush=True)


def as_json(line: bytes) -> None:
    """Hand on what nginx wrote: lines of requests are JSON already."""
    text = line.decode("utf-8", "replace").rstrip()
    if text.startswith("{"):
        print(text, flush=True)
    elif text:
        found = LOGGED_FORM.fullmatch(text)
        log(LEVELS.get(found[1], "INFO") if found else "INFO", found[2] if found else text, "nginx")


def public_host(public_url: str) -> str:
    """The name that people type; only https:// can be served here."""
    found = re.fullmatch(r"https://([a-zA-Z0-9.-]+)(?::\d+)?/?", public_url)
    if not found:
        raise Misconfigured(
            f"PUBLIC_URL is {public_url!r}: the proxy needs https:// and a name,"
            " https://tagout.plant.example."
        )
    return found[1]


def certificate(host: str, operator_files: tuple[Path, Path]) -> tuple[Path, Path]:
    """The files of the certificate and its key: the operator's, or for a first start our own."""
    has = [file.exists() and bool(file.read_bytes().strip()) for file in operator_files]
    if all(has):
        return operator_files
    if any(has):
        raise Misconfigured(
            "Of the secrets tls_certificate and tls_key one is empty: fill in both, or none for a"
            " certificate that the proxy makes itself."
        )
    made = MADE / "certificate.pem", MADE / "key.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "30",
            "-subj",
            "/CN=Tagout, made by itself",
            "-addext",
            f"subjectAltName=DNS:{host}",
            "-out",
            str(made[0]),
            "-keyout",
            str(made[1]),
        ],
        check=True,
        capture_output=True,
    )
    shown = subprocess.run(
        ["openssl", "x509", "-in", str(made[0]), "-noout", "-fingerprint", "-sha256"],
        check=True,
        capture_output=True,
        text=True,
    )
    log(
        "WARNING",
        "The secret tls_certificate is empty: made a certificate that browsers warn of, new at each"
        f" start. {shown.stdout.strip()}. Put your own into tls_certificate and tls_key.",
    )
    return made


def configuration(environment: dict[str, str]) -> str:
    """nginx.conf for this installation."""
    public_url = environment.get("PUBLIC_URL", "")
    operator_files = Path(environment["TLS_CERTIFICATE_FILE"]), Path(environment["TLS_KEY_FILE"])
    files = certificate(public_host(public_url), operator_files)
    captures = environment.get("CAPTURE_MAX_MB", "") or "25"
    if not captures.isdecimal():
        raise Misconfigured(f"CAPTURE_MAX_MB is {captures!r}: use a whole number.")
    text = (HERE / "nginx.conf").read_text()
    for name, value in {
        "PUBLIC_URL": public_url.rstrip("/"),
        "CERTIFICATE": str(files[0]),
        "KEY": str(files[1]),
        # one more than the application allows, so that refusing is said in its words
        "MAX_REQUEST_MB": str(max(int(captures) + 1, 12) + 1),
    }.items():
        text = re.sub(rf"\b{name}(?=m?\b)", lambda _, to=value: to, text)
    return text


def run() -> int:
    """Run nginx until it ends or we are told to stop; requests under way are answered first."""
    written = MADE / "nginx.conf"
    written.write_text(configuration(dict(os.environ)))
    nginx = subprocess.Popen(
        ["nginx", "-e", "stderr", "-p", str(MADE), "-c", str(written)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: nginx.send_signal(signal.SIGQUIT))
    output: IO[bytes] | None = nginx.stdout
    for line in output or ():
        as_json(line)
    return nginx.wait()


def health() -> int:
    """Whether nginx answers at all; whether web does is web's own question."""
    link = http.client.HTTPConnection("127.0.0.1", 8081, timeout=4)
    try:
        link.request("GET", "/")
        return 0 if link.getresponse().status == http.client.NO_CONTENT else 1
    except OSError as error:
        print(f"nginx does not answer: {error}")
        return 1


if __name__ == "__main__":
    try:
        sys.exit(health() if sys.argv[1:] == ["health"] else run())
    except Misconfigured as wrong:
        log("CRITICAL", str(wrong))
        sys.exit(1)
