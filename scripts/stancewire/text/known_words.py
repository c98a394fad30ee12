"""Which encoding makes known words of bytes: common words tell it surely, and at once, where they are enough.

A word is evidence for each encoding in which these are its bytes. An encoding is sure when every other one that reads
the bytes differently fails on words that it reads. Where all do, but one on less than is enough, it is doubtful.
Otherwise nothing is said, and the slow detector weighs the whole.
"""

from __future__ import annotations

import codecs
import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# Common words with letters beyond ASCII. Those of Latin script have a letter of ASCII, too, which parts them from all
# words of other scripts; but for the French à, which alone is never enough.
_WORDS = {
    "de": "für über können könnte könnten müssen hätte hätten wäre wären würde würden während gegenüber früher "
    "später größte größten große großen groß größer heißt hieß schließlich zusätzlich natürlich ähnlich "
    "künftig zunächst jährlich Präsident Präsidentin Behörden Behörde Mütter Städte Länder Ländern Straße "
    "Straßen Gespräche Maßnahmen europäische europäischen nächsten nächste möglich erklärte erklärt "
    "gehört läuft dürfen dürfte führt führen übt trägt weiß außerdem außer daß schön fünf zwölf zurück "
    "dafür darüber Menschenwürde",
    "fr": "à été être où même très après déjà première français française françaises dernière était étaient "
    "également président présidente près ministère étrangères étranger deuxième années année européenne "
    "européen économique là voilà ça façon reçu déclaré annoncé estimé présenté expliqué décidé indiqué "
    "désormais élection élections côté mêmes aussitôt bientôt plutôt grâce problème système siècle "
    "manière lumière frère mère père pièce espèce règle procès succès accès congrès progrès intérêt "
    "fenêtre tête fête août coût goût sûr événement société sécurité général générale élu élue née "
    "décembre février conférence vidéo médias étude équipe régime Première présidentielle numéro État États Élysée",
    "es": "más también según después está están había años año qué él sólo sí así día días país países aquí "
    "allí además través información situación administración nación región decisión elección millón "
    "español española españoles señor niño niños mañana será podría tenía quién cómo cuándo dónde todavía "
    "último última últimos política político públicas público número dólares economía policía unión razón "
    "reunión mediación comisión relación Policía ningún algún tendrá podrán Irán Japón Perú México "
    "España años señaló añadió compañía pequeño pequeña campaña niña niñas",
    "pt": "não são também até já há está você então após português além será ações ação informações informação "
    "situação política presidência país países três mês só nós às água segurança eleição eleições "
    "população educação região milhões polícia público início possível últimos última próximo próxima "
    "dólares porém através avó irmã manhã irmãos mãe pão órgão decisão questão",
    "it": "più perché così già però può città sarà cioè né sì là società università attività possibilità "
    "qualità libertà verità realtà finché poiché affinché ciò giù lunedì martedì mercoledì giovedì "
    "venerdì metà età novità finirà avrà farà potrà dovrà verrà caffè tribù autorità",
    "nl": "één vóór geïnteresseerd coördinatie financiële België ideeën economieën officiële patiënten cliënten "
    "industriële commerciële geïnformeerd reünie beïnvloed Oekraïne Oekraïense Oekraïners Italië "
    "Australië ministeriële financiën",
    "sv": "är på för från också år när får två även så då måste människor själv nästa några många större "
    "största början går står både över blå hör gör kväll där här sätt språk",
    "da": "på også år når får både så måske står går få må nå små større største ændre være været før første "
    "gør selvfølgelig København spørgsmål løbet nærmest således ønsker råd grænse",
    "no": "på også år når får både så må være før første gjør spørsmål større største står går få løpet ønsker",
    "fi": "että myös sekä tämä tämän hän hänen mitä mikä sitä vielä jälkeen päivä vähän pääministeri eivätkö "
    "pitää näin siellä täällä yhtä käyttää äänestys mennessä määrä hyvä",
    "is": "að það þar við því eða þegar þetta verið þeir þær þessi sagði með frá síðan ráðherra íslensku ísland",
    "pl": "się że są także może będzie będą już też można więc które która który których według został została "
    "jeśli sądu rządu mówi powiedział powiedziała ciągu dzień również oświadczył później między wśród "
    "ponieważ jednocześnie państwo państwa Polską źródła święta większość tę tą ją rząd "
    "oświadczyła mają będą którą właśnie podkreślił podkreśliła części część działań środę świat świata wojną "
    "sobą",
    "cs": "že který která které také před při už být může řekl několik více další země česká české český "
    "případě během neboť však třeba ještě když než není můžeme září října včera příští společnost jež",
    "sk": "že ktorý ktorá ktoré sú už môže môžu však ešte keď než správu slovenská slovenské podľa ďalšie ďalej "
    "včera počas najväčší budú môžeme štát štátu neskôr prvý",
    "hu": "és még már után között több azért így úgy új két három négy első második közölte kormányfő "
    "miniszterelnök időben őket múlt évben főleg nő nők földön került megjelenő",
    "sl": "še že več če največ dežela država države čas času večina žrtev možnosti težave življenje",
    "hr": "što više još će već također kaže kuće riječi može međutim između sljedeće",
    "tr": "için çok olduğu olduğunu değil kişi başkanı başkan büyük dün ülke açıkladı şöyle şey çünkü diğer "
    "doğru eğer ilişkin karşı Türkiye yıl yılında söyledi güvenlik görüşme İstanbul çalışma",
    "lt": "už tačiau šio dėl būti metų žmonių prieš jų tą kurių šalies jūs šiuo šios sakė pasakė kurį žmonės "
    "tūkstančių",
    "lv": "kā arī šo pēc ļoti tā kāds būs gadā Latvijā Rīgā šogad tādēļ tāpēc vēl",
    "et": "või väga kõik ära nüüd äkki võib tõttu üks pärast mõned õiguse rääkis ütles jõudis käes märkis üle",
    "ru": "что это как для они его она был была было были уже или так может после также время который которые "
    "которая сказал сказала заявил заявила сообщил сообщили является россии россия года году лет при "
    "между чтобы если только более президент правительства страны Москва Москве Россия России Украины США "
    "Это Как Что После Для",
    "uk": "від для його який які яка було був після також під час може цього України Україна року сказав заявив "
    "повідомив між Київ Україні або вже президент Після її країни країна "
    "країни є має",
    "bg": "това като със след които който която беше няма може България каза заяви години според",
    "sr": "што као није који која које али или после такође рекао рекла Србије Србија године изјавио између међу "
    "грађани грађана догађаја људи",
    "el": "και της των στην στη για που από δεν είναι του τον την στο στον ότι όπως μετά αλλά κυβέρνηση σύμφωνα "
    "πρόεδρος χώρας",
}
_CONTRACTIONS = (
    "it’s don’t doesn’t didn’t isn’t wasn’t aren’t weren’t can’t won’t wouldn’t couldn’t shouldn’t hasn’t haven’t "
    "hadn’t I’m I’ve I’ll I’d we’re we’ve we’ll they’re they’ve they’ll he’s she’s that’s there’s what’s who’s let’s "
    "you’re you’ve you’ll it’ll c’est n’est d’un d’une qu’il qu’elle qu’un qu’une l’on l’un l’une s’est n’a j’ai "
    "aujourd’hui dell’anno un’altra c’è « »"
)

