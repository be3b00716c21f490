/* The far end of the largest transform that the field has: its last blocks, the columns at the end of its
 * passes and the table entries that they need, with the indices and addresses that they have there. Data and
 * table are mapped, not filled: of 2^28 (2^32) elements only what a test reads and writes takes memory.
 * Included by ntt_tmpl.c, after
 *
 *   far_fill(table, root, log2_n, k)   the table's entries around number k; root[i] = w^(2^i)
 *   far_block(direction, data, log2_len, k, table), far_pass(direction, data, k, stride, begin, end, table)
 *                              one block of a transform; one pass over columns [begin, end) of a block
 *   FAR_GRAIN, FAR_SMALL       entries that far_fill fills; entries before the table proper
 *   FAR_TABLE_BYTES(log2_n)    of all */
#include <sys/mman.h>

#ifdef __x86_64__
enum { FAR_LOG2_N = P(FR_TWO_ADICITY) };
#else
enum { FAR_LOG2_N = 24 }; /* emulators keep a record of every page */
#endif

struct far {
    C(fr) root[FAR_LOG2_N], *table;
    uint8_t *data;
    size_t table_bytes, data_bytes;
};

static void *far_map(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) abort();
    return p;
}
static void far_init(struct far *f)
{
    f->data_bytes = (size_t)32 << FAR_LOG2_N;
    f->table_bytes = FAR_TABLE_BYTES(FAR_LOG2_N);
    f->data = far_map(f->data_bytes);
    f->table = (C(fr) *)far_map(f->table_bytes) + FAR_SMALL;
    root_of(&f->root[0], FAR_LOG2_N);
    for (unsigned i = 1; i < FAR_LOG2_N; i++) C(fr_sqr)(&f->root[i], &f->root[i - 1]);
}
static void far_fini(struct far *f)
{
    munmap(f->data, f->data_bytes);
    munmap(f->table - FAR_SMALL, f->table_bytes);
}

/* w^e, or w^-e */
static C(fr) far_root(const struct far *f, size_t e, bool inverse)
{
    C(fr) out = C(fr_one);
    for (unsigned i = 0; i < FAR_LOG2_N; i++)
        if (e >> i & 1) C(fr_mul)(&out, &out, &f->root[i]);
    if (inverse) C(fr_inv)(&out, &out);
    return out;
}
/* sum of x[i * step] w^(+-e i) over i < n; x of 32 bytes each, step in bytes */
static C(fr) far_value(const struct far *f, const uint8_t *x, size_t step, size_t n, size_t e, bool inverse)
{
    C(fr) sum = {{0}}, t, w = far_root(f, e, inverse);
    for (size_t i = n; i-- > 0;) {
        C(fr_mul)(&sum, &sum, &w);
        C(fr_load)(&t, x + i * step);
        C(fr_add)(&sum, &sum, &t);
    }
    return sum;
}

/* Blocks k of 2^log2_len elements. The inverse leaves P(w^-[position]) of the block's polynomial P; the
 * forward transform leaves, at i, the sum of what stands at its positions times w^([position] i). */
static void far_check_block(struct far *f, unsigned log2_len, size_t k, int direction)
{
    const size_t len = (size_t)1 << log2_len;
    uint8_t *at = f->data + k * len * 32, *before = malloc(32 * len);
    C(fr) t;
    if (!before) abort();
    for (unsigned s = 0; s < log2_len; s++) { /* what the levels below need, forwards and backwards */
        const size_t first = k << s, top = first == 0 ? 0 : (size_t)1 << (63 - __builtin_clzll(first));
        far_fill(f->table, f->root, FAR_LOG2_N, first);
        far_fill(f->table, f->root, FAR_LOG2_N, first + ((size_t)1 << s) - 1);
        if (top == 0) continue;
        far_fill(f->table, f->root, FAR_LOG2_N, 3 * top - 1 - first);
        far_fill(f->table, f->root, FAR_LOG2_N, 3 * top - 1 - first - (((size_t)1 << s) - 1));
    }
    for (size_t i = 0; i < len; i++) {
        random_fr(&t);
        C(fr_store)(at + 32 * i, &t);
    }
    memcpy(before, at, 32 * len);
    far_block(direction, at, log2_len, k, f->table);
    for (size_t i = 0; i < len; i++) {
        C(fr) expected = {{0}}, w, x;
        if (direction == 0)
            expected = far_value(f, before, 32, len, reversed(k * len + i, FAR_LOG2_N), true);
        else
            for (size_t p = 0; p < len; p++) {
                w = far_root(f, (reversed(k * len + p, FAR_LOG2_N) * i) & (((size_t)1 << FAR_LOG2_N) - 1),
                             false);
                C(fr_load)(&x, before + 32 * p);
                C(fr_mul)(&x, &x, &w);
                C(fr_add)(&expected, &expected, &x);
            }
        C(fr_load)(&t, at + 32 * i);
        CHECK_MSG(C(fr_equal)(&t, &expected), "2^%d, block %zu of 2^%u, element %zu, direction %d",
                  FAR_LOG2_N, k, log2_len, i, direction);
    }
    free(before);
}

