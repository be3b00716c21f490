/* What a device can do at best: multiply-adds of 32 bits, products of field elements, copies, launches. The
 * rates that sums and transforms are measured against. Instructions and copies have no result to check; field
 * products do: x factor^m, in Fr worked out by the host, in Fp with a factor of one. */
#include "measure/inside.h"
#include "prove/backend.h"
#include "prove/coord.h"
#include "prove/lagrange.h"

#include <stdlib.h>
#include <string.h>

static enum pm_status measure_part(struct measure *m, enum pm_timed_part part, size_t n, const char *what,
                                   const char *item)
{
    uint64_t ns[PM_MEASURE_MAX_RUNS];
    struct pm_backend_timed timed = {.part = part, .n = n};
    PM_TRY(measure_on_device(m, ns, &timed));
    m->row.size = n;
    measure_given(m, what, item, timed.items, ns, 0);
    return PM_OK;
}

/* x_i: for Fr random elements, for Fp 2, 3, 4, ... */
static enum pm_status make_elements(const struct pm_curve *c, unsigned group, uint8_t *x, uint8_t *factor,
                                    size_t n, struct pm_error *err)
{
    memset(factor, 0, PM_FP_MAX_BYTES);
    if (group == 0) {
        measure_elements(c, x, n, 11);
        measure_elements(c, factor, 1, 12);
        return PM_OK;
    }
    for (size_t i = 0; i <= n; i++) {
        uint8_t plain[PM_FP_MAX_BYTES] = {(uint8_t)(i + 1), (uint8_t)((i + 1) >> 8),
                                          (uint8_t)((i + 1) >> 16)};
        if (!pm_coord_from_plain(c, i == 0 ? factor : x + (i - 1) * c->fp_bytes, plain))
            return pm_fail(err, PM_INTERNAL, "a small number is not below the modulus");
    }
    return PM_OK;
}

static bool products_are_right(const struct pm_curve *c, unsigned group, const uint8_t *found,
                               const uint8_t *x, const uint8_t *factor, size_t n, uint64_t m)
{
    if (group == 1) return memcmp(found, x, n * c->fp_bytes) == 0;
    uint8_t power[PM_FR_MAX_BYTES], expected[PM_FR_MAX_BYTES];
    pm_power(c, power, factor, m);
    for (size_t i = 0; i < n; i++) {
        c->fr_mul(expected, x + i * c->fr_bytes, power);
        if (memcmp(expected, found + i * c->fr_bytes, c->fr_bytes) != 0) return false;
    }
    return true;
}

static enum pm_status measure_products(struct measure *m, unsigned group)
{
    const struct pm_curve *c = m->curve;
    size_t n = (size_t)1 << 18, bytes = n * (group == 0 ? c->fr_bytes : c->fp_bytes);
    uint8_t *x = NULL, *data = NULL, factor[PM_FP_MAX_BYTES];
    uint64_t ns[PM_MEASURE_MAX_RUNS];
    enum pm_status status;
    if (m->options->log2_n) n = m->row.size;
    PM_GOTO(measure_alloc(&x, bytes, m->err));
    PM_GOTO(measure_alloc(&data, bytes, m->err));
    PM_GOTO(make_elements(c, group, x, factor, n, m->err));
    memcpy(data, x, n * (group == 0 ? c->fr_bytes : c->fp_bytes));
    struct pm_backend_timed timed = {
        .part = PM_TIMED_PRODUCTS, .group = group, .n = n, .data = data, .factor = factor};
    PM_GOTO(measure_on_device(m, ns, &timed));
    if (timed.items < n || !products_are_right(c, group, data, x, factor, n, timed.items / n))
        PM_GOTO(measure_wrong(m->err, group == 0 ? "products in Fr" : "products in Fp"));
    m->row.size = n;
    measure_given(m, group == 0 ? "Fr multiply" : "Fp multiply", "multiplication", timed.items, ns, 0);
out:
    free(x);
    free(data);
    return status;
}

enum pm_status pm_measure_device(const struct pm_measure_options *options, pm_measure_emit *emit, void *ctx,
                                 struct pm_error *err)
{
    struct measure m;
    enum pm_status status;
    bool direct;
    PM_GOTO(measure_begin(&m, "device", 0, true, options, emit, ctx, err));
    PM_GOTO(measure_device(&m, &direct));
    if (direct)
        PM_GOTO(pm_fail(err, PM_UNSUPPORTED, "device %s cannot be measured part by part", options->device));
    bool tiny = options->log2_n != 0;
    size_t multiplies = (size_t)1 << (tiny ? 12 : 34), copied = (size_t)1 << (tiny ? 12 : 28);
    PM_GOTO(measure_part(&m, PM_TIMED_MUL_LOW, multiplies, "IMAD", "instruction"));
    PM_GOTO(measure_part(&m, PM_TIMED_MUL_HIGH, multiplies, "IMAD.HI", "instruction"));
    PM_GOTO(measure_part(&m, PM_TIMED_MUL_WIDE, multiplies, "IMAD.WIDE", "instruction"));
    PM_GOTO(measure_part(&m, PM_TIMED_UPLOAD, copied, "copy to the device", "byte"));
    PM_GOTO(measure_part(&m, PM_TIMED_DOWNLOAD, copied, "copy from the device", "byte"));
    PM_GOTO(measure_part(&m, PM_TIMED_MOVE, copied, "copy on the device", "byte"));
    PM_GOTO(measure_part(&m, PM_TIMED_LAUNCH, tiny ? 8 : 1000, "launches in a row", "launch"));
    PM_GOTO(measure_part(&m, PM_TIMED_AWAIT, tiny ? 8 : 1000, "launches, each awaited", "launch"));
    if (tiny) m.row.size = (uint64_t)1 << options->log2_n;
    PM_GOTO(measure_products(&m, 0));
    if (tiny) m.row.size = (uint64_t)1 << options->log2_n;
    PM_GOTO(measure_products(&m, 1));
out:
    measure_end(&m);
    return status;
}
