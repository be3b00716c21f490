/* Calldata and fees of the outbox: no I/O, no clock. Next: outbox_submit.c. */
#include "coordinator/chain/outbox_data.h"

#include "base/bytes.h"
#include "coordinator/chain/abi.h"
#include "coordinator/chain/u256.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_SIGNALS = 256, MAX_JSON = 1 << 20 };
enum {
    ROUTER_OVERHEAD_GAS = 90000
}; /* its look-ups, its copy of the calldata, the event, and what it keeps (Router.sol) */

static enum pm_status parse_json(json_t **out, const char *what, const char *text, struct pm_error *err)
{
    json_error_t je;
    size_t len = strlen(text);
    if (len > MAX_JSON) return pm_fail(err, PM_FORMAT, "%s: more than %d bytes", what, MAX_JSON);
    *out = json_loadb(text, len, JSON_REJECT_DUPLICATES, &je);
    return *out ? PM_OK : pm_fail(err, PM_FORMAT, "%s: line %d: %s", what, je.line, je.text);
}

/* Decimal texts only: the proof was written by proofmill, after it was checked. */
static bool number(uint8_t out[32], const json_t *value)
{
    const char *text = json_string_value(value);
    return text && strncmp(text, "0x", 2) != 0 && pm_u256_parse(out, text);
}

static bool is_one(const json_t *value)
{
    const char *text = json_string_value(value);
    return text && strcmp(text, "1") == 0;
}

static bool point1(uint8_t out[64], const json_t *p)
{
    return json_array_size(p) == 3 && number(out, json_array_get(p, 0)) &&
           number(out + 32, json_array_get(p, 1)) && is_one(json_array_get(p, 2));
}

/* x and y as (imaginary, real) */
static bool point2(uint8_t out[128], const json_t *p)
{
    if (json_array_size(p) != 3) return false;
    for (unsigned i = 0; i < 2; i++) {
        const json_t *c = json_array_get(p, i);
        if (json_array_size(c) != 2 || !number(out + 64 * i, json_array_get(c, 1)) ||
            !number(out + 64 * i + 32, json_array_get(c, 0)))
            return false;
    }
    return is_one(json_array_get(json_array_get(p, 2), 0));
}

static enum pm_status add_proof(struct pm_abi *abi, const json_t *proof, struct pm_error *err)
{
    uint8_t a[64], b[128], c[64];
    const char *curve = json_string_value(json_object_get(proof, "curve"));
    if (!curve || strcmp(curve, "bn128") != 0)
        return pm_fail(err, PM_UNSUPPORTED, "a proof over curve %.20s: the chain verifies bn128 only",
                       curve ? curve : "?");
    if (!point1(a, json_object_get(proof, "pi_a")) || !point2(b, json_object_get(proof, "pi_b")) ||
        !point1(c, json_object_get(proof, "pi_c")))
        return pm_fail(err, PM_FORMAT, "the proof: expected affine points pi_a, pi_b and pi_c in decimal");
    pm_abi_add_words(abi, a, 2);
    pm_abi_add_words(abi, b, 4);
    pm_abi_add_words(abi, c, 2);
    return PM_OK;
}

static enum pm_status add_signals(struct pm_abi *abi, const json_t *publics, struct pm_error *err)
{
    size_t n = json_array_size(publics);
    if (!json_is_array(publics) || n > MAX_SIGNALS)
        return pm_fail(err, PM_FORMAT, "the public signals: expected an array of at most %d", MAX_SIGNALS);
    for (size_t i = 0; i < n; i++) {
        uint8_t word[32];
        if (!number(word, json_array_get(publics, i)))
            return pm_fail(err, PM_FORMAT, "public signal %zu: expected a decimal text", i);
        pm_abi_add_words(abi, word, 1);
    }
    return PM_OK;
}

enum pm_status pm_outbox_payload(struct pm_buf *out, const uint8_t task_id[32], const char *version,
                                 const char *proof_json, const char *publics_json, struct pm_error *err)
{
    struct pm_abi abi = {0};
    json_t *proof = NULL, *publics = NULL;
    enum pm_status status;
    PM_GOTO(parse_json(&proof, "the proof", proof_json, err));
    PM_GOTO(parse_json(&publics, "the public signals", publics_json, err));
    pm_abi_add_words(&abi, task_id, 1);
    pm_abi_add_string(&abi, version);
    PM_GOTO(add_proof(&abi, proof, err));
    PM_GOTO(add_signals(&abi, publics, err));
    status = pm_abi_finish(&abi, out, err);
out:
    pm_abi_fini(&abi);
    json_decref(proof);
    json_decref(publics);
    return status;
}

enum pm_status pm_outbox_calldata(struct pm_buf *out, const char *name, uint64_t project, uint64_t prover,
                                  const char *client_id, const struct pm_buf *payload, struct pm_error *err)
{
    struct pm_abi abi = {0};
    char signature[64];
    uint8_t selector[4];
    snprintf(signature, sizeof signature, "%s(uint256,uint256,string,bytes)", name);
    pm_abi_selector(selector, signature);
    pm_buf_add(out, selector, 4);
    pm_abi_add_u64(&abi, project);
    pm_abi_add_u64(&abi, prover);
    pm_abi_add_string(&abi, client_id);
    pm_abi_add_bytes(&abi, payload->data, payload->len);
    return pm_abi_finish(&abi, out, err);
}

/* -- fees -- */

static uint64_t add_capped(uint64_t a, uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }
static uint64_t min_u64(uint64_t a, uint64_t b) { return a < b ? a : b; }
static uint64_t max_u64(uint64_t a, uint64_t b) { return a > b ? a : b; }

bool pm_outbox_first_fees(struct pm_outbox_fees *out, uint64_t base_fee_wei, uint64_t priority_wei,
                          uint64_t cap_wei)
{
    if (add_capped(base_fee_wei, priority_wei) > cap_wei || cap_wei == 0) return false;
    out->priority_wei = priority_wei;
    out->max_fee_wei = min_u64(add_capped(add_capped(base_fee_wei, base_fee_wei), priority_wei), cap_wei);
    if (out->max_fee_wei == 0) out->max_fee_wei = 1; /* a chain without fees */
    return true;
}

/* at least an eighth more, and at least one */
static uint64_t raised(uint64_t fee) { return add_capped(fee, fee / 8 + 1); }

bool pm_outbox_raised_fees(struct pm_outbox_fees *out, const struct pm_outbox_fees *old,
                           uint64_t base_fee_wei, uint64_t priority_wei, uint64_t cap_wei)
{
    uint64_t wanted = add_capped(add_capped(base_fee_wei, base_fee_wei), priority_wei);
    out->priority_wei = max_u64(raised(old->priority_wei), priority_wei);
    out->max_fee_wei = max_u64(max_u64(raised(old->max_fee_wei), wanted), out->priority_wei);
    if (out->max_fee_wei > cap_wei) out->max_fee_wei = cap_wei;
    if (out->priority_wei > out->max_fee_wei) out->priority_wei = out->max_fee_wei;
    return out->max_fee_wei >= raised(old->max_fee_wei) && out->priority_wei >= raised(old->priority_wei);
}

uint64_t pm_outbox_gas_limit(uint64_t inner)
{
    uint64_t needed = add_capped(inner, inner / 63 + 1);
    return add_capped(add_capped(needed, needed / 10), ROUTER_OVERHEAD_GAS);
}
