/* The public functions of proofmill.h, thin over prover.h, setup.h and export_solidity.h; those that speak
 * JSON are json/api_json.c. */
#include "prove/api.h"
#include "base/bytes.h"
#include "file/r1cs.h"
#include "file/wtns.h"
#include "prove/coord.h"
#include "prove/export_solidity.h"
#include "prove/setup.h"

#include <stdlib.h>

const char *proofmill_version(void) { return PM_VERSION; }
const char *proofmill_status_name(int status) { return pm_status_name((enum pm_status)status); }
const char *proofmill_status_meaning(int status) { return pm_status_meaning((enum pm_status)status); }
void proofmill_free(void *text_or_buffer) { free(text_or_buffer); }

int pm_api_result(struct proofmill_error *out, enum pm_status status, const struct pm_error *err)
{
    if (out) {
        *out = (struct proofmill_error){.status = (int)status};
        if (status != PM_OK) memcpy(out->text, err->text, sizeof out->text);
    }
    return (int)status;
}

_Static_assert(sizeof((struct proofmill_error){0}.text) == sizeof((struct pm_error){0}.text),
               "texts are copied whole");

/* -- keys -- */

static enum pm_status key_open(struct proofmill_key *key, const char *path, unsigned threads,
                               size_t table_bytes, struct pm_error *err)
{
    key->pool = pm_pool_new(threads, err);
    if (!key->pool) return PM_NO_MEMORY;
    PM_TRY(pm_zkey_open(&key->zkey, path, PM_CHECK_SHAPE, key->pool, err));
    enum pm_status status = pm_key_new_warm(&key->key, &key->zkey, table_bytes, key->pool, err);
    if (status != PM_OK) pm_zkey_close(&key->zkey);
    return status;
}

int proofmill_key_open(struct proofmill_key **out, const char *zkey_path, unsigned threads,
                       struct proofmill_error *error)
{
    return proofmill_key_open_warm(out, zkey_path, threads, 0, error);
}

size_t proofmill_key_table_bytes(const struct proofmill_key *key) { return pm_key_table_bytes(key->key); }

int proofmill_key_open_warm(struct proofmill_key **out, const char *zkey_path, unsigned threads,
                            size_t table_bytes, struct proofmill_error *error)
{
    struct pm_error err = {0};
    *out = NULL;
    struct proofmill_key *key = calloc(1, sizeof *key);
    if (!key) return pm_api_result(error, pm_fail(&err, PM_NO_MEMORY, "no memory for a key"), &err);
    enum pm_status status = key_open(key, zkey_path, threads, table_bytes, &err);
    if (status != PM_OK) {
        pm_pool_free(&key->pool);
        free(key);
        return pm_api_result(error, status, &err);
    }
    *out = key;
    return pm_api_result(error, PM_OK, &err);
}

void proofmill_key_close(struct proofmill_key **key_at)
{
    struct proofmill_key *key = *key_at;
    if (!key) return;
    pm_key_free(&key->key);
    pm_zkey_close(&key->zkey);
    pm_pool_free(&key->pool);
    free(key);
    *key_at = NULL;
}

const char *proofmill_key_curve(const struct proofmill_key *key) { return key->zkey.curve->name; }
uint32_t proofmill_key_n_public(const struct proofmill_key *key) { return key->zkey.n_public; }
uint32_t proofmill_key_n_witness(const struct proofmill_key *key) { return key->zkey.n_vars; }
size_t proofmill_key_scalar_bytes(const struct proofmill_key *key) { return key->zkey.curve->fr_bytes; }

int proofmill_key_is_unsafe(const struct proofmill_key *key)
{
    return pm_vk_production_check(pm_key_vk(key->key), NULL) != PM_OK;
}

size_t proofmill_key_proof_bytes(const struct proofmill_key *key)
{
    return (size_t)8 * key->zkey.curve->fp_bytes;
}

/* -- proofs as bytes -- */

static void put_be(const struct pm_curve *curve, uint8_t *out, const uint8_t *mont)
{
    uint8_t plain[PM_FP_MAX_BYTES];
    pm_coord_to_plain(curve, plain, mont);
    for (unsigned i = 0; i < curve->fp_bytes; i++) out[i] = plain[curve->fp_bytes - 1 - i];
}

