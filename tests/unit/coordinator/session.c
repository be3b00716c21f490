/* Sessions: credit is never exceeded, leases are held once, heartbeats tell what is lost. */
#include "coordinator/session.h"
#include "test.h"

PM_TEST(table)
{
    struct pm_sessions sessions = {0};
    struct pm_session *list[40];
    struct pm_error err;
    for (int i = 0; i < 40; i++) {
        CHECK_OK(pm_sessions_add(&sessions, &list[i], &err), err);
        list[i]->node = (uint64_t)i + 1;
        list[i]->seen_ms = 1000 + (uint64_t)i;
    }
    for (int i = 0; i < 40; i++) {
        uint8_t id[16];
        memcpy(id, list[i]->id, 16);
        CHECK(pm_sessions_find(&sessions, id) == list[i]);
        CHECK(pm_sessions_of_node(&sessions, (uint64_t)i + 1) == list[i]);
        id[3] ^= 1;
        CHECK(pm_sessions_find(&sessions, id) == NULL);
    }
    CHECK(pm_sessions_silent(&sessions, 1100, 100) == NULL);
    CHECK(pm_sessions_silent(&sessions, 1101, 100) == list[0]);
    CHECK(pm_sessions_silent(&sessions, 500, 100) == NULL);
    pm_sessions_forgive(&sessions, 1000);
    CHECK(pm_sessions_silent(&sessions, 2100, 100) == NULL);
    pm_sessions_remove(&sessions, list[7]);
    CHECK(pm_sessions_of_node(&sessions, 8) == NULL);
    CHECK_U64(sessions.n, 39);
    pm_sessions_fini(&sessions);
}

/* Whatever comes in whatever order: what is sent stays below what was granted, and what is held below the
 * limit. */
PM_TEST(credit_is_never_exceeded)
{
    static struct pm_session s;
    uint64_t granted = 0, next = 1;
    uint8_t task[32] = {0};
    memset(&s, 0, sizeof s);
    CHECK_U64(pm_session_free(&s), 0);
    for (int i = 0; i < 20000; i++) {
        uint64_t what = test_random() % 3;
        if (what == 0) {
            uint64_t total = test_random() % 300 + (uint64_t)i / 10;
            if (total > granted) granted = total;
            pm_session_grant(&s, total);
        } else if (what == 1 && pm_session_free(&s)) {
            CHECK(pm_session_hold(&s, next++, task));
            s.sent++;
        } else if (s.n_held) {
            pm_session_release(&s, s.held[test_random() % s.n_held].number);
        }
        CHECK(s.sent <= granted);
        CHECK(s.n_held <= PM_SESSION_MAX_LEASES);
        if (pm_session_free(&s)) CHECK(s.sent + pm_session_free(&s) <= granted);
    }
    CHECK(s.sent > 1000);
    memset(&s, 0, sizeof s);
    pm_session_grant(&s, 5);
    s.sent = 2;
    CHECK_U64(pm_session_free(&s), 3);
    pm_session_grant(&s, 1000);
    CHECK_U64(pm_session_free(&s), PM_SESSION_MAX_LEASES);
}

PM_TEST(held_leases)
{
    static struct pm_session s;
    uint8_t task[32] = {1};
    memset(&s, 0, sizeof s);
    for (uint64_t i = 1; i <= PM_SESSION_MAX_LEASES; i++) CHECK(pm_session_hold(&s, i, task));
    CHECK(!pm_session_hold(&s, 1000, task));
    CHECK_U64(pm_session_busy(&s), PM_SESSION_MAX_LEASES);
    pm_session_held(&s, 5)->answered = true;
    CHECK_U64(pm_session_busy(&s), PM_SESSION_MAX_LEASES - 1);
    pm_session_release(&s, 5);
    CHECK(pm_session_held(&s, 5) == NULL);
    pm_session_release(&s, 5);
    CHECK_U64(s.n_held, PM_SESSION_MAX_LEASES - 1);
}

PM_TEST(heartbeats)
{
    static struct pm_session s;
    static struct pm_beat_news news;
    uint8_t task[32] = {1};
    memset(&s, 0, sizeof s);
    for (uint64_t i = 1; i <= 3; i++) CHECK(pm_session_hold(&s, i, task));
    pm_session_held(&s, 3)->answered = true;
    struct pm_lease_state listed[] = {{.lease = 1, .phase = PM_PHASE_PROVE},
                                      {.lease = 77, .phase = PM_PHASE_QUEUED}};
    for (unsigned beat = 1; beat <= 3; beat++) {
        pm_session_beat(&s, &news, listed, 2, 2);
        CHECK_U64(news.n_unknown, 1);
        CHECK_U64(news.unknown[0], 77);
        CHECK_U64(news.n_lost, beat > 2 ? 1 : 0);
    }
    CHECK_U64(news.lost[0], 2);
    CHECK_U64(pm_session_held(&s, 1)->phase, PM_PHASE_PROVE);
    struct pm_lease_state again = {.lease = 2, .phase = PM_PHASE_WITNESS};
    pm_session_beat(&s, &news, &again, 1, 2);
    CHECK_U64(news.n_lost, 0);
    CHECK_U64(pm_session_held(&s, 2)->unlisted, 0);
}

PM_TEST(keys_and_vm_types)
{
    static struct pm_session s;
    char keys[PM_SESSION_MAX_KEYS + 1];
    memset(&s, 0, sizeof s);
    s.vm_types[s.n_vm_types++] = 100;
    CHECK(pm_session_offers(&s, 100) && !pm_session_offers(&s, 1));
    for (int i = 0; i <= PM_SESSION_MAX_KEYS; i++) {
        pm_session_add_key(&s, &keys[i]);
        pm_session_add_key(&s, &keys[i]);
    }
    CHECK_U64(s.n_keys, PM_SESSION_MAX_KEYS);
    CHECK(!pm_session_has_key(&s, &keys[0]) && pm_session_has_key(&s, &keys[1]));
}
