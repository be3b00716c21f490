/* rapidsnark's proving functions as its users call them: a program over the shared library and its headers.
 */
#include "compat/prover.h"
#include "compat/verifier.h"
#include "unit/compat/files.h"

#include <pthread.h>

enum { text_bytes = 4096 };

struct texts {
    char proof[text_bytes], signals[text_bytes], error[256];
    unsigned long long proof_size, signals_size;
};

static struct texts fresh(void)
{
    return (struct texts){.proof_size = text_bytes, .signals_size = text_bytes};
}

static int prove(void *prover, const struct bytes *wtns, struct texts *t)
{
    return groth16_prover_prove(prover, wtns->p, wtns->len, t->proof, &t->proof_size, t->signals,
                                &t->signals_size, t->error, sizeof t->error);
}

static void check_texts(const struct texts *t)
{
    struct bytes vk = file_load("vk.json");
    char error[256] = "";
    CHECK_U64(t->proof_size, strlen(t->proof));
    CHECK_U64(t->signals_size, strlen(t->signals));
    CHECK_MSG(groth16_verify(t->proof, t->signals, vk.p, error, sizeof error) == VERIFIER_VALID_PROOF, "%s",
              error);
    free(vk.p);
}

PM_TEST(four_ways_to_a_proof)
{
    struct bytes zkey = file_load("key.zkey"), wtns = file_load("good.wtns");
    void *prover = NULL;
    struct texts t = fresh();
    CHECK_MSG(groth16_prover(zkey.p, zkey.len, wtns.p, wtns.len, t.proof, &t.proof_size, t.signals,
                             &t.signals_size, t.error, sizeof t.error) == PROVER_OK,
              "%s", t.error);
    check_texts(&t);
    t = fresh();
    CHECK_MSG(groth16_prover_zkey_file(file_path("key.zkey"), wtns.p, wtns.len, t.proof, &t.proof_size,
                                       t.signals, &t.signals_size, t.error, sizeof t.error) == PROVER_OK,
              "%s", t.error);
    check_texts(&t);
    for (int file = 0; file < 2; file++) {
        int code =
            file ? groth16_prover_create_zkey_file(&prover, file_path("key.zkey"), t.error, sizeof t.error)
                 : groth16_prover_create(&prover, zkey.p, zkey.len, t.error, sizeof t.error);
        CHECK_MSG(code == PROVER_OK, "%s", t.error);
        if (code != PROVER_OK) continue;
        for (int i = 0; i < 2; i++) {
            t = fresh();
            CHECK_MSG(prove(prover, &wtns, &t) == PROVER_OK, "%s", t.error);
            check_texts(&t);
        }
        groth16_prover_destroy(prover);
    }
    groth16_prover_destroy(NULL);
    free(zkey.p);
    free(wtns.p);
}

/* The sizes that the size functions tell always do, and so do those that a refusal gives back. */
PM_TEST(sizes_and_short_buffers)
{
    struct bytes zkey = file_load("key.zkey"), wtns = file_load("good.wtns");
    unsigned long long told, signals, signals_file;
    void *prover = NULL;
    char error[256];
    groth16_proof_size(&told);
    CHECK_U64(told, 810);
    CHECK_U64(groth16_public_size_for_zkey_buf(zkey.p, zkey.len, &signals, error, sizeof error), PROVER_OK);
    CHECK_U64(groth16_public_size_for_zkey_file(file_path("key.zkey"), &signals_file, NULL, 0), PROVER_OK);
    CHECK_U64(signals, signals_file);
    CHECK(signals >= 3 * 80 + 2 && signals <= 3 * 82 + 4); /* rapidsnark's own bound */
    CHECK_U64(groth16_prover_create(&prover, zkey.p, zkey.len, error, sizeof error), PROVER_OK);

    struct texts t = fresh();
    t.proof_size = 10;
    CHECK_U64(prove(prover, &wtns, &t), PROVER_ERROR_SHORT_BUFFER);
    CHECK(t.proof_size > 10 && t.proof_size <= told && t.signals_size <= signals);
    CHECK_MSG(strstr(t.error, "given 10") != NULL, "%s", t.error);
    CHECK(t.proof[0] == '\0' && t.signals[0] == '\0');
    unsigned long long needs = t.proof_size, needs_signals = t.signals_size;
    t.signals_size = needs_signals - 1;
    CHECK_U64(prove(prover, &wtns, &t), PROVER_ERROR_SHORT_BUFFER);
    CHECK_U64(t.signals_size, needs_signals);
    t.proof_size = needs - 1;
    CHECK_U64(prove(prover, &wtns, &t), PROVER_ERROR_SHORT_BUFFER);
    for (int i = 0; i < 8; i++) { /* proofs differ in length */
        t.proof_size = needs;
        t.signals_size = needs_signals;
        t.proof[needs] = t.signals[needs_signals] = '#';
        CHECK_U64(prove(prover, &wtns, &t), PROVER_OK);
        CHECK(t.proof_size < needs && t.signals_size < needs_signals);
        CHECK(t.proof[needs] == '#' && t.signals[needs_signals] == '#');
        check_texts(&t);
    }
    groth16_prover_destroy(prover);
    free(zkey.p);
    free(wtns.p);
}

