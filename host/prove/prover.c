/* One proof: a backend's sums, blinded with r and s, checked against the pairing, tried again on the CPU
 * where the backend is not one. See prover.h and backend.h; the key is key.c's. The protocol is Groth16
 * (2016, section 3.2) in snarkjs' form: h at the odd powers of w_2N meets an H query in that basis. */
#include "prove/prover.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/random.h"
#include "prove/coord.h"
#include "prove/prover_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything that is taken from a prover's arena besides the backend's part, which comes after it. */
static void take(struct pm_prover *p, struct pm_arena *arena)
{
    const struct pm_curve *curve = p->key->curve;
    for (int i = 0; i < 2; i++) {
        struct pm_backend_sums *sums = pm_arena_take(arena, 1, sizeof *sums);
        uint8_t *a = pm_arena_take(arena, PM_PARTIALS_MAX, curve->g1_bytes);
        uint8_t *b1 = pm_arena_take(arena, PM_PARTIALS_MAX, curve->g1_bytes);
        uint8_t *b2 = pm_arena_take(arena, PM_PARTIALS_MAX, curve->g2_bytes);
        uint8_t *ch = pm_arena_take(arena, PM_PARTIALS_MAX, curve->g1_bytes);
        if (!sums) continue;
        sums->a.points = a;
        sums->b1.points = b1;
        sums->b2.points = b2;
        sums->ch.points = ch;
        p->sums[i] = sums;
    }
    p->verify_scratch = pm_arena_take(arena, 1, pm_verify_scratch_bytes(&p->key->vk));
}

/* SIZE_MAX where the backend refuses. */
static enum pm_status plan(size_t *out, const struct pm_key *key, const struct pm_backend *backend,
                           unsigned device, unsigned threads, struct pm_error *err)
{
    struct pm_backend_plan backend_plan;
    PM_TRY(backend->plan(&backend_plan, &key->view, device, threads, err));
    struct pm_prover p = {.key = key};
    struct pm_arena arena;
    pm_arena_plan(&arena);
    take(&p, &arena);
    if (__builtin_add_overflow(arena.used, backend_plan.host_work_bytes, out))
        return pm_fail(err, PM_NO_MEMORY, "a proof with this key takes more memory than can be addressed");
    return PM_OK;
}

size_t pm_prover_plan(const struct pm_key *key, unsigned threads)
{
    size_t size;
    return plan(&size, key, &pm_backend_cpu, 0, threads, NULL) == PM_OK ? size : SIZE_MAX;
}

size_t pm_key_table_bytes(const struct pm_key *key)
{
    struct pm_backend_plan plan;
    return pm_backend_cpu.plan(&plan, &key->view, 0, 1, NULL) == PM_OK ? plan.table_bytes : 0;
}

/* forget: what was loaded of the key for this prover alone goes, too. */
static void release(struct pm_prover **prover, bool forget)
{
    struct pm_prover *p = *prover;
    if (p->work) p->backend->close(&p->work);
    pm_prover_free(&p->cpu);
    pm_prover_free(&p->second);
    pm_arena_fini(&p->arena);
    pm_key_off(p->key, p->backend, p->index, forget);
    free(p);
    *prover = NULL;
}

enum pm_status pm_prover_new_on(struct pm_prover **out, const struct pm_key *key,
                                const struct pm_backend *backend, unsigned device, struct pm_pool *pool,
                                struct pm_error *err)
{
    *out = NULL;
    size_t size;
    PM_TRY(plan(&size, key, backend, device, pm_pool_threads(pool), err));
    void *loaded;
    PM_TRY(pm_key_on(&loaded, key, backend, device, pool, err));
    struct pm_prover *p = calloc(1, sizeof *p);
    if (!p) {
        pm_key_off(key, backend, device, true);
        return pm_fail(err, PM_NO_MEMORY, "no memory for a prover");
    }
    *p = (struct pm_prover){.key = key, .backend = backend, .index = device, .pool = pool};
    (void)snprintf(p->device, sizeof p->device, "%.16s:%u", backend->name, device);
    enum pm_status status = pm_arena_init(&p->arena, size, err);
    if (status == PM_OK) {
        take(p, &p->arena);
        status = backend->open(&p->work, loaded, &p->arena, pool, err);
    }
    if (status != PM_OK) {
        release(&p, true);
        return status;
    }
    *out = p;
    return PM_OK;
}

