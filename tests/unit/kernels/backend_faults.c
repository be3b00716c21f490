/* A device that is lost at every point of a key's and a proof's life, and one that answers wrongly: the proof
 * comes from the CPU, the device's own words go with it, nothing leaks, nothing that tells of the witness is
 * left in memory that was freed. With a list of backends of this test's own, in which the emulated GPU stands
 * where a real one does. */
#include "conformance/oracle.h"
#include "emu_world.h"
#include "prove/backend.h"
#include "prove/key.h"

#include "base/bytes.h"

enum { SLOW = WORLD_ASAN || WORLD_TSAN };

const struct pm_backend *const *pm_backend_list(void)
{
    static const struct pm_backend *const list[] = {&pm_backend_emu, &pm_backend_cpu, NULL};
    return list;
}

enum pm_status pm_backend_find(const struct pm_backend **out, unsigned *device, const char *name,
                               struct pm_error *err)
{
    *out = strcmp(name, "cpu") == 0 ? &pm_backend_cpu : &pm_backend_emu;
    *device = 0;
    (void)err;
    return PM_OK;
}

struct bench {
    struct oracle o;
    struct oracle_key k;
    struct pm_error err;
    uint8_t *wrong; /* a witness that does not satisfy the circuit */
    uint8_t r[32], s[32];
    struct pm_proof expected;
};

static size_t witness_bytes(const struct bench *b) { return (size_t)b->o.n_vars * ORACLE_ELEMENT; }

/* The witness's last element that is not a small number: no key has it in it. */
static struct emu_faults secret_of(const struct bench *b)
{
    const uint8_t *element = b->o.witness + witness_bytes(b);
    do element -= ORACLE_ELEMENT;
    while (element > b->o.witness && pm_bytes_are_zero(element + 16, 12));
    CHECK(element > b->o.witness);
    return (struct emu_faults){.secret = element, .secret_bytes = ORACLE_ELEMENT};
}

static bool set_up(struct bench *b, uint32_t n_constraints)
{
    struct pm_prover *cpu = NULL;
    uint8_t one[ORACLE_ELEMENT] = {1};
    memset(b, 0, sizeof *b);
    emu_set_faults(NULL);
    oracle_make(&b->o, pm_curve_by_name("bn128"), n_constraints, 1, test_random());
    const char *failed = oracle_key_make(&b->k, &b->o, NULL, &b->err);
    CHECK_MSG(!failed, "%s", failed);
    if (failed) return false;
    b->wrong = malloc(witness_bytes(b));
    if (!b->wrong) abort();
    memcpy(b->wrong, b->o.witness, witness_bytes(b));
    uint8_t *last = b->wrong + witness_bytes(b) - ORACLE_ELEMENT;
    b->o.curve->fr_add(last, last, one);
    oracle_element(&b->o, b->r);
    oracle_element(&b->o, b->s);
    CHECK_OK(pm_prover_new(&cpu, b->k.key, "cpu", NULL, &b->err), b->err);
    CHECK_OK(pm_prove_with(cpu, &b->expected, b->o.witness, b->o.n_vars, b->r, b->s, NULL, &b->err), b->err);
    pm_prover_free(&cpu);
    return true;
}

static void tear_down(struct bench *b)
{
    emu_set_faults(NULL);
    unsetenv("PROOFMILL_DEVICE_MEMORY");
    free(b->wrong);
    oracle_key_free(&b->k);
    oracle_free(&b->o);
}

static bool is_expected(const struct bench *b, const struct pm_proof *p)
{
    const struct pm_curve *c = b->o.curve;
    return memcmp(p->a, b->expected.a, c->g1_bytes) == 0 && memcmp(p->b, b->expected.b, c->g2_bytes) == 0 &&
           memcmp(p->c, b->expected.c, c->g1_bytes) == 0;
}

static void new_key(struct bench *b)
{
    pm_key_free(&b->k.key);
    CHECK_OK(pm_key_new(&b->k.key, &b->k.zkey, NULL, &b->err), b->err);
}

static enum pm_status prove(struct bench *b, struct pm_prover *p, struct pm_proof *made,
                            const uint8_t *witness)
{
    return pm_prove_with(p, made, witness, b->o.n_vars, b->r, b->s, NULL, &b->err);
}

/* Where a life was when its first fault showed. */
enum stage { NEVER, LOADING, PROVING };

/* A key loaded, a proof made, everything given back, under these faults; what must hold whenever they come.
 */
