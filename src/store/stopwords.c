#include "store/stopwords.h"
#include "store/question.h"
#include <string.h>

const struct stopwords stopwords_lists[STOPWORDS_LANGUAGES] = {
    {"en",
     " a about accept accepts after all also am an and any anybody anyone anything are aren "
     "as at be been before being but by can cannot could couldn d did didn do does doesn "
     "doing don during each either else every explain find for from further get give go "
     "going got had has have having he hello help her here hers hi him his how i if in into "
     "is isn it its just kindly know let like ll m many may me might mine more most much "
     "must my need no nor not of off offer offers on once only or other our ours out over "
     "own please possible provide re s same sell sells shall she should so some somebody "
     "someone something such t tell than thank thanks that the their theirs them then there "
     "these they thing things this those through to too under until up us ve very want was "
     "wasn way we were what when where whether which while who whom whose why will with won "
     "wondering would wouldn yes you your yours ",
     " big close early far fast good large late long often old quick quickly soon ", " how "},
    {"de",
     " aber alle allem allen aller alles als also am an andere auch auf aus bei beim bin bis bist "
     "bitte da dabei damit dann das dass dein deine dem den denn der des dich die dies diese "
     "diesem diesen dieser dieses dir doch du durch eigentlich ein eine einem einen einer eines "
     "er es etwas euch euer eure fur gab geben gerne gern gibt habe haben hallo hast hat hatte "
     "ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in ins ist ja jede jedem jeden jeder jedes "
     "kann kannst kein keine keinen keiner konnen konnt konnte konnten man mehr mein meine meinem "
     "meinen meiner mich mir mit mochte mochten muss mussen nach nein nicht noch nun nur ob oder "
     "ohne schon sehr sein seine sich sie sind so soll sollen sollte sondern uber um und uns "
     "unser unsere unter viel viele vom von vor wann war waren warum was weil welche welchem "
     "welchen welcher welches wenn wer werde werden wie wieder will wir wird wo woher wohin "
     "wollen wurde wurden zu zum zur ",
     " gross lange oft schnell spat weit bald ", " wie "},
    {"fr",
     " a ai as au aucun aussi autre aux avec avez avoir avons bonjour c ca car ce cela ces cet "
     "cette chez ci combien comme comment d dans de des dois doit donc du elle elles en encore "
     "entre es est et etait etes etre eu faire fait faut il ils j je jusqu l la le les leur leurs "
     "lui m ma mais me meme merci mes moi mon n ne ni non nos notre nous on ont ou par pas peut "
     "peux plus pour pourquoi pouvez puis qu quand que quel quelle quelles quels quelque qui quoi "
     "s sa sans se sera ses si son sont sur svp t ta te tes toi ton tout toute toutes tous tres "
     "tu un une va veux vers voir vos votre vous voudrais y ",
     " longtemps ", " combien "},
    {"es",
     " a al algo algun alguna ante antes aqui asi aun buenas buenos como con cual cuales cuando "
     "cuanta cuantas cuanto cuantos de del desde donde dos durante e el ella ellas ellos en entre "
     "era es esa ese eso esta estan estar estas este esto estos favor fue gracias ha hace hacer "
     "hacia han hasta hay he hola la las le les lo los mas me mi mis mucho muy nada ni no nos "
     "nosotros o os otra otro para pero poco por porque pueda puede pueden puedo que quien quiero "
     "quisiera se sea ser si sin sobre son soy su sus tal tambien tan te tener tengo ti tiene "
     "tienen tienes todo todos tu tus u un una uno unos usted ustedes va y ya yo ",
     " largo ", " cuan "},
    {"it",
     " a abbia abbiamo ad agli ai al alla alle allo anche ancora avere avete c che chi ci ciao "
     "cio coi col come con cosa cui d da dagli dai dal dalla dalle dei del della delle dello di "
     "dov dove e ed era essere fa fare gli grazie ha hai hanno ho i il in io l la le lei li lo "
     "loro lui ma me mi mia mie miei mio molto ne negli nei nel nella nelle no noi non nostra "
     "nostro o ogni per perche piu po posso possiamo potete potrei puo qual quale quali quando "
     "quanta quante quanti quanto quella quello questa queste questi questo qui s sarebbe se sei "
     "senza si sia siamo sono su sua sue sugli sui sul sulla sulle suo suoi te ti tra tu tua tuo "
     "tutti tutto un una uno vi voglio voi vorrei vostra vostri vostro ",
     " lungo ", " quanto "},
};

static bool list_has(const char *list, struct slice word) {
    char spaced[QUESTION_WORD_SIZE_MAX + 2];
    if (word.size == 0 || word.size > QUESTION_WORD_SIZE_MAX)
        return false;
    spaced[0] = ' ';
    memcpy(spaced + 1, word.data, word.size);
    spaced[word.size + 1] = ' ';
    return slice_find(slice_of(list), (struct slice){spaced, word.size + 2}) != SIZE_MAX;
}

bool stopwords_has(const struct stopwords *list, struct slice word, struct slice before) {
    return list_has(list->words, word) ||
           (list_has(list->after_how, word) && list_has(list->how, before));
}
