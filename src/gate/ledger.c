#include "gate/ledger.h"
#include "base/id.h"
#include "base/memory.h"
#include <pthread.h>
#include <sodium.h>

enum {
    NAME_SIZE = crypto_shorthash_siphashx24_BYTES,
    BUCKETS_MIN = 1024,
    IDLE_MS = 24 * 60 * 60 * 1000,
};

/* A keyed hash stands for the key, as in counters.h. */
struct ledger_account {
    struct ledger_account *next;
    unsigned char name[NAME_SIZE];
    int64_t start_ms, end_ms, used_ms;
    struct ledger_amount spent, reserved;
    size_t holds;
    bool warned;
};

struct ledger {
    pthread_mutex_t lock;
    unsigned char hash_key[crypto_shorthash_siphashx24_KEYBYTES];
    struct ledger_account **buckets;
    size_t bucket_count, account_count; /* bucket_count is a power of two */
};

struct ledger *ledger_create(void) {
    struct ledger *ledger = memory_zeroed(1, sizeof *ledger);
    pthread_mutex_init(&ledger->lock, NULL);
    id_random(ledger->hash_key, sizeof ledger->hash_key);
    ledger->bucket_count = BUCKETS_MIN;
    ledger->buckets = memory_zeroed(BUCKETS_MIN, sizeof(struct ledger_account *));
    return ledger;
}

void ledger_destroy(struct ledger *ledger) {
    if (!ledger)
        return;
    for (size_t i = 0; i < ledger->bucket_count; i++)
        while (ledger->buckets[i]) {
            struct ledger_account *account = ledger->buckets[i];
            ledger->buckets[i] = account->next;
            free(account);
        }
    free(ledger->buckets);
    pthread_mutex_destroy(&ledger->lock);
    free(ledger);
}

/* --- the table --- */

static struct ledger_account **bucket_of(const struct ledger *ledger, const unsigned char *name) {
    size_t hash;
    memcpy(&hash, name, sizeof hash);
    return &ledger->buckets[hash & (ledger->bucket_count - 1)];
}

static void grow(struct ledger *ledger) {
    struct ledger_account **old = ledger->buckets;
    size_t count = ledger->bucket_count;
    ledger->bucket_count *= 2;
    ledger->buckets = memory_zeroed(ledger->bucket_count, sizeof(struct ledger_account *));
    for (size_t i = 0; i < count; i++)
        while (old[i]) {
            struct ledger_account *account = old[i];
            old[i] = account->next;
            struct ledger_account **bucket = bucket_of(ledger, account->name);
            account->next = *bucket;
            *bucket = account;
        }
    free(old);
}

static struct ledger_account *account_of(struct ledger *ledger, struct slice key, bool *ret_new) {
    unsigned char name[NAME_SIZE];
    crypto_shorthash_siphashx24(name, (const unsigned char *)key.data, key.size, ledger->hash_key);
    struct ledger_account **bucket = bucket_of(ledger, name);
    for (struct ledger_account *account = *bucket; account; account = account->next)
        if (memcmp(account->name, name, NAME_SIZE) == 0) {
            *ret_new = false;
            return account;
        }
    if (ledger->account_count >= ledger->bucket_count) {
        grow(ledger);
        bucket = bucket_of(ledger, name);
    }
    struct ledger_account *account = memory_zeroed(1, sizeof *account);
    memcpy(account->name, name, NAME_SIZE);
    account->next = *bucket;
    *bucket = account;
    ledger->account_count++;
    *ret_new = true;
    return account;
}

/* Moves the account to the window that is running. What is reserved stays so until it is settled:
 * those calls are still under way. */
static void turn_to(struct ledger_account *account, int64_t start_ms, int64_t end_ms,
                    int64_t now_ms) {
    if (start_ms > account->start_ms) {
        account->spent = (struct ledger_amount){0};
        account->warned = false;
    } else if (start_ms == account->start_ms ||
               account->start_ms - now_ms <= account->end_ms - account->start_ms) {
        account->end_ms = start_ms == account->start_ms ? end_ms : account->end_ms;
        return;
    }
    account->start_ms = start_ms;
    account->end_ms = end_ms;
}

