/* Field moduli in file headers. See fields.h. */
#include "file/fields.h"
#include "base/bytes.h"

#include <stdio.h>
#include <string.h>

enum { max_bytes = 64, hex_chars = 2 * max_bytes + 3 };

static const char *const curve_names[] = {"bn128", "bls12381"};
enum { n_curves = sizeof curve_names / sizeof *curve_names };

/* "0x30644e...", most significant digit first, from little-endian bytes. */
static void hex_number(char out[hex_chars], const uint8_t *le, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    while (len > 1 && le[len - 1] == 0) len--;
    *out++ = '0';
    *out++ = 'x';
    for (size_t i = len; i-- > 0;) {
        if (i + 1 < len || le[i] >> 4) *out++ = digits[le[i] >> 4];
        *out++ = digits[le[i] & 15];
    }
    *out = '\0';
}

/* NULL after an error, which is then in r. */
static const uint8_t *read_modulus(struct pm_reader *r, uint32_t *len)
{
    uint64_t at = r->at;
    *len = pm_reader_u32(r, "length of the field's modulus");
    if (r->status == PM_OK && (*len == 0 || *len > max_bytes || *len % 8 != 0)) {
        r->status = pm_section_fail(
            r->err, PM_FORMAT, r->file, r->section, at,
            "length of the field's modulus: a multiple of 8 up to %d expected, %u found", max_bytes, *len);
    }
    return pm_reader_bytes(r, *len, "the field's modulus");
}

static enum pm_status fail_unknown(struct pm_reader *r, const uint8_t *modulus, uint32_t len, bool base)
{
    char found[hex_chars], known[n_curves * (hex_chars + 24)] = "", hex[hex_chars];
    size_t n = 0;
    for (int i = 0; i < n_curves; i++) {
        const struct pm_curve *c = pm_curve_by_name(curve_names[i]);
        if (!c) continue;
        hex_number(hex, base ? c->fp_modulus : c->fr_modulus, base ? c->fp_bytes : c->fr_bytes);
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%s (%s)", n ? ", " : "", c->name, hex);
    }
    hex_number(found, modulus, len);
    r->status = pm_section_fail(r->err, PM_UNSUPPORTED, r->file, r->section, r->at - len,
                                "the %s field's modulus is %s; supported: %s", base ? "base" : "scalar",
                                found, known);
    return r->status;
}

enum pm_status pm_fields_read_fp(const struct pm_curve **out, struct pm_reader *r)
{
    uint32_t len;
    *out = NULL;
    const uint8_t *modulus = read_modulus(r, &len);
    if (!modulus) return r->status;
    *out = pm_curve_by_modulus(modulus, len);
    return *out ? PM_OK : fail_unknown(r, modulus, len, true);
}

enum pm_status pm_fields_read_fr(const struct pm_curve **out, struct pm_reader *r)
{
    uint32_t len;
    *out = NULL;
    const uint8_t *modulus = read_modulus(r, &len);
    if (!modulus) return r->status;
    for (int i = 0; i < n_curves; i++) {
        const struct pm_curve *c = pm_curve_by_name(curve_names[i]);
        if (!c || c->fr_bytes != len || memcmp(c->fr_modulus, modulus, len) != 0) continue;
        *out = c;
        return PM_OK;
    }
    return fail_unknown(r, modulus, len, false);
}

enum pm_status pm_fields_expect_fr(const struct pm_curve *curve, struct pm_reader *r)
{
    uint32_t len;
    const uint8_t *modulus = read_modulus(r, &len);
    if (!modulus) return r->status;
    if (len == curve->fr_bytes && memcmp(modulus, curve->fr_modulus, len) == 0) return PM_OK;
    char found[hex_chars], expected[hex_chars];
    hex_number(found, modulus, len);
    hex_number(expected, curve->fr_modulus, curve->fr_bytes);
    r->status = pm_section_fail(r->err, PM_FORMAT, r->file, r->section, r->at - len,
                                "the scalar field's modulus of %s is %s in %u bytes, found %s in %u bytes",
                                curve->name, expected, curve->fr_bytes, found, len);
    return r->status;
}

enum pm_status pm_fields_write_fr(struct pm_binwriter *w, const struct pm_curve *curve, struct pm_error *err)
{
    uint8_t len[4];
    pm_store_le32(len, curve->fr_bytes);
    PM_TRY(pm_binwriter_put(w, len, sizeof len, err));
    return pm_binwriter_put(w, curve->fr_modulus, curve->fr_bytes, err);
}
