"""State lines in a conversation: what the guest reads when it changes hands, in the guest's language. Pure."""

from enum import StrEnum


class Notice(StrEnum):
    """What a system message tells."""

    ESCALATED = "escalated"
    TAKEN_OVER = "taken_over"
    HANDED_BACK = "handed_back"
    ENDED = "ended"
    RETURNED = "returned"


_SOMEBODY = "somebody"
_TEXTS: dict[str, dict[str, str]] = {
    "en": {
        Notice.ESCALATED: "Our team has been told. Someone will join as soon as they are free.",
        Notice.TAKEN_OVER: "{name} has joined and will answer you.",
        Notice.HANDED_BACK: "The digital assistant is answering again.",
        Notice.ENDED: "This conversation has ended.",
        Notice.RETURNED: "This has been taken care of. The digital assistant is answering again.",
        _SOMEBODY: "A member of our team",
    },
    "de": {
        Notice.ESCALATED: "Unser Team ist verständigt. Es meldet sich jemand, sobald jemand frei ist.",
        Notice.TAKEN_OVER: "{name} ist jetzt für Sie da und antwortet Ihnen.",
        Notice.HANDED_BACK: "Der digitale Assistent antwortet wieder.",
        Notice.ENDED: "Dieses Gespräch ist beendet.",
        Notice.RETURNED: "Ihr Anliegen ist erledigt. Der digitale Assistent antwortet wieder.",
        _SOMEBODY: "Jemand aus unserem Team",
    },
    "fr": {
        Notice.ESCALATED: "Notre équipe est prévenue. Quelqu'un vous répondra dès que possible.",
        Notice.TAKEN_OVER: "{name} est là et va vous répondre.",
        Notice.HANDED_BACK: "L'assistant numérique répond de nouveau.",
        Notice.ENDED: "Cette conversation est terminée.",
        Notice.RETURNED: "Votre demande a été traitée. L'assistant numérique répond de nouveau.",
        _SOMEBODY: "Un membre de notre équipe",
    },
    "es": {
        Notice.ESCALATED: "Hemos avisado a nuestro equipo. Alguien le atenderá en cuanto esté libre.",
        Notice.TAKEN_OVER: "{name} se ha unido y le responderá.",
        Notice.HANDED_BACK: "El asistente digital vuelve a responder.",
        Notice.ENDED: "Esta conversación ha terminado.",
        Notice.RETURNED: "Su petición está resuelta. El asistente digital vuelve a responder.",
        _SOMEBODY: "Una persona de nuestro equipo",
    },
    "it": {
        Notice.ESCALATED: "Il nostro team è stato avvisato. Qualcuno risponderà appena possibile.",
        Notice.TAKEN_OVER: "{name} è qui e Le risponderà.",
        Notice.HANDED_BACK: "L'assistente digitale risponde di nuovo.",
        Notice.ENDED: "Questa conversazione è terminata.",
        Notice.RETURNED: "La Sua richiesta è stata risolta. L'assistente digitale risponde di nuovo.",
        _SOMEBODY: "Una persona del nostro team",
    },
    "nl": {
        Notice.ESCALATED: "Ons team is op de hoogte. Er komt iemand zodra er iemand vrij is.",
        Notice.TAKEN_OVER: "{name} is er nu en beantwoordt uw vragen.",
        Notice.HANDED_BACK: "De digitale assistent antwoordt weer.",
        Notice.ENDED: "Dit gesprek is beëindigd.",
        Notice.RETURNED: "Uw verzoek is afgehandeld. De digitale assistent antwoordt weer.",
        _SOMEBODY: "Iemand van ons team",
    },
    "pt": {
        Notice.ESCALATED: "A nossa equipa foi avisada. Alguém responderá assim que possível.",
        Notice.TAKEN_OVER: "{name} entrou na conversa e vai responder.",
        Notice.HANDED_BACK: "O assistente digital volta a responder.",
        Notice.ENDED: "Esta conversa terminou.",
        Notice.RETURNED: "O seu pedido foi resolvido. O assistente digital volta a responder.",
        _SOMEBODY: "Uma pessoa da nossa equipa",
    },
    "ar": {
        Notice.ESCALATED: "تم إبلاغ فريقنا. سينضم إليك أحدنا في أقرب وقت ممكن.",
        Notice.TAKEN_OVER: "انضم {name} إلى المحادثة وسيجيبك.",
        Notice.HANDED_BACK: "المساعد الرقمي يجيب من جديد.",
        Notice.ENDED: "انتهت هذه المحادثة.",
        Notice.RETURNED: "تمت معالجة طلبك. المساعد الرقمي يجيب من جديد.",
        _SOMEBODY: "أحد أعضاء فريقنا",
    },
    "zh": {
        Notice.ESCALATED: "我们的团队已收到通知，有人空闲时会马上加入。",
        Notice.TAKEN_OVER: "{name}已加入，将为您解答。",
        Notice.HANDED_BACK: "数字助理恢复为您解答。",
        Notice.ENDED: "本次对话已结束。",
        Notice.RETURNED: "您的请求已处理完毕。数字助理恢复为您解答。",
        _SOMEBODY: "我们的一位同事",
    },
}


def notice_text(notice: Notice, language: str, name: str | None = None) -> str:
    """The line in the language of a BCP 47 tag (English where we have none); `name` is who took over."""
    texts = _TEXTS.get(language.split("-")[0], _TEXTS["en"])
    return texts[notice].format(name=name or texts[_SOMEBODY])
