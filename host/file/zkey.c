/* Groth16 proving keys. See zkey.h. Checks here need the file alone; whether a key belongs to a witness is
 * prove/'s.
 *
 * Order: protocol, header, sizes of all sections, coefficients, header points, IC; PM_CHECK_DEEP goes on to
 * the points of A, B1, B2, C and H, and to the pairs that must hold one secret in both groups. */
#include "file/zkey.h"
#include "base/bytes.h"
#include "file/fields.h"

#include <stdatomic.h>
#include <string.h>

enum { newest_version = 1, record_head_bytes = 12 };
enum { protocol_groth16 = 1, protocol_plonk = 2, protocol_fflonk = 10 };
enum {
    section_protocol = 1,
    section_header,
    section_ic,
    section_coeffs,
    section_a,
    section_b1,
    section_b2,
    section_c,
    section_h,
    section_contributions
};

static enum pm_status check_protocol(const struct pm_zkey *zkey, struct pm_error *err)
{
    const struct pm_section *s;
    struct pm_reader r;
    PM_TRY(pm_binfile_section(&s, &zkey->file, section_protocol, "protocol", err));
    pm_reader_init(&r, &zkey->file, s, err);
    uint32_t protocol = pm_reader_u32(&r, "protocol");
    PM_TRY(pm_reader_end(&r));
    if (protocol == protocol_groth16) return PM_OK;
    const char *name = protocol == protocol_plonk    ? "plonk"
                       : protocol == protocol_fflonk ? "fflonk"
                                                     : "unknown";
    return pm_section_fail(err, PM_UNSUPPORTED, &zkey->file, s, 0,
                           "the protocol is %u (%s); this prover makes groth16 proofs (1)", protocol, name);
}

static enum pm_status check_counts(struct pm_zkey *zkey, const struct pm_section *s, uint64_t at,
                                   struct pm_error *err)
{
    if (zkey->n_public >= zkey->n_vars)
        return pm_section_fail(
            err, PM_FORMAT, &zkey->file, s, at + 4,
            "fewer public signals expected than the %u variables (one of which is the number one), %u "
            "found",
            zkey->n_vars, zkey->n_public);
    uint32_t n = zkey->domain_size;
    if (n == 0 || (n & (n - 1)) != 0)
        return pm_section_fail(err, PM_FORMAT, &zkey->file, s, at + 8,
                               "a power of two expected as domain size, %u found", n);
    zkey->log2_domain = (uint32_t)__builtin_ctz(n);
    if (zkey->log2_domain > zkey->curve->two_adicity)
        return pm_section_fail(err, PM_FORMAT, &zkey->file, s, at + 8,
                               "a domain size up to 2^%u expected for %s, 2^%u found",
                               zkey->curve->two_adicity, zkey->curve->name, zkey->log2_domain);
    return PM_OK;
}

static enum pm_status read_header(struct pm_zkey *zkey, struct pm_error *err)
{
    const struct pm_section *s;
    struct pm_reader r;
    PM_TRY(pm_binfile_section(&s, &zkey->file, section_header, "header", err));
    pm_reader_init(&r, &zkey->file, s, err);
    PM_TRY(pm_fields_read_fp(&zkey->curve, &r));
    const struct pm_curve *curve = zkey->curve;
    PM_TRY(pm_fields_expect_fr(curve, &r));
    uint64_t at = r.at;
    zkey->n_vars = pm_reader_u32(&r, "number of variables");
    zkey->n_public = pm_reader_u32(&r, "number of public signals");
    zkey->domain_size = pm_reader_u32(&r, "domain size");
    zkey->alpha1 = pm_reader_bytes(&r, curve->g1_bytes, "alpha1");
    zkey->beta1 = pm_reader_bytes(&r, curve->g1_bytes, "beta1");
    zkey->beta2 = pm_reader_bytes(&r, curve->g2_bytes, "beta2");
    zkey->gamma2 = pm_reader_bytes(&r, curve->g2_bytes, "gamma2");
    zkey->delta1 = pm_reader_bytes(&r, curve->g1_bytes, "delta1");
    zkey->delta2 = pm_reader_bytes(&r, curve->g2_bytes, "delta2");
    PM_TRY(pm_reader_end(&r));
    zkey->no_second_phase = memcmp(zkey->gamma2, zkey->delta2, curve->g2_bytes) == 0;
    return check_counts(zkey, s, at, err);
}

