"""Common words per language: what tells a short guest text's language, and what carries no content.

All lists are our own, written for hotel conversations, lower case and without accents
(`conversation.domain.text.normalise` gives texts the same form).
"""

from enum import StrEnum


class Language(StrEnum):
    """The languages that guests are answered in; values are BCP 47 primary subtags."""

    EN = "en"
    DE = "de"
    FR = "fr"
    ES = "es"
    IT = "it"
    NL = "nl"
    PT = "pt"
    AR = "ar"
    ZH = "zh"


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


FUNCTION_WORDS: dict[Language, frozenset[str]] = {
    Language.EN: _words(
        "a an the this that these those it its is are was were be been am im i me my mine we us our you your he she they them their",
        "do does did dont doesnt didnt have has had havent can cant could couldnt will would wouldnt should may might must shall",
        "what when where which who how why whats wheres hows and or but if so not no yes of to in on at for from with without by",
        "about into over after before during there here any some all each every other more most much many very too also just only",
        "please thanks thank hello hi hey get got need want like id ill ive as than then than up out off again still",
    ),
    Language.DE: _words(
        "der die das den dem des ein eine einen einem einer eines und oder aber wenn ob so nicht kein keine keinen ja nein",
        "ich mich mir mein meine meinen meinem meiner wir uns unser unsere unseren sie ihr ihre ihren ihnen er es du dir dich man",
        "ist sind war waren bin sei wird werden wurde haben habe hat hatte hatten kann kannst konnen konnte konnten darf durfen",
        "muss mussen soll sollen will wollen mochte mochten gibt gibts geht gehts was wann wo wie wer warum wieso welche welcher welches",
        "wohin woher wieviel wie viel viele von vom zu zum zur in im an am auf aus bei beim mit ohne fur nach vor uber unter",
        "um durch gegen bis seit wahrend hier dort da noch schon auch nur sehr mehr alle alles jeden jede etwas bitte danke hallo",
        "guten als dass denn doch mal eigentlich ihnen ihrem",
    ),
    Language.FR: _words(
        "le la les l un une des du de d au aux et ou mais si ne pas non oui je j me m moi mon ma mes nous notre nos vous votre vos",
        "il elle on ils elles leur leurs lui se s ce cet cette ces c qui que qu quoi quel quelle quels quelles quand ou comment combien",
        "pourquoi est sont etait suis es sommes etes etre avoir ai as a avons avez ont avait fait faire faut peut peux pouvez pouvons",
        "puis pourrais pourrait pouvoir veux voudrais voudrait dois doit devez y en dans sur sous chez avec sans pour par vers entre",
        "avant apres pendant depuis jusqu ici aussi encore deja tres plus moins tout toute tous toutes autre est-ce merci bonjour",
        "bonsoir svp n t",
    ),
    Language.ES: _words(
        "el la los las un una unos unas y e o u pero si no ni yo me mi mis tu te su sus nos nosotros nuestro nuestra nuestros",
        "usted ustedes les le lo se es son esta estan estoy era ser estar hay he ha han hemos tengo tiene tienen tenemos tener puedo",
        "puede pueden podemos podria podriamos poder quiero queremos quisiera necesito que cual cuales cuando cuanto cuanta cuantos",
        "donde como quien por para porque de del al a en con sin sobre entre hasta desde durante antes despues aqui alli tambien muy",
        "mas menos todo toda todos todas otro otra algun alguna gracias hola buenos buenas este esta estos ese esa eso hace hacer",
    ),
    Language.IT: _words(
        "il lo la i gli le un uno una e o ma se non no si io mi mio mia miei mie noi ci nostro nostra nostri voi vi vostro vostra",
        "lei loro suo sua sono sei siamo siete essere era ho hai ha abbiamo avete hanno avere posso puo possiamo potete potrei",
        "potremmo vorrei vorremmo devo deve fare che chi cosa cos quale quali quando quanto quanta quanti dove come perche di del",
        "dello della dei degli delle al allo alla ai agli alle da dal dalla in nel nella nei con su sul sulla per tra fra senza",
        "dopo prima durante fino qui anche molto piu meno tutto tutta tutti altro altra qualche grazie ciao buongiorno buonasera",
        "c e' questo questa quello",
    ),
    Language.NL: _words(
        "de het een en of maar als niet geen nee ja ik mij me mijn wij we ons onze jij je jouw jullie u uw hij zij ze hun hen er",
        "is zijn was waren ben bent wordt worden heeft heb hebben had kan kun kunt kunnen kon mag mogen moet moeten wil willen wilt zou",
        "zouden zal zullen wat wanneer waar welke wie hoe waarom hoeveel van in op aan bij met zonder voor na naar uit over onder om",
        "tot sinds tijdens hier daar nog ook alleen zeer meer alle alles elke iets dit dat deze die graag dank bedankt hallo hoi",
        "goedemorgen goedenavond alsjeblieft alstublieft te zo dan want",
    ),
    Language.PT: _words(
        "o a os as um uma uns umas e ou mas se nao sim eu me meu minha meus minhas nos nosso nossa nossos voce voces te seu sua seus",
        "suas ele ela eles elas lhe e sao era ser estar esta estao estou ha tenho tem temos tinha ter posso pode podem podemos poderia",
        "quero queremos queria gostaria preciso precisamos que qual quais quando quanto quanta quantos onde como quem por para porque",
        "de do da dos das ao aos em no na nos nas num numa com sem sobre entre ate desde durante antes depois aqui la tambem muito",
        "mais menos tudo toda todos todas outro outra algum alguma obrigado obrigada ola bom boa este esta esse essa isso fazer",
    ),
    Language.AR: frozenset(),
    Language.ZH: frozenset(),
}

