/* The Groth16 prover: key and workspace, from witness to a checked proof.
 *
 * A pm_key is immutable and shared by threads. A pm_prover is the memory of one proof in flight: make it
 * once, use it for proof after proof; pm_prove allocates nothing. What a backend does and what is done here
 * once for all: backend.h. */
#ifndef PM_PROVE_PROVER_H
#define PM_PROVE_PROVER_H

#include "base/pool.h"
#include "base/watch.h"
#include "file/wtns.h"
#include "file/zkey.h"
#include "prove/verify.h"

struct pm_key;
struct pm_prover;

/* The verification key inside a .zkey, checked in full. Free with pm_vk_fini. */
PM_MUST_USE enum pm_status pm_vk_from_zkey(struct pm_vk *out, const struct pm_zkey *zkey,
                                           struct pm_error *err);

/* Loads a key from an open .zkey, which must outlive it (points are used where they lie). PM_MISMATCH etc. as
 * zkey.h. */
PM_MUST_USE enum pm_status pm_key_new(struct pm_key **out, const struct pm_zkey *zkey, struct pm_pool *pool,
                                      struct pm_error *err);
/* The same for a key that stays: at most table_bytes more may be taken, when its first prover is made, for
 * tables of its points, which make every proof after that faster (by how much depends on size and witness).
 * What does not fit, or does not pay, is not made. The tables suit provers with as many threads as pool. */
PM_MUST_USE enum pm_status pm_key_new_warm(struct pm_key **out, const struct pm_zkey *zkey,
                                           size_t table_bytes, struct pm_pool *pool, struct pm_error *err);
/* Bytes that the tables will take, or do take, on the CPU. */
size_t pm_key_table_bytes(const struct pm_key *key);
void pm_key_free(struct pm_key **key); /* after all its provers */
/* Gives back what the key takes on devices that none of its provers uses now. */
void pm_key_let_go(const struct pm_key *key);
const struct pm_vk *pm_key_vk(const struct pm_key *key);             /* lives as long as the key */
const struct pm_vk_ready *pm_key_vk_ready(const struct pm_key *key); /* likewise */
const struct pm_zkey *pm_key_zkey(const struct pm_key *key);

/* Bytes that one prover of this key will take on the CPU; SIZE_MAX where the key's domain is too large. */
size_t pm_prover_plan(const struct pm_key *key, unsigned threads);

/* What a loaded key and one prover of it take of the memory that `device` (as for pm_prover_new) has of its
 * own, and how much of that there is for all keys; 0 and 0 on the CPU. pinned_bytes: what they take of the
 * host's memory besides, so that the device can copy from it. */
struct pm_prover_room {
    uint64_t bytes, memory_bytes, pinned_bytes;
};
PM_MUST_USE enum pm_status pm_prover_room(struct pm_prover_room *out, const struct pm_key *key,
                                          const char *device, unsigned threads, struct pm_error *err);

/* device: as pm_backend_find of backend.h takes it, "cpu" or "cuda:0", or "auto": the best that takes this
 * key and can be used now. PM_DEVICE: the device that was named failed. pool may be NULL (one thread) and
 * must outlive the prover. */
PM_MUST_USE enum pm_status pm_prover_new(struct pm_prover **out, const struct pm_key *key, const char *device,
                                         struct pm_pool *pool, struct pm_error *err);
/* "cpu:0", "cuda:1": what it was made on. */
const char *pm_prover_device(const struct pm_prover *prover);
void pm_prover_free(struct pm_prover **prover); /* wipes its memory; before its key is freed */

/* The same on a given backend (backend.h) and device of it. */
struct pm_backend;
PM_MUST_USE enum pm_status pm_prover_new_on(struct pm_prover **out, const struct pm_key *key,
                                            const struct pm_backend *backend, unsigned device,
                                            struct pm_pool *pool, struct pm_error *err);

/* Who is told of progress, and may cancel, from the next proof on; NULL for nobody. *watch outlives the
 * proofs. A cancelled pm_prove ends with PM_CANCELLED after at most one more task on each thread (some
 * hundredths of the whole), and the prover is as good as before. */
void pm_prover_watch(struct pm_prover *prover, const struct pm_watch *watch);

/* Why a proof of this prover was made on the CPU, or why all of them are, although there is a better device:
 * what that device or its driver said, or that its proof does not verify where the CPU's does. The first such
 * thing, named device first; NULL: there was none. It lives as long as the prover. (The first proof that is
 * made again on the CPU is the one case in which pm_prove takes further memory.) */
const struct pm_error *pm_prover_trouble(const struct pm_prover *prover);
/* Whether that was the device's fault: it failed or computed wrongly (a valid proof of the same witness was
 * then made without it), so it must be quarantined, and this prover does not use it any more. False where it
 * lacks memory, was asked for what it does not do, or the fault is this program's own. */
bool pm_prover_device_fault(const struct pm_prover *prover);

struct pm_prove_times {
    uint64_t rows_ns, ntt_ns, msm_ns, check_ns, total_ns;
};

/* Proves with fresh blinding scalars from the system. witness: n_values plain canonical elements (zkey's
 * n_vars). The proof is checked against the pairing before it is handed out: PM_UNSATISFIED when it does not
 * verify because the witness does not satisfy the circuit. times may be NULL. */
PM_MUST_USE enum pm_status pm_prove(struct pm_prover *prover, struct pm_proof *out, const uint8_t *witness,
                                    uint32_t n_values, struct pm_prove_times *times, struct pm_error *err);

/* The same with given r and s (plain, fr_bytes each): for tests, and for comparing devices byte by byte. A
 * proof with known r and s does not hide its witness. */
PM_MUST_USE enum pm_status pm_prove_with(struct pm_prover *prover, struct pm_proof *out,
                                         const uint8_t *witness, uint32_t n_values, const uint8_t *r,
                                         const uint8_t *s, struct pm_prove_times *times,
                                         struct pm_error *err);

/* One witness of a batch: the caller sets the first three, the rest is filled. */
struct pm_batch_item {
    const uint8_t *witness;
    uint32_t n_values;
    const uint8_t *rs; /* r and s, as pm_prove_with; NULL: fresh ones */
    enum pm_status status;
    struct pm_proof proof; /* zeroed where status is not PM_OK */
};

/* Proofs of n witnesses with one key, one after the other, while what one thread must do for a proof (its
 * blinding and check) goes on beside the next. On a device, with a pool of two threads or more, two proofs
 * are in flight, for which the first batch takes a second workspace, if there is room. A witness that is none
 * for the key, or does not satisfy it, refuses only itself; the result is then the first one's status, and
 * err has its number and text. The watch is told of all proofs together; after it said no, and after an error
 * that is not a witness's fault, there are no further proofs, the items that are left have the same status,
 * and so has the result. Allocates nothing else. */
PM_MUST_USE enum pm_status pm_prove_batch(struct pm_prover *prover, struct pm_batch_item *items, size_t n,
                                          struct pm_error *err);

#endif
