/* The suite that every backend passes: test_conformance --device NAME [--seed N] [--only TEST]. Results are
 * compared with sums made one multiplication at a time, with a naive transform, and with the oracle's proofs.
 * Sizes are kept small, odd and unfriendly; big ones are benchmarks' business, which check their results as
 * well. */
int test_main(int argc, char **argv);
#define main test_main /* the harness's own; ours takes --device first */
#include "test.h"
#undef main

#include "conformance/oracle.h"
#include "base/bytes.h"
#include "prove/backend.h"
#include "prove/key.h"

static const struct pm_backend *backend;
static unsigned device;
static struct pm_pool *pool;

static const char *const curves[] = {"bn128", "bls12381"};

/* Calls run for every curve that this build and the backend have. */
static void for_each_curve(void (*run)(const struct pm_curve *curve))
{
    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++) {
        const struct pm_curve *curve = pm_curve_by_name(curves[i]);
        if (!curve) continue;
        struct pm_backend_key key = {.curve = curve->name,
                                     .fp_bytes = curve->fp_bytes,
                                     .fr_bytes = curve->fr_bytes,
                                     .n_vars = 2,
                                     .log2_domain = 1};
        struct pm_backend_plan plan;
        if (backend->plan(&plan, &key, device, 1, NULL) == PM_OK) run(curve);
    }
}

static void random_scalar(const struct pm_curve *curve, uint8_t *out)
{
    uint8_t wide[64];
    test_random_bytes(wide, sizeof wide);
    curve->fr_reduce_wide(out, wide);
}

/* The traps of windows and signed digits: 0, 1, 2, r-1, r-2, near r/2, powers of two and one less, runs of
 * ones. */
static void odd_scalar(const struct pm_curve *curve, uint8_t *out)
{
    static const uint8_t zero[32];
    unsigned kind = (unsigned)(test_random() % 10), bit = (unsigned)(test_random() % 254);
    uint8_t small[32] = {0};
    memset(out, 0, 32);
    small[0] = (uint8_t)(test_random() % 4);
    switch (kind) {
    case 0:
        break;
    case 1:
        out[0] = 1;
        break;
    case 2:
        curve->fr_sub(out, zero, small);
        break; /* r - small */
    case 3:    /* r / 2 and its neighbours */
        memcpy(out, curve->fr_modulus, 32);
        for (int i = 0; i < 32; i++) out[i] = (uint8_t)(out[i] >> 1 | (i < 31 ? out[i + 1] << 7 : 0));
        curve->fr_add(out, out, small);
        break;
    case 4:
        out[bit / 8] = (uint8_t)(1u << bit % 8);
        break;
    case 5:
        for (unsigned i = 0; i < bit; i++) out[i / 8] |= (uint8_t)(1u << i % 8);
        if (!curve->fr_is_canonical(out)) memset(out, 0, 32);
        break;
    case 6:
        pm_store_le32(out, (uint32_t)test_random());
        break;
    default:
        random_scalar(curve, out);
    }
}

/* -- MSM -- */

/* Points with friends and enemies: infinity, repeats, negatives of earlier ones. */
static void make_bases1(const struct pm_curve *c, uint8_t *bases, size_t n)
{
    struct pm_point1 g, p;
    c->g1_from_affine(&g, c->g1_generator);
    for (size_t i = 0; i < n; i++) {
        uint8_t s[32], *at = bases + i * c->g1_bytes;
        unsigned kind = (unsigned)(test_random() % 8);
        if (kind == 0) {
            memset(at, 0, c->g1_bytes);
        } else if (kind <= 2 && i > 0) {
            c->g1_from_affine(&p, bases + (test_random() % i) * c->g1_bytes);
            if (kind == 2) c->g1_neg(&p, &p);
            c->g1_to_affine(at, &p);
        } else {
            random_scalar(c, s);
            c->g1_mul(&p, &g, s);
            c->g1_to_affine(at, &p);
        }
    }
}

