"""The phrases by which guests ask for a person, demand, complain, greet and thank, as patterns per language.

Written for text in normal form: lower case, no accents, ß as ss, one space between words. English, German, French,
Spanish, Italian, Dutch and Portuguese; a few words of Arabic and Chinese. Our own lists.
"""

import re

from contracts.values import NeverAutoTopic


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


_HUMAN_EN = r"(?:human|real person|live (?:person|agent)|person|somebody|someone|agent|manager|supervisor|staff(?: member)?|(?:a )?member of (?:your |the )?(?:staff|team)|receptionist|reception|front desk|operator|representative|employee|colleague|team)"
_HUMAN_DE = r"(?:mensch(?:en)?|echten? person|person|jemand(?:em|en)?|mitarbeiter(?:in|n)?|kollegen?|kollegin|rezeption(?:ist(?:in)?)?|empfang|chef(?:in)?|manager(?:in)?|geschaftsfuhr\w+|direktor(?:in)?|personal)"
_HUMAN_FR = r"(?:humain|(?:une? )?(?:vraie )?personne(?: reelle)?|quelqu'?un|conseiller|conseillere|agent|responsable|directeur|directrice|receptionniste|la reception|employee?|membre du personnel)"
_HUMAN_ES = r"(?:humano|(?:una )?persona(?: real)?|alguien|agente|encargad[oa]|gerente|responsable|director|recepcionista|(?:la )?recepcion|emplead[oa]|operador)"
_HUMAN_IT = r"(?:umano|(?:una )?persona(?: vera| reale)?|qualcuno|operatore|responsabile|direttore|direttrice|receptionist|(?:la )?reception|impiegat[oa]|addett[oa])"
_HUMAN_NL = r"(?:mens|(?:een )?(?:echt )?persoon|iemand|medewerker|medewerkster|manager|receptionist(?:e)?|(?:de )?receptie|collega)"
_HUMAN_PT = r"(?:humano|(?:uma )?pessoa(?: real| de verdade)?|alguem|atendente|gerente|responsavel|recepcionista|(?:a )?recepcao|funcionari[oa])"

