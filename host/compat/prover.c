/* rapidsnark's proving functions over key, prover and JSON of our own. An object is a key, its thread pool
 * and one workspace behind a lock. See prover.h; verifying is verifier.c. */
#include "compat/prover.h"
#include "base/bytes.h"
#include "json/json.h"
#include "prove/prover.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* Texts without white space. Numbers of bn128 have 77 digits at most. */
#define PROOF_FORM                                                                                           \
    "{\"pi_a\":[\"\",\"\",\"1\"],\"pi_b\":[[\"\",\"\"],[\"\",\"\"],[\"1\",\"0\"]],"                          \
    "\"pi_c\":[\"\",\"\",\"1\"],\"protocol\":\"groth16\",\"curve\":\"bn128\"}"
enum {
    max_digits = 77,
    proof_needs = sizeof PROOF_FORM + 8 * max_digits, /* the NUL included */
    proof_told = 810 /* what rapidsnark says, and callers have come to expect */
};
_Static_assert(proof_needs <= proof_told, "rapidsnark's buffers must do");

struct object {
    struct pm_pool *pool;
    struct pm_zkey zkey;
    struct pm_key *key;
    struct pm_prover *prover;
    pthread_mutex_t lock; /* of prover */
};

static int fail(const struct pm_error *err, char *error_msg, unsigned long long max)
{
    if (error_msg && max > 0) (void)snprintf(error_msg, (size_t)max, "%s", err->text);
    return PROVER_ERROR;
}

/* "[" and for each signal a number, its quotes and a comma (of which the last one is "]"). */
static unsigned long long public_needs(uint32_t n_public)
{
    return 2 + (n_public ? (unsigned long long)n_public * (max_digits + 3) : 1);
}

/* -- keys -- */

static enum pm_status check_curve(const struct pm_zkey *zkey, struct pm_error *err)
{
    if (strcmp(zkey->curve->name, "bn128") == 0) return PM_OK;
    return pm_fail(err, PM_UNSUPPORTED, "%s: a key over %s; rapidsnark's interface has bn128 only",
                   zkey->file.name, zkey->curve->name);
}

/* Either of the two ways in: from a file, or, where path is NULL, from the caller's bytes. */
static enum pm_status open_zkey(struct pm_zkey *out, const char *path, const void *data,
                                unsigned long long size, struct pm_pool *pool, struct pm_error *err)
{
    if (path)
        PM_TRY(pm_zkey_open(out, path, PM_CHECK_SHAPE, pool, err));
    else if (data)
        PM_TRY(pm_zkey_view(out, "zkey buffer", data, size, PM_CHECK_SHAPE, pool, err));
    else
        return pm_fail(err, PM_USAGE, "neither a zkey buffer nor a file's name");
    enum pm_status status = check_curve(out, err);
    if (status != PM_OK) pm_zkey_close(out);
    return status;
}

static void destroy(struct object *o)
{
    pm_prover_free(&o->prover);
    pm_key_free(&o->key);
    if (o->zkey.curve) pm_zkey_close(&o->zkey);
    pm_pool_free(&o->pool);
    (void)pthread_mutex_destroy(&o->lock);
    free(o);
}

static enum pm_status create(struct object **out, const char *path, const void *data, unsigned long long size,
                             struct pm_error *err)
{
    enum pm_status status;
    struct object *o = calloc(1, sizeof *o);
    if (!o) return pm_fail(err, PM_NO_MEMORY, "no memory for a prover object");
    (void)pthread_mutex_init(&o->lock, NULL); /* cannot fail with these attributes */
    o->pool = pm_pool_new(0, err);
    if (!o->pool) {
        status = PM_NO_MEMORY;
        goto out;
    }
    PM_GOTO(open_zkey(&o->zkey, path, data, size, o->pool, err));
    PM_GOTO(pm_key_new(&o->key, &o->zkey, o->pool, err));
    PM_GOTO(pm_prover_new(&o->prover, o->key, "auto", o->pool, err));
    *out = o;
    return PM_OK;
out:
    destroy(o);
    return status;
}

