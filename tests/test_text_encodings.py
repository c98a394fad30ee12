"""Words decide an encoding only where they decide it rightly, whatever the language and the encoding."""

from __future__ import annotations

import pytest

from stancewire.text import decode
from stancewire.text.decode import DOUBTFUL
from stancewire.text.known_words import _ENCODINGS, find_sure_encoding, weigh_words

NEWS = {
    "en": "“The talks went well,” the minister said – it’s the first time they’ve met. “We don’t expect a deal this "
    "week,” she said, “but that’s no surprise.”",
    "de": "Die Behörden erklärten, für die nächsten Wochen könnten größere Verspätungen nicht ausgeschlossen werden. "
    "„Das wäre für uns natürlich möglich“, sagte der Präsident während der Pressekonferenz über die Straße nach Köln.",
    "fr": "Le président français a déclaré que la première réunion était prévue après les élections. « C’est là que "
    "tout a été décidé », a-t-il expliqué mercredi à l’Élysée, où même ses alliés étaient très étonnés.",
    "es": "El presidente señaló que la situación económica está más difícil que hace dos años, según la información "
    "que también publicó ayer el periódico. «Así será todavía el próximo año», añadió después.",
    "pt": "O presidente disse que a situação do país não é fácil e que as eleições são também uma questão de "
    "segurança. Já há três meses que a população espera por informações até hoje.",
    "it": "Il presidente ha detto che la città non può più aspettare, perché la libertà è già stata decisa giovedì. "
    "Così sarà possibile votare, però la società civile finirà per pagare.",
    "sv": "Statsministern säger att många människor måste få hjälp från början av nästa år. Det är också för två av "
    "de största städerna som åtgärderna gäller, både nu och när våren kommer.",
    "da": "Statsministeren siger, at både København og Århus også må få større støtte. Det er første gang, at "
    "spørgsmålet står på dagsordenen, når mødet åbner på tirsdag.",
    "fi": "Pääministeri sanoi, että myös tämä päätös tehdään vielä ennen vaaleja. Hän kertoi, että näin on käynyt "
    "jälkeen päin yhtä usein kuin täällä.",
    "is": "Forsætisráðherra sagði að það væri ekki rétt, þegar þetta var rætt. Þær sögðu þó að þeir hefðu verið þar "
    "síðan í gær, því að þessi fundur var við höfnina eða á bryggjunni.",
    "pl": "Prezydent powiedział, że rząd będzie musiał się zgodzić, ponieważ większość posłów także oświadczyła, że "
    "została już poinformowana. Później dodał, że to może być między innymi spór o Polskę.",
    "cs": "Prezident řekl, že vláda může ještě během září rozhodnout, když český parlament bude při tom. Také země, "
    "které jsou mezi prvními, už dříve uvedly, že není třeba čekat, však ano.",
    "sk": "Prezident povedal, že správa, ktorú už vláda má, nie je ešte úplná. Ďalšie štáty, ktoré sú podľa neho "
    "najväčší problém, môžu však počas včerajšej schôdze rokovať ďalej než predtým.",
    "hu": "A miniszterelnök közölte, hogy az első két döntés után több időben kell dolgozni, és ez azért így lesz a "
    "második évben is. A nők között őket már a kormányfő is főleg új ügyben kereste.",
    "hr": "Predsjednik je kazao da će vlada također više raditi, što još nije među prvim zadaćama. Između dviju kuća "
    "već se kaže da može biti sljedeće godine, međutim riječi nisu dovoljne.",
    "sl": "Predsednik je dejal, da država še ni več kot začela in da časa ni, če večina tako želi. Največ težave ima "
    "življenje v mestih, ki jih je že prej omenil.",
    "tr": "Cumhurbaşkanı, Türkiye için çok büyük bir gün olduğunu söyledi. İstanbul’da görüşme şöyle açıkladı: iki "
    "kişi dün değil, eğer doğru ise diğer yıl gelecek, çünkü güvenlik şart.",
    "lt": "Prezidentas sakė, kad šių metų pabaigoje žmonių bus daugiau, tačiau dėl šalies saugumo jų keliai už miesto "
    "turi būti geresni. Prieš tūkstančių žmonių minią jis pasakė tą patį.",
    "lv": "Prezidents teica, ka šogad Latvijā tādēļ kā vēl nekad ļoti daudz cilvēku būs Rīgā. Tāpēc pēc tā gadā "
    "notiks sapulce, šo jautājumu arī izskatīs.",
    "et": "Peaminister ütles, et kõik võib nüüd väga kiiresti muutuda või ära lõppeda. Ta rääkis, et pärast seda on "
    "mõned märkinud üks kord tõttu.",
    "ru": "Президент заявил, что переговоры были трудными, но для России это только начало. Как сообщили в Москве, "
    "после встречи время может измениться. США также сказали, что он уже был в столице, если это так.",
    "uk": "Президент заявив, що після зустрічі в Києві Україна може чекати, як від цього виграє країна і її союзники. "
    "Також був час, під який вже року повідомив уряд України.",
    "bg": "Президентът каза, че това може да бъде след изборите, според които България няма да бъде като преди. Той "
    "заяви, че беше трудно със съседите.",
    "sr": "Председник је рекао да између влада није било лако, али после разговора грађани Србије такође очекују више "
    "него што је који други изјавио ове године.",
    "el": "Ο πρόεδρος της χώρας είπε ότι η κυβέρνηση δεν είναι έτοιμη για τις εκλογές, όπως και μετά από την "
    "απόφαση στην Αθήνα, αλλά σύμφωνα με τον υπουργό που μίλησε στο Βήμα.",
}
# None of their words are known.
OTHERS = {
    "ro": "Președintele a declarat că țara își va îndeplini obligațiile față de parteneri, după cum s-a hotărât "
    "săptămâna trecută în ședința guvernului.",
    "ro-cedilla": "Preşedintele a declarat că ţara îşi va îndeplini obligaţiile faţă de parteneri, după cum s-a "
    "hotărât săptămâna trecută în şedinţa guvernului.",
    "sq": "Presidenti tha se vendi është në rrugë të mirë, për çdo qytetar që ka nevojë për ndihmë në këtë kohë.",
    "cy": "Dywedodd y prif weinidog fod y sefyllfa'n anodd iawn i bobl yng Nghymru, a bod angen tŷ a dŵr ar bawb.",
    "mt": "Il-Prim Ministru qal li l-pajjiż għandu jkompli jaħdem għall-ġid ta’ kulħadd, kif ġie miftiehem ilbieraħ.",
    "mk": "Претседателот изјави дека земјата ќе продолжи со реформите, а опозицијата и граѓаните чекаат одговор.",
    "kk": "Президент бүгін үкімет отырысында жаңа заң туралы айтты, ал депутаттар оны қолдады.",
    "ar": "قال الرئيس إن البلاد ستواصل العمل من أجل السلام في المنطقة، بحسب بيان صدر يوم الأربعاء.",
    "he": "הנשיא אמר כי המדינה תמשיך לפעול למען השלום באזור, כך נמסר בהודעה שפורסמה ביום רביעי.",
    "th": "นายกรัฐมนตรีกล่าวว่ารัฐบาลจะดำเนินการตามแผนที่วางไว้ต่อไปในเดือนหน้า",
    "ja": "首相は水曜日の記者会見で、来月も協議を続けると述べた。関係者によると、合意は近いという。",
    "zh": "总统星期三在记者会上表示，谈判将在下个月继续进行。消息人士说，双方已经接近达成协议。",
    "ko": "대통령은 수요일 기자회견에서 다음 달에도 협의를 계속하겠다고 밝혔다. 합의가 가까워졌다고 한다.",
    "vi": "Thủ tướng cho biết cuộc họp đã diễn ra tốt đẹp và các bên là đối tác của nhau.",
}
# Besides those that words can decide for.
OTHER_ENCODINGS = (
    *("cp932", "euc_jp", "gb18030", "big5", "cp949", "iso8859_3", "iso8859_14"),
    *("ptcp154", "kz1048", "hp_roman8", "koi8_t", "cp1006", "cp869", "cp862", "cp864", "cp500"),
    *("mac_arabic", "mac_farsi", "mac_croatian", "mac_romanian"),
)