# Words of a hotel stay that tell the language by themselves: "Hund?" is German.
# Words that guests use in every language (wifi, hotel, taxi, bar, sauna, parking, check-in) are left out on purpose.
HOTEL_WORDS: dict[Language, frozenset[str]] = {
    Language.EN: _words(
        "dog dogs cat breakfast lunch dinner room rooms bed beds towel towels key keys luggage bags airport station train bus",
        "price cost free charge pay payment cash card invoice bill booking book reservation cancel cancellation refund money late",
        "early arrival departure pool gym swimming swim floor window view quiet noise noisy smoke smoking kids children child",
        "baby cot crib iron ironing laundry washing hairdryer fridge kettle safe lift elevator wheelchair allergy allergies vegan",
        "vegetarian gluten doctor pharmacy open opening hours time today tomorrow tonight night morning evening walk near nearby far",
        "bike bikes rent charging car garage lost found heating air conditioning cold hot water shower bath wedding meeting human",
        "person someone speak talk help staff manager reception desk password plug adapter deposit tax voucher gift pets pet",
    ),
    Language.DE: _words(
        "hund hunde katze haustier haustiere fruhstuck fruhstucken mittagessen abendessen zimmer bett betten handtuch handtucher",
        "schlussel gepack koffer flughafen bahnhof zug preis kosten kostet kostenlos gratis zahlen bezahlen bezahlung bargeld karte",
        "rechnung buchung gebucht reservierung stornieren stornierung storno ruckerstattung geld spat spater fruh fruher anreise",
        "abreise ankunft schwimmbad hallenbad becken schwimmen fitnessraum fenster aussicht blick ruhig larm laut rauchen raucher",
        "kinder kind kinderbett zustellbett bugeleisen bugeln wasche waschen reinigung fohn kuhlschrank wasserkocher aufzug lift",
        "rollstuhl barrierefrei allergie vegan vegetarisch glutenfrei arzt apotheke offen geoffnet offnungszeiten uhr zeit heute",
        "morgen abend nacht nachts fahrrad fahrrader mieten laden auto parkplatz parkplatze tiefgarage verloren gefunden heizung",
        "klimaanlage kalt warm wasser dusche badewanne hochzeit tagung mensch mitarbeiter sprechen hilfe rezeption passwort",
        "steckdose kaution ortstaxe kurtaxe gutschein nichtraucher parken halbpension stadt weit nahe wlan",
    ),
    Language.FR: _words(
        "chien chiens chat animaux animal petit dejeuner petit-dejeuner diner chambre chambres lit lits serviette serviettes cle cles",
        "bagage bagages valise valises aeroport gare train prix tarif cout coute gratuit payer paiement especes carte facture",
        "reservation reserver annuler annulation remboursement argent tard tot arrivee depart piscine nager salle fenetre vue calme",
        "bruit fumer fumeur enfants enfant bebe berceau repasser repassage lessive laver blanchisserie seche-cheveux frigo bouilloire",
        "ascenseur fauteuil roulant allergie allergies vegetarien vegetalien medecin pharmacie ouvert ouverture horaires heure heures",
        "aujourd'hui demain soir nuit matin velo velos louer recharge voiture garer stationnement perdu trouve chauffage",
        "climatisation froid chaud eau douche baignoire mariage reunion humain personne parler aide prise caution taxe sejour cadeau",
        "ville loin pres",
    ),
    Language.ES: _words(
        "perro perros gato mascota mascotas desayuno desayunar almuerzo comida cena habitacion habitaciones cama camas toalla toallas",
        "llave llaves equipaje maleta maletas aeropuerto estacion tren precio cuesta gratis pagar pago efectivo tarjeta factura",
        "reserva reservar cancelar cancelacion reembolso devolucion dinero tarde temprano llegada salida piscina nadar gimnasio",
        "ventana vistas tranquila ruido fumar ninos nino bebe cuna planchar plancha lavanderia lavar secador nevera hervidor ascensor",
        "silla ruedas alergia alergias vegano vegetariano medico farmacia abierto horario hora horas hoy manana noche bicicleta",
        "bicicletas alquilar cargar coche aparcar aparcamiento perdido encontrado calefaccion aire acondicionado frio caliente agua",
        "ducha banera boda reunion humano persona hablar ayuda contrasena enchufe deposito tasa regalo ciudad lejos cerca recepcion",
    ),
    Language.IT: _words(
        "cane cani gatto animali colazione pranzo cena camera camere letto letti asciugamano asciugamani chiave chiavi bagaglio",
        "bagagli valigia valigie aeroporto stazione treno prezzo costo costa gratuito pagare pagamento contanti carta fattura",
        "prenotazione prenotare cancellare annullare cancellazione rimborso soldi tardi presto arrivo partenza piscina nuotare palestra",
        "finestra vista tranquilla rumore fumare bambini bambino neonato culla stirare ferro lavanderia lavare asciugacapelli frigo",
        "bollitore ascensore sedia rotelle allergia allergie vegano vegetariano medico farmacia aperto orario orari ora ore oggi domani",
        "sera notte mattina bicicletta biciclette noleggiare ricaricare macchina parcheggio parcheggiare perso trovato riscaldamento",
        "aria condizionata freddo caldo acqua doccia vasca matrimonio riunione umano persona parlare aiuto presa cauzione tassa",
        "soggiorno buono regalo citta lontano vicino",
    ),
    Language.NL: _words(
        "hond honden kat huisdier huisdieren ontbijt ontbijten lunch diner avondeten kamer kamers bed bedden handdoek handdoeken",
        "sleutel sleutels bagage koffer koffers vliegveld luchthaven station trein prijs kosten kost gratis betalen betaling contant",
        "pinnen factuur rekening boeking boeken reservering annuleren annulering terugbetaling geld laat vroeg aankomst vertrek",
        "zwembad zwemmen sportschool fitnessruimte raam uitzicht rustig geluid lawaai roken kinderen kind kinderbed strijken",
        "strijkijzer wasserij wassen fohn koelkast waterkoker lift rolstoel allergie veganistisch vegetarisch dokter apotheek open",
        "openingstijden uur tijd vandaag morgen avond nacht ochtend fiets fietsen huren opladen auto parkeren parkeerplaats verloren",
        "gevonden verwarming koud warm water douche bad bruiloft vergadering mens medewerker spreken hulp wachtwoord stopcontact borg",
        "toeristenbelasting cadeaubon stad ver dichtbij",
    ),
    Language.PT: _words(
        "cachorro cao caes gato animais cafe manha pequeno-almoco almoco jantar quarto quartos cama camas toalha toalhas chave chaves",
        "bagagem mala malas aeroporto estacao trem comboio preco custa gratis pagar pagamento dinheiro cartao fatura reserva",
        "reservar cancelar cancelamento reembolso tarde cedo chegada partida piscina nadar ginasio academia janela vista tranquilo",
        "barulho fumar criancas crianca bebe berco passar ferro lavanderia lavar secador geladeira frigorifico chaleira elevador",
        "cadeira rodas alergia alergias vegano vegetariano medico farmacia aberto horario hora horas hoje amanha noite bicicleta",
        "bicicletas alugar carregar carro estacionar estacionamento perdido encontrado aquecimento ar condicionado frio quente agua",
        "chuveiro banheira casamento reuniao humano pessoa falar ajuda senha tomada caucao taxa presente cidade longe perto recepcao",
    ),
    Language.AR: frozenset(),
    Language.ZH: frozenset(),
}
