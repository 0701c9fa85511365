"""The sentences that the AI says on its own, per language. Whatever else it says stands in an article."""

from enum import StrEnum

from conversation.domain.words import Language


class Line(StrEnum):
    """Names of the sentences; `{...}` are slots that hold names, titles or a time, never free text."""

    GREETING = "greeting"
    THANKS = "thanks"
    BYE = "bye"
    WHO_ARE_YOU = "who_are_you"
    FOREIGN = "foreign"
    CLARIFY_TWO = "clarify_two"
    CLARIFY = "clarify"
    HAND_OVER = "hand_over"
    WAIT = "wait"
    SORRY = "sorry"
    NOT_KNOWN = "not_known"
    NOT_SURE = "not_sure"
    REST = "rest"
    PERSONAL = "personal"
    EMERGENCY = "emergency"


LINES: dict[Language, dict[Line, str]] = {
    Language.EN: {
        Line.GREETING: "Welcome to {hotel}! What can I do for you?",
        Line.THANKS: "You are welcome! Is there anything else I can do for you?",
        Line.BYE: "Goodbye, and thank you for writing to {hotel}!",
        Line.WHO_ARE_YOU: "I am the digital front desk of {hotel}. I answer from the hotel's own information, and my colleagues take over whenever you like.",
        Line.FOREIGN: "I have this information in {language} only:",
        Line.CLARIFY_TWO: "Do you mean “{first}” or “{second}”?",
        Line.CLARIFY: "Could you tell me a little more about what you need?",
        Line.HAND_OVER: "I am passing you on to our team; someone will answer you right here as soon as they are free.",
        Line.WAIT: "Expected wait: {wait}.",
        Line.SORRY: "I am very sorry about this.",
        Line.NOT_KNOWN: "I have no information about that.",
        Line.NOT_SURE: "I am not sure that I have the right answer.",
        Line.REST: "For the rest I would rather ask my colleagues.",
        Line.PERSONAL: "My colleagues look after this personally.",
        Line.EMERGENCY: "If somebody is in danger, please call 112 now.",
    },
    Language.DE: {
        Line.GREETING: "Willkommen im {hotel}! Was kann ich für Sie tun?",
        Line.THANKS: "Sehr gerne! Kann ich sonst noch etwas für Sie tun?",
        Line.BYE: "Auf Wiedersehen, und danke für Ihre Nachricht an {hotel}!",
        Line.WHO_ARE_YOU: "Ich bin die digitale Rezeption von {hotel}. Ich antworte aus den Informationen des Hotels, und meine Kolleginnen und Kollegen übernehmen jederzeit.",
        Line.FOREIGN: "Diese Auskunft habe ich nur auf {language}:",
        Line.CLARIFY_TWO: "Meinen Sie „{first}“ oder „{second}“?",
        Line.CLARIFY: "Können Sie mir etwas genauer sagen, was Sie brauchen?",
        Line.HAND_OVER: "Ich gebe Sie an unser Team weiter; Sie bekommen hier Antwort, sobald jemand frei ist.",
        Line.WAIT: "Voraussichtliche Wartezeit: {wait}.",
        Line.SORRY: "Das tut mir sehr leid.",
        Line.NOT_KNOWN: "Dazu habe ich keine Auskunft.",
        Line.NOT_SURE: "Ich bin nicht sicher, ob ich die richtige Antwort habe.",
        Line.REST: "Zum Rest frage ich lieber im Team nach.",
        Line.PERSONAL: "Darum kümmert sich unser Team persönlich.",
        Line.EMERGENCY: "Ist jemand in Gefahr, rufen Sie bitte sofort 112.",
    },
    Language.FR: {
        Line.GREETING: "Bienvenue à {hotel} ! Que puis-je faire pour vous ?",
        Line.THANKS: "Avec plaisir ! Puis-je faire autre chose pour vous ?",
        Line.BYE: "Au revoir, et merci d'avoir écrit à {hotel} !",
        Line.WHO_ARE_YOU: "Je suis la réception numérique de {hotel}. Je réponds à partir des informations de l'hôtel, et mes collègues prennent le relais quand vous le souhaitez.",
        Line.FOREIGN: "Je n'ai cette information qu'en {language} :",
        Line.CLARIFY_TWO: "Voulez-vous dire « {first} » ou « {second} » ?",
        Line.CLARIFY: "Pouvez-vous me préciser ce dont vous avez besoin ?",
        Line.HAND_OVER: "Je transmets à notre équipe ; quelqu'un vous répond ici même dès qu'une personne est libre.",
        Line.WAIT: "Attente prévue : {wait}.",
        Line.SORRY: "J'en suis vraiment désolé.",
        Line.NOT_KNOWN: "Je n'ai pas d'information à ce sujet.",
        Line.NOT_SURE: "Je ne suis pas certain d'avoir la bonne réponse.",
        Line.REST: "Pour le reste, je préfère demander à mes collègues.",
        Line.PERSONAL: "Notre équipe s'en occupe personnellement.",
        Line.EMERGENCY: "Si quelqu'un est en danger, appelez tout de suite le 112.",
    },
    Language.ES: {
        Line.GREETING: "¡Bienvenido a {hotel}! ¿En qué puedo ayudarle?",
        Line.THANKS: "¡Con mucho gusto! ¿Puedo ayudarle en algo más?",
        Line.BYE: "¡Hasta pronto, y gracias por escribir a {hotel}!",
        Line.WHO_ARE_YOU: "Soy la recepción digital de {hotel}. Respondo con la información del hotel, y mis compañeros le atienden cuando usted quiera.",
        Line.FOREIGN: "Esta información solo la tengo en {language}:",
        Line.CLARIFY_TWO: "¿Se refiere a «{first}» o a «{second}»?",
        Line.CLARIFY: "¿Puede decirme con más detalle qué necesita?",
        Line.HAND_OVER: "Le paso con nuestro equipo; alguien le responderá aquí mismo en cuanto esté libre.",
        Line.WAIT: "Espera prevista: {wait}.",
        Line.SORRY: "Lo siento mucho.",
        Line.NOT_KNOWN: "No tengo información sobre eso.",
        Line.NOT_SURE: "No estoy seguro de tener la respuesta correcta.",
        Line.REST: "Para lo demás prefiero preguntar a mis compañeros.",
        Line.PERSONAL: "Nuestro equipo se ocupa de esto personalmente.",
        Line.EMERGENCY: "Si alguien está en peligro, llame ahora al 112.",
    },
    Language.IT: {
        Line.GREETING: "Benvenuto a {hotel}! Che cosa posso fare per Lei?",
        Line.THANKS: "Con piacere! Posso fare altro per Lei?",
        Line.BYE: "Arrivederci, e grazie per aver scritto a {hotel}!",
        Line.WHO_ARE_YOU: "Sono la reception digitale di {hotel}. Rispondo con le informazioni dell'hotel, e i miei colleghi intervengono quando desidera.",
        Line.FOREIGN: "Ho questa informazione solo in {language}:",
        Line.CLARIFY_TWO: "Intende «{first}» oppure «{second}»?",
        Line.CLARIFY: "Può dirmi con più precisione di che cosa ha bisogno?",
        Line.HAND_OVER: "La affido al nostro team; Le risponderà qui la prima persona libera.",
        Line.WAIT: "Attesa prevista: {wait}.",
        Line.SORRY: "Mi dispiace molto.",
        Line.NOT_KNOWN: "Non ho informazioni su questo.",
        Line.NOT_SURE: "Non sono sicuro di avere la risposta giusta.",
        Line.REST: "Per il resto preferisco chiedere ai colleghi.",
        Line.PERSONAL: "Il nostro team se ne occupa personalmente.",
        Line.EMERGENCY: "Se qualcuno è in pericolo, chiami subito il 112.",
    },
    Language.NL: {
        Line.GREETING: "Welkom bij {hotel}! Wat kan ik voor u doen?",
        Line.THANKS: "Graag gedaan! Kan ik nog iets voor u doen?",
        Line.BYE: "Tot ziens, en bedankt voor uw bericht aan {hotel}!",
        Line.WHO_ARE_YOU: "Ik ben de digitale receptie van {hotel}. Ik antwoord met de informatie van het hotel, en mijn collega's nemen het over wanneer u wilt.",
        Line.FOREIGN: "Deze informatie heb ik alleen in het {language}:",
        Line.CLARIFY_TWO: "Bedoelt u “{first}” of “{second}”?",
        Line.CLARIFY: "Kunt u iets meer vertellen over wat u nodig heeft?",
        Line.HAND_OVER: "Ik verbind u door met ons team; u krijgt hier antwoord zodra iemand vrij is.",
        Line.WAIT: "Verwachte wachttijd: {wait}.",
        Line.SORRY: "Dat spijt me heel erg.",
        Line.NOT_KNOWN: "Daarover heb ik geen informatie.",
        Line.NOT_SURE: "Ik weet niet zeker of ik het juiste antwoord heb.",
        Line.REST: "Voor de rest vraag ik het liever aan mijn collega's.",
        Line.PERSONAL: "Ons team regelt dit persoonlijk.",
        Line.EMERGENCY: "Is er iemand in gevaar, bel dan nu 112.",
    },
    Language.PT: {
        Line.GREETING: "Bem-vindo a {hotel}! Em que posso ajudar?",
        Line.THANKS: "De nada! Posso ajudar em mais alguma coisa?",
        Line.BYE: "Até logo, e obrigado por escrever a {hotel}!",
        Line.WHO_ARE_YOU: "Sou a receção digital de {hotel}. Respondo com a informação do hotel, e os meus colegas continuam quando desejar.",
        Line.FOREIGN: "Só tenho esta informação em {language}:",
        Line.CLARIFY_TWO: "Quer dizer «{first}» ou «{second}»?",
        Line.CLARIFY: "Pode dizer-me um pouco mais sobre o que precisa?",
        Line.HAND_OVER: "Vou passar à nossa equipa; alguém lhe responderá aqui mesmo assim que estiver livre.",
        Line.WAIT: "Espera prevista: {wait}.",
        Line.SORRY: "Lamento muito.",
        Line.NOT_KNOWN: "Não tenho informação sobre isso.",
        Line.NOT_SURE: "Não tenho a certeza de ter a resposta certa.",
        Line.REST: "Quanto ao resto, prefiro perguntar aos meus colegas.",
        Line.PERSONAL: "A nossa equipa trata disto pessoalmente.",
        Line.EMERGENCY: "Se alguém estiver em perigo, ligue já para o 112.",
    },
    Language.AR: {
        Line.GREETING: "مرحباً بكم في {hotel}! كيف يمكنني مساعدتكم؟",
        Line.THANKS: "على الرحب والسعة! هل من شيء آخر؟",
        Line.BYE: "مع السلامة، وشكراً لمراسلة {hotel}!",
        Line.WHO_ARE_YOU: "أنا مكتب الاستقبال الرقمي في {hotel}. أجيب من معلومات الفندق، ويتولى زملائي المحادثة متى شئتم.",
        Line.FOREIGN: "هذه المعلومة متوفرة لدي باللغة {language} فقط:",
        Line.CLARIFY_TWO: "هل تقصدون «{first}» أم «{second}»؟",
        Line.CLARIFY: "هل يمكنكم توضيح ما تحتاجونه؟",
        Line.HAND_OVER: "سأحوّلكم إلى فريقنا، وسيجيبكم أحد الزملاء هنا حالما يتفرغ.",
        Line.WAIT: "مدة الانتظار المتوقعة: {wait}.",
        Line.SORRY: "أعتذر بشدة عن ذلك.",
        Line.NOT_KNOWN: "ليست لدي معلومات عن ذلك.",
        Line.NOT_SURE: "لست متأكداً من أن لدي الجواب الصحيح.",
        Line.REST: "أما الباقي فأفضّل أن أسأل زملائي عنه.",
        Line.PERSONAL: "يهتم فريقنا بهذا الأمر شخصياً.",
        Line.EMERGENCY: "إذا كان أحد في خطر فاتصلوا فوراً بالرقم 112.",
    },
    Language.ZH: {
        Line.GREETING: "欢迎来到{hotel}！请问有什么可以帮您？",
        Line.THANKS: "不客气！还有什么可以帮您的吗？",
        Line.BYE: "再见，感谢您联系{hotel}！",
        Line.WHO_ARE_YOU: "我是{hotel}的数字前台。我根据酒店的资料回答，您也可以随时转给我的同事。",
        Line.FOREIGN: "这条信息我只有{language}版：",
        Line.CLARIFY_TWO: "您是指“{first}”还是“{second}”？",
        Line.CLARIFY: "您能再具体说明一下需要什么吗？",
        Line.HAND_OVER: "我把您转给我们的同事，有人空出来就会在这里回复您。",
        Line.WAIT: "预计等待时间：{wait}。",
        Line.SORRY: "非常抱歉。",
        Line.NOT_KNOWN: "我没有这方面的信息。",
        Line.NOT_SURE: "我不确定自己的答案是否正确。",
        Line.REST: "其余的问题我请同事来回答。",
        Line.PERSONAL: "这件事由我们的同事亲自处理。",
        Line.EMERGENCY: "如果有人处于危险之中，请立即拨打112。",
    },
}

