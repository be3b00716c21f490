/* The loop over real sockets with real proofs: logins, sessions, credit, leases, late and false results,
 * restarts. */
#include "service_fixture.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "test.h"

static struct service s;
static struct worker a, b, stranger;

static void begin(const char *leases)
{
    service_make(&s);
    worker_make(&a, &s, "a", true);
    worker_make(&b, &s, "b", true);
    worker_make(&stranger, &s, "stranger", false);
    service_start(&s, leases, NULL);
}

static void end(void)
{
    worker_free(&a);
    worker_free(&b);
    worker_free(&stranger);
    service_free(&s);
}

/* The next message must be of that kind; others fail the test and end it. */
static struct pm_msg next_kind(struct worker *w, enum pm_msg_kind kind)
{
    struct pm_msg msg = worker_next(w, 10000);
    CHECK_MSG(msg.kind == kind, "%s got %s, expected %s", w->name,
              msg.kind ? pm_msg_name(msg.kind) : "nothing", pm_msg_name(kind));
    if (msg.kind != kind) exit(1);
    return msg;
}

static void log_in(struct worker *w)
{
    struct pm_msg answer;
    CHECK(worker_login(w, &answer));
    pm_msg_fini(&answer);
}

static void expect_done(struct worker *w, bool accepted, enum pm_status status, const char *part)
{
    struct pm_msg msg = next_kind(w, PM_MSG_DONE);
    CHECK_MSG(msg.done.accepted == accepted, "accepted: %d, %s", msg.done.accepted, msg.done.text);
    CHECK_U64(msg.done.status, status);
    CHECK_MSG(strstr(msg.done.text, part) != NULL, "\"%s\" is not in \"%s\"", part, msg.done.text);
    pm_msg_fini(&msg);
}

static void nothing_comes(struct worker *w, int timeout_ms)
{
    struct pm_msg msg = worker_next(w, timeout_ms);
    CHECK_MSG(msg.kind == 0, "%s got %s", w->name, pm_msg_name(msg.kind));
    pm_msg_fini(&msg);
}

static char *history(const uint8_t id[32])
{
    char *text = NULL;
    CHECK_OK(pm_ledger_json_task(s.ledger, &text, id, true, &s.err), s.err);
    return text;
}

static const char relaxed[] = "duration_ms: 60000, heartbeat_ms: 60000, misses: 2, max_attempts: 3";

/* Credit that has arrived: messages of two workers do not come in the order in which they were sent. */
static void credit_there(struct worker *w, uint64_t granted)
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

/* -- login -- */

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

/* -- work -- */

PM_TEST(a_task_is_proved)
{
    uint8_t id[32];
    struct pm_node node = {.id = 0};
    begin(relaxed);
    log_in(&a);
    worker_credit(&a, 1);
    uint64_t total = service_push(&s, "m1", 100, 4);
    CHECK(total == 406);
    struct pm_msg task = next_kind(&a, PM_MSG_TASK);
    CHECK_U64(task.task.vm_type, PM_VM_CIRCOM);
    CHECK_U64(task.task.attempt, 1);
    CHECK_STR(task.task.version, "1.0");
    CHECK_U64(task.task.n_artifacts, 2);
    CHECK(strncmp(task.task.artifacts[0].url, "http://127.0.0.1:", 17) == 0);
    CHECK(service_wait_tasks(&s, PM_TASK_DISPATCHED, 1, id));
    CHECK_MEM(id, task.task.task, 32);
    worker_answer(&a, &task.task);
    expect_done(&a, true, PM_OK, "verified");
    CHECK(service_wait_tasks(&s, PM_TASK_PROVED, 1, NULL));
    CHECK_U64(__atomic_load_n(&s.n_proved, __ATOMIC_RELAXED), 1);
    worker_answer(&a, &task.task); /* its DONE was lost: it gets it again, and nothing is counted twice */
    expect_done(&a, true, PM_OK, "before");
    memcpy(node.identity, a.identity.public_key, 33);
    memcpy(node.curve_public, a.curve.public_key, 32);
    CHECK_OK(pm_ledger_node_login(s.ledger, &node, &s.err), s.err);
    CHECK_U64(node.proofs, 1);
    CHECK_U64(__atomic_load_n(&s.n_proved, __ATOMIC_RELAXED), 1);
    pm_msg_fini(&task);
    end();
}

