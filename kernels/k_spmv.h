/* Rows of A and B times a plain witness, and their product: a = A w, b = B w, c = a o b, Montgomery and
 * canonical; and, when these have become values on the coset, h = a b - c, plain. Coefficients are c R^2 mod
 * r, so that a Montgomery product with a plain value gives Montgomery form. The rows lie on the device as
 * rows.h cuts them: one warp takes a slice, whose lanes have equally many terms, and reads its terms side by
 * side; only the witness is gathered. Products are added in pairs, with one reduction where the field has
 * room for it.
 *
 * Parameters
 *   K         prefix of the kernels, and stem of the launchers: GPU_FN(K_rows) and GPU_FN(K_quotient),
 *             declared in kernels/ops.h
 *   K_FIELD   prefix of the field, fd_tmpl.h */
#include "kernels/ops.h"

#include <string.h>

#define FN(op)     GPU_CAT(K, _##op)
#define KERNEL(op) GPU_CAT(k_, GPU_CAT(K, _##op))
#define F(op)      GPU_CAT(K_FIELD, _##op)
#define FE         K_FIELD

struct FN(rows_args) {
    const FE *coefficient, *witness;
    const uint32_t *column, *target;
    const struct k_rows_slice *slice;
    FE *a, *b, *c, *partial;
    uint32_t n_rows, n_slices;
};
struct FN(fold_args) {
    FE *partial;
    const struct k_rows_fold *fold;
    uint32_t n;
};
struct FN(end_args) {
    FE *a, *b, *c;
    const FE *partial;
    const struct k_rows_end *end;
    uint32_t n;
};

/* The sum of n terms of a lane, GPU_WARP apart. */
GPU_DEVICE FE FN(rows_terms)(const struct FN(rows_args) * v, uint64_t at, uint32_t n)
{
    FE sum = F(zero)();
    for (; n > 1; n -= 2, at += 2 * GPU_WARP)
        sum = F(add)(sum, F(mul_add)(v->witness[v->column[at]], v->coefficient[at],
                                     v->witness[v->column[at + GPU_WARP]], v->coefficient[at + GPU_WARP]));
    if (n > 0) sum = F(add)(sum, F(mul)(v->witness[v->column[at]], v->coefficient[at]));
    return F(canon)(sum);
}

GPU_DEVICE FE FN(rows_product)(FE a, FE b) { return F(canon)(F(mul)(a, b)); }

GPU_KERNEL(KERNEL(rows), K_ROWS_THREADS, struct FN(rows_args), v)
{
    for (uint32_t i = gpu_global() / GPU_WARP; i < v.n_slices; i += gpu_global_count() / GPU_WARP) {
        struct k_rows_slice s = v.slice[i];
        uint64_t at = (uint64_t)s.at * GPU_WARP + gpu_lane();
        uint32_t target = v.target[(uint64_t)i * GPU_WARP + gpu_lane()];
        FE a = FN(rows_terms)(&v, at, s.a), b = FN(rows_terms)(&v, at + (uint64_t)s.a * GPU_WARP, s.b);
        if (target < v.n_rows) {
            v.a[target] = a;
            v.b[target] = b;
            v.c[target] = s.a && s.b ? FN(rows_product)(a, b) : F(zero)();
        } else if (target != K_ROWS_NONE) {
            v.partial[target - v.n_rows] = a;
        }
    }
}

GPU_DEVICE FE FN(rows_partials)(const FE *partial, uint32_t first, uint32_t n)
{
    FE sum = F(zero)();
    for (uint32_t i = 0; i < n; i++) sum = F(add)(sum, partial[first + i]);
    return F(canon)(sum);
}

/* A level of folds: what it reads, earlier ones wrote. */
GPU_KERNEL(KERNEL(rows_fold), K_ROWS_THREADS, struct FN(fold_args), v)
{
    for (uint32_t i = gpu_global(); i < v.n; i += gpu_global_count()) {
        struct k_rows_fold f = v.fold[i];
        v.partial[f.out] = FN(rows_partials)(v.partial, f.first, f.n);
    }
}

GPU_KERNEL(KERNEL(rows_end), K_ROWS_THREADS, struct FN(end_args), v)
{
    for (uint32_t i = gpu_global(); i < v.n; i += gpu_global_count()) {
        struct k_rows_end e = v.end[i];
        FE a = FN(rows_partials)(v.partial, e.a_first, e.a_n);
        FE b = FN(rows_partials)(v.partial, e.b_first, e.b_n);
        v.a[e.row] = a;
        v.b[e.row] = b;
        v.c[e.row] = FN(rows_product)(a, b);
    }
}

