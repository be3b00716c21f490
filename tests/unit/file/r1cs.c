/* Constraint files: as circom writes them, as written by us, and broken in every way. */
#include "base/bytes.h"
#include "file/r1cs.h"
#include "unit/file/build_files.h"
#include "unit/file/check_fails.h"

static const struct pm_curve *bn128(void) { return pm_curve_by_name("bn128"); }

static enum pm_status view_parts(struct pm_r1cs *out, const struct parts *p, struct pm_error *err)
{
    static struct buf b;
    parts_join(&b, p);
    return pm_r1cs_view(out, "c.r1cs", b.p, b.len, err);
}

PM_TEST(a_valid_file_in_every_order_and_at_odd_addresses)
{
    static const unsigned orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (int o = 0; o < 6; o++) {
        struct parts in, p;
        struct buf b = {0};
        struct pm_r1cs r;
        struct pm_error err = {0};
        build_r1cs(&in, bn128(), 5);
        p = in;
        for (int i = 0; i < 3; i++) p.type[i] = in.type[orders[o][i]], p.part[i] = in.part[orders[o][i]];
        parts_join(&b, &p);
        uint8_t *copy = malloc(b.len + 3);
        if (!copy) abort();
        memcpy(copy + o % 4, b.p, b.len);
        CHECK_OK(pm_r1cs_view(&r, "c.r1cs", copy + o % 4, b.len, &err), err);
        CHECK(r.curve == bn128());
        CHECK_U64(r.n_vars, 7);
        CHECK_U64(r.n_outputs, 1);
        CHECK_U64(r.n_public_inputs, 0);
        CHECK_U64(r.n_private_inputs, 1);
        CHECK_U64(r.n_labels, 10);
        CHECK_U64(r.n_constraints, 5);
        pm_r1cs_close(&r);
        CHECK(r.curve == NULL);
        free(copy);
        buf_free(&b);
        parts_free(&in);
    }
}

PM_TEST(the_walk_gives_every_term)
{
    struct parts p;
    struct pm_r1cs r;
    struct pm_error err = {0};
    struct pm_lc lc[3];
    uint64_t at = 0;
    uint8_t seven[32] = {7}, minus_one[32];
    memcpy(minus_one, bn128()->fr_modulus, 32);
    minus_one[0]--;
    build_r1cs(&p, bn128(), 5);
    CHECK_OK(view_parts(&r, &p, &err), err);
    for (uint32_t i = 0; i < 5; i++) {
        pm_r1cs_next(&r, &at, lc);
        CHECK_U64(lc[0].n_terms, i % 2 ? 2 : 1);
        CHECK_U64(pm_load_le32(lc[0].terms), i + 2);
        if (i % 2) CHECK_U64(pm_load_le32(lc[0].terms + 36), 0);
        if (i % 2) CHECK_U64(lc[0].terms[40], i);
        CHECK_U64(lc[1].n_terms, i == 2 ? 0 : 1);
        if (i != 2) CHECK_U64(pm_load_le32(lc[1].terms), 2);
        if (i != 2) CHECK_MEM(lc[1].terms + 4, minus_one, 32);
        CHECK_U64(lc[2].n_terms, 1);
        CHECK_U64(pm_load_le32(lc[2].terms), i == 4 ? 1 : i + 3);
        CHECK_MEM(lc[2].terms + 4, seven, 32);
    }
    CHECK_U64(at, r.constraints->size_bytes);
    pm_r1cs_close(&r);
    parts_free(&p);
}

PM_TEST(truncated_at_every_byte)
{
    struct parts p;
    struct buf b = {0};
    struct pm_r1cs r;
    struct pm_error err;
    build_r1cs(&p, bn128(), 3);
    parts_join(&b, &p);
    for (size_t len = 0; len < b.len; len++) {
        uint8_t *copy = malloc(len + 1);
        if (!copy) abort();
        memcpy(copy + 1, b.p, len);
        CHECK_FAILS(pm_r1cs_view(&r, "c.r1cs", copy + 1, len, &err), PM_FORMAT, "c.r1cs: ");
        free(copy);
    }
    buf_free(&b);
    parts_free(&p);
}

