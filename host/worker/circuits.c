/* The table of open circuits (circuits.h). */
#include "worker/circuits.h"

#include "base/clock.h"
#include "base/log.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CIRCUITS = 64 };

struct entry {
    enum { FREE, OPENING, OPEN } state;
    uint8_t sha256[32];
    struct pm_circuit *circuit;
    unsigned users;
    uint64_t last_use;
};

struct pm_circuits {
    char cache_dir[4096];
    pthread_mutex_t lock;
    pthread_cond_t opened;
    uint64_t uses;
    struct entry entry[MAX_CIRCUITS];
};

enum pm_status pm_circuits_new(struct pm_circuits **out, const char *cache_dir, struct pm_error *err)
{
    *out = NULL;
    struct pm_circuits *c = calloc(1, sizeof *c);
    if (!c) return pm_fail(err, PM_NO_MEMORY, "no memory for a table of circuits");
    int n = snprintf(c->cache_dir, sizeof c->cache_dir, "%s", cache_dir);
    if (n < 0 || (size_t)n >= sizeof c->cache_dir) {
        free(c);
        return pm_fail(err, PM_USAGE, "%.80s...: the path is too long", cache_dir);
    }
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->opened, NULL);
    *out = c;
    return PM_OK;
}

void pm_circuits_free(struct pm_circuits **circuits)
{
    struct pm_circuits *c = *circuits;
    if (!c) return;
    for (size_t i = 0; i < MAX_CIRCUITS; i++) pm_circuit_close(&c->entry[i].circuit);
    pthread_cond_destroy(&c->opened);
    pthread_mutex_destroy(&c->lock);
    free(c);
    *circuits = NULL;
}

/* Under the lock: the circuit's entry, waiting while another thread opens it; else a free one; else NULL. */
static struct entry *find(struct pm_circuits *c, const uint8_t sha256[32])
{
again:;
    struct entry *place = NULL;
    for (size_t i = 0; i < MAX_CIRCUITS; i++) {
        struct entry *e = &c->entry[i];
        bool same = e->state != FREE && memcmp(e->sha256, sha256, 32) == 0;
        if (same && e->state == OPEN) return e;
        if (same) {
            pthread_cond_wait(&c->opened, &c->lock);
            goto again;
        }
        bool at_rest = e->state == FREE || (e->state == OPEN && e->users == 0);
        if (at_rest &&
            (!place || e->state == FREE || (place->state == OPEN && e->last_use < place->last_use)))
            place = e;
    }
    if (place && place->state == OPEN) pm_circuit_close(&place->circuit);
    if (place) place->state = FREE;
    return place;
}

/* The first time a circuit is translated and compiled: whoever waits for its first proof should know why. */
static enum pm_status open_and_say(struct pm_circuits *c, struct pm_circuit **out, const char *path,
                                   const uint8_t sha256[32], struct pm_error *err)
{
    uint64_t begin = pm_clock_ms();
    pm_log(PM_LOG_INFO, "witness",
           "circuit %02x%02x%02x%02x: opening; the first time it is compiled, for up to minutes", sha256[0],
           sha256[1], sha256[2], sha256[3]);
    enum pm_status status = pm_circuit_open(out, path, c->cache_dir, err);
    pm_log(PM_LOG_INFO, "witness", "circuit %02x%02x%02x%02x: %s after %u ms", sha256[0], sha256[1],
           sha256[2], sha256[3], status == PM_OK ? "open" : "not opened", (unsigned)(pm_clock_ms() - begin));
    return status;
}

enum pm_status pm_circuits_get(struct pm_circuits *c, const struct pm_circuit **out, unsigned *slot,
                               const char *path, const uint8_t sha256[32], struct pm_error *err)
{
    enum pm_status status = PM_OK;
    pthread_mutex_lock(&c->lock);
    struct entry *e = find(c, sha256);
    if (!e) {
        status = pm_fail(err, PM_NO_MEMORY, "%s: %d circuits are in use already", path, MAX_CIRCUITS);
        goto out;
    }
    if (e->state == FREE) {
        e->state = OPENING;
        memcpy(e->sha256, sha256, 32);
        pthread_mutex_unlock(&c->lock);
        struct pm_circuit *circuit = NULL;
        status = open_and_say(c, &circuit, path, sha256, err);
        pthread_mutex_lock(&c->lock);
        e->circuit = circuit;
        e->state = status == PM_OK ? OPEN : FREE;
        pthread_cond_broadcast(&c->opened);
        if (status != PM_OK) goto out;
    }
    e->users++;
    e->last_use = ++c->uses;
    *out = e->circuit;
    *slot = (unsigned)(e - c->entry);
out:
    pthread_mutex_unlock(&c->lock);
    return status;
}

void pm_circuits_release(struct pm_circuits *c, unsigned slot)
{
    pthread_mutex_lock(&c->lock);
    c->entry[slot].users--;
    pthread_mutex_unlock(&c->lock);
}

void pm_circuits_close_idle(struct pm_circuits *c)
{
    pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < MAX_CIRCUITS; i++) {
        struct entry *e = &c->entry[i];
        if (e->state != OPEN || e->users > 0) continue;
        pm_circuit_close(&e->circuit);
        e->state = FREE;
    }
    pthread_mutex_unlock(&c->lock);
}
