/* See build_files.h. */
#include "unit/file/build_files.h"
#include "base/bytes.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void buf_put(struct buf *b, const void *data, size_t len)
{
    if (len > b->room - b->len) {
        b->room = 2 * (b->len + len) + 64;
        b->p = realloc(b->p, b->room);
        if (!b->p) abort();
    }
    if (len) memcpy(b->p + b->len, data, len);
    b->len += len;
}

void buf_u32(struct buf *b, uint32_t v)
{
    uint8_t le[4];
    pm_store_le32(le, v);
    buf_put(b, le, sizeof le);
}

void buf_u64(struct buf *b, uint64_t v)
{
    uint8_t le[8];
    pm_store_le64(le, v);
    buf_put(b, le, sizeof le);
}

void buf_free(struct buf *b)
{
    free(b->p);
    *b = (struct buf){0};
}

struct buf *parts_add(struct parts *p, uint32_t type)
{
    if (p->n == MAX_PARTS) abort();
    p->type[p->n] = type;
    p->part[p->n] = (struct buf){0};
    return &p->part[p->n++];
}

struct buf *parts_find(struct parts *p, uint32_t type)
{
    for (unsigned i = 0; i < p->n; i++)
        if (p->type[i] == type) return &p->part[i];
    abort();
}

void parts_drop(struct parts *p, uint32_t type)
{
    unsigned i = (unsigned)(parts_find(p, type) - p->part);
    buf_free(&p->part[i]);
    for (p->n--; i < p->n; i++) {
        p->type[i] = p->type[i + 1];
        p->part[i] = p->part[i + 1];
    }
}

void parts_join(struct buf *out, const struct parts *p)
{
    out->len = 0;
    buf_put(out, p->magic, 4);
    buf_u32(out, p->version);
    buf_u32(out, p->n);
    for (unsigned i = 0; i < p->n; i++) {
        buf_u32(out, p->type[i]);
        buf_u64(out, p->part[i].len);
        buf_put(out, p->part[i].p, p->part[i].len);
    }
}

void parts_free(struct parts *p)
{
    for (unsigned i = 0; i < p->n; i++) buf_free(&p->part[i]);
    p->n = 0;
}

static void parts_init(struct parts *p, const char *magic, uint32_t version)
{
    *p = (struct parts){.version = version};
    memcpy(p->magic, magic, 4);
}

void point_g1(const struct pm_curve *c, uint8_t *out, uint32_t scalar)
{
    struct pm_point1 p;
    uint8_t k[PM_FR_MAX_BYTES] = {0};
    pm_store_le32(k, scalar);
    c->g1_from_affine(&p, c->g1_generator);
    c->g1_mul(&p, &p, k);
    c->g1_to_affine(out, &p);
}

void point_g2(const struct pm_curve *c, uint8_t *out, uint32_t scalar)
{
    struct pm_point2 p;
    uint8_t k[PM_FR_MAX_BYTES] = {0};
    pm_store_le32(k, scalar);
    c->g2_from_affine(&p, c->g2_generator);
    c->g2_mul(&p, &p, k);
    c->g2_to_affine(out, &p);
}

static void put_g1(struct buf *b, const struct pm_curve *c, uint32_t scalar)
{
    uint8_t p[PM_G1_MAX_BYTES];
    point_g1(c, p, scalar);
    buf_put(b, p, c->g1_bytes);
}

static void put_g2(struct buf *b, const struct pm_curve *c, uint32_t scalar)
{
    uint8_t p[PM_G2_MAX_BYTES];
    point_g2(c, p, scalar);
    buf_put(b, p, c->g2_bytes);
}

/* A small number as an element of the scalar field; negative ones count down from the modulus. */
static void put_fr(struct buf *b, const struct pm_curve *c, int v)
{
    uint8_t x[PM_FR_MAX_BYTES] = {0};
    if (v >= 0) {
        pm_store_le32(x, (uint32_t)v);
    } else {
        memcpy(x, c->fr_modulus, c->fr_bytes);
        unsigned borrow = (unsigned)-v;
        for (unsigned i = 0; borrow; i++) {
            unsigned low = borrow & 255;
            borrow = (borrow >> 8) + (x[i] < low);
            x[i] = (uint8_t)(x[i] - low);
        }
    }
    buf_put(b, x, c->fr_bytes);
}

static void zkey_header(struct buf *b, const struct pm_curve *c, uint32_t n_vars, uint32_t n_public,
                        uint32_t domain)
{
    buf_u32(b, c->fp_bytes);
    buf_put(b, c->fp_modulus, c->fp_bytes);
    buf_u32(b, c->fr_bytes);
    buf_put(b, c->fr_modulus, c->fr_bytes);
    buf_u32(b, n_vars);
    buf_u32(b, n_public);
    buf_u32(b, domain);
    put_g1(b, c, 3);  /* alpha1 */
    put_g1(b, c, 5);  /* beta1 */
    put_g2(b, c, 5);  /* beta2 */
    put_g2(b, c, 1);  /* gamma2 */
    put_g1(b, c, 11); /* delta1 */
    put_g2(b, c, 11); /* delta2 */
}