def readings(text: str, encodings: tuple[str, ...]) -> dict[str, bytes]:
    """A text's bytes in each encoding that has all its letters, without those that are UTF-8 by chance."""
    encoded = {}
    for name in encodings:
        try:
            raw = text.encode(name)
            raw.decode("utf-8")
        except (UnicodeEncodeError, LookupError):
            continue
        except UnicodeDecodeError:
            encoded[name] = raw
    return encoded


@pytest.mark.parametrize("language", [*NEWS, *OTHERS])
def test_what_words_tell_is_right(language: str) -> None:
    text = (NEWS | OTHERS)[language]
    for punctuated in (text, text.translate(str.maketrans("“”„’–«»", "\"\"\"'-\"\""))):
        for name, raw in readings(punctuated, (*_ENCODINGS, *OTHER_ENCODINGS)).items():
            for part in (raw, raw[: len(raw) // 2], raw[len(raw) // 2 :], raw * 20):
                found = weigh_words(part)  # what is only likely, too
                assert found is None or part.decode(found[0]) == part.decode(name), (name, found)


@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        *((language, "cp1252") for language in ("en", "de", "fr", "es", "pt", "it", "sv", "da", "fi", "is")),
        *((language, "cp1250") for language in ("pl", "cs", "sk", "hu", "hr", "sl")),
        *((language, "cp1251") for language in ("ru", "uk", "bg", "sr")),
        *((language, "cp1257") for language in ("lt", "lv")),
        *(("tr", "cp1254"), ("el", "cp1253"), ("pl", "iso8859-2"), ("de", "mac-roman")),
        *(("ru", "koi8-r"), ("ru", "cp866")),
    ],
)
def test_news_is_sure(language: str, encoding: str) -> None:
    raw = NEWS[language].translate(str.maketrans("“”„’–", "\"\"\"'-")).encode(encoding, "ignore")
    if language == "en":
        raw = NEWS[language].encode(encoding)
    decoded = decode(raw)
    assert (decoded.text, decoded.encoding) == (raw.decode(encoding), encoding)
    assert decoded.score >= DOUBTFUL and decoded.doubts == ()