HUMAN = _any(
    rf"\b(?:speak|talk|chat|connect(?: me)?|transfer me|put me through|get me|pass me|hand me over|hand over)(?: directly)? (?:to|with)? ?(?:an? |the |your |some ?)?(?:real |actual |live |human )?{_HUMAN_EN}\b",
    rf"\b(?:want|need|like|prefer|give me|get me|is there|can i (?:have|get)|let me (?:speak|talk) (?:to|with)) (?:to (?:speak|talk) (?:to|with) )?(?:an? |the |some)?(?:real |actual |live |human )+{_HUMAN_EN}?\b",
    r"\b(?:real|actual|live) (?:human|person|agent)\b",
    r"\bhuman (?:please|agent|being|operator|help|assistance|support|now)\b|^(?:human|agent|operator|a human|person|real person|representative|reception|receptionist|staff)[.!]*(?: please)?[.!]*$",
    r"\b(?:don'?t|do not) (?:want|like|wish)\b.{0,25}\b(?:bot|robot|machine|chatbot|computer|ai)\b|\b(?:not|stop|no) (?:talking to |want (?:to talk to )?)?(?:an? |this |the )?(?:bot|robot|machine|chatbot|computer|ai)\b",
    r"\b(?:someone|somebody|manager|reception|staff) (?:please )?(?:call|ring|phone|contact) me\b|\b(?:call|ring|phone) me back\b|\bcan (?:someone|somebody) (?:call|ring|phone) me\b",
    r"\b(?:where is|get|call|fetch|want) (?:the |your |a )?(?:manager|supervisor)\b",
    rf"\b(?:mit|zu) (?:ein(?:em|er) |de[mr] |ihre[mr] |eine[mr] )?(?:echten |richtigen |realen )?{_HUMAN_DE} (?:\w+ ){{0,4}}(?:sprechen|reden|chatten|telefonieren|verbinden|schreiben|verbunden)\b",
    rf"\b(?:sprechen|reden|verbinden sie mich|verbinde mich|verbinden)(?: sie)?(?: mich)?(?: bitte)? (?:mit|zu[mr]?) (?:\w+ )?(?:echten |richtigen )?{_HUMAN_DE}\b",
    r"\b(?:ich (?:will|mochte|brauche|hatte gern)) (?:\w+ )?(?:echten |richtigen )(?:mensch\w*|person|mitarbeiter\w*)\b|\bechte[nrs]? (?:mensch\w*|person|mitarbeiter\w*)\b|^(?:bitte )?(?:ein(?:en)? )?(?:mensch(?:en)?|mitarbeiter(?:in)?|rezeption)[.!]*(?: bitte)?[.!]*$|\bgibt es (?:hier |da )?(?:auch )?(?:einen |echte )?menschen\b|\b(?:rufen sie mich|ruckruf|zuruckrufen)\b",
    rf"\b(?:parler|discuter|echanger|passez[- ]moi|mettre en (?:contact|relation)|joindre)(?: \w+)? (?:a|avec) (?:une? |la |le |l'|votre )?(?:vraie? )?{_HUMAN_FR}|\bpassez[- ]moi (?:une? |la |le )?{_HUMAN_FR}|\b(?:veux|voudrais|besoin d'?) ?(?:une? )?(?:vraie personne|humain|etre humain)\b|\b(?:un humain|une vraie personne)\b|\b(?:rappelez|appelez)[- ]moi\b",
    rf"\b(?:hablar|chatear|contactar|comunicar\w*|pasar?me|paseme|ponerme|pongame)(?: \w+)? con (?:una? |el |la |algun )?{_HUMAN_ES}|\b(?:quiero|necesito) (?:a )?(?:un humano|una persona(?: real| de verdad)?)\b|\bpersona real\b|\bllam(?:eme|enme|arme)\b",
    rf"\b(?:parlare|chattare|mett\w+ in contatto|passi|passatemi|mi passi)(?: \w+)? (?:con )?(?:un[oa']? ?|il |la |l')?{_HUMAN_IT}|\b(?:voglio|vorrei) (?:un umano|una persona(?: vera| reale)?)\b|\bpersona (?:vera|reale)\b|\b(?:mi richiami|richiamatemi|chiamatemi)\b",
    rf"\b(?:met|verbind (?:me|mij) (?:door )?met) (?:een |de |uw )?(?:echte? )?{_HUMAN_NL} (?:\w+ )?(?:spreken|praten|chatten)\b|\b(?:spreken|praten) met (?:een |de |uw )?(?:echt[e]? )?{_HUMAN_NL}\b|\bechte? (?:mens|persoon|medewerker)\b|\b(?:kan|mag|wil|moet) ik (?:\w+ )?(?:iemand|een (?:mens|medewerker|manager)) (?:spreken|aan de lijn)\b|\b(?:wil|mag) (?:ik )?(?:graag )?(?:een )?(?:echt )?(?:mens|persoon|medewerker) (?:spreken)?\b|\bbel me (?:terug|alsjeblieft)\b",
    rf"\b(?:falar|conversar|me pass[ae]|passar)(?: \w+)? com (?:uma? |o |a |algum )?{_HUMAN_PT}|\b(?:quero|preciso de) (?:um humano|uma pessoa(?: real| de verdade)?)\b|\bpessoa (?:real|de verdade)\b",
    r"人工|真人|客服人员|موظف|شخص حقيقي",
)

EMERGENCY = _any(
    r"\b(?:heart attack|stroke|unconscious|not breathing|cant breathe|can't breathe|cannot breathe|bleeding (?:badly|heavily)|suicid\w*|kill (?:myself|himself|herself)|overdose|anaphyla\w*|ambulance|(?:theres|there is|there's|smell|see) (?:a )?(?:fire|smoke|gas)|(?:room|building|bathroom) is on fire|breaking into|attacked me|assaulted)\b",
    r"\b(?:herzinfarkt|schlaganfall|bewusstlos|atmet nicht|bekomm\w* keine luft|blutet stark|selbstmord|krankenwagen|rettung rufen|notarzt|es brennt|feuer im|brand im|uberfallen)\b",
    r"\b(?:crise cardiaque|inconsciente?|ne respire (?:pas|plus)|ambulance|il y a le feu|au feu|incendie|au secours)\b",
    r"\b(?:infarto|inconsciente|no respira|ambulancia|hay fuego|incendio|socorro)\b",
    r"\b(?:infarto|svenut[oa]|privo di sensi|non respira|ambulanza|c'e (?:un )?(?:fuoco|incendio))\b",
    r"\b(?:hartaanval|bewusteloos|ademt niet|ziekenwagen|brand in)\b",
    r"\b(?:ataque cardiaco|desmaiou|nao respira|ambulancia|incendio)\b",
)