static void make_bases2(const struct pm_curve *c, uint8_t *bases, size_t n)
{
    struct pm_point2 g, p;
    c->g2_from_affine(&g, c->g2_generator);
    for (size_t i = 0; i < n; i++) {
        uint8_t s[32], *at = bases + i * c->g2_bytes;
        unsigned kind = (unsigned)(test_random() % 8);
        if (kind == 0) {
            memset(at, 0, c->g2_bytes);
        } else if (kind <= 2 && i > 0) {
            c->g2_from_affine(&p, bases + (test_random() % i) * c->g2_bytes);
            if (kind == 2) c->g2_neg(&p, &p);
            c->g2_to_affine(at, &p);
        } else {
            random_scalar(c, s);
            c->g2_mul(&p, &g, s);
            c->g2_to_affine(at, &p);
        }
    }
}

static void naive1(const struct pm_curve *c, uint8_t *out, const uint8_t *bases, const uint8_t *scalars,
                   size_t n)
{
    uint8_t zero[PM_G1_MAX_BYTES] = {0};
    struct pm_point1 sum, p;
    c->g1_from_affine(&sum, zero);
    for (size_t i = 0; i < n; i++) {
        c->g1_from_affine(&p, bases + i * c->g1_bytes);
        c->g1_mul(&p, &p, scalars + i * c->fr_bytes);
        c->g1_add(&sum, &sum, &p);
    }
    c->g1_to_affine(out, &sum);
}

static void naive2(const struct pm_curve *c, uint8_t *out, const uint8_t *bases, const uint8_t *scalars,
                   size_t n)
{
    uint8_t zero[PM_G2_MAX_BYTES] = {0};
    struct pm_point2 sum, p;
    c->g2_from_affine(&sum, zero);
    for (size_t i = 0; i < n; i++) {
        c->g2_from_affine(&p, bases + i * c->g2_bytes);
        c->g2_mul(&p, &p, scalars + i * c->fr_bytes);
        c->g2_add(&sum, &sum, &p);
    }
    c->g2_to_affine(out, &sum);
}

/* The value of partial sums, each point multiplied by its power of two on its own. */
static void value1(const struct pm_curve *c, uint8_t *out, const struct pm_partials *sums)
{
    uint8_t zero[PM_G1_MAX_BYTES] = {0};
    struct pm_point1 sum, p;
    c->g1_from_affine(&sum, zero);
    for (unsigned i = 0; i < sums->n; i++) {
        CHECK(i == 0 || sums->shift[i - 1] <= sums->shift[i]);
        CHECK(c->g1_check(sums->points + i * c->g1_bytes));
        c->g1_from_affine(&p, sums->points + i * c->g1_bytes);
        for (unsigned k = 0; k < sums->shift[i]; k++) c->g1_add(&p, &p, &p);
        c->g1_add(&sum, &sum, &p);
    }
    c->g1_to_affine(out, &sum);
}

static void value2(const struct pm_curve *c, uint8_t *out, const struct pm_partials *sums)
{
    uint8_t zero[PM_G2_MAX_BYTES] = {0};
    struct pm_point2 sum, p;
    c->g2_from_affine(&sum, zero);
    for (unsigned i = 0; i < sums->n; i++) {
        CHECK(i == 0 || sums->shift[i - 1] <= sums->shift[i]);
        CHECK(c->g2_check(sums->points + i * c->g2_bytes));
        c->g2_from_affine(&p, sums->points + i * c->g2_bytes);
        for (unsigned k = 0; k < sums->shift[i]; k++) c->g2_add(&p, &p, &p);
        c->g2_add(&sum, &sum, &p);
    }
    c->g2_to_affine(out, &sum);
}

/* One MSM against the naive sum. bases may stand at any address: they are moved by one byte here. */
static void check_msm(const struct pm_curve *c, unsigned group, const uint8_t *bases, const uint8_t *scalars,
                      size_t n)
{
    uint8_t points[PM_PARTIALS_MAX * PM_G2_MAX_BYTES], expected[PM_G2_MAX_BYTES], got[PM_G2_MAX_BYTES];
    size_t size = group == 1 ? c->g1_bytes : c->g2_bytes;
    struct pm_partials sums = {.points = points};
    struct pm_error err;
    uint8_t *moved = malloc(n * size + 1);
    memcpy(moved + 1, bases, n * size);
    CHECK_OK(backend->msm(&sums, c->name, group, moved + 1, scalars, n, device, pool, &err), err);
    CHECK(sums.n <= PM_PARTIALS_MAX);
    if (group == 1) {
        naive1(c, expected, bases, scalars, n);
        value1(c, got, &sums);
    } else {
        naive2(c, expected, bases, scalars, n);
        value2(c, got, &sums);
    }
    CHECK_MSG(memcmp(got, expected, size) == 0, "%s, G%u, %zu points", c->name, group, n);
    free(moved);
}

