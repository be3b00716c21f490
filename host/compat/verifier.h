/* rapidsnark's C interface for verifying, answered by proofmill; see prover.h. Stricter than rapidsnark:
 * every point must be on its curve and in its subgroup, every public signal below the field's modulus. */
#ifndef PROOFMILL_COMPAT_VERIFIER_H
#define PROOFMILL_COMPAT_VERIFIER_H

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

#define VERIFIER_VALID_PROOF   0x0
#define VERIFIER_INVALID_PROOF 0x1
#define VERIFIER_ERROR         0x2 /* malformed, or of different circuits; error_msg says what */

/* JSON texts, each ended by a NUL. A proof need not say its curve: rapidsnark's do not. error_msg may be
 * NULL. */
int groth16_verify(const char *proof, const char *inputs, const char *verification_key, char *error_msg,
                   unsigned long error_msg_maxsize);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
