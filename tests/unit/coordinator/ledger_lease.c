/* Nodes, leases, proofs: who may work, who may answer, what a verdict does to task and node. */
#include "ledger_fixture.h"

#include <signal.h>
#include <sys/wait.h>

static struct pm_lease lease_to(struct fixture *f, const uint8_t task[32], uint64_t node,
                                uint32_t duration_ms)
{
    struct pm_lease lease;
    CHECK_OK(pm_ledger_lease(f->ledger, &lease, task, node, session_a, duration_ms, &f->err), f->err);
    return lease;
}

static enum pm_status result(struct fixture *f, const uint8_t task[32], uint64_t lease, uint64_t node)
{
    static char proof[] = "{\"pi_a\":[]}", publics[] = "[\"1\",\"2\"]";
    struct pm_proof_row row = {.lease = lease,
                               .node = node,
                               .proof_type = "groth16/json",
                               .proof = proof,
                               .publics = publics,
                               .witness_ms = 15,
                               .prove_ms = 300};
    memcpy(row.task, task, 32);
    return pm_ledger_result(f->ledger, &row, &f->err);
}

static struct pm_node node_row(struct fixture *f, uint8_t number, const char *name)
{
    struct pm_node node = {.identity = {2, number}, .device = "cpu"};
    snprintf(node.name, sizeof node.name, "%s", name);
    CHECK_OK(pm_ledger_node_login(f->ledger, &node, &f->err), f->err);
    return node;
}

PM_TEST(a_node_keeps_its_number)
{
    struct fixture f;
    fixture_open(&f);
    uint64_t a = add_node(&f, 1, "mill-1"), b = add_node(&f, 2, "mill-2");
    CHECK(a != b && a > 0 && b > 0);
    fixture_reopen(&f);
    CHECK_U64(node_row(&f, 1, "renamed").id, a);
    CHECK_U64(integer(&f, "SELECT count(*) FROM node"), 2);
    CHECK_U64(integer(&f, "SELECT name = 'renamed' FROM node WHERE id = 1"), 1);
    CHECK_OK(pm_ledger_node_seen(f.ledger, a, &f.err), f.err);
    CHECK(pm_ledger_node_seen(f.ledger, 99, &f.err) == PM_NOT_FOUND);
    CHECK_OK(pm_ledger_exec(f.ledger, &f.err, "UPDATE node SET last_seen_ms = 1", ""), f.err);
    CHECK_OK(pm_ledger_node_seen(f.ledger, a, &f.err), f.err);
    CHECK_U64(integer(&f, "SELECT count(*) FROM node WHERE last_seen_ms > 1"), 1);
    fixture_close(&f);
}

