/* Number-theoretic transforms on the device, without bit reversal: the network and the orders of
 * host/math/ntt_tmpl.h. The inverse takes natural order and leaves bit-reversed order, the forward transform
 * takes that back. One table of w^[k], k < n / 2, made here for the largest size, serves all smaller ones.
 * Sizes beyond device memory are not done.
 *
 * Parameters
 *   K               prefix of the kernels, and stem of the launchers: GPU_FN(K_ntt) and GPU_FN(K_ntt_table),
 * declared in kernels/ops.h K_FIELD         prefix of the field, fd_tmpl.h, of K_LIMBS limbs of 64 bits
 *   K_MODULUS, K_MONT_R   initializers: the modulus and R modulo it
 *   K_ROOT          initializer {limbs}: a root of unity of order 2^K_TWO_ADICITY, Montgomery
 *
 * How. Level l cuts the data into 2^l blocks; block k joins its halves with the one factor w^[k]
 * (ntt_tmpl.h). A pass does `levels` consecutive levels, from `level` on: with n = 2^N and s = levels, the
 * elements k 2^(N - level) + r 2^(N - level - s) + j for one block k and one column j and all r < 2^s are a
 * network of their own. A thread block takes a tile of 2^s rows and 2^columns neighbouring (k, j) into shared
 * memory, so that 2^10 elements make two passes of 2^20. Up to K_NTT_BATCH polynomials share a launch, one
 * for each y of the grid. The odd coset w_2n^(2i+1): coefficient j times w_2n^j; at position i stands j =
 * [i], and w_2n^[i] is entry i of the same table. That, and 1 / n, happen while the first forward pass loads.
 */
#include "kernels/ops.h"

#include <string.h>

#define FN(op)     GPU_CAT(K, _##op)
#define KERNEL(op) GPU_CAT(k_, GPU_CAT(K, _##op))
#define ARGS       struct FN(ntt_args)
#define F(op)      GPU_CAT(K_FIELD, _##op)
#define FE         K_FIELD

ARGS
{
    FE *data[K_NTT_BATCH];
    const FE *table, *coset; /* coset: the table, or NULL */
    FE scale;
    uint32_t log2_n, level, levels, log2_columns;
    bool scaled, last; /* multiply by scale; leave canonical values */
};

/* That of this y; an index into the arguments would put them on the stack. */
GPU_DEVICE FE *FN(polynomial)(const ARGS *v)
{
    return gpu_block_y() == 0 ? v->data[0] : gpu_block_y() == 1 ? v->data[1] : v->data[2];
}

/* Of the tile's element e: its position in the data and in shared memory, where columns are neighbours.
 * Threads next to each other take neighbours in memory: columns, but rows in the pass whose networks lie in
 * one piece. */
struct FN(place) {
    uint64_t at;
    uint32_t slot;
};
GPU_DEVICE struct FN(place) FN(place_of)(const ARGS *v, uint64_t tile, uint32_t e)
{
    struct FN(place) p;
    uint32_t log2_stride = v->log2_n - v->level - v->levels, row, column;
    if (log2_stride == 0) {
        row = e & ((1u << v->levels) - 1);
        column = e >> v->levels;
    } else {
        column = e & ((1u << v->log2_columns) - 1);
        row = e >> v->log2_columns;
    }
    uint64_t q = (tile << v->log2_columns) + column, k = q >> log2_stride, j = q - (k << log2_stride);
    p.at = (((k << v->levels) + row) << log2_stride) + j;
    p.slot = (row << v->log2_columns) + column;
    return p;
}

/* Butterfly b of the pass's level t: slots of its two elements and the index of its factor. */
struct FN(butterfly) {
    uint32_t low, high;
    uint64_t factor;
};
GPU_DEVICE struct FN(butterfly) FN(butterfly_of)(const ARGS *v, uint64_t tile, uint32_t t, uint32_t b)
{
    struct FN(butterfly) r;
    uint32_t column = b & ((1u << v->log2_columns) - 1), h = b >> v->log2_columns, half = v->levels - t - 1;
    uint32_t block = h >> half, row = (block << (half + 1)) + (h & ((1u << half) - 1));
    uint64_t q = (tile << v->log2_columns) + column;
    r.low = (row << v->log2_columns) + column;
    r.high = r.low + (1u << (half + v->log2_columns));
    r.factor = ((q >> (v->log2_n - v->level - v->levels)) << t) + block;
    return r;
}

struct FN(ntt_table_args) {
    FE *table;
    uint32_t max_log2_n;
};

/* table[k] = w^[k] for k < 2^(max_log2_n - 1), w of order 2^max_log2_n: the bits of k from the top are those
 * of the exponent from the bottom. */
