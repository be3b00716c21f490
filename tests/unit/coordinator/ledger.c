/* Messages and tasks: batches with their cursor, packing order, events and their history, crashes. */
#include "ledger_fixture.h"

#include <signal.h>
#include <sys/wait.h>

PM_TEST(messages_and_cursor_are_stored_together)
{
    struct fixture f;
    char body[3][64], *cursor;
    size_t n_new;
    fixture_open(&f);
    CHECK_OK(pm_ledger_cursor(f.ledger, &cursor, 1, "file:r", &f.err), f.err);
    CHECK_STR(cursor, "");
    free(cursor);
    struct pm_message m[3] = {message_of("a", 1, body[0]), message_of("a", 2, body[1]),
                              message_of("a", 1, body[2])};
    CHECK_OK(pm_ledger_add_messages(f.ledger, &n_new, 1, "file:r", "c1", m, 3, &f.err), f.err);
    CHECK_U64(n_new, 2); /* the third is the first again */
    CHECK_OK(pm_ledger_add_messages(f.ledger, &n_new, 1, "file:r", "c2", m, 2, &f.err), f.err);
    CHECK_U64(n_new, 0);
    CHECK_OK(pm_ledger_cursor(f.ledger, &cursor, 1, "file:r", &f.err), f.err);
    CHECK_STR(cursor, "c2");
    free(cursor);
    CHECK_OK(pm_ledger_cursor(f.ledger, &cursor, 2, "file:r", &f.err), f.err);
    CHECK_STR(cursor, ""); /* of another project */
    free(cursor);
    /* A batch that fails leaves nothing, not even the cursor. */
    char other[64];
    struct pm_message bad[2] = {message_of("a", 9, other), message_of("a", 10, other)};
    bad[1].version = NULL;
    CHECK(pm_ledger_add_messages(f.ledger, &n_new, 1, "file:r", "c3", bad, 2, &f.err) == PM_CONFLICT);
    CHECK_U64(n_new, 0);
    CHECK_U64(integer(&f, "SELECT count(*) FROM message"), 2);
    CHECK_U64(integer(&f, "SELECT cursor = 'c2' FROM source_cursor"), 1);
    fixture_close(&f);
}

PM_TEST(bad_messages_are_kept_and_bounded)
{
    struct fixture f;
    struct pm_ledger_counts counts;
    char origin[32], *json;
    fixture_open(&f);
    CHECK_OK(pm_ledger_begin(f.ledger, &f.err), f.err); /* one fsync for all */
    for (int i = 0; i < 10050; i++) {
        snprintf(origin, sizeof origin, "r.jsonl:%d", i);
        if (pm_ledger_add_bad_message(f.ledger, 1, origin, "not JSON", "\xff{", 2, &f.err) != PM_OK) break;
    }
    CHECK_OK(pm_ledger_end(f.ledger, PM_OK, &f.err), f.err);
    CHECK_OK(pm_ledger_add_bad_message(f.ledger, 1, origin, "not JSON", "\xff{", 2, &f.err),
             f.err); /* again: kept once */
    CHECK_U64(integer(&f, "SELECT count(*) FROM bad_message"), 10000);
    CHECK_OK(pm_ledger_counts(f.ledger, &counts, &f.err), f.err);
    CHECK_U64(counts.bad_messages, 10050);
    static char big[9000];
    CHECK_OK(pm_ledger_add_bad_message(f.ledger, 2, "api", "too long", big, sizeof big, &f.err), f.err);
    CHECK_U64(integer(&f, "SELECT max(length(body)) FROM bad_message"), 4096);
    CHECK_OK(pm_ledger_json_bad_messages(f.ledger, &json, 1, 2, &f.err), f.err);
    CHECK_MSG(json &&
                  strstr(json, "\"origin\":\"r.jsonl:10049\",\"reason\":\"not JSON\",\"body\":\"0xff7b\""),
              "%s", json);
    free(json);
    fixture_close(&f);
}

static void take(struct fixture *f, struct pm_batch *batch, uint32_t number)
{
    static char input[] = "{}";
    struct pm_task task = {.project = 1, .version = "1.0", .input = input};
    pm_store_be32(task.id, number);
    snprintf(task.group, sizeof task.group, "%s", batch->group);
    CHECK_OK(pm_ledger_add_task(f->ledger, &task, (const uint8_t(*)[32])batch->ids, batch->n, &f->err),
             f->err);
}

