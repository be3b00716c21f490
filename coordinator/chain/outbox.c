/* The outbox as an actor: its thread, its chains, one pass. What it does for a task: outbox_submit.c before
 * the transaction is mined, outbox_track.c after. */
#include "coordinator/chain/outbox_state.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "coordinator/chain/tx.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_BACKOFF_MS = 60000 };

/* -- making and freeing -- */

static void set_defaults(struct pm_outbox_options *o)
{
    if (!o->poll_ms) o->poll_ms = 2000;
    if (!o->rpc_timeout_ms) o->rpc_timeout_ms = 10000;
    if (!o->max_fee_wei) o->max_fee_wei = 200000000000u;
    if (!o->bump_after_ms) o->bump_after_ms = 60000;
    if (!o->resend_after_ms) o->resend_after_ms = 15000;
    if (!o->refusal_ms) o->refusal_ms = 2000;
    if (!o->max_refusals) o->max_refusals = 8;
    if (!o->max_returns) o->max_returns = 3;
    if (!o->max_alive) o->max_alive = 16;
}

static enum pm_status copy_target(struct pm_outbox_target *out, const struct pm_outbox_target *in,
                                  struct pm_error *err)
{
    *out = *in;
    out->endpoint = strdup(in->endpoint ? in->endpoint : "");
    out->client_id = strdup(in->client_id ? in->client_id : "");
    if (!out->endpoint || !out->client_id) return pm_fail(err, PM_NO_MEMORY, "no memory for the outbox");
    if (in->chain_id == 0 || in->chain_id > INT64_MAX)
        return pm_fail(err, PM_USAGE, "project %llu: chain id %llu is none", (unsigned long long)in->project,
                       (unsigned long long)in->chain_id);
    return PM_OK;
}

static enum pm_status add_lane(struct pm_outbox *outbox, const struct pm_outbox_target *target,
                               struct pm_error *err)
{
    for (size_t i = 0; i < outbox->n_lanes; i++)
        if (outbox->lane[i].chain_id == target->chain_id) return PM_OK;
    struct outbox_lane *lane = &outbox->lane[outbox->n_lanes++];
    struct pm_rpc_options options = {.timeout_ms = outbox->options.rpc_timeout_ms};
    lane->chain_id = target->chain_id;
    return pm_rpc_new(&lane->rpc, target->endpoint, &options, err);
}

static enum pm_status set_targets(struct pm_outbox *outbox, const struct pm_outbox_target *targets, size_t n,
                                  struct pm_error *err)
{
    outbox->target = calloc(n ? n : 1, sizeof *outbox->target);
    outbox->lane = calloc(n ? n : 1, sizeof *outbox->lane);
    if (!outbox->target || !outbox->lane) return pm_fail(err, PM_NO_MEMORY, "no memory for the outbox");
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++)
            if (targets[j].project == targets[i].project &&
                strcmp(targets[j].version, targets[i].version) == 0)
                return pm_fail(err, PM_USAGE, "project %llu, version %s has two targets",
                               (unsigned long long)targets[i].project, targets[i].version);
        outbox->n_targets++;
        PM_TRY(copy_target(&outbox->target[i], &targets[i], err));
        PM_TRY(add_lane(outbox, &outbox->target[i], err));
    }
    return PM_OK;
}

enum pm_status pm_outbox_new(struct pm_outbox **out, const char *ledger_path, const uint8_t key[32],
                             const struct pm_outbox_target *targets, size_t n_targets,
                             const struct pm_outbox_options *options, struct pm_error *err)
{
    *out = NULL;
    struct pm_outbox *outbox = calloc(1, sizeof *outbox);
    if (!outbox) return pm_fail(err, PM_NO_MEMORY, "no memory for the outbox");
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&outbox->mutex, NULL);
    pthread_cond_init(&outbox->cond, &attr);
    pthread_condattr_destroy(&attr);
    if (options) outbox->options = *options;
    set_defaults(&outbox->options);
    memcpy(outbox->key, key, 32);
    enum pm_status status = pm_eth_address(outbox->address, key, err);
    if (status == PM_OK) status = set_targets(outbox, targets, n_targets, err);
    if (status == PM_OK) status = pm_ledger_open(&outbox->ledger, ledger_path, err);
    if (status == PM_OK)
        *out = outbox;
    else
        pm_outbox_free(&outbox);
    return status;
}

