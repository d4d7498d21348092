#include "model/offline_terms.h"
#include <string.h>

/* Lists begin and end with a blank, so that " word " is found in them. */
static const struct {
    const char *language;
    const char *terms[TERMS];
} lists[] = {
    {"en",
     {[TERM_COMMON] =
          (" between a an the and or but of to in on at by for from with about into up out off as "
           "is am are "
           "was were be been do does did have has had having can could would should will shall may "
           "might must it its this that these those there here i me my mine we us our you your he "
           "she they them their what which who whom where when why how if not no yes so some any "
           "all also just please thanks thank hello hi hey let s t m re ve d ll don like want wish "
           "need know tell give get got one now still yet already such than then too very per each "
           "next coming buy something anything everything after before within during no. "),
      [TERM_MINE] = " my mine our ",
      [TERM_ASKING] = " how why can may do does did is are which what who where when whether if ",
      [TERM_MOST] = " under below max maximum maximal most up less until cheaper within upto ",
      [TERM_LEAST] = " over above min minimum least more from starting ",
      [TERM_NOT] = " not no ",
      [TERM_AT] = " at around ",
      [TERM_ABOUT] = " about regarding concerning topic ",
      [TERM_KIND] = (" day days date dates time times hour hours part parts number numbers word "
                     "words price prices name names amount id value visitor text "),
      [TERM_MORNING] = " morning mornings forenoon ",
      [TERM_AFTERNOON] = " afternoon afternoons noon midday ",
      [TERM_EVENING] = " evening evenings tonight "}},
    {"de",
     {[TERM_COMMON] =
          (" zwischen der die das den dem des ein eine einen einem einer eines und oder aber von "
           "zu "
           "zum zur "
           "im in am an auf bei mit fur aus nach uber um vom als ist sind war bin bist sei hat "
           "habe "
           "haben hast habt kann kannst konnen konnte konnten mochte mochten wurde wurden will "
           "wollen wollte soll muss darf es ich mich mir mein meine meinen meinem meiner meines "
           "wir "
           "uns unser unsere du dich dir dein deine sie ihr ihre ihren ihnen er ihn was welche "
           "welcher welches welchen wer wo wohin woher wann warum wieso wie ob nicht kein keine ja "
           "nein bitte danke hallo gerne gern doch mal noch schon auch nur so da dann hier dort "
           "etwas gibt gib geben sich jetzt nachsten nachste nachster kommenden kaufen kaufe nr "
           "nr. "
           "kommt ankommen wird werden innerhalb "),
      [TERM_MINE] = " mein meine meinen meinem meiner meines unser unsere ",
      [TERM_ASKING] = (" wie warum wieso weshalb kann konnen darf welche welcher welches welchen "
                       "was wer wo wann ist sind habt gibt muss ob "),
      [TERM_MOST] =
          " unter bis hochstens max maximal maximum weniger gunstiger billiger unterhalb ",
      [TERM_LEAST] = " uber ab mindestens mehr minimum oberhalb ",
      [TERM_NOT] = " nicht kein keine ",
      [TERM_AT] = " um gegen ",
      [TERM_ABOUT] = " wegen uber thema bezuglich betreffend ",
      [TERM_KIND] =
          (" tag tage tages datum zeit uhrzeit stunde nummer teil wort worte preis preise "
           "name betrag wert "),
      [TERM_MORNING] = " vormittag vormittags morgens fruh ",
      [TERM_AFTERNOON] = " nachmittag nachmittags mittag mittags ",
      [TERM_EVENING] = " abend abends "}},
    {"fr",
     {[TERM_COMMON] =
          (" entre le la les l un une des du de d au aux et ou mais a en dans sur pour par avec "
           "sans chez "
           "est sont suis es sommes etes ai as avez avons ont peux peut pouvez puis voudrais veux "
           "voulez aimerais faut ce cet cette ces c ca cela il elle ils elles je j tu t vous nous "
           "on me m mon ma mes ton ta tes votre vos notre nos son sa ses leur qui que qu quoi quel "
           "quelle quels quelles quand comment combien pourquoi ne n pas plus oui non si s se y "
           "svp "
           "merci bonjour plait prochain prochaine bien tres donnez donne acheter arrive no "),
      [TERM_MINE] = " mon ma mes notre nos ",
      [TERM_ASKING] = (" comment pourquoi puis peut pouvons quel quelle quels quelles que quoi qui "
                       "ou quand combien est avez quand "),
      [TERM_MOST] = " moins sous max maximum jusqu jusqu'a inferieur ",
      [TERM_LEAST] = " plus partir minimum min superieur ",
      [TERM_NOT] = " pas ne ",
      [TERM_AT] = " a vers ",
      [TERM_ABOUT] = " sujet concernant propos ",
      [TERM_KIND] = " jour jours date heure numero partie mot mots prix nom montant valeur ",
      [TERM_MORNING] = " matin matinee ",
      [TERM_AFTERNOON] = " apres-midi midi ",
      [TERM_EVENING] = " soir soiree "}},
    {"es",
     {[TERM_COMMON] =
          (" el la los las un una unos unas lo al del de y o u pero a en con sin por para sobre "
           "desde hasta entre es son esta estan estoy soy ser estar hay ha he han tengo tiene "
           "tienen tienes puedo puede pueden quiero quiera quisiera necesito deseo gustaria me mi "
           "mis te tu tus se su sus nos nuestro os que cual cuales quien donde cuando como cuanto "
           "cuanta porque no si ya muy mas favor gracias hola buenos buenas dame deme este proximo "
           "proxima algo alguno comprar llega "),
      [TERM_MINE] = " mi mis nuestro nuestra ",
      [TERM_ASKING] =
          (" como puedo podemos cual cuales que quien donde cuando cuanto cuanta cuantos "
           "es son hay tienen "),
      [TERM_MOST] = " menos hasta maximo debajo bajo inferior ",
      [TERM_LEAST] = " mas desde minimo encima superior ",
      [TERM_NOT] = " no ",
      [TERM_AT] = " las ",
      [TERM_ABOUT] = " sobre acerca tema ",
      [TERM_KIND] = (" dia dias fecha hora numero parte palabra palabras precio precios nombre "
                     "importe valor "),
      [TERM_AFTERNOON] = " tarde mediodia ",
      [TERM_EVENING] = " noche "}},
    {"it",
     {[TERM_COMMON] =
          (" il lo la i gli le un uno una e ed o ma di a da in con su per tra fra del della dello "
           "dei degli delle al alla allo ai agli alle dal dalla nel nella nelle sul sulla sono sei "
           "ho hai ha abbiamo avete posso puo puoi vorrei voglio mi mio mia miei mie ti tuo tua si "
           "suo sua ci nostro che chi cui quale quali dove dov quando come quanto perche non piu "
           "anche favore grazie ciao salve prossimo prossima comprare "),
      [TERM_MINE] = " mio mia miei mie nostro ",
      [TERM_ASKING] = " come perche posso quale quali che chi dove dov quando quanto ",
      [TERM_MOST] = " meno sotto fino massimo max ",
      [TERM_LEAST] = " piu oltre minimo almeno ",
      [TERM_NOT] = " non ",
      [TERM_AT] = " alle ",
      [TERM_ABOUT] = " riguardo su ",
      [TERM_KIND] = " giorno giorni data ora numero parte parola parole prezzo prezzi nome valore ",
      [TERM_MORNING] = " mattina mattino ",
      [TERM_AFTERNOON] = " pomeriggio ",
      [TERM_EVENING] = " sera "}},
    {"pt",
     {[TERM_COMMON] =
          (" entre o a os as um uma uns umas e ou mas de do da dos das em no na nos nas por pelo "
           "pela "
           "para com sem sobre esta estao tenho tem posso pode quero queria gostaria preciso me "
           "meu "
           "minha meus minhas seu sua nosso que qual quais quem onde quando como quanto nao sim ja "
           "muito mais favor obrigado obrigada ola comprar "),
      [TERM_MINE] = " meu minha meus minhas nosso ",
      [TERM_ASKING] = " como posso qual quais que quem onde quando quanto ",
      [TERM_MOST] = " ate menos abaixo maximo ",
      [TERM_LEAST] = " mais acima minimo ",
      [TERM_NOT] = " nao ",
      [TERM_AT] = " as ",
      [TERM_ABOUT] = " sobre ",
      [TERM_KIND] = " dia dias data hora numero parte palavra palavras preco precos nome valor ",
      [TERM_MORNING] = " manha ",
      [TERM_AFTERNOON] = " tarde ",
      [TERM_EVENING] = " noite "}},
    {"nl",
     {[TERM_COMMON] =
          (" tussen de het een en of maar van in op aan bij met voor uit naar over om te is zijn "
           "ben bent "
           "was heeft heb hebben kan kunt kunnen wil willen wilt zou graag moet mag ik mij me mijn "
           "wij we ons onze jij je jouw u uw hij zij ze hun wat welke welk wie waar wanneer waarom "
           "hoe niet geen ja nee ook nog al alsjeblieft alstublieft dank hallo volgende kopen "),
      [TERM_MINE] = " mijn onze ",
      [TERM_ASKING] = " hoe waarom kan mag welke welk wat wie waar wanneer ",
      [TERM_MOST] = " onder tot minder maximaal hoogstens ",
      [TERM_LEAST] = " boven vanaf minstens meer ",
      [TERM_NOT] = " niet ",
      [TERM_AT] = " om ",
      [TERM_ABOUT] = " over ",
      [TERM_KIND] =
          " dag dagen datum tijd uur nummer deel woord woorden prijs prijzen naam waarde ",
      [TERM_MORNING] = " ochtend ochtends ",
      [TERM_AFTERNOON] = " middag middags namiddag ",
      [TERM_EVENING] = " avond avonds "}},
    {"pl",
     {[TERM_COMMON] =
          (" miedzy i a oraz lub albo ale w we na z ze do od dla po o u przy za jest sa byc mam "
           "masz ma "
           "mozna moge moze chce chcialbym chcialabym prosze mi mnie moj moja moje mojego mojej ja "
           "ty wy my nas nasz sie to ten ta te tego co jaki jaka jakie ktory ktora ktore kto gdzie "
           "kiedy dlaczego jak ile czy nie tak juz tez dobry dziekuje kupic "),
      [TERM_MINE] = " moj moja moje mojego mojej ",
      [TERM_ASKING] = " jak dlaczego czy moge mozna jaki jaka jakie co kto gdzie kiedy ile ",
      [TERM_MOST] = " do ponizej mniej maksymalnie najwyzej ",
      [TERM_LEAST] = " od powyzej wiecej minimum ",
      [TERM_NOT] = " nie ",
      [TERM_AT] = " o ",
      [TERM_ABOUT] = " dotyczace sprawie ",
      [TERM_KIND] = " dzien dni data czas godzina numer czesc slowo slowa cena ceny nazwa ",
      [TERM_MORNING] = " rano przedpoludniem ",
      [TERM_AFTERNOON] = " popoludniu popoludnie ",
      [TERM_EVENING] = " wieczorem wieczor "}},
    {"uk",
     {[TERM_COMMON] =
          (" між і й та або але що щоб як у в на з із зі до від для по про о об за при під над це "
           "цей "
           "ця ці той те є був була було бути я мене мені мій моя моє мої мого моєї моєму моїх ти "
           "тебе тобі твій ви вас вам ваш ваша ваше ваші ми нас нам наш наша він вона воно вони "
           "його її їх який яка яке які якого хто де куди звідки коли чому скільки чи не ні так "
           "вже "
           "ще також лише тільки будь ласка дякую привіт вітаю добрий хочу хотів хотіла хотілося "
           "би "
           "б можна можу може треба потрібно дайте дай наступний наступну наступного наступна "
           "купити прийде мною "),
      [TERM_MINE] = " мій моя моє мої мого моєї моєму моїх моїм наш наше ",
      [TERM_ASKING] = " як чому чи можна можу який яка яке які що хто де коли скільки є ",
      [TERM_MOST] = " до менше дешевше дешевші нижче максимум щонайбільше під ",
      [TERM_LEAST] = " від більше дорожче понад вище мінімум щонайменше ",
      [TERM_NOT] = " не ",
      [TERM_AT] = " о об на ",
      [TERM_ABOUT] = " про щодо стосовно ",
      [TERM_KIND] = (" день дня дні дата дату час годину година номер номером номера частина слово "
                     "слова ціна ціни ціною назва імя значення "),
      [TERM_MORNING] = " ранку ранок вранці зранку ",
      [TERM_AFTERNOON] = " обіду вдень пообідді ",
      [TERM_EVENING] = " вечора вечір ввечері увечері "}},
    {"ru",
     {[TERM_COMMON] =
          (" между и или но что чтобы как в во на с со из к ко до от для по про о об за при под "
           "над "
           "это "
           "этот эта эти тот та то есть был была было быть я меня мне мой моя мое мои моего моей "
           "ты "
           "тебя тебе вы вас вам ваш ваша мы нас нам наш он она оно они его ее их какой какая "
           "какое "
           "какие кто где куда откуда когда почему сколько ли не нет да уже еще также только "
           "пожалуйста спасибо привет здравствуйте хочу хотел хотела можно могу может нужно дайте "
           "купить "),
      [TERM_MINE] = " мой моя мое мои моего моей моих ",
      [TERM_ASKING] =
          " как почему можно могу какой какая какое какие что кто где когда сколько ли ",
      [TERM_MOST] = " до меньше дешевле ниже максимум ",
      [TERM_LEAST] = " от больше дороже свыше выше минимум ",
      [TERM_NOT] = " не ",
      [TERM_AT] = " в на ",
      [TERM_ABOUT] = " про о насчет ",
      [TERM_KIND] = " день дня дни дата время час номер часть слово слова цена цены название ",
      [TERM_MORNING] = " утра утром утро ",
      [TERM_AFTERNOON] = " обеда днем ",
      [TERM_EVENING] = " вечера вечером "}},
};
enum { LANGUAGES = sizeof lists / sizeof lists[0], WORD_MAX = 64 };