static bool get_be(const struct pm_curve *curve, uint8_t *out, const uint8_t *bytes)
{
    uint8_t plain[PM_FP_MAX_BYTES];
    for (unsigned i = 0; i < curve->fp_bytes; i++) plain[i] = bytes[curve->fp_bytes - 1 - i];
    return pm_coord_from_plain(curve, out, plain);
}

/* Where word i of the bytes stands in {a, b, c}: x and y of A; x.c1, x.c0, y.c1, y.c0 of B; x and y of C. */
static const struct word {
    char point;
    uint8_t coordinate;
} words[8] = {{'a', 0}, {'a', 1}, {'b', 1}, {'b', 0}, {'b', 3}, {'b', 2}, {'c', 0}, {'c', 1}};

static size_t word_offset(const struct pm_curve *curve, const struct word *w)
{
    size_t point = w->point == 'a'   ? offsetof(struct pm_proof, a)
                   : w->point == 'b' ? offsetof(struct pm_proof, b)
                                     : offsetof(struct pm_proof, c);
    return point + (size_t)w->coordinate * curve->fp_bytes;
}

int proofmill_prover_open(struct proofmill_prover **out, const struct proofmill_key *key, const char *device,
                          struct proofmill_error *error)
{
    struct pm_error err = {0};
    *out = NULL;
    struct proofmill_prover *p = calloc(1, sizeof *p);
    if (!p) return pm_api_result(error, pm_fail(&err, PM_NO_MEMORY, "no memory for a prover"), &err);
    p->key = key;
    enum pm_status status = pm_prover_new(&p->prover, key->key, device, key->pool, &err);
    if (status == PM_OK)
        *out = p;
    else
        free(p);
    return pm_api_result(error, status, &err);
}

void proofmill_prover_close(struct proofmill_prover **prover)
{
    if (!*prover) return;
    pm_prover_free(&(*prover)->prover);
    free(*prover);
    *prover = NULL;
}

enum pm_status pm_api_witness_size(const struct proofmill_key *key, size_t witness_bytes,
                                   struct pm_error *err)
{
    size_t expected = (size_t)key->zkey.n_vars * key->zkey.curve->fr_bytes;
    if (witness_bytes == expected) return PM_OK;
    return pm_fail(err, PM_MISMATCH, "the witness has %zu bytes, this key takes %zu", witness_bytes,
                   expected);
}

static bool ask_caller(void *ctx, unsigned permille)
{
    const struct proofmill_prover *prover = ctx;
    return prover->go_on(prover->context, permille) != 0;
}

void proofmill_prover_watch(struct proofmill_prover *prover, int (*go_on)(void *context, unsigned permille),
                            void *context)
{
    prover->go_on = go_on;
    prover->context = context;
    prover->watch = (struct pm_watch){.go_on = ask_caller, .ctx = prover};
    pm_prover_watch(prover->prover, go_on ? &prover->watch : NULL);
}

static void write_proof(uint8_t *out, const struct pm_proof *proof)
{
    const struct pm_curve *curve = proof->curve;
    for (size_t i = 0; i < 8; i++)
        put_be(curve, out + i * curve->fp_bytes, (const uint8_t *)proof + word_offset(curve, &words[i]));
}

int proofmill_prove(struct proofmill_prover *prover, uint8_t *proof, size_t proof_bytes,
                    const uint8_t *witness, size_t witness_bytes, struct proofmill_error *error)
{
    struct pm_error err = {0};
    struct pm_proof made;
    enum pm_status status = pm_api_witness_size(prover->key, witness_bytes, &err);
    if (status == PM_OK && proof_bytes != proofmill_key_proof_bytes(prover->key))
        status = pm_fail(&err, PM_USAGE, "room for a proof of %zu bytes, expected %zu", proof_bytes,
                         proofmill_key_proof_bytes(prover->key));
    if (status == PM_OK)
        status = pm_prove(prover->prover, &made, witness, prover->key->zkey.n_vars, NULL, &err);
    if (status == PM_OK) write_proof(proof, &made);
    return pm_api_result(error, status, &err);
}

