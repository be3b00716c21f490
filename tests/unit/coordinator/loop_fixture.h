/* What the tests of the loop's files share: a service, two workers of the pool and a stranger, and short ways
 * to say what they expect. Each test calls begin and end. */
#ifndef LOOP_FIXTURE_H
#define LOOP_FIXTURE_H

#include "service_fixture.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "test.h"

static struct service s;
static struct worker a, b, stranger;

__attribute__((unused)) static void begin(const char *leases)
{
    service_make(&s);
    worker_make(&a, &s, "a", true);
    worker_make(&b, &s, "b", true);
    worker_make(&stranger, &s, "stranger", false);
    service_start(&s, leases, NULL);
}

__attribute__((unused)) static void end(void)
{
    worker_free(&a);
    worker_free(&b);
    worker_free(&stranger);
    service_free(&s);
}

/* The next message must be of that kind; others fail the test and end it. */
__attribute__((unused)) static struct pm_msg next_kind(struct worker *w, enum pm_msg_kind kind)
{
    struct pm_msg msg = worker_next(w, 10000);
    CHECK_MSG(msg.kind == kind, "%s got %s, expected %s", w->name,
              msg.kind ? pm_msg_name(msg.kind) : "nothing", pm_msg_name(kind));
    if (msg.kind != kind) exit(1);
    return msg;
}

__attribute__((unused)) static void log_in(struct worker *w)
{
    struct pm_msg answer;
    CHECK(worker_login(w, &answer));
    pm_msg_fini(&answer);
}

__attribute__((unused)) static void expect_done(struct worker *w, bool accepted, enum pm_status status,
                                                const char *part)
{
    struct pm_msg msg = next_kind(w, PM_MSG_DONE);
    CHECK_MSG(msg.done.accepted == accepted, "accepted: %d, %s", msg.done.accepted, msg.done.text);
    CHECK_U64(msg.done.status, status);
    CHECK_MSG(strstr(msg.done.text, part) != NULL, "\"%s\" is not in \"%s\"", part, msg.done.text);
    pm_msg_fini(&msg);
}

__attribute__((unused)) static void nothing_comes(struct worker *w, int timeout_ms)
{
    struct pm_msg msg = worker_next(w, timeout_ms);
    CHECK_MSG(msg.kind == 0, "%s got %s", w->name, pm_msg_name(msg.kind));
    pm_msg_fini(&msg);
}

__attribute__((unused)) static char *history(const uint8_t id[32])
{
    char *text = NULL;
    CHECK_OK(pm_ledger_json_task(s.ledger, &text, id, true, &s.err), s.err);
    return text;
}

__attribute__((unused)) static const char relaxed[] =
    "duration_ms: 60000, heartbeat_ms: 60000, misses: 2, max_attempts: 3";

/* Credit that has arrived: messages of two workers do not come in the order in which they were sent. */
__attribute__((unused)) static void credit_there(struct worker *w, uint64_t granted)
{
    bool there = false;
    worker_credit(w, granted);
    for (int i = 0; i < 1000 && !there; i++) {
        struct pm_board_view view;
        CHECK_OK(pm_board_read(s.board, &view, &s.err), s.err);
        for (size_t k = 0; k < view.n_nodes; k++)
            if (view.node[k].node == w->node && view.node[k].granted == granted) there = true;
        pm_board_view_fini(&view);
        if (!there) pm_clock_sleep_ms(5);
    }
    CHECK(there);
}

#endif