void pm_outbox_free(struct pm_outbox **outbox_ptr)
{
    struct pm_outbox *outbox = *outbox_ptr;
    if (!outbox) return;
    pm_outbox_stop(outbox);
    for (size_t i = 0; i < outbox->n_targets; i++) {
        free((void *)(uintptr_t)outbox->target[i].endpoint);
        free((void *)(uintptr_t)outbox->target[i].client_id);
    }
    for (size_t i = 0; i < outbox->n_lanes; i++) pm_rpc_free(&outbox->lane[i].rpc);
    free(outbox->target);
    free(outbox->lane);
    pm_ledger_close(&outbox->ledger);
    pthread_cond_destroy(&outbox->cond);
    pthread_mutex_destroy(&outbox->mutex);
    pm_wipe(outbox->key, sizeof outbox->key);
    free(outbox);
    *outbox_ptr = NULL;
}

/* -- small things for the other files -- */

void outbox_at(const struct pm_outbox *outbox, const char *point)
{
    if (outbox->options.at) outbox->options.at(outbox->options.at_ctx, point);
}

void outbox_count(struct pm_outbox *outbox, uint64_t *counter, uint64_t n)
{
    pthread_mutex_lock(&outbox->mutex);
    *counter += n;
    pthread_mutex_unlock(&outbox->mutex);
}

void outbox_waits(struct outbox_lane *lane, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(lane->waiting, sizeof lane->waiting, fmt, args);
    va_end(args);
}

uint64_t outbox_cap_wei(const struct pm_outbox *outbox, const struct pm_outbox_target *target)
{
    uint64_t cap = outbox->options.max_fee_wei;
    if (target->max_fee_gwei && target->max_fee_gwei < cap / 1000000000u)
        cap = target->max_fee_gwei * 1000000000u;
    return cap;
}

const struct pm_outbox_target *outbox_find_target(const struct pm_outbox *outbox, uint64_t project,
                                                  const char *version, uint64_t chain_id,
                                                  const uint8_t application[20])
{
    for (size_t i = 0; i < outbox->n_targets; i++) {
        const struct pm_outbox_target *t = &outbox->target[i];
        if (t->project == project && t->chain_id == chain_id && strcmp(t->version, version) == 0 &&
            memcmp(t->application, application, 20) == 0)
            return t;
    }
    return NULL;
}

uint64_t outbox_confirmed_block(const struct outbox_lane *lane, const struct pm_outbox_target *target)
{
    uint64_t depth = target->confirmations ? target->confirmations - 1 : 0;
    return lane->head.number > depth ? lane->head.number - depth : 0;
}

/* -- a pass -- */

/* What the chain looks like now; refuses an endpoint of another chain. */
static enum pm_status look(struct pm_outbox *outbox, struct outbox_lane *lane, struct pm_error *err)
{
    uint64_t chain_id;
    PM_TRY(pm_eth_chain_id(lane->rpc, &chain_id, err));
    if (chain_id != lane->chain_id)
        return pm_fail(err, PM_NETWORK, "%s: expected chain %llu, found chain %llu", pm_rpc_name(lane->rpc),
                       (unsigned long long)lane->chain_id, (unsigned long long)chain_id);
    PM_TRY(pm_eth_head(lane->rpc, &lane->head, err));
    PM_TRY(pm_eth_fees(lane->rpc, &lane->fees, err));
    return pm_eth_nonce(lane->rpc, &lane->nonce, outbox->address, "latest", err);
}

static enum pm_status pass(struct pm_outbox *outbox, struct outbox_lane *lane, struct pm_error *err)
{
    PM_TRY(look(outbox, lane, err));
    PM_TRY(outbox_track(outbox, lane, err));
    return outbox_submit(outbox, lane, err);
}

static void back_off(struct pm_outbox *outbox, struct outbox_lane *lane, const struct pm_error *err)
{
    uint64_t wait_ms = outbox->options.poll_ms;
    for (unsigned i = 0; i < lane->failures && wait_ms < MAX_BACKOFF_MS; i++) wait_ms *= 2;
    if (wait_ms > MAX_BACKOFF_MS) wait_ms = MAX_BACKOFF_MS;
    lane->failures++;
    lane->retry_at_ms = pm_clock_ms() + wait_ms;
    outbox_count(outbox, &outbox->stats.rpc_errors, 1);
    outbox_waits(lane, "chain %llu: %s", (unsigned long long)lane->chain_id, err->text);
}

/* Tells what waits: to the log when it changed, to pm_outbox_stats always. */
static void say(struct pm_outbox *outbox)
{
    const char *waiting = "";
    uint64_t alive = 0;
    for (size_t i = 0; i < outbox->n_lanes; i++) {
        struct outbox_lane *lane = &outbox->lane[i];
        if (strcmp(lane->waiting, lane->said) != 0 && lane->waiting[0])
            pm_log(PM_LOG_WARN, "outbox", "%s", lane->waiting);
        memcpy(lane->said, lane->waiting, sizeof lane->said);
        if (lane->waiting[0]) waiting = lane->waiting;
        alive += lane->live;
    }
    pthread_mutex_lock(&outbox->mutex);
    outbox->stats.alive = alive;
    snprintf(outbox->stats.waiting_for, sizeof outbox->stats.waiting_for, "%s", waiting);
    pthread_mutex_unlock(&outbox->mutex);
}

