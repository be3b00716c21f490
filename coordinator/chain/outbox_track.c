/* Transactions in flight: receipts, confirmations, re-sending, replacement; and what the end of a nonce means
 * for its task. Before that: outbox_submit.c. */
#include "coordinator/chain/outbox_state.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "coordinator/chain/abi.h"
#include "coordinator/chain/outbox_data.h"
#include "coordinator/chain/u256.h"

#include <stdio.h>
#include <stdlib.h>

struct tracked {
    struct pm_outbox *outbox;
    struct outbox_lane *lane;
    struct pm_outbox_row *row;
    const struct pm_outbox_target *target;
};

/* -- reading the chain -- */

enum pm_status outbox_is_settled(struct outbox_lane *lane, bool *out, const struct pm_outbox_target *target,
                                 const uint8_t task[32], bool confirmed, struct pm_error *err)
{
    uint8_t data[36];
    char tag[20];
    struct pm_buf answer = {0};
    pm_abi_selector(data, "settled(bytes32)");
    memcpy(data + 4, task, 32);
    struct pm_eth_call call = {.to = target->application, .data = data, .data_len = sizeof data};
    pm_eth_tag(tag, confirmed ? outbox_confirmed_block(lane, target) : lane->head.number);
    enum pm_status status = pm_eth_call(lane->rpc, &answer, &call, tag, err);
    *out = false;
    /* Before the application's block there is no code, and a call without code answers nothing: not settled.
     */
    if (status == PM_OK && answer.len > 0 && !pm_abi_read_bool(out, answer.data, answer.len, 0))
        status = pm_fail(err, PM_CHAIN, "%s: settled(bytes32) of the application answers no bool",
                         pm_rpc_name(lane->rpc));
    pm_buf_fini(&answer);
    return status;
}

/* What the router said about our call: whether there is an event at all, whether the application took it, and
 * if not why. */
struct effect {
    bool found, success;
    char reason[400];
};

static bool is_our_event(const struct pm_eth_log *log, const struct tracked *t)
{
    uint8_t project[32], prover[32], operator_word[32] = {0}, topic[32];
    pm_abi_topic(topic, "DataProcessed(uint256,uint256,address,bool,bytes)");
    pm_u256_from_u64(project, t->row->project);
    pm_u256_from_u64(prover, t->row->prover);
    memcpy(operator_word + 12, t->outbox->address, 20);
    return memcmp(log->address, t->target->router, 20) == 0 && log->n_topics == 4 &&
           memcmp(log->topic[0], topic, 32) == 0 && memcmp(log->topic[1], project, 32) == 0 &&
           memcmp(log->topic[2], prover, 32) == 0 && memcmp(log->topic[3], operator_word, 32) == 0;
}

static void read_effect(struct effect *out, const struct tracked *t, const struct pm_eth_receipt *receipt)
{
    memset(out, 0, sizeof *out);
    size_t n = receipt->ok ? json_array_size(receipt->logs) : 0;
    for (size_t i = 0; i < n && !out->found; i++) {
        struct pm_eth_log log;
        const uint8_t *reason;
        size_t reason_len;
        if (!pm_eth_log(&log, receipt, i)) continue;
        if (is_our_event(&log, t) && pm_abi_read_bool(&out->success, log.data.data, log.data.len, 0) &&
            pm_abi_read_bytes(&reason, &reason_len, log.data.data, log.data.len, 1)) {
            out->found = true;
            if (!out->success) pm_abi_revert_text(out->reason, sizeof out->reason, reason, reason_len);
        }
        pm_eth_log_fini(&log);
    }
    if (!receipt->ok)
        snprintf(out->reason, sizeof out->reason, "the router reverted");
    else if (!out->found)
        snprintf(out->reason, sizeof out->reason, "the router reported nothing");
    else if (out->success)
        snprintf(out->reason, sizeof out->reason, "accepted, but the application does not call it settled");
}

/* The receipt of whichever of the row's transactions was mined; PM_NOT_FOUND for none. */
static enum pm_status find_receipt(struct pm_eth_receipt *out, const struct pm_outbox_tx **tx,
                                   const struct tracked *t, struct pm_error *err)
{
    for (size_t i = t->row->n_tx; i-- > 0;) {
        enum pm_status status = pm_eth_receipt(t->lane->rpc, out, t->row->tx[i].hash, err);
        *tx = &t->row->tx[i];
        if (status != PM_NOT_FOUND) return status;
    }
    return PM_NOT_FOUND;
}

/* -- ends -- */

