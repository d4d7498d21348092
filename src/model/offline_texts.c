#include "model/offline_texts.h"

static const struct offline_texts texts[] = {
    {"en", "I cannot answer any more for now. Please try again later.",
     "I could not find an answer to that in our documents. Could you put it another way?",
     "Hello! I answer from our documents. What would you like to know?",
     "You are welcome. Is there anything else you would like to know?",
     "For that I need to know one more thing:", "I found nothing that fits.",
     "That did not work just now. Please try again in a moment.", "Your appointment is booked:",
     "There is no free appointment at that time. These are free:", "yes", "no",
     "Please confirm this with the buttons below.", "All right, I have not done it.",
     "hi hello hey good morning evening afternoon greetings", "thanks thank you thx cheers"},
    {"de",
     "Ich kann im Moment leider nicht mehr antworten. Bitte versuchen Sie es später noch einmal.",
     "Dazu habe ich in unseren Unterlagen nichts gefunden. Können Sie es anders formulieren?",
     "Hallo! Ich antworte aus unseren Unterlagen. Was möchten Sie wissen?",
     "Gern geschehen. Möchten Sie noch etwas wissen?",
     "Dafür brauche ich noch eine Angabe:", "Ich habe nichts Passendes gefunden.",
     "Das hat gerade nicht geklappt. Bitte versuchen Sie es gleich noch einmal.",
     "Ihr Termin ist gebucht:", "Zu dieser Zeit ist kein Termin frei. Frei sind:", "ja", "nein",
     "Bitte bestätigen Sie das mit den Knöpfen.", "In Ordnung, ich habe es nicht getan.",
     "hallo guten tag morgen abend moin servus", "danke vielen dank dankeschön"},
    {"fr", "Je ne peux plus répondre pour le moment. Veuillez réessayer plus tard.",
     "Je n'ai pas trouvé de réponse dans nos documents. Pourriez-vous le dire autrement ?",
     "Bonjour ! Je réponds à partir de nos documents. Que souhaitez-vous savoir ?",
     "Je vous en prie. Souhaitez-vous savoir autre chose ?",
     "Pour cela, il me manque encore une indication :", "Je n'ai rien trouvé qui corresponde.",
     "Cela n'a pas fonctionné. Veuillez réessayer dans un instant.",
     "Votre rendez-vous est réservé :", "Aucun créneau n'est libre à ce moment. Sont libres :",
     "oui", "non", "Veuillez confirmer avec les boutons.", "D'accord, je ne l'ai pas fait.",
     "bonjour bonsoir salut", "merci beaucoup"},
    {"es", "Por el momento no puedo responder más. Inténtelo de nuevo más tarde.",
     "No he encontrado una respuesta en nuestros documentos. ¿Podría decirlo de otra manera?",
     "¡Hola! Respondo a partir de nuestros documentos. ¿Qué le gustaría saber?",
     "De nada. ¿Quiere saber algo más?",
     "Para eso necesito saber algo más:", "No he encontrado nada que coincida.",
     "Eso no ha funcionado. Inténtelo de nuevo en un momento.",
     "Su cita está reservada:", "No hay ninguna cita libre en ese momento. Están libres:", "sí",
     "no", "Confírmelo con los botones, por favor.", "De acuerdo, no lo he hecho.",
     "hola buenos buenas días tardes noches", "gracias muchas"},
    {"it", "Al momento non posso più rispondere. La preghiamo di riprovare più tardi.",
     "Non ho trovato una risposta nei nostri documenti. Potrebbe dirlo in un altro modo?",
     "Salve! Rispondo in base ai nostri documenti. Che cosa desidera sapere?",
     "Prego. Desidera sapere altro?",
     "Per questo mi serve ancora un'indicazione:", "Non ho trovato nulla di adatto.",
     "Non ha funzionato. La preghiamo di riprovare tra poco.", "Il suo appuntamento è prenotato:",
     "In quel momento non ci sono appuntamenti liberi. Sono liberi:", "sì", "no",
     "Confermi con i pulsanti, per favore.", "Va bene, non l'ho fatto.",
     "ciao salve buongiorno buonasera", "grazie mille"},
    {"pt", "De momento não posso responder mais. Tente novamente mais tarde.",
     "Não encontrei uma resposta nos nossos documentos. Pode dizê-lo de outra forma?",
     "Olá! Respondo a partir dos nossos documentos. O que gostaria de saber?",
     "De nada. Gostaria de saber mais alguma coisa?",
     "Para isso preciso de saber mais uma coisa:", "Não encontrei nada que corresponda.",
     "Isso não funcionou agora. Tente novamente daqui a pouco.", "A sua marcação está feita:",
     "Não há vagas nessa altura. Estão livres:", "sim", "não", "Confirme com os botões, por favor.",
     "Está bem, não o fiz.", "olá ola oi bom boa dia tarde noite", "obrigado obrigada muito"},
    {"nl", "Ik kan op dit moment niet meer antwoorden. Probeert u het later nog eens.",
     "Daar heb ik in onze documenten geen antwoord op gevonden. Kunt u het anders zeggen?",
     "Hallo! Ik antwoord uit onze documenten. Wat wilt u weten?",
     "Graag gedaan. Wilt u nog iets weten?", "Daarvoor moet ik nog iets weten:",
     "Ik heb niets gevonden dat past.", "Dat lukte net niet. Probeert u het zo nog eens.",
     "Uw afspraak is geboekt:", "Op dat moment is er niets vrij. Wel vrij zijn:", "ja", "nee",
     "Bevestigt u dit met de knoppen, alstublieft.", "Goed, ik heb het niet gedaan.",
     "hallo hoi goedemorgen goedemiddag goedenavond dag", "bedankt dank je u wel"},
    {"pl", "Na razie nie mogę już odpowiadać. Proszę spróbować później.",
     "Nie znalazłem na to odpowiedzi w naszych dokumentach. Czy można zapytać inaczej?",
     "Dzień dobry! Odpowiadam na podstawie naszych dokumentów. Co chcesz wiedzieć?",
     "Proszę bardzo. Czy chcesz wiedzieć coś jeszcze?",
     "Potrzebuję do tego jeszcze jednej informacji:", "Nie znalazłem niczego pasującego.",
     "Teraz się nie udało. Proszę spróbować za chwilę.",
     "Termin jest zarezerwowany:", "W tym czasie nie ma wolnego terminu. Wolne są:", "tak", "nie",
     "Proszę potwierdzić przyciskami.", "Dobrze, nie zrobiłem tego.",
     "cześć witam dzień dobry wieczór", "dziękuję dzięki bardzo"},
    {"uk", "Наразі я більше не можу відповідати. Будь ласка, спробуйте пізніше.",
     "Я не знайшов відповіді в наших документах. Чи можете запитати інакше?",
     "Вітаю! Я відповідаю за нашими документами. Що ви хотіли б дізнатися?",
     "Будь ласка. Бажаєте дізнатися ще щось?", "Для цього мені потрібно знати ще одне:",
     "Я не знайшов нічого відповідного.", "Зараз це не вдалося. Спробуйте, будь ласка, за мить.",
     "Ваш запис підтверджено:", "На цей час немає вільного запису. Вільні:", "так", "ні",
     "Підтвердьте це, будь ласка, кнопками.", "Гаразд, я цього не зробив.",
     "привіт вітаю добрий день ранок вечір", "дякую спасибі"},
    {"ru", "Сейчас я больше не могу отвечать. Пожалуйста, попробуйте позже.",
     "Я не нашёл ответа в наших документах. Можете спросить иначе?",
     "Здравствуйте! Я отвечаю по нашим документам. Что вы хотели бы узнать?",
     "Пожалуйста. Хотите узнать что-нибудь ещё?",
     "Для этого мне нужно знать ещё одно:", "Я не нашёл ничего подходящего.",
     "Сейчас это не получилось. Попробуйте, пожалуйста, через минуту.",
     "Ваша запись подтверждена:", "На это время нет свободной записи. Свободны:", "да", "нет",
     "Подтвердите это, пожалуйста, кнопками.", "Хорошо, я этого не сделал.",
     "привет здравствуйте добрый день утро вечер", "спасибо благодарю"},
    {"tr", "Şu anda daha fazla yanıt veremiyorum. Lütfen daha sonra yeniden deneyin.",
     "Belgelerimizde buna bir yanıt bulamadım. Başka türlü sorar mısınız?",
     "Merhaba! Belgelerimizden yanıt veriyorum. Ne öğrenmek istersiniz?",
     "Rica ederim. Öğrenmek istediğiniz başka bir şey var mı?",
     "Bunun için bir şey daha bilmem gerekiyor:", "Uygun bir şey bulamadım.",
     "Bu şu anda olmadı. Lütfen biraz sonra yeniden deneyin.",
     "Randevunuz alındı:", "O zaman için boş randevu yok. Boş olanlar:", "evet", "hayır",
     "Lütfen düğmelerle onaylayın.", "Tamam, bunu yapmadım.",
     "merhaba selam günaydın iyi günler akşamlar", "teşekkürler teşekkür ederim sağol"},
    {"ar", "لا يمكنني الإجابة أكثر في الوقت الحالي. يُرجى المحاولة لاحقًا.",
     "لم أجد إجابة عن ذلك في مستنداتنا. هل يمكنك صياغة السؤال بطريقة أخرى؟",
     "مرحبًا! أجيب من مستنداتنا. ماذا تود أن تعرف؟", "على الرحب والسعة. هل تود معرفة شيء آخر؟",
     "أحتاج لذلك إلى معلومة أخرى:", "لم أجد شيئًا مناسبًا.",
     "لم ينجح ذلك الآن. يُرجى المحاولة بعد قليل.",
     "تم حجز موعدك:", "لا يوجد موعد شاغر في ذلك الوقت. المواعيد الشاغرة:", "نعم", "لا",
     "يُرجى التأكيد باستخدام الأزرار.", "حسنًا، لم أقم بذلك.", "مرحبا أهلا السلام عليكم",
     "شكرا جزيلا"},
};
enum { TEXTS = sizeof texts / sizeof texts[0] };

const struct offline_texts *offline_texts_for(struct slice language) {
    size_t dash = slice_find_byte(language, '-');
    struct slice primary = slice_first(language, dash);
    for (size_t i = 0; i < TEXTS; i++)
        if (slice_equal_nocase(primary, slice_of(texts[i].language)))
            return &texts[i];
    return &texts[0];
}

bool offline_texts_asked(struct slice text) {
    for (size_t i = 0; i < TEXTS; i++)
        if (slice_starts_with(text, slice_of(texts[i].missing)))
            return true;
    return false;
}

static bool has_word(const char *words, struct slice word) {
    struct slice rest = slice_of(words), one;
    while (slice_split(&rest, ' ', &one))
        if (slice_equal_nocase(one, word))
            return true;
    return false;
}

const struct offline_texts *offline_texts_greeted(struct slice word) {
    for (size_t i = 0; i < TEXTS; i++)
        if (has_word(texts[i].greetings, word))
            return &texts[i];
    return NULL;
}

const struct offline_texts *offline_texts_thanked(struct slice word) {
    for (size_t i = 0; i < TEXTS; i++)
        if (has_word(texts[i].thankings, word))
            return &texts[i];
    return NULL;
}
