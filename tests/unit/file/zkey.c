/* Proving keys: a small valid one in many orders, and one fault at a time in everything that is checked. */
#include "base/bytes.h"
#include "file/zkey.h"
#include "unit/file/build_files.h"
#include "unit/file/check_fails.h"

#include <fcntl.h>
#include <unistd.h>

enum { n_vars = 5, n_public = 2, log2_domain = 2 };
/* Offsets within the header section of BN254. */
enum {
    at_fp = 4,
    at_fr = 40,
    at_vars = 72,
    at_public = 76,
    at_domain = 80,
    at_alpha1 = 84,
    at_beta1 = 148,
    at_beta2 = 212,
    at_gamma2 = 340,
    at_delta1 = 468,
    at_delta2 = 532,
    header_bytes = 660
};

static const struct pm_curve *bn128(void) { return pm_curve_by_name("bn128"); }

static void build(struct parts *p) { build_zkey(p, bn128(), n_vars, n_public, log2_domain); }

static enum pm_status view_depth(struct pm_zkey *out, const struct parts *p, enum pm_check_depth depth,
                                 struct pm_error *err)
{
    static struct buf b;
    parts_join(&b, p);
    return pm_zkey_view(out, "k.zkey", b.p, b.len, depth, NULL, err);
}

static enum pm_status shape(struct pm_zkey *out, const struct parts *p, struct pm_error *err)
{
    return view_depth(out, p, PM_CHECK_SHAPE, err);
}

static enum pm_status deep(struct pm_zkey *out, const struct parts *p, struct pm_error *err)
{
    return view_depth(out, p, PM_CHECK_DEEP, err);
}

static void check_contents(const struct pm_zkey *k, struct parts *p)
{
    const uint8_t *h = parts_find(p, 2)->p;
    CHECK(k->curve == bn128());
    CHECK_U64(k->n_vars, n_vars);
    CHECK_U64(k->n_public, n_public);
    CHECK_U64(k->domain_size, 4);
    CHECK_U64(k->log2_domain, 2);
    CHECK_U64(k->n_coeffs, 2 * n_vars);
    CHECK(!k->dev && !k->no_second_phase);
    CHECK_MEM(k->alpha1, h + at_alpha1, 64);
    CHECK_MEM(k->beta1, h + at_beta1, 64);
    CHECK_MEM(k->beta2, h + at_beta2, 128);
    CHECK_MEM(k->gamma2, h + at_gamma2, 128);
    CHECK_MEM(k->delta1, h + at_delta1, 64);
    CHECK_MEM(k->delta2, h + at_delta2, 128);
    const struct {
        uint32_t type;
        const uint8_t *found;
    } s[] = {{3, k->ic}, {5, k->a}, {6, k->b1}, {7, k->b2}, {8, k->c}, {9, k->h}};
    for (size_t i = 0; i < sizeof s / sizeof *s; i++)
        CHECK_MEM(s[i].found, parts_find(p, s[i].type)->p, parts_find(p, s[i].type)->len);
    CHECK_MEM(k->coeffs, parts_find(p, 4)->p + 4, parts_find(p, 4)->len - 4);
}

PM_TEST(a_valid_key_in_random_orders_and_at_odd_addresses)
{
    struct parts in;
    build(&in);
    CHECK_U64(parts_find(&in, 2)->len, header_bytes);
    for (unsigned round = 0; round < 12; round++) {
        struct parts p = in;
        struct buf b = {0};
        struct pm_zkey k;
        struct pm_error err = {0};
        for (unsigned i = p.n - 1; i > 0; i--) {
            unsigned j = (unsigned)(test_random() % (i + 1));
            uint32_t type = p.type[i];
            struct buf part = p.part[i];
            p.type[i] = p.type[j], p.part[i] = p.part[j];
            p.type[j] = type, p.part[j] = part;
        }
        parts_join(&b, &p);
        uint8_t *copy = malloc(b.len + round % 4);
        if (!copy) abort();
        memcpy(copy + round % 4, b.p, b.len);
        CHECK_OK(pm_zkey_view(&k, "k.zkey", copy + round % 4, b.len,
                              round % 4 ? PM_CHECK_SHAPE : PM_CHECK_DEEP, NULL, &err),
                 err);
        check_contents(&k, &p);
        pm_zkey_close(&k);
        CHECK(k.curve == NULL && k.a == NULL);
        free(copy);
        buf_free(&b);
    }
    parts_free(&in);
}

