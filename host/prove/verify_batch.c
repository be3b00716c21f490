/* Many proofs for one key as one equation with random weights. See verify.h.
 *
 * With y_i for the weights, y_0 + ... = 1, the equations of all proofs give
 *   product of e(y_i A_i, B_i) = e(alpha, beta) e(sum of y_i L_i, gamma) e(sum of y_i C_i, delta),
 * L_i the sum of public signals. y_i = -w_i for i > 0, w_i drawn from 2^128 short weights, and y_0 = 1 + the
 * sum of these w_i, which is short as well. Soundness: let e_i be the discrete logarithm, mod r, by which
 * equation i is wrong. The sum of y_i e_i is e_0 + the sum of w_i (e_0 - e_i). If all e_i are equal it is
 * e_0, wrong for sure unless all hold; else it is 0 for at most one value of some w_i: probability 2^-128,
 * 2^-127 as w_i = 0 is replaced. (Bellare, Garay, Rabin, "Fast Batch Verification", EUROCRYPT '98, for such
 * tests in general.) */
#include "prove/verify_inside.h"
#include "prove/coord.h"
#include "base/bytes.h"
#include "base/arena.h"
#include "base/random.h"

#include <string.h>

enum { max_at_once = 256 };

/* Proofs to settle, and room for an equation of up to `room` of them. */
struct batch {
    const struct pm_vk_ready *ready;
    const struct pm_curve *curve;
    const struct pm_proof *proofs;
    const uint8_t *signals;
    enum pm_status *results;
    size_t *todo; /* which of them this is about */
    uint8_t *a, *b, *c, *scalars;
    struct pm_weight *weights;
    bool *in_group, *c_in_group;
    void *scratch;
};

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static void take(struct batch *batch, struct pm_arena *arena, size_t room)
{
    const struct pm_curve *curve = batch->curve;
    const uint32_t n_public = batch->ready->vk->n_public;
    batch->todo = pm_arena_take(arena, room, sizeof *batch->todo);
    batch->a = pm_arena_take(arena, room, curve->g1_bytes);
    batch->b = pm_arena_take(arena, room, curve->g2_bytes);
    batch->c = pm_arena_take(arena, room, curve->g1_bytes);
    batch->scalars = pm_arena_take(arena, (size_t)n_public + 1, curve->fr_bytes);
    batch->weights = pm_arena_take(arena, room, sizeof *batch->weights);
    batch->in_group = pm_arena_take(arena, room, sizeof *batch->in_group);
    batch->c_in_group = pm_arena_take(arena, room, sizeof *batch->c_in_group);
    batch->scratch = pm_arena_take(
        arena, 1, larger(curve->weighted_scratch(room), pm_msm_one_scratch(curve->msm_g1, n_public, 1)));
}

/* Weights but the first from the system; the first is one more than their sum. */
static enum pm_status draw(struct pm_weight *w, size_t n, struct pm_error *err)
{
    uint64_t random[2 * max_at_once];
    PM_TRY(pm_random_bytes(random, 2 * n * sizeof random[0], err));
    w[0] = (struct pm_weight){.a = {1, 0}};
    for (size_t i = 1; i < n; i++) {
        w[i] = (struct pm_weight){.a = {random[2 * i], 0}, .b = {random[2 * i + 1], 0}};
        if (w[i].a[0] == 0 && w[i].b[0] == 0) w[i].a[0] = 1;
        w[0].a[1] += __builtin_add_overflow(w[0].a[0], w[i].a[0], &w[0].a[0]);
        w[0].b[1] += __builtin_add_overflow(w[0].b[0], w[i].b[0], &w[0].b[0]);
    }
    return PM_OK;
}

