/* Constraint files. See r1cs.h. Opening walks every linear combination once, so that pm_r1cs_next cannot
 * fail. */
#include "file/r1cs.h"
#include "base/bytes.h"
#include "file/fields.h"

#include <stdlib.h>

enum {
    section_header = 1,
    section_constraints = 2,
    section_labels = 3,
    section_gates = 4,
    section_gate_uses = 5
};
enum { newest_version = 1, release_bytes = 1 << 22 };

static enum pm_status read_header(struct pm_r1cs *r1cs, struct pm_error *err)
{
    const struct pm_section *s;
    struct pm_reader r;
    PM_TRY(pm_binfile_section(&s, &r1cs->file, section_header, "header", err));
    pm_reader_init(&r, &r1cs->file, s, err);
    PM_TRY(pm_fields_read_fr(&r1cs->curve, &r));
    uint64_t at = r.at;
    r1cs->n_vars = pm_reader_u32(&r, "number of wires");
    r1cs->n_outputs = pm_reader_u32(&r, "number of public outputs");
    r1cs->n_public_inputs = pm_reader_u32(&r, "number of public inputs");
    r1cs->n_private_inputs = pm_reader_u32(&r, "number of private inputs");
    r1cs->n_labels = pm_reader_u64(&r, "number of labels");
    r1cs->n_constraints = pm_reader_u32(&r, "number of constraints");
    PM_TRY(pm_reader_end(&r));
    /* Private inputs that no constraint uses are counted but are no wires: nothing to compare them with. */
    uint64_t fixed = 1 + (uint64_t)r1cs->n_outputs + r1cs->n_public_inputs;
    if (fixed > r1cs->n_vars)
        return pm_section_fail(err, PM_FORMAT, &r1cs->file, s, at,
                               "%llu wires expected at least (one, %u outputs, %u public inputs), %u found",
                               (unsigned long long)fixed, r1cs->n_outputs, r1cs->n_public_inputs,
                               r1cs->n_vars);
    return PM_OK;
}

static enum pm_status check_other_sections(const struct pm_r1cs *r1cs, struct pm_error *err)
{
    const struct pm_section *s;
    PM_TRY(pm_binfile_optional(&s, &r1cs->file, section_labels, "wire to label", err));
    uint64_t expected = (uint64_t)r1cs->n_vars * 8;
    if (s && s->size_bytes != expected)
        return pm_section_fail(err, PM_FORMAT, &r1cs->file, s, 0,
                               "%u labels of 8 bytes, %llu in all, expected, %llu found", r1cs->n_vars,
                               (unsigned long long)expected, (unsigned long long)s->size_bytes);
    for (uint32_t type = section_gates; type <= section_gate_uses; type++) {
        PM_TRY(pm_binfile_optional(&s, &r1cs->file, type, "custom gates", err));
        if (s)
            return pm_section_fail(err, PM_UNSUPPORTED, &r1cs->file, s, 0,
                                   "the circuit has custom gates, which Groth16 has not");
    }
    return PM_OK;
}

/* One linear combination; r->status says whether it is sound. */
static void check_lc(struct pm_reader *r, const struct pm_curve *curve, uint32_t n_vars, uint32_t constraint,
                     char name)
{
    uint64_t term_bytes = 4 + (uint64_t)curve->fr_bytes;
    uint32_t n_terms = pm_reader_u32(r, "number of terms of a linear combination");
    if (r->status != PM_OK) return;
    uint64_t at = r->at, left = r->section->size_bytes - at;
    if (n_terms > left / term_bytes) {
        r->status =
            pm_section_fail(r->err, PM_FORMAT, r->file, r->section, at,
                            "constraint %u, %c: %u terms of %u bytes expected, %llu bytes are left",
                            constraint, name, n_terms, (unsigned)term_bytes, (unsigned long long)left);
        return;
    }
    const uint8_t *term = pm_reader_bytes(r, n_terms * term_bytes, "terms");
    for (uint32_t i = 0; i < n_terms; i++, at += term_bytes, term += term_bytes) {
        uint32_t wire = pm_load_le32(term);
        if (wire >= n_vars) {
            r->status = pm_section_fail(r->err, PM_FORMAT, r->file, r->section, at,
                                        "constraint %u, %c, term %u: a wire below %u expected, %u found",
                                        constraint, name, i, n_vars, wire);
            return;
        }
        if (!curve->fr_is_canonical(term + 4)) {
            r->status =
                pm_section_fail(r->err, PM_FORMAT, r->file, r->section, at + 4,
                                "constraint %u, %c, term %u: the coefficient is not below the modulus of the "
                                "scalar field of %s",
                                constraint, name, i, curve->name);
            return;
        }
    }
}