GPU_KERNEL(KERNEL(ntt_table), K_NTT_THREADS, struct FN(ntt_table_args), v)
{
    const uint64_t root[1][K_LIMBS] = K_ROOT;
    uint32_t bits = v.max_log2_n == 0 ? 0 : v.max_log2_n - 1;
    FE w = F(of_limbs)(root[0]);
    for (uint32_t i = v.max_log2_n; i < K_TWO_ADICITY; i++) w = F(sqr)(w);
    for (uint64_t k = gpu_global(); k < (uint64_t)1 << bits; k += gpu_global_count()) {
        FE power = w, x = F(one)();
        for (uint32_t i = bits; i-- > 0;) {
            if (k >> i & 1) x = F(mul)(x, power);
            power = F(sqr)(power);
        }
        v.table[k] = F(canon)(x);
    }
}

/* 1 / table[k] = -table[3 2^t - 1 - k] for k with leading bit 2^t; 1 / table[0] = 1 */
GPU_DEVICE FE FN(inverse_root)(const FE *table, uint64_t k)
{
    if (k == 0) return table[0];
    uint64_t top = 1;
    while (k >> 1 >= top) top <<= 1;
    return F(neg)(table[3 * top - 1 - k]);
}

/* (u, v) -> (u + c v, u - c v), levels upwards */
GPU_KERNEL(KERNEL(ntt_inverse), K_NTT_THREADS, ARGS, v)
{
    GPU_SHARED_DYNAMIC(FE, tile_data);
    FE *data = FN(polynomial)(&v);
    uint32_t log2_tile = v.levels + v.log2_columns;
    for (uint64_t tile = gpu_block(); tile < (uint64_t)1 << (v.log2_n - log2_tile); tile += gpu_blocks()) {
        for (uint32_t e = gpu_thread(); e < 1u << log2_tile; e += gpu_threads()) {
            struct FN(place) p = FN(place_of)(&v, tile, e);
            tile_data[p.slot] = data[p.at];
        }
        gpu_sync();
        for (uint32_t t = 0; t < v.levels; t++) {
            for (uint32_t b = gpu_thread(); b < 1u << (log2_tile - 1); b += gpu_threads()) {
                struct FN(butterfly) x = FN(butterfly_of)(&v, tile, t, b);
                FE low = tile_data[x.low];
                FE high = F(mul)(tile_data[x.high], FN(inverse_root)(v.table, x.factor));
                tile_data[x.low] = F(add)(low, high);
                tile_data[x.high] = F(sub)(low, high);
            }
            gpu_sync();
        }
        for (uint32_t e = gpu_thread(); e < 1u << log2_tile; e += gpu_threads()) {
            struct FN(place) p = FN(place_of)(&v, tile, e);
            FE x = tile_data[p.slot];
            if (v.scaled) x = F(mul)(x, v.scale);
            data[p.at] = v.last ? F(canon)(x) : x;
        } /* each thread loads the next tile into the slots that it alone has just read: no barrier */
    }
}

/* (u, v) -> (u + v, c (u - v)), levels downwards */
GPU_KERNEL(KERNEL(ntt_forward), K_NTT_THREADS, ARGS, v)
{
    GPU_SHARED_DYNAMIC(FE, tile_data);
    FE *data = FN(polynomial)(&v);
    uint32_t log2_tile = v.levels + v.log2_columns;
    for (uint64_t tile = gpu_block(); tile < (uint64_t)1 << (v.log2_n - log2_tile); tile += gpu_blocks()) {
        for (uint32_t e = gpu_thread(); e < 1u << log2_tile; e += gpu_threads()) {
            struct FN(place) p = FN(place_of)(&v, tile, e);
            FE x = data[p.at];
            if (v.scaled) x = F(mul)(x, v.scale);
            if (v.coset) x = F(mul)(x, v.coset[p.at]);
            tile_data[p.slot] = x;
        }
        gpu_sync();
        for (uint32_t t = v.levels; t-- > 0;) {
            for (uint32_t b = gpu_thread(); b < 1u << (log2_tile - 1); b += gpu_threads()) {
                struct FN(butterfly) x = FN(butterfly_of)(&v, tile, t, b);
                FE low = tile_data[x.low], high = tile_data[x.high];
                tile_data[x.low] = F(add)(low, high);
                tile_data[x.high] = F(mul)(F(sub)(low, high), v.table[x.factor]);
            }
            gpu_sync();
        }
        for (uint32_t e = gpu_thread(); e < 1u << log2_tile; e += gpu_threads()) {
            struct FN(place) p = FN(place_of)(&v, tile, e);
            data[p.at] = v.last ? F(canon)(tile_data[p.slot]) : tile_data[p.slot];
        } /* each thread loads the next tile into the slots that it alone has just read: no barrier */
    }
}

