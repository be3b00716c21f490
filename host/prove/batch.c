/* Proofs of many witnesses with one key: the check of one beside the sums of the next; on a device two whole
 * proofs at a time. What a proof is made of is prover.c's; see prover.h. */
#include "prove/prover_inside.h"

#include "base/bytes.h"

#include <pthread.h>

/* A proof on its way through the two halves of a step. */
struct flight {
    struct pm_batch_item *item; /* NULL: none */
    struct pm_backend_sums *sums;
    uint8_t r[PM_FR_MAX_BYTES], s[PM_FR_MAX_BYTES];
    bool begun; /* a backend was asked: what is wrong now may be its fault */
    enum pm_status status;
    struct pm_error err;
};

struct batch {
    struct pm_prover *prover;
    struct flight flight[2];
    struct flight *summed, *checked; /* of this step */
    const struct pm_watch *outer;    /* who is told of the whole */
    size_t done, n;
    unsigned told;
};

static bool go_on(void *ctx, unsigned permille)
{
    struct batch *b = ctx;
    const unsigned now = (unsigned)((b->done * 1000 + permille) / b->n);
    if (now > b->told) b->told = now; /* a second try of a device's proof begins at 0 */
    return pm_watch_ask(b->outer, b->told);
}

/* The first half: to sums. */
static enum pm_status sum_up(struct batch *b, struct flight *f)
{
    struct pm_prover *p = b->prover;
    const struct pm_curve *curve = p->key->curve;
    const struct pm_batch_item *item = f->item;
    struct pm_backend_times ignored;
    PM_TRY(pm_prover_check_witness(p->key, item->witness, item->n_values, &f->err));
    if (item->rs) {
        memcpy(f->r, item->rs, curve->fr_bytes);
        memcpy(f->s, item->rs + curve->fr_bytes, curve->fr_bytes);
        if (!curve->fr_is_canonical(f->r) || !curve->fr_is_canonical(f->s))
            return pm_fail(&f->err, PM_USAGE, "r or s is not below the field's modulus");
    } else {
        PM_TRY(pm_prover_draw(curve, f->r, f->s, &f->err));
    }
    f->begun = true;
    return p->backend->prove(p->work, f->sums, item->witness, &ignored, p->watch, &f->err);
}

/* Piece 0, on the caller's thread, which may ask the watch: sums of one. Piece 1: the check of another. */
static void half(void *ctx, size_t begin, size_t end)
{
    struct batch *b = ctx;
    for (size_t i = begin; i < end; i++) {
        struct flight *f = i == 0 ? b->summed : b->checked;
        if (!f->item) continue;
        if (i == 0)
            f->status = sum_up(b, f);
        else if (f->status == PM_OK)
            f->status =
                pm_prover_finish(b->prover, &f->item->proof, f->sums, f->item->witness, f->r, f->s, &f->err);
    }
}

/* Whether a status is about one witness alone. */
static bool is_own_fault(enum pm_status status)
{
    return status == PM_UNSATISFIED || status == PM_MISMATCH || status == PM_FORMAT || status == PM_USAGE;
}

/* What is known of a proof after its second half goes to its item. To err goes the first failure, or the one
 * that ended the batch. */
static enum pm_status land(struct batch *b, struct flight *f, size_t index, enum pm_status first,
                           enum pm_status stop, struct pm_error *err)
{
    struct pm_prove_times ignored;
    struct pm_batch_item *item = f->item;
    if (!f->begun && is_own_fault(f->status))
        item->proof = (struct pm_proof){0};
    else
        f->status =
            pm_prover_judge(b->prover, f->status, &item->proof, item->witness, f->r, f->s, &ignored, &f->err);
    item->status = f->status;
    f->item = NULL;
    if (item->status == PM_OK || (first != PM_OK && item->status != stop)) return first;
    return pm_fail(err, item->status, "witness %zu: %s", index, f->err.text);
}

static enum pm_status batch_in_steps(struct pm_prover *prover, struct pm_batch_item *items, size_t n,
                                     struct pm_error *err)
{
    struct batch b = {.prover = prover, .outer = prover->watch, .n = n};
    enum pm_status first = PM_OK, stop = PM_OK;
    const struct pm_watch watch = {.go_on = go_on, .ctx = &b};
    if (b.outer) prover->watch = &watch;
    for (size_t i = 0; i < 2; i++) b.flight[i].sums = prover->sums[i];
    for (size_t i = 0; i <= n && n > 0; i++) {
        b.summed = &b.flight[i % 2];
        b.checked = &b.flight[(i + 1) % 2];
        b.done = i;
        if (i < n && stop == PM_OK)
            *b.summed = (struct flight){.item = &items[i], .sums = b.summed->sums};
        else if (i < n)
            items[i] = (struct pm_batch_item){.witness = items[i].witness,
                                              .n_values = items[i].n_values,
                                              .rs = items[i].rs,
                                              .status = stop};
        pm_pool_for(prover->pool, 2, 1, half, &b);
        if (b.checked->item) first = land(&b, b.checked, i - 1, first, stop, err);
        if (b.summed->item && b.summed->status != PM_OK &&
            (b.summed->begun || !is_own_fault(b.summed->status)) &&
            (b.summed->status == PM_CANCELLED || prover->backend->trusted))
            stop = b.summed->status;
    }
    prover->watch = b.outer;
    pm_wipe(b.flight, sizeof b.flight);
    return first;
}