/* scalars[j] = the sum of -y_i times signal j of proof i */
static void weigh_signals(struct batch *batch, const size_t *index, size_t n)
{
    const struct pm_curve *curve = batch->curve;
    const size_t n_public = batch->ready->vk->n_public, size = curve->fr_bytes;
    memset(batch->scalars, 0, n_public * size);
    for (size_t i = 0; i < n; i++) {
        uint8_t weight[PM_FR_MAX_BYTES], term[PM_FR_MAX_BYTES];
        curve->weight_scalar(weight, &batch->weights[i]);
        curve->fr_to_mont(weight, weight);
        for (size_t j = 0; j < n_public; j++) {
            uint8_t *sum = batch->scalars + j * size;
            curve->fr_mul(term, weight, batch->signals + (index[i] * n_public + j) * size);
            (i == 0 ? curve->fr_sub : curve->fr_add)(sum, sum, term);
        }
    }
}

/* out: minus the sum of y_i L_i, affine; the weights of IC[0] add up to one. */
static void weighted_public_sum(struct batch *batch, uint8_t *out)
{
    const struct pm_curve *curve = batch->curve;
    const struct pm_vk *vk = batch->ready->vk;
    uint8_t start[PM_G1_MAX_BYTES];
    struct pm_point1 sum, first;
    curve->g1_affine_neg(start, vk->ic);
    if (batch->ready->combs) {
        curve->comb_sum_var(out, start, batch->ready->combs, batch->scalars, vk->n_public);
        return;
    }
    pm_msm_one_var(curve->msm_g1, NULL, &sum, vk->ic + curve->g1_bytes, batch->scalars, vk->n_public,
                   batch->scratch);
    curve->g1_from_affine(&first, start);
    curve->g1_add(&sum, &sum, &first);
    curve->g1_to_affine(out, &sum);
}

/* One equation for the n proofs of index, n >= 1. *holds: all of them do. in_group[i] is filled. */
static enum pm_status attempt(struct batch *batch, bool *holds, const size_t *index, size_t n,
                              struct pm_error *err)
{
    const struct pm_curve *curve = batch->curve;
    const size_t n1 = curve->g1_bytes, n2 = curve->g2_bytes;
    struct pm_pairing_value factor;
    struct pm_point1 sum;
    uint8_t fixed_g1[2 * PM_G1_MAX_BYTES];
    *holds = false;
    PM_TRY(draw(batch->weights, n, err));
    for (size_t i = 0; i < n; i++) {
        const struct pm_proof *proof = &batch->proofs[index[i]];
        memcpy(batch->a + i * n1, proof->a, n1);
        memcpy(batch->b + i * n2, proof->b, n2);
        memcpy(batch->c + i * n1, proof->c, n1);
        uint8_t *negative = (i == 0 ? batch->c : batch->a) + i * n1; /* the signs of y_i; -y_i for C */
        curve->g1_affine_neg(negative, negative);
    }
    curve->pairing_weighted(&factor, batch->in_group, batch->a, batch->b, batch->weights, n, batch->scratch);
    curve->g1_weighted_sum(&sum, batch->c_in_group, batch->c, batch->weights, n, batch->scratch);
    bool inside = true;
    for (size_t i = 0; i < n; i++)
        inside = (batch->in_group[i] = batch->in_group[i] && batch->c_in_group[i]) && inside;
    if (!inside) return PM_OK;
    curve->g1_to_affine(fixed_g1 + n1, &sum);
    weigh_signals(batch, index, n);
    weighted_public_sum(batch, fixed_g1);
    const struct pm_pairing_terms terms = {.target = &batch->ready->target,
                                           .factor = &factor,
                                           .fixed_g1 = fixed_g1,
                                           .fixed = batch->ready->fixed,
                                           .n_fixed = 2};
    *holds = curve->pairing_check(&terms) == PM_PAIRING_EQUAL;
    return PM_OK;
}

static enum pm_status alone(struct batch *batch, size_t i, struct pm_error *err)
{
    const struct pm_vk *vk = batch->ready->vk;
    enum pm_status status =
        pm_verify_ready(batch->ready, &batch->proofs[i],
                        batch->signals + i * vk->n_public * batch->curve->fr_bytes, vk->n_public, err);
    if (status == PM_NO_MEMORY) return status;
    batch->results[i] = status;
    return PM_OK;
}

