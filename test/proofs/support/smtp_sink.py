"""An SMTP server that takes mail from whoever begins TLS and logs in, and from nobody else (aiosmtpd, Debian's package).

Usage: smtp_sink.py ADDRESS PORT CERTIFICATE KEY USER PASSWORD
Prints one line of JSON for each message that it has taken: {"event": "mail", "from", "to", "content"}.
"""

import json
import signal
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

ADDRESS, PORT, CERTIFICATE, KEY, USER, PASSWORD = sys.argv[1:]


class Taking:
    async def handle_DATA(self, server, session, envelope):
        mail = {"event": "mail", "from": envelope.mail_from, "to": envelope.rcpt_tos, "content": envelope.content.decode()}
        print(json.dumps(mail), flush=True)
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    right = isinstance(data, LoginPassword) and data.login == USER.encode() and data.password == PASSWORD.encode()
    return AuthResult(success=right)


context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(CERTIFICATE, KEY)
Controller(
    Taking(),
    hostname=ADDRESS,
    port=int(PORT),
    tls_context=context,
    require_starttls=True,
    auth_required=True,
    authenticator=authenticate,
).start()
print(json.dumps({"event": "listening"}), flush=True)
signal.pause()