static void msm_sizes(const struct pm_curve *c)
{
    static const size_t sizes[] = {0, 1, 2, 3, 5, 8, 31, 32, 33, 63, 127, 128, 200, 257, 700};
    uint8_t *bases = malloc(700 * (size_t)c->g2_bytes), *scalars = malloc(700 * (size_t)c->fr_bytes);
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        for (size_t i = 0; i < sizes[k]; i++) odd_scalar(c, scalars + i * c->fr_bytes);
        make_bases1(c, bases, sizes[k]);
        check_msm(c, 1, bases, scalars, sizes[k]);
        if (sizes[k] > 257) continue;
        make_bases2(c, bases, sizes[k]);
        check_msm(c, 2, bases, scalars, sizes[k]);
    }
    free(bases);
    free(scalars);
}
PM_TEST(msm_of_odd_scalars) { for_each_curve(msm_sizes); }

/* All equal points, equal scalars: every addition in a bucket is a doubling. P and -P in turn: everything
 * cancels. All infinity. All scalars zero. One point that is not infinity. */
static void msm_degenerate(const struct pm_curve *c)
{
    enum { n = 67 };
    uint8_t *bases = malloc(n * (size_t)c->g1_bytes), *scalars = calloc(n, c->fr_bytes), s[32];
    struct pm_point1 p;
    random_scalar(c, s);
    for (int kind = 0; kind < 5; kind++) {
        memset(bases, 0, n * (size_t)c->g1_bytes);
        memset(scalars, 0, n * (size_t)c->fr_bytes);
        for (size_t i = 0; i < n; i++) {
            uint8_t *at = bases + i * c->g1_bytes;
            c->g1_from_affine(&p, c->g1_generator);
            if (kind == 1 && i % 2) c->g1_neg(&p, &p);
            if (kind == 0 || kind == 1 || kind == 3 || (kind == 4 && i == n - 1)) c->g1_to_affine(at, &p);
            if (kind != 3) memcpy(scalars + i * c->fr_bytes, s, c->fr_bytes);
        }
        check_msm(c, 1, bases, scalars, n);
        check_msm(c, 1, bases, scalars, n - 1);
    }
    free(bases);
    free(scalars);
}
PM_TEST(msm_of_degenerate_points) { for_each_curve(msm_degenerate); }

/* -- NTT -- */

/* out[i] = sum of coefficients[j] * x^j at x = shift * w_n^i; all Montgomery, natural order. */
static void naive_evaluate(const struct pm_curve *c, uint8_t *out, const uint8_t *coefficients,
                           unsigned log2_n, const uint8_t *shift)
{
    size_t n = (size_t)1 << log2_n;
    uint8_t root[32], x[32];
    c->fr_root(root, log2_n);
    memcpy(x, shift, 32);
    for (size_t i = 0; i < n; i++) {
        uint8_t *sum = out + i * 32;
        memset(sum, 0, 32);
        for (size_t j = n; j-- > 0;) {
            c->fr_mul(sum, sum, x);
            c->fr_add(sum, sum, coefficients + j * 32);
        }
        c->fr_mul(x, x, root);
    }
}

static size_t reversed(size_t i, unsigned bits)
{
    size_t out = 0;
    for (unsigned k = 0; k < bits; k++) out |= (i >> k & 1) << (bits - 1 - k);
    return out;
}