/* -- On a device: two proofs in flight, each with a workspace and a host's thread of its own. What a device
 * does little in (transfers, tails of sums) and what the host does (blinding, the check) falls into the other
 * one's computation, without a word between the two. -- */

struct pair {
    struct pm_prover *prover[2]; /* the first is the caller's thread's */
    struct pm_batch_item *items;
    size_t n, next; /* next: atomically */
    const struct pm_watch *outer;
    unsigned told;

    pthread_mutex_t mutex; /* of the rest */
    size_t done, failed;   /* failed: the lowest item that did, or the first that ended the batch */
    bool ended;
    enum pm_status stop, result; /* PM_OK: go on; failed's */
    struct pm_error err;         /* failed's */
};

static enum pm_status stopped(struct pair *p, enum pm_status why)
{
    pthread_mutex_lock(&p->mutex);
    if (p->stop == PM_OK) p->stop = why;
    why = p->stop;
    pthread_mutex_unlock(&p->mutex);
    return why;
}

static bool caller_goes_on(void *ctx, unsigned permille)
{
    struct pair *p = ctx;
    pthread_mutex_lock(&p->mutex);
    const unsigned now = (unsigned)((p->done * 1000 + permille) / p->n);
    pthread_mutex_unlock(&p->mutex);
    if (now > p->told) p->told = now < 1000 ? now : 1000;
    return stopped(p, pm_watch_ask(p->outer, p->told) ? PM_OK : PM_CANCELLED) == PM_OK;
}
static bool other_goes_on(void *ctx, unsigned permille)
{
    (void)permille;
    return stopped(ctx, PM_OK) == PM_OK;
}

static void prove_item(struct pair *p, struct pm_prover *prover, size_t index)
{
    struct pm_batch_item *item = &p->items[index];
    struct pm_error err = {.text = "an earlier one ended the batch"};
    item->proof = (struct pm_proof){0};
    item->status = stopped(p, PM_OK);
    if (item->status == PM_OK && item->rs)
        item->status = pm_prove_with(prover, &item->proof, item->witness, item->n_values, item->rs,
                                     item->rs + prover->key->curve->fr_bytes, NULL, &err);
    else if (item->status == PM_OK)
        item->status = pm_prove(prover, &item->proof, item->witness, item->n_values, NULL, &err);
    pthread_mutex_lock(&p->mutex);
    p->done++;
    const bool ends = item->status != PM_OK && !is_own_fault(item->status);
    const bool fails = item->status != PM_OK && index < p->failed;
    if (!p->ended && (ends || fails)) {
        (void)pm_fail(&p->err, item->status, "witness %zu: %s", index, err.text);
        p->result = item->status;
        p->failed = index;
        p->ended = ends;
    }
    if (ends) p->stop = item->status;
    pthread_mutex_unlock(&p->mutex);
}

static void prove_items(void *ctx, size_t begin, size_t end)
{
    struct pair *p = ctx;
    for (size_t k = begin, i; k < end; k++)
        while ((i = __atomic_fetch_add(&p->next, 1, __ATOMIC_RELAXED)) < p->n) prove_item(p, p->prover[k], i);
}

static enum pm_status batch_in_pairs(struct pm_prover *prover, struct pm_batch_item *items, size_t n,
                                     struct pm_error *err)
{
    struct pair p = {.prover = {prover, prover->second},
                     .items = items,
                     .n = n,
                     .outer = prover->watch,
                     .mutex = PTHREAD_MUTEX_INITIALIZER,
                     .failed = SIZE_MAX};
    const struct pm_watch caller = {.go_on = caller_goes_on, .ctx = &p},
                          other = {.go_on = other_goes_on, .ctx = &p};
    prover->watch = &caller;
    prover->second->watch = &other;
    pm_pool_for(prover->pool, 2, 1, prove_items, &p);
    prover->watch = p.outer;
    prover->second->watch = NULL;
    if (prover->second->trouble.status != PM_OK)
        pm_prover_note(prover, &prover->second->trouble, prover->second->device_fault);
    pthread_mutex_destroy(&p.mutex);
    if (p.result != PM_OK && err) *err = p.err;
    return p.result;
}

/* Whether there are two workspaces; the second is made once. Where a device has no room for it, the first
 * does alone. */
static bool has_second(struct pm_prover *p)
{
    struct pm_error ignored = {0};
    if (p->backend->trusted || pm_pool_threads(p->pool) < 2) return false;
    if (!p->second && !p->alone)
        p->alone = pm_prover_new_on(&p->second, p->key, p->backend, p->index, p->pool, &ignored) != PM_OK;
    return p->second != NULL;
}

enum pm_status pm_prove_batch(struct pm_prover *prover, struct pm_batch_item *items, size_t n,
                              struct pm_error *err)
{
    if (n > 1 && has_second(prover)) return batch_in_pairs(prover, items, n, err);
    return batch_in_steps(prover, items, n, err);
}