PM_TEST(the_straight_road)
{
    struct fixture f;
    uint8_t task[32];
    struct pm_lease lease, again, list[2];
    struct pm_proof_row proof;
    size_t n;
    fixture_open(&f);
    uint64_t node = add_node(&f, 1, "mill-1");
    add_task(&f, task, 1);
    int64_t now = integer(&f, "SELECT " PM_SQL_NOW_MS);
    lease = lease_to(&f, task, node, 60000);
    CHECK(lease.open && lease.attempt == 1 && lease.node == node);
    CHECK(lease.deadline_ms >= now + 60000 && lease.deadline_ms < now + 65000);
    CHECK_MEM(lease.session, session_a, 16);
    CHECK_MEM(lease.task, task, 32);
    CHECK_U64(state_of(&f, task), PM_TASK_DISPATCHED);
    CHECK(pm_ledger_lease(f.ledger, &again, task, node, session_a, 1000, &f.err) == PM_CONFLICT);
    CHECK_MSG(strstr(f.err.text, "dispatched"), "%s", f.err.text);
    CHECK_OK(pm_ledger_leases_open(f.ledger, list, &n, 2, session_a, &f.err), f.err);
    CHECK(n == 1 && list[0].number == lease.number);
    CHECK_OK(pm_ledger_leases_open(f.ledger, list, &n, 2, session_b, &f.err), f.err);
    CHECK_U64(n, 0);
    CHECK_OK(pm_ledger_leases_open(f.ledger, list, &n, 2, NULL, &f.err), f.err);
    CHECK_U64(n, 1);

    CHECK_OK(result(&f, task, lease.number, node), f.err);
    CHECK_U64(state_of(&f, task), PM_TASK_CHECKING);
    fixture_reopen(&f); /* a crash here loses nothing */
    CHECK_OK(pm_ledger_lease_get(f.ledger, &again, lease.number, &f.err), f.err);
    CHECK(!again.open);
    CHECK_OK(pm_ledger_proof(f.ledger, &proof, task, &f.err), f.err);
    CHECK_STR(proof.proof, "{\"pi_a\":[]}");
    CHECK_STR(proof.publics, "[\"1\",\"2\"]");
    CHECK_STR(proof.proof_type, "groth16/json");
    CHECK(proof.lease == lease.number && proof.node == node && proof.witness_ms == 15 &&
          proof.prove_ms == 300);
    CHECK_MEM(proof.task, task, 32);
    pm_proof_row_fini(&proof);

    CHECK_OK(pm_ledger_verdict(f.ledger, task, true, 3, "groth16, 2 signals", &f.err), f.err);
    CHECK_U64(state_of(&f, task), PM_TASK_PROVED);
    CHECK(pm_ledger_verdict(f.ledger, task, true, 3, NULL, &f.err) == PM_CONFLICT); /* no second credit */
    CHECK(pm_ledger_verdict(f.ledger, task, false, 3, NULL, &f.err) == PM_CONFLICT);
    CHECK_U64(node_row(&f, 1, "mill-1").proofs, 1);
    CHECK_U64(node_row(&f, 1, "mill-1").failures, 0);
    CHECK(!pm_ledger_node_failed_task(f.ledger, node, task));
    check_history(&f, task, "packed leased result accepted");
    CHECK(result(&f, task, lease.number, node) == PM_CONFLICT);
    CHECK_OK(pm_ledger_proof(f.ledger, &proof, task, &f.err), f.err);
    pm_proof_row_fini(&proof);
    fixture_close(&f);
}

PM_TEST(unknown_things)
{
    struct fixture f;
    uint8_t task[32], unknown[32] = {0xee};
    struct pm_lease lease;
    struct pm_proof_row proof;
    fixture_open(&f);
    uint64_t node = add_node(&f, 1, "mill-1");
    add_task(&f, task, 1);
    CHECK(pm_ledger_lease(f.ledger, &lease, unknown, node, session_a, 1000, &f.err) == PM_NOT_FOUND);
    CHECK(pm_ledger_lease(f.ledger, &lease, task, 99, session_a, 1000, &f.err) == PM_CONFLICT);
    CHECK_U64(state_of(&f, task), PM_TASK_PACKED);
    check_history(&f, task, "packed");
    CHECK(pm_ledger_lease_get(f.ledger, &lease, 1, &f.err) == PM_NOT_FOUND);
    CHECK(pm_ledger_lease_end(f.ledger, 1, true, 3, "x", &f.err) == PM_NOT_FOUND);
    CHECK(pm_ledger_proof(f.ledger, &proof, task, &f.err) == PM_NOT_FOUND);
    CHECK(pm_ledger_verdict(f.ledger, task, true, 3, NULL, &f.err) == PM_NOT_FOUND);
    CHECK(result(&f, task, 1, node) == PM_CONFLICT);
    fixture_close(&f);
}