static struct ledger_account *current(struct ledger *ledger, const struct ledger_limit *limit,
                                      int64_t now_ms) {
    bool is_new;
    struct ledger_account *account = account_of(ledger, limit->key, &is_new);
    if (is_new) {
        account->start_ms = limit->start_ms;
        account->end_ms = limit->end_ms;
    } else {
        turn_to(account, limit->start_ms, limit->end_ms, now_ms);
    }
    account->used_ms = now_ms;
    return account;
}

/* --- reserving --- */

static bool exceeds(int64_t spent, int64_t reserved, int64_t amount, int64_t most) {
    return most >= 0 && (__int128)spent + reserved + amount > most;
}

static bool fits(const struct ledger_account *account, const struct ledger_limit *limit,
                 struct ledger_amount amount) {
    return !exceeds(account->spent.microdollars, account->reserved.microdollars,
                    amount.microdollars, limit->most.microdollars) &&
           !exceeds(account->spent.tokens, account->reserved.tokens, amount.tokens,
                    limit->most.tokens);
}

static bool refuse(const struct ledger_account *account, const struct ledger_limit *limit,
                   int64_t now_ms, struct fault *fault) {
    fault_set(fault, FAULT_BUDGET, "The budget for this is spent. Please try again later.");
    fault->retry_after_ms = account->end_ms == INT64_MAX ? -1 : account->end_ms - now_ms;
    fault->retryable = fault->retry_after_ms >= 0;
    snprintf(fault->code, sizeof fault->code, "%s", limit->name);
    return fault_detail(
        fault, "%s: %lld microdollars and %lld tokens are spent, %lld and %lld reserved",
        limit->name, (long long)account->spent.microdollars, (long long)account->spent.tokens,
        (long long)account->reserved.microdollars, (long long)account->reserved.tokens);
}

/* The limit that keeps the caller waiting longest, NULL when all fit. */
static const struct ledger_limit *first_refusal(struct ledger_account *const *accounts,
                                                const struct ledger_limit *limits, size_t count,
                                                struct ledger_amount amount,
                                                const struct ledger_account **ret_account) {
    const struct ledger_limit *worst = NULL;
    for (size_t i = 0; i < count; i++)
        if (!fits(accounts[i], &limits[i], amount) &&
            (!worst || accounts[i]->end_ms > (*ret_account)->end_ms)) {
            worst = &limits[i];
            *ret_account = accounts[i];
        }
    return worst;
}

bool ledger_hold(struct ledger *ledger, const struct ledger_limit *limits, size_t count,
                 struct ledger_amount amount, int64_t now_ms, struct ledger_hold *ret_hold,
                 struct fault *fault) {
    struct ledger_hold hold = {.count = count, .amount = amount};
    const struct ledger_account *account = NULL;
    pthread_mutex_lock(&ledger->lock);
    for (size_t i = 0; i < count; i++)
        hold.accounts[i] = current(ledger, &limits[i], now_ms);
    const struct ledger_limit *refused =
        first_refusal(hold.accounts, limits, count, amount, &account);
    for (size_t i = 0; i < count && !refused; i++) {
        hold.accounts[i]->reserved.microdollars += amount.microdollars;
        hold.accounts[i]->reserved.tokens += amount.tokens;
        hold.accounts[i]->holds++;
        hold.starts[i] = hold.accounts[i]->start_ms;
    }
    if (refused)
        refuse(account, refused, now_ms, fault);
    pthread_mutex_unlock(&ledger->lock);
    if (refused)
        return false;
    *ret_hold = hold;
    return true;
}