/* The sections that are nothing but points. */
struct point_section {
    uint32_t type;
    const char *name, *count_name;
    uint64_t count;
    bool g2;
    const uint8_t **data;
};

enum { n_point_sections = 6 };

static void list_point_sections(struct pm_zkey *zkey, struct point_section list[n_point_sections])
{
    uint64_t n_vars = zkey->n_vars, n_public = zkey->n_public;
    const struct point_section all[n_point_sections] = {
        {section_ic, "IC", "public signals + 1", n_public + 1, false, &zkey->ic},
        {section_a, "A", "variables", n_vars, false, &zkey->a},
        {section_b1, "B1", "variables", n_vars, false, &zkey->b1},
        {section_b2, "B2", "variables", n_vars, true, &zkey->b2},
        {section_c, "C", "private variables", n_vars - n_public - 1, false, &zkey->c},
        {section_h, "H", "domain size", zkey->domain_size, false, &zkey->h},
    };
    memcpy(list, all, sizeof all);
}

static enum pm_status find_sections(struct pm_zkey *zkey, struct pm_error *err)
{
    const struct pm_section *s;
    struct point_section list[n_point_sections];
    list_point_sections(zkey, list);
    for (int i = 0; i < n_point_sections; i++) {
        const struct point_section *p = &list[i];
        uint64_t bytes = p->g2 ? zkey->curve->g2_bytes : zkey->curve->g1_bytes, expected = p->count * bytes;
        PM_TRY(pm_binfile_section(&s, &zkey->file, p->type, p->name, err));
        if (s->size_bytes != expected)
            return pm_section_fail(err, PM_FORMAT, &zkey->file, s, 0,
                                   "%llu points (%s) of %llu bytes, %llu in all, expected, %llu found",
                                   (unsigned long long)p->count, p->count_name, (unsigned long long)bytes,
                                   (unsigned long long)expected, (unsigned long long)s->size_bytes);
        *p->data = s->data;
    }
    PM_TRY(pm_binfile_optional(&s, &zkey->file, section_contributions, "contributions", err));
    PM_TRY(pm_binfile_optional(&s, &zkey->file, PM_ZKEY_DEV_SECTION, "development mark", err));
    zkey->dev = s != NULL;
    return PM_OK;
}

/* The least index below n for which good() is false, or n. Every index below the answer was looked at. */
struct search {
    bool (*good)(const struct search *s, size_t i);
    const struct pm_zkey *zkey;
    const uint8_t *items;
    size_t item_bytes;
    bool g2;
    atomic_size_t *first_bad;
};

static void search_piece(void *ctx, size_t begin, size_t end)
{
    const struct search *s = ctx;
    for (size_t i = begin; i < end && i < atomic_load_explicit(s->first_bad, memory_order_relaxed); i++) {
        if (s->good(s, i)) continue;
        size_t old = atomic_load(s->first_bad);
        while (i < old && !atomic_compare_exchange_weak(s->first_bad, &old, i)) {}
        return;
    }
}

static size_t search_bad(struct search *s, size_t n, struct pm_pool *pool)
{
    atomic_size_t first_bad;
    atomic_init(&first_bad, n);
    s->first_bad = &first_bad;
    pm_pool_for(pool, n, 0, search_piece, s);
    s->first_bad = NULL;
    return atomic_load(&first_bad);
}

static bool record_good(const struct search *s, size_t i)
{
    const uint8_t *p = s->items + i * s->item_bytes;
    return pm_load_le32(p) <= 1 && pm_load_le32(p + 4) < s->zkey->domain_size &&
           pm_load_le32(p + 8) < s->zkey->n_vars && s->zkey->curve->fr_is_canonical(p + record_head_bytes);
}

static enum pm_status fail_record(const struct pm_zkey *zkey, const struct pm_section *s, size_t i,
                                  size_t record_bytes, struct pm_error *err)
{
    uint64_t at = 4 + (uint64_t)i * record_bytes;
    uint32_t matrix = pm_load_le32(s->data + at), row = pm_load_le32(s->data + at + 4),
             column = pm_load_le32(s->data + at + 8);
    if (matrix > 1)
        return pm_section_fail(err, PM_FORMAT, &zkey->file, s, at,
                               "coefficient %zu: matrix 0 (A) or 1 (B) expected, %u found", i, matrix);
    if (row >= zkey->domain_size)
        return pm_section_fail(err, PM_FORMAT, &zkey->file, s, at + 4,
                               "coefficient %zu: a row below the domain size %u expected, %u found", i,
                               zkey->domain_size, row);
    if (column >= zkey->n_vars)
        return pm_section_fail(
            err, PM_FORMAT, &zkey->file, s, at + 8,
            "coefficient %zu: a column below %u, the number of variables, expected, %u found", i,
            zkey->n_vars, column);
    return pm_section_fail(err, PM_FORMAT, &zkey->file, s, at + record_head_bytes,
                           "coefficient %zu: its value is not below the modulus of the scalar field of %s", i,
                           zkey->curve->name);
}