/* The section of constraints cut or extended inside a file that is otherwise whole. */
PM_TEST(the_section_cut_at_every_byte)
{
    struct parts p;
    struct pm_r1cs r;
    struct pm_error err;
    build_r1cs(&p, bn128(), 4);
    struct buf *c = parts_find(&p, 2);
    size_t whole = c->len;
    for (c->len = 0; c->len < whole; c->len++)
        CHECK_FAILS(view_parts(&r, &p, &err), PM_FORMAT, "section 2 (constraints), byte ");
    CHECK_OK(view_parts(&r, &p, &err), err);
    pm_r1cs_close(&r);
    buf_put(c, "\0\0\0\0", 4);
    CHECK_FAILS(view_parts(&r, &p, &err), PM_FORMAT, "its end expected, 4 bytes follow");
    parts_free(&p);
}

PM_TEST(header_faults)
{
    struct parts p;
    struct pm_r1cs r;
    struct pm_error err;
    build_r1cs(&p, bn128(), 3);
    uint8_t *h = parts_find(&p, 1)->p;
    pm_store_le32(h + 40, 4); /* 4 outputs, 0 inputs, 5 wires */
    CHECK_OK(view_parts(&r, &p, &err), err);
    pm_r1cs_close(&r);
    pm_store_le32(h + 44, 1);
    CHECK_FAILS(view_parts(&r, &p, &err), PM_FORMAT,
                "6 wires expected at least (one, 4 outputs, 1 public inputs), 5 found");
    pm_store_le32(h + 40, UINT32_MAX);
    pm_store_le32(h + 44, UINT32_MAX);
    CHECK_FAILS(view_parts(&r, &p, &err), PM_FORMAT, "8589934591 wires expected at least");
    pm_store_le32(h + 40, 1);
    pm_store_le32(h + 44, 0);
    pm_store_le32(h + 36, 0);
    CHECK_FAILS(view_parts(&r, &p, &err), PM_FORMAT, "0 found");
    pm_store_le32(h + 36, 5);
    pm_store_le32(h + 48, 1000000); /* unused private inputs are no wires */
    CHECK_OK(view_parts(&r, &p, &err), err);
    pm_r1cs_close(&r);
    pm_store_le32(h + 60, 2);
    CHECK_FAILS(view_parts(&r, &p, &err), PM_FORMAT, "section 2 (constraints), byte ");
    pm_store_le32(h + 60, 4);
    CHECK_FAILS(view_parts(&r, &p, &err), PM_FORMAT,
                "number of terms of a linear combination: 4 bytes expected, 0 are left");
    pm_store_le32(h + 60, UINT32_MAX);
    CHECK_FAILS(view_parts(&r, &p, &err), PM_FORMAT, "0 are left");
    pm_store_le32(h + 60, 3);
    h[4] ^= 4;
    CHECK_FAILS(view_parts(&r, &p, &err), PM_UNSUPPORTED, "the scalar field's modulus is 0x30644e");
    h[4] ^= 4;
    buf_put(parts_find(&p, 1), "x", 1);
    CHECK_FAILS(view_parts(&r, &p, &err), PM_FORMAT, "section 1 (header)");
    parts_find(&p, 1)->len -= 2;
    CHECK_FAILS(view_parts(&r, &p, &err), PM_FORMAT, "number of constraints: 4 bytes expected, 3 are left");
    parts_free(&p);
}

PM_TEST(section_faults)
{
    struct parts p;
    struct pm_r1cs r;
    struct pm_error err;
    build_r1cs(&p, bn128(), 3);
    struct buf *labels = parts_find(&p, 3);
    labels->len -= 8;
    CHECK_FAILS(view_parts(&r, &p, &err), PM_FORMAT, "section 3 (wire to label)");
    CHECK(strstr(err.text, "5 labels of 8 bytes, 40 in all, expected, 32 found") != NULL);
    parts_drop(&p, 3); /* nothing here needs the labels */
    CHECK_OK(view_parts(&r, &p, &err), err);
    pm_r1cs_close(&r);
    for (uint32_t type = 4; type <= 5; type++) {
        buf_u32(parts_add(&p, type), 0);
        CHECK_FAILS(view_parts(&r, &p, &err), PM_UNSUPPORTED, "custom gates, which Groth16 has not");
        parts_drop(&p, type);
    }
    for (uint32_t type = 1; type <= 3; type++) {
        (void)parts_add(&p, type);
        if (type == 3) (void)parts_add(&p, type);
        CHECK_FAILS(view_parts(&r, &p, &err), PM_FORMAT, "expected once");
        parts_free(&p);
        build_r1cs(&p, bn128(), 3);
        parts_drop(&p, 3);
    }
    parts_drop(&p, 1);
    CHECK_FAILS(view_parts(&r, &p, &err), PM_FORMAT, "section 1 (header) is missing");
    parts_free(&p);
    build_r1cs(&p, bn128(), 3);
    parts_drop(&p, 2);
    CHECK_FAILS(view_parts(&r, &p, &err), PM_FORMAT, "section 2 (constraints) is missing");
    parts_free(&p);
}