static int public_size(const char *path, const void *data, unsigned long long size, unsigned long long *out,
                       char *error_msg, unsigned long long max)
{
    struct pm_zkey zkey = {0};
    struct pm_error err = {0};
    enum pm_status status = out ? PM_OK : pm_fail(&err, PM_USAGE, "no place for the size");
    if (status == PM_OK) status = open_zkey(&zkey, path, data, size, NULL, &err);
    if (status != PM_OK) return fail(&err, error_msg, max);
    *out = public_needs(zkey.n_public);
    pm_zkey_close(&zkey);
    return PROVER_OK;
}

int groth16_public_size_for_zkey_buf(const void *zkey_buffer, unsigned long long zkey_size,
                                     unsigned long long *size, char *error_msg,
                                     unsigned long long error_msg_maxsize)
{
    return public_size(NULL, zkey_buffer, zkey_size, size, error_msg, error_msg_maxsize);
}

int groth16_public_size_for_zkey_file(const char *zkey_fname, unsigned long long *size, char *error_msg,
                                      unsigned long long error_msg_maxsize)
{
    return public_size(zkey_fname, NULL, 0, size, error_msg, error_msg_maxsize);
}

void groth16_proof_size(unsigned long long *proof_size) { *proof_size = proof_told; }

static int create_object(void **out, const char *path, const void *data, unsigned long long size,
                         char *error_msg, unsigned long long max)
{
    struct pm_error err = {0};
    struct object *o = NULL;
    enum pm_status status = out ? PM_OK : pm_fail(&err, PM_USAGE, "no place for the prover object");
    if (status == PM_OK) status = create(&o, path, data, size, &err);
    if (status != PM_OK) return fail(&err, error_msg, max);
    *out = o;
    return PROVER_OK;
}

int groth16_prover_create(void **prover_object, const void *zkey_buffer, unsigned long long zkey_size,
                          char *error_msg, unsigned long long error_msg_maxsize)
{
    return create_object(prover_object, NULL, zkey_buffer, zkey_size, error_msg, error_msg_maxsize);
}

int groth16_prover_create_zkey_file(void **prover_object, const char *zkey_file_path, char *error_msg,
                                    unsigned long long error_msg_maxsize)
{
    return create_object(prover_object, zkey_file_path, NULL, 0, error_msg, error_msg_maxsize);
}

void groth16_prover_destroy(void *prover_object)
{
    if (prover_object) destroy(prover_object);
}

/* -- proofs -- */

/* snarkjs' layout without its white space, none of which is inside a string. Returns the length. */
static size_t compact(char *out, const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        if (*text != ' ' && *text != '\n') out[n++] = *text;
    out[n] = '\0';
    return n;
}

static enum pm_status write_texts(const struct pm_proof *proof, const uint8_t *signals, uint32_t n_public,
                                  char *proof_buffer, unsigned long long *proof_size, char *public_buffer,
                                  unsigned long long *size, struct pm_error *err)
{
    char *proof_text = pm_json_write_proof(proof);
    char *public_text = pm_json_write_public(proof->curve, signals, n_public);
    enum pm_status status = PM_OK;
    if (proof_text && public_text) {
        *proof_size = compact(proof_buffer, proof_text);
        *size = compact(public_buffer, public_text);
    } else {
        status = pm_fail(err, PM_NO_MEMORY, "no memory for the proof's text");
    }
    free(proof_text);
    free(public_text);
    return status;
}

/* The witness, if it belongs to the key; *length_differs tells the one fault that has a code of its own. */
static enum pm_status open_witness(struct pm_wtns *out, const struct object *o, const void *data,
                                   unsigned long long size, bool *length_differs, struct pm_error *err)
{
    PM_TRY(pm_wtns_view(out, "witness buffer", data, size, err));
    enum pm_status status = PM_OK;
    if (out->curve != o->zkey.curve)
        status = pm_fail(err, PM_MISMATCH, "the witness is over %s, the key over %s", out->curve->name,
                         o->zkey.curve->name);
    *length_differs = status == PM_OK && out->n_values != o->zkey.n_vars;
    if (*length_differs)
        status = pm_fail(err, PM_MISMATCH, "the witness has %u values, the circuit %u", out->n_values,
                         o->zkey.n_vars);
    if (status != PM_OK) pm_wtns_close(out);
    return status;
}