PM_TEST(truncated_at_every_byte)
{
    struct parts p;
    struct buf b = {0};
    struct pm_zkey k;
    struct pm_error err;
    build(&p);
    parts_join(&b, &p);
    for (size_t len = 0; len < b.len; len++) {
        uint8_t *copy = malloc(len + 1);
        if (!copy) abort();
        memcpy(copy, b.p, len);
        CHECK_FAILS(pm_zkey_view(&k, "k.zkey", copy, len, PM_CHECK_SHAPE, NULL, &err), PM_FORMAT, "k.zkey: ");
        free(copy);
    }
    buf_free(&b);
    parts_free(&p);
}

PM_TEST(sections_missing_doubled_cut_and_extended)
{
    static const struct {
        uint32_t type;
        const char *name;
    } s[] = {{1, "protocol"}, {2, "header"}, {3, "IC"}, {4, "coefficients"}, {5, "A"}, {6, "B1"},
             {7, "B2"},       {8, "C"},      {9, "H"}};
    for (size_t i = 0; i < sizeof s / sizeof *s; i++) {
        struct parts p;
        struct pm_zkey k;
        struct pm_error err;
        char text[80];
        build(&p);
        struct buf *b = parts_find(&p, s[i].type);
        snprintf(text, sizeof text, "k.zkey: section %u (%s), byte ", s[i].type, s[i].name);
        b->len--;
        CHECK_FAILS(shape(&k, &p, &err), PM_FORMAT, text);
        b->len++;
        buf_put(b, "", 1);
        CHECK_FAILS(shape(&k, &p, &err), PM_FORMAT, text);
        b->len = 0;
        CHECK_FAILS(shape(&k, &p, &err), PM_FORMAT, text);
        snprintf(text, sizeof text, "k.zkey: section %u (%s) is missing", s[i].type, s[i].name);
        parts_drop(&p, s[i].type);
        CHECK_FAILS(shape(&k, &p, &err), PM_FORMAT, text);
        parts_free(&p);
        build(&p);
        b = parts_add(&p, s[i].type);
        buf_put(b, parts_find(&p, s[i].type)->p, parts_find(&p, s[i].type)->len);
        snprintf(text, sizeof text, "k.zkey: section %u (%s) expected once", s[i].type, s[i].name);
        CHECK_FAILS(shape(&k, &p, &err), PM_FORMAT, text);
        parts_free(&p);
    }
}

PM_TEST(contributions_are_optional_and_others_ignored)
{
    struct parts p;
    struct pm_zkey k;
    struct pm_error err = {0};
    build(&p);
    parts_drop(&p, 10);
    buf_put(parts_add(&p, 4242), "whatever", 8);
    CHECK_OK(shape(&k, &p, &err), err);
    check_contents(&k, &p);
    (void)parts_add(&p, 10);
    (void)parts_add(&p, 10);
    CHECK_FAILS(shape(&k, &p, &err), PM_FORMAT, "section 10 (contributions) expected once");
    parts_free(&p);
}

PM_TEST(other_protocols)
{
    static const struct {
        uint32_t id;
        const char *text;
    } v[] = {{0, "the protocol is 0 (unknown)"},
             {2, "the protocol is 2 (plonk); this prover makes groth16 proofs (1)"},
             {10, "the protocol is 10 (fflonk)"},
             {257, "the protocol is 257 (unknown)"}};
    struct parts p;
    struct pm_zkey k;
    struct pm_error err;
    build(&p);
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        pm_store_le32(parts_find(&p, 1)->p, v[i].id);
        CHECK_FAILS(shape(&k, &p, &err), PM_UNSUPPORTED, v[i].text);
    }
    parts_free(&p);
}

PM_TEST(marks_of_unfit_keys)
{
    struct parts p;
    struct pm_zkey k;
    struct pm_error err = {0};
    build(&p);
    (void)parts_add(&p, PM_ZKEY_DEV_SECTION);
    CHECK_OK(shape(&k, &p, &err), err);
    CHECK(k.dev && !k.no_second_phase);
    parts_drop(&p, PM_ZKEY_DEV_SECTION);
    uint8_t *h = parts_find(&p, 2)->p;
    memcpy(h + at_gamma2, h + at_delta2, 128);
    CHECK_OK(deep(&k, &p, &err), err);
    CHECK(!k.dev && k.no_second_phase);
    parts_free(&p);
}