static bool list_has(const char *list, struct slice word) {
    char padded[WORD_MAX + 3];
    if (!list || word.size == 0 || word.size > WORD_MAX)
        return false;
    padded[0] = ' ';
    memcpy(padded + 1, word.data, word.size);
    padded[word.size + 1] = ' ';
    padded[word.size + 2] = '\0';
    return strstr(list, padded) != NULL;
}

bool offline_term_is(enum offline_term term, struct slice word) {
    for (size_t i = 0; i < LANGUAGES; i++)
        if (list_has(lists[i].terms[term], word))
            return true;
    return false;
}

bool offline_term_is_in(struct slice language, struct slice word) {
    struct slice primary = slice_first(language, slice_find_byte(language, '-'));
    for (size_t i = 0; i < LANGUAGES; i++)
        for (size_t j = 0; slice_is(primary, lists[i].language) && j < TERMS; j++)
            if (list_has(lists[i].terms[j], word))
                return true;
    return false;
}

const char *offline_term_language(size_t index) {
    return index < LANGUAGES ? lists[index].language : NULL;
}

/* --- months, units --- */

int offline_term_month(struct slice word) {
    /* Beginnings that no other month shares: November is "nov", "листопада" is "листопад". */
    static const char *const months[12] = {
        "jan januar janvier enero gennaio janeiro stycz січ январ",
        "feb febr febru fevr fevereiro febbra feb luty lutego лют феврал",
        "mar marz march mars marzo marco maart marc март берез",
        "apr april avril abril aprile kwie квіт апрел",
        "mai may mayo maggio maio mei maja травн май мая",
        "jun juni june juin junio giugno junho czerw черв июн",
        "jul juli july juillet julio luglio julho lipc лип июл",
        "aug august aout agosto augustus sierp серпн август",
        "sep sept settembre setembro wrze верес сентябр",
        "oct okt octo octub okto ottobre outubro pazdz жовтн октябр",
        "nov novem novie listop листопад ноябр",
        "dec dez decem dezem dicie dicem dezembro grud груд декабр",
    };
    for (int month = 0; month < 12; month++) {
        struct slice rest = slice_of(months[month]), stem;
        while (slice_split(&rest, ' ', &stem))
            if (stem.size >= 6 || ((unsigned char)stem.data[0] < 0x80 && stem.size >= 4)
                    ? slice_starts_with(word, stem) && word.size <= stem.size + 8
                    : slice_equal(word, stem))
                return month + 1;
    }
    return 0;
}

