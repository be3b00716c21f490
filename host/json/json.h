/* snarkjs' JSON files: proof.json, public.json, verification_key.json, read strictly and written byte for
 * byte as snarkjs writes them. Texts are bounded, numbers are decimal strings of canonical integers, points
 * must be affine (third coordinate "1", or ["1","0"]) or infinity, every point is checked (curve, subgroup),
 * and unknown members are refused: a file changed in any bit is refused, or says something else. The one
 * member that snarkjs does not know, "proofmill_development": true, marks a development key.
 * Next: prove/verify.h. */
#ifndef PM_JSON_JSON_H
#define PM_JSON_JSON_H

#include "prove/verify.h"

/* name: the file or peer, for errors. text need not end in NUL. */
PM_MUST_USE enum pm_status pm_json_read_proof(struct pm_proof *out, const char *name, const char *text,
                                              size_t len, struct pm_error *err);
/* vk_alphabeta_12, where present, must equal e(alpha, beta). Free with pm_vk_fini. */
PM_MUST_USE enum pm_status pm_json_read_vk(struct pm_vk *out, const char *name, const char *text, size_t len,
                                           struct pm_error *err);
/* *out: *n_out plain elements of fr_bytes, malloc'ed, the caller frees. Values must be below r. */
PM_MUST_USE enum pm_status pm_json_read_public(uint8_t **out, uint32_t *n_out, const struct pm_curve *curve,
                                               const char *name, const char *text, size_t len,
                                               struct pm_error *err);

/* malloc'ed, NUL-terminated, the caller frees. NULL where memory is out. */
char *pm_json_write_proof(const struct pm_proof *proof);
char *pm_json_write_public(const struct pm_curve *curve, const uint8_t *public_signals, uint32_t n_public);
char *pm_json_write_vk(const struct pm_vk *vk);

/* Decimal text of a plain little-endian number and back. out_text: at least 3 * len + 2 characters.
 * False: not a number, or does not fit len bytes. */
void pm_json_decimal(char *out_text, const uint8_t *plain, size_t len);
bool pm_json_parse_decimal(uint8_t *out, size_t len, const char *text);

/* A file's bytes, at most max_bytes, malloc'ed with a NUL behind; the caller frees. */
PM_MUST_USE enum pm_status pm_json_load(char **out, size_t *len, const char *path, size_t max_bytes,
                                        struct pm_error *err);

#endif