PM_TEST(expiry_is_by_the_databases_clock)
{
    struct fixture f;
    uint8_t a[32], b[32];
    struct pm_lease list[4];
    size_t n;
    fixture_open(&f);
    uint64_t node = add_node(&f, 1, "mill-1");
    add_task(&f, a, 1);
    add_task(&f, b, 2);
    struct pm_lease late = lease_to(&f, a, node, 0), fresh = lease_to(&f, b, node, 60000);
    CHECK_OK(pm_ledger_leases_expired(f.ledger, list, &n, 4, &f.err), f.err);
    CHECK(n == 1 && list[0].number == late.number);
    CHECK_OK(pm_ledger_lease_end(f.ledger, late.number, true, 3, "deadline passed", &f.err), f.err);
    CHECK(pm_ledger_lease_end(f.ledger, late.number, true, 3, "deadline passed", &f.err) == PM_CONFLICT);
    CHECK_U64(state_of(&f, a), PM_TASK_PACKED);
    CHECK(pm_ledger_node_failed_task(f.ledger, node, a) && !pm_ledger_node_failed_task(f.ledger, node, b));
    CHECK_OK(pm_ledger_leases_expired(f.ledger, list, &n, 4, &f.err), f.err);
    CHECK_U64(n, 0);
    CHECK_OK(pm_ledger_lease_end(f.ledger, fresh.number, false, 3, "node left", &f.err), f.err);
    CHECK_U64(integer(&f, "SELECT count(*) FROM lease WHERE outcome = 'expired' AND counts = 1"), 1);
    CHECK_U64(integer(&f, "SELECT count(*) FROM lease WHERE outcome = 'lost' AND counts = 0"), 1);
    struct pm_ledger_counts counts;
    CHECK_OK(pm_ledger_counts(f.ledger, &counts, &f.err), f.err);
    CHECK(counts.expired_leases == 1 && counts.open_leases == 0 && counts.tasks[PM_TASK_PACKED] == 2 &&
          counts.nodes == 1);
    check_history(&f, a, "packed leased lease_lost");
    fixture_close(&f);
}

PM_TEST(a_late_result_is_as_good_while_the_task_is_unproved)
{
    struct fixture f;
    uint8_t task[32];
    fixture_open(&f);
    uint64_t slow = add_node(&f, 1, "slow"), fast = add_node(&f, 2, "fast");
    add_task(&f, task, 1);
    struct pm_lease first = lease_to(&f, task, slow, 0);
    CHECK_OK(pm_ledger_lease_end(f.ledger, first.number, true, 3, "deadline passed", &f.err), f.err);
    struct pm_lease second = lease_to(&f, task, fast, 60000);
    CHECK_U64(second.attempt, 2);
    CHECK(result(&f, task, first.number, fast) == PM_CONFLICT); /* not its lease */
    CHECK_OK(result(&f, task, first.number, slow), f.err);
    CHECK(result(&f, task, second.number, fast) == PM_CONFLICT); /* one result is being checked */
    CHECK_OK(pm_ledger_verdict(f.ledger, task, true, 3, NULL, &f.err), f.err);
    CHECK_U64(state_of(&f, task), PM_TASK_PROVED);
    CHECK(result(&f, task, second.number, fast) == PM_CONFLICT); /* a second valid one is refused */
    CHECK_U64(node_row(&f, 1, "slow").proofs, 1);
    CHECK_U64(node_row(&f, 2, "fast").proofs, 0);
    CHECK_U64(node_row(&f, 2, "fast").failures, 0);
    CHECK_U64(integer(&f, "SELECT count(*) FROM lease WHERE ended_ms IS NULL"), 0);
    CHECK_U64(integer(&f, "SELECT outcome = 'cancelled' FROM lease WHERE number = 2"), 1);
    CHECK(!pm_ledger_node_failed_task(f.ledger, slow, task));
    check_history(&f, task, "packed leased lease_lost leased result accepted");
    fixture_close(&f);
}