/* Where it need not be that device another is taken, whatever is wrong with it; but not where the user is. */
static bool goes_on(const struct pm_backend *backend, enum pm_status status)
{
    return status != PM_OK && status != PM_USAGE && !backend->trusted;
}

/* Tries the backend's first device. *why: why it was passed over, where that is worth a word: a machine
 * without such a device is none. False: that is the end, *status says which. */
static bool passes_over(struct pm_prover **out, enum pm_status *status, struct pm_error *why,
                        const struct pm_key *key, const struct pm_backend *backend, struct pm_pool *pool)
{
    struct pm_backend_device ignored;
    if (backend->count() == 0) {
        *status = backend->describe(&ignored, 0, why);
        if (*status == PM_OK || *status == PM_NOT_FOUND) why->status = PM_OK;
        return true;
    }
    *status = pm_prover_new_on(out, key, backend, 0, pool, why);
    if (!goes_on(backend, *status)) return false;
    (void)pm_fail_in(why, "%s:0", backend->name);
    return true;
}

/* The first backend that has a device and takes this key. */
static enum pm_status new_on_best(struct pm_prover **out, const struct pm_key *key, struct pm_pool *pool,
                                  struct pm_error *err)
{
    struct pm_error passed = {.status = PM_OK};
    for (const struct pm_backend *const *list = pm_backend_list(); *list; list++) {
        struct pm_error why = {.status = PM_OK};
        enum pm_status status;
        if (!passes_over(out, &status, &why, key, *list, pool)) {
            if (status != PM_OK && err) *err = why;
            if (status == PM_OK && passed.status != PM_OK)
                pm_prover_note(*out, &passed, passed.status == PM_DEVICE);
            return status;
        }
        if (passed.status == PM_OK) passed = why;
    }
    return pm_fail(err, PM_NOT_FOUND, "no device to prove on");
}

enum pm_status pm_prover_room(struct pm_prover_room *out, const struct pm_key *key, const char *device,
                              unsigned threads, struct pm_error *err)
{
    const bool best = strcmp(device, "auto") == 0;
    const struct pm_backend *const *list = pm_backend_list();
    const struct pm_backend *backend = *list;
    struct pm_backend_plan plan = {0};
    enum pm_status status = PM_OK;
    unsigned index = 0;
    if (!best) PM_TRY(pm_backend_find(&backend, &index, device, err));
    for (; backend; backend = best ? *++list : NULL) {
        if (best && backend->count() == 0) continue;
        status = backend->plan(&plan, &key->view, index, threads, err);
        if (!best || !goes_on(backend, status)) break;
    }
    *out = (struct pm_prover_room){plan.device_key_bytes + plan.device_work_bytes, plan.device_memory_bytes,
                                   plan.pinned_bytes};
    return status;
}

enum pm_status pm_prover_new(struct pm_prover **out, const struct pm_key *key, const char *device,
                             struct pm_pool *pool, struct pm_error *err)
{
    *out = NULL;
    const struct pm_backend *backend;
    unsigned index;
    if (strcmp(device, "auto") == 0) return new_on_best(out, key, pool, err);
    PM_TRY(pm_backend_find(&backend, &index, device, err));
    return pm_prover_new_on(out, key, backend, index, pool, err);
}

void pm_prover_free(struct pm_prover **prover)
{
    if (*prover) release(prover, false);
}

void pm_prover_watch(struct pm_prover *prover, const struct pm_watch *watch) { prover->watch = watch; }

const char *pm_prover_device(const struct pm_prover *prover) { return prover->device; }

void pm_prover_note(struct pm_prover *p, const struct pm_error *trouble, bool device_fault)
{
    if (p->trouble.status == PM_OK || (device_fault && !p->device_fault)) p->trouble = *trouble;
    p->device_fault = p->device_fault || device_fault;
}

