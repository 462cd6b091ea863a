"""The receiver of e-mail: one mail to one address, over STARTTLS or TLS."""

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr

import aiosmtplib

from streams.config.declaration import BadSetting, from_file
from streams.config.rules.notify.mail import MailRules
from streams.config.rules.notify.routes import Email
from streams.notify.core.message import AnyMessage, Recipient, ReportMessage
from streams.notify.core.texts import has_list, lines, title
from streams.notify.receivers.outcome import Accepted, Outcome, Refused, Unanswered
from streams.notify.receivers.report_html import report_html

TIMEOUT_SECONDS = 20.0
MAIL_LINES = 200
SUBJECT_LENGTH = 150
# Of SMTP: 4xx is for now, 5xx for good.
PERMANENT = 500


class EmailReceiver:
    """Sends a mail for each message; its `Message-ID` is made of the message's id."""

    def __init__(self, email: Email, rules: MailRules, addresses: Mapping[str, str]) -> None:
        self._email, self._rules, self._addresses = email, rules, addresses

    def check(self) -> None:
        """Raise BadSetting unless password and certificates can be read."""
        self._password()
        self._context()

    async def send(self, recipient: Recipient, message: AnyMessage) -> Outcome:
        """Send a mail to the recipient's address."""
        whom = recipient.whom
        to = self._addresses[whom] if self._email.is_to_reps else whom
        rules = self._rules
        written = mail(rules.sender, to, message)
        try:
            await aiosmtplib.send(
                written,
                hostname=rules.host,
                port=rules.port,
                use_tls=rules.security == "tls",
                start_tls=rules.security == "starttls",
                tls_context=self._context() if rules.security != "none" else None,
                username=rules.user or None,
                password=self._password(),
                timeout=TIMEOUT_SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [each.code for each in error.recipients]
            return _answered(min(codes), "the address")
        except aiosmtplib.SMTPResponseException as error:
            return _answered(error.code, "the mail")
        except (aiosmtplib.SMTPConnectError, ConnectionRefusedError) as error:
            return Unanswered(f"no connection: {type(error).__name__}", is_uncertain=False)
        except aiosmtplib.SMTPServerDisconnected as error:
            return Unanswered(f"no answer: {type(error).__name__}")
        except (TimeoutError, aiosmtplib.SMTPTimeoutError, OSError) as error:
            return Unanswered(f"no answer: {type(error).__name__}")
        except aiosmtplib.SMTPException as error:
            return Refused(f"the server lacks what is needed: {error}")
        return Accepted()

    def _password(self) -> str | None:
        file = self._rules.password_file
        return None if file is None else from_file("password_file", str(file))

    def _context(self) -> ssl.SSLContext:
        file = self._rules.ca_file
        try:
            return ssl.create_default_context(cafile=file)
        except (OSError, ssl.SSLError) as error:
            raise BadSetting(f"ca_file: {file} cannot be used: {error}") from error


def mail(sender: str, to: str, message: AnyMessage) -> EmailMessage:
    """Write a mail; a message gives the same one each time."""
    found = EmailMessage(policy=SMTP)
    subject = title(message)
    name, address = parseaddr(sender)
    found["From"] = Address(name, addr_spec=address)
    found["To"] = Address(addr_spec=to)
    # The policy's own folding loses spaces between words in other letters than Latin ones
    # (Python before 3.13).
    found.set_raw("Subject", Header(_header(subject), header_name="Subject").encode())
    found["Date"] = datetime.fromtimestamp(message.at // 1000, UTC)
    found["Message-ID"] = f"<{message.id}@{address.rpartition('@')[2]}>"
    found["Auto-Submitted"] = "auto-generated"
    listed = "\n".join(f"- {line}" for line in lines(message, MAIL_LINES))
    found.set_content(f"{subject}\n\n{listed}\n" if has_list(message) else f"{subject}\n")
    if isinstance(message, ReportMessage):
        found.add_alternative(report_html(message), subtype="html")
    # Last, for a header of content that is there goes to the first part.
    found["Content-Language"] = message.language
    return found


def _header(text: str) -> str:
    """Return a text as one short line without control characters."""
    line = "".join(sign if sign.isprintable() else " " for sign in text)
    return line if len(line) <= SUBJECT_LENGTH else line[: SUBJECT_LENGTH - 1] + "…"


def _answered(code: int, what: str) -> Outcome:
    reason = f"{what} was refused with {code}"
    return Refused(reason) if code >= PERMANENT else Unanswered(reason, is_uncertain=False)