PM_TEST(a_result_in_packed_state)
{
    struct fixture f;
    uint8_t task[32];
    struct pm_lease again;
    fixture_open(&f);
    uint64_t node = add_node(&f, 1, "mill-1");
    add_task(&f, task, 1);
    struct pm_lease first = lease_to(&f, task, node, 0);
    CHECK_OK(pm_ledger_lease_end(f.ledger, first.number, false, 3, "deadline passed", &f.err), f.err);
    CHECK_OK(result(&f, task, first.number, node), f.err);
    CHECK(pm_ledger_lease(f.ledger, &again, task, node, session_a, 1000, &f.err) ==
          PM_CONFLICT); /* being checked */
    CHECK_OK(pm_ledger_verdict(f.ledger, task, true, 3, NULL, &f.err), f.err);
    CHECK_U64(state_of(&f, task), PM_TASK_PROVED);
    fixture_close(&f);
}

PM_TEST(a_rejected_proof_gives_the_task_back_and_remembers_the_node)
{
    struct fixture f;
    uint8_t task[32];
    struct pm_proof_row proof;
    fixture_open(&f);
    uint64_t liar = add_node(&f, 1, "liar"), honest = add_node(&f, 2, "honest");
    add_task(&f, task, 1);
    struct pm_lease first = lease_to(&f, task, liar, 60000);
    CHECK_OK(result(&f, task, first.number, liar), f.err);
    CHECK_OK(pm_ledger_verdict(f.ledger, task, false, 3, "signal 2 (domain) differs", &f.err), f.err);
    CHECK_U64(state_of(&f, task), PM_TASK_PACKED);
    CHECK(pm_ledger_node_failed_task(f.ledger, liar, task));
    CHECK(pm_ledger_proof(f.ledger, &proof, task, &f.err) == PM_NOT_FOUND);
    CHECK_U64(node_row(&f, 1, "liar").failures, 1);
    CHECK(result(&f, task, first.number, liar) == PM_CONFLICT); /* a lease gives one result */
    struct pm_lease second = lease_to(&f, task, honest, 60000);
    CHECK_OK(result(&f, task, second.number, honest), f.err);
    CHECK_OK(pm_ledger_verdict(f.ledger, task, true, 3, NULL, &f.err), f.err);
    CHECK_U64(node_row(&f, 2, "honest").proofs, 1);
    check_history(&f, task, "packed leased result rejected leased result accepted");
    struct pm_ledger_counts counts;
    CHECK_OK(pm_ledger_counts(f.ledger, &counts, &f.err), f.err);
    CHECK_U64(counts.rejected_proofs, 1);
    fixture_close(&f);
}

/* A bad late result must not take the task away from the node that works on it now. */
PM_TEST(a_rejected_late_result_leaves_the_open_lease_at_work)
{
    struct fixture f;
    uint8_t task[32];
    struct pm_lease now;
    fixture_open(&f);
    uint64_t liar = add_node(&f, 1, "liar"), honest = add_node(&f, 2, "honest");
    add_task(&f, task, 1);
    struct pm_lease first = lease_to(&f, task, liar, 0);
    CHECK_OK(pm_ledger_lease_end(f.ledger, first.number, true, 2, "deadline passed", &f.err), f.err);
    struct pm_lease second = lease_to(&f, task, honest, 60000);
    CHECK_OK(result(&f, task, first.number, liar), f.err);
    CHECK_OK(pm_ledger_verdict(f.ledger, task, false, 2, "does not verify", &f.err), f.err);
    CHECK_U64(state_of(&f, task), PM_TASK_DISPATCHED);
    CHECK_OK(pm_ledger_lease_get(f.ledger, &now, second.number, &f.err), f.err);
    CHECK(now.open);
    CHECK_U64(node_row(&f, 1, "liar").failures, 1); /* its lease had counted already */
    CHECK_OK(result(&f, task, second.number, honest), f.err);
    CHECK_OK(pm_ledger_verdict(f.ledger, task, true, 2, NULL, &f.err), f.err);
    check_history(&f, task, "packed leased lease_lost leased result rejected leased result accepted");
    fixture_close(&f);
}

