/* Proved tasks: from the proof in the ledger to a signed transaction, written and sent. After that:
 * outbox_track.c. */
#include "coordinator/chain/outbox_state.h"

#include "base/bytes.h"
#include "base/log.h"
#include "coordinator/chain/outbox_data.h"
#include "coordinator/chain/tx.h"
#include "coordinator/chain/u256.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_READY = 64, MAX_CALL_GAS = 16000000 }; /* a transaction may have no more than 2^24 (EIP-7825) */

void outbox_call_fini(struct outbox_call *call)
{
    pm_buf_fini(&call->inner);
    pm_buf_fini(&call->outer);
}

enum pm_status outbox_call_make(struct outbox_call *out, uint64_t *prover, struct pm_outbox *outbox,
                                const struct pm_outbox_target *target, const uint8_t task[32],
                                struct pm_error *err)
{
    struct pm_proof_row proof;
    struct pm_buf payload = {0};
    PM_TRY(pm_ledger_proof(outbox->ledger, &proof, task, err));
    *prover = proof.node;
    enum pm_status status =
        pm_outbox_payload(&payload, task, target->version, proof.proof, proof.publics, err);
    if (status == PM_OK)
        status = pm_outbox_calldata(&out->inner, "process", target->project, proof.node, target->client_id,
                                    &payload, err);
    if (status == PM_OK)
        status = pm_outbox_calldata(&out->outer, "route", target->project, proof.node, target->client_id,
                                    &payload, err);
    pm_buf_fini(&payload);
    pm_proof_row_fini(&proof);
    return status;
}

enum pm_status outbox_sign(struct pm_outbox_tx *out, struct pm_outbox *outbox,
                           const struct pm_outbox_target *target, const struct outbox_call *call,
                           uint64_t nonce, uint64_t gas_limit, uint64_t max_fee_wei, uint64_t priority_wei,
                           struct pm_error *err)
{
    struct pm_buf raw = {0};
    struct pm_tx tx = {.chain_id = target->chain_id,
                       .nonce = nonce,
                       .gas_limit = gas_limit,
                       .max_fee_wei = max_fee_wei,
                       .priority_wei = priority_wei,
                       .to = target->router,
                       .data = call->outer.data,
                       .data_len = call->outer.len};
    memset(out, 0, sizeof *out);
    enum pm_status status = pm_tx_sign(&raw, out->hash, &tx, outbox->key, err);
    if (status != PM_OK) {
        pm_buf_fini(&raw);
        return status;
    }
    out->raw = raw.data; /* handed over */
    out->raw_len = raw.len;
    out->gas_limit = gas_limit;
    out->max_fee_wei = max_fee_wei;
    out->priority_wei = priority_wei;
    outbox_at(outbox, "signed");
    return PM_OK;
}

enum pm_status outbox_send(struct pm_outbox *outbox, struct outbox_lane *lane, const struct pm_outbox_tx *tx,
                           struct pm_error *err)
{
    struct pm_error answer = {0};
    enum pm_status status = pm_eth_send_raw(lane->rpc, tx->raw, tx->raw_len, &answer);
    outbox_at(outbox, "sent");
    /* "already known", "nonce too low", a time-out after it arrived: none of them says what became of it. */
    PM_TRY(pm_ledger_outbox_sent(outbox->ledger, tx->hash, status == PM_OK ? NULL : answer.text, err));
    outbox_at(outbox, "recorded");
    if (status == PM_CHAIN) pm_log(PM_LOG_INFO, "outbox", "%s", answer.text);
    if (status == PM_OK || status == PM_CHAIN) return PM_OK;
    if (err) *err = answer;
    return status;
}

/* -- one task -- */

struct candidate {
    struct pm_outbox *outbox;
    struct outbox_lane *lane;
    const struct pm_outbox_target *target;
    const uint8_t *task;
    struct outbox_call call;
    uint64_t prover, gas_limit;
    struct pm_outbox_fees fees;
    bool wait; /* not now; nothing failed */
};