UPSET = _any(
    r"\b(?:unacceptable|outrageous|disgust(?:ed|ing)|furious|fed up|sick of this|ridiculous|a joke|scandalous|appalling|worst (?:hotel|service|stay|experience|night)|terrible (?:service|hotel|stay|experience)|horrible (?:service|hotel|stay|experience)|awful (?:service|stay|experience)|rip ?off|scam(?:med)?|liars?|idiots?|stupid (?:bot|hotel|machine)|useless|(?:never|not) (?:coming|come|stay\w*) (?:back|again|here again)|(?:i am|i'm|im|we are|we're|so|very|really|extremely) (?:angry|mad|upset|annoyed|frustrated|disappointed)|fuck\w*|bullshit|wtf|what the hell|how dare|lawyer|sue you)\b",
    r"\b(?:unverschamt\w*|inakzeptabel|frechheit|unmoglich(?:er service|es hotel)|skandal|katastroph\w*|stinksauer|wutend|verargert|sauer|reicht mir|schnauze voll|nie wieder|schlechteste\w*|enttauscht|abzocke|betrug|betruger|verarsch\w*|scheiss\w*|zum kotzen|das darf (?:doch )?nicht wahr sein|anwalt|lacherlich)\b",
    r"\b(?:inacceptable|inadmissible|scandaleux|scandale|honteux|une honte|furieu(?:x|se)|en colere|ras[- ]le[- ]bol|j'?en ai marre|degoutant|arnaque|voleurs?|pire (?:hotel|service|sejour)|plus jamais|tres decue?s?|merde|avocat|ridicule)\b",
    r"\b(?:inaceptable|inadmisible|indignante|verguenza|vergonzoso|furios[oa]|enfadad[oa]|hart[oa] de|estoy hart[oa]|asqueros[oa]|estafa|ladrones|peor (?:hotel|servicio|estancia)|nunca mas|muy decepcionad[oa]s?|mierda|abogado|ridiculo)\b",
    r"\b(?:inaccettabile|inammissibile|vergogn\w+|scandalos[oa]|furios[oa]|arrabbiat[oa]|stuf[oa] di|schifo(?:so)?|truffa|ladri|peggior\w* (?:hotel|servizio|soggiorno)|mai piu|molto delus[oai]|merda|avvocato|ridicolo)\b",
    r"\b(?:onacceptabel|schandalig|schande|woedend|boos|belachelijk|walgelijk|oplichting|oplichters|slechtste (?:hotel|service|ervaring)|nooit meer|zwaar teleurgesteld|erg teleurgesteld|advocaat)\b",
    r"\b(?:inaceitavel|absurdo|vergonha|furios[oa]|irritad[oa]|nojent[oa]|golpe|ladroes|pior (?:hotel|servico|estadia)|nunca mais|muito decepcionad[oa]|merda|advogado|ridiculo)\b",
)

