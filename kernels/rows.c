/* Cuts a key's rows for a device: see rows.h for the layout. Plain C of the host, the same for the emulated
 * device and CUDA's. Everything is counted first, by the lengths alone; writing goes the same way again. */
#include "kernels/rows.h"

#include "base/bytes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTHS = K_ROWS_LONGEST + 1, ALIGN = 256, MOST_ROWS = 1 << 30 };

/* Of how many segments there are n of A and m of B: [n * LENGTHS + m]. */
struct classes {
    uint64_t n[LENGTHS * LENGTHS];
};

static uint32_t length(const struct pm_backend_rows *r, size_t row)
{
    return row < r->n_rows ? r->start[row + 1] - r->start[row] : 0;
}

static uint32_t cut(uint32_t n) { return n / K_ROWS_LONGEST + (n % K_ROWS_LONGEST != 0); }

/* A row's list of partial sums, dealt evenly: piece i of n terms in `pieces`. */
static uint32_t piece_begin(uint32_t n, uint32_t pieces, uint32_t i)
{
    return (uint32_t)((uint64_t)n * i / pieces);
}

static void count_long(struct k_rows_plan *plan, struct classes *c, uint64_t *folds, uint64_t *pieces,
                       uint32_t n)
{
    uint32_t p = cut(n);
    for (uint32_t i = 0; i < p; i++) c->n[(piece_begin(n, p, i + 1) - piece_begin(n, p, i)) * LENGTHS]++;
    *pieces += p;
    for (unsigned level = 0; p > K_ROWS_LONGEST; level++) {
        p = cut(p);
        folds[level] += p;
        if (plan->n_levels < level + 1) plan->n_levels = level + 1;
    }
}

/* The slice that begins with segment `first` of all, ordered; `class` and `before` follow along. */
struct walk {
    const struct classes *c;
    int class;       /* of the segment after those that were taken */
    uint64_t before; /* segments of this class that were taken */
};
static bool next_slice(struct walk *w, struct k_rows_slice *s)
{
    unsigned lanes = GPU_WARP;
    bool any = false;
    s->a = s->b = 0;
    while (lanes > 0 && w->class >= 0) {
        uint64_t left = w->c->n[w->class] - w->before, take = left < lanes ? left : lanes;
        uint16_t a = (uint16_t)(w->class / LENGTHS), b = (uint16_t)(w->class % LENGTHS);
        if (take > 0) {
            any = true;
            if (a > s->a) s->a = a;
            if (b > s->b) s->b = b;
        }
        lanes -= (unsigned)take;
        w->before += take;
        if (w->before == w->c->n[w->class]) {
            w->class --;
            w->before = 0;
        }
    }
    return any;
}
static struct walk walk_of(const struct classes *c) { return (struct walk){c, LENGTHS * LENGTHS - 1, 0}; }

static size_t put_after(size_t *at, uint64_t n, size_t size)
{
    size_t here = *at;
    *at = (here + (size_t)n * size + ALIGN - 1) / ALIGN * ALIGN;
    return here;
}

static void count(struct k_rows_plan *plan, struct classes *c, uint64_t *folds, uint64_t *pieces,
                  const struct pm_backend_rows *a, const struct pm_backend_rows *b)
{
    memset(c, 0, sizeof *c);
    for (size_t row = 0; row < plan->n_rows; row++) {
        uint32_t n = length(a, row), m = length(b, row);
        if (n <= K_ROWS_LONGEST && m <= K_ROWS_LONGEST) {
            c->n[n * LENGTHS + m]++;
            continue;
        }
        count_long(plan, c, folds, pieces, n);
        count_long(plan, c, folds, pieces, m);
        plan->n_ends++;
    }
}

static enum pm_status plan_with(struct k_rows_plan *out, struct classes *c, uint32_t n_rows,
                                unsigned fr_bytes, const struct pm_backend_rows *a,
                                const struct pm_backend_rows *b, struct pm_error *err)
{
    uint64_t folds[K_ROWS_LEVELS] = {0}, pieces = 0, slices = 0, partials;
    struct k_rows_slice s;
    *out = (struct k_rows_plan){.n_rows = n_rows, .fr_bytes = fr_bytes};
    if (n_rows > MOST_ROWS)
        return pm_fail(err, PM_UNSUPPORTED, "%u rows: a device takes up to %u", n_rows, MOST_ROWS);
    count(out, c, folds, &pieces, a, b);
    for (struct walk w = walk_of(c); next_slice(&w, &s); slices++)
        out->n_terms += (uint64_t)(s.a + s.b) * GPU_WARP;
    partials = pieces;
    for (unsigned l = 0; l < K_ROWS_LEVELS; l++) {
        out->fold[l + 1] = out->fold[l] + (uint32_t)folds[l];
        partials += folds[l];
    }
    if (n_rows + partials >= K_ROWS_NONE || out->n_terms / GPU_WARP > UINT32_MAX)
        return pm_fail(err, PM_UNSUPPORTED, "rows of %llu terms are more than a device can number",
                       (unsigned long long)out->n_terms);
    out->n_slices = (uint32_t)slices;
    out->n_pieces = (uint32_t)pieces;
    out->n_partials = (uint32_t)partials;
    size_t at = 0;
    out->coefficient_at = put_after(&at, out->n_terms, fr_bytes);
    out->column_at = put_after(&at, out->n_terms, sizeof(uint32_t));
    out->slice_at = put_after(&at, slices, sizeof(struct k_rows_slice));
    out->target_at = put_after(&at, slices * GPU_WARP, sizeof(uint32_t));
    out->fold_at = put_after(&at, out->fold[K_ROWS_LEVELS], sizeof(struct k_rows_fold));
    out->end_at = put_after(&at, out->n_ends, sizeof(struct k_rows_end));
    out->bytes = at;
    return PM_OK;
}