/* Even where it was the last attempt that may fail: the one at work may still bring the proof. */
PM_TEST(a_lease_at_work_is_waited_for)
{
    struct fixture f;
    uint8_t task[32];
    fixture_open(&f);
    uint64_t liar = add_node(&f, 1, "liar"), honest = add_node(&f, 2, "honest");
    add_task(&f, task, 1);
    struct pm_lease first = lease_to(&f, task, liar, 0);
    CHECK_OK(pm_ledger_lease_end(f.ledger, first.number, false, 1, "deadline passed", &f.err), f.err);
    struct pm_lease second = lease_to(&f, task, honest, 60000);
    CHECK_OK(result(&f, task, first.number, liar), f.err);
    CHECK_OK(pm_ledger_verdict(f.ledger, task, false, 1, "does not verify", &f.err), f.err);
    CHECK_U64(state_of(&f, task), PM_TASK_DISPATCHED);
    CHECK_OK(result(&f, task, second.number, honest), f.err);
    CHECK_OK(pm_ledger_verdict(f.ledger, task, true, 1, NULL, &f.err), f.err);
    CHECK_U64(state_of(&f, task), PM_TASK_PROVED);
    fixture_close(&f);
}

/* While a late result is checked, the newer lease ends: the task then waits for the verdict alone. */
PM_TEST(a_lease_that_ends_during_a_check)
{
    struct fixture f;
    uint8_t task[32];
    fixture_open(&f);
    uint64_t a = add_node(&f, 1, "a"), b = add_node(&f, 2, "b");
    add_task(&f, task, 1);
    struct pm_lease first = lease_to(&f, task, a, 0);
    CHECK_OK(pm_ledger_lease_end(f.ledger, first.number, false, 3, "deadline passed", &f.err), f.err);
    struct pm_lease second = lease_to(&f, task, b, 60000);
    CHECK_OK(result(&f, task, first.number, a), f.err);
    CHECK_OK(pm_ledger_lease_end(f.ledger, second.number, false, 3, "node gone", &f.err), f.err);
    CHECK_U64(state_of(&f, task), PM_TASK_CHECKING);
    CHECK_OK(pm_ledger_verdict(f.ledger, task, false, 3, "does not verify", &f.err), f.err);
    CHECK_U64(state_of(&f, task), PM_TASK_PACKED);
    lease_to(&f, task, b, 60000);
    fixture_close(&f);
}

PM_TEST(only_counted_failures_exhaust_a_task)
{
    struct fixture f;
    uint8_t task[32];
    struct pm_lease lease;
    fixture_open(&f);
    uint64_t node = add_node(&f, 1, "mill-1");
    add_task(&f, task, 1);
    for (int i = 0; i < 10; i++) { /* spot machines leave: not their fault */
        lease = lease_to(&f, task, node, 60000);
        CHECK_OK(pm_ledger_lease_end(f.ledger, lease.number, false, 3, "node gone", &f.err), f.err);
        CHECK_U64(state_of(&f, task), PM_TASK_PACKED);
    }
    lease = lease_to(&f, task, node, 60000);
    CHECK_U64(lease.attempt, 11);
    CHECK_OK(pm_ledger_lease_end(f.ledger, lease.number, true, 3, "out of memory", &f.err), f.err);
    lease = lease_to(&f, task, node, 60000);
    CHECK_OK(result(&f, task, lease.number, node), f.err);
    CHECK_OK(pm_ledger_verdict(f.ledger, task, false, 3, "does not verify", &f.err), f.err); /* counts too */
    CHECK_U64(state_of(&f, task), PM_TASK_PACKED);
    lease = lease_to(&f, task, node, 60000);
    CHECK_OK(pm_ledger_lease_end(f.ledger, lease.number, true, 3, "out of memory", &f.err), f.err);
    CHECK_U64(state_of(&f, task), PM_TASK_FAILED);
    CHECK_U64(
        integer(&f,
                "SELECT count(*) FROM history WHERE event = 'exhausted' AND from_state = 1 AND to_state = 7"),
        1);
    CHECK_U64(integer(&f, "SELECT attempts FROM task"), 13);
    CHECK_U64(integer(&f, "SELECT failures FROM task"), 3);
    CHECK(result(&f, task, lease.number, node) == PM_CONFLICT); /* failed is final */

    add_task(&f, task, 2); /* 0: without end */
    for (int i = 0; i < 5; i++) {
        lease = lease_to(&f, task, node, 60000);
        CHECK_OK(pm_ledger_lease_end(f.ledger, lease.number, true, 0, "x", &f.err), f.err);
    }
    CHECK_U64(state_of(&f, task), PM_TASK_PACKED);
    fixture_close(&f);
}

