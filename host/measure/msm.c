/* Sums of multiples. The bases are known multiples k_i G of the generator, so the sum must be (sum of s_i
 * k_i) G, which is computed in the scalar field alone. */
#include "measure/inside.h"
#include "prove/backend.h"
#include "prove/multiples.h"

#include <stdlib.h>
#include <string.h>

struct msm {
    const struct pm_curve *curve;
    struct pm_pool *pool;
    unsigned group;
    size_t n, point_bytes;
    uint8_t *bases, *logs, *full, *sparse; /* logs: k_i; scalars, plain */
    const uint8_t *scalars;                /* full or sparse */
    void *scratch;                         /* of the CPU */
    struct pm_point1 sum1;
    struct pm_point2 sum2;
};

static void sum_up(void *arg)
{
    struct msm *s = arg;
    if (s->group == 1)
        pm_msm_one_var(s->curve->msm_g1, s->pool, &s->sum1, s->bases, s->scalars, s->n, s->scratch);
    else
        pm_msm_one_var(s->curve->msm_g2, s->pool, &s->sum2, s->bases, s->scalars, s->n, s->scratch);
}

static bool sum_is_right(const struct msm *s)
{
    const struct pm_curve *c = s->curve;
    uint8_t log[PM_FR_MAX_BYTES] = {0}, term[PM_FR_MAX_BYTES];
    uint8_t found[PM_G2_MAX_BYTES], expected[PM_G2_MAX_BYTES];
    for (size_t i = 0; i < s->n; i++) {
        c->fr_to_mont(term, s->logs + i * c->fr_bytes);
        c->fr_mul(term, term, s->scalars + i * c->fr_bytes);
        c->fr_add(log, log, term);
    }
    if (s->group == 1) {
        struct pm_point1 p;
        c->g1_from_affine(&p, c->g1_generator);
        c->g1_mul(&p, &p, log);
        c->g1_to_affine(expected, &p);
        c->g1_to_affine(found, &s->sum1);
    } else {
        struct pm_point2 p;
        c->g2_from_affine(&p, c->g2_generator);
        c->g2_mul(&p, &p, log);
        c->g2_to_affine(expected, &p);
        c->g2_to_affine(found, &s->sum2);
    }
    return memcmp(found, expected, s->point_bytes) == 0;
}

/* sum1 or sum2 from a device's partial sums, as prover.c does it. */
static void collect(struct msm *s, const struct pm_partials *sums)
{
    const struct pm_curve *c = s->curve;
    uint8_t zero[PM_G2_MAX_BYTES] = {0};
    struct pm_point1 p1;
    struct pm_point2 p2;
    c->g1_from_affine(&s->sum1, zero);
    c->g2_from_affine(&s->sum2, zero);
    for (unsigned i = sums->n; i-- > 0;) {
        unsigned times = sums->shift[i] - (i > 0 ? sums->shift[i - 1] : 0u);
        const uint8_t *point = sums->points + i * s->point_bytes;
        if (s->group == 1) {
            c->g1_from_affine(&p1, point);
            c->g1_add(&s->sum1, &s->sum1, &p1);
            for (unsigned k = 0; k < times; k++) c->g1_add(&s->sum1, &s->sum1, &s->sum1);
        } else {
            c->g2_from_affine(&p2, point);
            c->g2_add(&s->sum2, &s->sum2, &p2);
            for (unsigned k = 0; k < times; k++) c->g2_add(&s->sum2, &s->sum2, &s->sum2);
        }
    }
}

static enum pm_status on_device(struct msm *s, struct measure *m, uint64_t *ns)
{
    uint8_t *points = NULL;
    enum pm_status status;
    PM_GOTO(measure_alloc(&points, PM_PARTIALS_MAX * s->point_bytes, m->err));
    struct pm_partials sums = {.points = points};
    struct pm_backend_timed timed = {.part = PM_TIMED_MSM,
                                     .group = s->group,
                                     .n = s->n,
                                     .bases = s->bases,
                                     .scalars = s->scalars,
                                     .sums = &sums};
    PM_GOTO(measure_on_device(m, ns, &timed));
    collect(s, &sums);
out:
    free(points);
    return status;
}

static enum pm_status prepare(struct msm *s, struct measure *m, unsigned group, bool direct)
{
    const struct pm_curve *c = m->curve;
    unsigned threads = m->row.threads;
    size_t n = m->row.size, bytes = c->fr_bytes;
    *s = (struct msm){.curve = c, .pool = m->pool, .group = group, .n = n};
    s->point_bytes = group == 1 ? c->g1_bytes : c->g2_bytes;
    size_t msm = pm_msm_one_scratch(group == 1 ? c->msm_g1 : c->msm_g2, n, threads);
    PM_TRY(measure_alloc(&s->bases, n * s->point_bytes, m->err));
    PM_TRY(measure_alloc(&s->logs, n * bytes, m->err));
    PM_TRY(measure_alloc(&s->full, n * bytes, m->err));
    PM_TRY(measure_alloc(&s->sparse, n * bytes, m->err));
    if (direct) PM_TRY(measure_alloc(&s->scratch, msm, m->err));
    measure_elements(c, s->logs, n, 5);
    measure_elements(c, s->full, n, 6);
    memset(s->sparse, 0, n * bytes);
    for (size_t i = 0; i < n; i++) s->sparse[i * bytes] = s->full[i * bytes] % 100 < 42; /* as in SHA-256 */
    struct pm_multiples *multiples = NULL;
    PM_TRY(pm_multiples_new(&multiples, c, m->pool, group == 1 ? n : 0, group == 2 ? n : 0, m->err));
    pm_multiples_make(multiples, s->bases, group, s->logs, n);
    pm_multiples_free(&multiples);
    return PM_OK;
}

static enum pm_status measure_group(struct measure *m, unsigned group, bool direct)
{
    static const char *const what[2][2] = {{"G1, full-width scalars", "G1, 58 % zeros, 42 % ones"},
                                           {"G2, full-width scalars", "G2, 58 % zeros, 42 % ones"}};
    struct msm s;
    enum pm_status status;
    PM_GOTO(prepare(&s, m, group, direct));
    for (int k = 0; k < 2; k++) {
        uint64_t ns[PM_MEASURE_MAX_RUNS];
        s.scalars = k ? s.sparse : s.full;
        if (direct)
            sum_up(&s);
        else
            PM_GOTO(on_device(&s, m, ns));
        if (!sum_is_right(&s)) PM_GOTO(measure_wrong(m->err, what[group - 1][k]));
        if (direct)
            measure_time(m, what[group - 1][k], "point", s.n, sum_up, &s);
        else
            measure_given(m, what[group - 1][k], "point", s.n, ns, 0);
    }
out:
    free(s.bases);
    free(s.logs);
    free(s.full);
    free(s.sparse);
    free(s.scratch);
    return status;
}

enum pm_status pm_measure_msm(const struct pm_measure_options *options, pm_measure_emit *emit, void *ctx,
                              struct pm_error *err)
{
    struct measure m;
    enum pm_status status;
    bool direct;
    PM_GOTO(measure_begin(&m, "msm", 14, true, options, emit, ctx, err));
    PM_GOTO(measure_device(&m, &direct));
    PM_GOTO(measure_group(&m, 1, direct));
    PM_GOTO(measure_group(&m, 2, direct));
out:
    measure_end(&m);
    return status;
}