static enum pm_status give_up(struct candidate *c, const char *reason, struct pm_error *err)
{
    char task[65];
    c->wait = true;
    PM_TRY(pm_ledger_task_event(c->outbox->ledger, NULL, c->task, PM_EVENT_UNSETTLEABLE, 0, reason, err));
    outbox_count(c->outbox, &c->outbox->stats.unsettleable, 1);
    pm_hex_encode(task, c->task, 32);
    pm_log(PM_LOG_ERROR, "outbox", "task %.8s: given up: %s", task, reason);
    return PM_OK;
}

/* Not now. counts: the contract itself refused, which ends a task when it happens too often. */
static enum pm_status put_off(struct candidate *c, bool counts, const char *reason, struct pm_error *err)
{
    const struct pm_outbox_options *options = &c->outbox->options;
    uint32_t tries, delay_ms = options->refusal_ms;
    c->wait = true;
    PM_TRY(pm_ledger_outbox_refusals(c->outbox->ledger, &tries, c->task, err));
    for (uint32_t i = 0; i < tries && i < 6; i++)
        delay_ms = delay_ms > UINT32_MAX / 2 ? UINT32_MAX : 2 * delay_ms;
    PM_TRY(pm_ledger_outbox_refused(c->outbox->ledger, &tries, c->task, reason, counts, delay_ms, err));
    if (!counts) return PM_OK;
    outbox_count(c->outbox, &c->outbox->stats.refused, 1);
    char task[65];
    pm_hex_encode(task, c->task, 32);
    pm_log(PM_LOG_WARN, "outbox", "task %.8s: refusal %u of %u: %s", task, (unsigned)tries,
           (unsigned)options->max_refusals, reason);
    return tries >= options->max_refusals ? give_up(c, reason, err) : PM_OK;
}

/* Decides what a failed simulation means; passes PM_NETWORK and the ledger's failures on. A task that the
 * endpoint cannot answer about lets others go first. */
static enum pm_status on_simulation(struct candidate *c, enum pm_status status, const char *where,
                                    struct pm_error *err)
{
    char reason[480], text[640];
    if (status == PM_NETWORK) {
        struct pm_error later;
        snprintf(text, sizeof text, "%.600s", err ? err->text : "");
        enum pm_status put = put_off(c, false, text, &later);
        if (put != PM_OK && err) *err = later;
        return put != PM_OK ? put : status;
    }
    if (status != PM_CHAIN) return status;
    if (pm_eth_reverted(c->lane->rpc, reason, sizeof reason)) {
        snprintf(text, sizeof text, "%s: %s", where, reason);
        return put_off(c, true, text, err);
    }
    snprintf(text, sizeof text, "%s: %.400s", where, err ? err->text : "");
    outbox_waits(c->lane, "%s", text);
    return put_off(c, false, text, err);
}

/* The application may have it already: from a transaction of ours before the ledger was lost, or from
 * somebody else. */
static enum pm_status check_settled(struct candidate *c, struct pm_error *err)
{
    bool settled, confirmed;
    PM_TRY(outbox_is_settled(c->lane, &settled, c->target, c->task, false, err));
    if (!settled) return PM_OK;
    c->wait = true;
    PM_TRY(outbox_is_settled(c->lane, &confirmed, c->target, c->task, true, err));
    if (!confirmed) return PM_OK;
    outbox_count(c->outbox, &c->outbox->stats.settled, 1);
    return pm_ledger_outbox_settled_elsewhere(c->outbox->ledger, c->task,
                                              "the application calls it settled already", err);
}

static enum pm_status check_returns(struct candidate *c, struct pm_error *err)
{
    struct pm_outbox_row *rows;
    size_t n;
    char reason[96];
    PM_TRY(pm_ledger_outbox_of_task(c->outbox->ledger, &rows, &n, c->task, err));
    pm_outbox_rows_free(&rows, n);
    if (n < c->outbox->options.max_returns) return PM_OK;
    snprintf(reason, sizeof reason, "%zu transactions were mined without effect", n);
    return give_up(c, reason, err);
}

