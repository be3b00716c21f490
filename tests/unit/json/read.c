/* What the strict reader refuses, named case by case; mutations.c does it by the thousand. */
#include "statement.h"
#include "test.h"

#include <fcntl.h>
#include <unistd.h>

/* text with its first `from` replaced by `to`; the caller frees. */
static char *replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    CHECK_MSG(at, "\"%s\" is not in the text", from);
    if (!at) at = text + strlen(text), from = "";
    char *out = malloc(strlen(text) + strlen(to) + 1);
    memcpy(out, text, (size_t)(at - text));
    strcpy(out + (at - text), to);
    strcat(out, at + strlen(from));
    return out;
}

static void vk_refused(const struct statement *s, const char *from, const char *to, enum pm_status expected)
{
    char *text = replaced(s->vk_text, from, to);
    struct pm_vk vk;
    struct pm_error err = {0};
    enum pm_status status = pm_json_read_vk(&vk, "vk.json", text, strlen(text), &err);
    CHECK_MSG(status == expected, "%s -> %s: %d %s", from, to, status, err.text);
    CHECK_MSG(status == PM_OK || strncmp(err.text, "vk.json: ", 9) == 0, "%s", err.text);
    pm_vk_fini(&vk);
    free(text);
}

PM_TEST(verification_keys)
{
    struct statement s;
    bool made = statement_make(&s, 1, test_random());
    CHECK_MSG(made, "%s", s.err.text);
    if (made) {
        vk_refused(&s, "groth16", "plonk", PM_UNSUPPORTED);
        vk_refused(&s, "bn128", "secp256k1", PM_UNSUPPORTED);
        vk_refused(&s, "bn128", "tiny", PM_UNSUPPORTED);
        vk_refused(&s, "bn128", "bn254", PM_OK); /* another name of the same curve */
        vk_refused(&s, "\"nPublic\": 1", "\"nPublic\": 2", PM_FORMAT);
        vk_refused(&s, "\"nPublic\": 1", "\"nPublic\": 0", PM_FORMAT);
        vk_refused(&s, "\"nPublic\": 1", "\"nPublic\": -1", PM_FORMAT);
        vk_refused(&s, "\"nPublic\": 1", "\"nPublic\": 1.0", PM_FORMAT);
        vk_refused(&s, "\"nPublic\": 1", "\"nPublic\": \"1\"", PM_FORMAT);
        vk_refused(&s, "\"nPublic\": 1", "\"nPublic\": 4294967297", PM_FORMAT);
        vk_refused(&s, "\"nPublic\": 1", "\"nPublic\": 99999999999999999999999", PM_FORMAT);
        vk_refused(&s, "\"protocol\"", "\"protocol\": \"groth16\", \"protocol\"", PM_FORMAT); /* twice */
        vk_refused(&s, "\"protocol\"", "\"extra\": 1, \"protocol\"", PM_FORMAT);
        vk_refused(&s, "vk_alphabeta_12", "vk_alphabeta_13", PM_FORMAT);
        vk_refused(&s, "\"proofmill_development\": true", "\"proofmill_development\": false", PM_FORMAT);
        vk_refused(&s, "\n}", "\n} ", PM_OK);
        vk_refused(&s, "\n}", "\n}}", PM_FORMAT);
        vk_refused(&s, "\n}", "", PM_FORMAT);
        vk_refused(&s, "{", "[", PM_FORMAT);
    }
    statement_free(&s);
}

/* Without vk_alphabeta_12 a key is complete: it follows from the rest. */
PM_TEST(alphabeta_is_optional)
{
    struct statement s;
    if (statement_make(&s, 0, test_random())) {
        const char *begin = strstr(s.vk_text, " \"vk_alphabeta_12\""), *end = strstr(s.vk_text, " \"IC\"");
        char *text = strdup(s.vk_text);
        struct pm_vk vk;
        strcpy(text + (begin - s.vk_text), end);
        CHECK_OK(pm_json_read_vk(&vk, "vk", text, strlen(text), &s.err), s.err);
        pm_vk_fini(&vk);
        free(text);
    }
    statement_free(&s);
}