static void ntt_sizes(const struct pm_curve *c)
{
    struct pm_error err;
    for (unsigned log2_n = 0; log2_n <= 8; log2_n++) {
        size_t n = (size_t)1 << log2_n, bytes = n * 32;
        uint8_t *coefficients = malloc(bytes), *evaluations = malloc(bytes), *data = malloc(bytes),
                *coset = malloc(bytes);
        uint8_t one[32] = {1}, shift[32];
        c->fr_to_mont(one, one);
        c->fr_root(shift, log2_n + 1);
        for (size_t i = 0; i < n; i++) random_scalar(c, coefficients + i * 32);
        if (log2_n == 3) memset(coefficients + 32, 0, bytes - 32); /* a constant */
        naive_evaluate(c, evaluations, coefficients, log2_n, one);
        naive_evaluate(c, coset, coefficients, log2_n, shift);

        memcpy(data, evaluations, bytes);
        CHECK_OK(backend->ntt(data, c->name, PM_NTT_INVERSE, log2_n, device, pool, &err), err);
        for (size_t i = 0; i < n; i++) CHECK_MEM(data + reversed(i, log2_n) * 32, coefficients + i * 32, 32);
        CHECK_OK(backend->ntt(data, c->name, PM_NTT_FORWARD, log2_n, device, pool, &err), err);
        CHECK_MEM(data, evaluations, bytes);
        CHECK_OK(backend->ntt(data, c->name, PM_NTT_ODD_COSET, log2_n, device, pool, &err), err);
        CHECK_MSG(memcmp(data, coset, bytes) == 0, "%s, odd coset of 2^%u", c->name, log2_n);
        free(coefficients);
        free(evaluations);
        free(data);
        free(coset);
    }
}
PM_TEST(ntt_against_evaluation) { for_each_curve(ntt_sizes); }

static void ntt_large(const struct pm_curve *c)
{
    enum { log2_n = 15 };
    size_t bytes = (size_t)32 << log2_n;
    uint8_t *data = malloc(bytes), *before = malloc(bytes);
    struct pm_error err;
    for (size_t i = 0; i < (size_t)1 << log2_n; i++) random_scalar(c, before + i * 32);
    memcpy(data, before, bytes);
    CHECK_OK(backend->ntt(data, c->name, PM_NTT_INVERSE, log2_n, device, pool, &err), err);
    CHECK(memcmp(data, before, bytes) != 0);
    CHECK_OK(backend->ntt(data, c->name, PM_NTT_FORWARD, log2_n, device, pool, &err), err);
    CHECK_MEM(data, before, bytes);
    free(data);
    free(before);
}
PM_TEST(ntt_there_and_back) { for_each_curve(ntt_large); }

/* -- proofs -- */

static void prove_sizes(const struct pm_curve *c)
{
    static const uint32_t sizes[][2] = {{1, 0},  {1, 1},  {2, 1},    {5, 3},
                                        {31, 0}, {32, 1}, {100, 27}, {257, 2}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct oracle o;
        struct oracle_key k;
        struct pm_error err;
        struct pm_prover *p = NULL;
        struct pm_proof expected, made;
        uint8_t r[32], s[32];
        oracle_make(&o, c, sizes[i][0], sizes[i][1], test_random());
        const char *failed = oracle_key_make(&k, &o, pool, &err);
        CHECK_MSG(!failed, "%s", failed);
        if (!failed) CHECK_OK(pm_prover_new_on(&p, k.key, backend, device, pool, &err), err);
        for (int round = 0; p && round < 3; round++) { /* nothing of one proof stays for the next */
            oracle_element(&o, r);
            oracle_element(&o, s);
            oracle_prove(&o, &expected, r, s);
            CHECK_OK(pm_prove_with(p, &made, o.witness, o.n_vars, r, s, NULL, &err), err);
            CHECK_MSG(memcmp(made.a, expected.a, c->g1_bytes) == 0 &&
                          memcmp(made.b, expected.b, c->g2_bytes) == 0 &&
                          memcmp(made.c, expected.c, c->g1_bytes) == 0,
                      "%s, %u constraints", c->name, sizes[i][0]);
        }
        if (p) CHECK(!pm_prover_trouble(p));
        pm_prover_free(&p);
        oracle_key_free(&k);
        oracle_free(&o);
    }
}
PM_TEST(proofs_equal_the_oracle) { for_each_curve(prove_sizes); }