PM_TEST(credit)
{
    begin(relaxed);
    log_in(&a);
    for (unsigned i = 0; i < 5; i++) service_push(&s, "m", 10 * i, 4);
    CHECK(service_wait_tasks(&s, PM_TASK_PACKED, 5, NULL));
    nothing_comes(&a, 300);
    worker_credit(&a, 2);
    struct pm_msg first = next_kind(&a, PM_MSG_TASK), second = next_kind(&a, PM_MSG_TASK);
    nothing_comes(&a, 300);
    worker_credit(&a, 1); /* a total that falls takes nothing back and gives nothing */
    worker_answer(&a, &first.task);
    expect_done(&a, true, PM_OK, "");
    nothing_comes(&a, 300); /* a finished task is no new credit: the worker says when it is ready */
    worker_credit(&a, 3);
    struct pm_msg third = next_kind(&a, PM_MSG_TASK);
    nothing_comes(&a, 300);
    CHECK(service_wait_tasks(&s, PM_TASK_PACKED, 2, NULL));
    pm_msg_fini(&first);
    pm_msg_fini(&second);
    pm_msg_fini(&third);
    end();
}

PM_TEST(late_results)
{
    begin("duration_ms: 1000, heartbeat_ms: 60000, misses: 2, max_attempts: 3");
    log_in(&a);
    log_in(&b);
    worker_credit(&a, 1);
    service_push(&s, "m", 1, 4);
    struct pm_msg task = next_kind(&a, PM_MSG_TASK);
    worker_credit(&b, 1);
    struct pm_msg cancel = next_kind(&a, PM_MSG_CANCEL);
    CHECK_U64(cancel.cancel.lease, task.task.lease);
    struct pm_msg again = next_kind(&b, PM_MSG_TASK);
    CHECK_MEM(again.task.task, task.task.task, 32);
    CHECK_U64(again.task.attempt, 2);
    worker_answer(&a, &task.task); /* late, but right, and the task is unproved */
    expect_done(&a, true, PM_OK, "verified");
    struct pm_msg stop = next_kind(&b, PM_MSG_CANCEL);
    CHECK_U64(stop.cancel.lease, again.task.lease);
    worker_answer(&b, &again.task);
    expect_done(&b, false, PM_CONFLICT, "");
    CHECK_U64(__atomic_load_n(&s.n_proved, __ATOMIC_RELAXED), 1);
    pm_msg_fini(&task);
    pm_msg_fini(&again);
    pm_msg_fini(&cancel);
    pm_msg_fini(&stop);
    end();
}

/* -- false results -- */

