/* Powers of tau: header, sizes of all sections, first points, and with PM_CHECK_DEEP every point. See ptau.h.
 */
#include "file/ptau.h"
#include "base/bytes.h"
#include "file/fields.h"

#include <stdatomic.h>

enum { section_header = 1, section_beta2 = 6, section_contributions = 7, newest_version = 1 };

/* The sections that are nothing but points. */
struct points {
    uint32_t type;
    const char *name;
    bool g2, prepared; /* prepared: one of the second phase's */
    uint64_t count;
    const uint8_t **at;
};
enum { n_points = 9 };

static void list_points(struct points out[n_points], struct pm_ptau *p)
{
    uint64_t n = (uint64_t)1 << p->power;
    const struct points list[n_points] = {
        {2, "tau G1", false, false, 2 * n - 1, &p->tau1},
        {3, "tau G2", true, false, n, &p->tau2},
        {4, "alpha tau G1", false, false, n, &p->alpha_tau1},
        {5, "beta tau G1", false, false, n, &p->beta_tau1},
        {section_beta2, "beta G2", true, false, 1, &p->beta2},
        {12, "Lagrange tau G1", false, true, 4 * n - 1, &p->lagrange_tau1},
        {13, "Lagrange tau G2", true, true, 2 * n - 1, &p->lagrange_tau2},
        {14, "Lagrange alpha tau G1", false, true, 2 * n - 1, &p->lagrange_alpha_tau1},
        {15, "Lagrange beta tau G1", false, true, 2 * n - 1, &p->lagrange_beta_tau1},
    };
    memcpy(out, list, sizeof list);
}

static enum pm_status read_header(struct pm_ptau *p, struct pm_error *err)
{
    const struct pm_section *s;
    struct pm_reader r;
    PM_TRY(pm_binfile_section(&s, &p->file, section_header, "header", err));
    pm_reader_init(&r, &p->file, s, err);
    PM_TRY(pm_fields_read_fp(&p->curve, &r));
    p->power = pm_reader_u32(&r, "power");
    p->ceremony_power = pm_reader_u32(&r, "power of the ceremony");
    PM_TRY(pm_reader_end(&r));
    /* Domains beyond the field's two-adicity have no Lagrange form that a key could be made from. */
    unsigned max = p->curve->two_adicity < PM_PTAU_MAX_POWER ? p->curve->two_adicity : PM_PTAU_MAX_POWER;
    if (p->power > max)
        return pm_section_fail(err, PM_FORMAT, &p->file, s, r.at - 8,
                               "a power of at most %u expected on curve %s, %u found", max, p->curve->name,
                               p->power);
    if (p->ceremony_power < p->power)
        return pm_section_fail(err, PM_FORMAT, &p->file, s, r.at - 4,
                               "the ceremony's power, %u, is below the file's, %u", p->ceremony_power,
                               p->power);
    return PM_OK;
}

static enum pm_status read_points(struct pm_ptau *p, const struct points *list, struct pm_error *err)
{
    const struct pm_section *s;
    uint64_t bytes = list->g2 ? p->curve->g2_bytes : p->curve->g1_bytes;
    PM_TRY(pm_binfile_section(&s, &p->file, list->type, list->name, err));
    if (s->size_bytes != list->count * bytes)
        return pm_section_fail(err, PM_FORMAT, &p->file, s, 0,
                               "%llu points (%s) of %llu bytes, %llu in all, expected, %llu found",
                               (unsigned long long)list->count, list->name, (unsigned long long)bytes,
                               (unsigned long long)(list->count * bytes), (unsigned long long)s->size_bytes);
    *list->at = s->data;
    return PM_OK;
}

/* All four sections of the second phase, or none. */
static enum pm_status read_all_points(struct pm_ptau *p, struct points list[n_points], struct pm_error *err)
{
    const struct pm_section *s;
    PM_TRY(pm_binfile_optional(&s, &p->file, 12, "Lagrange tau G1", err));
    p->prepared = s != NULL;
    for (size_t i = 0; i < n_points; i++)
        if (!list[i].prepared || p->prepared) PM_TRY(read_points(p, &list[i], err));
    return PM_OK;
}