static enum pm_status prove_batch(struct proofmill_prover *prover, int *results, uint8_t *proofs,
                                  size_t proofs_bytes, const uint8_t *const *witnesses, size_t witness_bytes,
                                  size_t n, struct pm_error *err)
{
    const size_t one = proofmill_key_proof_bytes(prover->key);
    size_t expected;
    PM_TRY(pm_api_witness_size(prover->key, witness_bytes, err));
    if (__builtin_mul_overflow(n, one, &expected) || proofs_bytes != expected)
        return pm_fail(err, PM_USAGE, "room for %zu proofs of %zu bytes expected, found %zu bytes", n, one,
                       proofs_bytes);
    struct pm_batch_item *items = calloc(n + 1, sizeof *items);
    if (!items) return pm_fail(err, PM_NO_MEMORY, "no memory for %zu proofs", n);
    for (size_t i = 0; i < n; i++)
        items[i] = (struct pm_batch_item){.witness = witnesses[i], .n_values = prover->key->zkey.n_vars};
    enum pm_status status = pm_prove_batch(prover->prover, items, n, err);
    for (size_t i = 0; i < n; i++) {
        if (results) results[i] = (int)items[i].status;
        if (items[i].status == PM_OK)
            write_proof(proofs + i * one, &items[i].proof);
        else
            memset(proofs + i * one, 0, one);
    }
    free(items);
    return status;
}

int proofmill_prove_batch(struct proofmill_prover *prover, int *results, uint8_t *proofs, size_t proofs_bytes,
                          const uint8_t *const *witnesses, size_t witness_bytes, size_t n,
                          struct proofmill_error *error)
{
    struct pm_error err = {0};
    enum pm_status status =
        prove_batch(prover, results, proofs, proofs_bytes, witnesses, witness_bytes, n, &err);
    return pm_api_result(error, status, &err);
}

/* false: a coordinate, *which of them, is not below the field's modulus, and out is no proof to anyone. */
static bool read_proof(struct pm_proof *out, size_t *which, const struct pm_curve *curve,
                       const uint8_t *bytes)
{
    *out = (struct pm_proof){.curve = curve};
    for (*which = 0; *which < 8; ++*which) {
        if (!get_be(curve, (uint8_t *)out + word_offset(curve, &words[*which]),
                    bytes + *which * curve->fp_bytes)) {
            memset(out->a, 0xff, sizeof out->a);
            return false;
        }
    }
    return true;
}

int proofmill_verify(const struct proofmill_key *key, const uint8_t *proof, size_t proof_bytes,
                     const uint8_t *public_signals, size_t public_bytes, struct proofmill_error *error)
{
    struct pm_error err = {0};
    const struct pm_curve *curve = key->zkey.curve;
    struct pm_proof read;
    size_t which;
    enum pm_status status;
    if (proof_bytes != proofmill_key_proof_bytes(key))
        status = pm_fail(&err, PM_FORMAT, "a proof of %zu bytes, expected %zu", proof_bytes,
                         proofmill_key_proof_bytes(key));
    else if (public_bytes != (size_t)key->zkey.n_public * curve->fr_bytes)
        status = pm_fail(&err, PM_MISMATCH, "%zu bytes of public signals, this key takes %zu", public_bytes,
                         (size_t)key->zkey.n_public * curve->fr_bytes);
    else if (!read_proof(&read, &which, curve, proof))
        status = pm_fail(&err, PM_INVALID_PROOF,
                         "coordinate %zu of the proof is not below the field's modulus", which);
    else
        status = pm_verify_ready(pm_key_vk_ready(key->key), &read, public_signals, key->zkey.n_public, &err);
    return pm_api_result(error, status, &err);
}