_GIVE_EN = r"(?:want|need|demand|give me|get|like|claim|request|expect|asking for|ask for|issue|process|waiting for|where is|wheres|where's|owe me|havent received|haven't received|still no|entitled to)"
DEMANDS: dict[NeverAutoTopic, re.Pattern[str]] = {
    NeverAutoTopic.REFUND: _any(
        rf"\b{_GIVE_EN}\b.{{0,30}}\b(?:refund(?:ed)?|my money|our money|money back|compensation|reimbursement|reimbursed)\b",
        r"\b(?:refund (?:me|us|my|our|the|it|this)|my refund|(?:my|our) money back|compensate (?:me|us)|reimburse (?:me|us)|charge ?back|can (?:i|we) (?:get|have) (?:a |my |our )?(?:full |partial )?(?:refund|money back)(?! policy)|get (?:a |my )?(?:full |partial )?refund)\b",
        r"\b(?:geld zuruck|(?:mein|unser) geld|zuruckerstatt\w+ (?:sie|mir)|erstatten sie|(?:ich|wir) (?:will|wollen|mochte|mochten|verlange|verlangen|fordere|brauche|erwarte)\b.{0,40}(?:erstattung|ruckerstattung|entschadigung|ruckzahlung|erstattet|schadenersatz)|meine (?:erstattung|ruckerstattung)|wo bleibt\b.{0,25}(?:erstattung|ruckerstattung|geld))\b",
        r"\b(?:rembours(?:ez|er)[- ](?:moi|nous)|me (?:faire )?rembourser|nous (?:faire )?rembourser|etre rembourse\w*|mon remboursement|(?:veux|voudrais|exige|demande|reclame)\b.{0,30}(?:remboursement|dedommagement|mon argent)|mon argent)\b",
        r"\b(?:devuelva\w*|devolver(?:me|nos)|devuelv\w+|reembols(?:e|en)(?:me|nos)?|mi (?:dinero|reembolso)|me (?:reembols\w+|devuelv\w+)|(?:quiero|exijo|necesito|solicito|reclamo)\b.{0,30}(?:reembolso|devolucion|dinero|compensacion))\b",
        r"\b(?:rimborsat\w+|rimborsi|rimborsarmi|il mio rimborso|(?:i miei|miei) soldi|soldi indietro|(?:voglio|vorrei|esigo|chiedo|pretendo)\b.{0,30}(?:rimborso|risarcimento|soldi))\b",
        r"\b(?:geld terug|mijn geld|(?:wil|eis|wens|verwacht)\b.{0,30}(?:terugbetaling|terugbetaald|restitutie|vergoeding|compensatie)|mijn terugbetaling|betaal (?:me|mij) terug)\b",
        r"\b(?:dinheiro de volta|meu dinheiro|(?:quero|exijo|preciso|solicito)\b.{0,30}(?:reembolso|estorno|dinheiro|indenizacao)|meu reembolso|reembols(?:e|em)[- ]me)\b",
        r"退款|退钱|استرداد|أريد أموالي",
    ),
    NeverAutoTopic.CANCELLATION: _any(
        r"\b(?:cancel (?:my|our|the|this|it|that|a|booking|reservation|everything|tomorrow|tonight)|(?:want|need|like|have|going|please|can you|could you|must) (?:to )?cancel\b(?!lation)|my (?:booking|reservation) cancel+ed|cancel please)\b",
        r"\b(?:can i|can we|could i) (?:still |please )?cancel\b(?= (?:my|our|it|this|the|now)\b)",
        r"\b(?:storniere\w* (?:sie|meine|unsere|die)|(?:mochte|will|muss|wollen|mochten|mussen|wurde gern\w*)\b.{0,60}\b(?:stornieren|absagen|cancel(?:n|len))|(?:meine|unsere|die|diese) (?:buchung|reservierung|zimmer)\b.{0,30}\b(?:stornieren|absagen|canceln|cancellen)|bitte (?:um )?(?:stornieren|stornierung|storno))\b",
        r"\b(?:annule[rz]? (?:ma|notre|mes|la|cette)|(?:veux|voudrais|dois|souhaite|aimerais|devons|voulons)\b.{0,20}\bannuler|je dois annuler|annulez)\b",
        r"\b(?:cancel(?:ar|en|e|o)(?:me|nos)? (?:mi|nuestra|la|esta|una)|(?:quiero|quisiera|necesito|tengo que|debo|queremos|tenemos que)\b.{0,15}\b(?:cancelar|anular)|anular (?:mi|nuestra|la|esta))\b",
        r"\b(?:(?:cancellare|annullare|disdire|disdica|annulli|cancelli) (?:la|il|mia|nostra|questa|una)|(?:voglio|vorrei|devo|dobbiamo|vorremmo)\b.{0,15}\b(?:cancellare|annullare|disdire))\b",
        r"\b(?:(?:mijn|onze|de|deze) (?:boeking|reservering|kamer)\b.{0,20}\bannuleren|(?:wil|moet|willen|moeten)\b.{0,40}\bannuleren|annuleer)\b",
        r"\b(?:cancel(?:ar|e|em|o) (?:a|minha|nossa|esta|meu|uma)|(?:quero|preciso|tenho que|gostaria de|queremos)\b.{0,15}\bcancelar)\b",
        r"取消(?:我|预订|订单)|إلغاء حجز",
    ),
    NeverAutoTopic.BILLING: _any(
        r"\b(?:over ?charged|double charged|charged (?:me |us |my card )?(?:twice|double|too much|again|wrong\w*|for something)|charge[ds]? (?:on|to) my (?:card|account|statement)|(?:wrong|incorrect|mistake|error|problem|issue|something off|doesnt add up)\b.{0,30}\b(?:bill|invoice|charge|statement)|(?:my|our|the) (?:bill|invoice|statement)\b.{0,30}\b(?:wrong|incorrect|mistake|error|too high|not right|isnt right|isn't right|doesn't|does not)|why (?:was|were|am|have|did)\b.{0,30}\bcharge[d]?|(?:send|resend|email|forward|need|correct|change|amend|reissue)\b.{0,25}\b(?:my|our|the|an|a copy of) (?:invoice|bill|receipt)|(?:didnt|didn't|did not|never) (?:authori[sz]e|have|order|use|consume|take)\b.{0,30}\b(?:charge|minibar|payment)|unauthori[sz]ed|dispute (?:a |the |this )?(?:charge|bill)|taken (?:twice|money)|(?:taken|withdrawn|deducted|gone) (?:off|from|out of) (?:my|our) (?:card|account)|debited|payment (?:failed|was declined|didnt go through|didn't go through)|card (?:was )?declined)\b",
        r"\b(?:doppelt (?:abgebucht|belastet|berechnet|verrechnet|bezahlt)|(?:zu viel|zuviel|falsch|zweimal) (?:\w+ )?(?:abgebucht|belastet|berechnet|verrechnet)|abgebucht|abbuchung|(?:meine|unsere|die) rechnung\b.{0,30}\b(?:falsch|stimmt nicht|fehler\w*|korrigieren|zu hoch|andern|schicken|senden|zusenden|mailen)|(?:falsche|fehlerhafte) rechnung|(?:schicken|senden|mailen) sie\b.{0,25}\brechnung|brauche\b.{0,20}\b(?:meine|eine neue|eine korrigierte) rechnung|rechnung (?:stimmt|ist) (?:nicht|falsch)|meine karte wurde\b.{0,20}\b(?:belastet|abgelehnt))\b",
        r"\b(?:debite\w* (?:deux fois|en double|trop)|(?:ete|etes|ai ete) debite\w*|preleve\w* (?:deux fois|en double|trop)|double (?:debit|prelevement|facturation)|(?:erreur|probleme)\b.{0,20}\bfacture|(?:ma|notre|la) facture\b.{0,25}\b(?:fausse|incorrecte|erreur|erronee|trop elevee)|(?:envoye[rz]|renvoye[rz])\b.{0,20}\b(?:ma|notre|la|une) facture|facture (?:deux fois|en trop))\b",
        r"\b(?:cobr(?:ado|aron|o) (?:dos veces|doble|de mas|demasiado|mal)|doble cobro|cargo (?:duplicado|indebido|incorrecto|desconocido)|me han cobrado|nos han cobrado|(?:error|problema)\b.{0,20}\bfactura|(?:mi|nuestra|la) factura\b.{0,25}\b(?:incorrecta|mal|error|equivocada)|(?:envi\w+|mand\w+)\b.{0,20}\b(?:mi|nuestra|la|una) factura)\b",
        r"\b(?:addebitat\w+ (?:due volte|troppo|doppio)|doppio addebito|mi (?:avete|hanno) addebitat\w+|addebito (?:errato|doppio|sconosciuto)|(?:errore|problema)\b.{0,20}\b(?:fattura|conto)|(?:la mia|la nostra|la|il) (?:fattura|conto)\b.{0,25}\b(?:sbagliat\w|errat\w|errore)|(?:inviat\w+|mandat\w+|invii|spedi\w+)\b.{0,20}\bfattura)\b",
        r"\b(?:dubbel (?:afgeschreven|betaald|berekend|in rekening)|te veel (?:afgeschreven|betaald|berekend)|twee keer (?:afgeschreven|betaald|in rekening)|(?:fout|probleem)\b.{0,20}\b(?:factuur|rekening)|(?:mijn|onze|de) (?:factuur|rekening)\b.{0,25}\b(?:klopt niet|fout|verkeerd|onjuist)|(?:stuur|sturen|mail)\b.{0,20}\bfactuur)\b",
        r"\b(?:cobrad[oa] (?:duas vezes|em dobro|a mais|errado)|cobranca (?:duplicada|indevida|errada)|me cobraram|nos cobraram|(?:erro|problema)\b.{0,20}\b(?:fatura|conta)|(?:minha|nossa|a) (?:fatura|conta)\b.{0,25}\b(?:errada|incorreta|erro)|(?:envi\w+|mand\w+)\b.{0,20}\bfatura)\b",
        r"多收|重复扣款|خصم مرتين",
    ),
    NeverAutoTopic.COMPLAINT: _any(
        r"\b(?:(?:make|file|lodge|raise|submit|register|have) (?:a |an |my )?(?:\w+ )?complaints?|(?:i|we) (?:want to |would like to |wish to |must |have to |need to )?complain|complain about|complaint about|my complaint|(?:room|bathroom|bed|sheets|towels|carpet|shower) (?:is|was|are|were) (?:\w+ )?(?:dirty|filthy|disgusting|mouldy|moldy|stained|smelly|not clean(?:ed)?|broken)|cockroach\w*|bed ?bugs?|mould|mold in|not (?:been )?cleaned|(?:staff|receptionist|waiter|he|she|they) (?:was|were) (?:very |so |really )?(?:rude|impolite|unfriendly)|rude (?:staff|receptionist|waiter)|(?:not|isnt|isn't|doesnt|doesn't|stopped) work(?:ing)?\b.{0,30}\b(?:again|still|all night)|(?:couldnt|couldn't|could not|cant|can't) sleep|no hot water|bad review|(?:not|very un)(?: what was)? (?:as )?(?:promised|satisfied|happy with))\b",
        r"\b(?:beschwer\w+|reklam\w+|(?:zimmer|bad|bett|laken|handtucher|dusche|toilette)\b.{0,15}\b(?:ist|war|sind|waren)\b.{0,12}\b(?:dreckig|schmutzig|verschmutzt|schimm\w+|ekelhaft|ekelig|nicht sauber|kaputt)|kakerlake\w*|bettwanzen|schimmel|nicht (?:geputzt|gereinigt)|(?:personal|mitarbeiter\w*|rezeptionist\w*)\b.{0,15}\bunfreundlich|kein warmes wasser|konnten? nicht schlafen|schlechte bewertung|unzufrieden)\b",
        r"\b(?:(?:faire|deposer|porter) (?:une )?(?:reclamation|plainte)|me plaindre|nous plaindre|(?:ma|une) reclamation|(?:chambre|salle de bains?|lit|draps|douche)\b.{0,15}\b(?:est|etait|sont|etaient)\b.{0,12}\b(?:sale|sales|degoutant\w*|cassee?|moisie?)|cafards?|punaises|moisissure|pas (?:ete )?(?:nettoye\w*|propre)|(?:personnel|receptionniste|serveur)\b.{0,15}\b(?:impoli\w*|desagreable)|pas d'eau chaude|mecontente?s?)\b",
        r"\b(?:(?:poner|presentar|hacer) (?:una )?(?:queja|reclamacion|denuncia)|quejarme|quejarnos|hoja de reclamaciones|(?:habitacion|bano|cama|sabanas|ducha)\b.{0,15}\b(?:esta|estaba|estan|estaban)\b.{0,12}\b(?:suci[oa]s?|asqueros\w*|rot[oa]s?)|cucarachas?|chinches|moho|no (?:han )?limpi\w+|(?:personal|recepcionista|camarero)\b.{0,15}\b(?:maleducad\w+|groser\w+|antipatic\w+)|no hay agua caliente|insatisfech[oa]s?)\b",
        r"\b(?:(?:fare|presentare|sporgere) (?:un |una )?(?:reclamo|lamentela|denuncia)|lamentarmi|lamentarci|reclamo|(?:camera|bagno|letto|lenzuola|doccia)\b.{0,15}\b(?:e|era|sono|erano)\b.{0,12}\b(?:sporc\w+|rott\w+|schifos\w+)|scarafagg\w+|cimici|muffa|non (?:e stata |hanno )?pulit\w+|(?:personale|receptionist|cameriere)\b.{0,15}\b(?:maleducat\w+|scortes\w+)|manca l'acqua calda|insoddisfatt\w+)\b",
        r"\b(?:klacht\w*|beklag\w*|klagen|(?:kamer|badkamer|bed|lakens|douche)\b.{0,15}\b(?:is|was|zijn|waren)\b.{0,12}\b(?:vies|vuil|smerig|kapot)|kakkerlak\w*|bedwantsen|schimmel|niet schoongemaakt|(?:personeel|receptionist\w*)\b.{0,15}\bonbeleefd|geen warm water|ontevreden)\b",
        r"\b(?:(?:fazer|apresentar|registrar) (?:uma )?(?:reclamacao|queixa)|reclamar|(?:quarto|banheiro|casa de banho|cama|lencois|chuveiro)\b.{0,15}\b(?:esta|estava|estao|estavam)\b.{0,12}\b(?:suj[oa]s?|nojent\w+|quebrad\w+)|baratas?|percevejos|mofo|nao (?:foi )?limp\w+|(?:funcionari\w+|recepcionista)\b.{0,15}\b(?:grosseir\w+|mal-?educad\w+)|sem agua quente|insatisfeit\w+)\b",
        r"投诉|شكوى",
    ),
}