static enum pm_status finish(const struct tracked *t, bool settled, const char *detail, struct pm_error *err)
{
    struct pm_outbox *o = t->outbox;
    char task[65];
    outbox_at(o, "finish");
    PM_TRY(pm_ledger_outbox_finish(o->ledger, t->row->id, settled, detail, err));
    outbox_count(o, settled ? &o->stats.settled : &o->stats.returned, 1);
    pm_hex_encode(task, t->row->task, 32);
    pm_log(settled ? PM_LOG_INFO : PM_LOG_WARN, "outbox", "task %.8s: %s: %s", task,
           settled ? "settled" : "returned", detail);
    t->row->state = settled ? PM_OUTBOX_SETTLED : PM_OUTBOX_RETURNED;
    return PM_OK;
}

/* "transaction 0x... in block n: what" */
static void describe(char *out, size_t cap, const struct pm_outbox_tx *tx, uint64_t block, const char *what)
{
    char hash[65];
    pm_hex_encode(hash, tx->hash, 32);
    snprintf(out, cap, "transaction 0x%s in block %llu%s%s", hash, (unsigned long long)block,
             *what ? ": " : "", what);
}

/* Deep enough, and still in the chain of which the endpoint speaks now. */
static enum pm_status is_final(bool *out, const struct tracked *t, const struct pm_eth_receipt *receipt,
                               struct pm_error *err)
{
    uint8_t hash[32];
    *out = false;
    if (receipt->block_number > t->lane->head.number ||
        receipt->block_number > outbox_confirmed_block(t->lane, t->target))
        return PM_OK;
    enum pm_status status = pm_eth_block_hash(t->lane->rpc, hash, receipt->block_number, err);
    if (status == PM_NOT_FOUND) return PM_OK;
    *out = status == PM_OK && memcmp(hash, receipt->block_hash, 32) == 0;
    return status;
}

static enum pm_status on_receipt(struct tracked *t, const struct pm_outbox_tx *tx,
                                 const struct pm_eth_receipt *receipt, struct pm_error *err)
{
    struct effect effect;
    bool settled, final, settled_deep = false;
    char detail[640];
    read_effect(&effect, t, receipt);
    PM_TRY(outbox_is_settled(t->lane, &settled, t->target, t->row->task, false, err));
    PM_TRY(is_final(&final, t, receipt, err));
    if (final) PM_TRY(outbox_is_settled(t->lane, &settled_deep, t->target, t->row->task, true, err));

    bool had_effect = effect.success && settled;
    describe(detail, sizeof detail, tx, receipt->block_number, had_effect ? "" : effect.reason);
    if (had_effect &&
        (t->row->state != PM_OUTBOX_MINED || memcmp(t->row->block_hash, receipt->block_hash, 32) != 0)) {
        outbox_at(t->outbox, "mined");
        PM_TRY(pm_ledger_outbox_mined(t->outbox->ledger, t->row->id, receipt->block_number,
                                      receipt->block_hash, detail, err));
        t->row->state = PM_OUTBOX_MINED;
    } else if (!had_effect && t->row->state == PM_OUTBOX_MINED) {
        PM_TRY(pm_ledger_outbox_mined(t->outbox->ledger, t->row->id, 0, NULL, detail, err));
        t->row->state = PM_OUTBOX_LIVE;
    }
    if (!final || (settled && !settled_deep)) return PM_OK; /* wait for blocks */
    outbox_count(t->outbox, &t->outbox->stats.gas_spent, receipt->gas_used);
    return finish(t, settled_deep, detail, err);
}

/* -- no receipt -- */

/* The nonce is used up, but by none of ours: not before that is final. */
static enum pm_status on_consumed(const struct tracked *t, struct pm_error *err)
{
    uint64_t confirmed;
    char tag[20], detail[128];
    bool settled;
    pm_eth_tag(tag, outbox_confirmed_block(t->lane, t->target));
    PM_TRY(pm_eth_nonce(t->lane->rpc, &confirmed, t->outbox->address, tag, err));
    if (confirmed <= t->row->nonce) return PM_OK;
    PM_TRY(outbox_is_settled(t->lane, &settled, t->target, t->row->task, true, err));
    snprintf(detail, sizeof detail, "nonce %llu was consumed by another transaction of the same key",
             (unsigned long long)t->row->nonce);
    return finish(t, settled, detail, err);
}