/* Settles the n proofs of index, whose order changes. */
static enum pm_status settle(struct batch *batch, size_t *index, size_t n, struct pm_error *err)
{
    bool holds = false;
    while (n > 1) {
        PM_TRY(attempt(batch, &holds, index, n, err));
        size_t kept = 0;
        for (size_t i = 0; i < n; i++) {
            if (batch->in_group[i])
                index[kept++] = index[i];
            else
                batch->results[index[i]] = PM_INVALID_PROOF;
        }
        if (kept == n) break;
        n = kept; /* once more without those of whose points one is in no group */
    }
    if (n == 0) return PM_OK;
    if (n == 1) return alone(batch, index[0], err);
    if (holds) {
        for (size_t i = 0; i < n; i++) batch->results[index[i]] = PM_OK;
        return PM_OK;
    }
    PM_TRY(settle(batch, index, n / 2, err));
    return settle(batch, index + n / 2, n - n / 2, err);
}

/* The proofs from `begin` on: each by itself as far as it goes without its equation, then all equations. */
static enum pm_status settle_some(struct batch *batch, size_t begin, size_t n, struct pm_error *err)
{
    const struct pm_curve *curve = batch->curve;
    const struct pm_vk *vk = batch->ready->vk;
    size_t n_todo = 0;
    for (size_t i = begin; i < begin + n; i++) {
        const struct pm_proof *proof = &batch->proofs[i];
        const uint8_t *signals = batch->signals + i * vk->n_public * curve->fr_bytes;
        batch->results[i] = pm_verify_parts(vk, proof, signals, vk->n_public, false, NULL);
        if (batch->results[i] != PM_OK) continue;
        if (pm_bytes_are_zero(proof->a, curve->g1_bytes) || pm_bytes_are_zero(proof->b, curve->g2_bytes))
            PM_TRY(alone(batch, i, err)); /* an infinity, as hardly any proof has */
        else
            batch->todo[n_todo++] = i;
    }
    return settle(batch, batch->todo, n_todo, err);
}

/* The reason, from a verification of its own. */
static enum pm_status first_bad(const struct batch *batch, size_t n, struct pm_error *err)
{
    const struct pm_vk *vk = batch->ready->vk;
    for (size_t i = 0; i < n; i++) {
        struct pm_error why = {0};
        if (batch->results[i] == PM_OK) continue;
        if (!err) return PM_INVALID_PROOF;
        enum pm_status status =
            pm_verify_ready(batch->ready, &batch->proofs[i],
                            batch->signals + i * vk->n_public * batch->curve->fr_bytes, vk->n_public, &why);
        if (status == PM_NO_MEMORY) return pm_fail(err, status, "%s", why.text);
        return pm_fail(err, PM_INVALID_PROOF, "proof %zu of %zu: %.900s", i, n, why.text);
    }
    return PM_OK;
}

enum pm_status pm_verify_batch(const struct pm_vk_ready *ready, enum pm_status *results,
                               const struct pm_proof *proofs, const uint8_t *public_signals, size_t n,
                               struct pm_error *err)
{
    struct batch batch = {.ready = ready,
                          .curve = ready->vk->curve,
                          .proofs = proofs,
                          .signals = public_signals,
                          .results = results};
    const size_t room = n < max_at_once ? n : max_at_once;
    struct pm_arena arena;
    if (n == 0) return PM_OK;
    pm_arena_plan(&arena);
    take(&batch, &arena, room);
    PM_TRY(pm_arena_init(&arena, arena.used, err));
    take(&batch, &arena, room);
    enum pm_status status = PM_OK;
    for (size_t at = 0; at < n && status == PM_OK; at += room)
        status = settle_some(&batch, at, n - at < room ? n - at : room, err);
    pm_arena_fini(&arena);
    return status == PM_OK ? first_bad(&batch, n, err) : status;
}
