/* rapidsnark's C interface for proving, answered by proofmill: same names, arguments and codes, so that a
 * program that was written for rapidsnark (or one of its wrappers for other languages) runs with this library
 * instead. Curve bn128. Where the two differ, and why:
 *   - every proof is checked before it is given out, so a witness that does not satisfy the circuit is
 *     PROVER_ERROR and not a proof that nobody accepts; likewise a witness whose first value is not one, or
 * with a value that is not below the field's modulus;
 *   - buffers that are too small are told before the work is done, not after it;
 *   - a prover object may be used by several threads at a time: they take turns, each proof on all CPUs;
 *   - texts differ. The proof's also says its curve; a circuit without public signals gives [], not null.
 * Error texts are cut to error_msg_maxsize, the final NUL included; error_msg may be NULL. */
#ifndef PROOFMILL_COMPAT_PROVER_H
#define PROOFMILL_COMPAT_PROVER_H

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

#define PROVER_OK                     0x0
#define PROVER_ERROR                  0x1 /* error_msg says what */
#define PROVER_ERROR_SHORT_BUFFER     0x2 /* *proof_size and *public_size were set to what is needed */
#define PROVER_INVALID_WITNESS_LENGTH 0x3

/* Bytes that a proof's text takes at most, the NUL included; for any circuit. */
void groth16_proof_size(unsigned long long *proof_size);

/* Bytes that the public signals' text of that key's circuit takes at most, the NUL included. */
int groth16_public_size_for_zkey_buf(const void *zkey_buffer, unsigned long long zkey_size,
                                     unsigned long long *public_size, char *error_msg,
                                     unsigned long long error_msg_maxsize);
int groth16_public_size_for_zkey_file(const char *zkey_fname, unsigned long long *public_size,
                                      char *error_msg, unsigned long long error_msg_maxsize);

/* Loads a key. zkey_buffer is not copied: it must stay as it is until the object is destroyed. A file is
 * mapped for as long. */
int groth16_prover_create(void **prover_object, const void *zkey_buffer, unsigned long long zkey_size,
                          char *error_msg, unsigned long long error_msg_maxsize);
int groth16_prover_create_zkey_file(void **prover_object, const char *zkey_file_path, char *error_msg,
                                    unsigned long long error_msg_maxsize);
void groth16_prover_destroy(void *prover_object); /* NULL is allowed */

/* wtns_buffer: a .wtns file's bytes. *proof_size and *public_size: the buffers' sizes; on PROVER_OK the
 * texts' lengths without their NUL. The texts are JSON: a proof, and an array of decimal strings. */
int groth16_prover_prove(void *prover_object, const void *wtns_buffer, unsigned long long wtns_size,
                         char *proof_buffer, unsigned long long *proof_size, char *public_buffer,
                         unsigned long long *public_size, char *error_msg,
                         unsigned long long error_msg_maxsize);

/* Create, prove and destroy in one. */
int groth16_prover(const void *zkey_buffer, unsigned long long zkey_size, const void *wtns_buffer,
                   unsigned long long wtns_size, char *proof_buffer, unsigned long long *proof_size,
                   char *public_buffer, unsigned long long *public_size, char *error_msg,
                   unsigned long long error_msg_maxsize);
int groth16_prover_zkey_file(const char *zkey_file_path, const void *wtns_buffer,
                             unsigned long long wtns_size, char *proof_buffer, unsigned long long *proof_size,
                             char *public_buffer, unsigned long long *public_size, char *error_msg,
                             unsigned long long error_msg_maxsize);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