static enum pm_status replace(const struct tracked *t, const struct pm_outbox_tx *old, struct pm_error *err)
{
    struct pm_outbox *o = t->outbox;
    struct outbox_call call = {0};
    struct pm_outbox_tx tx = {0};
    struct pm_outbox_fees fees, old_fees = {old->max_fee_wei, old->priority_wei};
    uint64_t prover;
    enum pm_status status;
    if (!pm_outbox_raised_fees(&fees, &old_fees, t->lane->fees.base_fee_wei, t->lane->fees.priority_wei,
                               outbox_cap_wei(o, t->target))) {
        outbox_waits(t->lane,
                     "nonce %llu is not mined at %llu wei per gas, and the cap allows no replacement",
                     (unsigned long long)t->row->nonce, (unsigned long long)old->max_fee_wei);
        return PM_OK;
    }
    PM_GOTO(outbox_call_make(&call, &prover, o, t->target, t->row->task, err));
    PM_GOTO(outbox_sign(&tx, o, t->target, &call, t->row->nonce, old->gas_limit, fees.max_fee_wei,
                        fees.priority_wei, err));
    PM_GOTO(pm_ledger_outbox_replace(o->ledger, t->row->id, &tx, err));
    outbox_count(o, &o->stats.replaced, 1);
    outbox_at(o, "replaced");
    status = outbox_send(o, t->lane, &tx, err);
out:
    free(tx.raw);
    outbox_call_fini(&call);
    return status;
}

static enum pm_status on_missing(struct tracked *t, struct pm_error *err)
{
    const struct pm_outbox_options *options = &t->outbox->options;
    const struct pm_outbox_tx *last = &t->row->tx[t->row->n_tx - 1];
    int64_t now = pm_clock_wall_ms();
    if (t->row->state == PM_OUTBOX_MINED) { /* its block is no longer part of the chain */
        PM_TRY(pm_ledger_outbox_mined(t->outbox->ledger, t->row->id, 0, NULL, "the chain dropped its block",
                                      err));
        t->row->state = PM_OUTBOX_LIVE;
    }
    if (t->lane->nonce > t->row->nonce) return on_consumed(t, err);
    /* Behind another nonce of ours it waits for that one, unless its own fees are too low as well. */
    bool blocked = t->lane->nonce < t->row->nonce && last->max_fee_wei >= t->lane->fees.base_fee_wei;
    if (!blocked && last->sends > 0 && now - last->created_ms > (int64_t)options->bump_after_ms)
        return replace(t, last, err);
    return PM_OK;
}

static enum pm_status track_row(struct tracked *t, struct pm_error *err)
{
    struct pm_eth_receipt receipt;
    const struct pm_outbox_tx *tx = NULL;
    if (t->row->n_tx == 0)
        return pm_fail(err, PM_INTERNAL, "outbox row %llu has no transaction",
                       (unsigned long long)t->row->id);
    enum pm_status status = find_receipt(&receipt, &tx, t, err);
    if (status == PM_NOT_FOUND) return on_missing(t, err);
    if (status != PM_OK) return status;
    status = on_receipt(t, tx, &receipt, err);
    pm_eth_receipt_fini(&receipt);
    return status;
}

/* The same bytes again: those never known to be sent, those that went unanswered for long, and, where the
 * chain went back, those that were final before: without them every later nonce would wait for ever. */
static enum pm_status resend(struct pm_outbox *outbox, struct outbox_lane *lane, struct pm_error *err)
{
    struct pm_outbox_row *rows;
    size_t n;
    int64_t now = pm_clock_wall_ms();
    PM_TRY(pm_ledger_outbox_from_nonce(outbox->ledger, &rows, &n, lane->chain_id, outbox->address,
                                       lane->nonce, err));
    enum pm_status status = PM_OK;
    for (size_t i = 0; status == PM_OK && i < n; i++) {
        const struct pm_outbox_tx *last = rows[i].n_tx ? &rows[i].tx[rows[i].n_tx - 1] : NULL;
        if (!last || (last->sent_ms && now - last->sent_ms < (int64_t)outbox->options.resend_after_ms))
            continue;
        status = outbox_send(outbox, lane, last, err);
        outbox_count(outbox, &outbox->stats.resent, 1);
    }
    pm_outbox_rows_free(&rows, n);
    return status;
}

enum pm_status outbox_track(struct pm_outbox *outbox, struct outbox_lane *lane, struct pm_error *err)
{
    struct pm_outbox_row *rows;
    size_t n;
    PM_TRY(resend(outbox, lane, err));
    PM_TRY(pm_ledger_outbox_alive(outbox->ledger, &rows, &n, lane->chain_id, outbox->address, err));
    enum pm_status status = PM_OK;
    for (size_t i = 0; status == PM_OK && i < n; i++) {
        struct tracked t = {outbox, lane, &rows[i], NULL};
        t.target =
            outbox_find_target(outbox, t.row->project, t.row->version, t.row->chain_id, t.row->application);
        if (!t.target) {
            outbox_waits(lane, "project %llu, version %s has transactions in flight, but is not configured",
                         (unsigned long long)t.row->project, t.row->version);
            continue;
        }
        status = track_row(&t, err);
    }
    pm_outbox_rows_free(&rows, n);
    return status;
}