/* The inner call as the router will make it, alone: a router that catches reverts would hide both outcome and
 * need. */
static enum pm_status simulate(struct candidate *c, struct pm_error *err)
{
    uint64_t inner;
    struct pm_eth_call process = {.from = c->target->router,
                                  .to = c->target->application,
                                  .data = c->call.inner.data,
                                  .data_len = c->call.inner.len,
                                  .gas = MAX_CALL_GAS};
    if (c->lane->head.gas_limit < process.gas) process.gas = c->lane->head.gas_limit;
    enum pm_status status = pm_eth_call(c->lane->rpc, NULL, &process, "latest", err);
    if (status == PM_OK) status = pm_eth_estimate_gas(c->lane->rpc, &inner, &process, err);
    if (status != PM_OK) return on_simulation(c, status, "the application refuses", err);
    c->gas_limit = pm_outbox_gas_limit(inner);

    struct pm_eth_call route = {.from = c->outbox->address,
                                .to = c->target->router,
                                .data = c->call.outer.data,
                                .data_len = c->call.outer.len,
                                .gas = c->gas_limit};
    status = pm_eth_call(c->lane->rpc, NULL, &route, "latest", err);
    return status == PM_OK ? PM_OK : on_simulation(c, status, "the router refuses", err);
}

static enum pm_status choose_fees(struct candidate *c, struct pm_error *err)
{
    uint8_t balance[32];
    uint64_t cap = outbox_cap_wei(c->outbox, c->target), have;
    const struct pm_eth_fees *now = &c->lane->fees;
    if (!pm_outbox_first_fees(&c->fees, now->base_fee_wei, now->priority_wei, cap)) {
        c->wait = true;
        outbox_waits(c->lane, "chain %llu asks %llu + %llu wei per gas, the cap is %llu",
                     (unsigned long long)c->lane->chain_id, (unsigned long long)now->base_fee_wei,
                     (unsigned long long)now->priority_wei, (unsigned long long)cap);
        return PM_OK;
    }
    PM_TRY(pm_eth_balance(c->lane->rpc, balance, c->outbox->address, err));
    bool rich = !pm_u256_to_u64(&have, balance); /* more than 2^64 wei */
    if (!rich && c->gas_limit > have / c->fees.max_fee_wei) {
        char address[41];
        pm_hex_encode(address, c->outbox->address, 20);
        c->wait = true;
        outbox_waits(c->lane, "0x%s has %llu wei on chain %llu, too little for the next transaction", address,
                     (unsigned long long)have, (unsigned long long)c->lane->chain_id);
    }
    return PM_OK;
}

/* Written, then sent. */
static enum pm_status commit(struct candidate *c, struct pm_error *err)
{
    struct pm_outbox *o = c->outbox;
    struct pm_outbox_tx tx = {0};
    struct pm_outbox_row row = {.chain_id = c->target->chain_id, .prover = c->prover};
    uint64_t pending, own, id;
    PM_TRY(pm_eth_nonce(c->lane->rpc, &pending, o->address, "pending", err));
    PM_TRY(pm_ledger_outbox_next_nonce(o->ledger, &own, row.chain_id, o->address, err));
    if (pending > own && pending > c->lane->nonce) {
        /* A later nonce would wait for theirs anyway; and one of them may be a lost ledger's transaction for
         * this task. */
        c->wait = true;
        outbox_waits(c->lane, "chain %llu: the key has transactions in flight that this ledger does not know",
                     (unsigned long long)c->lane->chain_id);
        return PM_OK;
    }
    row.nonce = pending > own ? pending : own;
    memcpy(row.task, c->task, 32);
    memcpy(row.sender, o->address, 20);
    enum pm_status status;
    PM_GOTO(outbox_sign(&tx, o, c->target, &c->call, row.nonce, c->gas_limit, c->fees.max_fee_wei,
                        c->fees.priority_wei, err));
    PM_GOTO(pm_ledger_outbox_add(o->ledger, &id, &row, &tx, err));
    outbox_count(o, &o->stats.submitted, 1);
    outbox_at(o, "written");
    status = outbox_send(o, c->lane, &tx, err);
out:
    free(tx.raw);
    return status;
}