bool offline_term_is_currency(struct slice word) {
    return list_has(" € $ £ ₴ eur euro euros euroa dollar dollars dolar usd pound pounds gbp chf "
                    "franken francs uah грн гривень гривні гривня євро евро рублей рубля zl pln "
                    "zloty zlotych lira tl eura ",
                    word);
}

bool offline_term_is_unit(struct slice word) {
    return list_has(
        " % percent prozent pour-cent day days week weeks month months year years minute minutes "
        "min mins hours seconds inch inches gb tb mb cm mm m km kg hz tag tage tagen woche "
        "wochen monat monate monaten jahr jahre jahren minuten stunden zoll jours semaine semaines "
        "mois annees pouces dia dias semana semanas mes meses ano anos minutos horas "
        "pulgadas giorno giorni settimana settimane mese mesi anno anni minuti ore pollici dagen "
        "weken maanden jaar dni tygodni miesiecy день дні днів тиждень тижні тижнів місяць "
        "місяці місяців рік роки років хвилин хвилини годин дюймів дней дня недели недель месяца "
        "месяцев года лет минут часов pieces stuck piezas штук people personen personnes personas ",
        word);
}

int offline_term_hour(struct slice word) {
    if (list_has(" pm p.m p.m. ", word))
        return 1;
    return list_has(" am a.m a.m. o'clock oclock uhr h heure heures uur godz godzina год година "
                    "годині годину часов ч ",
                    word)
               ? 0
               : -1;
}