PM_TEST(a_rejected_proof_can_exhaust)
{
    struct fixture f;
    uint8_t task[32];
    fixture_open(&f);
    uint64_t node = add_node(&f, 1, "mill-1");
    add_task(&f, task, 1);
    struct pm_lease lease = lease_to(&f, task, node, 60000);
    CHECK_OK(result(&f, task, lease.number, node), f.err);
    CHECK_OK(pm_ledger_verdict(f.ledger, task, false, 1, "does not verify", &f.err), f.err);
    CHECK_U64(state_of(&f, task), PM_TASK_FAILED);
    check_history(&f, task, "packed leased result rejected exhausted");
    fixture_close(&f);
}

PM_TEST(a_refused_task_leaves_no_lease_open)
{
    struct fixture f;
    uint8_t task[32];
    struct pm_lease lease;
    fixture_open(&f);
    uint64_t node = add_node(&f, 1, "mill-1");
    add_task(&f, task, 1);
    lease = lease_to(&f, task, node, 60000);
    CHECK_OK(pm_ledger_task_event(f.ledger, NULL, task, PM_EVENT_REFUSED, node, "assert failed at line 12",
                                  &f.err),
             f.err);
    CHECK_OK(pm_ledger_lease_get(f.ledger, &lease, lease.number, &f.err), f.err);
    CHECK(!lease.open);
    CHECK(!pm_ledger_node_failed_task(f.ledger, node, task)); /* the input's fault */
    fixture_close(&f);
}

PM_TEST(constraints_hold_against_our_own_bugs)
{
    struct fixture f;
    uint8_t task[32];
    fixture_open(&f);
    uint64_t node = add_node(&f, 1, "mill-1");
    add_task(&f, task, 1);
    struct pm_lease lease = lease_to(&f, task, node, 60000);
    CHECK(pm_ledger_exec(f.ledger, &f.err,
                         "INSERT INTO lease (task, node, attempt, session, granted_ms, deadline_ms)"
                         " VALUES (?1, ?2, 9, zeroblob(16), 0, 1)",
                         "bu", task, (size_t)32, node) == PM_CONFLICT); /* a second open lease */
    CHECK_OK(result(&f, task, lease.number, node), f.err);
    CHECK(pm_ledger_exec(
              f.ledger, &f.err,
              "INSERT INTO proof SELECT task, lease + 1, node, proof_type, witness_ms, prove_ms, received_ms,"
              " verified_ms, proof, publics FROM proof",
              "") == PM_CONFLICT); /* a second proof */
    CHECK(pm_ledger_exec(f.ledger, &f.err, "DELETE FROM task", "") == PM_CONFLICT);
    CHECK(pm_ledger_exec(f.ledger, &f.err, "UPDATE task SET state = 8", "") == PM_CONFLICT);
    CHECK(pm_ledger_exec(f.ledger, &f.err, "UPDATE lease SET outcome = 'open'", "") == PM_CONFLICT);
    CHECK(pm_ledger_exec(f.ledger, &f.err, "UPDATE lease SET outcome = 'nonsense'", "") == PM_CONFLICT);
    fixture_close(&f);
}

