/* Witnesses from circom's own files: a circuit's .wasm and an input.json give the witness that snarkjs would
 * compute, byte for byte.
 *
 * The .wasm is translated to C (wasm2c), compiled by the system's compiler, and kept in a cache folder by its
 * hash: a circuit costs seconds to a minute the first time and a millisecond afterwards. Each witness is
 * computed by a process of its own, in a sandbox without files, network and children, under limits of time
 * and memory; nothing that a circuit's code does can reach the caller. The same holds for the translation and
 * the compilation. Circuits of circom 2 over any prime below 2^256. Next: prove/ takes the values.
 *
 * The program must not ignore SIGCHLD, and must not reap children that it did not start. */
#ifndef PM_WITNESS_WITNESS_H
#define PM_WITNESS_WITNESS_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

struct pm_circuit; /* immutable once open: any number of threads may use it at a time */

struct pm_circuit_info {
    uint32_t version[3]; /* of the compiler: 2.2.3 */
    uint32_t n_values;   /* of a witness, the leading one included */
    uint32_t
        n_inputs; /* input values in all; UINT32_MAX where the module does not say (before circom 2.0.5) */
    uint32_t n8;  /* bytes of a value: a multiple of 4, at most 32 */
    uint8_t prime[32];  /* little-endian, n8 bytes; the rest is zero */
    uint8_t sha256[32]; /* of the .wasm */
};

/* Opens the circuit, translating and compiling it where cache_dir does not hold it yet. cache_dir is made
 * where it is missing; it must belong to the user and be writable by nobody else (PM_AUTH), and may be shared
 * by processes. PM_FORMAT: no WebAssembly; PM_UNSUPPORTED: no module of circom 2; PM_NOT_FOUND: file or tool
 * missing; PM_TIMEOUT, PM_SANDBOX: a tool or the circuit broke its limits. An open circuit holds a shared
 * lock (flock) on its file cache_dir/circuit-HASH, and that file's time of modification is its last use:
 * whoever keeps the folder within a size knows what to leave alone and what to remove first. */
PM_MUST_USE enum pm_status pm_circuit_open(struct pm_circuit **out, const char *wasm_path,
                                           const char *cache_dir, struct pm_error *err);
void pm_circuit_close(struct pm_circuit **circuit);
const struct pm_circuit_info *pm_circuit_info(const struct pm_circuit *circuit);

struct pm_witness_limits {
    uint64_t wall_ms;      /* 0: two minutes */
    uint64_t memory_bytes; /* 0: 4 GiB, the most that a module can use */
    int cancel_fd;         /* the run is cancelled when this becomes readable; -1: never */
};

struct pm_witness {
    uint8_t *values; /* n_values * n8: plain, little-endian, below the prime; value 0 is one. Not aligned. */
    uint32_t n_values, n8;
    uint8_t prime[32];
    char *log;      /* what the circuit said by log(), one line a call; "" when nothing. It may tell of secret
                       inputs. */
    uint8_t *block; /* owns both */
    size_t block_len;
};

/* input_json: an object from each input signal's name to its value, a list or a list of lists, as snarkjs
 * takes it. A value is a string, decimal (a minus sign is allowed) or hexadecimal (0x...), of any size, or a
 * JSON number without a fraction or true or false; it is reduced modulo the prime. A number beyond 64 bits is
 * refused rather than rounded: write it as a string. (snarkjs rounds numbers beyond 2^53; here those up to
 * 2^63 are exact.) The same name twice is refused.
 *
 * PM_FORMAT: malformed JSON or a value that is none; PM_MISMATCH: a signal that the circuit does not have, or
 * a wrong number of values, or a signal left out; PM_CIRCUIT: the circuit refused (an assertion: the text
 * says the template and line that circom names); PM_TIMEOUT, PM_CANCELLED, PM_NO_MEMORY, PM_SANDBOX. limits
 * may be NULL. On success the caller frees *out by pm_witness_fini; on failure it is empty. */
PM_MUST_USE enum pm_status pm_circuit_witness(const struct pm_circuit *circuit, const char *input_json,
                                              size_t len, struct pm_witness *out,
                                              const struct pm_witness_limits *limits, struct pm_error *err);
void pm_witness_fini(struct pm_witness *witness); /* wipes, then frees; an empty one is allowed */

/* Writes a .wtns file, the same bytes as `snarkjs wtns calculate`, for any prime. */
PM_MUST_USE enum pm_status pm_witness_write(const struct pm_witness *witness, const char *path,
                                            struct pm_error *err);

#endif
