/* Witness files: as described, as written by us, and broken in every way. */
#include "base/bytes.h"
#include "file/wtns.h"
#include "unit/file/build_files.h"
#include "unit/file/check_fails.h"

static const struct pm_curve *bn128(void) { return pm_curve_by_name("bn128"); }

static enum pm_status view_parts(struct pm_wtns *out, const struct parts *p, struct pm_error *err)
{
    static struct buf b;
    parts_join(&b, p);
    return pm_wtns_view(out, "w.wtns", b.p, b.len, err);
}

PM_TEST(a_valid_file_in_both_orders_and_at_odd_addresses)
{
    for (uint32_t n = 1; n < 6; n++)
        for (int swapped = 0; swapped < 2; swapped++)
            for (unsigned shift = 0; shift < 4; shift++) {
                struct parts p, q;
                struct buf b = {0};
                struct pm_wtns w;
                struct pm_error err = {0};
                build_wtns(&p, bn128(), n);
                q = p;
                if (swapped) q.type[0] = 2, q.type[1] = 1, q.part[0] = p.part[1], q.part[1] = p.part[0];
                parts_join(&b, &q);
                uint8_t *copy = malloc(b.len + shift);
                if (!copy) abort();
                memcpy(copy + shift, b.p, b.len);
                CHECK_OK(pm_wtns_view(&w, "w.wtns", copy + shift, b.len, &err), err);
                CHECK(w.curve == bn128());
                CHECK_U64(w.n_values, n);
                CHECK_MEM(w.values, p.part[1].p, p.part[1].len);
                pm_wtns_close(&w);
                CHECK(w.values == NULL && w.curve == NULL);
                free(copy);
                buf_free(&b);
                parts_free(&p);
            }
}

PM_TEST(written_as_described)
{
    char dir[256], path[600];
    struct parts p;
    struct buf b = {0};
    struct pm_wtns w;
    struct pm_error err = {0};
    temp_dir_make(dir);
    snprintf(path, sizeof path, "%s/w.wtns", dir);
    build_wtns(&p, bn128(), 5);
    parts_join(&b, &p);
    CHECK_OK(pm_wtns_write(path, bn128(), p.part[1].p, 5, &err), err);
    CHECK_OK(pm_wtns_open(&w, path, &err), err);
    CHECK_U64(w.file.size_bytes, b.len);
    if (w.file.size_bytes == b.len) CHECK_MEM(w.file.data, b.p, b.len);
    pm_wtns_close(&w);
    temp_dir_remove(dir);
    buf_free(&b);
    parts_free(&p);
}

PM_TEST(what_must_not_be_written)
{
    char dir[256], path[600];
    struct parts p;
    struct pm_wtns w;
    struct pm_error err = {0};
    temp_dir_make(dir);
    snprintf(path, sizeof path, "%s/w.wtns", dir);
    build_wtns(&p, bn128(), 4);
    uint8_t *values = p.part[1].p;
    CHECK_FAILS(pm_wtns_write(path, bn128(), values, 0, &err), PM_FORMAT, "begins with the number one");
    values[31] = 1;
    CHECK_FAILS(pm_wtns_write(path, bn128(), values, 4, &err), PM_FORMAT, "begins with the number one");
    values[31] = 0;
    memcpy(values + 64, bn128()->fr_modulus, 32);
    CHECK_FAILS(pm_wtns_write(path, bn128(), values, 4, &err), PM_FORMAT, "value 2 is not below the modulus");
    CHECK_FAILS(pm_wtns_open(&w, path, &err), PM_NOT_FOUND, "w.wtns");
    temp_dir_remove(dir);
    parts_free(&p);
}

