/* Circuits of any size, made without a compiler. Values and constraints are made in order, constraint i
 * giving value i + 1 from earlier ones.
 *
 * wide: x -> x^2 + k again and again: every wire is in A, in B and in C.
 * mixed, bits: (x + 2 x') y = z + k, where z has the value that its kind of witness wants and k, the constant
 * wire's coefficient, makes it so. Which wires may stand in A and in B is told by their number; x and y are
 * the last such before z, so that all of them do, x' is one from anywhere before. */
#include "base/bytes.h"
#include "file/r1cs.h"
#include "file/wtns.h"
#include "measure/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { k_added = 7, piece = 4096 /* constraints made at a time */, most_terms = 5 };

enum pm_status measure_files_make(struct measure_files *f, struct pm_error *err)
{
    const char *tmp = getenv("TMPDIR");
    *f = (struct measure_files){.dir = ""};
    (void)snprintf(f->dir, sizeof f->dir, "%s/proofmill-XXXXXX",
                   tmp && *tmp && strlen(tmp) < 40 ? tmp : "/tmp");
    if (!mkdtemp(f->dir)) {
        enum pm_status status =
            pm_fail(err, PM_IO, "%s: a folder for the benchmark's files cannot be made", f->dir);
        f->dir[0] = '\0';
        return status;
    }
    (void)snprintf(f->r1cs, sizeof f->r1cs, "%s/c.r1cs", f->dir);
    (void)snprintf(f->wtns, sizeof f->wtns, "%s/c.wtns", f->dir);
    (void)snprintf(f->zkey, sizeof f->zkey, "%s/c.zkey", f->dir);
    return PM_OK;
}

void measure_files_remove(struct measure_files *f)
{
    if (!*f->dir) return;
    (void)unlink(f->r1cs);
    (void)unlink(f->wtns);
    (void)unlink(f->zkey);
    (void)rmdir(f->dir);
    f->dir[0] = '\0';
}

/* In per cent. small: below 2^16, and not 0 or 1; what is left is full-width. */
struct kind {
    unsigned zero, one, small, in_a, in_b;
};
static const struct kind kinds[] = {
    [PM_SYNTH_MIXED] = {45, 25, 10, 80, 50},
    [PM_SYNTH_BITS] = {58, 42, 0, 64, 34},
};

struct synth {
    const struct pm_curve *curve;
    enum pm_synth_kind kind;
    uint32_t n;      /* constraints */
    uint8_t *values; /* by wire: n + 2 */
};

/* Value i is wire i + 2; the last one is wire 1, the output. */
static uint32_t wire(uint32_t i, uint32_t n) { return i == n ? 1 : i + 2; }

static const uint8_t *value(const struct synth *s, uint32_t i)
{
    return s->values + (size_t)wire(i, s->n) * s->curve->fr_bytes;
}

