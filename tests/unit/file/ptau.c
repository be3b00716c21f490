/* Powers of tau: small valid files, and one fault at a time in everything that is checked. */
#include "base/bytes.h"
#include "file/ptau.h"
#include "unit/file/build_files.h"
#include "unit/file/check_fails.h"

enum { at_power = 36, at_ceremony = 40 }; /* in the header section of BN254 */

static const struct pm_curve *bn128(void) { return pm_curve_by_name("bn128"); }

static enum pm_status view(struct pm_ptau *out, const struct parts *p, enum pm_check_depth depth,
                           struct pm_error *err)
{
    static struct buf b;
    parts_join(&b, p);
    return pm_ptau_view(out, "t.ptau", b.p, b.len, depth, NULL, err);
}

static void check_points(const uint8_t *found, struct parts *p, uint32_t type)
{
    CHECK(found != NULL);
    if (found) CHECK_MEM(found, parts_find(p, type)->p, parts_find(p, type)->len);
}

PM_TEST(valid_files)
{
    for (unsigned power = 0; power < 4; power++) {
        struct parts p;
        struct pm_ptau t;
        struct pm_error err = {0};
        build_ptau(&p, bn128(), power, power % 2);
        if (power == 3) (void)parts_add(&p, PM_PTAU_DEV_SECTION);
        CHECK_OK(view(&t, &p, PM_CHECK_DEEP, &err), err);
        CHECK(t.curve == bn128());
        CHECK_U64(t.power, power);
        CHECK_U64(t.ceremony_power, power);
        CHECK_U64(t.n_contributions, 0);
        CHECK(t.prepared == (power % 2 != 0) && t.dev == (power == 3));
        check_points(t.tau1, &p, 2);
        check_points(t.tau2, &p, 3);
        check_points(t.alpha_tau1, &p, 4);
        check_points(t.beta_tau1, &p, 5);
        check_points(t.beta2, &p, 6);
        if (t.prepared) {
            check_points(t.lagrange_tau1, &p, 12);
            check_points(t.lagrange_tau2, &p, 13);
            check_points(t.lagrange_alpha_tau1, &p, 14);
            check_points(t.lagrange_beta_tau1, &p, 15);
        } else {
            CHECK(t.lagrange_tau1 == NULL && t.lagrange_beta_tau1 == NULL);
        }
        pm_ptau_close(&t);
        CHECK(t.curve == NULL && t.tau1 == NULL);
        parts_free(&p);
    }
}

PM_TEST(sections_missing_doubled_cut_and_extended)
{
    static const uint32_t types[] = {1, 2, 3, 4, 5, 6, 7, 13, 14, 15};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct parts p;
        struct pm_ptau t;
        struct pm_error err;
        char name[24];
        build_ptau(&p, bn128(), 1, true);
        snprintf(name, sizeof name, "section %u (", types[i]);
        (void)parts_add(&p, types[i]);
        CHECK_FAILS(view(&t, &p, PM_CHECK_SHAPE, &err), PM_FORMAT, name);
        p.n--;
        struct buf *b = parts_find(&p, types[i]);
        b->len--;
        CHECK_FAILS(view(&t, &p, PM_CHECK_SHAPE, &err), PM_FORMAT, name);
        b->len++;
        if (types[i] != 7) { /* what follows the number of contributions is not read */
            buf_put(b, "", 1);
            CHECK_FAILS(view(&t, &p, PM_CHECK_SHAPE, &err), PM_FORMAT, name);
            b->len--;
        }
        parts_drop(&p, types[i]);
        CHECK_FAILS(view(&t, &p, PM_CHECK_SHAPE, &err), PM_FORMAT, name);
        parts_free(&p);
    }
}

PM_TEST(headers)
{
    struct parts p;
    struct pm_ptau t;
    struct pm_error err;
    build_ptau(&p, bn128(), 1, true);
    uint8_t *h = parts_find(&p, 1)->p;
    static const uint32_t powers[] = {29, 32, 33, 64, UINT32_MAX};
    for (size_t i = 0; i < sizeof powers / sizeof *powers; i++) {
        pm_store_le32(h + at_power, powers[i]);
        CHECK_FAILS(view(&t, &p, PM_CHECK_SHAPE, &err), PM_FORMAT, "a power of at most 28 expected");
    }
    pm_store_le32(h + at_power, 28);
    pm_store_le32(h + at_ceremony, 28);
    CHECK_FAILS(view(&t, &p, PM_CHECK_SHAPE, &err), PM_FORMAT, "536870911 points (tau G1) of 64 bytes");
    pm_store_le32(h + at_power, 1);
    CHECK_U64(view(&t, &p, PM_CHECK_SHAPE, &err), PM_OK);
    CHECK_U64(t.ceremony_power, 28);
    pm_store_le32(h + at_ceremony, 0);
    CHECK_FAILS(view(&t, &p, PM_CHECK_SHAPE, &err), PM_FORMAT, "the ceremony's power, 0, is below");
    pm_store_le32(h + at_ceremony, 1);
    h[5] ^= 1;
    CHECK_FAILS(view(&t, &p, PM_CHECK_SHAPE, &err), PM_UNSUPPORTED, "section 1 (header)");
    parts_free(&p);
}

PM_TEST(points)
{
    struct parts p;
    struct pm_ptau t;
    struct pm_error err;
    build_ptau(&p, bn128(), 2, true);
    static const uint32_t firsts[] = {2, 3};
    for (size_t i = 0; i < 2; i++) {
        uint8_t *x = parts_find(&p, firsts[i])->p;
        x[0] ^= 1;
        CHECK_FAILS(view(&t, &p, PM_CHECK_SHAPE, &err), PM_FORMAT, "must be the group's generator");
        x[0] ^= 1;
    }
    static const uint32_t types[] = {2, 3, 4, 5, 6, 12, 13, 14, 15};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct buf *b = parts_find(&p, types[i]);
        char name[24];
        snprintf(name, sizeof name, "section %u (", types[i]);
        b->p[b->len - 1] ^= 0x10; /* the last point's */
        CHECK_U64(view(&t, &p, PM_CHECK_SHAPE, &err), PM_OK);
        CHECK_FAILS(view(&t, &p, PM_CHECK_DEEP, &err), PM_FORMAT, name);
        b->p[b->len - 1] ^= 0x10;
    }
    CHECK_U64(view(&t, &p, PM_CHECK_DEEP, &err), PM_OK);
    parts_free(&p);
}

PM_TEST(truncated_at_every_byte)
{
    struct parts p;
    struct buf b = {0};
    struct pm_ptau t;
    struct pm_error err;
    build_ptau(&p, bn128(), 1, true);
    parts_join(&b, &p);
    for (size_t len = 0; len < b.len; len++) {
        uint8_t *copy = malloc(len + 1);
        if (!copy) abort();
        memcpy(copy, b.p, len);
        CHECK_FAILS(pm_ptau_view(&t, "t.ptau", copy, len, PM_CHECK_SHAPE, NULL, &err), PM_FORMAT, "t.ptau: ");
        free(copy);
    }
    buf_free(&b);
    parts_free(&p);
}