static enum pm_status check_constraints(const struct pm_binfile *file, const struct pm_section *s,
                                        const struct pm_curve *curve, uint32_t n_vars, uint32_t n_constraints,
                                        struct pm_error *err)
{
    struct pm_reader r;
    pm_reader_init(&r, file, s, err);
    uint64_t released = 0;
    for (uint32_t i = 0; i < n_constraints && r.status == PM_OK; i++) {
        for (int k = 0; k < 3 && r.status == PM_OK; k++) check_lc(&r, curve, n_vars, i, "ABC"[k]);
        if (r.at - released < release_bytes) continue;
        pm_binfile_release(file, s->offset + released, s->offset + r.at);
        released = r.at;
    }
    return pm_reader_end(&r);
}

static enum pm_status read_all(struct pm_r1cs *r1cs, struct pm_error *err)
{
    enum pm_status status;
    PM_GOTO(read_header(r1cs, err));
    PM_GOTO(check_other_sections(r1cs, err));
    PM_GOTO(pm_binfile_section(&r1cs->constraints, &r1cs->file, section_constraints, "constraints", err));
    PM_GOTO(check_constraints(&r1cs->file, r1cs->constraints, r1cs->curve, r1cs->n_vars, r1cs->n_constraints,
                              err));
    return PM_OK;
out:
    pm_r1cs_close(r1cs);
    return status;
}

enum pm_status pm_r1cs_open(struct pm_r1cs *out, const char *path, struct pm_error *err)
{
    *out = (struct pm_r1cs){0};
    PM_TRY(pm_binfile_open(&out->file, path, "r1cs", newest_version, err));
    return read_all(out, err);
}

enum pm_status pm_r1cs_view(struct pm_r1cs *out, const char *name, const uint8_t *data, uint64_t size_bytes,
                            struct pm_error *err)
{
    *out = (struct pm_r1cs){0};
    PM_TRY(pm_binfile_view(&out->file, name, data, size_bytes, "r1cs", newest_version, err));
    return read_all(out, err);
}

void pm_r1cs_close(struct pm_r1cs *r1cs)
{
    pm_binfile_close(&r1cs->file);
    *r1cs = (struct pm_r1cs){0};
}

void pm_r1cs_next(const struct pm_r1cs *r1cs, uint64_t *at, struct pm_lc lc[3])
{
    for (int k = 0; k < 3; k++) {
        const uint8_t *p = r1cs->constraints->data + *at;
        lc[k] = (struct pm_lc){.n_terms = pm_load_le32(p), .terms = p + 4};
        *at += 4 + (uint64_t)lc[k].n_terms * (4 + (uint64_t)r1cs->curve->fr_bytes);
    }
}

void pm_r1cs_release(const struct pm_r1cs *r1cs, uint64_t from, uint64_t to)
{
    uint64_t begin = r1cs->constraints->offset;
    pm_binfile_release(&r1cs->file, begin + from, begin + to);
}

static enum pm_status write_header(struct pm_binwriter *w, const struct pm_curve *curve, uint32_t n_vars,
                                   uint32_t n_outputs, uint32_t n_public_inputs, uint32_t n_constraints,
                                   struct pm_error *err)
{
    uint8_t counts[28];
    pm_store_le32(counts, n_vars);
    pm_store_le32(counts + 4, n_outputs);
    pm_store_le32(counts + 8, n_public_inputs);
    pm_store_le32(counts + 12, n_vars - 1 - n_outputs - n_public_inputs);
    pm_store_le64(counts + 16, n_vars);
    pm_store_le32(counts + 24, n_constraints);
    PM_TRY(pm_binwriter_section(w, section_header, err));
    PM_TRY(pm_fields_write_fr(w, curve, err));
    return pm_binwriter_put(w, counts, sizeof counts, err);
}

