"""Closed classes of words by language, as keys (see `tokens.word_key`): what a variant's weight is judged by.

The lists are short on purpose: they hold what news prose uses, and a word that is not listed is no sign of anything.
Figures written as words are listed with their values.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

_EN = {
    "negation": "no not nor never none nobody nothing nowhere neither without cannot aint isnt arent wasnt werent dont "
    "doesnt didnt hasnt havent hadnt wont wouldnt cant couldnt shouldnt mustnt neednt mightnt hardly barely scarcely "
    "fail fails failed refuse refuses refused deny denies denied lack lacks lacked unable",
    "modality": "may might can could shall should will would must ought need needs likely unlikely possibly possible "
    "probably probable perhaps maybe apparently seemingly seem seems seemed appear appears appeared certainly surely "
    "definitely necessarily potentially potential presumably supposedly inevitably wouldve couldve shouldve",
    "intensity": "very too so extremely highly deeply strongly utterly totally completely entirely fully absolutely "
    "quite rather fairly somewhat slightly partly partially largely mostly mainly almost nearly only merely just even "
    "more most less least much far badly seriously severely significantly sharply dramatically hugely vastly greatly "
    "particularly especially increasingly overwhelmingly roughly about approximately immediately always often rarely "
    "seldom sometimes frequently repeatedly openly bitterly fiercely",
    "attribution": "said say says saying told tell tells claim claims claimed allege alleges alleged allegedly report "
    "reports reported reportedly state states stated announce announces announced argue argues argued assert asserts "
    "asserted insist insists insisted suggest suggests suggested acknowledge acknowledges acknowledged admit admits "
    "admitted concede concedes conceded warn warns warned note notes noted add adds added explain explains explained "
    "declare declares declared confirm confirms confirmed accuse accuses accused according socalled purported "
    "purportedly",
    "function": "a an the this that these those which who whom whose what where when why how and or but nor as if than "
    "then of in on at to for from by with about into over under after before between among through during against per "
    "via upon within is are was were be been being am has have had having do does did it its he she they them their "
    "his her him hers theirs i me my we us our you your there here also",
    "finite": "is are was were am has have had do does did will would shall should can could may might must said says "
    "isnt arent wasnt werent hasnt havent hadnt dont doesnt didnt wont wouldnt cant couldnt shouldnt came went made "
    "took gave got knew saw told held led met left kept began felt became put set won lost sent built fell brought "
    "bought thought found paid ran rose grew sought spoke wrote drew drove chose stood understood meant",
    "determiner": "a an the this that these those its his her their our my your some any each every no all both",
}
_DE = {
    "negation": "nicht kein keine keinen keinem keiner keines nie niemals niemand nichts weder ohne kaum",
    "modality": "kann können könnte könnten darf dürfen dürfte dürften muss müssen müsste soll sollen sollte sollten "
    "wird werden würde würden mag möchte wohl wahrscheinlich vermutlich möglicherweise vielleicht offenbar angeblich",
    "intensity": "sehr zu äußerst höchst völlig ganz ziemlich eher etwas nur fast beinahe besonders stark deutlich "
    "scharf weitgehend teilweise mehr weniger sofort immer oft selten",
    "attribution": "sagte sagt sagten erklärte erklärt betonte behauptete behauptet teilte laut zufolge berichtete "
    "berichtet meldete warnte mutmaßlich angeblich sogenannte sogenannten",
    "function": "der die das den dem des ein eine einen einem einer eines und oder aber als wenn dass weil von in im "
    "an am auf zu zum zur für mit bei nach aus um über unter vor zwischen gegen durch ist sind war waren hat haben "
    "hatte hatten er sie es ihr ihre sein seine sich welche welcher welches wer was auch",
    "finite": "ist sind war waren hat haben hatte hatten wird werden wurde wurden kann können könnte muss müssen soll "
    "sollen sollte will wollen wollte sagte sagt",
    "determiner": "der die das den dem des ein eine einen einem einer eines",
}
_FR = {
    "negation": "ne n pas non jamais rien personne aucun aucune ni sans guère",
    "modality": "peut peuvent pourrait pourraient doit doivent devrait devraient sera serait seraient probablement "
    "peutêtre sans doute apparemment possible",
    "intensity": "très trop si extrêmement fortement profondément totalement complètement entièrement assez plutôt un "
    "peu seulement presque surtout notamment plus moins immédiatement toujours souvent rarement",
    "attribution": "dit disent déclaré affirme affirmé assure assuré selon annonce annoncé indique indiqué explique "
    "expliqué prétend prétendu accuse accusé",
    "function": "le la les un une des du de d l et ou mais que qui dont où à au aux en dans par pour sur avec sous "
    "entre vers chez est sont était étaient a ont avait avaient il elle ils elles on se s son sa ses leur leurs ce cet "
    "cette ces aussi",
    "finite": "est sont était étaient a ont avait avaient peut peuvent doit doivent sera seront serait dit",
    "determiner": "le la les un une des du l ce cet cette ces son sa ses leur leurs",
}
_ES = {
    "negation": "no nunca jamás nada nadie ningún ninguna ninguno ni sin tampoco apenas",
    "modality": "puede pueden podría podrían debe deben debería deberían será sería serían probablemente quizá quizás "
    "tal vez posiblemente aparentemente presuntamente",
    "intensity": "muy demasiado tan extremadamente fuertemente profundamente totalmente completamente bastante algo "
    "poco solo sólo casi sobre especialmente más menos inmediatamente siempre frecuentemente",
    "attribution": "dijo dice dicen declaró afirmó afirma aseguró asegura según anunció indicó explicó sostuvo acusó "
    "presunto presunta",
    "function": "el la los las un una unos unas de del al a y e o u pero que quien cual donde en con por para sobre "
    "entre hacia es son era eran fue fueron ha han había habían se su sus lo le les este esta estos estas ese esa "
    "también",
    "finite": "es son era eran fue fueron ha han había habían puede pueden debe deben será serán sería dijo dice",
    "determiner": "el la los las un una unos unas este esta estos estas su sus",
}
_FIGURES = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce",
}
_MORE_FIGURES: dict[str, dict[str, float]] = {
    "en": {
        "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
        "dozen": 12, "hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000,
        "trillion": 1_000_000_000_000, "half": 0.5, "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5,
        "once": 1, "twice": 2,
    },
    "de": {"hundert": 100, "tausend": 1_000, "million": 1_000_000, "millionen": 1_000_000, "milliarden": 1e9},
    "fr": {"cent": 100, "mille": 1_000, "million": 1_000_000, "millions": 1_000_000, "milliards": 1e9},
    "es": {"cien": 100, "mil": 1_000, "millón": 1_000_000, "millones": 1_000_000},
}  # fmt: skip
_AMBIGUOUS_FIGURES = {"one", "un", "second", "uno", "neuf", "once"}  # as often an article or another word
_LISTS = {"en": _EN, "de": _DE, "fr": _FR, "es": _ES}


@dataclass(frozen=True)
class WordLists:
    """The closed classes of one language.

    `figures` gives the values of figures written as words; `past_ed` says whether a past tense ends in -ed.
    """

    negation: frozenset[str]
    modality: frozenset[str]
    intensity: frozenset[str]
    attribution: frozenset[str]
    function: frozenset[str]
    finite: frozenset[str]
    determiner: frozenset[str]
    figures: dict[str, float]
    past_ed: bool


@cache
def word_lists(lang: str | None) -> WordLists:
    """The lists of a language (ISO 639-1); English ones where it is unknown, empty ones where there are none."""
    lang = lang or "en"
    lists = {name: frozenset(words.split()) for name, words in _LISTS.get(lang, {}).items()}
    figures: dict[str, float] = {word: value for value, word in enumerate(_FIGURES.get(lang, "").split())}
    figures.update(_MORE_FIGURES.get(lang, {}))
    return WordLists(
        **{name: lists.get(name, frozenset()) for name in _EN},
        figures={word: value for word, value in figures.items() if word not in _AMBIGUOUS_FIGURES},
        past_ed=lang == "en",
    )