void ledger_settle(struct ledger *ledger, struct ledger_hold *hold, struct ledger_amount spent) {
    pthread_mutex_lock(&ledger->lock);
    for (size_t i = 0; i < hold->count; i++) {
        struct ledger_account *account = hold->accounts[i];
        account->reserved.microdollars -= hold->amount.microdollars;
        account->reserved.tokens -= hold->amount.tokens;
        account->holds--;
        /* A call of yesterday is yesterday's. */
        if (hold->starts[i] != account->start_ms)
            continue;
        account->spent.microdollars += spent.microdollars;
        account->spent.tokens += spent.tokens;
    }
    pthread_mutex_unlock(&ledger->lock);
    hold->count = 0;
}

/* --- how much is left --- */

static double part(int64_t used, int64_t most) {
    if (most < 0)
        return 0;
    return most == 0 ? 1 : (double)used / (double)most;
}

static double part_of(const struct ledger_amount *used, const struct ledger_amount *most) {
    double money = part(used->microdollars, most->microdollars);
    double tokens = part(used->tokens, most->tokens);
    return money > tokens ? money : tokens;
}

double ledger_used(struct ledger *ledger, const struct ledger_limit *limits, size_t count,
                   int64_t now_ms, size_t *ret_which) {
    double largest = 0;
    pthread_mutex_lock(&ledger->lock);
    for (size_t i = 0; i < count; i++) {
        if (limits[i].most.microdollars < 0 && limits[i].most.tokens < 0)
            continue;
        const struct ledger_account *account = current(ledger, &limits[i], now_ms);
        const struct ledger_amount used = {account->spent.microdollars +
                                               account->reserved.microdollars,
                                           account->spent.tokens + account->reserved.tokens};
        double share = part_of(&used, &limits[i].most);
        if (share > largest) {
            largest = share;
            if (ret_which)
                *ret_which = i;
        }
    }
    pthread_mutex_unlock(&ledger->lock);
    return largest;
}

bool ledger_warn_once(struct ledger *ledger, const struct ledger_limit *limit, double share,
                      int64_t now_ms, struct ledger_amount *ret_spent) {
    if (limit->most.microdollars < 0 && limit->most.tokens < 0)
        return false;
    pthread_mutex_lock(&ledger->lock);
    struct ledger_account *account = current(ledger, limit, now_ms);
    bool now = !account->warned && part_of(&account->spent, &limit->most) >= share;
    account->warned = account->warned || now;
    *ret_spent = account->spent;
    pthread_mutex_unlock(&ledger->lock);
    return now;
}

/* --- start-up and housekeeping --- */

void ledger_restore(struct ledger *ledger, struct slice key, int64_t start_ms,
                    struct ledger_amount spent) {
    bool is_new;
    pthread_mutex_lock(&ledger->lock);
    struct ledger_account *account = account_of(ledger, key, &is_new);
    if (is_new) {
        account->start_ms = start_ms;
        account->end_ms = INT64_MAX; /* until it is used: then it is known */
        account->spent = spent;
    }
    pthread_mutex_unlock(&ledger->lock);
}

static bool has_passed(const struct ledger_account *account, int64_t now_ms) {
    bool never_ends = account->start_ms == 0 && account->end_ms == INT64_MAX;
    return account->holds == 0 &&
           (account->end_ms <= now_ms || (never_ends && now_ms - account->used_ms > IDLE_MS));
}

size_t ledger_sweep(struct ledger *ledger, int64_t now_ms) {
    pthread_mutex_lock(&ledger->lock);
    for (size_t i = 0; i < ledger->bucket_count; i++)
        for (struct ledger_account **at = &ledger->buckets[i]; *at;) {
            struct ledger_account *account = *at;
            if (!has_passed(account, now_ms)) {
                at = &account->next;
                continue;
            }
            *at = account->next;
            free(account);
            ledger->account_count--;
        }
    size_t left = ledger->account_count;
    pthread_mutex_unlock(&ledger->lock);
    return left;
}
