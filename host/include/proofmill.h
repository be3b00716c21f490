/* proofmill as a library: Groth16 proofs in the formats of circom and snarkjs.
 *
 * This is the only public header; bindings stand on it alone. Handles are opaque, no struct but
 * proofmill_error is shared, and functions are only ever added, so that a program linked against one version
 * runs with a later one.
 *
 * Functions that can fail return a status: 0 is ok, other numbers are stable (proofmill_status_name). `error`
 * may be NULL; where it is given it is filled on failure. Texts and buffers that a function gives out are
 * freed with proofmill_free. Nothing here prints, exits or keeps pointers to the caller's buffers.
 *
 * Threads: a key may be used by any number of threads at once; a prover by one at a time. */
#ifndef PROOFMILL_H
#define PROOFMILL_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define PM_API __attribute__((visibility("default")))
#else
#define PM_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct proofmill_error {
    int status;
    char text[1024]; /* for a person: what was expected, what was found, where */
};

struct proofmill_key;
struct proofmill_prover;

PM_API const char *proofmill_version(void);              /* "0.1.0" */
PM_API const char *proofmill_status_name(int status);    /* "UNSATISFIED" */
PM_API const char *proofmill_status_meaning(int status); /* "the witness does not satisfy the circuit" */
PM_API void proofmill_free(void *text_or_buffer);        /* NULL is allowed */

/* -- Keys -- */

/* Loads a proving key (.zkey, groth16). threads: how many work for it, the caller included; 0 means one per
 * CPU. The file stays mapped until the key is closed and must not be changed meanwhile. */
PM_API int proofmill_key_open(struct proofmill_key **out, const char *zkey_path, unsigned threads,
                              struct proofmill_error *error);
/* The same for a key that stays open for many proofs: up to table_bytes of memory may go into tables of its
 * points, made once, when the key's first prover is opened (a second or so for small keys), and shared by all
 * its provers. What would not pay is not made; proofmill_key_table_bytes says what is. 0: none, as
 * proofmill_key_open. */
PM_API int proofmill_key_open_warm(struct proofmill_key **out, const char *zkey_path, unsigned threads,
                                   size_t table_bytes, struct proofmill_error *error);
PM_API size_t proofmill_key_table_bytes(const struct proofmill_key *key);
PM_API void proofmill_key_close(struct proofmill_key **key); /* after all its provers; nulls */

PM_API const char *proofmill_key_curve(const struct proofmill_key *key); /* "bn128", "bls12381" */
PM_API uint32_t proofmill_key_n_public(const struct proofmill_key *key);
PM_API uint32_t proofmill_key_n_witness(const struct proofmill_key *key);
/* 1 for a key that must not hold value: made by a development setup, or without a second phase. */
PM_API int proofmill_key_is_unsafe(const struct proofmill_key *key);
PM_API size_t
proofmill_key_scalar_bytes(const struct proofmill_key *key); /* one witness value or public signal */
PM_API size_t proofmill_key_proof_bytes(const struct proofmill_key *key);

/* -- Proving -- */

/* The workspace of one proof at a time. device: "cpu", "cuda:0", or "auto" for the best that
 * there is and that takes the key. */
PM_API int proofmill_prover_open(struct proofmill_prover **out, const struct proofmill_key *key,
                                 const char *device, struct proofmill_error *error);
PM_API void proofmill_prover_close(struct proofmill_prover **prover); /* wipes its memory; nulls */

/* go_on is told how far a proof is, permille that do not fall, on the thread that proves; when it returns 0,
 * that proof soon ends with CANCELLED, and the prover is as good as before. NULL: nobody is told. Holds from
 * the next proof on. */
PM_API void proofmill_prover_watch(struct proofmill_prover *prover,
                                   int (*go_on)(void *context, unsigned permille), void *context);

/* witness: n_witness values, each scalar_bytes, little-endian, below the field's modulus, the first of them
 * one: the values of a .wtns file. proof: proof_bytes, the coordinates of A, B, C, each big-endian and padded
 * to whole bytes of the field, imaginary parts before real ones: for bn128 the eight words that an EVM
 * verifier takes. The proof was verified before it is given out. */
PM_API int proofmill_prove(struct proofmill_prover *prover, uint8_t *proof, size_t proof_bytes,
                           const uint8_t *witness, size_t witness_bytes, struct proofmill_error *error);

/* n proofs of one key, each verified: the threads of the key stay busy from the first to the last, because
 * what one thread does for a proof goes on beside the next. witnesses: n pointers to witness_bytes each;
 * proofs: room for n, one after the other. results[i], which may be NULL, is the status of witness i, and
 * proof i is zero where that is not 0. A witness that is malformed or does not satisfy the circuit refuses
 * only itself; the function then returns the first one's status, and the error says its number. Who watches
 * the prover is told of the whole; after CANCELLED, and where the machine fails, finished proofs stand. */
PM_API int proofmill_prove_batch(struct proofmill_prover *prover, int *results, uint8_t *proofs,
                                 size_t proofs_bytes, const uint8_t *const *witnesses, size_t witness_bytes,
                                 size_t n, struct proofmill_error *error);

/* Status 0 if the proof holds. public_signals: n_public values in the form of a witness. */
PM_API int proofmill_verify(const struct proofmill_key *key, const uint8_t *proof, size_t proof_bytes,
                            const uint8_t *public_signals, size_t public_bytes,
                            struct proofmill_error *error);

/* n proofs of one key at once, several times faster each: proofs one after the other, and for each its public
 * signals. Status 0 if all hold, INVALID_PROOF if some do not: then results[i] is the status of proof i
 * (results may be NULL). After any other status nothing is decided. Wrong with probability 2^-127 at most. */
PM_API int proofmill_verify_batch(const struct proofmill_key *key, int *results, const uint8_t *proofs,
                                  size_t proofs_bytes, const uint8_t *public_signals, size_t public_bytes,
                                  size_t n, struct proofmill_error *error);

/* -- Files -- */

/* The values of a .wtns file, which must be of the key's curve and length. */
PM_API int proofmill_witness_load(uint8_t **witness, size_t *witness_bytes, const struct proofmill_key *key,
                                  const char *wtns_path, struct proofmill_error *error);

/* Makes a .zkey for an .r1cs with secrets drawn here. For development: whoever ran this can forge proofs. */
PM_API int proofmill_setup_dev(const char *r1cs_path, const char *zkey_path, unsigned threads,
                               struct proofmill_error *error);

/* The text of a Solidity verifier for a key over bn128. local_chain_only: it cannot be deployed but on test
 * chains; keys for which proofmill_key_is_unsafe is 1 have no other. */
PM_API int proofmill_export_solidity(char **text, const struct proofmill_key *key, const char *contract_name,
                                     int local_chain_only, struct proofmill_error *error);

/* -- JSON, as snarkjs writes it. Not part of builds without service libraries (PROOFMILL_SERVICE=OFF). -- */

PM_API int proofmill_prove_json(struct proofmill_prover *prover, char **proof_json, char **public_json,
                                const uint8_t *witness, size_t witness_bytes, struct proofmill_error *error);
PM_API int proofmill_verify_json(const char *vk_json, const char *public_json, const char *proof_json,
                                 struct proofmill_error *error);
PM_API int proofmill_export_vk_json(char **vk_json, const struct proofmill_key *key,
                                    struct proofmill_error *error);

#ifdef __cplusplus
}
#endif

#endif
