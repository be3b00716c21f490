/* Small valid files made in memory, byte by byte after the formats' description and not by the code under
 * test: for the unit tests of file/ and as the corpus of the mutation tests. A file is a list of sections
 * until it is joined, so that a test can change, drop, double or reorder them first. */
#ifndef BUILD_FILES_H
#define BUILD_FILES_H

#include "math/curve.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A growing buffer; abort() where there is no memory. */
struct buf {
    uint8_t *p;
    size_t len, room;
};
void buf_put(struct buf *b, const void *data, size_t len);
void buf_u32(struct buf *b, uint32_t v);
void buf_u64(struct buf *b, uint64_t v);
void buf_free(struct buf *b);

enum { MAX_PARTS = 70 };
struct parts {
    char magic[4];
    uint32_t version;
    unsigned n;
    uint32_t type[MAX_PARTS];
    struct buf part[MAX_PARTS];
};
struct buf *parts_add(struct parts *p, uint32_t type);
struct buf *parts_find(struct parts *p,
                       uint32_t type); /* the first of that type; abort() where there is none */
void parts_drop(struct parts *p, uint32_t type);
void parts_join(struct buf *out, const struct parts *p);
void parts_free(struct parts *p);

/* scalar * generator, affine. */
void point_g1(const struct pm_curve *c, uint8_t *out, uint32_t scalar);
void point_g2(const struct pm_curve *c, uint8_t *out, uint32_t scalar);

/* A key whose points are multiples of the generators, infinity among them; beta and delta agree in both
 * groups. It is well-formed in every respect, but a key of no circuit. */
void build_zkey(struct parts *out, const struct pm_curve *c, uint32_t n_vars, uint32_t n_public,
                unsigned log2_domain);

/* Values 1, 2, 3, ..., the last one the modulus less one. */
void build_wtns(struct parts *out, const struct pm_curve *c, uint32_t n_values);

/* x * x = x2, x2 * x = x3, ..., with sums of several terms and an empty combination; one output. */
void build_r1cs(struct parts *out, const struct pm_curve *c, uint32_t n_constraints);

/* Multiples 1, 2, 3, ... of the generators in every section: well-formed, but powers of nothing. */
void build_ptau(struct parts *out, const struct pm_curve *c, unsigned power, bool prepared);

/* A folder of the test's own; removed, with the files in it, by temp_dir_remove. */
void temp_dir_make(char out[256]);
void temp_dir_remove(const char *dir);

#endif