/* A proof of other numbers, and one whose signals are those of the task but which does not verify. */
PM_TEST(wrong_results)
{
    char *proof, *publics, *text;
    uint8_t id[32];
    begin(relaxed);
    log_in(&a);
    log_in(&b);
    worker_credit(&a, 1);
    service_push(&s, "m", 1, 4);
    struct pm_msg task = next_kind(&a, PM_MSG_TASK);
    const char *domain = strstr((const char *)task.task.input.data, "\"domain\"");
    CHECK(domain != NULL);
    char input[400];
    json_t *json = json_loadb((const char *)task.task.input.data, task.task.input.len, 0, NULL);
    snprintf(input, sizeof input, "{\"domain\":\"%s\",\"readings\":[\"1\",\"2\",\"3\",\"450\"]}",
             json_string_value(json_object_get(json, "domain")));
    json_decref(json);
    service_prove(&s, &proof, &publics, input, strlen(input)); /* invented readings */
    worker_result(&a, task.task.task, task.task.lease, proof, publics);
    expect_done(&a, false, PM_INVALID_PROOF, "public signal 1 (total): expected 10, the proof says 456");
    worker_credit(&b, 1); /* the other one is asked now */
    struct pm_msg second = next_kind(&b, PM_MSG_TASK);
    char *right, *right_publics;
    service_prove(&s, &right, &right_publics, (const char *)second.task.input.data, second.task.input.len);
    worker_result(&b, second.task.task, second.task.lease, proof, right_publics);
    expect_done(&b, false, PM_INVALID_PROOF, "");
    worker_credit(&a, 2); /* both have failed it: asked again all the same, after a while */
    worker_credit(&b, 2);
    struct pm_msg third = worker_next(&a, 4000);
    struct worker *w = &a;
    if (third.kind == 0) {
        third = next_kind(&b, PM_MSG_TASK);
        w = &b;
    }
    CHECK_U64(third.kind, PM_MSG_TASK);
    worker_result(w, third.task.task, third.task.lease, "{}", right_publics);
    expect_done(w, false, PM_INVALID_PROOF, "");
    CHECK(service_wait_tasks(&s, PM_TASK_FAILED, 1, id)); /* three attempts, each its node's fault */
    text = history(id);
    CHECK(text && strstr(text, "expected 10, the proof says 456") != NULL);
    free(text);
    free(proof);
    free(publics);
    free(right);
    free(right_publics);
    pm_msg_fini(&task);
    pm_msg_fini(&second);
    pm_msg_fini(&third);
    end();
}

/* Another's proof, as it is or re-randomised: without a lease of one's own it is nobody's. */
PM_TEST(foreign_results)
{
    char *proof, *publics;
    begin(relaxed);
    log_in(&a);
    log_in(&b);
    worker_credit(&a, 1);
    service_push(&s, "m", 1, 4);
    struct pm_msg task = next_kind(&a, PM_MSG_TASK);
    service_prove(&s, &proof, &publics, (const char *)task.task.input.data, task.task.input.len);
    worker_result(&b, task.task.task, task.task.lease, proof, publics);
    expect_done(&b, false, PM_CONFLICT, "lease");
    worker_result(&b, task.task.task, task.task.lease + 1000, proof, publics);
    expect_done(&b, false, PM_CONFLICT, "lease");
    uint8_t unknown[32] = {7};
    worker_result(&b, unknown, task.task.lease, proof, publics);
    expect_done(&b, false, PM_NOT_FOUND, "no such task");
    worker_result(&a, task.task.task, task.task.lease, proof, publics);
    expect_done(&a, true, PM_OK, "");
    free(proof);
    free(publics);
    service_prove(&s, &proof, &publics, (const char *)task.task.input.data, task.task.input.len);
    worker_result(&b, task.task.task, task.task.lease, proof, publics); /* other bytes, the same statement */
    expect_done(&b, false, PM_CONFLICT, "");
    CHECK_U64(__atomic_load_n(&s.n_proved, __ATOMIC_RELAXED), 1);
    struct pm_msg bad = {.kind = PM_MSG_FAILED,
                         .failed = {.lease = task.task.lease, .status = PM_UNSATISFIED}};
    memcpy(bad.failed.task, task.task.task, 32);
    worker_send(&b, &bad);
    expect_done(&b, false, PM_CONFLICT, "not yours");
    CHECK(service_wait_tasks(&s, PM_TASK_PROVED, 1, NULL));
    free(proof);
    free(publics);
    pm_msg_fini(&task);
    end();
}

/* -- failures -- */