/* One worker's life, over and over, killed anywhere: what is found must be whole, whichever step it stopped
 * at. */
static void live_until_killed(const char *path)
{
    struct pm_ledger *ledger;
    if (pm_ledger_open(&ledger, path, NULL) != PM_OK) _exit(1);
    struct fixture f = {.ledger = ledger};
    for (;;) {
        uint8_t ids[1][32];
        struct pm_lease lease;
        size_t n;
        if (pm_ledger_tasks_in(ledger, ids, &n, 1, PM_TASK_CHECKING, NULL) != PM_OK) _exit(2);
        if (n && pm_ledger_verdict(ledger, ids[0], test_random() % 2, 0, "x", NULL) != PM_OK) _exit(3);
        if (pm_ledger_leases_open(ledger, &lease, &n, 1, NULL, NULL) != PM_OK) _exit(4);
        if (n && test_random() % 2 && pm_ledger_lease_end(ledger, lease.number, true, 0, "x", NULL) != PM_OK)
            _exit(5);
        if (pm_ledger_tasks_in(ledger, ids, &n, 1, PM_TASK_PACKED, NULL) != PM_OK) _exit(6);
        if (n && pm_ledger_lease(ledger, &lease, ids[0], 1, session_a, 1000, NULL) != PM_OK) _exit(7);
        if (n && result(&f, ids[0], lease.number, 1) != PM_OK) _exit(8);
    }
}

PM_TEST(kill_9_between_any_two_steps)
{
    struct fixture f;
    uint8_t task[32];
    fixture_open(&f);
    add_node(&f, 1, "mill-1");
    for (uint32_t i = 1; i <= 200; i++) add_task(&f, task, i);
    for (int round = 0; round < 6; round++) {
        pm_ledger_close(&f.ledger);
        unsigned sleep_us = 20000 + (unsigned)(test_random() % 60000);
        pid_t child = fork();
        if (child == 0) live_until_killed(f.path);
        usleep(sleep_us);
        CHECK(kill(child, SIGKILL) == 0);
        int wstatus = 0;
        CHECK(waitpid(child, &wstatus, 0) == child);
        CHECK_MSG(WIFSIGNALED(wstatus), "the child stopped by itself with %d", WEXITSTATUS(wstatus));
        CHECK_OK(pm_ledger_open(&f.ledger, f.path, &f.err), f.err);
        /* Open lease if and only if dispatched; proof if and only if checking or later; the last history row
         * is the state. */
        CHECK_U64(
            integer(&f, "SELECT count(*) FROM task t WHERE (state = 2) != EXISTS (SELECT 1 FROM lease l WHERE"
                        " l.task = t.id AND l.ended_ms IS NULL)"),
            0);
        CHECK_U64(
            integer(
                &f,
                "SELECT count(*) FROM task t WHERE (state IN (3, 4)) != EXISTS (SELECT 1 FROM proof p WHERE"
                " p.task = t.id)"),
            0);
        CHECK_U64(integer(&f,
                          "SELECT count(*) FROM task t WHERE state != (SELECT to_state FROM history h WHERE"
                          " h.task = t.id ORDER BY seq DESC LIMIT 1)"),
                  0);
        CHECK_U64(integer(&f,
                          "SELECT count(*) FROM task t WHERE attempts != (SELECT count(*) FROM lease l WHERE"
                          " l.task = t.id)"),
                  0);
        CHECK_U64(integer(&f, "SELECT proofs FROM node"),
                  integer(&f, "SELECT count(*) FROM task WHERE state = 4"));
        CHECK_U64(integer(&f, "SELECT failures FROM node"), integer(&f, "SELECT sum(failures) FROM task"));
    }
    CHECK(integer(&f, "SELECT count(*) FROM history") > 200);
    fixture_close(&f);
}