enum pm_status k_rows_plan(struct k_rows_plan *out, uint32_t n_rows, unsigned fr_bytes,
                           const struct pm_backend_rows *a, const struct pm_backend_rows *b,
                           struct pm_error *err)
{
    struct classes c;
    return plan_with(out, &c, n_rows, fr_bytes, a, b, err);
}

/* -- Writing -- */

/* n entries of A (or of B, where the piece is one of B) from `a` on, m of B from `b` on. */
struct segment {
    uint32_t a, b, target;
    uint8_t n, m, a_is_b;
};

struct writer {
    const struct k_rows_plan *plan;
    const struct pm_backend_rows *rows[2];
    const struct k_sink *sink;
    struct pm_error *err;
    size_t at;                /* bytes written */
    struct classes c, next;   /* next: where the next segment of a class goes */
    struct segment *segments; /* GPU_WARP of every slice; those past the last have no terms */
    struct k_rows_end *ends;
    struct k_rows_fold *folds;
};

static enum pm_status put(struct writer *w, const void *bytes, size_t n)
{
    w->at += n;
    return n ? w->sink->put(w->sink->ctx, bytes, n, w->err) : PM_OK;
}

static enum pm_status pad(struct writer *w)
{
    static const uint8_t zero[ALIGN];
    return put(w, zero, (ALIGN - w->at % ALIGN) % ALIGN);
}

static void place(struct writer *w, struct segment s) { w->segments[w->next.n[s.n * LENGTHS + s.m]++] = s; }

/* The pieces of a long row of matrix m, whose first partial sum is `first`; how many there are. */
static uint32_t place_pieces(struct writer *w, int m, size_t row, uint32_t first)
{
    uint32_t n = length(w->rows[m], row), pieces = cut(n);
    for (uint32_t i = 0; i < pieces; i++) {
        uint32_t begin = piece_begin(n, pieces, i);
        place(w, (struct segment){.a = w->rows[m]->start[row] + begin,
                                  .target = w->plan->n_rows + first + i,
                                  .n = (uint8_t)(piece_begin(n, pieces, i + 1) - begin),
                                  .a_is_b = (uint8_t)m});
    }
    return pieces;
}

static void place_all(struct writer *w)
{
    const struct pm_backend_rows *a = w->rows[0], *b = w->rows[1];
    uint64_t before = 0;
    for (int i = LENGTHS * LENGTHS - 1; i >= 0; i--) {
        w->next.n[i] = before;
        before += w->c.n[i];
    }
    uint32_t n_pieces = 0, n_ends = 0;
    for (size_t row = 0; row < w->plan->n_rows; row++) {
        uint32_t n = length(a, row), m = length(b, row);
        if (n <= K_ROWS_LONGEST && m <= K_ROWS_LONGEST) {
            place(w, (struct segment){.a = n ? a->start[row] : 0,
                                      .b = m ? b->start[row] : 0,
                                      .target = (uint32_t)row,
                                      .n = (uint8_t)n,
                                      .m = (uint8_t)m});
            continue;
        }
        struct k_rows_end *e = &w->ends[n_ends++];
        e->row = (uint32_t)row;
        e->a_first = n_pieces;
        n_pieces += e->a_n = place_pieces(w, 0, row, n_pieces);
        e->b_first = n_pieces;
        n_pieces += e->b_n = place_pieces(w, 1, row, n_pieces);
    }
    assert(n_pieces == w->plan->n_pieces && n_ends == w->plan->n_ends);
}

/* One list shorter by a factor of K_ROWS_LONGEST, where it is too long for the end. */
static void fold(struct writer *w, uint32_t *first, uint32_t *n, uint32_t *n_folds)
{
    if (*n <= K_ROWS_LONGEST) return;
    uint32_t folds = cut(*n), out = w->plan->n_pieces + *n_folds;
    for (uint32_t i = 0; i < folds; i++) {
        uint32_t begin = piece_begin(*n, folds, i), end = piece_begin(*n, folds, i + 1);
        w->folds[(*n_folds)++] = (struct k_rows_fold){out + i, *first + begin, end - begin};
    }
    *first = out;
    *n = folds;
}

