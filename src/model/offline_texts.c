#include "model/offline_texts.h"

static const struct offline_texts texts[] = {
    {"en", "I cannot answer any more for now. Please try again later.",
     "I could not find an answer to that in our documents. Could you put it another way?",
     "Hello! I answer from our documents. What would you like to know?",
     "You are welcome. Is there anything else you would like to know?",
     "hi hello hey good morning evening afternoon greetings", "thanks thank you thx cheers"},
    {"de",
     "Ich kann im Moment leider nicht mehr antworten. Bitte versuchen Sie es später noch einmal.",
     "Dazu habe ich in unseren Unterlagen nichts gefunden. Können Sie es anders formulieren?",
     "Hallo! Ich antworte aus unseren Unterlagen. Was möchten Sie wissen?",
     "Gern geschehen. Möchten Sie noch etwas wissen?", "hallo guten tag morgen abend moin servus",
     "danke vielen dank dankeschön"},
    {"fr", "Je ne peux plus répondre pour le moment. Veuillez réessayer plus tard.",
     "Je n'ai pas trouvé de réponse dans nos documents. Pourriez-vous le dire autrement ?",
     "Bonjour ! Je réponds à partir de nos documents. Que souhaitez-vous savoir ?",
     "Je vous en prie. Souhaitez-vous savoir autre chose ?", "bonjour bonsoir salut",
     "merci beaucoup"},
    {"es", "Por el momento no puedo responder más. Inténtelo de nuevo más tarde.",
     "No he encontrado una respuesta en nuestros documentos. ¿Podría decirlo de otra manera?",
     "¡Hola! Respondo a partir de nuestros documentos. ¿Qué le gustaría saber?",
     "De nada. ¿Quiere saber algo más?", "hola buenos buenas días tardes noches", "gracias muchas"},
    {"it", "Al momento non posso più rispondere. La preghiamo di riprovare più tardi.",
     "Non ho trovato una risposta nei nostri documenti. Potrebbe dirlo in un altro modo?",
     "Salve! Rispondo in base ai nostri documenti. Che cosa desidera sapere?",
     "Prego. Desidera sapere altro?", "ciao salve buongiorno buonasera", "grazie mille"},
    {"pt", "De momento não posso responder mais. Tente novamente mais tarde.",
     "Não encontrei uma resposta nos nossos documentos. Pode dizê-lo de outra forma?",
     "Olá! Respondo a partir dos nossos documentos. O que gostaria de saber?",
     "De nada. Gostaria de saber mais alguma coisa?", "olá ola oi bom boa dia tarde noite",
     "obrigado obrigada muito"},
    {"nl", "Ik kan op dit moment niet meer antwoorden. Probeert u het later nog eens.",
     "Daar heb ik in onze documenten geen antwoord op gevonden. Kunt u het anders zeggen?",
     "Hallo! Ik antwoord uit onze documenten. Wat wilt u weten?",
     "Graag gedaan. Wilt u nog iets weten?", "hallo hoi goedemorgen goedemiddag goedenavond dag",
     "bedankt dank je u wel"},
    {"pl", "Na razie nie mogę już odpowiadać. Proszę spróbować później.",
     "Nie znalazłem na to odpowiedzi w naszych dokumentach. Czy można zapytać inaczej?",
     "Dzień dobry! Odpowiadam na podstawie naszych dokumentów. Co chcesz wiedzieć?",
     "Proszę bardzo. Czy chcesz wiedzieć coś jeszcze?", "cześć witam dzień dobry wieczór",
     "dziękuję dzięki bardzo"},
    {"uk", "Наразі я більше не можу відповідати. Будь ласка, спробуйте пізніше.",
     "Я не знайшов відповіді в наших документах. Чи можете запитати інакше?",
     "Вітаю! Я відповідаю за нашими документами. Що ви хотіли б дізнатися?",
     "Будь ласка. Бажаєте дізнатися ще щось?", "привіт вітаю добрий день ранок вечір",
     "дякую спасибі"},
    {"ru", "Сейчас я больше не могу отвечать. Пожалуйста, попробуйте позже.",
     "Я не нашёл ответа в наших документах. Можете спросить иначе?",
     "Здравствуйте! Я отвечаю по нашим документам. Что вы хотели бы узнать?",
     "Пожалуйста. Хотите узнать что-нибудь ещё?", "привет здравствуйте добрый день утро вечер",
     "спасибо благодарю"},
    {"tr", "Şu anda daha fazla yanıt veremiyorum. Lütfen daha sonra yeniden deneyin.",
     "Belgelerimizde buna bir yanıt bulamadım. Başka türlü sorar mısınız?",
     "Merhaba! Belgelerimizden yanıt veriyorum. Ne öğrenmek istersiniz?",
     "Rica ederim. Öğrenmek istediğiniz başka bir şey var mı?",
     "merhaba selam günaydın iyi günler akşamlar", "teşekkürler teşekkür ederim sağol"},
    {"ar", "لا يمكنني الإجابة أكثر في الوقت الحالي. يُرجى المحاولة لاحقًا.",
     "لم أجد إجابة عن ذلك في مستنداتنا. هل يمكنك صياغة السؤال بطريقة أخرى؟",
     "مرحبًا! أجيب من مستنداتنا. ماذا تود أن تعرف؟", "على الرحب والسعة. هل تود معرفة شيء آخر؟",
     "مرحبا أهلا السلام عليكم", "شكرا جزيلا"},
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
