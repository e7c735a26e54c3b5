"""A mail server for tests: speaks just enough SMTP for smtplib and keeps what it gets."""

import re
import socketserver
import threading
from email import message_from_bytes, policy


class _Talk(socketserver.StreamRequestHandler):
    """One client from greeting to QUIT."""

    def handle(self):
        self.say("220 mail.example")
        while line := self.rfile.readline().strip().upper():
            if line == b"DATA":
                self.say("354 go on")
                self.server.kept.append(message_from_bytes(self.letter(), policy=policy.default))
            self.say("221 bye" if line == b"QUIT" else "250 ok")

    def say(self, words):
        self.wfile.write(f"{words}\r\n".encode())

    def letter(self):
        lines = iter(self.rfile.readline, b".\r\n")
        return b"".join(line.removeprefix(b".") for line in lines)


class Mailbox(socketserver.ThreadingTCPServer):
    """Listens on loopback while it is used as a context."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Talk)
        self.kept = []
        self.url = f"smtp://127.0.0.1:{self.server_address[1]}"
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_trouble):
        self.shutdown()
        self.server_close()

    def clear(self):
        self.kept.clear()

    def to(self, person):
        """The mails that this person got, oldest first."""
        return [mail for mail in self.kept if mail["To"] == person.email]


def link_in(mail):
    """The one address that a mail leads to."""
    (link,) = re.findall(r"https?://\S+", mail.get_content())
    return link