static enum pm_status try_task(struct candidate *c, struct pm_error *err)
{
    struct pm_error why = {0};
    enum pm_status status = outbox_call_make(&c->call, &c->prover, c->outbox, c->target, c->task, &why);
    if (status == PM_UNSUPPORTED || status == PM_FORMAT) return give_up(c, why.text, err);
    if (status == PM_NOT_FOUND)
        return put_off(c, false, "it is proved, but its proof is not in the ledger", err);
    if (status != PM_OK) {
        if (err) *err = why;
        return status;
    }
    PM_TRY(check_settled(c, err));
    if (!c->wait) PM_TRY(check_returns(c, err));
    if (!c->wait) PM_TRY(simulate(c, err));
    if (!c->wait) PM_TRY(choose_fees(c, err));
    return c->wait ? PM_OK : commit(c, err);
}

/* -- all of them -- */

/* Tasks whose chain or application is not that of the project file any more cannot be submitted: the proof
 * names both. */
static enum pm_status belongs(struct candidate *c, bool *out, struct pm_error *err)
{
    struct pm_task task;
    PM_TRY(pm_ledger_task(c->outbox->ledger, &task, c->task, err));
    *out = task.chain_id == c->target->chain_id && memcmp(task.application, c->target->application, 20) == 0;
    pm_task_fini(&task);
    if (*out) return PM_OK;
    outbox_waits(c->lane,
                 "project %llu: a task was made for another chain or application than the one configured",
                 (unsigned long long)c->target->project);
    return put_off(c, false, "it was made for another chain or application than the one configured", err);
}

static enum pm_status count_alive(struct pm_outbox *outbox, struct outbox_lane *lane, struct pm_error *err)
{
    struct pm_outbox_row *rows;
    PM_TRY(pm_ledger_outbox_alive(outbox->ledger, &rows, &lane->in_flight, lane->chain_id, outbox->address,
                                  err));
    lane->live = 0;
    for (size_t i = 0; i < lane->in_flight; i++) lane->live += rows[i].state == PM_OUTBOX_LIVE;
    pm_outbox_rows_free(&rows, lane->in_flight);
    return PM_OK;
}

static enum pm_status submit_target(struct pm_outbox *outbox, struct outbox_lane *lane,
                                    const struct pm_outbox_target *target, struct pm_error *err)
{
    uint8_t ids[MAX_READY][32];
    size_t n;
    PM_TRY(pm_ledger_outbox_ready(outbox->ledger, ids, &n, MAX_READY, target->project, target->version, err));
    for (size_t i = 0; i < n && lane->live < outbox->options.max_alive; i++) {
        struct candidate c = {.outbox = outbox, .lane = lane, .target = target, .task = ids[i]};
        bool ours;
        PM_TRY(belongs(&c, &ours, err));
        if (!ours) continue;
        enum pm_status status = try_task(&c, err);
        outbox_call_fini(&c.call);
        if (status != PM_OK) return status;
        if (c.wait) continue;
        lane->live++;
        lane->in_flight++;
    }
    return PM_OK;
}

enum pm_status outbox_submit(struct pm_outbox *outbox, struct outbox_lane *lane, struct pm_error *err)
{
    PM_TRY(count_alive(outbox, lane, err));
    for (size_t i = 0; i < outbox->n_targets; i++)
        if (outbox->target[i].chain_id == lane->chain_id)
            PM_TRY(submit_target(outbox, lane, &outbox->target[i], err));
    return PM_OK;
}
