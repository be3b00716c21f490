/* The emulated GPU's sums, or CUDA's (TEST_CUDA), against the CPU's, for keys that no setup makes: bases
 * drawn at random, with infinity in one of B1 and B2 alone, everywhere, or nowhere; rows of thousands of
 * terms; no private and no public variables; witnesses of one kind only. Both backends get the same struct
 * pm_backend_key. */
#include "prove/backend.h"

#include "base/bytes.h"
#include "emu_world.h"
#include "math/curve.h"

#ifdef TEST_CUDA
#define DEVICE pm_backend_cuda
__attribute__((constructor(101))) static void skip_without_device(void)
{
    if (DEVICE.count() > 0) return;
    fprintf(stderr, "skipped: there is no CUDA device here\n");
    exit(77);
}
#else
#define DEVICE pm_backend_emu
#endif

enum { MAX_VARS = 400, MAX_LOG2 = 8, RECORD = 36, MAX_TERMS = 12000 };

struct shape {
    uint32_t n_vars, n_public;
    unsigned log2_domain;
    uint32_t longest;      /* row */
    unsigned infinity[5];  /* percent of A, B1, B2, C, H */
    unsigned witness_kind; /* 0: mixed, 1: zero, 2: one, 3: r - 1, 4: small, 5: full */
    bool streamed;         /* bases, by a limit of memory */
    unsigned more_seeds;   /* of the device, besides one */
};

struct inputs {
    struct pm_backend_key key;
    uint8_t *points[5], *witness, *records;
    uint32_t *start[2], *entry[2];
};

static void element(const struct pm_curve *c, uint8_t *out, unsigned kind)
{
    static const uint8_t zero[32];
    uint8_t wide[64];
    test_random_bytes(wide, sizeof wide);
    c->fr_reduce_wide(out, wide);
    if (kind == 0) kind = 1 + (unsigned)(test_random() % 5);
    if (kind < 5) memset(out + (kind == 4 ? 5 : 0), 0, kind == 4 ? 27 : 32);
    if (kind == 2 || kind == 3) out[0] = 1;
    if (kind == 3) c->fr_sub(out, zero, out);
}

/* n points, some at infinity, some repeated or negatives of others. */
static uint8_t *draw_points(const struct pm_curve *c, unsigned group, size_t n, unsigned infinity)
{
    const size_t size = group == 1 ? c->g1_bytes : c->g2_bytes;
    uint8_t *out = calloc(n + 1, size);
    struct pm_point1 p1, g1;
    struct pm_point2 p2, g2;
    c->g1_from_affine(&g1, c->g1_generator);
    c->g2_from_affine(&g2, c->g2_generator);
    p1 = g1;
    p2 = g2;
    for (size_t i = 0; i < n; i++) {
        uint64_t kind = test_random() % 10;
        if (test_random() % 100 < infinity) continue;
        if (group == 1) {
            if (kind == 0) c->g1_neg(&p1, &p1);
            if (kind > 1) c->g1_add(&p1, &p1, kind > 5 ? &p1 : &g1);
            c->g1_to_affine(out + i * size, &p1);
        } else {
            if (kind == 0) c->g2_neg(&p2, &p2);
            if (kind > 1) c->g2_add(&p2, &p2, kind > 5 ? &p2 : &g2);
            c->g2_to_affine(out + i * size, &p2);
        }
    }
    return out;
}

static struct pm_backend_rows draw_rows(const struct pm_curve *c, struct inputs *in, const struct shape *s,
                                        int m, uint32_t *n_records)
{
    uint32_t n_rows = (uint32_t)1 << s->log2_domain, at = 0;
    in->start[m] = malloc((n_rows + 1) * sizeof(uint32_t));
    in->entry[m] = malloc(MAX_TERMS * sizeof(uint32_t));
    for (uint32_t row = 0; row < n_rows; row++) {
        uint32_t n = (uint32_t)(test_random() % 4);
        if (test_random() % 40 == 0) n = (uint32_t)(test_random() % 100);
        if (row == n_rows / 2 && (int)(s->n_vars % 2) == m) n = s->longest;
        if (at + n > MAX_TERMS / 2) n = 0;
        in->start[m][row] = at;
        for (; n > 0; n--, at++, (*n_records)++) {
            uint8_t *record = in->records + (size_t)*n_records * RECORD;
            in->entry[m][at] = *n_records;
            pm_store_le32(record, (uint32_t)(test_random() % s->n_vars));
            element(c, record + 4, 0);
        }
    }
    in->start[m][n_rows] = at;
    return (struct pm_backend_rows){n_rows, RECORD, in->start[m], in->entry[m], in->records, in->records + 4};
}