static void proof_refused(const char *a, const char *b, const char *c, enum pm_status expected)
{
    char text[2048];
    struct pm_proof proof;
    struct pm_error err = {0};
    (void)snprintf(
        text, sizeof text,
        "{\"pi_a\": %s, \"pi_b\": %s, \"pi_c\": %s, \"protocol\": \"groth16\", \"curve\": \"bn128\"}", a, b,
        c);
    enum pm_status status = pm_json_read_proof(&proof, "p", text, strlen(text), &err);
    CHECK_MSG(status == expected, "%s %s %s: %d %s", a, b, c, status, err.text);
    CHECK((status == PM_OK) == (proof.curve != NULL));
}

static void proof_says(const char *text, const char *says)
{
    struct pm_proof proof;
    struct pm_error err = {0};
    CHECK(pm_json_read_proof(&proof, "p.json", text, strlen(text), &err) != PM_OK);
    CHECK_STR(err.text, says);
}

PM_TEST(errors_say_what_was_found)
{
    proof_says("[1, 2]", "p.json: expected an object, found [1,2]");
    proof_says("{\"pi_a\": 1, \"protocol\": \"plonk\"}",
               "p.json: protocol: expected \"groth16\", found \"plonk\"");
    proof_says("{\"pi_a\": 1}", "p.json: protocol: expected \"groth16\", found nothing");
    proof_says("{\"pi_a\": 1, \"protocol\": \"groth16\", \"curve\": 7}",
               "p.json: curve: expected its name, found 7");
    proof_says("{\"pi_a\": 1, \"protocol\": \"groth16\"}", "p.json: pi_a: expected an array, found 1");
    proof_says("{\"pi_a\": [1], \"protocol\": \"groth16\"}",
               "p.json: pi_a: expected an array of 3, found one of 1");
    proof_says("{\"pi_a\": [1, \"2\", \"1\"], \"protocol\": \"groth16\"}",
               "p.json: pi_a: expected a decimal number in quotes, found 1");
    proof_says("{\"pi_a\": [\"0x1\", \"2\", \"1\"], \"protocol\": \"groth16\"}",
               "p.json: pi_a: expected decimal digits of a number that fits the field, found \"0x1\"");
    proof_says(
        "{\"pi_a\": [\"1\", \"2\", \"a very long text that is not worth repeating in whole, "
        "because it is long\"], \"protocol\": \"groth16\"}",
        "p.json: pi_a: expected \"1\" as the third coordinate, found \"a very long text that is not worth "
        "repeating in whole, b...");
}

PM_TEST(points)
{
    static const char one[] = "[\"1\", \"2\", \"1\"]", inf1[] = "[\"0\", \"1\", \"0\"]",
                      inf2[] = "[[\"0\", \"0\"], [\"1\", \"0\"], [\"0\", \"0\"]]";
    static const char *const bad1[] = {
        "[\"1\", \"2\"]",
        "[\"1\", \"2\", \"1\", \"1\"]",
        "[\"1\", \"2\", \"0\"]", /* infinity is 0, 1, 0 */
        "[\"0\", \"0\", \"0\"]",
        "[\"0\", \"0\", \"1\"]",
        "[\"0\", \"1\", \"1\"]",
        "[\"1\", \"2\", \"2\"]", /* not affine */
        "[\"1\", \"2\", \"01\"]",
        "[\"1\", \"2\", 1]",
        "[1, 2, 1]",
        "[\"1\", \"3\", \"1\"]", /* off the curve */
        "[\"01\", \"2\", \"1\"]",
        "[\"+1\", \"2\", \"1\"]",
        "[\"1 \", \"2\", \"1\"]",
        "[\"0x1\", \"2\", \"1\"]",
        "[\"\", \"2\", \"1\"]",
        "[\"-1\", \"2\", \"1\"]",
        "[\"1\\u0000\", \"2\", \"1\"]",
        /* 1 + p */
        "[\"21888242871839275222246405745257275088696311157297823662689037894645226208584\", \"2\", \"1\"]",
        "[[\"1\"], \"2\", \"1\"]",
        "null",
        "{}",
    };
    static const char *const bad2[] = {
        one,
        "[[\"0\", \"0\"], [\"0\", \"0\"], [\"0\", \"0\"]]",
        "[[\"0\", \"0\"], [\"1\", \"0\"], [\"1\", \"0\"]]",
        "[[\"0\", \"0\"], [\"1\", \"0\"], [\"0\", \"1\"]]",
        "[[\"0\", \"0\"], [\"1\", \"0\"], [\"0\"]]",
        "[[\"0\", \"0\"], [\"0\", \"1\"], [\"0\", \"0\"]]",
        "[[\"1\", \"0\"], [\"2\", \"0\"], [\"1\", \"0\"]]", /* of G1's curve, not of the twist */
    };
    proof_refused(one, inf2, inf1, PM_OK);
    for (size_t i = 0; i < sizeof bad1 / sizeof bad1[0]; i++) {
        proof_refused(bad1[i], inf2, one, PM_FORMAT);
        proof_refused(one, inf2, bad1[i], PM_FORMAT);
    }
    for (size_t i = 0; i < sizeof bad2 / sizeof bad2[0]; i++) proof_refused(one, bad2[i], one, PM_FORMAT);
}