static enum stage live(struct bench *b, const struct emu_faults *faults, const char *device)
{
    struct pm_prover *p = NULL;
    struct pm_proof made;
    enum stage stage = NEVER;
    new_key(b);
    emu_set_faults(faults);
    enum pm_status status = pm_prover_new(&p, b->k.key, device, NULL, &b->err);
    const bool best = strcmp(device, "auto") == 0;
    if (status != PM_OK) {
        CHECK_MSG(!best && status == PM_DEVICE && strstr(b->err.text, "is lost (operation "), "%s: %s",
                  pm_status_name(status), b->err.text);
        stage = LOADING;
    } else {
        const bool on_cpu = strcmp(pm_prover_device(p), "cpu:0") == 0;
        CHECK(on_cpu == (pm_prover_trouble(p) != NULL));
        if (on_cpu) stage = LOADING;
        CHECK_OK(prove(b, p, &made, b->o.witness), b->err);
        CHECK(is_expected(b, &made));
        if (stage == NEVER && pm_prover_trouble(p)) stage = PROVING;
        CHECK(pm_prover_device_fault(p) == (stage != NEVER));
        const struct pm_error *trouble = pm_prover_trouble(p);
        if (trouble) CHECK_MSG(strncmp(trouble->text, "emu:0: ", 7) == 0, "%s", trouble->text);
        if (trouble && faults->fail_from)
            CHECK_MSG(trouble->status == PM_DEVICE && strstr(trouble->text, "is lost (operation "), "%s",
                      trouble->text);
    }
    pm_prover_free(&p);
    pm_key_free(&b->k.key); /* the emulated device dies of what is not given back */
    return stage;
}

/* Every operation once, or every step-th. A lost device's own memory cannot be wiped any more, so what is
 * looked for in freed memory is what the host still can: pinned memory, which the emulated device frees last.
 */
static void lost_everywhere(struct bench *b, const char *device, unsigned step)
{
    const struct emu_faults none = secret_of(b);
    CHECK_U64(live(b, &none, device), NEVER);
    const uint64_t n = emu_fault_counts().operations;
    CHECK_U64(emu_fault_counts().secrets, 0);
    uint64_t seen[3] = {0};
    for (uint64_t k = 1; k <= n; k = k < n && k + step > n ? n : k + step) {
        struct emu_faults f = none;
        f.fail_from = k;
        seen[live(b, &f, device)]++;
        CHECK_MSG(emu_fault_counts().secrets == 0, "lost at operation %llu of %llu: the witness was freed",
                  (unsigned long long)k, (unsigned long long)n);
    }
    CHECK_MSG(seen[NEVER] > 0 && seen[LOADING] > 0 && seen[PROVING] > 0, "%llu %llu %llu",
              (unsigned long long)seen[NEVER], (unsigned long long)seen[LOADING],
              (unsigned long long)seen[PROVING]);
}

PM_TEST(lost_at_every_operation)
{
    struct bench b;
    if (!set_up(&b, 3)) return;
    lost_everywhere(&b, "auto", SLOW ? 7 : 1);
    lost_everywhere(&b, "emu", SLOW ? 11 : 5);
    tear_down(&b);
}

/* Less memory, until bases are streamed: pinned memory holds them, and chunks are waited for. */
static void stream_key(struct bench *b)
{
    char limit[32];
    struct pm_backend_plan plan;
    CHECK_OK(pm_backend_emu.plan(&plan, &b->k.key->view, 0, 1, &b->err), b->err);
    const size_t resident = plan.host_key_bytes;
    while (plan.host_key_bytes == resident) {
        snprintf(limit, sizeof limit, "%zu", plan.device_key_bytes + plan.device_work_bytes - 1);
        setenv("PROOFMILL_DEVICE_MEMORY", limit, 1);
        CHECK_OK(pm_backend_emu.plan(&plan, &b->k.key->view, 0, 1, &b->err), b->err);
        if (b->err.status != PM_OK) return;
    }
}

PM_TEST(lost_while_bases_are_streamed)
{
    struct bench b;
    if (!set_up(&b, 130)) return;
    b.err.status = PM_OK;
    stream_key(&b);
    lost_everywhere(&b, "auto", SLOW ? 101 : 41);
    tear_down(&b);
}

/* What the host is given back is wrong in one bit, anywhere: seen in the proof, if not before. */
PM_TEST(one_wrong_bit)
{
    struct bench b;
    if (!set_up(&b, 5)) return;
    const struct emu_faults none = secret_of(&b);
    CHECK_U64(live(&b, &none, "auto"), NEVER);
    const uint64_t downloads = emu_fault_counts().downloads;
    CHECK(downloads >= 5); /* counts, and four sums at least */
    unsigned told = 0;     /* downloads in which it was seen; parts at infinity hide much */
    for (uint64_t d = 1; d <= downloads; d++) {
        unsigned seen = 0;
        for (int i = 0; i < (SLOW ? 2 : 8); i++) {
            struct emu_faults f = none;
            f.flip_download = d;
            f.flip_bit = test_random();
            seen += live(&b, &f, "auto") == PROVING;
            CHECK_U64(emu_fault_counts().secrets, 0);
        }
        told += seen > 0;
    }
    CHECK_MSG(told >= 2, "%u of %llu", told, (unsigned long long)downloads);
    tear_down(&b);
}

/* Bits of every word of the first download, the counts that sums are planned by. */
PM_TEST(wrong_counts)
{
    struct bench b;
    unsigned seen[3] = {0};
    if (!set_up(&b, 5)) return;
    for (uint64_t bit = 0; bit < 8 * 3 * 16; bit += SLOW ? 29 : 5) { /* three maps of four words */
        struct emu_faults f = secret_of(&b);
        f.flip_download = 1;
        f.flip_bit = bit;
        seen[live(&b, &f, "auto")]++;
        CHECK_U64(emu_fault_counts().secrets, 0);
    }
    CHECK(seen[LOADING] == 0 && seen[PROVING] > 3 * seen[NEVER]);
    tear_down(&b);
}