PM_TEST(refusals_need_two)
{
    uint8_t id[32];
    begin(relaxed);
    log_in(&a);
    log_in(&b);
    worker_credit(&a, 5);
    service_push(&s, "m", 1, 4);
    struct pm_msg first = next_kind(&a, PM_MSG_TASK);
    credit_there(&b, 1);
    worker_failed(&a, &first.task, PM_UNSATISFIED);
    expect_done(&a, true, PM_OK, "");
    struct pm_msg second = next_kind(&b, PM_MSG_TASK); /* not a again, though it has credit and the key */
    worker_failed(&b, &second.task, PM_CIRCUIT);
    expect_done(&b, true, PM_OK, "");
    CHECK(service_wait_tasks(&s, PM_TASK_FAILED, 1, id));
    char *text = history(id);
    CHECK(text && strstr(text, "\"refused\"") && strstr(text, "CIRCUIT: says the test"));
    free(text);

    /* One that lies: the other proves it. */
    service_push(&s, "n", 1, 4);
    struct pm_msg third = next_kind(&a, PM_MSG_TASK);
    credit_there(&b, 2);
    worker_failed(&a, &third.task, PM_UNSATISFIED);
    expect_done(&a, true, PM_OK, "");
    struct pm_msg fourth = next_kind(&b, PM_MSG_TASK);
    worker_answer(&b, &fourth.task);
    expect_done(&b, true, PM_OK, "verified");

    /* Alone, it is believed the second time. */
    struct pm_msg bye = {.kind = PM_MSG_BYE};
    worker_send(&b, &bye);
    pm_clock_sleep_ms(300);
    service_push(&s, "o", 1, 4);
    for (int i = 0; i < 2; i++) {
        struct pm_msg task = next_kind(&a, PM_MSG_TASK);
        worker_failed(&a, &task.task, PM_UNSATISFIED);
        expect_done(&a, true, PM_OK, "");
        pm_msg_fini(&task);
    }
    CHECK(service_wait_tasks(&s, PM_TASK_FAILED, 2, NULL));
    pm_msg_fini(&first);
    pm_msg_fini(&second);
    pm_msg_fini(&third);
    pm_msg_fini(&fourth);
    end();
}

/* A node that failed a task does not get it again while another one that could take it is only busy. */
PM_TEST(waiting_for_another)
{
    begin(relaxed);
    log_in(&b);
    credit_there(&b, 1);
    service_push(&s, "m", 1, 4);
    struct pm_msg other = next_kind(&b, PM_MSG_TASK);
    log_in(&a);
    worker_credit(&a, 5);
    service_push(&s, "n", 1, 4);
    struct pm_msg task = next_kind(&a, PM_MSG_TASK);
    worker_failed(&a, &task.task, PM_NO_MEMORY);
    expect_done(&a, true, PM_OK, "");
    nothing_comes(&a, 300);
    worker_credit(&b, 2);
    struct pm_msg again = next_kind(&b, PM_MSG_TASK);
    CHECK_MEM(again.task.task, task.task.task, 32);
    pm_msg_fini(&other);
    pm_msg_fini(&task);
    pm_msg_fini(&again);
    end();
}

PM_TEST(faults_of_workers)
{
    begin(relaxed);
    log_in(&a);
    log_in(&b);
    worker_credit(&a, 5);
    service_push(&s, "m", 1, 4);
    struct pm_msg task = next_kind(&a, PM_MSG_TASK);
    worker_failed(&a, &task.task, PM_NO_MEMORY);
    expect_done(&a, true, PM_OK, "");
    pm_msg_fini(&task);
    for (int i = 0; i < 2; i++) { /* nobody else is ready: it is asked again, up to max_attempts */
        task = next_kind(&a, PM_MSG_TASK);
        CHECK_U64(task.task.attempt, 2 + i);
        worker_failed(&a, &task.task, PM_SANDBOX);
        expect_done(&a, true, PM_OK, "");
        pm_msg_fini(&task);
    }
    CHECK(service_wait_tasks(&s, PM_TASK_FAILED, 1, NULL));
    worker_credit(&b, 1);
    nothing_comes(&b, 300);
    end();
}

/* -- liveness -- */