PM_TEST(public_signals)
{
    static const struct {
        const char *text;
        enum pm_status status;
        uint32_t n;
    } cases[] = {
        {"[]", PM_OK, 0},
        {"[\"0\", \"1\"]", PM_OK, 2},
        {" [ \"7\" ] \n", PM_OK, 1},
        /* r - 1, r */
        {"[\"21888242871839275222246405745257275088548364400416034343698204186575808495616\"]", PM_OK, 1},
        {"[\"21888242871839275222246405745257275088548364400416034343698204186575808495617\"]", PM_FORMAT, 0},
        {"[1]", PM_FORMAT, 0},
        {"[\"1\",]", PM_FORMAT, 0},
        {"[\"01\"]", PM_FORMAT, 0},
        {"[\"-1\"]", PM_FORMAT, 0},
        {"{\"0\": \"1\"}", PM_FORMAT, 0},
        {"\"1\"", PM_FORMAT, 0},
        {"", PM_FORMAT, 0},
        {"[\"1\"] x", PM_FORMAT, 0},
        {"[null]", PM_FORMAT, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t *out;
        uint32_t n;
        struct pm_error err = {0};
        enum pm_status status = pm_json_read_public(&out, &n, pm_curve_by_name("bn128"), "p", cases[i].text,
                                                    strlen(cases[i].text), &err);
        CHECK_MSG(status == cases[i].status, "%s: %d %s", cases[i].text, status, err.text);
        CHECK_U64(n, cases[i].n);
        free(out);
    }
}

PM_TEST(files)
{
    char dir[64], path[96], *text;
    size_t len;
    struct pm_error err;
    CHECK(oracle_temp_dir(dir));
    (void)snprintf(path, sizeof path, "%s/x.json", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    CHECK(write(fd, "[]\n", 3) == 3);
    CHECK_OK(pm_json_load(&text, &len, path, 3, &err), err);
    CHECK_U64(len, 3);
    CHECK_STR(text, "[]\n");
    free(text);
    CHECK_U64(pm_json_load(&text, &len, path, 2, &err), PM_FORMAT);
    CHECK(text == NULL);
    CHECK(ftruncate(fd, 300000) == 0);
    CHECK_OK(pm_json_load(&text, &len, path, 1 << 20, &err), err);
    CHECK_U64(len, 300000);
    free(text);
    CHECK_U64(pm_json_load(&text, &len, path, 200000, &err), PM_FORMAT);
    (void)close(fd);
    (void)unlink(path);
    CHECK_U64(pm_json_load(&text, &len, path, 100, &err), PM_NOT_FOUND);
    CHECK_U64(pm_json_load(&text, &len, dir, 100, &err), PM_IO);
    CHECK(rmdir(dir) == 0);
}