PM_TEST(packing_keeps_each_groups_order)
{
    struct fixture f;
    struct pm_batch batch;
    fixture_open(&f);
    add_message_to(&f, "late", 1); /* the oldest message, but its group is not full first */
    for (uint32_t i = 1; i <= 5; i++) {
        add_message_to(&f, "a", i);
        add_message_to(&f, "b", i);
    }
    for (uint32_t i = 2; i <= 3; i++) add_message_to(&f, "late", i);

    static const char *const groups[] = {"late", "a", "b"};
    for (uint32_t g = 0; g < 3; g++) {
        CHECK_OK(pm_ledger_next_batch(f.ledger, &batch, 1, "1.0", 3, &f.err), f.err);
        CHECK_STR(batch.group, groups[g]);
        CHECK_U64(batch.n, 3);
        for (uint32_t i = 0; i < 3; i++) {
            char body[64];
            struct pm_message m = message_of(groups[g], i + 1, body);
            CHECK_MEM(batch.ids[i], m.id, 32);
            CHECK_STR(batch.bodies[i], body);
            CHECK_U64(batch.lens[i], strlen(body));
        }
        take(&f, &batch, g);
        pm_batch_fini(&batch);
    }
    CHECK(pm_ledger_next_batch(f.ledger, &batch, 1, "1.0", 3, &f.err) == PM_NOT_FOUND);
    CHECK(pm_ledger_next_batch(f.ledger, &batch, 2, "1.0", 2, &f.err) == PM_NOT_FOUND);
    CHECK(pm_ledger_next_batch(f.ledger, &batch, 1, "2.0", 2, &f.err) == PM_NOT_FOUND);
    CHECK(pm_ledger_next_batch(f.ledger, &batch, 1, "1.0", 0, &f.err) == PM_USAGE);
    add_message_to(&f, "b", 6);
    CHECK_OK(pm_ledger_next_batch(f.ledger, &batch, 1, "1.0", 3, &f.err), f.err);
    CHECK_STR(batch.group, "b");
    take(&f, &batch, 77);
    pm_batch_fini(&batch);
    CHECK_U64(integer(&f, "SELECT sum(n) FROM waiting"), 2); /* a: 4 and 5 */
    CHECK_U64(integer(&f, "SELECT count(*) FROM message WHERE task IS NULL"), 2);
    fixture_close(&f);
}

PM_TEST(a_message_is_in_one_task)
{
    struct fixture f;
    uint8_t id[32], ids[2][32];
    char body[64];
    static char input[] = "{}";
    fixture_open(&f);
    add_task(&f, id, 1);
    add_message_to(&f, "g", 2);
    memcpy(ids[0], message_of("g", 2, body).id, 32);
    memcpy(ids[1], message_of("g", 1, body).id, 32);
    struct pm_task task = {.id = {9}, .project = 1, .version = "1.0", .input = input};
    CHECK(pm_ledger_add_task(f.ledger, &task, (const uint8_t(*)[32])ids, 2, &f.err) == PM_CONFLICT);
    CHECK_U64(integer(&f, "SELECT count(*) FROM task"), 1); /* nothing of it stays */
    CHECK_U64(integer(&f, "SELECT sum(n) FROM waiting"), 1);
    memcpy(task.id, id, 32);
    CHECK(pm_ledger_add_task(f.ledger, &task, (const uint8_t(*)[32])ids, 1, &f.err) ==
          PM_CONFLICT); /* it exists */
    task.id[0] = 9;
    task.project = 2;
    CHECK(pm_ledger_add_task(f.ledger, &task, (const uint8_t(*)[32])ids, 1, &f.err) ==
          PM_CONFLICT); /* of project 1 */
    CHECK(pm_ledger_add_task(f.ledger, &task, (const uint8_t(*)[32])ids, 0, &f.err) == PM_USAGE);
    CHECK(pm_ledger_exec(f.ledger, &f.err, "UPDATE message SET task = NULL, position = NULL", "") ==
          PM_CONFLICT);
    fixture_close(&f);
}

PM_TEST(a_task_comes_back_as_it_was_stored)
{
    struct fixture f;
    uint8_t id[32];
    struct pm_task task;
    fixture_open(&f);
    add_task(&f, id, 5);
    fixture_reopen(&f);
    CHECK_OK(pm_ledger_task(f.ledger, &task, id, &f.err), f.err);
    CHECK_MEM(task.id, id, 32);
    CHECK_U64(task.seq, 1);
    CHECK_U64(task.project, 1);
    CHECK_U64(task.chain_id, 31337);
    CHECK_U64(task.application[19], 0xaa);
    CHECK_STR(task.version, "1.0");
    CHECK_STR(task.group, "g");
    CHECK_STR(task.client_id, "client");
    CHECK_U64(task.state, PM_TASK_PACKED);
    CHECK_U64(task.attempts, 0);
    CHECK_U64(task.n_messages, 1);
    CHECK_U64(task.n_public, 2);
    CHECK_STR(task.input, "{\"domain\":\"1\"}");
    CHECK(task.created_ms > 1600000000000 && task.updated_ms >= task.created_ms);
    pm_task_fini(&task);
    id[0] ^= 1;
    CHECK(pm_ledger_task(f.ledger, &task, id, &f.err) == PM_NOT_FOUND);
    pm_task_fini(&task);
    fixture_close(&f);
}