static void draw(struct inputs *in, const struct pm_curve *c, const struct shape *s)
{
    uint32_t n_records = 0;
    const size_t n[5] = {s->n_vars, s->n_vars, s->n_vars, s->n_vars - s->n_public - 1,
                         (size_t)1 << s->log2_domain};
    memset(in, 0, sizeof *in);
    in->records = malloc(MAX_TERMS * RECORD);
    in->witness = malloc((size_t)s->n_vars * 32);
    for (int i = 0; i < 5; i++) in->points[i] = draw_points(c, i == 2 ? 2 : 1, n[i], s->infinity[i]);
    for (uint32_t i = 0; i < s->n_vars; i++)
        element(c, in->witness + (size_t)i * 32, i == 0 ? 2 : s->witness_kind);
    in->key = (struct pm_backend_key){.curve = c->name,
                                      .fp_bytes = c->fp_bytes,
                                      .fr_bytes = c->fr_bytes,
                                      .n_vars = s->n_vars,
                                      .n_public = s->n_public,
                                      .log2_domain = s->log2_domain,
                                      .a = in->points[0],
                                      .b1 = in->points[1],
                                      .b2 = in->points[2],
                                      .c = in->points[3],
                                      .h = in->points[4]};
    in->key.rows_a = draw_rows(c, in, s, 0, &n_records);
    in->key.rows_b = draw_rows(c, in, s, 1, &n_records);
}

static void inputs_free(struct inputs *in)
{
    for (int i = 0; i < 5; i++) free(in->points[i]);
    for (int i = 0; i < 2; i++) {
        free(in->start[i]);
        free(in->entry[i]);
    }
    free(in->witness);
    free(in->records);
}

/* The values of a backend's four sums, affine. */
struct values {
    uint8_t g1[3][PM_G1_MAX_BYTES], g2[PM_G2_MAX_BYTES];
};

static void value1(const struct pm_curve *c, uint8_t *out, const struct pm_partials *sum)
{
    static const uint8_t zero[PM_G1_MAX_BYTES];
    struct pm_point1 total, p;
    c->g1_from_affine(&total, zero);
    for (unsigned i = 0; i < sum->n; i++) {
        c->g1_from_affine(&p, sum->points + (size_t)i * c->g1_bytes);
        for (unsigned k = 0; k < sum->shift[i]; k++) c->g1_add(&p, &p, &p);
        c->g1_add(&total, &total, &p);
    }
    c->g1_to_affine(out, &total);
}
static void value2(const struct pm_curve *c, uint8_t *out, const struct pm_partials *sum)
{
    static const uint8_t zero[PM_G2_MAX_BYTES];
    struct pm_point2 total, p;
    c->g2_from_affine(&total, zero);
    for (unsigned i = 0; i < sum->n; i++) {
        c->g2_from_affine(&p, sum->points + (size_t)i * c->g2_bytes);
        for (unsigned k = 0; k < sum->shift[i]; k++) c->g2_add(&p, &p, &p);
        c->g2_add(&total, &total, &p);
    }
    c->g2_to_affine(out, &total);
}

static void sums_on(const struct pm_backend *backend, const struct pm_curve *c, struct inputs *in,
                    struct values *out)
{
    static uint8_t points[4][PM_PARTIALS_MAX * PM_G2_MAX_BYTES];
    struct pm_backend_plan plan;
    struct pm_backend_times times;
    struct pm_backend_sums sums = {.a = {.points = points[0]},
                                   .b1 = {.points = points[1]},
                                   .b2 = {.points = points[2]},
                                   .ch = {.points = points[3]}};
    struct pm_arena arena;
    struct pm_error err;
    void *loaded = NULL, *work = NULL;
    memset(out, 0, sizeof *out);
    CHECK_OK(backend->plan(&plan, &in->key, 0, 1, &err), err);
    CHECK_OK(backend->load(&loaded, &in->key, 0, NULL, &err), err);
    CHECK_OK(pm_arena_init(&arena, plan.host_work_bytes, &err), err);
    CHECK_OK(backend->open(&work, loaded, &arena, NULL, &err), err);
    CHECK_OK(backend->prove(work, &sums, in->witness, &times, NULL, &err), err);
    value1(c, out->g1[0], &sums.a);
    value1(c, out->g1[1], &sums.b1);
    value1(c, out->g1[2], &sums.ch);
    value2(c, out->g2, &sums.b2);
    backend->close(&work);
    pm_arena_fini(&arena);
    backend->unload(&loaded);
}