PM_TEST(silence_and_bye)
{
    begin("duration_ms: 60000, heartbeat_ms: 200, misses: 2, max_attempts: 1");
    log_in(&a);
    worker_credit(&a, 1);
    service_push(&s, "m", 1, 4);
    struct pm_msg first = next_kind(&a, PM_MSG_TASK);
    for (int i = 0; i < 5; i++) { /* alive as long as it says so */
        CHECK_U64(worker_beat(&a, &first.task.lease, 1), PM_MSG_BEAT);
        pm_clock_sleep_ms(100);
    }
    CHECK(service_wait_tasks(&s, PM_TASK_DISPATCHED, 1, NULL));
    CHECK(service_wait_tasks(&s, PM_TASK_PACKED, 1, NULL)); /* then silent: lost, and not its fault */
    CHECK_U64(worker_beat(&a, &first.task.lease, 1), PM_MSG_LOGIN_AGAIN);
    log_in(&b);
    worker_credit(&b, 1);
    struct pm_msg second = next_kind(&b, PM_MSG_TASK);
    CHECK_U64(second.task.attempt, 2);
    struct pm_msg bye = {.kind = PM_MSG_BYE, .bye = {.text = "power is dear"}};
    worker_send(&b, &bye);
    CHECK(service_wait_tasks(&s, PM_TASK_PACKED, 1, NULL));
    log_in(&a);
    worker_credit(&a, 1);
    struct pm_msg third = next_kind(&a, PM_MSG_TASK);
    worker_answer(&a, &third.task);
    expect_done(&a, true, PM_OK, "");
    pm_msg_fini(&first);
    pm_msg_fini(&second);
    pm_msg_fini(&third);
    end();
}

PM_TEST(heartbeats_tell_what_is_lost)
{
    begin("duration_ms: 60000, heartbeat_ms: 5000, misses: 2, max_attempts: 1");
    log_in(&a);
    worker_credit(&a, 1);
    service_push(&s, "m", 1, 4);
    struct pm_msg task = next_kind(&a, PM_MSG_TASK);
    for (int i = 0; i < 2; i++) CHECK_U64(worker_beat(&a, NULL, 0), PM_MSG_BEAT);
    CHECK(service_wait_tasks(&s, PM_TASK_DISPATCHED, 1, NULL));
    CHECK_U64(worker_beat(&a, NULL, 0), PM_MSG_BEAT); /* the third that does not list it */
    CHECK(service_wait_tasks(&s, PM_TASK_PACKED, 1, NULL));
    uint64_t foreign[2] = {task.task.lease, 999};
    CHECK_U64(worker_beat(&a, foreign, 2), PM_MSG_BEAT); /* what has ended and what never was is cancelled */
    for (int i = 0; i < 2; i++) {
        struct pm_msg cancel = next_kind(&a, PM_MSG_CANCEL);
        CHECK_U64(cancel.cancel.lease, foreign[i]);
        pm_msg_fini(&cancel);
    }
    pm_msg_fini(&task);
    end();
}

/* -- restarts -- */

PM_TEST(restart_with_work_in_hand)
{
    begin(relaxed);
    log_in(&a);
    worker_credit(&a, 2);
    service_push(&s, "m", 1, 4);
    service_push(&s, "n", 1, 4);
    struct pm_msg first = next_kind(&a, PM_MSG_TASK), second = next_kind(&a, PM_MSG_TASK);
    service_stop(&s);
    service_start(&s, relaxed, NULL);
    worker_connect(&a);
    worker_answer(&a, &first.task); /* the session is not known any more */
    struct pm_msg msg = next_kind(&a, PM_MSG_LOGIN_AGAIN);
    pm_msg_fini(&msg);
    log_in(&a);
    worker_answer(&a, &first.task); /* the lease is */
    expect_done(&a, true, PM_OK, "verified");
    worker_credit(&a, 5);
    nothing_comes(&a, 300); /* and nobody else got the other task meanwhile */
    worker_answer(&a, &second.task);
    expect_done(&a, true, PM_OK, "verified");
    CHECK(service_wait_tasks(&s, PM_TASK_PROVED, 2, NULL));
    pm_msg_fini(&first);
    pm_msg_fini(&second);
    end();
}