PM_TEST(moduli)
{
    struct parts p;
    struct pm_zkey k;
    struct pm_error err;
    build(&p);
    uint8_t *h = parts_find(&p, 2)->p;
    h[at_fp] ^= 1;
    CHECK_FAILS(shape(&k, &p, &err), PM_UNSUPPORTED, "section 2 (header), byte ");
    CHECK(strstr(
        err.text,
        "the base field's modulus is 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd46; "
        "supported: bn128 (0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47)"));
    h[at_fp] ^= 1;
    h[at_fr + 1] ^= 1;
    CHECK_FAILS(shape(&k, &p, &err), PM_FORMAT,
                "the scalar field's modulus of bn128 is "
                "0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001 in 32 bytes, found "
                "0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000101 in 32 bytes");
    h[at_fr + 1] ^= 1;
    h[0] = 48;
    CHECK(shape(&k, &p, &err) != PM_OK);
    h[0] = 32;
    h[36] = 40;
    CHECK(shape(&k, &p, &err) != PM_OK);
    parts_free(&p);
}

PM_TEST(counts)
{
    static const uint32_t sizes[] = {0, 3, 5, 6, UINT32_MAX, 0x80000001};
    struct parts p;
    struct pm_zkey k;
    struct pm_error err;
    build(&p);
    uint8_t *h = parts_find(&p, 2)->p;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        pm_store_le32(h + at_domain, sizes[i]);
        CHECK_FAILS(shape(&k, &p, &err), PM_FORMAT, "byte 120: a power of two expected as domain size");
    }
    pm_store_le32(h + at_domain, (uint32_t)1 << 29);
    CHECK_FAILS(shape(&k, &p, &err), PM_FORMAT, "a domain size up to 2^28 expected for bn128, 2^29 found");
    pm_store_le32(h + at_domain, (uint32_t)1 << 28);
    CHECK_FAILS(shape(&k, &p, &err), PM_FORMAT,
                "268435456 points (domain size) of 64 bytes, 17179869184 in all, expected, 256");
    pm_store_le32(h + at_domain, 4);
    pm_store_le32(h + at_public, n_vars);
    CHECK_FAILS(shape(&k, &p, &err), PM_FORMAT,
                "byte 116: fewer public signals expected than the 5 variables");
    pm_store_le32(h + at_public, UINT32_MAX);
    CHECK_FAILS(shape(&k, &p, &err), PM_FORMAT, "4294967295 found");
    pm_store_le32(h + at_public, 1);
    CHECK_FAILS(shape(&k, &p, &err), PM_FORMAT, "section 3 (IC)");
    pm_store_le32(h + at_public, n_public);
    pm_store_le32(h + at_vars, UINT32_MAX);
    CHECK_FAILS(shape(&k, &p, &err), PM_FORMAT, "section 5 (A)");
    CHECK(strstr(err.text,
                 "4294967295 points (variables) of 64 bytes, 274877906880 in all, expected, 320 found") !=
          NULL);
    pm_store_le32(h + at_vars, n_vars + ((uint32_t)1 << 26)); /* the same size in 32 bits */
    CHECK_FAILS(shape(&k, &p, &err), PM_FORMAT, "4294967616 in all, expected, 320 found");
    pm_store_le32(h + at_vars, 0);
    CHECK_FAILS(shape(&k, &p, &err), PM_FORMAT, "fewer public signals expected than the 0 variables");
    parts_free(&p);
}

PM_TEST(the_smallest_key)
{
    struct parts p;
    struct pm_zkey k;
    struct pm_error err = {0};
    build_zkey(&p, bn128(), 1, 0, 0);
    CHECK_OK(deep(&k, &p, &err), err);
    CHECK_U64(k.n_vars, 1);
    CHECK_U64(k.n_public, 0);
    CHECK_U64(k.domain_size, 1);
    CHECK_U64(k.log2_domain, 0);
    parts_free(&p);
}