const struct pm_error *pm_prover_trouble(const struct pm_prover *prover)
{
    return prover->trouble.status == PM_OK ? NULL : &prover->trouble;
}

bool pm_prover_device_fault(const struct pm_prover *prover) { return prover->device_fault; }

/* The value of partial sums, by Horner's rule from the highest shift down. False: not well-formed. */
static bool collect1(const struct pm_curve *curve, struct pm_point1 *out, const struct pm_partials *sum)
{
    if (sum->n > PM_PARTIALS_MAX) return false;
    uint8_t zero[PM_G1_MAX_BYTES] = {0};
    curve->g1_from_affine(out, zero);
    for (unsigned i = sum->n; i-- > 0;) {
        struct pm_point1 point;
        unsigned below = i > 0 ? sum->shift[i - 1] : 0;
        if (below > sum->shift[i]) return false;
        curve->g1_from_affine(&point, sum->points + (size_t)i * curve->g1_bytes);
        curve->g1_add(out, out, &point);
        for (unsigned k = below; k < sum->shift[i]; k++) curve->g1_add(out, out, out);
        pm_wipe(&point, sizeof point);
    }
    return true;
}

static bool collect2(const struct pm_curve *curve, struct pm_point2 *out, const struct pm_partials *sum)
{
    if (sum->n > PM_PARTIALS_MAX) return false;
    uint8_t zero[PM_G2_MAX_BYTES] = {0};
    curve->g2_from_affine(out, zero);
    for (unsigned i = sum->n; i-- > 0;) {
        struct pm_point2 point;
        unsigned below = i > 0 ? sum->shift[i - 1] : 0;
        if (below > sum->shift[i]) return false;
        curve->g2_from_affine(&point, sum->points + (size_t)i * curve->g2_bytes);
        curve->g2_add(out, out, &point);
        for (unsigned k = below; k < sum->shift[i]; k++) curve->g2_add(out, out, out);
        pm_wipe(&point, sizeof point);
    }
    return true;
}

static void add_affine1(const struct pm_curve *curve, struct pm_point1 *sum, const uint8_t *affine)
{
    struct pm_point1 p;
    curve->g1_from_affine(&p, affine);
    curve->g1_add(sum, sum, &p);
}

/* sum += scalar * p */
static void add_multiple1(const struct pm_curve *curve, struct pm_point1 *sum, const struct pm_point1 *p,
                          const uint8_t *scalar)
{
    struct pm_point1 product;
    curve->g1_mul(&product, p, scalar);
    curve->g1_add(sum, sum, &product);
    pm_wipe(&product, sizeof product);
}

/* B in G2 needs s only, and nothing else needs it: beta + b2 + s delta. */
static bool blind_b(const struct pm_key *key, uint8_t *out, const struct pm_partials *b2, const uint8_t *s)
{
    const struct pm_curve *curve = key->curve;
    struct pm_point2 sum, p;
    bool ok = collect2(curve, &sum, b2);
    if (ok) {
        curve->g2_from_affine(&p, key->vk.beta2);
        curve->g2_add(&sum, &sum, &p);
        curve->g2_from_affine(&p, key->vk.delta2);
        curve->g2_mul(&p, &p, s);
        curve->g2_add(&sum, &sum, &p);
        curve->g2_to_affine(out, &sum);
    }
    pm_wipe(&sum, sizeof sum);
    pm_wipe(&p, sizeof p);
    return ok;
}