# Encodings of a byte a character, without those that nobody writes the languages above in; of encodings that read some
# bytes alike, the first is named: the commoner.
_ENCODINGS = (
    *("cp1252", "cp1251", "cp1250", "koi8_r", "cp1254", "cp1253", "iso8859_2", "iso8859_15", "cp1257", "cp1258"),
    *("koi8_u", "cp1255", "cp1256", "cp874", "mac_roman", "cp850", "cp437", "cp852", "cp866", "mac_cyrillic"),
    *("iso8859_5", "iso8859_7", "iso8859_9", "iso8859_13", "iso8859_6", "iso8859_8", "iso8859_11", "iso8859_4"),
    *("iso8859_10", "iso8859_16", "mac_latin2", "mac_turkish", "mac_greek", "mac_iceland", "mac_croatian"),
    *("mac_romanian", "cp775", "cp857", "cp737", "cp858", "cp860", "cp861", "cp862", "cp863", "cp864", "cp865"),
    *("cp869", "koi8_t", "ptcp154"),
)
SAMPLE = 1 << 16  # bytes that are looked at for words
ENOUGH = 3  # words that a rival must fail on; a word counts twice at most, so that they are two words at least
_MOST_A_WORD = 2
MANY = 8  # words after which one that a rival fails on is worth a guess, which is not sure
A_QUOTATION = 3  # what a quotation counts
SHARE = 0.05  # of the words with bytes beyond ASCII that must be known, lest bytes of other kinds be words by chance
CONTRARY = 8  # words that outweigh one that only the rival reads
_MOST = 13  # more words change no decimal of the confidence

