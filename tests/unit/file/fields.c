/* Moduli in headers: found, unknown, of the wrong length, of the other curve. */
#include "base/bytes.h"
#include "file/fields.h"
#include "unit/file/build_files.h"
#include "unit/file/check_fails.h"

/* A reader over one section that holds `len` and the modulus. */
struct one {
    struct parts parts;
    struct buf joined;
    struct pm_binfile file;
    struct pm_reader r;
};

static void one_begin(struct one *o, uint32_t len, const uint8_t *modulus, size_t modulus_len,
                      struct pm_error *err)
{
    const struct pm_section *s = NULL;
    *o = (struct one){.parts = {.magic = {'z', 'k', 'e', 'y'}, .version = 1}};
    struct buf *b = parts_add(&o->parts, 2);
    buf_u32(b, len);
    buf_put(b, modulus, modulus_len);
    parts_join(&o->joined, &o->parts);
    if (pm_binfile_view(&o->file, "k.zkey", o->joined.p, o->joined.len, "zkey", 1, err) != PM_OK ||
        pm_binfile_section(&s, &o->file, 2, "header", err) != PM_OK)
        abort();
    pm_reader_init(&o->r, &o->file, s, err);
}

static void one_end(struct one *o)
{
    pm_binfile_close(&o->file);
    buf_free(&o->joined);
    parts_free(&o->parts);
}

static const char *const names[] = {"bn128", "bls12381"};

PM_TEST(known_moduli)
{
    for (int i = 0; i < 2; i++) {
        const struct pm_curve *c = pm_curve_by_name(names[i]), *found = NULL;
        struct pm_error err = {0};
        struct one o;
        if (!c) continue;
        one_begin(&o, c->fp_bytes, c->fp_modulus, c->fp_bytes, &err);
        CHECK_OK(pm_fields_read_fp(&found, &o.r), err);
        CHECK(found == c);
        CHECK_U64(pm_reader_end(&o.r), PM_OK);
        one_end(&o);
        one_begin(&o, c->fr_bytes, c->fr_modulus, c->fr_bytes, &err);
        CHECK_OK(pm_fields_read_fr(&found, &o.r), err);
        CHECK(found == c);
        CHECK_U64(pm_reader_end(&o.r), PM_OK);
        one_end(&o);
        one_begin(&o, c->fr_bytes, c->fr_modulus, c->fr_bytes, &err);
        CHECK_OK(pm_fields_expect_fr(c, &o.r), err);
        CHECK_U64(pm_reader_end(&o.r), PM_OK);
        one_end(&o);
    }
    CHECK(pm_curve_by_name("bn128") != NULL);
}

PM_TEST(unknown_moduli_are_named)
{
    const struct pm_curve *c = pm_curve_by_name("bn128"), *found = c;
    struct pm_error err = {0};
    struct one o;
    uint8_t m[32];
    memcpy(m, c->fr_modulus, 32);
    m[0] ^= 2;
    one_begin(&o, 32, m, 32, &err);
    CHECK_FAILS(pm_fields_read_fr(&found, &o.r), PM_UNSUPPORTED,
                "k.zkey: section 2 (header), byte 28: the scalar field's modulus is "
                "0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000003; supported: bn128 "
                "(0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001)");
    CHECK(found == NULL);
    CHECK_U64(o.r.status, PM_UNSUPPORTED);
    one_end(&o);
    one_begin(&o, 32, c->fr_modulus, 32, &err); /* Fr where Fp belongs */
    CHECK_FAILS(pm_fields_read_fp(&found, &o.r), PM_UNSUPPORTED,
                "the base field's modulus is 0x30644e72e131a029b85045b681"
                "81585d2833e84879b9709143e1f593f0000001; supported: bn128 "
                "(0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c"
                "16d87cfd47)");
    one_end(&o);
    memset(m, 0, 32);
    m[0] = 7;
    one_begin(&o, 8, m, 8, &err);
    CHECK_FAILS(pm_fields_read_fr(&found, &o.r), PM_UNSUPPORTED, "modulus is 0x7; supported");
    one_end(&o);
    one_begin(&o, 32, m, 32, &err);
    CHECK_FAILS(pm_fields_expect_fr(c, &o.r), PM_FORMAT,
                "the scalar field's modulus of bn128 is "
                "0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001 in 32 bytes, found 0x7 "
                "in 32 bytes");
    one_end(&o);
}

PM_TEST(lengths)
{
    static const uint32_t bad[] = {0, 1, 7, 31, 33, 65, 72, 128, 0x80000000, UINT32_MAX, UINT32_MAX - 7};
    const struct pm_curve *c = pm_curve_by_name("bn128"), *found;
    uint8_t m[64] = {0};
    struct pm_error err = {0};
    struct one o;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        one_begin(&o, bad[i], m, sizeof m, &err);
        CHECK_FAILS(pm_fields_read_fr(&found, &o.r), PM_FORMAT,
                    "byte 24: length of the field's modulus: a multiple of 8 up to 64 expected");
        one_end(&o);
        one_begin(&o, bad[i], m, sizeof m, &err);
        CHECK_FAILS(pm_fields_read_fp(&found, &o.r), PM_FORMAT, "length of the field's modulus");
        one_end(&o);
    }
    memcpy(m, c->fr_modulus, 32); /* the right number in too many bytes */
    one_begin(&o, 40, m, 40, &err);
    CHECK_FAILS(pm_fields_read_fr(&found, &o.r), PM_UNSUPPORTED, "the scalar field's modulus is 0x30644e");
    one_end(&o);
    one_begin(&o, 40, m, 40, &err);
    CHECK_FAILS(pm_fields_expect_fr(c, &o.r), PM_FORMAT, "in 40 bytes");
    one_end(&o);
    one_begin(&o, 32, m, 31, &err);
    CHECK_FAILS(pm_fields_read_fr(&found, &o.r), PM_FORMAT,
                "the field's modulus: 32 bytes expected, 31 are left");
    one_end(&o);
    one_begin(&o, 32, m, 31, &err);
    CHECK_FAILS(pm_fields_expect_fr(c, &o.r), PM_FORMAT, "31 are left");
    one_end(&o);
}