PM_TEST(term_faults)
{
    struct parts p;
    struct pm_r1cs r;
    struct pm_error err;
    build_r1cs(&p, bn128(), 3);
    uint8_t *c = parts_find(&p, 2)->p; /* constraint 0: three combinations of one term, 40 bytes each */
    pm_store_le32(c + 4, 5);
    CHECK_FAILS(
        view_parts(&r, &p, &err), PM_FORMAT,
        "section 2 (constraints), byte 28: constraint 0, A, term 0: a wire below 5 expected, 5 found");
    pm_store_le32(c + 4, 2);
    pm_store_le32(c + 44, UINT32_MAX);
    CHECK_FAILS(view_parts(&r, &p, &err), PM_FORMAT,
                "byte 68: constraint 0, B, term 0: a wire below 5 expected, 4294967295");
    pm_store_le32(c + 44, 2);
    memcpy(c + 88, bn128()->fr_modulus, 32);
    CHECK_FAILS(view_parts(&r, &p, &err), PM_FORMAT,
                "byte 112: constraint 0, C, term 0: the coefficient is not below the modulus of the scalar "
                "field of bn128");
    c[88] = 0;
    CHECK_OK(view_parts(&r, &p, &err), err);
    pm_r1cs_close(&r);
    static const uint32_t counts[] = {100, UINT32_MAX, 0x71c71c72 /* times 36: 8 above 2^32 */, 0x80000000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        pm_store_le32(c + 40, counts[i]);
        CHECK_FAILS(view_parts(&r, &p, &err), PM_FORMAT, "byte 68: constraint 0, B: ");
        CHECK(strstr(err.text, "terms of 36 bytes expected") != NULL);
    }
    parts_free(&p);
}

PM_TEST(written_files_open)
{
    char dir[256], path[600];
    struct parts p;
    struct pm_r1cs r;
    struct pm_error err = {0};
    temp_dir_make(dir);
    snprintf(path, sizeof path, "%s/c.r1cs", dir);
    build_r1cs(&p, bn128(), 6);
    struct buf *c = parts_find(&p, 2);
    CHECK_OK(pm_r1cs_write(path, bn128(), 8, 1, 2, 6, c->p, c->len, &err), err);
    CHECK_OK(pm_r1cs_open(&r, path, &err), err);
    CHECK_U64(r.n_vars, 8);
    CHECK_U64(r.n_outputs, 1);
    CHECK_U64(r.n_public_inputs, 2);
    CHECK_U64(r.n_private_inputs, 4);
    CHECK_U64(r.n_labels, 8);
    CHECK_U64(r.n_constraints, 6);
    CHECK_U64(r.constraints->size_bytes, c->len);
    CHECK_MEM(r.constraints->data, c->p, c->len);
    const struct pm_section *labels;
    CHECK_OK(pm_binfile_section(&labels, &r.file, 3, "labels", &err), err);
    for (uint32_t i = 0; i < 8; i++) CHECK_U64(pm_load_le64(labels->data + 8 * i), i);
    pm_r1cs_close(&r);
    CHECK_OK(pm_r1cs_write(path, bn128(), 1, 0, 0, 0, NULL, 0, &err), err);
    CHECK_OK(pm_r1cs_open(&r, path, &err), err);
    pm_r1cs_close(&r);
    CHECK_FAILS(pm_r1cs_write(path, bn128(), 7, 1, 2, 6, c->p, c->len, &err), PM_FORMAT,
                "a wire below 7 expected, 7 found");
    CHECK_FAILS(pm_r1cs_write(path, bn128(), 8, 1, 2, 5, c->p, c->len, &err), PM_FORMAT, "its end expected");
    CHECK_FAILS(pm_r1cs_write(path, bn128(), 8, 1, 2, 6, c->p, c->len - 1, &err), PM_FORMAT, "constraint");
    CHECK_FAILS(pm_r1cs_write(path, bn128(), 3, 1, 2, 0, NULL, 0, &err), PM_FORMAT, "3 wires are too few");
    CHECK_FAILS(pm_r1cs_write(path, bn128(), 0, 0, 0, 0, NULL, 0, &err), PM_FORMAT, "too few");
    CHECK_OK(pm_r1cs_open(&r, path, &err), err); /* refusals left the file alone */
    CHECK_U64(r.n_vars, 1);
    pm_r1cs_close(&r);
    temp_dir_remove(dir);
    parts_free(&p);
}
