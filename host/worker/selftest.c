/* The self-test: w[i + 1] = w[i]^2 for a few hundred steps over BN254's scalar field, the last value public.
 */
#include "worker/selftest.h"

#include "base/bytes.h"
#include "prove/prover.h"
#include "prove/setup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Wires: 0 the one, 1 the public output, 2 .. the chain without its last value, which is the output. */
enum { STEPS = 300, WIRES = STEPS + 2, ELEMENT = 32, TERM = 4 + ELEMENT, CONSTRAINT = 3 * (4 + TERM) };

static uint32_t wire_of(unsigned step) { return step == STEPS ? 1 : 2 + step; }

/* {1 term: 1 * wire} three times: A, B and C of w[i] * w[i] = w[i + 1]. */
static void make_constraints(uint8_t out[STEPS * CONSTRAINT])
{
    memset(out, 0, STEPS * CONSTRAINT);
    for (unsigned i = 0; i < STEPS; i++)
        for (unsigned k = 0; k < 3; k++) {
            uint8_t *lc = out + i * CONSTRAINT + k * (4 + TERM);
            pm_store_le32(lc, 1);
            pm_store_le32(lc + 4, wire_of(i + (k == 2)));
            lc[8] = 1;
        }
}

static void make_witness(uint8_t out[WIRES * ELEMENT], const struct pm_curve *curve)
{
    uint8_t mont[ELEMENT], plain[ELEMENT] = {3};
    memset(out, 0, WIRES * ELEMENT);
    out[0] = 1;
    curve->fr_to_mont(mont, plain);
    for (unsigned i = 0; i <= STEPS; i++) {
        curve->fr_from_mont(out + wire_of(i) * ELEMENT, mont);
        curve->fr_mul(mont, mont, mont);
    }
}

/* Proves and verifies with a key that is loaded, then with what must not pass. */
static enum pm_status prove_and_refuse(const struct pm_zkey *zkey, const char *device, struct pm_pool *pool,
                                       struct pm_error *err)
{
    enum pm_status status = PM_OK, got;
    struct pm_key *key = NULL;
    struct pm_prover *prover = NULL;
    struct pm_proof proof;
    uint8_t *witness = malloc(WIRES * ELEMENT);
    if (!witness) return pm_fail(err, PM_NO_MEMORY, "self-test: no memory");
    make_witness(witness, zkey->curve);
    PM_GOTO(pm_key_new(&key, zkey, pool, err));
    PM_GOTO(pm_prover_new(&prover, key, device, pool, err));
    PM_GOTO(pm_prove(prover, &proof, witness, WIRES, NULL, err));
    PM_GOTO(pm_verify(pm_key_vk(key), &proof, witness + ELEMENT, 1, err));
    if (pm_prover_device_fault(prover)) {
        status = pm_fail(err, PM_INTERNAL, "the device %s gave a proof that does not verify; the CPU's did",
                         device);
        goto out;
    }
    witness[ELEMENT] ^= 1;
    got = pm_verify(pm_key_vk(key), &proof, witness + ELEMENT, 1, NULL);
    if (got != PM_INVALID_PROOF)
        status = pm_fail(err, PM_INTERNAL, "a wrong public signal: expected INVALID_PROOF, found %s",
                         pm_status_name(got));
    else if ((got = pm_prove(prover, &proof, witness, WIRES, NULL, NULL)) != PM_UNSATISFIED)
        status =
            pm_fail(err, PM_INTERNAL, "a wrong witness: expected UNSATISFIED, found %s", pm_status_name(got));
out:
    pm_prover_free(&prover);
    pm_key_free(&key);
    free(witness);
    return status;
}

enum pm_status pm_selftest(const char *dir, const char *device, struct pm_pool *pool, struct pm_error *err)
{
    char base[3800], r1cs_path[4096], zkey_path[4096];
    enum pm_status status = PM_OK;
    struct pm_r1cs r1cs;
    struct pm_zkey zkey;
    const struct pm_curve *curve = pm_curve_by_name("bn128");
    if (!curve) return pm_fail(err, PM_INTERNAL, "self-test: this build has no BN254");
    int n = snprintf(base, sizeof base, "%s/selftest.%ld", dir, (long)getpid());
    if (n < 0 || (size_t)n >= sizeof base)
        return pm_fail(err, PM_USAGE, "%.80s...: the path is too long", dir);
    (void)snprintf(r1cs_path, sizeof r1cs_path, "%s.r1cs", base);
    (void)snprintf(zkey_path, sizeof zkey_path, "%s.zkey", base);
    uint8_t *constraints = malloc(STEPS * CONSTRAINT);
    if (!constraints) return pm_fail(err, PM_NO_MEMORY, "self-test: no memory");
    make_constraints(constraints);
    PM_GOTO(pm_r1cs_write(r1cs_path, curve, WIRES, 1, 0, STEPS, constraints, STEPS * CONSTRAINT, err));
    PM_GOTO(pm_r1cs_open(&r1cs, r1cs_path, err));
    status = pm_setup_dev(&r1cs, zkey_path, NULL, pool, err);
    pm_r1cs_close(&r1cs);
    if (status != PM_OK) goto out;
    PM_GOTO(pm_zkey_open(&zkey, zkey_path, PM_CHECK_DEEP, pool, err));
    status = prove_and_refuse(&zkey, device, pool, err);
    pm_zkey_close(&zkey);
out:
    if (status != PM_OK) pm_fail_in(err, "self-test of this machine");
    unlink(r1cs_path);
    unlink(zkey_path);
    free(constraints);
    return status;
}