PM_TEST(far_blocks)
{
    struct far f;
    far_init(&f);
    for (unsigned log2_len = 6; log2_len <= 8; log2_len++)
        for (int direction = 0; direction < 2; direction++) {
            const size_t blocks = (size_t)1 << (FAR_LOG2_N - log2_len);
            far_check_block(&f, log2_len, blocks - 1, direction);
            far_check_block(&f, log2_len, blocks / 2, direction);
            far_check_block(&f, log2_len, test_random() % blocks, direction);
        }
    far_fini(&f);
}

/* The pass over two levels of a block whose quarters are `quarter` elements long, at its last eight columns:
 * what stands in a column is a polynomial in x^quarter, as in a block of four. */
PM_TEST(far_passes)
{
    struct far f;
    far_init(&f);
    for (unsigned log2_quarter = 6; log2_quarter <= FAR_LOG2_N - 2; log2_quarter += 2)
        for (int direction = 0; direction < 2; direction++) {
            const size_t quarter = (size_t)1 << log2_quarter,
                         k = ((size_t)1 << (FAR_LOG2_N - 2 - log2_quarter)) - 1;
            uint8_t *block = f.data + 4 * k * quarter * 32, before[4][8 * 32];
            C(fr) t;
            for (size_t m = 0; m < 2; m++) {
                const size_t first = k << m,
                             top = first == 0 ? 0 : (size_t)1 << (63 - __builtin_clzll(first));
                far_fill(f.table, f.root, FAR_LOG2_N, first + m);
                far_fill(f.table, f.root, FAR_LOG2_N, first);
                if (top > 0) far_fill(f.table, f.root, FAR_LOG2_N, 3 * top - 1 - first - m);
                if (top > 0) far_fill(f.table, f.root, FAR_LOG2_N, 3 * top - 1 - first);
            }
            for (size_t i = 0; i < 4; i++)
                for (size_t j = 0; j < 8; j++) {
                    random_fr(&t);
                    C(fr_store)(before[i] + 32 * j, &t);
                    C(fr_store)(block + (i * quarter + quarter - 8 + j) * 32, &t);
                }
            far_pass(direction, block, k, quarter * 32, quarter - 8, quarter, f.table);
            for (size_t i = 0; i < 4; i++)
                for (size_t j = 0; j < 8; j++) {
                    C(fr) expected = {{0}}, x, w;
                    if (direction == 0)
                        expected =
                            far_value(&f, before[0] + 32 * j, sizeof before[0], 4,
                                      reversed(4 * k + i, FAR_LOG2_N - log2_quarter) << log2_quarter, true);
                    else
                        for (size_t p = 0; p < 4; p++) {
                            w = far_root(&f,
                                         (reversed(4 * k + p, FAR_LOG2_N - log2_quarter) << log2_quarter) *
                                                 i &
                                             (((size_t)1 << FAR_LOG2_N) - 1),
                                         false);
                            C(fr_load)(&x, before[p] + 32 * j);
                            C(fr_mul)(&x, &x, &w);
                            C(fr_add)(&expected, &expected, &x);
                        }
                    C(fr_load)(&t, block + (i * quarter + quarter - 8 + j) * 32);
                    CHECK_MSG(C(fr_equal)(&t, &expected), "2^%d, quarters of 2^%u, %zu, direction %d",
                              FAR_LOG2_N, log2_quarter, i, direction);
                }
        }
    far_fini(&f);
}