static uint64_t random_of(uint32_t i) /* splitmix64 */
{
    uint64_t z = (i + (uint64_t)1) * 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static bool may_stand(uint32_t i, unsigned per_cent, unsigned step)
{
    return i == 0 || i * (uint64_t)step % 100 < per_cent;
}
static uint32_t last_in(uint32_t i, unsigned per_cent, unsigned step)
{
    while (!may_stand(i, per_cent, step)) i--;
    return i;
}

static void put_kind_value(const struct synth *s, uint8_t *out, uint32_t i)
{
    const struct kind *k = &kinds[s->kind];
    uint64_t r = random_of(i);
    unsigned at = (unsigned)(r % 100);
    memset(out, 0, s->curve->fr_bytes);
    if (at < k->zero) return;
    if (at < k->zero + k->one)
        out[0] = 1;
    else if (at < k->zero + k->one + k->small)
        pm_store_le32(out, 2 + (uint32_t)(r >> 48) % 65534);
    else
        measure_elements(s->curve, out, 1, r);
}

static void make_values(struct synth *s)
{
    size_t bytes = s->curve->fr_bytes;
    uint8_t x[PM_FR_MAX_BYTES], k[PM_FR_MAX_BYTES] = {k_added}, t[PM_FR_MAX_BYTES];
    memset(s->values, 0, bytes);
    s->values[0] = 1;
    measure_elements(s->curve, x, 1, 7);
    for (uint32_t i = 0;; i++) {
        if (s->kind != PM_SYNTH_WIDE) put_kind_value(s, x, i);
        memcpy(s->values + (size_t)wire(i, s->n) * bytes, x, bytes);
        if (i == s->n) break;
        if (s->kind != PM_SYNTH_WIDE) continue;
        s->curve->fr_to_mont(t, x);
        s->curve->fr_mul(x, t, x);
        s->curve->fr_add(x, x, k);
    }
}

static uint8_t *put_count(uint8_t *p, uint32_t n_terms)
{
    pm_store_le32(p, n_terms);
    return p + 4;
}
static uint8_t *put_term(uint8_t *p, uint32_t at, const uint8_t *coefficient, size_t bytes)
{
    pm_store_le32(p, at);
    memcpy(p + 4, coefficient, bytes);
    return p + 4 + bytes;
}

/* x_i * x_i = x_(i+1) - k */
static uint8_t *put_square(const struct synth *s, uint8_t *p, uint32_t i)
{
    size_t bytes = s->curve->fr_bytes;
    uint8_t one[PM_FR_MAX_BYTES] = {1}, zero[PM_FR_MAX_BYTES] = {0}, k[PM_FR_MAX_BYTES] = {k_added};
    s->curve->fr_sub(k, zero, k);
    for (int side = 0; side < 2; side++) p = put_term(put_count(p, 1), wire(i, s->n), one, bytes);
    p = put_term(put_count(p, 2), 0, k, bytes);
    return put_term(p, wire(i + 1, s->n), one, bytes);
}

/* (x + 2 x') y = z + k */
static uint8_t *put_product(const struct synth *s, uint8_t *p, uint32_t i)
{
    const struct pm_curve *curve = s->curve;
    const struct kind *kind = &kinds[s->kind];
    size_t bytes = curve->fr_bytes;
    static const uint8_t one[PM_FR_MAX_BYTES] = {1}, two[PM_FR_MAX_BYTES] = {2}, zero[PM_FR_MAX_BYTES];
    uint32_t x = last_in(i, kind->in_a, 37), y = last_in(i, kind->in_b, 61);
    uint32_t other = last_in((uint32_t)(random_of(~i) % (i + (uint64_t)1)), kind->in_a, 37);
    uint8_t k[PM_FR_MAX_BYTES], t[PM_FR_MAX_BYTES];
    curve->fr_add(k, value(s, other), value(s, other));
    curve->fr_add(k, k, value(s, x));
    curve->fr_to_mont(t, value(s, y));
    curve->fr_mul(k, k, t);
    curve->fr_sub(k, k, value(s, i + 1));
    if (other == x) {
        static const uint8_t three[PM_FR_MAX_BYTES] = {3};
        p = put_term(put_count(p, 1), wire(x, s->n), three, bytes);
    } else {
        p = put_term(put_count(p, 2), wire(x, s->n), one, bytes);
        p = put_term(p, wire(other, s->n), two, bytes);
    }
    p = put_term(put_count(p, 1), wire(y, s->n), one, bytes);
    bool with_k = memcmp(k, zero, bytes) != 0;
    p = put_count(p, 1 + with_k);
    if (with_k) p = put_term(p, 0, k, bytes);
    return put_term(p, wire(i + 1, s->n), one, bytes);
}

static enum pm_status write_constraints(const struct synth *s, const char *path, uint8_t *buffer,
                                        struct pm_error *err)
{
    enum pm_status status;
    struct pm_r1cs_writer *out = NULL;
    PM_GOTO(pm_r1cs_writer_new(&out, path, s->curve, s->n + 2, 1, 0, s->n, err));
    for (uint32_t done = 0; done < s->n; done += piece) {
        uint32_t count = s->n - done < piece ? s->n - done : piece;
        uint8_t *p = buffer;
        for (uint32_t i = done; i < done + count; i++)
            p = s->kind == PM_SYNTH_WIDE ? put_square(s, p, i) : put_product(s, p, i);
        PM_GOTO(pm_r1cs_writer_put(out, buffer, (uint64_t)(p - buffer), count, err));
    }
    PM_GOTO(pm_r1cs_writer_finish(out, err));
out:
    pm_r1cs_writer_free(&out);
    return status;
}

enum pm_status pm_synth(const char *r1cs_path, const char *wtns_path, const struct pm_curve *curve,
                        enum pm_synth_kind kind, uint32_t n_constraints, struct pm_error *err)
{
    struct synth s = {.curve = curve, .kind = kind, .n = n_constraints};
    size_t bytes = curve->fr_bytes, record = 3 * 4 + (size_t)most_terms * (4 + bytes);
    uint8_t *buffer = NULL;
    enum pm_status status;
    if (n_constraints < 1 || n_constraints > PM_SYNTH_MAX)
        return pm_fail(err, PM_USAGE, "from 1 to %d constraints expected, not %u", PM_SYNTH_MAX,
                       n_constraints);
    PM_GOTO(measure_alloc(&s.values, ((size_t)n_constraints + 2) * bytes, err));
    PM_GOTO(measure_alloc(&buffer, piece * record, err));
    make_values(&s);
    PM_GOTO(write_constraints(&s, r1cs_path, buffer, err));
    PM_GOTO(pm_wtns_write(wtns_path, curve, s.values, n_constraints + 2, err));
out:
    free(s.values);
    free(buffer);
    return status;
}