_ASCII = bytes(range(128))
# What stands between words: ASCII that is no letter, and quotes, dashes and spaces of Windows and Latin-1.
_BETWEEN = bytes(b for b in range(128) if not chr(b).isalpha()) + b"\x84\x85\x91\x93\x94\x96\x97\xa0"
_TO_SPACES = bytes.maketrans(_BETWEEN, b" " * len(_BETWEEN))
_AROUND = b"\x92\xab\xbb"  # quotes of Windows and Latin-1 that may be parts of words as well
# Patterns that begin with one certain byte are looked for several times as fast.
_OPENED = tuple(re.compile(sign + rb"(?<![^\s(].)[A-Za-z]") for sign in (b"\x93", b"\x84"))
# Where it closes after a stop it is no letter in any language.
_CLOSED = tuple(re.compile(sign + rb"(?<=[.,!?].)(?=[\s;:)]|$)") for sign in (b"\x94", b"\x93"))
_SPACED_DASH = re.compile(rb" [\x96\x97] ")
_WINDOWS = sum(1 << n for n, name in enumerate(_ENCODINGS) if re.fullmatch(r"cp125\d|cp874", name))  # alike in all


@dataclass(frozen=True)
class _Evidence:
    """What was found in bytes.

    Attributes:
        words: how many words by the encodings (a bit for each) that they are words in; quotes and dashes, too.
        joined: bytes beyond ASCII of each word that has ASCII letters as well. alone: of each other word.
    """

    words: Mapping[int, int]
    joined: Sequence[bytes]
    alone: Sequence[bytes]


def find_sure_encoding(raw: bytes) -> tuple[str, float] | None:
    """The encoding that alone makes words of bytes which are not UTF-8, with its confidence; None if none is sure.

    All others that read the bytes differently must fail on `ENOUGH` of its words, or put letters of another script into
    words of ASCII letters, and hardly have words without them. The confidence is 1 - 1/2^n, where the rival that comes
    nearest fails on n words.
    """
    found = weigh_words(raw)
    return found if found is not None and found[1] >= 1 - 0.5**ENOUGH else None


def weigh_words(raw: bytes) -> tuple[str, float] | None:
    """As `find_sure_encoding`, but also an encoding with `MANY` words on which rivals fail on fewer than is enough.

    Its confidence is 0.5 or 0.75: whoever reads with it has to say that it is doubtful.
    """
    evidence = _find_evidence(raw[:SAMPLE])
    if sum(evidence.words.values()) < ENOUGH:
        return None
    readings = _read(bytes(sorted(set(raw.translate(None, _ASCII)))))
    counts = dict.fromkeys(readings, 0)
    for holders, n in evidence.words.items():
        for number in _numbers(holders) & readings.keys():
            counts[number] += n
    nearest = max(counts.values(), default=0)
    if nearest < ENOUGH:
        return None
    best = min(number for number, count in counts.items() if count == nearest)
    own = [(holders, n) for holders, n in evidence.words.items() if holders >> best & 1]
    others = [(holders, n) for holders, n in evidence.words.items() if not holders >> best & 1]
    for number, reading in readings.items():
        if reading == readings[best]:
            continue
        failed = sum([n for holders, n in own if not holders >> number & 1])
        margin = failed - CONTRARY * sum([n for holders, n in others if holders >> number & 1])
        if margin >= ENOUGH:
            nearest = min(nearest, margin)
        elif _mixes_scripts(number, evidence):
            continue
        elif margin > 0 and counts[best] >= MANY:
            nearest = min(nearest, margin)
        else:
            return None
    return codecs.lookup(_ENCODINGS[best]).name, round(1 - 0.5 ** min(nearest, _MOST), 4)