static enum pm_status check_coeffs(struct pm_zkey *zkey, struct pm_pool *pool, struct pm_error *err)
{
    const struct pm_section *s;
    struct pm_reader r;
    PM_TRY(pm_binfile_section(&s, &zkey->file, section_coeffs, "coefficients", err));
    pm_reader_init(&r, &zkey->file, s, err);
    uint64_t n = pm_reader_u32(&r, "number of coefficients");
    if (r.status != PM_OK) return r.status;
    size_t record_bytes = record_head_bytes + (size_t)zkey->curve->fr_bytes;
    uint64_t expected = 4 + n * record_bytes;
    if (s->size_bytes != expected)
        return pm_section_fail(err, PM_FORMAT, &zkey->file, s, 0,
                               "a count and %llu records of %zu bytes, %llu in all, expected, %llu found",
                               (unsigned long long)n, record_bytes, (unsigned long long)expected,
                               (unsigned long long)s->size_bytes);
    struct search search = {
        .good = record_good, .zkey = zkey, .items = s->data + 4, .item_bytes = record_bytes};
    size_t bad = search_bad(&search, (size_t)n, pool);
    if (bad < n) return fail_record(zkey, s, bad, record_bytes, err);
    zkey->n_coeffs = n;
    zkey->coeffs = s->data + 4;
    return PM_OK;
}

static bool all_zero(const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (p[i]) return false;
    return true;
}

/* Why a point did not pass: text for the error. */
static const char *point_fault(const struct pm_curve *curve, const uint8_t *point, bool g2)
{
    size_t coordinates = g2 ? 4 : 2, bytes = curve->fp_bytes;
    for (size_t i = 0; i < coordinates; i++) {
        const uint8_t *x = point + i * bytes;
        size_t k = bytes;
        while (k > 0 && x[k - 1] == curve->fp_modulus[k - 1]) k--;
        if (k == 0 || x[k - 1] > curve->fp_modulus[k - 1])
            return "a coordinate is not below the modulus of the base field";
    }
    return "not on the curve, or outside the subgroup of the curve's order";
}

static bool point_good(const struct search *s, size_t i)
{
    const uint8_t *p = s->items + i * s->item_bytes;
    return s->g2 ? s->zkey->curve->g2_check(p) : s->zkey->curve->g1_check(p);
}

static enum pm_status check_points(const struct pm_zkey *zkey, const struct point_section *p,
                                   struct pm_pool *pool, struct pm_error *err)
{
    const struct pm_section *s;
    PM_TRY(pm_binfile_section(&s, &zkey->file, p->type, p->name, err));
    size_t bytes = p->g2 ? zkey->curve->g2_bytes : zkey->curve->g1_bytes;
    struct search search = {
        .good = point_good, .zkey = zkey, .items = s->data, .item_bytes = bytes, .g2 = p->g2};
    size_t bad = search_bad(&search, (size_t)p->count, pool);
    if (bad == p->count) return PM_OK;
    return pm_section_fail(err, PM_FORMAT, &zkey->file, s, (uint64_t)bad * bytes, "point %zu: %s", bad,
                           point_fault(zkey->curve, s->data + bad * bytes, p->g2));
}