MENTIONS: dict[NeverAutoTopic, re.Pattern[str]] = {
    NeverAutoTopic.REFUND: _any(
        r"\b(?:refund\w*|reimburs\w+|compensat\w+|non[- ]?refundable|erstattung\w*|erstattet|ruckerstatt\w+|ruckzahlung\w*|entschadigung|rembours\w+|dedommage\w+|reembols\w+|devolucion|rimbors\w+|risarciment\w+|terugbetal\w+|restitutie|estorno)\b"
    ),
    NeverAutoTopic.CANCELLATION: _any(
        r"\b(?:cancel\w*|storn\w+|absagen|annul\w+|anular\w*|anulacion|disdir\w*|disdetta|annuleren|annulering\w*)\b"
    ),
    NeverAutoTopic.BILLING: _any(
        r"\b(?:bill|bills|billing|invoice\w*|receipt\w*|charged|rechnung\w*|facture\w*|facturation|factura\w*|fattur\w+|factuur|facturen|fatura\w*|nota fiscal)\b"
    ),
    NeverAutoTopic.COMPLAINT: _any(
        r"\b(?:complain\w*|feedback|plainte|reclamation|queja\w*|reclamacion\w*|lamentel\w+|queixa\w*|reclamacao)\b"
    ),
}

GREETING = _any(
    r"\b(?:hi+|hello|hey+|hiya|howdy|good (?:morning|afternoon|evening|day)|greetings|dear (?:sir|madam|team|hotel)(?: or madam)?|how are you(?: doing)?(?: today)?)\b\??",
    r"\b(?:hallo+|guten (?:tag|morgen|abend)|gruss gott|gruss dich|servus|moin|sehr geehrte (?:damen und herren|team)|wie geht es (?:ihnen|dir)|wie geht's)\b\??",
    r"\b(?:bonjour|bonsoir|salut|coucou|ca va|comment allez[- ]vous)\b(?: ?\?)?",
    r"\b(?:hola|buen[oa]s (?:dias|tardes|noches)|buenas|que tal|como esta)\b\??",
    r"\b(?:ciao|buon ?giorno|buona ?sera|salve|come sta|come stai)\b\??",
    r"\b(?:hoi|goede(?:morgen|middag|navond| morgen| middag| avond)|dag)\b",
    r"\b(?:ola|oi|bom dia|boa (?:tarde|noite)|tudo bem)\b\??",
    r"你好|您好|مرحبا|السلام عليكم|اهلا",
)
THANKS = _any(
    r"\b(?:thank(?:s| you|u)(?: (?:so much|very much|a lot|again|for (?:your|the) (?:help|info|information|answer|quick reply)|for that|everybody|everyone))*|thx|ty|cheers|many thanks|much appreciated|appreciate it|(?:(?:that|this|it) (?:really |very much )?help(?:s|ed)(?: me| us)?(?: a lot)?|you(?:'ve| have) been (?:very |so )?helpful)|(?:thats|that's|that is) (?:great|perfect|all|helpful|good|very helpful|very kind|wonderful)|(?:great|perfect|awesome|wonderful|excellent|brilliant|lovely|super|cool|ok|okay|alright|got it|i see|good to know))\b",
    r"\b(?:(?:(?:vielen|herzlichen|besten|lieben|tausend) )*dank(?:e(?: schon| sehr| vielmals)?)?(?: fur (?:die|ihre) (?:hilfe|info|information|antwort|schnelle antwort))?|perfekt|prima|toll|wunderbar|alles klar|in ordnung|passt|gut zu wissen|verstanden)\b",
    r"\b(?:merci(?: (?:beaucoup|bien|infiniment|pour (?:votre|l'?) ?(?:aide|reponse|information)))*|parfait|super|tres bien|d'accord|genial)\b",
    r"\b(?:(?:muchas |mil )?gracias(?: por (?:su|la) (?:ayuda|informacion|respuesta))?|perfecto|genial|vale|muy bien|estupendo|de acuerdo)\b",
    r"\b(?:grazie(?: (?:mille|tante|molte))?|perfetto|benissimo|va bene|d'accordo|ottimo)\b",
    r"\b(?:dank(?: u| je)(?: wel)?(?: voor (?:uw|de|je) (?:hulp|informatie))?|bedankt|hartelijk dank|perfect|prima|top|oke)\b",
    r"\b(?:(?:muito )?obrigad[oa](?: pela (?:ajuda|informacao))?|perfeito|otimo|valeu|esta bem)\b",
    r"谢谢|شكرا",
)
BYE = _any(
    r"\b(?:good ?bye|bye(?: bye)?|see you(?: soon| later| then| tomorrow| next week)?|have a (?:nice|good|great|lovely) (?:day|evening|one|night|weekend)|good night|take care|thats all|that's all|that is all|nothing else|no that'?s (?:all|it))\b",
    r"\b(?:auf wiedersehen|auf wiederschauen|tschuss|tschau|baba|bis (?:bald|dann|spater|morgen)|schonen (?:tag|abend)(?: noch)?|gute nacht|das war alles|das ist alles)\b",
    r"\b(?:au revoir|a bientot|bonne (?:journee|soiree|nuit)|a plus(?: tard)?|c'est tout)\b",
    r"\b(?:adios|hasta (?:luego|pronto|manana)|que tenga buen dia|eso es todo|nada mas)\b",
    r"\b(?:arrivederci|a presto|buona (?:giornata|serata|notte)|e tutto)\b",
    r"\b(?:tot (?:ziens|straks|snel|morgen)|doei|fijne (?:dag|avond)|dat was alles)\b",
    r"\b(?:tchau|adeus|ate (?:logo|breve|amanha)|tenha um bom dia|e so isso)\b",
    r"再见|مع السلامة",
)
WHO_ARE_YOU = _any(
    r"^(?:hi |hello |hey )?,? ?(?:who|what) are you\b|\bare you (?:a |an )?(?:real |really )?(?:bot|robot|human|machine|ai|real person|chatbot|computer|person|real)\b|\bam i (?:talking|speaking|chatting) (?:to|with) (?:a |an )?(?:bot|robot|human|machine|ai|real person|computer)\b|^what can you (?:do|help (?:me )?with)\b|^(?:can|could) you help(?: me)?(?: please)?\??$",
    r"^wer (?:bist du|sind sie)\b|\b(?:bist du|sind sie) (?:ein(?:e)? )?(?:echte[rn]? )?(?:bot|roboter|mensch|maschine|ki|computer)\b|^was (?:konnen sie|kannst du)\b(?: alles)?(?: tun)?\?*$|^(?:konnen sie|kannst du) (?:mir )?helfen\?*$",
    r"^(?:qui etes[- ]vous|qui es[- ]tu)\b|\b(?:etes[- ]vous|es[- ]tu) (?:un |une )?(?:vrai )?(?:robot|bot|humain|machine|ia)\b",
    r"^(?:quien eres|quien es usted)\b|\b(?:eres|es usted) (?:un |una )?(?:robot|bot|humano|maquina|persona real|ia)\b",
    r"^(?:chi sei|chi e lei)\b|\b(?:sei|e) (?:un |una )(?:robot|bot|umano|macchina|persona vera|ia)\b",
    r"^wie ben (?:je|jij)\b|\bben (?:je|jij|u) een (?:robot|bot|mens|machine)\b",
    r"^quem (?:e|es) (?:voce|tu)\b|\b(?:voce e|es) (?:um |uma )(?:robo|bot|humano|maquina|pessoa real)\b",
)
POLITE = _any(
    r"\b(?:please|there|sir|madam|team|everyone|all|yes|no|so|very|much|too|you|your|help|the|for|and|again|bitte|sehr|ihnen|ja|nein|svp|madame|monsieur|por favor|senor|senora|per favore|signore|signora|alsjeblieft|alstublieft|nice|great|fine|well|welcome|bot|robot|desk|front|hotel|lindenhof)\b"
)