def _find_evidence(raw: bytes) -> _Evidence:
    found: Counter[int] = Counter()
    known = _known_words()
    words = Counter([word for word in raw.translate(_TO_SPACES).split() if not word.isascii()])
    of_a_byte: Counter[int] = Counter()
    for word, count in words.items():
        holders = known.get(word) or known.get(word.strip(_AROUND))
        if holders:
            (of_a_byte if len(word) == 1 else found)[holders] += min(count, _MOST_A_WORD)
    if found.total() < max(ENOUGH - 1, SHARE * len(words)):
        found.clear()
    else:  # alone they could be words of any script
        found += of_a_byte
    if b"\x93" in raw:
        opened, closed = (sum(len(sign.findall(raw)) for sign in signs) for signs in (_OPENED, _CLOSED))
        found[_WINDOWS] += min(opened, closed, 2) * A_QUOTATION
    if b"\x96" in raw or b"\x97" in raw:
        found[_WINDOWS] += min(len(_SPACED_DASH.findall(raw)), _MOST_A_WORD)
    joined: list[bytes] = []
    alone: list[bytes] = []
    for word in words:
        beyond = word.translate(None, _ASCII)
        (alone if beyond == word else joined).append(beyond)
    return _Evidence(found, joined, alone)


def _mixes_scripts(number: int, evidence: _Evidence) -> bool:
    foreign = _foreign(number)
    joined, alone = (sum(not foreign.isdisjoint(w) for w in words) for words in (evidence.joined, evidence.alone))
    return joined > CONTRARY * alone


@functools.lru_cache(maxsize=4096)
def _numbers(holders: int) -> frozenset[int]:
    return frozenset(number for number in range(len(_ENCODINGS)) if holders >> number & 1)


@functools.cache
def _foreign(number: int) -> frozenset[int]:
    """Bytes that an encoding reads as letters of another script than the Latin."""
    read = {byte: bytes([byte]).decode(_ENCODINGS[number], "replace") for byte in range(128, 256)}
    return frozenset(b for b, char in read.items() if char.isalpha() and "LATIN" not in unicodedata.name(char, ""))


@functools.cache
def _known_words() -> Mapping[bytes, int]:
    """The encodings (a bit for each) in which bytes are a word."""
    words = " ".join((*_WORDS.values(), _CONTRACTIONS)).split()
    all_words = " ".join([*words, *(word[0].upper() + word[1:] for word in words)])
    known: dict[bytes, int] = {}
    for number, name in enumerate(_ENCODINGS):
        for encoded in set(all_words.encode(name, "replace").split()):
            if b"?" not in encoded:
                known[encoded] = known.get(encoded, 0) | 1 << number
    return known


@functools.lru_cache(maxsize=1024)
def _read(used: bytes) -> Mapping[int, str]:
    """What each encoding makes of bytes; without those in which one is nothing, or a control character."""
    readings = {}
    for number in range(len(_ENCODINGS)):
        mapped = _mapped(number)
        reading = [mapped[byte - 128] for byte in used]
        if all(reading):
            readings[number] = "".join(reading)
    return readings


@functools.cache
def _mapped(number: int) -> tuple[str, ...]:
    """What an encoding makes of each byte beyond ASCII; no character where it is nothing, or a control character."""
    chars = (bytes([byte]).decode(_ENCODINGS[number], "replace") for byte in range(128, 256))
    return tuple("" if char == "\ufffd" or unicodedata.category(char) == "Cc" else char for char in chars)