static void fold_all(struct writer *w)
{
    uint32_t n = 0;
    for (unsigned level = 0; level < w->plan->n_levels; level++) {
        for (uint32_t i = 0; i < w->plan->n_ends; i++) {
            fold(w, &w->ends[i].a_first, &w->ends[i].a_n, &n);
            fold(w, &w->ends[i].b_first, &w->ends[i].b_n, &n);
        }
        assert(n == w->plan->fold[level + 1]);
    }
}

/* Record of term k of a segment in a slice of `a` terms of A; NULL where there is none. */
static const uint8_t *term(const struct writer *w, const struct segment *s, unsigned a, unsigned k,
                           bool coefficient)
{
    const struct pm_backend_rows *r = w->rows[k < a ? s->a_is_b : 1];
    uint32_t i = k < a ? k : k - a, n = k < a ? s->n : s->m;
    if (i >= n) return NULL;
    size_t record = r->entry[(k < a ? s->a : s->b) + i];
    return (coefficient ? r->coefficient : r->column) + record * r->step;
}

static enum pm_status put_terms(struct writer *w, bool coefficients)
{
    uint8_t line[GPU_WARP * 64];
    const size_t size = coefficients ? w->plan->fr_bytes : sizeof(uint32_t);
    const struct segment *s = w->segments;
    struct k_rows_slice slice;
    assert(size <= 64);
    for (struct walk walk = walk_of(&w->c); next_slice(&walk, &slice); s += GPU_WARP)
        for (unsigned k = 0; k < (unsigned)slice.a + slice.b; k++) {
            memset(line, 0, sizeof line);
            for (unsigned l = 0; l < GPU_WARP; l++) {
                const uint8_t *from = term(w, &s[l], slice.a, k, coefficients);
                if (from) memcpy(line + l * size, from, size);
            }
            PM_TRY(put(w, line, GPU_WARP * size));
        }
    return pad(w);
}

static enum pm_status put_slices(struct writer *w)
{
    struct k_rows_slice slice;
    uint32_t at = 0;
    for (struct walk walk = walk_of(&w->c); next_slice(&walk, &slice);) {
        slice.at = at;
        at += (uint32_t)slice.a + slice.b;
        PM_TRY(put(w, &slice, sizeof slice));
    }
    return pad(w);
}

static enum pm_status put_targets(struct writer *w)
{
    for (size_t i = 0; i < (size_t)w->plan->n_slices * GPU_WARP; i++)
        PM_TRY(put(w, &w->segments[i].target, sizeof w->segments[i].target));
    return pad(w);
}

static enum pm_status write_all(struct writer *w)
{
    const struct k_rows_plan *p = w->plan;
    for (size_t i = 0; i < (size_t)p->n_slices * GPU_WARP; i++)
        w->segments[i] = (struct segment){.target = K_ROWS_NONE};
    place_all(w);
    fold_all(w);
    PM_TRY(put_terms(w, true));
    PM_TRY(put_terms(w, false));
    PM_TRY(put_slices(w));
    PM_TRY(put_targets(w));
    PM_TRY(put(w, w->folds, p->fold[K_ROWS_LEVELS] * sizeof *w->folds));
    PM_TRY(pad(w));
    PM_TRY(put(w, w->ends, p->n_ends * sizeof *w->ends));
    PM_TRY(pad(w));
    assert(w->at == p->bytes);
    return PM_OK;
}

enum pm_status k_rows_write(const struct k_rows_plan *plan, const struct pm_backend_rows *a,
                            const struct pm_backend_rows *b, const struct k_sink *sink, struct pm_error *err)
{
    struct k_rows_plan again;
    struct writer w = {.plan = plan, .rows = {a, b}, .sink = sink, .err = err};
    PM_TRY(plan_with(&again, &w.c, plan->n_rows, plan->fr_bytes, a, b, err));
    assert(again.bytes == plan->bytes);
    w.segments = malloc(((size_t)plan->n_slices * GPU_WARP + 1) * sizeof *w.segments);
    w.ends = malloc(((size_t)plan->n_ends + 1) * sizeof *w.ends);
    w.folds = malloc(((size_t)plan->fold[K_ROWS_LEVELS] + 1) * sizeof *w.folds);
    enum pm_status status = PM_OK;
    if (w.segments && w.ends && w.folds)
        status = write_all(&w);
    else
        status = pm_fail(err, PM_NO_MEMORY, "no memory to cut the key's %u rows for a device", plan->n_rows);
    free(w.segments);
    free(w.ends);
    free(w.folds);
    return status;
}