/* Folds and the last sums of long rows, where there are any. */
static enum pm_status FN(rows_long)(struct gpu_device *dev, gpu_stream stream, const struct k_rows_in *in,
                                    struct pm_error *err)
{
    const struct k_rows_plan *p = in->plan;
    const uint8_t *base = (const uint8_t *)in->rows;
    struct FN(fold_args) f;
    struct FN(end_args) e;
    memset(&f, 0, sizeof f);
    memset(&e, 0, sizeof e);
    for (unsigned level = 0; level < p->n_levels; level++) {
        f.partial = (FE *)in->partial;
        f.fold = (const struct k_rows_fold *)(const void *)(base + p->fold_at) + p->fold[level];
        f.n = p->fold[level + 1] - p->fold[level];
        struct gpu_shape shape = gpu_shape_1d(gpu_blocks_for(dev, f.n, K_ROWS_THREADS), K_ROWS_THREADS, 0);
        PM_TRY(GPU_LAUNCH(dev, KERNEL(rows_fold), shape, stream, f, err));
    }
    if (p->n_ends == 0) return PM_OK;
    e.a = (FE *)in->a;
    e.b = (FE *)in->b;
    e.c = (FE *)in->c;
    e.partial = (const FE *)in->partial;
    e.end = (const struct k_rows_end *)(const void *)(base + p->end_at);
    e.n = p->n_ends;
    struct gpu_shape shape = gpu_shape_1d(gpu_blocks_for(dev, e.n, K_ROWS_THREADS), K_ROWS_THREADS, 0);
    return GPU_LAUNCH(dev, KERNEL(rows_end), shape, stream, e, err);
}

enum pm_status GPU_FN(FN(rows))(struct gpu_device *dev, gpu_stream stream, const struct k_rows_in *in,
                                struct pm_error *err)
{
    const struct k_rows_plan *p = in->plan;
    const uint8_t *base = (const uint8_t *)in->rows;
    struct FN(rows_args) v;
    memset(&v, 0, sizeof v);
    if (sizeof(FE) != p->fr_bytes)
        return pm_fail(err, PM_INTERNAL, "rows were cut for elements of %u bytes", p->fr_bytes);
    v.coefficient = (const FE *)(const void *)(base + p->coefficient_at);
    v.column = (const uint32_t *)(const void *)(base + p->column_at);
    v.slice = (const struct k_rows_slice *)(const void *)(base + p->slice_at);
    v.target = (const uint32_t *)(const void *)(base + p->target_at);
    v.witness = (const FE *)in->witness;
    v.a = (FE *)in->a;
    v.b = (FE *)in->b;
    v.c = (FE *)in->c;
    v.partial = (FE *)in->partial;
    v.n_rows = p->n_rows;
    v.n_slices = p->n_slices;
    size_t threads = (size_t)p->n_slices * GPU_WARP;
    struct gpu_shape shape = gpu_shape_1d(gpu_blocks_for(dev, threads, K_ROWS_THREADS), K_ROWS_THREADS, 0);
    PM_TRY(GPU_LAUNCH(dev, KERNEL(rows), shape, stream, v, err));
    return FN(rows_long)(dev, stream, in, err);
}

struct FN(quotient_args) {
    FE *h;
    const FE *a, *b, *c;
    uint64_t n;
};
GPU_KERNEL(KERNEL(quotient), K_ROWS_THREADS, struct FN(quotient_args), v)
{
    for (uint64_t i = gpu_global(); i < v.n; i += gpu_global_count())
        v.h[i] = F(from_mont)(F(sub)(F(mul)(v.a[i], v.b[i]), v.c[i]));
}

enum pm_status GPU_FN(FN(quotient))(struct gpu_device *dev, gpu_stream stream, void *h, const void *a,
                                    const void *b, const void *c, size_t n, struct pm_error *err)
{
    struct FN(quotient_args) v;
    v.h = (FE *)h;
    v.a = (const FE *)a;
    v.b = (const FE *)b;
    v.c = (const FE *)c;
    v.n = n;
    struct gpu_shape shape = gpu_shape_1d(gpu_blocks_for(dev, n, K_ROWS_THREADS), K_ROWS_THREADS, 0);
    return GPU_LAUNCH(dev, KERNEL(quotient), shape, stream, v, err);
}

#undef FN
#undef KERNEL
#undef F
#undef FE
#undef K
#undef K_FIELD
