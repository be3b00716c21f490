/* The check of a proof: all of it, or a precise reason; and the threads around it. */
#include "coordinator/checker.h"
#include "service_fixture.h"

#include "base/clock.h"
#include "test.h"

static struct service s;
static char *proof, *publics;
static uint8_t expected[64];
static const char input[] = "{\"domain\":\"77\",\"readings\":[\"1\",\"2\",\"3\",\"4\"]}";

static void begin(void)
{
    service_make(&s);
    service_prove(&s, &proof, &publics, input, strlen(input));
    memset(expected, 0, sizeof expected);
    expected[0] = 77;
    expected[32] = 10;
}

static void end(void)
{
    free(proof);
    free(publics);
    service_free(&s);
}

static enum pm_status check(const char *type, const char *proof_text, const char *public_text, uint32_t n,
                            const char *part)
{
    struct pm_error err = {0};
    enum pm_status status =
        pm_check_proof(pm_project_find(s.project, NULL), expected, n, type, proof_text, public_text, &err);
    if (part) CHECK_MSG(strstr(err.text, part) != NULL, "\"%s\" is not in \"%s\"", part, err.text);
    return status;
}

PM_TEST(right_and_wrong)
{
    begin();
    CHECK_U64(check("groth16/json", proof, publics, 2, NULL), PM_OK);
    CHECK_U64(check("plonk/json", proof, publics, 2, "plonk"), PM_INVALID_PROOF);
    CHECK_U64(check("groth16/json", proof, "[\"77\",\"456\"]", 2,
                    "public signal 1 (total): expected 10, the proof says 456"),
              PM_INVALID_PROOF);
    CHECK_U64(check("groth16/json", proof, "[\"78\",\"10\"]", 2,
                    "public signal 0 (domain): expected 77, the proof says 78"),
              PM_INVALID_PROOF);
    CHECK_U64(check("groth16/json", proof, "[\"77\"]", 2, "1 public signals, expected 2"), PM_INVALID_PROOF);
    CHECK_U64(check("groth16/json", proof, publics, 1, "2 public signals, expected 1"), PM_INVALID_PROOF);
    CHECK_U64(check("groth16/json", proof, "nonsense", 2, "public.json"), PM_INVALID_PROOF);
    CHECK_U64(check("groth16/json", "{}", publics, 2, "proof.json"), PM_INVALID_PROOF);
    expected[0] = 78; /* the task is another one: the same proof says the wrong thing */
    CHECK_U64(check("groth16/json", proof, publics, 2, "signal 0"), PM_INVALID_PROOF);
    CHECK_U64(check("groth16/json", proof, "[\"78\",\"10\"]", 2, NULL),
              PM_INVALID_PROOF); /* says the right thing, falsely */
    end();
}

/* A digit of the proof changed, or any byte of either text: never accepted, never more than refused. */
PM_TEST(mutations)
{
    begin();
    size_t len = strlen(proof);
    for (int i = 0; i < 60; i++) {
        char *text = strdup(proof);
        size_t at = test_random() % len;
        char was = text[at];
        text[at] = was >= '0' && was <= '9' ? (char)('0' + (was - '0' + 1 + (int)(test_random() % 9)) % 10)
                                            : (char)(1 + test_random() % 126);
        bool same = text[at] == was || (was <= ' ' && text[at] <= ' ');
        enum pm_status status = check("groth16/json", text, publics, 2, NULL);
        if (!same) CHECK_MSG(status == PM_INVALID_PROOF, "byte %zu: '%c' became '%c'", at, was, text[at]);
        free(text);
    }
    end();
}

PM_TEST(threads)
{
    struct pm_checker *checker = NULL;
    unsigned good = 0, bad = 0;
    begin();
    CHECK_OK(pm_checker_new(&checker, 2, &s.err), s.err);
    for (int i = 0; i < 20; i++) {
        struct pm_check_job job = {.lease = (uint64_t)i,
                                   .node = 5,
                                   .version = pm_project_find(s.project, NULL),
                                   .n_public = 2,
                                   .proof_type = "groth16/json"};
        job.proof = strdup(proof);
        job.public_signals = strdup(i % 2 ? publics : "[\"77\",\"11\"]");
        job.publics = malloc(64);
        memcpy(job.publics, expected, 64);
        job.task[0] = (uint8_t)i;
        CHECK_OK(pm_checker_submit(checker, &job, &s.err), s.err);
        CHECK(job.proof == NULL);
    }
    for (int i = 0; i < 1000 && good + bad < 20; i++) {
        struct pm_check_verdict v;
        while (pm_checker_take(checker, &v)) {
            CHECK_U64(v.task[0], v.lease);
            CHECK_U64(v.status, v.lease % 2 ? PM_OK : PM_INVALID_PROOF);
            CHECK(v.node == 5);
            if (v.status == PM_OK)
                good++;
            else
                bad++;
        }
        pm_clock_sleep_ms(10);
    }
    CHECK_U64(good, 10);
    CHECK_U64(bad, 10);
    for (int i = 0; i < 50; i++) { /* ended in the middle of its work */
        struct pm_check_job job = {
            .version = pm_project_find(s.project, NULL), .n_public = 2, .proof_type = "groth16/json"};
        job.proof = strdup(proof);
        job.public_signals = strdup(publics);
        job.publics = calloc(2, 32);
        CHECK_OK(pm_checker_submit(checker, &job, &s.err), s.err);
    }
    pm_checker_free(&checker);
    CHECK(checker == NULL);
    CHECK_U64(pm_checker_new(&checker, 0, &s.err), PM_USAGE);
    end();
}