struct pm_r1cs_writer {
    struct pm_binwriter *out;
    const struct pm_curve *curve;
    uint32_t n_vars, n_constraints, written;
};

enum pm_status pm_r1cs_writer_new(struct pm_r1cs_writer **out, const char *path, const struct pm_curve *curve,
                                  uint32_t n_vars, uint32_t n_outputs, uint32_t n_public_inputs,
                                  uint32_t n_constraints, struct pm_error *err)
{
    enum pm_status status;
    *out = NULL;
    if (1 + (uint64_t)n_outputs + n_public_inputs > n_vars)
        return pm_fail(err, PM_FORMAT, "%s: %u wires are too few for %u outputs and %u public inputs", path,
                       n_vars, n_outputs, n_public_inputs);
    struct pm_r1cs_writer *w = malloc(sizeof *w);
    if (!w) return pm_fail(err, PM_NO_MEMORY, "%s: no memory to write it", path);
    *w = (struct pm_r1cs_writer){.curve = curve, .n_vars = n_vars, .n_constraints = n_constraints};
    PM_GOTO(pm_binwriter_new(&w->out, path, "r1cs", newest_version, 3, err));
    PM_GOTO(write_header(w->out, curve, n_vars, n_outputs, n_public_inputs, n_constraints, err));
    PM_GOTO(pm_binwriter_section(w->out, section_constraints, err));
    *out = w;
    return PM_OK;
out:
    pm_r1cs_writer_free(&w);
    return status;
}

enum pm_status pm_r1cs_writer_put(struct pm_r1cs_writer *w, const uint8_t *constraints, uint64_t size_bytes,
                                  uint32_t n, struct pm_error *err)
{
    struct pm_binfile file = {.name = "constraints to be written"};
    const struct pm_section s = {
        .type = section_constraints, .name = "constraints", .data = constraints, .size_bytes = size_bytes};
    PM_TRY(check_constraints(&file, &s, w->curve, w->n_vars, n, err));
    if (n > w->n_constraints - w->written)
        return pm_fail(err, PM_FORMAT, "%u constraints were promised, these are more", w->n_constraints);
    w->written += n;
    return pm_binwriter_put(w->out, constraints, size_bytes, err);
}

enum pm_status pm_r1cs_writer_finish(struct pm_r1cs_writer *w, struct pm_error *err)
{
    if (w->written != w->n_constraints)
        return pm_fail(err, PM_FORMAT, "%u constraints were promised, %u put", w->n_constraints, w->written);
    PM_TRY(pm_binwriter_section(w->out, section_labels, err));
    for (uint64_t i = 0; i < w->n_vars; i++) {
        uint8_t label[8];
        pm_store_le64(label, i);
        PM_TRY(pm_binwriter_put(w->out, label, sizeof label, err));
    }
    return pm_binwriter_finish(w->out, err);
}

void pm_r1cs_writer_free(struct pm_r1cs_writer **at)
{
    struct pm_r1cs_writer *w = *at;
    if (!w) return;
    pm_binwriter_free(&w->out);
    free(w);
    *at = NULL;
}

enum pm_status pm_r1cs_write(const char *path, const struct pm_curve *curve, uint32_t n_vars,
                             uint32_t n_outputs, uint32_t n_public_inputs, uint32_t n_constraints,
                             const uint8_t *constraints, uint64_t size_bytes, struct pm_error *err)
{
    enum pm_status status;
    struct pm_r1cs_writer *w = NULL;
    PM_GOTO(pm_r1cs_writer_new(&w, path, curve, n_vars, n_outputs, n_public_inputs, n_constraints, err));
    PM_GOTO(pm_r1cs_writer_put(w, constraints, size_bytes, n_constraints, err));
    PM_GOTO(pm_r1cs_writer_finish(w, err));
out:
    pm_r1cs_writer_free(&w);
    return status;
}
