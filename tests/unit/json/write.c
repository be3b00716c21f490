/* What is written, character by character; that snarkjs writes the same is tests/interop/'s. */
#include "statement.h"
#include "test.h"

PM_TEST(public_signals)
{
    const struct pm_curve *c = pm_curve_by_name("bn128");
    uint8_t x[64] = {33};
    x[32 + 1] = 1;
    char *text = pm_json_write_public(c, x, 2);
    CHECK_STR(text, "[\n \"33\",\n \"256\"\n]");
    free(text);
    text = pm_json_write_public(c, x, 0);
    CHECK_STR(text, "[\n]");
    free(text);
}

PM_TEST(proof_with_infinities)
{
    const struct pm_curve *c = pm_curve_by_name("bn128");
    struct pm_proof p = {.curve = c};
    memcpy(p.a, c->g1_generator, c->g1_bytes);
    char *text = pm_json_write_proof(&p);
    CHECK_STR(
        text,
        "{\n \"pi_a\": [\n  \"1\",\n  \"2\",\n  \"1\"\n ],\n"
        " \"pi_b\": [\n  [\n   \"0\",\n   \"0\"\n  ],\n  [\n   \"1\",\n   \"0\"\n  ],\n  [\n   \"0\",\n   "
        "\"0\"\n  ]\n ],\n"
        " \"pi_c\": [\n  \"0\",\n  \"1\",\n  \"0\"\n ],\n"
        " \"protocol\": \"groth16\",\n \"curve\": \"bn128\"\n}");
    struct pm_proof back;
    struct pm_error err;
    CHECK_OK(pm_json_read_proof(&back, "p", text, strlen(text), &err), err);
    CHECK_MEM(back.a, p.a, c->g1_bytes);
    CHECK_MEM(back.b, p.b, c->g2_bytes);
    CHECK_MEM(back.c, p.c, c->g1_bytes);
    free(text);
}

PM_TEST(what_is_written_reads_back)
{
    for (uint32_t n = 0; n < 4; n++) {
        struct statement s;
        bool made = statement_make(&s, n, test_random());
        CHECK_MSG(made, "%s", s.err.text);
        if (made) {
            struct pm_vk vk;
            struct pm_proof proof;
            uint8_t *signals;
            uint32_t n_read;
            const struct pm_vk *expected = pm_key_vk(s.k.key);
            CHECK_OK(pm_json_read_vk(&vk, "vk", s.vk_text, strlen(s.vk_text), &s.err), s.err);
            CHECK_MEM(vk.alpha1, expected->alpha1, s.o.curve->g1_bytes);
            CHECK_MEM(vk.beta2, expected->beta2, s.o.curve->g2_bytes);
            CHECK_MEM(vk.gamma2, expected->gamma2, s.o.curve->g2_bytes);
            CHECK_MEM(vk.delta2, expected->delta2, s.o.curve->g2_bytes);
            CHECK_U64(vk.n_public, n);
            CHECK_MEM(vk.ic, expected->ic, ((size_t)n + 1) * s.o.curve->g1_bytes);
            CHECK(vk.dev);
            pm_vk_fini(&vk);
            CHECK_OK(pm_json_read_proof(&proof, "proof", s.proof_text, strlen(s.proof_text), &s.err), s.err);
            CHECK_MEM(proof.a, s.proof.a, s.o.curve->g1_bytes);
            CHECK_MEM(proof.b, s.proof.b, s.o.curve->g2_bytes);
            CHECK_MEM(proof.c, s.proof.c, s.o.curve->g1_bytes);
            CHECK_OK(pm_json_read_public(&signals, &n_read, s.o.curve, "public", s.public_text,
                                         strlen(s.public_text), &s.err),
                     s.err);
            CHECK_U64(n_read, n);
            CHECK_MEM(signals, s.o.witness + 32, (size_t)n * 32);
            free(signals);
        }
        statement_free(&s);
    }
}

PM_TEST(only_development_keys_are_marked)
{
    struct statement s;
    if (statement_make(&s, 1, test_random())) {
        struct pm_vk vk = *pm_key_vk(s.k.key);
        CHECK(strstr(s.vk_text, ",\n \"proofmill_development\": true\n}"));
        vk.dev = false;
        char *text = pm_json_write_vk(&vk);
        CHECK(text && !strstr(text, "proofmill"));
        free(text);
    }
    statement_free(&s);
}
