"""A mail server for the tests of Keyrack: prints its port, then a line of JSON for each mail that it accepts.

`gone@...` does not exist, `later@...` is refused the first time, `slow@...` is never answered. With the argument
`password`, senders have to sign in as `keyrack` with the password `secret`.
"""

import asyncio
import email
import email.policy
import json
import logging
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    def __init__(self):
        self.refused = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("gone@"):
            return "550 5.1.1 there is nobody of that name"
        if address.startswith("later@") and address not in self.refused:
            self.refused.add(address)
            return "451 4.7.1 come back later"
        if address.startswith("slow@"):
            await asyncio.sleep(3600)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        bodies = {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}
        facts = {
            "sender": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "headers": {name.lower(): str(value) for name, value in mail.items()},
            "type": mail.get_content_type(),
            "text": bodies.get("text/plain"),
            "html": bodies.get("text/html"),
            "files": {
                part.get_filename(): [part.get_content_type(), part.get_content().hex()] for part in mail.iter_attachments()
            },
        }
        print(json.dumps(facts), flush=True)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    # Not handled: the server answers.
    return AuthResult(success=(data.login, data.password) == (b"keyrack", b"secret"), handled=False)


async def main():
    # It warns of signing in without encryption.
    logging.disable()
    warnings.simplefilter("ignore")
    options = {}
    if "password" in sys.argv:
        options = {"authenticator": authenticate, "auth_required": True, "auth_require_tls": False}
    handler = Handler()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, **options), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
