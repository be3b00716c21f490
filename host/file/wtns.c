/* Witness files. See wtns.h. */
#include "file/wtns.h"
#include "base/bytes.h"
#include "file/fields.h"

#include <string.h>

enum { section_header = 1, section_values = 2, newest_version = 2 };

static bool is_one(const uint8_t *value, unsigned bytes)
{
    if (value[0] != 1) return false;
    for (unsigned i = 1; i < bytes; i++)
        if (value[i] != 0) return false;
    return true;
}

static enum pm_status read_header(struct pm_wtns *wtns, struct pm_error *err)
{
    const struct pm_section *s;
    struct pm_reader r;
    PM_TRY(pm_binfile_section(&s, &wtns->file, section_header, "header", err));
    pm_reader_init(&r, &wtns->file, s, err);
    PM_TRY(pm_fields_read_fr(&wtns->curve, &r));
    wtns->n_values = pm_reader_u32(&r, "number of values");
    PM_TRY(pm_reader_end(&r));
    if (wtns->n_values == 0)
        return pm_section_fail(err, PM_FORMAT, &wtns->file, s, r.at - 4,
                               "at least one value expected, 0 found");
    return PM_OK;
}

static enum pm_status check_values(struct pm_wtns *wtns, struct pm_error *err)
{
    const struct pm_section *s;
    const struct pm_curve *curve = wtns->curve;
    PM_TRY(pm_binfile_section(&s, &wtns->file, section_values, "values", err));
    uint64_t expected = (uint64_t)wtns->n_values * curve->fr_bytes;
    if (s->size_bytes != expected)
        return pm_section_fail(
            err, PM_FORMAT, &wtns->file, s, 0, "%u values of %u bytes, %llu in all, expected, %llu found",
            wtns->n_values, curve->fr_bytes, (unsigned long long)expected, (unsigned long long)s->size_bytes);
    if (!is_one(s->data, curve->fr_bytes))
        return pm_section_fail(err, PM_FORMAT, &wtns->file, s, 0, "value 0 must be the number one");
    size_t wild = pm_curve_find_wild(curve, s->data, wtns->n_values);
    if (wild < wtns->n_values)
        return pm_section_fail(err, PM_FORMAT, &wtns->file, s, (uint64_t)wild * curve->fr_bytes,
                               "value %zu is not below the modulus of the scalar field of %s", wild,
                               curve->name);
    wtns->values = s->data;
    return PM_OK;
}

static enum pm_status read_all(struct pm_wtns *wtns, struct pm_error *err)
{
    enum pm_status status;
    PM_GOTO(read_header(wtns, err));
    PM_GOTO(check_values(wtns, err));
    return PM_OK;
out:
    pm_wtns_close(wtns);
    return status;
}

enum pm_status pm_wtns_open(struct pm_wtns *out, const char *path, struct pm_error *err)
{
    *out = (struct pm_wtns){0};
    PM_TRY(pm_binfile_open(&out->file, path, "wtns", newest_version, err));
    return read_all(out, err);
}

enum pm_status pm_wtns_view(struct pm_wtns *out, const char *name, const uint8_t *data, uint64_t size_bytes,
                            struct pm_error *err)
{
    *out = (struct pm_wtns){0};
    PM_TRY(pm_binfile_view(&out->file, name, data, size_bytes, "wtns", newest_version, err));
    return read_all(out, err);
}

void pm_wtns_close(struct pm_wtns *wtns)
{
    pm_binfile_close(&wtns->file);
    *wtns = (struct pm_wtns){0};
}

enum pm_status pm_wtns_write(const char *path, const struct pm_curve *curve, const uint8_t *values,
                             uint32_t n_values, struct pm_error *err)
{
    enum pm_status status;
    struct pm_binwriter *w = NULL;
    uint8_t count[4];
    if (n_values == 0 || !is_one(values, curve->fr_bytes))
        return pm_fail(err, PM_FORMAT, "%s: a witness begins with the number one", path);
    size_t wild = pm_curve_find_wild(curve, values, n_values);
    if (wild < n_values)
        return pm_fail(err, PM_FORMAT, "%s: value %zu is not below the modulus of the scalar field of %s",
                       path, wild, curve->name);
    pm_store_le32(count, n_values);
    PM_GOTO(pm_binwriter_new(&w, path, "wtns", newest_version, 2, err));
    PM_GOTO(pm_binwriter_section(w, section_header, err));
    PM_GOTO(pm_fields_write_fr(w, curve, err));
    PM_GOTO(pm_binwriter_put(w, count, sizeof count, err));
    PM_GOTO(pm_binwriter_section(w, section_values, err));
    PM_GOTO(pm_binwriter_put(w, values, (size_t)n_values * curve->fr_bytes, err));
    PM_GOTO(pm_binwriter_finish(w, err));
out:
    pm_binwriter_free(&w);
    return status;
}