/* A witness that satisfies nothing is refused, whatever the device does, and says nothing of the device; the
 * next one that does satisfy the circuit does. True: it did. */
static bool accuses(struct bench *b, const struct emu_faults *f)
{
    struct pm_prover *p = NULL;
    struct pm_proof made;
    emu_set_faults(NULL);
    new_key(b);
    CHECK_OK(pm_prover_new(&p, b->k.key, "auto", NULL, &b->err), b->err);
    if (!p) return false;
    emu_set_faults(f);
    CHECK_U64(prove(b, p, &made, b->wrong), PM_UNSATISFIED);
    CHECK(!pm_prover_device_fault(p) && !pm_prover_trouble(p));
    emu_set_faults(f);
    CHECK_OK(prove(b, p, &made, b->o.witness), b->err);
    CHECK(is_expected(b, &made));
    CHECK_STR(pm_prover_device(p), "emu:0");
    const bool fault = pm_prover_device_fault(p);
    CHECK(fault == (pm_prover_trouble(p) != NULL));
    pm_prover_free(&p);
    return fault;
}

PM_TEST(a_bad_witness_accuses_nobody)
{
    struct bench b;
    unsigned seen = 0;
    if (!set_up(&b, 3)) return;
    struct emu_faults f = {.fail_from = 0};
    CHECK(!accuses(&b, &f));
    f.fail_from = 20;
    CHECK(accuses(&b, &f));
    f.fail_from = 0;
    for (f.flip_download = 2; f.flip_download <= 5; f.flip_download++) {
        f.flip_bit = test_random();
        seen += accuses(&b, &f);
    }
    CHECK(seen > 0);
    tear_down(&b);
}

/* Proofs of N witnesses, the second of which is none, on a device that is lost on the way. */
enum { N = 4 };
static bool batch_accuses(struct bench *b, struct pm_pool *pool, uint64_t fail_from)
{
    struct pm_batch_item items[N];
    struct pm_prover *p = NULL;
    struct emu_faults f = secret_of(b);
    for (int i = 0; i < N; i++)
        items[i] =
            (struct pm_batch_item){.witness = i == 1 ? b->wrong : b->o.witness, .n_values = b->o.n_vars};
    emu_set_faults(NULL);
    new_key(b);
    CHECK_OK(pm_prover_new(&p, b->k.key, "emu", pool, &b->err), b->err);
    if (!p) return false;
    f.fail_from = fail_from;
    emu_set_faults(&f);
    CHECK_U64(pm_prove_batch(p, items, N, &b->err), PM_UNSATISFIED);
    for (int i = 0; i < N; i++) CHECK_U64(items[i].status, i == 1 ? PM_UNSATISFIED : PM_OK);
    const bool fault = pm_prover_device_fault(p);
    pm_prover_free(&p);
    pm_key_free(&b->k.key);
    CHECK_U64(emu_fault_counts().secrets, 0);
    return fault;
}

PM_TEST(lost_in_the_middle_of_a_batch)
{
    struct bench b;
    if (!set_up(&b, 3)) return;
    for (unsigned threads = 1; threads <= 2; threads++) {
        struct pm_pool *pool = pm_pool_new(threads, &b.err);
        CHECK(!batch_accuses(&b, pool, 0));
        const uint64_t n = emu_fault_counts().operations, steps = SLOW ? 3 : 10;
        for (uint64_t k = 1; k <= n; k += n / steps) {
            const bool fault = batch_accuses(&b, pool, k);
            if (k < n / 2)
                CHECK_MSG(fault, "operation %llu of %llu", (unsigned long long)k, (unsigned long long)n);
        }
        pm_pool_free(&pool);
    }
    tear_down(&b);
}

/* Sums and transforms alone say what happened, and leak nothing. */
PM_TEST(parts_alone)
{
    struct bench b;
    if (!set_up(&b, 5)) return;
    const struct pm_curve *c = b.o.curve;
    static uint8_t points[PM_PARTIALS_MAX * PM_G1_MAX_BYTES], data[32 * 32];
    struct pm_partials out = {.points = points};
    for (int part = 0; part < 2; part++) {
        uint64_t k = 1;
        enum pm_status status = PM_DEVICE;
        for (; status == PM_DEVICE; k++) {
            const struct emu_faults f = {.fail_from = k};
            emu_set_faults(&f);
            status = part == 0
                         ? pm_backend_emu.msm(&out, c->name, 1, b.k.zkey.a, b.o.witness, 4, 0, NULL, &b.err)
                         : pm_backend_emu.ntt(data, c->name, PM_NTT_ODD_COSET, 5, 0, NULL, &b.err);
        }
        CHECK_OK(status, b.err);
        CHECK(k > 8);
    }
    tear_down(&b);
}
