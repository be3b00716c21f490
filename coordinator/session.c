/* The table of sessions (session.h): small, linear, owned by the loop's thread. */
#include "coordinator/session.h"

#include "base/random.h"

#include <stdlib.h>
#include <string.h>

enum pm_status pm_sessions_add(struct pm_sessions *sessions, struct pm_session **out, struct pm_error *err)
{
    if (sessions->n >= PM_MAX_SESSIONS)
        return pm_fail(err, PM_NO_MEMORY, "%d nodes are logged in already", PM_MAX_SESSIONS);
    if (sessions->n == sessions->capacity) {
        size_t capacity = sessions->capacity ? 2 * sessions->capacity : 16;
        struct pm_session **list = realloc(sessions->list, capacity * sizeof(struct pm_session *));
        if (!list) return pm_fail(err, PM_NO_MEMORY, "no memory for another session");
        sessions->list = list;
        sessions->capacity = capacity;
    }
    struct pm_session *session = calloc(1, sizeof *session);
    if (!session) return pm_fail(err, PM_NO_MEMORY, "no memory for another session");
    enum pm_status status = pm_random_bytes(session->id, sizeof session->id, err);
    if (status != PM_OK) {
        free(session);
        return status;
    }
    *out = sessions->list[sessions->n++] = session;
    return PM_OK;
}

void pm_sessions_remove(struct pm_sessions *sessions, struct pm_session *session)
{
    for (size_t i = 0; i < sessions->n; i++) {
        if (sessions->list[i] != session) continue;
        sessions->list[i] = sessions->list[--sessions->n];
        free(session);
        return;
    }
}

void pm_sessions_fini(struct pm_sessions *sessions)
{
    for (size_t i = 0; i < sessions->n; i++) free(sessions->list[i]);
    free(sessions->list);
    *sessions = (struct pm_sessions){0};
}

struct pm_session *pm_sessions_find(const struct pm_sessions *sessions, const uint8_t id[16])
{
    for (size_t i = 0; i < sessions->n; i++)
        if (memcmp(sessions->list[i]->id, id, 16) == 0) return sessions->list[i];
    return NULL;
}

struct pm_session *pm_sessions_of_node(const struct pm_sessions *sessions, uint64_t node)
{
    for (size_t i = 0; i < sessions->n; i++)
        if (sessions->list[i]->node == node) return sessions->list[i];
    return NULL;
}

struct pm_session *pm_sessions_silent(const struct pm_sessions *sessions, uint64_t now_ms,
                                      uint64_t timeout_ms)
{
    for (size_t i = 0; i < sessions->n; i++) {
        struct pm_session *s = sessions->list[i];
        if (now_ms > s->seen_ms && now_ms - s->seen_ms > timeout_ms) return s;
    }
    return NULL;
}

void pm_sessions_forgive(struct pm_sessions *sessions, uint64_t gap_ms)
{
    for (size_t i = 0; i < sessions->n; i++) sessions->list[i]->seen_ms += gap_ms;
}

void pm_session_grant(struct pm_session *session, uint64_t granted)
{
    if (granted > session->granted) session->granted = granted;
}

uint64_t pm_session_free(const struct pm_session *session)
{
    uint64_t room = PM_SESSION_MAX_LEASES - session->n_held;
    uint64_t credit = session->granted > session->sent ? session->granted - session->sent : 0;
    return credit < room ? credit : room;
}

size_t pm_session_busy(const struct pm_session *session)
{
    size_t busy = 0;
    for (size_t i = 0; i < session->n_held; i++) busy += !session->held[i].answered;
    return busy;
}

bool pm_session_hold(struct pm_session *session, uint64_t number, const uint8_t task[32])
{
    if (session->n_held == PM_SESSION_MAX_LEASES) return false;
    struct pm_held *held = &session->held[session->n_held++];
    *held = (struct pm_held){.number = number};
    memcpy(held->task, task, 32);
    return true;
}

struct pm_held *pm_session_held(struct pm_session *session, uint64_t number)
{
    for (size_t i = 0; i < session->n_held; i++)
        if (session->held[i].number == number) return &session->held[i];
    return NULL;
}

void pm_session_release(struct pm_session *session, uint64_t number)
{
    struct pm_held *held = pm_session_held(session, number);
    if (held) *held = session->held[--session->n_held];
}

bool pm_session_offers(const struct pm_session *session, uint32_t vm_type)
{
    for (size_t i = 0; i < session->n_vm_types; i++)
        if (session->vm_types[i] == vm_type) return true;
    return false;
}

bool pm_session_has_key(const struct pm_session *session, const void *key)
{
    for (size_t i = 0; i < session->n_keys; i++)
        if (session->key[i] == key) return true;
    return false;
}

void pm_session_add_key(struct pm_session *session, const void *key)
{
    if (pm_session_has_key(session, key)) return;
    if (session->n_keys == PM_SESSION_MAX_KEYS)
        memmove(session->key, session->key + 1, --session->n_keys * sizeof session->key[0]);
    session->key[session->n_keys++] = key;
}

static const struct pm_lease_state *find_listed(const struct pm_lease_state *listed, size_t n,
                                                uint64_t number)
{
    for (size_t i = 0; i < n; i++)
        if (listed[i].lease == number) return &listed[i];
    return NULL;
}

void pm_session_beat(struct pm_session *session, struct pm_beat_news *news,
                     const struct pm_lease_state *listed, size_t n, unsigned misses)
{
    news->n_lost = news->n_unknown = 0;
    for (size_t i = 0; i < session->n_held; i++) {
        struct pm_held *held = &session->held[i];
        const struct pm_lease_state *found = find_listed(listed, n, held->number);
        if (found) {
            held->unlisted = 0;
            held->phase = found->phase;
        } else if (!held->answered && ++held->unlisted > misses) {
            news->lost[news->n_lost++] = held->number;
        }
    }
    for (size_t i = 0; i < n && news->n_unknown < PM_SESSION_MAX_LEASES; i++)
        if (!pm_session_held(session, listed[i].lease)) news->unknown[news->n_unknown++] = listed[i].lease;
}