/* --- forms of a word --- */

static size_t letters(struct slice text) {
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += ((unsigned char)text.data[i] & 0xC0) != 0x80;
    return count;
}

enum { STEM_LEAST = 4, ENDING_SHORT = 2, ENDING_MOST = 3, COMPOUND_LEAST = 6 };

static bool alike(struct slice a, struct slice b, size_t ending) {
    size_t same = 0;
    while (same < a.size && same < b.size && a.data[same] == b.data[same])
        same++;
    if (same == a.size && same == b.size)
        return same > 0;
    if (same < STEM_LEAST - 1)
        return false; /* most words: no need to count letters */
    while (same > 0 && same < a.size && ((unsigned char)a.data[same] & 0xC0) == 0x80)
        same--; /* not within a letter */
    size_t stem = letters(slice_first(a, same)), rest_a = letters(slice_from(a, same)),
           rest_b = letters(slice_from(b, same));
    struct slice longer = rest_a > rest_b ? a : b;
    if (rest_a == 0 || rest_b == 0) {
        if (rest_a + rest_b == 1 && stem == STEM_LEAST - 1 && slice_ends_with(longer, SLICE("s")))
            return true; /* day, days */
        if (stem >= COMPOUND_LEAST)
            return true; /* Beratung, Beratungstermin */
    }
    /* Short stems say little: what follows both must be short then. */
    size_t most = rest_a == 0 || rest_b == 0 ? ENDING_MOST
                  : stem > STEM_LEAST        ? ending
                                             : ENDING_SHORT;
    return stem >= STEM_LEAST && rest_a <= most && rest_b <= most;
}