PM_TEST(truncated_at_every_byte)
{
    struct parts p;
    struct buf b = {0};
    struct pm_wtns w;
    struct pm_error err;
    build_wtns(&p, bn128(), 3);
    parts_join(&b, &p);
    for (size_t len = 0; len < b.len; len++) {
        uint8_t *copy = malloc(len + 1);
        if (!copy) abort();
        memcpy(copy + 1, b.p, len);
        CHECK_FAILS(pm_wtns_view(&w, "w.wtns", copy + 1, len, &err), PM_FORMAT, "w.wtns: ");
        CHECK(w.values == NULL);
        free(copy);
    }
    buf_free(&b);
    parts_free(&p);
}

PM_TEST(header_faults)
{
    struct parts p;
    struct pm_wtns w;
    struct pm_error err;
    build_wtns(&p, bn128(), 3);
    struct buf *h = parts_find(&p, 1);
    pm_store_le32(h->p + 36, 0);
    CHECK_FAILS(view_parts(&w, &p, &err), PM_FORMAT,
                "section 1 (header), byte 60: at least one value expected, 0 found");
    static const uint32_t counts[] = {2, 4, UINT32_MAX, 0x08000003 /* the same size in 32 bits */,
                                      0x10000003};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        pm_store_le32(h->p + 36, counts[i]);
        CHECK_FAILS(view_parts(&w, &p, &err), PM_FORMAT, "section 2 (values), byte 76: ");
        CHECK(strstr(err.text, "in all, expected, 96 found") != NULL);
    }
    pm_store_le32(h->p + 36, 3);
    h->p[4] ^= 1;
    CHECK_FAILS(view_parts(&w, &p, &err), PM_UNSUPPORTED, "the scalar field's modulus is 0x30644e");
    h->p[4] ^= 1;
    h->p[0] = 24;
    CHECK_FAILS(view_parts(&w, &p, &err), PM_UNSUPPORTED, "modulus is 0x");
    h->p[0] = 32;
    h->len--;
    CHECK_FAILS(view_parts(&w, &p, &err), PM_FORMAT, "number of values: 4 bytes expected, 3 are left");
    h->len++;
    buf_put(h, "x", 1);
    CHECK_FAILS(view_parts(&w, &p, &err), PM_FORMAT, "its end expected, 1 bytes follow");
    h->len--;
    CHECK_OK(view_parts(&w, &p, &err), err);
    parts_drop(&p, 1);
    CHECK_FAILS(view_parts(&w, &p, &err), PM_FORMAT, "section 1 (header) is missing");
    parts_free(&p);
    build_wtns(&p, bn128(), 3);
    parts_drop(&p, 2);
    CHECK_FAILS(view_parts(&w, &p, &err), PM_FORMAT, "section 2 (values) is missing");
    (void)parts_add(&p, 2);
    (void)parts_add(&p, 2);
    CHECK_FAILS(view_parts(&w, &p, &err), PM_FORMAT, "section 2 (values) expected once");
    parts_free(&p);
}

PM_TEST(value_faults)
{
    struct parts p;
    struct pm_wtns w;
    struct pm_error err;
    build_wtns(&p, bn128(), 4);
    uint8_t *v = parts_find(&p, 2)->p;
    for (int bit = 0; bit < 256; bit++) {
        v[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK_FAILS(view_parts(&w, &p, &err), PM_FORMAT, "byte 76: value 0 must be the number one");
        v[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (int i = 1; i < 4; i++) {
        uint8_t old[32];
        char text[80];
        memcpy(old, v + 32 * i, 32);
        memcpy(v + 32 * i, bn128()->fr_modulus, 32);
        snprintf(text, sizeof text, "byte %d: value %d is not below the modulus of the scalar field of bn128",
                 76 + 32 * i, i);
        CHECK_FAILS(view_parts(&w, &p, &err), PM_FORMAT, text);
        memset(v + 32 * i, 0xff, 32);
        CHECK_FAILS(view_parts(&w, &p, &err), PM_FORMAT, text);
        memcpy(v + 32 * i, bn128()->fr_modulus, 32);
        v[32 * i]--; /* the modulus less one is a value */
        CHECK_OK(view_parts(&w, &p, &err), err);
        memcpy(v + 32 * i, old, 32);
    }
    parts_free(&p);
}