PM_TEST(events_follow_the_state_machine_and_leave_rows)
{
    struct fixture f;
    uint8_t a[32], b[32], unknown[32] = {0xee}, ids[4][32];
    enum pm_task_state after = PM_TASK_PACKED;
    size_t n;
    fixture_open(&f);
    uint64_t node = add_node(&f, 1, "mill-1");
    add_task(&f, a, 1);
    add_task(&f, b, 2);
    CHECK(pm_ledger_task_event(f.ledger, &after, a, PM_EVENT_ACCEPTED, 0, NULL, &f.err) == PM_CONFLICT);
    CHECK_MSG(strstr(f.err.text, "packed") && strstr(f.err.text, "accepted"), "%s", f.err.text);
    CHECK(pm_ledger_task_event(f.ledger, NULL, unknown, PM_EVENT_LEASED, 0, NULL, &f.err) == PM_NOT_FOUND);
    CHECK(pm_ledger_task_event(f.ledger, NULL, a, PM_EVENT_LEASED, 999, NULL, &f.err) ==
          PM_CONFLICT); /* no such node */
    CHECK_OK(
        pm_ledger_task_event(f.ledger, &after, a, PM_EVENT_REFUSED, node, "counter 3: not above 2", &f.err),
        f.err);
    CHECK_U64(after, PM_TASK_FAILED);
    check_history(&f, a, "packed refused");
    check_history(&f, b, "packed");
    CHECK_OK(pm_ledger_tasks_in(f.ledger, ids, &n, 4, PM_TASK_PACKED, &f.err), f.err);
    CHECK(n == 1 && memcmp(ids[0], b, 32) == 0);
    CHECK_OK(pm_ledger_tasks_in(f.ledger, ids, &n, 4, PM_TASK_SETTLED, &f.err), f.err);
    CHECK_U64(n, 0);

    /* Inside a transaction of the caller's that fails, the event did not happen. */
    CHECK_OK(pm_ledger_begin(f.ledger, &f.err), f.err);
    CHECK_OK(pm_ledger_task_event(f.ledger, NULL, b, PM_EVENT_REFUSED, 0, NULL, &f.err), f.err);
    CHECK(pm_ledger_end(f.ledger, PM_IO, &f.err) == PM_IO);
    CHECK_U64(state_of(&f, b), PM_TASK_PACKED);
    check_history(&f, b, "packed");
    CHECK(pm_ledger_exec(f.ledger, &f.err, "UPDATE history SET event = 'x'", "") == PM_CONFLICT);
    CHECK(pm_ledger_exec(f.ledger, &f.err, "DELETE FROM history", "") == PM_CONFLICT);
    fixture_close(&f);
}

/* A child adds message i with cursor i, i = last + 1, ..., until it is killed. After every kill the messages
 * are exactly those that the cursor says. */
PM_TEST(kill_9_neither_loses_nor_repeats)
{
    struct fixture f;
    fixture_open(&f);
    int64_t before = 0;
    for (int round = 0; round < 6; round++) {
        pm_ledger_close(&f.ledger);
        pid_t child = fork();
        if (child == 0) {
            struct pm_ledger *ledger;
            char *cursor, body[64], next[16];
            size_t n_new;
            if (pm_ledger_open(&ledger, f.path, NULL) != PM_OK) _exit(1);
            if (pm_ledger_cursor(ledger, &cursor, 1, "s", NULL) != PM_OK) _exit(1);
            for (uint32_t i = (uint32_t)atoi(cursor) + 1;; i++) {
                struct pm_message m = message_of("g", i, body);
                snprintf(next, sizeof next, "%u", i);
                if (pm_ledger_add_messages(ledger, &n_new, 1, "s", next, &m, 1, NULL) != PM_OK || n_new != 1)
                    _exit(1);
            }
        }
        usleep(20000 + (unsigned)(test_random() % 60000));
        CHECK(kill(child, SIGKILL) == 0);
        int wstatus = 0;
        CHECK(waitpid(child, &wstatus, 0) == child && WIFSIGNALED(wstatus)); /* it did not fail by itself */
        CHECK_OK(pm_ledger_open(&f.ledger, f.path, &f.err), f.err);
        int64_t count = integer(&f, "SELECT count(*) FROM message");
        CHECK_U64(count, integer(&f, "SELECT coalesce(max(CAST(cursor AS INTEGER)), 0) FROM source_cursor"));
        CHECK_U64(count, integer(&f, "SELECT coalesce(max(json_extract(body, '$.n')), 0) FROM message"));
        CHECK_U64(count, integer(&f, "SELECT coalesce(sum(n), 0) FROM waiting"));
        CHECK(count >= before);
        before = count;
    }
    CHECK_MSG(before > 0, "no child got to write anything");
    fixture_close(&f);
}