static enum pm_status check_firsts(const struct pm_ptau *p, struct pm_error *err)
{
    const struct {
        uint32_t type;
        const uint8_t *found, *expected;
        size_t bytes;
    } firsts[] = {{2, p->tau1, p->curve->g1_generator, p->curve->g1_bytes},
                  {3, p->tau2, p->curve->g2_generator, p->curve->g2_bytes}};
    for (size_t i = 0; i < 2; i++) {
        const struct pm_section *s;
        PM_TRY(pm_binfile_section(&s, &p->file, firsts[i].type, "tau", err));
        if (memcmp(firsts[i].found, firsts[i].expected, firsts[i].bytes) != 0)
            return pm_section_fail(err, PM_FORMAT, &p->file, s, 0,
                                   "the first power must be the group's generator");
    }
    return PM_OK;
}

static enum pm_status read_contributions(struct pm_ptau *p, struct pm_error *err)
{
    const struct pm_section *s;
    struct pm_reader r;
    PM_TRY(pm_binfile_section(&s, &p->file, section_contributions, "contributions", err));
    pm_reader_init(&r, &p->file, s, err);
    p->n_contributions = pm_reader_u32(&r, "number of contributions");
    return r.status;
}

/* The search for the first bad point of one section, in pieces of a loop. */
struct search {
    const struct pm_curve *curve;
    const uint8_t *points;
    size_t bytes;
    bool g2;
    atomic_size_t first_bad;
};

static void search_piece(void *ctx, size_t begin, size_t end)
{
    struct search *s = ctx;
    for (size_t i = begin; i < end; i++) {
        const uint8_t *point = s->points + i * s->bytes;
        if (s->g2 ? s->curve->g2_check(point) : s->curve->g1_check(point)) continue;
        size_t old = atomic_load(&s->first_bad);
        while (i < old && !atomic_compare_exchange_weak(&s->first_bad, &old, i)) {}
        return;
    }
}

static enum pm_status check_points(const struct pm_ptau *p, const struct points *list, struct pm_pool *pool,
                                   struct pm_error *err)
{
    const struct pm_section *s;
    struct search search = {.curve = p->curve,
                            .points = *list->at,
                            .bytes = list->g2 ? p->curve->g2_bytes : p->curve->g1_bytes,
                            .g2 = list->g2};
    atomic_init(&search.first_bad, (size_t)list->count);
    pm_pool_for(pool, (size_t)list->count, 0, search_piece, &search);
    size_t bad = atomic_load(&search.first_bad);
    if (bad == list->count) return PM_OK;
    PM_TRY(pm_binfile_section(&s, &p->file, list->type, list->name, err));
    return pm_section_fail(
        err, PM_FORMAT, &p->file, s, (uint64_t)bad * search.bytes,
        "point %zu (%s): coordinates not canonical, not on the curve, or outside the subgroup", bad,
        list->name);
}

static enum pm_status read_all(struct pm_ptau *p, enum pm_check_depth depth, struct pm_pool *pool,
                               struct pm_error *err)
{
    enum pm_status status;
    const struct pm_section *mark;
    struct points list[n_points];
    PM_GOTO(read_header(p, err));
    list_points(list, p);
    PM_GOTO(read_all_points(p, list, err));
    PM_GOTO(check_firsts(p, err));
    PM_GOTO(read_contributions(p, err));
    PM_GOTO(pm_binfile_optional(&mark, &p->file, PM_PTAU_DEV_SECTION, "development mark", err));
    p->dev = mark != NULL;
    for (size_t i = 0; depth == PM_CHECK_DEEP && i < n_points; i++)
        if (*list[i].at) PM_GOTO(check_points(p, &list[i], pool, err));
    return PM_OK;
out:
    pm_ptau_close(p);
    return status;
}

enum pm_status pm_ptau_open(struct pm_ptau *out, const char *path, enum pm_check_depth depth,
                            struct pm_pool *pool, struct pm_error *err)
{
    *out = (struct pm_ptau){0};
    PM_TRY(pm_binfile_open(&out->file, path, "ptau", newest_version, err));
    return read_all(out, depth, pool, err);
}

enum pm_status pm_ptau_view(struct pm_ptau *out, const char *name, const uint8_t *data, uint64_t size_bytes,
                            enum pm_check_depth depth, struct pm_pool *pool, struct pm_error *err)
{
    *out = (struct pm_ptau){0};
    PM_TRY(pm_binfile_view(&out->file, name, data, size_bytes, "ptau", newest_version, err));
    return read_all(out, depth, pool, err);
}

void pm_ptau_close(struct pm_ptau *ptau)
{
    pm_binfile_close(&ptau->file);
    *ptau = (struct pm_ptau){0};
}