PM_TEST(coefficient_faults)
{
    struct parts p;
    struct pm_zkey k;
    struct pm_error err;
    char text[120];
    build(&p);
    uint8_t *c = parts_find(&p, 4)->p;
    for (uint32_t i = 0; i < 2 * n_vars; i++) {
        uint8_t *r = c + 4 + 44 * i, old[44];
        memcpy(old, r, 44);
        pm_store_le32(r, 2 + i);
        snprintf(text, sizeof text, "coefficient %u: matrix 0 (A) or 1 (B) expected, %u found", i, 2 + i);
        CHECK_FAILS(shape(&k, &p, &err), PM_FORMAT, text);
        pm_store_le32(r, 1 - pm_load_le32(old));
        CHECK_OK(shape(&k, &p, &err), err);
        pm_store_le32(r + 4, 4);
        snprintf(text, sizeof text, "coefficient %u: a row below the domain size 4 expected, 4 found", i);
        CHECK_FAILS(shape(&k, &p, &err), PM_FORMAT, text);
        pm_store_le32(r + 4, 3);
        pm_store_le32(r + 8, UINT32_MAX);
        snprintf(text, sizeof text,
                 "coefficient %u: a column below 5, the number of variables, expected, 4294967295", i);
        CHECK_FAILS(shape(&k, &p, &err), PM_FORMAT, text);
        pm_store_le32(r + 8, 4);
        memcpy(r + 12, bn128()->fr_modulus, 32);
        snprintf(text, sizeof text,
                 "coefficient %u: its value is not below the modulus of the scalar field of bn128", i);
        CHECK_FAILS(shape(&k, &p, &err), PM_FORMAT, text);
        r[12]--;
        CHECK_OK(shape(&k, &p, &err), err);
        memcpy(r, old, 44);
    }
    static const uint32_t n[] = {0, 9, 11, UINT32_MAX, 0x4000000a /* 44 times this is 440 in 32 bits */};
    for (size_t i = 0; i < sizeof n / sizeof *n; i++) {
        pm_store_le32(c, n[i]);
        CHECK_FAILS(shape(&k, &p, &err), PM_FORMAT, "in all, expected, 444 found");
    }
    parts_free(&p);
}

/* A point of BN254's twist outside the subgroup of order r: x = 2 + u, Montgomery form. */
static const char wrong_subgroup[] = "3a1b1e8b1b87baa67b168eeb51d6f114588cf2f0de46ddcc5ebe0f3483ef141c"
                                     "9d0d8fc58d435dd33d0bc7f528eb780a2c4679786fa36e662fdf079ac1770a0e"
                                     "93dc735522a59402f1f48879e04b8753d3e7cc1cb4d8052a0ecd6af094510420"
                                     "989a17e4e5c8143817e611d9f44132792e48f40d4b8ecf2861d39bf7d62b610d";