/* A = alpha + a + r delta;  B1 = beta + b1 + s delta;  C = ch + s A + r B1 - r s delta. */
static bool blind(const struct pm_key *key, struct pm_proof *out, const struct pm_backend_sums *sums,
                  const uint8_t *r, const uint8_t *s)
{
    const struct pm_curve *curve = key->curve;
    struct pm_point1 a, b1, c, delta;
    uint8_t minus_rs[PM_FR_MAX_BYTES] = {0}, rs[PM_FR_MAX_BYTES];
    curve->fr_to_mont(rs, r);
    curve->fr_mul(rs, rs, s);
    curve->fr_sub(minus_rs, minus_rs, rs);
    curve->g1_from_affine(&delta, key->zkey->delta1);
    bool ok = collect1(curve, &a, &sums->a) && collect1(curve, &b1, &sums->b1) &&
              collect1(curve, &c, &sums->ch) && blind_b(key, out->b, &sums->b2, s);
    if (ok) {
        add_affine1(curve, &a, key->vk.alpha1);
        add_multiple1(curve, &a, &delta, r);
        add_affine1(curve, &b1, key->zkey->beta1);
        add_multiple1(curve, &b1, &delta, s);
        add_multiple1(curve, &c, &a, s);
        add_multiple1(curve, &c, &b1, r);
        add_multiple1(curve, &c, &delta, minus_rs);
        curve->g1_to_affine(out->a, &a);
        curve->g1_to_affine(out->c, &c);
        out->curve = curve;
    }
    pm_wipe(&a, sizeof a);
    pm_wipe(&b1, sizeof b1);
    pm_wipe(&c, sizeof c);
    pm_wipe(rs, sizeof rs);
    pm_wipe(minus_rs, sizeof minus_rs);
    return ok;
}

enum pm_status pm_prover_check_witness(const struct pm_key *key, const uint8_t *witness, uint32_t n_values,
                                       struct pm_error *err)
{
    const struct pm_curve *curve = key->curve;
    size_t size = curve->fr_bytes;
    if (n_values != key->view.n_vars)
        return pm_fail(err, PM_MISMATCH, "the witness has %u values, the key's circuit has %u", n_values,
                       key->view.n_vars);
    if (witness[0] != 1 || !pm_bytes_are_zero(witness + 1, size - 1))
        return pm_fail(err, PM_FORMAT, "witness value 0 is not one");
    size_t wild = pm_curve_find_wild(curve, witness, n_values);
    if (wild < n_values)
        return pm_fail(err, PM_FORMAT, "witness value %zu is not below the field's modulus", wild);
    return PM_OK;
}

enum pm_status pm_prover_finish(const struct pm_prover *p, struct pm_proof *out,
                                const struct pm_backend_sums *sums, const uint8_t *witness, const uint8_t *r,
                                const uint8_t *s, struct pm_error *err)
{
    if (!blind(p->key, out, sums, r, s))
        return pm_fail(err, p->backend->trusted ? PM_INTERNAL : PM_DEVICE,
                       "backend %s gave partial sums that are not well-formed", p->backend->name);
    return pm_verify_ready_in(p->key->ready, out, witness + p->key->curve->fr_bytes, p->key->view.n_public,
                              p->verify_scratch, err);
}

/* A checked proof, or PM_INVALID_PROOF, or what the backend says. */
static enum pm_status attempt(struct pm_prover *p, struct pm_proof *out, const uint8_t *witness,
                              const uint8_t *r, const uint8_t *s, struct pm_prove_times *times,
                              struct pm_error *err)
{
    struct pm_backend_times spent = {0};
    PM_TRY(p->backend->prove(p->work, p->sums[0], witness, &spent, p->watch, err));
    times->rows_ns = spent.rows_ns;
    times->ntt_ns = spent.ntt_ns;
    times->msm_ns = spent.msm_ns;
    uint64_t begin = pm_clock_ns();
    enum pm_status status = pm_prover_finish(p, out, p->sums[0], witness, r, s, err);
    times->check_ns = pm_clock_ns() - begin;
    return status;
}

static enum pm_status attempt_on_cpu(struct pm_prover *p, struct pm_proof *out, const uint8_t *witness,
                                     const uint8_t *r, const uint8_t *s, struct pm_prove_times *times,
                                     struct pm_error *err)
{
    if (!p->cpu) PM_TRY(pm_prover_new_on(&p->cpu, p->key, &pm_backend_cpu, 0, p->pool, err));
    p->cpu->watch = p->watch;
    return attempt(p->cpu, out, witness, r, s, times, err);
}

/* After a device that is not trusted failed with `failed`: the CPU decides whose fault it was. A device that
 * refuses a witness as malformed is wrong, too: it was looked at before. */