static enum pm_status prove(struct object *o, struct pm_proof *proof, const struct pm_wtns *wtns,
                            struct pm_error *err)
{
    (void)pthread_mutex_lock(&o->lock);
    enum pm_status status = pm_prove(o->prover, proof, wtns->values, wtns->n_values, NULL, err);
    (void)pthread_mutex_unlock(&o->lock);
    return status;
}

int groth16_prover_prove(void *prover_object, const void *wtns_buffer, unsigned long long wtns_size,
                         char *proof_buffer, unsigned long long *proof_size, char *public_buffer,
                         unsigned long long *size, char *error_msg, unsigned long long error_msg_maxsize)
{
    struct object *o = prover_object;
    struct pm_error err = {0};
    struct pm_wtns wtns;
    struct pm_proof proof;
    bool length_differs = false;
    if (!o || !wtns_buffer || !proof_buffer || !proof_size || !public_buffer || !size) {
        (void)pm_fail(&err, PM_USAGE, "no argument but error_msg may be NULL");
        return fail(&err, error_msg, error_msg_maxsize);
    }
    if (open_witness(&wtns, o, wtns_buffer, wtns_size, &length_differs, &err) != PM_OK) {
        (void)fail(&err, error_msg, error_msg_maxsize);
        return length_differs ? PROVER_INVALID_WITNESS_LENGTH : PROVER_ERROR;
    }
    unsigned long long needs = public_needs(o->zkey.n_public);
    if (*proof_size < proof_needs || *size < needs) {
        (void)pm_fail(&err, PM_USAGE,
                      "the proof needs %d bytes, given %llu; the public signals %llu, given %llu",
                      proof_needs, *proof_size, needs, *size);
        *proof_size = proof_needs;
        *size = needs;
        pm_wtns_close(&wtns);
        (void)fail(&err, error_msg, error_msg_maxsize);
        return PROVER_ERROR_SHORT_BUFFER;
    }
    enum pm_status status = prove(o, &proof, &wtns, &err);
    if (status == PM_OK)
        status = write_texts(&proof, wtns.values + wtns.curve->fr_bytes, o->zkey.n_public, proof_buffer,
                             proof_size, public_buffer, size, &err);
    pm_wtns_close(&wtns);
    return status == PM_OK ? PROVER_OK : fail(&err, error_msg, error_msg_maxsize);
}

int groth16_prover(const void *zkey_buffer, unsigned long long zkey_size, const void *wtns_buffer,
                   unsigned long long wtns_size, char *proof_buffer, unsigned long long *proof_size,
                   char *public_buffer, unsigned long long *size, char *error_msg,
                   unsigned long long error_msg_maxsize)
{
    void *o = NULL;
    int code = groth16_prover_create(&o, zkey_buffer, zkey_size, error_msg, error_msg_maxsize);
    if (code != PROVER_OK) return code;
    code = groth16_prover_prove(o, wtns_buffer, wtns_size, proof_buffer, proof_size, public_buffer, size,
                                error_msg, error_msg_maxsize);
    groth16_prover_destroy(o);
    return code;
}

int groth16_prover_zkey_file(const char *zkey_file_path, const void *wtns_buffer,
                             unsigned long long wtns_size, char *proof_buffer, unsigned long long *proof_size,
                             char *public_buffer, unsigned long long *size, char *error_msg,
                             unsigned long long error_msg_maxsize)
{
    void *o = NULL;
    int code = groth16_prover_create_zkey_file(&o, zkey_file_path, error_msg, error_msg_maxsize);
    if (code != PROVER_OK) return code;
    code = groth16_prover_prove(o, wtns_buffer, wtns_size, proof_buffer, proof_size, public_buffer, size,
                                error_msg, error_msg_maxsize);
    groth16_prover_destroy(o);
    return code;
}