bool offline_terms_alike(struct slice a, struct slice b) {
    return alike(a, b, ENDING_MOST);
}

/* --- what words are about --- */

static const char *const topics[] = {
    /* OFFLINE_ABOUT_SEARCH comes first */
    " find search look looking show list browse suche suchen finde finden zeige zeig zeigen "
    "cherche "
    "chercher recherche rechercher trouve trouver montre montrer busca buscar busco encuentra "
    "encontrar encuentre muestra muestre muestrame cerco cercare trova trovare mostra procuro "
    "procurar encontre zoek zoeken vind toon szukam szukaj znajdz pokaz знайди знайдіть знайти "
    "шукаю "
    "шукай шукати пошук покажи покажіть показати найди найдите найти ищу искать поиск",
    " book booking reserve reservation schedule appointment slot buche buchen buchung reservieren "
    "reservierung termin vereinbaren reserver reservez reservation rendez-vous creneau reservar "
    "reserva reserve cita agendar prenota prenotare prenotazione appuntamento marcar agendamento "
    "marcacao afspraak boeken reserveren rezerwacja zarezerwuj umow wizyta забронюй забронювати "
    "бронювання запиши запишіть записатися запис зустріч записаться запишите забронировать randevu",
    " order purchase bestellung bestellungen auftrag commande pedido orden ordine encomenda "
    "bestelling "
    "zamowienie zamowienia замовлення замовлень заказ заказа заказы siparis",
    " delivery deliver shipping shipment shipped parcel package track tracking lieferung liefern "
    "geliefert sendung versand paket livraison livrer colis expedition suivi entrega envio paquete "
    "seguimiento consegna spedizione pacco levering bezorging verzending pakket dostawa przesylka "
    "paczka доставка доставки доставку посилка посилку відстежити посылка",
    " status state stand zustand statut etat estado stato статус стан состояние stan",
    " cancel cancellation stornieren stornierung storno absagen kundigen annuler annulation "
    "cancelar "
    "cancelacion annullare annulla annuleren anuluj anulowac скасувати скасуй скасування отменить",
    " return refund rucksendung zuruckgeben ruckgabe zuruckschicken erstattung retour retourner "
    "rembourser remboursement devolver devolucion reembolso reso rimborso zwrot повернути "
    "повернення "
    "возврат вернуть",
    " invoice bill receipt rechnung beleg facture recu factura recibo fattura ricevuta faktura "
    "factuur рахунок чек счет",
    " price cost costs preis kosten prix cout tarif precio coste prezzo costo prijs cena koszt "
    "ціна "
    "вартість коштує цена стоимость",
    " weather forecast wetter wettervorhersage vorhersage meteo clima previsioni weer pogoda "
    "погода "
    "прогноз",
    " stock availability available lager bestand verfugbar verfugbarkeit disponible disponibilite "
    "disponibilidad disponibile voorraad dostepnosc наявність наявності наличие",
    " product products item article produkt produkte artikel produit produits producto productos "
    "articulo prodotto prodotti produto producten товар товари товарів товары",
    " consultation advice adviser advisor beratung berater conseil conseiller consulta asesoria "
    "asesoramiento consulenza consulto advies konsultacja porada консультація консультацію "
    "консультації порада консультация",
    " call callback contact ruckruf anruf kontakt appeler rappel contacter llamada contacto "
    "chiamata "
    "contatto kontakt дзвінок звонок контакт",
    " date weekday today datum wochentag fecha calendar kalender calendrier calendario дата "
    "календар",
};

unsigned offline_term_about(struct slice word) {
    enum { BEGIN = 3 }; /* bytes that words which are alike share at least */
    char begin[BEGIN + 2] = " ";
    unsigned about = 0;
    if (word.size < BEGIN)
        return 0;
    memcpy(begin + 1, word.data, BEGIN);
    begin[BEGIN + 1] = '\0';
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++)
        for (const char *at = topics[i]; (at = strstr(at, begin)) && !(about & 1U << i); at++) {
            const struct slice one = {at + 1, strcspn(at + 1, " ")};
            if (alike(word, one, ENDING_SHORT))
                about |= 1U << i;
        }
    return about;
}