enum pm_status pm_outbox_step(struct pm_outbox *outbox, struct pm_error *err)
{
    struct pm_error local = {0};
    struct pm_error *e = err ? err : &local;
    enum pm_status status = PM_OK;
    for (size_t i = 0; status == PM_OK && i < outbox->n_lanes; i++) {
        struct outbox_lane *lane = &outbox->lane[i];
        if (pm_clock_ms() < lane->retry_at_ms) continue;
        lane->waiting[0] = '\0';
        status = pass(outbox, lane, e);
        if (status == PM_OK) {
            lane->failures = 0;
        } else if (status == PM_NETWORK || status == PM_CHAIN) {
            back_off(outbox, lane, e);
            status = PM_OK;
        }
    }
    say(outbox);
    return status;
}

/* Whether a chain on which something is in flight has a new block. */
static bool has_news(const struct pm_outbox *outbox)
{
    for (size_t i = 0; i < outbox->n_lanes; i++) {
        const struct outbox_lane *lane = &outbox->lane[i];
        struct pm_eth_head head;
        if (lane->in_flight == 0 || pm_clock_ms() < lane->retry_at_ms) continue;
        if (pm_eth_head(lane->rpc, &head, NULL) == PM_OK && memcmp(head.hash, lane->head.hash, 32) != 0)
            return true;
    }
    return false;
}

/* Until that time or a call of wake or stop; true for one of these. */
static bool sleep_until(struct pm_outbox *outbox, uint64_t until_ms, bool *stop)
{
    struct timespec until = {.tv_sec = (time_t)(until_ms / 1000),
                             .tv_nsec = (long)(until_ms % 1000) * 1000000};
    pthread_mutex_lock(&outbox->mutex);
    while (!outbox->stop && !outbox->wake)
        if (pthread_cond_timedwait(&outbox->cond, &outbox->mutex, &until) != 0) break;
    bool woken = outbox->wake || outbox->stop;
    *stop = outbox->stop;
    outbox->wake = false;
    pthread_mutex_unlock(&outbox->mutex);
    return woken;
}

/* A pass every poll_ms, when woken, and when a block came that may hold a transaction of ours. */
static void *run(void *user)
{
    struct pm_outbox *outbox = user;
    uint32_t peek_ms = outbox->options.poll_ms / 8 + 1;
    for (;;) {
        struct pm_error err;
        bool stop = false;
        if (pm_outbox_step(outbox, &err) != PM_OK) pm_log(PM_LOG_ERROR, "outbox", "%s", err.text);
        uint64_t now = pm_clock_ms(), next = now + outbox->options.poll_ms;
        while (now < next && !sleep_until(outbox, now + peek_ms < next ? now + peek_ms : next, &stop) &&
               !has_news(outbox))
            now = pm_clock_ms();
        if (stop) return NULL;
    }
}

enum pm_status pm_outbox_start(struct pm_outbox *outbox, struct pm_error *err)
{
    if (outbox->started) return pm_fail(err, PM_USAGE, "the outbox runs already");
    outbox->stop = false;
    if (pthread_create(&outbox->thread, NULL, run, outbox) != 0)
        return pm_fail(err, PM_IO, "cannot start the outbox's thread");
    outbox->started = true;
    return PM_OK;
}

void pm_outbox_stop(struct pm_outbox *outbox)
{
    if (!outbox->started) return;
    pthread_mutex_lock(&outbox->mutex);
    outbox->stop = true;
    pthread_cond_signal(&outbox->cond);
    pthread_mutex_unlock(&outbox->mutex);
    pthread_join(outbox->thread, NULL);
    outbox->started = false;
}

void pm_outbox_wake(struct pm_outbox *outbox)
{
    pthread_mutex_lock(&outbox->mutex);
    outbox->wake = true;
    pthread_cond_signal(&outbox->cond);
    pthread_mutex_unlock(&outbox->mutex);
}

void pm_outbox_stats(struct pm_outbox *outbox, struct pm_outbox_stats *out)
{
    pthread_mutex_lock(&outbox->mutex);
    *out = outbox->stats;
    pthread_mutex_unlock(&outbox->mutex);
}

void pm_outbox_address(const struct pm_outbox *outbox, uint8_t address[20])
{
    memcpy(address, outbox->address, 20);
}
