"""What goes on behind the people of the tenants when no request waits: mail, and the end of what has run out."""

from infra.catalog.model import Function, Use, Zone
from infra.catalog.uses import DATABASE, MAIL_KEY, PUBLISH

PEOPLE = (
    Function(
        "identity.prepare_reset",
        "functions.identity.events.prepare_reset.handler",
        Zone.DATA,
        "Looks up who asked for a new password, and asks for the mail",
        settings=("DatabaseSettings", "BusSettings", "MailTokenSettings"),
        uses=(DATABASE, PUBLISH),
        layers=("core", "identity"),
        concurrency=2,
    ),
    Function(
        "identity.send_mail",
        "functions.identity.events.send_mail.handler",
        Zone.EDGE,
        "Writes a letter, derives the token in it and sends it",
        settings=("MailSettings",),
        uses=(Use("mail", "send"), MAIL_KEY),
        concurrency=5,
    ),
    Function(
        "identity.sweep_expired",
        "functions.identity.events.sweep_expired.handler",
        Zone.DATA,
        "Deletes tokens, sessions and kept answers that have run out",
        settings=("SystemDatabaseSettings",),
        uses=(DATABASE,),
        timeout=300,
        scales=False,
    ),
)