/* x += the base field's modulus: the same number, not canonical. It fits into 256 bits. */
static void add_modulus(uint8_t *x)
{
    unsigned carry = 0;
    for (int i = 0; i < 32; i++) {
        carry += (unsigned)x[i] + bn128()->fp_modulus[i];
        x[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

PM_TEST(header_point_faults)
{
    static const struct {
        const char *name;
        int at, len;
    } v[] = {{"alpha1", at_alpha1, 64},  {"beta1", at_beta1, 64},   {"beta2", at_beta2, 128},
             {"gamma2", at_gamma2, 128}, {"delta1", at_delta1, 64}, {"delta2", at_delta2, 128}};
    struct parts p;
    struct pm_zkey k;
    struct pm_error err;
    char text[160];
    build(&p);
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        uint8_t *point = parts_find(&p, 2)->p + v[i].at, old[128];
        int at = 12 + 12 + 4 + 12 + v[i].at; /* the header follows the protocol */
        memcpy(old, point, (size_t)v[i].len);
        memset(point, 0, (size_t)v[i].len);
        snprintf(text, sizeof text, "section 2 (header), byte %d: %s: a point other than infinity expected",
                 at, v[i].name);
        CHECK_FAILS(shape(&k, &p, &err), PM_FORMAT, text);
        for (int x = 0; x < v[i].len; x += 32) {
            memcpy(point, old, (size_t)v[i].len);
            add_modulus(point + x);
            snprintf(text, sizeof text,
                     "byte %d: %s: a coordinate is not below the modulus of the base field", at, v[i].name);
            CHECK_FAILS(shape(&k, &p, &err), PM_FORMAT, text);
            memcpy(point, old, (size_t)v[i].len);
            point[x] ^= 1;
            snprintf(text, sizeof text, "byte %d: %s: not on the curve", at, v[i].name);
            CHECK_FAILS(shape(&k, &p, &err), PM_FORMAT, text);
        }
        if (v[i].len == 128) {
            CHECK(pm_hex_decode(point, 128, wrong_subgroup));
            CHECK_FAILS(shape(&k, &p, &err), PM_FORMAT, "not on the curve, or outside the subgroup");
        }
        memcpy(point, old, (size_t)v[i].len);
    }
    CHECK_OK(shape(&k, &p, &err), err);
    parts_free(&p);
}

PM_TEST(bad_points_of_the_lists)
{
    static const struct {
        uint32_t type, n, bytes;
        const char *name;
    } v[] = {{3, n_public + 1, 64, "IC"},
             {5, n_vars, 64, "A"},
             {6, n_vars, 64, "B1"},
             {7, n_vars, 128, "B2"},
             {8, n_vars - n_public - 1, 64, "C"},
             {9, 4, 64, "H"}};
    struct parts p;
    struct pm_zkey k;
    struct pm_error err;
    char text[160];
    build(&p);
    for (size_t s = 0; s < sizeof v / sizeof *v; s++)
        for (uint32_t i = 0; i < v[s].n; i++) {
            uint8_t *point = parts_find(&p, v[s].type)->p + v[s].bytes * i, old[128];
            memcpy(old, point, v[s].bytes);
            point[1] ^= 1;
            if (v[s].type == 3) { /* part of the verification key: always checked */
                CHECK_U64(shape(&k, &p, &err), PM_FORMAT);
            } else {
                CHECK_OK(shape(&k, &p, &err), err);
            }
            snprintf(text, sizeof text, "section %u (%s), byte ", v[s].type, v[s].name);
            CHECK_FAILS(deep(&k, &p, &err), PM_FORMAT, text);
            snprintf(text, sizeof text,
                     ": point %u: not on the curve, or outside the subgroup of the curve's order", i);
            CHECK(strstr(err.text, text) != NULL);
            memcpy(point, old, v[s].bytes);
            add_modulus(point + v[s].bytes - 32);
            snprintf(text, sizeof text, ": point %u: a coordinate is not below the modulus of the base field",
                     i);
            CHECK_FAILS(deep(&k, &p, &err), PM_FORMAT, text);
            if (v[s].type == 7) {
                CHECK(pm_hex_decode(point, 128, wrong_subgroup));
                CHECK_FAILS(deep(&k, &p, &err), PM_FORMAT, "outside the subgroup");
            }
            memcpy(point, old, v[s].bytes);
        }
    CHECK_OK(deep(&k, &p, &err), err);
    parts_free(&p);
}

PM_TEST(pairs_that_disagree)
{
    struct parts p;
    struct pm_zkey k;
    struct pm_error err = {0};
    build(&p);
    uint8_t *h = parts_find(&p, 2)->p;
    point_g1(bn128(), h + at_beta1, 6);
    CHECK_OK(shape(&k, &p, &err), err);
    CHECK_FAILS(deep(&k, &p, &err), PM_FORMAT, "beta1 and beta2 are different multiples of their generators");
    point_g1(bn128(), h + at_beta1, 5);
    point_g2(bn128(), h + at_delta2, 12);
    CHECK_OK(shape(&k, &p, &err), err);
    CHECK_FAILS(deep(&k, &p, &err), PM_FORMAT,
                "delta1 and delta2 are different multiples of their generators");
    parts_free(&p);
}

/* The first fault is named, whatever the threads do. */
PM_TEST(the_first_bad_index_with_threads)
{
    enum { many = 300 };
    struct parts p;
    struct buf b = {0};
    struct pm_zkey k;
    struct pm_error err = {0};
    struct pm_pool *pool = pm_pool_new(3, &err);
    build_zkey(&p, bn128(), many, 0, 4);
    parts_join(&b, &p);
    CHECK_OK(pm_zkey_view(&k, "k", b.p, b.len, PM_CHECK_DEEP, pool, &err), err);
    for (int round = 0; round < 10; round++) {
        uint32_t first = many, first_coeff = 2 * many;
        struct buf *a = parts_find(&p, 5), *c = parts_find(&p, 4), *bad = NULL;
        uint8_t *old_a = malloc(a->len), *old_c = malloc(c->len);
        if (!old_a || !old_c) abort();
        memcpy(old_a, a->p, a->len);
        memcpy(old_c, c->p, c->len);
        for (int i = 0; i < 5; i++) {
            uint32_t at = (uint32_t)(test_random() % many), coeff = (uint32_t)(test_random() % (2 * many));
            if (at < first) first = at;
            if (coeff < first_coeff) first_coeff = coeff;
            a->p[64 * at] ^= 1;
            pm_store_le32(c->p + 4 + 44 * coeff + 8, many);
        }
        char text[80];
        snprintf(text, sizeof text, "coefficient %u: a column", first_coeff);
        parts_join(&b, &p);
        CHECK_FAILS(pm_zkey_view(&k, "k", b.p, b.len, PM_CHECK_SHAPE, pool, &err), PM_FORMAT, text);
        memcpy(c->p, old_c, c->len);
        for (uint32_t i = 0; i <= first; i++) /* a point flipped twice is whole again */
            if (memcmp(a->p + 64 * i, old_a + 64 * i, 64) != 0) bad = a;
        if (bad) {
            uint32_t i = 0;
            while (memcmp(a->p + 64 * i, old_a + 64 * i, 64) == 0) i++;
            snprintf(text, sizeof text, "section 5 (A), byte %zu: point %u:",
                     (size_t)64 * i + 12 + 12 + 4 + 12 + header_bytes + 12 + c->len + 12 + 64 + 12, i);
            parts_join(&b, &p);
            CHECK_FAILS(pm_zkey_view(&k, "k", b.p, b.len, PM_CHECK_DEEP, pool, &err), PM_FORMAT, text);
        }
        memcpy(a->p, old_a, a->len);
        free(old_a);
        free(old_c);
    }
    pm_pool_free(&pool);
    buf_free(&b);
    parts_free(&p);
}

/* A hole of 5 GB before the sections that matter. */
PM_TEST(a_key_over_four_gigabytes)
{
    static const uint64_t huge = 5 * ((uint64_t)1 << 30) + 1;
    char dir[256], path[600];
    struct parts p;
    struct buf b = {0};
    struct pm_zkey k;
    struct pm_error err = {0};
    uint8_t head[12];
    temp_dir_make(dir);
    snprintf(path, sizeof path, "%s/huge.zkey", dir);
    build(&p);
    parts_join(&b, &p);
    pm_store_le32(b.p + 8, p.n + 1);
    pm_store_le32(head, 4242);
    pm_store_le64(head + 4, huge);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    CHECK(fd >= 0);
    CHECK(pwrite(fd, b.p, 12, 0) == 12);
    CHECK(pwrite(fd, head, 12, 12) == 12);
    if (pwrite(fd, b.p + 12, b.len - 12, (off_t)(24 + huge)) != (ssize_t)(b.len - 12)) {
        printf("     (this file system has no files of 5 GB: skipped)\n");
    } else {
        CHECK_OK(pm_zkey_open(&k, path, PM_CHECK_DEEP, NULL, &err), err);
        check_contents(&k, &p);
        CHECK((uint64_t)(k.h - k.file.data) > huge);
        pm_zkey_close(&k);
    }
    close(fd);
    temp_dir_remove(dir);
    buf_free(&b);
    parts_free(&p);
}

PM_TEST(the_other_curve)
{
    const struct pm_curve *c = pm_curve_by_name("bls12381");
    struct parts p;
    struct pm_zkey k;
    struct pm_error err = {0};
    if (!c) return;
    build_zkey(&p, c, 4, 1, 3);
    CHECK_OK(deep(&k, &p, &err), err);
    CHECK(k.curve == c);
    CHECK_U64(k.n_vars, 4);
    parts_find(&p, 8)->p[0] ^= 1;
    CHECK_FAILS(deep(&k, &p, &err), PM_FORMAT, "section 8 (C)");
    memcpy(parts_find(&p, 2)->p + 4 + 48 + 4, bn128()->fr_modulus, 32);
    CHECK_FAILS(shape(&k, &p, &err), PM_FORMAT, "the scalar field's modulus of bls12381 is 0x73eda753");
    parts_free(&p);
}
