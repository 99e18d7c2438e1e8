"""Mail, when a server is set (SMTP_URL): one plain text to one person."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import parse_qs, unquote, urlsplit

import structlog

log = structlog.get_logger("mail")
SECONDS = 20  # a server that does not answer is given up


def send(smtp_url: str, *, to: str, subject: str, text: str) -> bool:
    """Send a mail through `smtp://user:password@host:port?from=address` (smtps:// for TLS from the start).

    Returns whether the server took it; a failure is logged without the text, for nobody waits for this.
    """
    server = urlsplit(smtp_url)
    message = EmailMessage()
    message["From"] = parse_qs(server.query).get("from", [unquote(server.username or "") or "noreply@localhost"])[0]
    message["To"], message["Subject"] = to, subject
    message.set_content(text)
    try:
        with _connect(server.scheme, server.hostname or "localhost", server.port) as smtp:
            if server.username:
                smtp.login(unquote(server.username), unquote(server.password or ""))
            smtp.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        log.error("mail not sent", host=server.hostname, error=type(error).__name__)
        return False
    return True


def _connect(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=SECONDS, context=ssl.create_default_context())
    smtp = smtplib.SMTP(host, port or 25, timeout=SECONDS)
    smtp.ehlo()
    if smtp.has_extn("starttls"):
        smtp.starttls(context=ssl.create_default_context())
        smtp.ehlo()
    return smtp