/* None of these is infinity in an honest key: each is a generator times a secret that is not zero. */
static enum pm_status check_header_points(const struct pm_zkey *zkey, struct pm_error *err)
{
    const struct pm_section *s;
    const struct pm_curve *curve = zkey->curve;
    const struct {
        const char *name;
        const uint8_t *point;
        bool g2;
    } points[] = {{"alpha1", zkey->alpha1, false}, {"beta1", zkey->beta1, false},
                  {"beta2", zkey->beta2, true},    {"gamma2", zkey->gamma2, true},
                  {"delta1", zkey->delta1, false}, {"delta2", zkey->delta2, true}};
    PM_TRY(pm_binfile_section(&s, &zkey->file, section_header, "header", err));
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        const uint8_t *p = points[i].point;
        uint64_t at = (uint64_t)(p - s->data);
        if (all_zero(p, points[i].g2 ? curve->g2_bytes : curve->g1_bytes))
            return pm_section_fail(err, PM_FORMAT, &zkey->file, s, at,
                                   "%s: a point other than infinity expected", points[i].name);
        if (!(points[i].g2 ? curve->g2_check(p) : curve->g1_check(p)))
            return pm_section_fail(err, PM_FORMAT, &zkey->file, s, at, "%s: %s", points[i].name,
                                   point_fault(curve, p, points[i].g2));
    }
    return PM_OK;
}

/* e(p1, g2) == e(g1, p2): both are the same multiple of their generators. */
static enum pm_status check_pair(const struct pm_zkey *zkey, const char *name, const uint8_t *p1,
                                 const uint8_t *p2, struct pm_error *err)
{
    const struct pm_curve *curve = zkey->curve;
    uint8_t g1[2 * PM_G1_MAX_BYTES], g2[2 * PM_G2_MAX_BYTES];
    struct pm_point1 neg;
    curve->g1_from_affine(&neg, curve->g1_generator);
    curve->g1_neg(&neg, &neg);
    memcpy(g1, p1, curve->g1_bytes);
    curve->g1_to_affine(g1 + curve->g1_bytes, &neg);
    memcpy(g2, curve->g2_generator, curve->g2_bytes);
    memcpy(g2 + curve->g2_bytes, p2, curve->g2_bytes);
    if (curve->pairing_product_is_one(g1, g2, 2)) return PM_OK;
    const struct pm_section *s;
    PM_TRY(pm_binfile_section(&s, &zkey->file, section_header, "header", err));
    return pm_section_fail(err, PM_FORMAT, &zkey->file, s, (uint64_t)(p2 - s->data),
                           "%s1 and %s2 are different multiples of their generators", name, name);
}

static enum pm_status check_deep(struct pm_zkey *zkey, struct pm_pool *pool, struct pm_error *err)
{
    struct point_section list[n_point_sections];
    list_point_sections(zkey, list);
    for (int i = 0; i < n_point_sections; i++)
        if (list[i].type != section_ic) PM_TRY(check_points(zkey, &list[i], pool, err));
    PM_TRY(check_pair(zkey, "beta", zkey->beta1, zkey->beta2, err));
    return check_pair(zkey, "delta", zkey->delta1, zkey->delta2, err);
}

static enum pm_status read_all(struct pm_zkey *zkey, enum pm_check_depth depth, struct pm_pool *pool,
                               struct pm_error *err)
{
    enum pm_status status;
    struct point_section list[n_point_sections];
    PM_GOTO(check_protocol(zkey, err));
    PM_GOTO(read_header(zkey, err));
    PM_GOTO(find_sections(zkey, err));
    PM_GOTO(check_coeffs(zkey, pool, err));
    PM_GOTO(check_header_points(zkey, err));
    list_point_sections(zkey, list);
    PM_GOTO(check_points(zkey, &list[0], pool, err)); /* IC is part of the verification key */
    if (depth == PM_CHECK_DEEP) PM_GOTO(check_deep(zkey, pool, err));
    return PM_OK;
out:
    pm_zkey_close(zkey);
    return status;
}

enum pm_status pm_zkey_open(struct pm_zkey *out, const char *path, enum pm_check_depth depth,
                            struct pm_pool *pool, struct pm_error *err)
{
    *out = (struct pm_zkey){0};
    PM_TRY(pm_binfile_open(&out->file, path, "zkey", newest_version, err));
    return read_all(out, depth, pool, err);
}

enum pm_status pm_zkey_view(struct pm_zkey *out, const char *name, const uint8_t *data, uint64_t size_bytes,
                            enum pm_check_depth depth, struct pm_pool *pool, struct pm_error *err)
{
    *out = (struct pm_zkey){0};
    PM_TRY(pm_binfile_view(&out->file, name, data, size_bytes, "zkey", newest_version, err));
    return read_all(out, depth, pool, err);
}

void pm_zkey_close(struct pm_zkey *zkey)
{
    pm_binfile_close(&zkey->file);
    *zkey = (struct pm_zkey){0};
}
