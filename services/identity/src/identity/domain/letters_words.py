"""The words of the letters in five of the widget's languages; the others read English. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from identity.domain.mail import MailKind


@dataclass(frozen=True, slots=True)
class Said:
    """One kind of mail: its subject, what stands before the link and after it, and what the link is called."""

    subject: str
    before: str
    button: str
    after: str


@dataclass(frozen=True, slots=True)
class Words:
    """One language: how it greets somebody by name, and somebody without one, and each kind of mail."""

    hello: str
    hello_nobody: str
    letters: Mapping[MailKind, Said]


_EN = Words(
    "Hello {name},",
    "Hello,",
    {
        MailKind.INVITATION: Said(
            subject="Your invitation to {hotel}",
            before="{hotel} invites you to work at its front desk. Accept within {lasting} days:",
            button="Accept the invitation",
            after="If you do not know this hotel, do nothing: without you, nothing happens.",
        ),
        MailKind.PASSWORD_RESET: Said(
            subject="Choose a new password",
            before="Somebody, hopefully you, asked for a new password. Choose it within {lasting} minutes:",
            button="Choose a new password",
            after="If it was not you, do nothing: your password stays as it is.",
        ),
        MailKind.PASSWORD_CHANGED: Said(
            subject="Your password was changed",
            before="The password of your account was changed, and every device was signed out.",
            button="",
            after="If it was not you, ask for a new password at the sign-in at once and tell your administrator.",
        ),
    },
)
_DE = Words(
    "Guten Tag {name},",
    "Guten Tag,",
    {
        MailKind.INVITATION: Said(
            subject="Ihre Einladung zu {hotel}",
            before="{hotel} lädt Sie ein, am Empfang mitzuarbeiten. Nehmen Sie die Einladung innerhalb von {lasting} Tagen an:",
            button="Einladung annehmen",
            after="Wenn Sie dieses Hotel nicht kennen, tun Sie einfach nichts: Ohne Sie geschieht nichts.",
        ),
        MailKind.PASSWORD_RESET: Said(
            subject="Neues Passwort wählen",
            before="Jemand, hoffentlich Sie, hat um ein neues Passwort gebeten. Wählen Sie es innerhalb von {lasting} Minuten:",
            button="Neues Passwort wählen",
            after="Wenn Sie das nicht waren, tun Sie einfach nichts: Ihr Passwort bleibt, wie es ist.",
        ),
        MailKind.PASSWORD_CHANGED: Said(
            subject="Ihr Passwort wurde geändert",
            before="Das Passwort Ihres Kontos wurde geändert, alle Geräte wurden abgemeldet.",
            button="",
            after="Wenn Sie das nicht waren, fordern Sie bei der Anmeldung sofort ein neues Passwort an und sagen Sie es Ihrer Verwaltung.",
        ),
    },
)
_FR = Words(
    "Bonjour {name},",
    "Bonjour,",
    {
        MailKind.INVITATION: Said(
            subject="Votre invitation à {hotel}",
            before="{hotel} vous invite à travailler à sa réception. Acceptez dans les {lasting} jours :",
            button="Accepter l’invitation",
            after="Si vous ne connaissez pas cet hôtel, ne faites rien : sans vous, rien ne se passe.",
        ),
        MailKind.PASSWORD_RESET: Said(
            subject="Choisissez un nouveau mot de passe",
            before="Quelqu’un, sans doute vous, a demandé un nouveau mot de passe. Choisissez-le dans les {lasting} minutes :",
            button="Choisir un nouveau mot de passe",
            after="Si ce n’était pas vous, ne faites rien : votre mot de passe reste le même.",
        ),
        MailKind.PASSWORD_CHANGED: Said(
            subject="Votre mot de passe a été modifié",
            before="Le mot de passe de votre compte a été modifié et tous les appareils ont été déconnectés.",
            button="",
            after="Si ce n’était pas vous, demandez tout de suite un nouveau mot de passe à la connexion et prévenez votre administrateur.",
        ),
    },
)
_ES = Words(
    "Hola, {name}:",
    "Hola:",
    {
        MailKind.INVITATION: Said(
            subject="Su invitación a {hotel}",
            before="{hotel} le invita a trabajar en su recepción. Acepte en un plazo de {lasting} días:",
            button="Aceptar la invitación",
            after="Si no conoce este hotel, no haga nada: sin usted no ocurre nada.",
        ),
        MailKind.PASSWORD_RESET: Said(
            subject="Elija una nueva contraseña",
            before="Alguien, esperamos que usted, ha pedido una nueva contraseña. Elíjala en un plazo de {lasting} minutos:",
            button="Elegir una nueva contraseña",
            after="Si no ha sido usted, no haga nada: su contraseña sigue siendo la misma.",
        ),
        MailKind.PASSWORD_CHANGED: Said(
            subject="Su contraseña ha cambiado",
            before="La contraseña de su cuenta ha cambiado y se ha cerrado la sesión en todos los dispositivos.",
            button="",
            after="Si no ha sido usted, pida enseguida una nueva contraseña al iniciar sesión y avise a su administrador.",
        ),
    },
)
_IT = Words(
    "Buongiorno {name},",
    "Buongiorno,",
    {
        MailKind.INVITATION: Said(
            subject="Il Suo invito a {hotel}",
            before="{hotel} La invita a lavorare alla sua reception. Accetti entro {lasting} giorni:",
            button="Accettare l’invito",
            after="Se non conosce questo hotel, non faccia nulla: senza di Lei non succede nulla.",
        ),
        MailKind.PASSWORD_RESET: Said(
            subject="Scelga una nuova password",
            before="Qualcuno, speriamo Lei, ha chiesto una nuova password. La scelga entro {lasting} minuti:",
            button="Scegliere una nuova password",
            after="Se non è stato Lei, non faccia nulla: la Sua password resta com’è.",
        ),
        MailKind.PASSWORD_CHANGED: Said(
            subject="La Sua password è stata cambiata",
            before="La password del Suo account è stata cambiata e tutti i dispositivi sono stati disconnessi.",
            button="",
            after="Se non è stato Lei, chieda subito una nuova password all’accesso e avvisi il Suo amministratore.",
        ),
    },
)
WORDS = {"en": _EN, "de": _DE, "fr": _FR, "es": _ES, "it": _IT}
"""By language."""
