/* Who gets in, what a session may, and how it ends; over real sockets. */
#include "loop_fixture.h"

static void refused_login(struct worker *w, enum pm_status status, const char *part)
{
    struct pm_msg answer;
    CHECK(!worker_login(w, &answer));
    CHECK_U64(answer.kind, PM_MSG_REFUSED);
    if (answer.kind == PM_MSG_REFUSED) {
        CHECK_U64(answer.refused.status, status);
        CHECK_MSG(strstr(answer.refused.text, part) != NULL, "\"%s\" is not in \"%s\"", part,
                  answer.refused.text);
    }
    pm_msg_fini(&answer);
}

PM_TEST(logins)
{
    begin(relaxed);
    log_in(&a);
    log_in(&b);
    CHECK(a.node && b.node && a.node != b.node);
    uint64_t node = a.node;
    log_in(&a);
    CHECK_U64(a.node, node); /* the same identity, the same number */

    struct pm_identity own = a.identity;
    a.identity = b.identity;
    refused_login(&a, PM_AUTH, "allow-list");
    a.identity = own;
    memcpy(a.identity.public_key, b.identity.public_key, 33);
    refused_login(&a, PM_AUTH, "signature");
    a.identity = own;

    /* The old connection is told when the node comes through another one. */
    struct worker again = a;
    again.work = again.beat = NULL;
    log_in(&again);
    struct pm_msg msg = next_kind(&a, PM_MSG_REFUSED);
    CHECK_U64(msg.refused.status, PM_CONFLICT);
    pm_msg_fini(&msg);
    pm_dealer_free(&again.work);

    /* A key that is not on the list gets no connection at all. */
    struct pm_msg answer;
    CHECK(!worker_login(&stranger, &answer));
    CHECK_U64(answer.kind, 0);

    struct pm_msg hello = {.kind = PM_MSG_HELLO, .hello = {.protocol = 99}};
    CHECK_OK(pm_dealer_send(b.work, &hello, &s.err), s.err);
    msg = next_kind(&b, PM_MSG_REFUSED);
    CHECK_U64(msg.refused.status, PM_UNSUPPORTED);
    pm_msg_fini(&msg);
    end();
}

PM_TEST(sessions)
{
    begin(relaxed);
    log_in(&a);
    log_in(&b);
    uint8_t own[16];
    memcpy(own, b.session, 16);
    memcpy(b.session, a.session, 16); /* a session that belongs to another key */
    worker_credit(&b, 5);
    struct pm_msg msg = next_kind(&b, PM_MSG_REFUSED);
    CHECK_U64(msg.refused.status, PM_AUTH);
    pm_msg_fini(&msg);
    CHECK_U64(worker_beat(&b, NULL, 0), PM_MSG_REFUSED);
    b.session[0] ^= 1; /* one that nobody has */
    worker_credit(&b, 5);
    msg = next_kind(&b, PM_MSG_LOGIN_AGAIN);
    CHECK_MEM(msg.login_again.session, b.session, 16);
    pm_msg_fini(&msg);
    CHECK_U64(worker_beat(&b, NULL, 0), PM_MSG_LOGIN_AGAIN);
    memcpy(b.session, own, 16);
    CHECK_U64(worker_beat(&b, NULL, 0), PM_MSG_BEAT);
    worker_connect(&a); /* a reconnect: another connection, the same key and session */
    CHECK_U64(worker_beat(&a, NULL, 0), PM_MSG_BEAT);
    worker_credit(&a, 1);
    service_push(&s, "m", 1, 4);
    msg = next_kind(&a, PM_MSG_TASK);
    pm_msg_fini(&msg);
    end();
}

PM_TEST(taken_off_the_list)
{
    begin(relaxed);
    log_in(&a);
    log_in(&b);
    worker_credit(&a, 1);
    service_push(&s, "m", 1, 4);
    struct pm_msg task = next_kind(&a, PM_MSG_TASK);
    char curve[65], identity[67], line[200];
    pm_hex_encode(curve, b.curve.public_key, 32);
    pm_hex_encode(identity, b.identity.public_key, 33);
    snprintf(line, sizeof line, "%s %s b\n", curve, identity);
    file_write(NULL, s.dir, "workers.allow", line);
    struct pm_msg msg = next_kind(&a, PM_MSG_REFUSED); /* found by itself, within a second or so */
    CHECK_U64(msg.refused.status, PM_AUTH);
    pm_msg_fini(&msg);
    worker_credit(&b, 1); /* its task goes to the other */
    msg = next_kind(&b, PM_MSG_TASK);
    CHECK_MEM(msg.task.task, task.task.task, 32);
    CHECK_U64(msg.task.attempt, 2);
    pm_msg_fini(&msg);
    worker_answer(&a, &task.task);
    msg = next_kind(&a, PM_MSG_LOGIN_AGAIN);
    pm_msg_fini(&msg);
    refused_login(&a, PM_AUTH, "allow-list");
    pm_msg_fini(&task);
    end();
}
