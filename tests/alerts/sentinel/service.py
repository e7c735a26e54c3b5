"""A far end over TLS on loopback: a MemorySentinel behind HTTP, whose manners a test can spoil."""

import contextlib
import datetime
import ipaddress
import json
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from alerts.sentinel.client.connection import Connection
from alerts.sentinel.client.port import ListBy, SentinelConflict, SentinelNotFound
from tests.memory_sentinel import MemorySentinel

TENANT = "33333333-3333-4333-8333-333333333333"
SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"
SECRET_VARIABLE = "TAGOUT_TEST_SECRET"
SECRET = "never to be seen"


def _certificate(name, key, issuer, issuer_key, *, ca):
    now = datetime.datetime.now(datetime.UTC)
    public = key.public_key()
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    )
    if ca:
        usage = dict.fromkeys(
            ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
            False,
        ) | {"key_agreement": False, "encipher_only": False, "decipher_only": False}
        built = built.add_extension(
            x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True
        ).add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    else:
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        built = built.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return built.sign(issuer_key, hashes.SHA256())


def _named(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def make_certificates(folder: Path) -> tuple[Path, Path]:
    """A private CA and a server certificate with its key; returns both files."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = _certificate(_named("test CA"), ca_key, _named("test CA"), ca_key, ca=True)
    leaf = _certificate(_named("localhost"), key, _named("test CA"), ca_key, ca=False)
    pem = serialization.Encoding.PEM
    ca_file, server_file = folder / "ca.pem", folder / "server.pem"
    ca_file.write_bytes(ca.public_bytes(pem))
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    server_file.write_bytes(private + leaf.public_bytes(pem))
    return ca_file, server_file


class SentinelService:
    """One server. `spoil(fn)` lets fn(handler) answer the next call to the API instead."""

    def __init__(self, ca_file: Path, server_file: Path) -> None:
        self.sentinel = MemorySentinel()
        self.ca_file = ca_file
        self.requests: list[tuple[str, str, str]] = []
        self.sign_ins: list[dict[str, list[str]]] = []
        self.spoils: list = []
        self.sign_in_spoils: list = []
        self.accepted = ""
        self.headers: dict[str, str] = {}
        self.links: list[socket.socket] = []
        service = self

        class Handler(_Handler):
            end = service

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(server_file)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.port = self._server.server_address[1]
        self.url = f"https://localhost:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()

    def spoil(self, *answers) -> None:
        """Let these functions answer the next calls to the API."""
        self.spoils += answers

    def connection(self, **changes: str) -> Connection:
        """How a client reaches this far end."""
        return Connection(
            **{
                "workspace": "plant",
                "tenant_id": TENANT,
                "subscription_id": SUBSCRIPTION,
                "resource_group": "rg-soc",
                "workspace_name": "ws-ot",
                "endpoint": self.url,
                "authority": self.url,
                "credential": "client-secret",
                "client_id": "55555555-5555-4555-8555-555555555555",
                "secret_env": SECRET_VARIABLE,
                "ca_bundle": str(self.ca_file),
            }
            | changes
        )

    def close(self) -> None:
        """Stop serving, and hang up: clients keep their connections, and each keeps a thread."""
        self._server.shutdown()
        for link in self.links:
            with contextlib.suppress(OSError):  # the other side was faster
                socket.socket.shutdown(link, socket.SHUT_RDWR)
        self._server.server_close()
        self._thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each body waits 40 ms for the receipt of its head
    end: SentinelService

    def log_message(self, *_):
        pass

    def handle(self):
        self.end.links.append(self.connection)
        with contextlib.suppress(OSError):
            super().handle()

    def send(self, status, body=b"", headers=()):
        """Answer with JSON (or with these very bytes) and these headers."""
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**self.end.headers, **dict(headers)}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def serve(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.sent = self.rfile.read(length)
        parts = urlsplit(self.path)
        if "/oauth2/" in parts.path or "/.well-known/" in parts.path:
            return self.sign_in(parts.path)
        self.end.requests.append((self.command, self.path, self.headers.get("Authorization") or ""))
        if self.end.spoils:
            return self.end.spoils.pop(0)(self)
        if self.end.accepted and self.headers["Authorization"] != "Bearer " + self.end.accepted:
            return self.send(401, {"error": {"code": "ExpiredAuthenticationToken"}})
        try:
            self.answer(parts)
        except SentinelNotFound:
            self.send(404, {"error": {"code": "NotFound", "message": "not found"}})
        except SentinelConflict:
            self.send(409, {"error": {"code": "Conflict", "message": "newer"}})

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = serve

    def sign_in(self, path):
        base = f"{self.end.url}/{TENANT}"
        if path.endswith("openid-configuration"):
            return self.send(
                200,
                {
                    "token_endpoint": base + "/oauth2/v2.0/token",
                    "authorization_endpoint": base + "/oauth2/v2.0/authorize",
                    "issuer": base + "/v2.0",
                },
            )
        self.end.sign_ins.append(parse_qs(self.sent.decode()))
        if self.end.sign_in_spoils:
            return self.end.sign_in_spoils.pop(0)(self)
        token = f"token-{len(self.end.sign_ins)}"
        return self.send(200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    def answer(self, parts):
        sentinel, query = self.end.sentinel, parse_qs(parts.query)
        if "/Microsoft.SecurityInsights/automationRules" in parts.path:
            return self.answer_about_rules(parts)
        if "/microsoft.logic/workflows" in parts.path.lower():
            return self.answer_about_playbooks(parts)
        if "/Microsoft.SecurityInsights/incidents" not in parts.path:
            return self.send(404, {"error": {"code": "NotFound", "message": "not here"}})
        path = parts.path.partition("/Microsoft.SecurityInsights/incidents")[2]
        names = [unquote(name) for name in path.strip("/").split("/") if name]
        sent = json.loads(self.sent) if self.sent else None
        match (self.command, names):
            case ("GET", []):
                self.send(200, self.page(query))
            case ("GET", [name]):
                self.send(200, sentinel.get_incident(name))
            case ("PUT", [name]):
                self.send(200, sentinel.put_incident(name, sent).body)
            case ("POST", [name, "alerts"]):
                self.send(200, sentinel.list_alerts(name))
            case ("POST", [name, "entities"]):
                self.send(200, sentinel.list_entities(name))
            case ("GET", [name, "comments"]):
                self.send(200, sentinel.list_comments(name))
            case ("GET", [name, "comments", comment]):
                self.send(200, sentinel.get_comment(name, comment))
            case ("PUT", [name, "comments", comment]):
                self.send(201, sentinel.put_comment(name, comment, sent).body)
            case ("POST", [name, "runPlaybook"]):
                sentinel.run_playbook(name, playbook=sent["logicAppsResourceId"])
                self.send(204)
            case _:
                self.send(400, {"error": {"code": "BadRequest", "message": self.path}})

    def answer_about_rules(self, parts):
        sentinel = self.end.sentinel
        name = unquote(parts.path.partition("/automationRules")[2].strip("/"))
        sent = json.loads(self.sent) if self.sent else {}
        match (self.command, name):
            case ("GET", ""):
                self.send(200, sentinel.list_automation_rules())
            case ("GET", _):
                self.send(200, sentinel.get_automation_rule(name))
            case ("PUT", _):
                precondition = {"etag": sent.get("etag", "")}
                self.send(
                    200, sentinel.put_automation_rule(name, sent["properties"], **precondition).body
                )
            case ("DELETE", _):
                was = name.lower() in sentinel.rules
                etag = self.headers.get("If-Match") or ""
                sentinel.delete_automation_rule(name, etag=etag)
                self.send(200 if was else 204)

    def answer_about_playbooks(self, parts):
        sentinel, path = self.end.sentinel, unquote(parts.path)
        if path.endswith("/runs"):
            return self.send(200, sentinel.list_playbook_runs(path.removesuffix("/runs")))
        if not path.endswith("/workflows"):
            return self.send(200, sentinel.get_playbook(path))
        return self.send(200, sentinel.list_playbooks())

    def page(self, query):
        sentinel = self.end.sentinel
        if "skip" in query:
            body = sentinel.list_incidents(next_link=query["skip"][0])
        else:
            by = ListBy(query["$orderby"][0].split()[0].removeprefix("properties/"))
            bounds = {}
            for part in query.get("$filter", [""])[0].split(" and "):
                if part:
                    _, word, text = part.split()
                    bounds[word] = datetime.datetime.fromisoformat(text)
            body = sentinel.list_incidents(
                since=bounds.get("ge"),
                until=bounds.get("lt"),
                by=by,
                top=int(query["$top"][0]),
            )
        page = json.loads(body)
        if "nextLink" in page:
            page["nextLink"] = (
                f"{self.end.url}{urlsplit(self.path).path}?$skipToken={{x}}&skip="
                + page["nextLink"].replace("&", "%26").replace(":", "%3A")
            )
        return page