def test_words_that_other_encodings_read_as_well_decide_nothing() -> None:
    # Spanish words of a letter that cp1250 has at the same place; and one that it has not.
    known = "Así está el país: aquí, allí, así, también, después."
    assert find_sure_encoding(known.encode("cp1252")) == ("cp1252", 0.9844)
    assert find_sure_encoding(f"{known} Muñoz".encode("cp1252")) is None


def test_many_words_but_few_that_others_fail_on_are_a_guess_with_a_warning() -> None:
    text = "Así está el país: aquí, allí, así, también, después, según Muñoz, quien vive en España."
    raw = text.encode("cp1252")  # cp1250 has all letters but one
    assert find_sure_encoding(raw) is None
    assert weigh_words(raw) == ("cp1252", 0.5)
    decoded = decode(raw)
    assert (decoded.text, decoded.score) == (text, 0.5)
    assert [doubt.check for doubt in decoded.doubts] == ["encoding-doubtful"]
    assert weigh_words("El país está así, según Muñoz, de España.".encode("cp1252")) is None


def test_one_word_decides_nothing_however_often_it_comes() -> None:
    assert find_sure_encoding("für für für für für".encode("cp1252")) is None


def test_few_known_words_among_many_unknown_decide_nothing() -> None:
    others = "abcdefghijklmnopqrstuvw"
    words = "für über können " + " ".join(f"w{letter}{other}x" for letter in "äöü" for other in others)
    assert find_sure_encoding(words.encode("cp1252")) is None
    assert find_sure_encoding(words[:60].encode("cp1252")) is not None