# What a language is called in each guest's language; English for the rest.
_NAMES: dict[Language, dict[str, str]] = {
    Language.EN: {"en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "nl": "Dutch", "pt": "Portuguese"},
    Language.DE: {"en": "Englisch", "de": "Deutsch", "fr": "Französisch", "es": "Spanisch", "it": "Italienisch", "nl": "Niederländisch", "pt": "Portugiesisch"},
    Language.FR: {"en": "anglais", "de": "allemand", "fr": "français", "es": "espagnol", "it": "italien", "nl": "néerlandais", "pt": "portugais"},
    Language.ES: {"en": "inglés", "de": "alemán", "fr": "francés", "es": "español", "it": "italiano", "nl": "neerlandés", "pt": "portugués"},
    Language.IT: {"en": "inglese", "de": "tedesco", "fr": "francese", "es": "spagnolo", "it": "italiano", "nl": "olandese", "pt": "portoghese"},
    Language.NL: {"en": "Engels", "de": "Duits", "fr": "Frans", "es": "Spaans", "it": "Italiaans", "nl": "Nederlands", "pt": "Portugees"},
    Language.PT: {"en": "inglês", "de": "alemão", "fr": "francês", "es": "espanhol", "it": "italiano", "nl": "neerlandês", "pt": "português"},
    Language.AR: {"en": "الإنجليزية", "de": "الألمانية", "fr": "الفرنسية", "es": "الإسبانية", "it": "الإيطالية"},
    Language.ZH: {"en": "英文", "de": "德文", "fr": "法文", "es": "西班牙文", "it": "意大利文"},
}  # fmt: skip


def language_name(tag: str, language: Language) -> str:
    """What the language of a BCP 47 tag is called in `language`; the tag itself where we have no word."""
    return _NAMES[language].get(tag.split("-")[0], tag)