/* Two workspaces of one loaded key, used in turn, do not disturb each other. */
static void prove_in_turn(const struct pm_curve *c)
{
    struct oracle o;
    struct oracle_key k;
    struct pm_error err;
    struct pm_prover *p[2] = {NULL, NULL};
    struct pm_proof expected, made;
    uint8_t r[32], s[32];
    oracle_make(&o, c, 40, 2, test_random());
    const char *failed = oracle_key_make(&k, &o, pool, &err);
    CHECK_MSG(!failed, "%s", failed);
    for (int i = 0; i < 2 && !failed; i++)
        CHECK_OK(pm_prover_new_on(&p[i], k.key, backend, device, pool, &err), err);
    for (int i = 0; i < 6 && p[0] && p[1]; i++) {
        oracle_element(&o, r);
        oracle_element(&o, s);
        oracle_prove(&o, &expected, r, s);
        CHECK_OK(pm_prove_with(p[i % 2], &made, o.witness, o.n_vars, r, s, NULL, &err), err);
        CHECK_MEM(made.c, expected.c, c->g1_bytes);
    }
    pm_prover_free(&p[0]);
    pm_prover_free(&p[1]);
    oracle_key_free(&k);
    oracle_free(&o);
}
PM_TEST(workspaces_in_turn) { for_each_curve(prove_in_turn); }

static void host_memory(const struct pm_curve *c)
{
    struct oracle o;
    struct oracle_key k;
    struct pm_error err;
    oracle_make(&o, c, 70, 1, test_random());
    const char *failed = oracle_key_make(&k, &o, pool, &err);
    CHECK_MSG(!failed, "%s", failed);
    if (!failed) {
        struct pm_backend_plan plan;
        struct pm_arena arena;
        void *loaded = NULL, *work = NULL;
        CHECK_OK(backend->plan(&plan, &k.key->view, device, pm_pool_threads(pool), &err), err);
        CHECK_OK(pm_key_on(&loaded, k.key, backend, device, pool, &err), err);
        CHECK_OK(pm_arena_init(&arena, plan.host_work_bytes, &err), err);
        CHECK_OK(backend->open(&work, loaded, &arena, pool, &err), err);
        CHECK_U64(arena.used, plan.host_work_bytes);
        backend->close(&work);
        CHECK(work == NULL);
        pm_arena_fini(&arena);
    }
    oracle_key_free(&k);
    oracle_free(&o);
}
PM_TEST(host_memory_is_as_planned) { for_each_curve(host_memory); }

PM_TEST(refusals)
{
    struct pm_error err;
    struct pm_partials out = {.points = NULL};
    struct pm_backend_device text;
    uint8_t data[64] = {0};
    CHECK_OK(backend->describe(&text, device, &err), err);
    CHECK(strlen(text.text) > 0 && strlen(text.text) < sizeof text.text);
    CHECK(backend->describe(&text, backend->count(), &err) == PM_NOT_FOUND);
    CHECK(backend->msm(&out, "secp256k1", 1, data, data, 0, device, pool, &err) == PM_UNSUPPORTED);
    CHECK(backend->ntt(data, "secp256k1", PM_NTT_FORWARD, 1, device, pool, &err) == PM_UNSUPPORTED);
    CHECK(backend->ntt(data, "bn128", PM_NTT_FORWARD, 40, device, pool, &err) == PM_UNSUPPORTED);
}

/* The emulated GPU, with the test's seed. */
static const struct pm_backend *emulated(int argc, char **argv)
{
    char seed[32];
    (void)snprintf(seed, sizeof seed, "%llu", (unsigned long long)time(NULL));
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], "--seed") == 0) (void)snprintf(seed, sizeof seed, "%s", argv[i + 1]);
    printf("emulated device, seed %s\n", seed);
    setenv("PROOFMILL_EMU_SEED", seed, 1);
    return &pm_backend_emu;
}

int main(int argc, char **argv)
{
    struct pm_error err;
    const char *name = "cpu";
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], "--device") == 0) name = argv[i + 1];
    enum pm_status status = PM_OK;
    if (strcmp(name, "emu") == 0) /* the programs do not have it */
        backend = emulated(argc, argv);
    else
        status = pm_backend_find(&backend, &device, name, &err);
    if (status == PM_NOT_FOUND) {
        printf("%s\nskipped: nothing to test\n", err.text);
        return 77;
    }
    if (status != PM_OK || !(pool = pm_pool_new(2, &err))) {
        fprintf(stderr, "%s\n", err.text);
        return 2;
    }
    int rc = test_main(argc, argv);
    pm_pool_free(&pool);
    return rc;
}