PM_TEST(witnesses_that_do_not_fit)
{
    struct bytes longer = file_load("long.wtns"), bad = file_load("bad.wtns");
    void *prover = NULL;
    struct texts t = fresh();
    CHECK_U64(groth16_prover_create_zkey_file(&prover, file_path("key.zkey"), NULL, 0), PROVER_OK);
    CHECK_U64(prove(prover, &longer, &t), PROVER_INVALID_WITNESS_LENGTH);
    CHECK_MSG(strstr(t.error, "values") != NULL, "%s", t.error);
    CHECK_U64(prove(prover, &bad, &t), PROVER_ERROR);
    CHECK_MSG(strstr(t.error, "satisfy") != NULL, "%s", t.error);
    longer.len--;
    CHECK_U64(prove(prover, &longer, &t), PROVER_ERROR); /* cut short */
    longer.len = 3;
    CHECK_U64(prove(prover, &longer, &t), PROVER_ERROR);
    CHECK(t.proof[0] == '\0');
    groth16_prover_destroy(prover);
    free(longer.p);
    free(bad.p);
}

PM_TEST(faulty_calls_and_errors_cut_to_size)
{
    struct bytes zkey = file_load("key.zkey"), wtns = file_load("good.wtns");
    void *prover = NULL;
    char error[9];
    struct texts t = fresh();
    unsigned long long size;
    memset(error, '#', sizeof error);
    CHECK_U64(groth16_prover_create_zkey_file(&prover, "/nonexistent.zkey", error, 8), PROVER_ERROR);
    CHECK(prover == NULL && strlen(error) == 7 && error[8] == '#');
    memset(error, '#', sizeof error);
    CHECK_U64(groth16_prover_create_zkey_file(&prover, "/nonexistent.zkey", error, 0), PROVER_ERROR);
    CHECK(error[0] == '#');
    CHECK_U64(groth16_prover_create(&prover, NULL, 0, NULL, 0), PROVER_ERROR);
    CHECK_U64(groth16_prover_create(NULL, zkey.p, zkey.len, NULL, 0), PROVER_ERROR);
    CHECK_U64(groth16_prover_create_zkey_file(&prover, NULL, NULL, 0), PROVER_ERROR);
    CHECK_U64(groth16_prover_create(&prover, zkey.p, zkey.len - 1, NULL, 0), PROVER_ERROR);
    CHECK_U64(groth16_prover_create(&prover, wtns.p, wtns.len, NULL, 0), PROVER_ERROR);
    CHECK_U64(groth16_public_size_for_zkey_buf(zkey.p, 7, &size, NULL, 0), PROVER_ERROR);
    CHECK_U64(groth16_public_size_for_zkey_buf(zkey.p, zkey.len, NULL, NULL, 0), PROVER_ERROR);
    CHECK_U64(groth16_public_size_for_zkey_file("/nonexistent.zkey", &size, NULL, 0), PROVER_ERROR);
    CHECK_U64(prove(NULL, &wtns, &t), PROVER_ERROR);
    CHECK_U64(groth16_prover_create(&prover, zkey.p, zkey.len, NULL, 0), PROVER_OK);
    CHECK_U64(groth16_prover_prove(prover, wtns.p, wtns.len, NULL, &size, t.signals, &size, NULL, 0),
              PROVER_ERROR);
    CHECK_U64(groth16_prover_prove(prover, wtns.p, wtns.len, t.proof, NULL, t.signals, &size, NULL, 0),
              PROVER_ERROR);
    CHECK_U64(groth16_prover_prove(prover, NULL, wtns.len, t.proof, &size, t.signals, &size, NULL, 0),
              PROVER_ERROR);
    groth16_prover_destroy(prover);
    free(zkey.p);
    free(wtns.p);
}

struct job {
    void *prover;
    struct bytes wtns;
    struct texts texts[3];
    int codes[3];
};

static void *prove_some(void *ctx)
{
    struct job *j = ctx;
    for (int i = 0; i < 3; i++) {
        j->texts[i] = fresh();
        j->codes[i] = prove(j->prover, &j->wtns, &j->texts[i]);
    }
    return NULL;
}

PM_TEST(threads_share_an_object)
{
    static struct job jobs[4];
    pthread_t threads[4];
    struct bytes good = file_load("good.wtns"), bad = file_load("bad.wtns");
    void *prover = NULL;
    CHECK_U64(groth16_prover_create_zkey_file(&prover, file_path("key.zkey"), NULL, 0), PROVER_OK);
    for (int i = 0; i < 4; i++) {
        jobs[i] = (struct job){.prover = prover, .wtns = i == 2 ? bad : good};
        CHECK(pthread_create(&threads[i], NULL, prove_some, &jobs[i]) == 0);
    }
    for (int i = 0; i < 4; i++) {
        (void)pthread_join(threads[i], NULL);
        for (int k = 0; k < 3; k++) {
            CHECK_U64(jobs[i].codes[k], i == 2 ? PROVER_ERROR : PROVER_OK);
            if (i != 2) check_texts(&jobs[i].texts[k]);
        }
    }
    groth16_prover_destroy(prover);
    free(good.p);
    free(bad.p);
}