static enum pm_status verify_batch(const struct proofmill_key *key, int *results, const uint8_t *proofs,
                                   size_t proofs_bytes, const uint8_t *public_signals, size_t public_bytes,
                                   size_t n, struct pm_error *err)
{
    const size_t one = proofmill_key_proof_bytes(key),
                 signals = (size_t)key->zkey.n_public * key->zkey.curve->fr_bytes;
    size_t expected;
    if (__builtin_mul_overflow(n, one, &expected) || proofs_bytes != expected)
        return pm_fail(err, PM_FORMAT, "%zu proofs of %zu bytes, %zu bytes are there", n, one, proofs_bytes);
    if (__builtin_mul_overflow(n, signals, &expected) || public_bytes != expected)
        return pm_fail(err, PM_MISMATCH, "public signals of %zu proofs, %zu bytes each: %zu bytes are there",
                       n, signals, public_bytes);
    struct pm_proof *read = calloc(n + 1, sizeof *read);
    enum pm_status *statuses = calloc(n + 1, sizeof *statuses);
    enum pm_status status = PM_OK;
    if (!read || !statuses) status = pm_fail(err, PM_NO_MEMORY, "no memory for %zu proofs", n);
    for (size_t i = 0, which; i < n && status == PM_OK; i++)
        (void)read_proof(&read[i], &which, key->zkey.curve, proofs + i * one);
    if (status == PM_OK)
        status = pm_verify_batch(pm_key_vk_ready(key->key), statuses, read, public_signals, n, err);
    for (size_t i = 0; i < n && results && (status == PM_OK || status == PM_INVALID_PROOF); i++)
        results[i] = (int)statuses[i];
    free(read);
    free(statuses);
    return status;
}

int proofmill_verify_batch(const struct proofmill_key *key, int *results, const uint8_t *proofs,
                           size_t proofs_bytes, const uint8_t *public_signals, size_t public_bytes, size_t n,
                           struct proofmill_error *error)
{
    struct pm_error err = {0};
    enum pm_status status =
        verify_batch(key, results, proofs, proofs_bytes, public_signals, public_bytes, n, &err);
    return pm_api_result(error, status, &err);
}

/* -- files -- */

static enum pm_status witness_load(uint8_t **out, size_t *out_bytes, const struct proofmill_key *key,
                                   const char *path, struct pm_error *err)
{
    struct pm_wtns wtns;
    PM_TRY(pm_wtns_open(&wtns, path, err));
    enum pm_status status = PM_OK;
    size_t size = (size_t)wtns.n_values * wtns.curve->fr_bytes;
    if (wtns.curve != key->zkey.curve)
        status = pm_fail(err, PM_MISMATCH, "%s: a witness over %s, the key is over %s", wtns.file.name,
                         wtns.curve->name, key->zkey.curve->name);
    else
        status = pm_api_witness_size(key, size, err);
    if (status == PM_OK && !(*out = malloc(size + 1)))
        status = pm_fail(err, PM_NO_MEMORY, "no memory for a witness of %zu bytes", size);
    if (status == PM_OK) {
        memcpy(*out, wtns.values, size);
        *out_bytes = size;
    }
    pm_wtns_close(&wtns);
    return status;
}

int proofmill_witness_load(uint8_t **witness, size_t *witness_bytes, const struct proofmill_key *key,
                           const char *wtns_path, struct proofmill_error *error)
{
    struct pm_error err = {0};
    *witness = NULL;
    *witness_bytes = 0;
    return pm_api_result(error, witness_load(witness, witness_bytes, key, wtns_path, &err), &err);
}

static enum pm_status setup_dev(const char *r1cs_path, const char *zkey_path, unsigned threads,
                                struct pm_error *err)
{
    struct pm_pool *pool = pm_pool_new(threads, err);
    if (!pool) return PM_NO_MEMORY;
    struct pm_r1cs r1cs;
    enum pm_status status = pm_r1cs_open(&r1cs, r1cs_path, err);
    if (status == PM_OK) {
        status = pm_setup_dev(&r1cs, zkey_path, NULL, pool, err);
        pm_r1cs_close(&r1cs);
    }
    pm_pool_free(&pool);
    return status;
}

int proofmill_setup_dev(const char *r1cs_path, const char *zkey_path, unsigned threads,
                        struct proofmill_error *error)
{
    struct pm_error err = {0};
    return pm_api_result(error, setup_dev(r1cs_path, zkey_path, threads, &err), &err);
}

int proofmill_export_solidity(char **text, const struct proofmill_key *key, const char *contract_name,
                              int local_chain_only, struct proofmill_error *error)
{
    struct pm_error err = {0};
    enum pm_status status =
        pm_export_solidity(text, pm_key_vk(key->key), contract_name, local_chain_only != 0, &err);
    return pm_api_result(error, status, &err);
}