/* Pass `i` of `passes` of a transform, counted from level 0 on; levels are dealt evenly. */
static enum pm_status FN(ntt_pass)(struct gpu_device *dev, gpu_stream stream, const struct k_ntt_in *in,
                                   ARGS *v, bool forward, unsigned i, unsigned passes, struct pm_error *err)
{
    v->level = in->log2_n * i / passes;
    v->levels = in->log2_n * (i + 1) / passes - v->level;
    v->log2_columns = in->log2_tile - v->levels;
    if (v->log2_columns > in->log2_n - v->levels) v->log2_columns = in->log2_n - v->levels;
    uint32_t log2_tile = v->levels + v->log2_columns;
    uint64_t tiles = (uint64_t)1 << (in->log2_n - log2_tile);
    struct gpu_shape shape =
        gpu_shape_1d(gpu_blocks_for(dev, tiles, 1), K_NTT_THREADS, sizeof(FE) << log2_tile);
    shape.blocks_y = in->batch;
    if (forward) return GPU_LAUNCH(dev, KERNEL(ntt_forward), shape, stream, *v, err);
    return GPU_LAUNCH(dev, KERNEL(ntt_inverse), shape, stream, *v, err);
}

/* R / 2^log2_n: the one of Montgomery form, halved. */
static FE FN(ntt_scale)(unsigned log2_n)
{
    const uint64_t p[K_LIMBS] = K_MODULUS, one[K_LIMBS] = K_MONT_R;
    uint64_t x[K_LIMBS];
    FE scale;
    memcpy(x, one, sizeof x);
    for (unsigned n = 0; n < log2_n; n++) {
        uint64_t odd = (uint64_t)0 - (x[0] & 1), carry = 0;
        for (int i = 0; i < K_LIMBS; i++) { /* x + p is below R */
            uint64_t sum = x[i] + (p[i] & odd), over = sum < x[i];
            x[i] = sum + carry;
            carry = over | (uint64_t)(x[i] < sum);
        }
        for (int i = 0; i < K_LIMBS; i++) x[i] = x[i] >> 1 | (i + 1 < K_LIMBS ? x[i + 1] << 63 : 0);
    }
    memcpy(&scale, x, sizeof scale);
    return scale;
}

enum pm_status GPU_FN(FN(ntt_table))(struct gpu_device *dev, gpu_stream stream, void *table,
                                     unsigned max_log2_n, struct pm_error *err)
{
    struct FN(ntt_table_args) v;
    if (max_log2_n > K_TWO_ADICITY)
        return pm_fail(err, PM_UNSUPPORTED, "transforms of this field reach 2^%d, not 2^%u", K_TWO_ADICITY,
                       max_log2_n);
    v.table = (FE *)table;
    v.max_log2_n = max_log2_n;
    size_t n = max_log2_n < 2 ? 1 : (size_t)1 << (max_log2_n - 1);
    struct gpu_shape shape = gpu_shape_1d(gpu_blocks_for(dev, n, K_NTT_THREADS), K_NTT_THREADS, 0);
    return GPU_LAUNCH(dev, KERNEL(ntt_table), shape, stream, v, err);
}

enum pm_status GPU_FN(FN(ntt))(struct gpu_device *dev, gpu_stream stream, enum k_ntt_op op,
                               const struct k_ntt_in *in, struct pm_error *err)
{
    ARGS v;
    memset(&v, 0, sizeof v);
    if (in->batch == 0 || in->batch > K_NTT_BATCH || in->log2_tile == 0 || in->log2_n > 31 ||
        sizeof(FE) << in->log2_tile > dev->shared_bytes)
        return pm_fail(err, PM_INTERNAL, "a transform of %u polynomials of 2^%u in tiles of 2^%u", in->batch,
                       in->log2_n, in->log2_tile);
    for (unsigned i = 0; i < in->batch; i++) v.data[i] = (FE *)in->data[i];
    v.table = (const FE *)in->table;
    v.scale = FN(ntt_scale)(in->log2_n);
    v.log2_n = in->log2_n;
    /* One pass even where there is no level: it still scales. */
    unsigned passes = in->log2_n == 0 ? 1 : (in->log2_n + in->log2_tile - 1) / in->log2_tile;
    for (unsigned i = 0; op != K_NTT_FORWARD && i < passes; i++) {
        v.last = op == K_NTT_INVERSE && i + 1 == passes;
        v.scaled = v.last;
        PM_TRY(FN(ntt_pass)(dev, stream, in, &v, false, i, passes, err));
    }
    for (unsigned i = passes; op != K_NTT_INVERSE && i-- > 0;) {
        v.last = i == 0;
        v.scaled = op == K_NTT_ODD_COSET && i + 1 == passes;
        v.coset = v.scaled ? v.table : NULL;
        PM_TRY(FN(ntt_pass)(dev, stream, in, &v, true, i, passes, err));
    }
    return PM_OK;
}

#undef FN
#undef KERNEL
#undef ARGS
#undef F
#undef FE
#undef K
#undef K_FIELD
#undef K_LIMBS
#undef K_MODULUS
#undef K_MONT_R
#undef K_ROOT
#undef K_TWO_ADICITY