static enum pm_status second_opinion(struct pm_prover *p, const struct pm_error *failed, struct pm_proof *out,
                                     const uint8_t *witness, const uint8_t *r, const uint8_t *s,
                                     struct pm_prove_times *times, struct pm_error *err)
{
    const bool wrong = failed->status == PM_INVALID_PROOF;
    struct pm_error trouble = {.status = PM_OK};
    (void)pm_fail(&trouble, failed->status, "%s: %s", p->device,
                  wrong ? "its proof does not verify, the CPU's does" : failed->text);
    enum pm_status status = attempt_on_cpu(p, out, witness, r, s, times, err);
    if (status == PM_OK)
        pm_prover_note(p, &trouble, wrong || trouble.status == PM_DEVICE || trouble.status == PM_FORMAT);
    else if (status != PM_CANCELLED && status != PM_INVALID_PROOF && err)
        (void)pm_fail_in(err, "on the CPU, after %.500s", trouble.text);
    return status;
}

enum pm_status pm_prover_judge(struct pm_prover *p, enum pm_status status, struct pm_proof *out,
                               const uint8_t *witness, const uint8_t *r, const uint8_t *s,
                               struct pm_prove_times *times, struct pm_error *err)
{
    if (status != PM_OK && status != PM_CANCELLED && !p->backend->trusted) {
        struct pm_error failed = *err;
        failed.status = status;
        status = second_opinion(p, &failed, out, witness, r, s, times, err);
    }
    if (status == PM_INVALID_PROOF)
        status =
            pm_fail(err, PM_UNSATISFIED,
                    "the witness does not satisfy the circuit of this key (or belongs to another circuit, or "
                    "the key file is damaged: inspect --deep)");
    if (status != PM_OK) *out = (struct pm_proof){0};
    return status;
}

enum pm_status pm_prove_with(struct pm_prover *prover, struct pm_proof *out, const uint8_t *witness,
                             uint32_t n_values, const uint8_t *r, const uint8_t *s,
                             struct pm_prove_times *times, struct pm_error *err)
{
    struct pm_prove_times ignored;
    struct pm_error said = {.status = PM_OK};
    if (!times) times = &ignored;
    *times = (struct pm_prove_times){0};
    *out = (struct pm_proof){0};
    uint64_t begin = pm_clock_ns();
    PM_TRY(pm_prover_check_witness(prover->key, witness, n_values, err));
    const struct pm_curve *curve = prover->key->curve;
    if (!curve->fr_is_canonical(r) || !curve->fr_is_canonical(s))
        return pm_fail(err, PM_USAGE, "r or s is not below the field's modulus");

    struct pm_prover *at = prover;
    if (prover->device_fault && prover->cpu) { /* the device is not asked again */
        at = prover->cpu;
        at->watch = prover->watch;
    }
    enum pm_status status = attempt(at, out, witness, r, s, times, &said);
    status = pm_prover_judge(at, status, out, witness, r, s, times, &said);
    if (status != PM_OK && err) *err = said;
    times->total_ns = pm_clock_ns() - begin;
    return status;
}

enum pm_status pm_prover_draw(const struct pm_curve *curve, uint8_t r[PM_FR_MAX_BYTES],
                              uint8_t s[PM_FR_MAX_BYTES], struct pm_error *err)
{
    uint8_t wide[2][64];
    enum pm_status status = pm_random_bytes(wide, sizeof wide, err);
    if (status == PM_OK) {
        curve->fr_reduce_wide(r, wide[0]);
        curve->fr_reduce_wide(s, wide[1]);
    }
    pm_wipe(wide, sizeof wide);
    return status;
}

enum pm_status pm_prove(struct pm_prover *prover, struct pm_proof *out, const uint8_t *witness,
                        uint32_t n_values, struct pm_prove_times *times, struct pm_error *err)
{
    uint8_t r[PM_FR_MAX_BYTES], s[PM_FR_MAX_BYTES];
    enum pm_status status = pm_prover_draw(prover->key->curve, r, s, err);
    if (status == PM_OK) status = pm_prove_with(prover, out, witness, n_values, r, s, times, err);
    pm_wipe(r, sizeof r);
    pm_wipe(s, sizeof s);
    return status;
}
