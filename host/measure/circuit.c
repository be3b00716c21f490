/* A circuit of any size, made without a compiler: x -> x^2 + k again and again. Every wire is in A, in B and
 * in C, and every value is as wide as the field: the costliest witness of its size. */
#include "base/bytes.h"
#include "file/r1cs.h"
#include "file/wtns.h"
#include "measure/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { k_added = 7 };

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

/* Value i of the chain is wire i + 2; the last one is wire 1, the output. */
static uint32_t wire(uint32_t i, uint32_t n) { return i == n ? 1 : i + 2; }

static uint8_t *put_term(uint8_t *p, uint32_t at, const uint8_t *coefficient, size_t bytes)
{
    pm_store_le32(p, at);
    memcpy(p + 4, coefficient, bytes);
    return p + 4 + bytes;
}

/* x_i * x_i = x_(i+1) - k */
static void put_constraints(uint8_t *p, const struct pm_curve *curve, uint32_t n)
{
    size_t bytes = curve->fr_bytes;
    uint8_t one[PM_FR_MAX_BYTES] = {1}, zero[PM_FR_MAX_BYTES] = {0}, k[PM_FR_MAX_BYTES] = {k_added};
    curve->fr_sub(k, zero, k);
    for (uint32_t i = 0; i < n; i++) {
        for (int side = 0; side < 2; side++) {
            pm_store_le32(p, 1);
            p = put_term(p + 4, wire(i, n), one, bytes);
        }
        pm_store_le32(p, 2);
        p = put_term(p + 4, 0, k, bytes);
        p = put_term(p, wire(i + 1, n), one, bytes);
    }
}

static void put_witness(uint8_t *values, const struct pm_curve *curve, uint32_t n)
{
    size_t bytes = curve->fr_bytes;
    uint8_t x[PM_FR_MAX_BYTES], k[PM_FR_MAX_BYTES] = {k_added}, t[PM_FR_MAX_BYTES];
    memset(values, 0, bytes);
    values[0] = 1;
    measure_elements(curve, x, 1, 7);
    for (uint32_t i = 0;; i++) {
        memcpy(values + (size_t)wire(i, n) * bytes, x, bytes);
        if (i == n) break;
        curve->fr_to_mont(t, x);
        curve->fr_mul(x, t, x);
        curve->fr_add(x, x, k);
    }
}

enum pm_status measure_circuit(const struct measure_files *f, const struct pm_curve *curve, uint32_t n,
                               struct pm_error *err)
{
    size_t bytes = curve->fr_bytes, record = 3 * 4 + 4 * (4 + bytes);
    uint8_t *constraints = NULL, *values = NULL;
    enum pm_status status;
    PM_GOTO(measure_alloc(&constraints, (size_t)n * record, err));
    put_constraints(constraints, curve, n);
    PM_GOTO(pm_r1cs_write(f->r1cs, curve, n + 2, 1, 0, n, constraints, (uint64_t)n * record, err));
    PM_GOTO(measure_alloc(&values, ((size_t)n + 2) * bytes, err));
    put_witness(values, curve, n);
    PM_GOTO(pm_wtns_write(f->wtns, curve, values, n + 2, err));
out:
    free(constraints);
    free(values);
    return status;
}