/* Lowers the limit of memory until bases do not stay on the device. */
static void stream_bases(const struct pm_backend_key *key)
{
    struct pm_backend_plan plan, best;
    struct pm_error err;
    CHECK_OK(DEVICE.plan(&best, key, 0, 1, &err), err);
    for (plan = best; plan.host_key_bytes == best.host_key_bytes;) {
        char text[32];
        (void)snprintf(text, sizeof text, "%llu",
                       (unsigned long long)(plan.device_key_bytes + plan.device_work_bytes - 1));
        setenv("PROOFMILL_DEVICE_MEMORY", text, 1);
        CHECK_OK(DEVICE.plan(&plan, key, 0, 1, &err), err);
        if (test_failures) break;
    }
}

static void compare_on(const struct pm_curve *c, struct inputs *in, const struct shape *s)
{
    static const char *const names[] = {"A", "B1", "C and H"};
    struct values cpu, emu;
    sums_on(&pm_backend_cpu, c, in, &cpu);
    if (s->streamed) stream_bases(&in->key);
    for (unsigned i = 0; i <= s->more_seeds; i++) {
        char seed[32];
        (void)snprintf(seed, sizeof seed, "%llu", (unsigned long long)test_random());
        setenv("PROOFMILL_EMU_SEED", seed, 1);
        sums_on(&DEVICE, c, in, &emu);
        for (int k = 0; k < 3; k++)
            CHECK_MSG(memcmp(cpu.g1[k], emu.g1[k], c->g1_bytes) == 0, "%s: sum over %s of %u variables",
                      c->name, names[k], s->n_vars);
        CHECK_MSG(memcmp(cpu.g2, emu.g2, c->g2_bytes) == 0, "%s: sum over B2 of %u variables", c->name,
                  s->n_vars);
    }
    unsetenv("PROOFMILL_DEVICE_MEMORY");
}

static void compare(const struct shape *s)
{
    static const char *const curves[] = {"bn128", "bls12381"};
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
        const struct pm_curve *c = pm_curve_by_name(curves[i]);
        struct pm_backend_plan plan;
        struct inputs in;
        draw(&in, c, s);
        if (DEVICE.plan(&plan, &in.key, 0, 1, NULL) == PM_OK)
            compare_on(c, &in, s);
        else /* not of this build */
            CHECK_STR(c->name, "bls12381");
        inputs_free(&in);
    }
}

PM_TEST(infinities)
{
    compare(&(struct shape){.n_vars = 90, .n_public = 3, .log2_domain = 5, .infinity = {0, 50, 50, 20, 0}});
    compare(
        &(struct shape){.n_vars = 60, .n_public = 3, .log2_domain = 5, .infinity = {30, 100, 0, 100, 50}});
    compare(&(struct shape){.n_vars = 61, .n_public = 3, .log2_domain = 5, .infinity = {30, 0, 100, 0, 100}});
    compare(&(struct shape){.n_vars = 50, .log2_domain = 4, .infinity = {100, 100, 100, 100, 100}});
}

PM_TEST(smallest_keys)
{
    compare(&(struct shape){.n_vars = 1, .log2_domain = 0});
    compare(&(struct shape){.n_vars = 2, .n_public = 1, .log2_domain = 1});
    compare(&(struct shape){.n_vars = 33, .n_public = 32, .log2_domain = 6}); /* no C */
}

PM_TEST(long_rows)
{
    if (WORLD_TSAN) return;
    compare(&(struct shape){.n_vars = 100, .log2_domain = 8, .longest = 5000});
    compare(&(struct shape){.n_vars = 101, .log2_domain = 3, .longest = 1100});
}

PM_TEST(witnesses_of_one_kind)
{
    for (unsigned kind = 1; kind <= (WORLD_TSAN ? 2 : 5); kind++)
        compare(&(struct shape){.n_vars = 70, .n_public = 1, .log2_domain = 4, .witness_kind = kind});
}

/* Without bases of A and B the sum over C and H is the first of its stream: the quotient is not there yet. */
PM_TEST(streamed_c_and_h)
{
    compare(&(struct shape){.n_vars = 10,
                            .log2_domain = 5,
                            .infinity = {100, 100, 100, 0, 0},
                            .streamed = true,
                            .more_seeds = WORLD_ASAN || WORLD_TSAN ? 1 : 13});
}

PM_TEST(drawn)
{
    for (int i = 0; i < (WORLD_TSAN ? 1 : 4); i++) {
        struct shape s = {.n_vars = 2 + (uint32_t)(test_random() % (MAX_VARS - 2)),
                          .log2_domain = (unsigned)(test_random() % (MAX_LOG2 + 1)),
                          .longest = (uint32_t)(test_random() % 300)};
        s.n_public = (uint32_t)(test_random() % (s.n_vars - 1));
        for (int k = 0; k < 5; k++) s.infinity[k] = (unsigned)(test_random() % 60);
        compare(&s);
    }
}
