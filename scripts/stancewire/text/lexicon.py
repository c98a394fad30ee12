"""Words that tell page furniture, news agencies and outlets from the article; a codebook adds its own.

A furniture line is known as a whole, by its key (`furniture_key`): no sentence becomes furniture for a word in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..codebook.model import Codebook


_DIGITS = re.compile(r"\d+")
MAX_KNOWN = 4096  # answers about lines and names that are kept, since the same come again in many documents


# The rules ask for the key of one line several times over.
@lru_cache(maxsize=MAX_KNOWN)
def furniture_key(line: str) -> str:
    """What two spellings of one furniture line share: case, digits, outer punctuation and white space folded."""
    folded = _DIGITS.sub("0", " ".join(line.casefold().split()))
    start, end = 0, len(folded)
    while start < end and not folded[start].isalnum():
        start += 1
    while end > start and not folded[end - 1].isalnum():
        end -= 1
    return folded[start:end]


def read_keys(names: str) -> frozenset[str]:
    """Keys of the names in a list, which are parted by vertical bars and line ends."""
    return frozenset(furniture_key(name) for name in names.replace("\n", "|").split("|") if name.strip())


_FURNITURE = """
advertisement | advertisment | advertising | ad | sponsored | sponsored content | promoted | promoted content
paid post | article continues below advertisement | story continues below advertisement | continue reading below
story continues after advertisement | article continues after ad | advertisement continue reading the main story
advertisement - story continues below | advertisement scroll to continue | scroll to continue
this ad will end in 0 | recommended | recommended for you | recommended stories | recommended reading
recommended videos | you might also like | you may also like | you may like | you might be interested in
more for you | for you | up next | next up | most read | most popular | most viewed | most shared
most commented | popular | popular stories | trending | trending now | trending stories | what to read next
read next | editors' picks | editor’s picks | editor's picks | editor's choice | top stories | latest news
latest stories | latest | more news | more stories | more from this section | related | related stories
related articles | related news | related topics | related content | related coverage | related links
related video | related videos | also read | read also | see also | further reading | more on this story
more on this topic | read more | read full story | read the full story | read the full article | full story
show more | show less | see more | load more | learn more | continue reading | keep reading | more | view all
view gallery | view comments | comments | 0 comments | no comments | leave a comment | post a comment
add a comment | join the conversation | share | share this | share this article | share this story
share on facebook | share on twitter | share via email | share article | share this page | tweet | retweet
tweet this | pin it | email | e-mail | email this | email this article | print | print this | print this article
print page | print article | copy link | link copied | copy url | save | bookmark | facebook | twitter
whatsapp | linkedin | reddit | pinterest | instagram | telegram | messenger | flipboard | line | x
facebook twitter email | facebook twitter linkedin | follow us | follow us on twitter | follow us on facebook
follow | like us on facebook | sign up | sign in | sign out | log in | login | log out | register | register now
subscribe | subscribe now | subscribe today | subscribers only | subscriber content | already a subscriber
start your free trial | newsletter | newsletters | get the newsletter | sign up for our newsletter
sign up for our newsletters | download the app | download our app | get the app | support our journalism
donate | donate now | contribute | gift article | gift this article | listen | listen to this article
listen to article | watch | watch now | watch live | live | play | play video | video | videos | photos
photo gallery | gallery | slideshow | view slideshow | image | images | close | enlarge | click to enlarge
enlarge image | hide caption | toggle caption | expand | menu | search | home | back to top
skip to main content | skip to content | skip advertisement | previous | next | previous article | next article
back | all rights reserved | terms of use | terms of service | privacy policy | cookie policy | privacy
contact us | about us | advertise with us | our standards: the thomson reuters trust principles | 0 min read
0 minute read | 0 minutes read | text size | font size | a a a | report a typo | report an error
send a correction | suggest a correction | report this ad | end | ends | enditem | photo 0 of 0 | image 0 of 0
slide 0 of 0 | 0 of 0 | 0/0 | 0 / 0 | 0 photos | 0 images | view 0 photos | anzeige | werbung | anzeigen
mehr zum thema | zum thema | lesen sie auch | lesen sie mehr | weiterlesen | mehr lesen | teilen
artikel teilen | drucken | artikel drucken | kommentare | kommentieren | merken | zur startseite | nach oben
meistgelesen | das könnte sie auch interessieren | auch interessant | newsletter abonnieren | jetzt abonnieren
anmelden | abonnieren | zum newsletter anmelden | bildergalerie | bilderstrecke | impressum | datenschutz
alle rechte vorbehalten | publicité | lire aussi | lire la suite | à lire aussi | à lire | partager
partager cet article | imprimer | commentaires | s'abonner | s’abonner | abonnez-vous | se connecter
les plus lus | sur le même sujet | tous droits réservés | voir aussi | publicidad | leer más | lea también
lee también | te puede interesar | te recomendamos | compartir | imprimir | comentarios | suscríbete
suscríbase | suscribirse | iniciar sesión | lo más leído | más noticias | noticias relacionadas | ver más
todos los derechos reservados | archivado en | pubblicità | leggi anche | leggi tutto | condividi | stampa
commenti | abbonati | accedi | ultime notizie | tutti i diritti riservati | publicidade | leia mais
leia também | compartilhe | assine | comentários | continua após a publicidade | todos os direitos reservados
advertentie | lees ook | lees verder | delen | lees meer | реклама | читайте также | подробнее | поделиться
комментарии | 広告 | 関連記事 | 続きを読む | あわせて読みたい | シェア | もっと見る
有料会員限定 | 廣告 | 广告 | 相关新闻 | 相关阅读 | 分享 | 延伸阅读 | 責任編輯
광고 | 관련기사 | إعلان | اقرأ أيضا
"""

# Lines that go on with words of their own: matched from their first to their last character.
_FURNITURE_LINES = re.compile(
    r"""(?:
      (?:read\ (?:more|also|next|the\ full\ story)|also\ read|see\ (?:also|more)
        |related(?:\ (?:stories|articles?|news|coverage))?
        |more(?:\ on\ this)?|watch|listen|recommended|don't\ miss|don’t\ miss|lesen\ sie\ auch|mehr\ zum\ thema
        |lire\ aussi|à\ lire\ aussi|lea\ también|leggi\ anche|leia\ também|lees\ ook|читайте\ также)
        \s?[:|>»]\s?\S.{0,200}
    | (?:please\ )?(?:sign\ up|subscribe|register|anmelden|abonnieren)\b.{0,120}
        \b(?:newsletters?|e-?mails?|alerts?|inbox|briefing|updates|digital\ access|unlimited\ access|free\ trial).{0,60}
    | (?:get|receive)\b.{0,80}\b(?:newsletters?|in\ your\ inbox|to\ your\ inbox|delivered).{0,60}
    | (?:follow|like|join|find)\ us\ on\b.{0,100}
    | (?:follow)\ .{0,60}\bon\ (?:twitter|x|facebook|instagram)\b.{0,60}
    | click\ (?:here|to)\b.{0,120}
    | (?:photo|image|picture|slide|bild|foto)\s?\d+\s?(?:of|/|von|de|sur)\s?\d+
    | \d+\s?(?:/|of|von)\s?\d+(?:\s(?:photos?|images?|slides?|bilder))?
    | [\[(]?\d+[\])]?\s(?:comments?|shares?|likes|kommentare|commentaires|comentarios)
    | (?:estimated\ )?(?:reading\ time|lesezeit|temps\ de\ lecture)\b.{0,30} | \d+[- ]min(?:ute)?s?\ read
    | share\ (?:on|via|to)\ \w+ | (?:story|article)\ continues\b.{0,40}
    | (?:all\ rights\ reserved|alle\ rechte\ vorbehalten|tous\ droits\ réservés)\b.{0,80}
    | (?:this\ material|this\ article)\ may\ not\ be\ (?:published|reproduced)\b.{0,120}
    | (?:have|got)\ a\ (?:news\ )?tip\b.{0,120}
    | (?:https?://|www\.)\S+
    )""",
    re.IGNORECASE | re.VERBOSE,
)



@lru_cache(maxsize=MAX_KNOWN)
def _is_furniture_line(line: str) -> bool:
    return _FURNITURE_LINES.fullmatch(line.strip(" \t.»>→|*-")) is not None


_WIRES = {
    "Bloomberg News": "bloomberg | bloomberg news | bloomberg l.p | bloomberg lp",
    "Reuters": "reuters | thomson reuters | reuters news agency",
    "Associated Press": "ap | associated press | the associated press | ap news",
    "Agence France-Presse": "afp | agence france-presse | agence france presse",
    "Kyodo News": "kyodo | kyodo news | kyodo news service",
    "Jiji Press": "jiji | jiji press",
    "Xinhua": "xinhua | xinhua news agency",
    "Yonhap": "yonhap | yonhap news agency | yonhap news",
    "dpa": "dpa | deutsche presse-agentur",
    "United Press International": "upi | united press international",
    "Agencia EFE": "efe | agencia efe",
    "ANSA": "ansa",
    "TASS": "tass | itar-tass",
    "Interfax": "interfax",
    "RIA Novosti": "ria novosti | ria",
    "Press Trust of India": "pti | press trust of india",
    "Asian News International": "ani | asian news international",
    "Indo-Asian News Service": "ians",
    "PA Media": "pa media | press association",
    "Australian Associated Press": "aap | australian associated press",
    "Canadian Press": "canadian press | the canadian press",
    "Anadolu Agency": "anadolu | anadolu agency",
    "Bernama": "bernama",
    "Antara": "antara",
    "Korean Central News Agency": "kcna",
    "Austria Presse Agentur": "apa",
    "Keystone-SDA": "keystone-sda | sda",
    "Belga": "belga",
    "ANP": "anp",
    "Evangelischer Pressedienst": "epd",
    "Katholische Nachrichten-Agentur": "kna",
    "PR Newswire": "prnewswire | pr newswire",
    "Business Wire": "business wire",
    "GlobeNewswire": "globe newswire | globenewswire",
    "Tribune News Service": "tns | tribune news service",
}

# Agencies whose names stand under pictures only.
_PHOTO_AGENCIES = (
    "getty | getty images | epa | epa-efe | shutterstock | pool | ap photo | reuters pool | pool photo | handout | "
    "alamy | alamy stock photo | picture alliance | imago | anadolu agency via getty images | afp via getty images | "
    "bloomberg via getty images | file photo | courtesy photo | sipa | polaris | newscom | zuma | kyodo via reuters"
)


_NAMES_OF_SEVERAL = re.compile(r"\s*(?:[/,;&+|]|-(?=[A-Z])|\band\b|\bund\b|\bet\b|\by\b)\s*")
_JOINED_NAMES = re.compile(r"[/,;&+|]|-(?=[A-Z])|\band\b|\bund\b")


@dataclass(frozen=True)
class Lexicon:
    """What a corpus's texts are read with.

    Attributes:
        furniture: keys (`furniture_key`) of lines that are page furniture.
        wires: key of a news agency's spelling -> its approved name.
        outlets: key of an outlet's spelling -> its approved name.
    """

    furniture: frozenset[str]
    wires: Mapping[str, str]
    outlets: Mapping[str, str]

    @classmethod
    def for_codebook(cls, codebook: Codebook | None) -> Lexicon:
        """The built-in words and a codebook's own; where both know an agency, the codebook's name of it is taken."""
        furniture = read_keys(_FURNITURE)
        wires = {key: name for name, spellings in _WIRES.items() for key in read_keys(spellings)}
        if codebook is None:
            return cls(furniture, wires, {})
        furniture |= {furniture_key(line) for line in codebook.furniture}
        own = {furniture_key(spelling): name for spelling, name in codebook.wires}
        # A codebook that renames an agency under one spelling means all of them.
        renamed = {wires[key]: name for key, name in own.items() if key in wires}
        wires = {key: renamed.get(name, name) for key, name in wires.items()} | own
        return cls(furniture, wires, {furniture_key(name): name for name in codebook.outlets})

    def is_furniture(self, line: str) -> bool:
        """Is this whole line page furniture?"""
        if len(line) > 250:
            return False
        if _is_furniture_line(line):
            return True
        key = furniture_key(line)
        # `Live.` may be all that someone said.
        return key in self.furniture and not (
            " " not in key and key.isascii() and line.rstrip('"”’').endswith((".", "!", "?"))
        )

    def find_wire(self, name: str) -> str | None:
        """The approved name of the agency that a credit names: the first of several (`AFP-JIJI`)."""
        whole = self.wires.get(furniture_key(name))
        if whole is not None:
            return whole
        for part in _NAMES_OF_SEVERAL.split(name):
            found = self.wires.get(furniture_key(part))
            if found is not None:
                return found
        return None

    def names_only_wires(self, name: str) -> bool:
        """Does a line consist of agency names (`AP`, `AFP-JIJI`, `dpa/Reuters`)?"""
        if len(name) > 80:
            return False
        if furniture_key(name) in self.wires:
            return True
        parts = [part for part in _JOINED_NAMES.split(name) if furniture_key(part)]
        return bool(parts) and all(furniture_key(part) in self.wires for part in parts)

    @cached_property
    def wire_words(self) -> tuple[tuple[str, str, re.Pattern[str]], ...]:
        """Each agency's key, approved name, and the pattern of its spelling within a line; short ones in capitals."""
        found = []
        for key, name in self.wires.items():
            words = re.escape(key).replace(r"\ ", r"\s+")
            if len(key) > 3:
                pattern = re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE)
            else:
                pattern = re.compile(rf"(?<![\w/]){words.upper()}(?![\w/])")
            found.append((key, name, pattern))
        return tuple(found)

    @cached_property
    def credited_wires(self) -> dict[str, str | None]:
        """Agencies that credits and bylines were found to name, by their words; at most `MAX_KNOWN`."""
        return {}

    @cached_property
    def known_bylines(self) -> dict[str, bool]:
        """Whether lines were found to be bylines: kept by `patterns`."""
        return {}

    @cached_property
    def named_lines(self) -> dict[str, tuple[str, str]]:
        """Role and rule that short lines were found to have by themselves, empty for none: kept by `segments`."""
        return {}

    @cached_property
    def photo_agencies(self) -> frozenset[str]:
        """Keys of those who are credited under pictures."""
        return frozenset(self.wires) | frozenset(self.outlets) | read_keys(_PHOTO_AGENCIES)


DEFAULT = Lexicon.for_codebook(None)