/* What a node does not list after a restart, it has lost: the lease is given back before its deadline. */
PM_TEST(restart_with_work_lost)
{
    begin("duration_ms: 60000, heartbeat_ms: 5000, misses: 2, max_attempts: 1");
    log_in(&a);
    worker_credit(&a, 1);
    service_push(&s, "m", 1, 4);
    struct pm_msg task = next_kind(&a, PM_MSG_TASK);
    service_stop(&s);
    service_start(&s, "duration_ms: 60000, heartbeat_ms: 5000, misses: 2, max_attempts: 1", NULL);
    worker_connect(&a);
    log_in(&a);
    for (int i = 0; i < 3; i++) {
        CHECK(service_wait_tasks(&s, PM_TASK_DISPATCHED, 1, NULL));
        CHECK_U64(worker_beat(&a, NULL, 0), PM_MSG_BEAT);
    }
    CHECK(service_wait_tasks(&s, PM_TASK_PACKED, 1, NULL));
    pm_msg_fini(&task);
    end();
}

/* Stopped between a result and its verdict: the proof is in the ledger and is verified by the next one. */
PM_TEST(restart_while_checking)
{
    uint8_t id[32];
    struct pm_proof_row row = {.proof_type = "groth16/json"};
    begin(relaxed);
    log_in(&a);
    worker_credit(&a, 1);
    service_push(&s, "m", 1, 4);
    struct pm_msg task = next_kind(&a, PM_MSG_TASK);
    char *path = strdup(s.config->ledger_path);
    service_stop(&s);
    CHECK_OK(pm_ledger_open(&s.ledger, path, &s.err), s.err);
    memcpy(row.task, task.task.task, 32);
    row.lease = task.task.lease;
    row.node = a.node;
    service_prove(&s, &row.proof, &row.publics, (const char *)task.task.input.data, task.task.input.len);
    CHECK_OK(pm_ledger_result(s.ledger, &row, &s.err), s.err);
    pm_ledger_close(&s.ledger);
    service_start(&s, relaxed, NULL);
    CHECK(service_wait_tasks(&s, PM_TASK_PROVED, 1, id));
    CHECK_MEM(id, task.task.task, 32);
    pm_proof_row_fini(&row);
    pm_msg_fini(&task);
    free(path);
    end();
}

/* -- data -- */

PM_TEST(data_from_a_folder)
{
    struct pm_ledger_counts counts;
    char folder[300];
    begin(relaxed);
    snprintf(folder, sizeof folder, "%s/readings", s.dir);
    file_write(NULL, folder, "1.jsonl",
               "{\"meter\":\"x\",\"wh\":1}\n{\"meter\":\"x\",\"wh\":2}\nno "
               "json\n{\"meter\":\"y\",\"wh\":2}\n{\"meter\":\"x\"}\n"
               "{\"meter\":\"x\",\"wh\":3}\n{\"meter\":\"x\",\"wh\":4}\n{\"meter\":\"x\",\"wh\":4}\n");
    CHECK(service_wait_tasks(&s, PM_TASK_PACKED, 1, NULL));
    CHECK_OK(pm_ledger_counts(s.ledger, &counts, &s.err), s.err);
    CHECK_U64(counts.messages, 5); /* the last line repeats another */
    CHECK_U64(counts.bad_messages, 2);
    CHECK_U64(counts.waiting_messages, 1);
    service_stop(&s);
    service_start(&s, relaxed, NULL);
    pm_clock_sleep_ms(200); /* read on from the cursor: nothing twice */
    CHECK_OK(pm_ledger_counts(s.ledger, &counts, &s.err), s.err);
    CHECK_U64(counts.messages, 5);
    CHECK_U64(counts.tasks[PM_TASK_PACKED], 1);
    CHECK_U64(counts.bad_messages, 2);
    end();
}