void build_zkey(struct parts *out, const struct pm_curve *c, uint32_t n_vars, uint32_t n_public,
                unsigned log2_domain)
{
    uint32_t domain = (uint32_t)1 << log2_domain, n_coeffs = 2 * n_vars;
    parts_init(out, "zkey", 1);
    buf_u32(parts_add(out, 1), 1);
    zkey_header(parts_add(out, 2), c, n_vars, n_public, domain);
    struct buf *b = parts_add(out, 4);
    buf_u32(b, n_coeffs);
    for (uint32_t i = 0; i < n_coeffs; i++) {
        buf_u32(b, i & 1);
        buf_u32(b, i % domain);
        buf_u32(b, i / 2);
        put_fr(b, c, i % 3 ? (int)i : -(int)i - 1);
    }
    b = parts_add(out, 3);
    for (uint32_t i = 0; i <= n_public; i++) put_g1(b, c, 20 + i);
    b = parts_add(out, 5);
    for (uint32_t i = 0; i < n_vars; i++) put_g1(b, c, i == 1 ? 0 : 30 + i);
    b = parts_add(out, 6);
    for (uint32_t i = 0; i < n_vars; i++) put_g1(b, c, i % 2 ? 0 : 40 + i);
    b = parts_add(out, 7);
    for (uint32_t i = 0; i < n_vars; i++) put_g2(b, c, i % 2 ? 0 : 40 + i);
    b = parts_add(out, 8);
    for (uint32_t i = n_public + 1; i < n_vars; i++) put_g1(b, c, 50 + i);
    b = parts_add(out, 9);
    for (uint32_t i = 0; i < domain; i++) put_g1(b, c, 60 + i);
    b = parts_add(out, 10); /* the circuit's hash, and no contribution */
    for (uint32_t i = 0; i < 16; i++) buf_u32(b, 0x01010101 * i);
    buf_u32(b, 0);
}

void build_wtns(struct parts *out, const struct pm_curve *c, uint32_t n_values)
{
    parts_init(out, "wtns", 2);
    struct buf *b = parts_add(out, 1);
    buf_u32(b, c->fr_bytes);
    buf_put(b, c->fr_modulus, c->fr_bytes);
    buf_u32(b, n_values);
    b = parts_add(out, 2);
    for (uint32_t i = 0; i < n_values; i++) put_fr(b, c, i > 0 && i + 1 == n_values ? -1 : (int)i + 1);
}

static void term(struct buf *b, const struct pm_curve *c, uint32_t wire, int coefficient)
{
    buf_u32(b, wire);
    put_fr(b, c, coefficient);
}

void build_r1cs(struct parts *out, const struct pm_curve *c, uint32_t n_constraints)
{
    uint32_t n_vars = n_constraints + 2; /* one, the output, x, its powers */
    parts_init(out, "r1cs", 1);
    struct buf *b = parts_add(out, 2); /* as circom does: the constraints first */
    for (uint32_t i = 0; i < n_constraints; i++) {
        uint32_t next = i + 1 == n_constraints ? 1 : i + 3;
        buf_u32(b, i % 2 ? 2 : 1);
        term(b, c, i + 2, 1);
        if (i % 2) term(b, c, 0, (int)i);
        buf_u32(b, i == 2 ? 0 : 1);
        if (i != 2) term(b, c, 2, -1);
        buf_u32(b, 1);
        term(b, c, next, 7);
    }
    b = parts_add(out, 1);
    buf_u32(b, c->fr_bytes);
    buf_put(b, c->fr_modulus, c->fr_bytes);
    buf_u32(b, n_vars);
    buf_u32(b, 1); /* outputs */
    buf_u32(b, 0); /* public inputs */
    buf_u32(b, 1); /* private inputs */
    buf_u64(b, n_vars + 3);
    buf_u32(b, n_constraints);
    b = parts_add(out, 3);
    for (uint32_t i = 0; i < n_vars; i++) buf_u64(b, i ? i + 2 : 0);
}

void temp_dir_make(char out[256])
{
    const char *base = getenv("TMPDIR");
    if (snprintf(out, 256, "%s/proofmill-test-XXXXXX", base && *base ? base : "/tmp") >= 256 || !mkdtemp(out))
        abort();
}

void temp_dir_remove(const char *dir)
{
    DIR *d = opendir(dir);
    if (!d) return;
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        char path[600];
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        (void)snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        (void)unlink(path);
    }
    (void)closedir(d);
    (void)rmdir(dir);
}

static void put_run(struct parts *out, const struct pm_curve *c, uint32_t type, bool g2, uint32_t n)
{
    struct buf *b = parts_add(out, type);
    for (uint32_t i = 0; i < n; i++) (g2 ? put_g2 : put_g1)(b, c, i + 1);
}

void build_ptau(struct parts *out, const struct pm_curve *c, unsigned power, bool prepared)
{
    uint32_t n = (uint32_t)1 << power;
    parts_init(out, "ptau", 1);
    struct buf *b = parts_add(out, 1);
    buf_u32(b, c->fp_bytes);
    buf_put(b, c->fp_modulus, c->fp_bytes);
    buf_u32(b, power);
    buf_u32(b, power);
    put_run(out, c, 2, false, 2 * n - 1);
    put_run(out, c, 3, true, n);
    put_run(out, c, 4, false, n);
    put_run(out, c, 5, false, n);
    put_run(out, c, 6, true, 1);
    buf_u32(parts_add(out, 7), 0);
    if (!prepared) return;
    put_run(out, c, 12, false, 4 * n - 1);
    put_run(out, c, 13, true, 2 * n - 1);
    put_run(out, c, 14, false, 2 * n - 1);
    put_run(out, c, 15, false, 2 * n - 1);
}
