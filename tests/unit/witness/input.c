/* input.json to the request: what is accepted, as which number, and what is refused with which words. */
#include "test.h"
#include "witness/input.h"
#include "base/bytes.h"

static struct pm_error err;

/* A field of 97 with words of 32 bits: every reduction can be checked by hand. */
static const struct pm_circuit_info small = {.n8 = 4, .prime = {97}};

static enum pm_status parse(struct pm_input *in, const char *json)
{
    err = (struct pm_error){0};
    return pm_input_parse(in, &small, json, strlen(json), &err);
}

PM_TEST(values_and_their_numbers)
{
    static const struct {
        const char *json;
        uint32_t value;
    } rows[] = {
        {"{\"a\":5}", 5},
        {"{\"a\":\"5\"}", 5},
        {"{\"a\":97}", 0},
        {"{\"a\":\"98\"}", 1},
        {"{\"a\":-1}", 96},
        {"{\"a\":\"-1\"}", 96},
        {"{\"a\":\"-98\"}", 96},
        {"{\"a\":\"-0\"}", 0},
        {"{\"a\":\"0x10\"}", 16},
        {"{\"a\":\"0XfF\"}", 255 % 97},
        {"{\"a\":\"007\"}", 7},
        {"{\"a\":true}", 1},
        {"{\"a\":false}", 0},
        {"{\"a\":1e1}", 10},
        {"{\"a\":4.0}", 4},
        {"{\"a\":-2.0}", 95},
        {"{\"a\":9223372036854775807}", 9223372036854775807u % 97},
        {"{\"a\":-9223372036854775808}", (uint32_t)(97 - 9223372036854775808u % 97)},
        {"{\"a\":\"340282366920938463463374607431768211456\"}", 35}, /* 2^128 */
        {"{\"a\":[[[\"3\"]]]}", 3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pm_input in;
        CHECK_MSG(parse(&in, rows[i].json) == PM_OK, "%s: %s", rows[i].json, err.text);
        CHECK_U64(in.n_values, 1);
        CHECK_U64(in.len, 4 * 7);
        if (in.len == 28)
            CHECK_MSG(pm_load_le32(in.request + 24) == rows[i].value, "%s: %u", rows[i].json,
                      pm_load_le32(in.request + 24));
        pm_input_fini(&in);
    }
}

PM_TEST(the_request_is_flat_and_in_order)
{
    struct pm_input in;
    CHECK_OK(parse(&in, "{\"a\":[[1,2],[3,[\"4\"]]],\"in\":[],\"b\":5}"), err);
    const uint32_t expected[] = {
        0x31574d50, 2,          3,             /* magic, witness, three signals */
        0xaf63dc4c, 0x8601ec8c, 4, 1, 2, 3, 4, /* FNV-1a of "a" */
        0x08b73807, 0xb55c4bbe, 0,             /* of "in" */
        0xaf63df4c, 0x8601f1a5, 1, 5,          /* of "b" */
    };
    CHECK_U64(in.len, sizeof expected);
    for (size_t i = 0; i < sizeof expected / 4 && 4 * i < in.len; i++)
        CHECK_U64(pm_load_le32(in.request + 4 * i), expected[i]);
    CHECK_U64(in.n_signals, 3);
    CHECK_U64(in.n_values, 5);
    CHECK_STR(in.names[0], "a");
    CHECK_STR(in.names[1], "in");
    CHECK_STR(in.names[2], "b");
    pm_input_fini(&in);
}

PM_TEST(what_is_refused_and_how)
{
    static const char *const rows[][2] = {
        {"", "malformed"},
        {"{", "malformed"},
        {"[1]", "an object from signal names"},
        {"5", ""},
        {"{\"a\":1.5}", "signal a: a number with a fraction"},
        {"{\"a\":1e300}", "too large to be exact"},
        {"{\"a\":18446744073709551616}", "beyond 64 bits: write it as a string"},
        {"{\"a\":\"\"}", "signal a: a string without digits"},
        {"{\"a\":\"0x\"}", "without digits"},
        {"{\"a\":\"-\"}", "without digits"},
        {"{\"a\":\"-0x1\"}", "no number"},
        {"{\"a\":\"+1\"}", "no number"},
        {"{\"a\":\" 1\"}", "no number"},
        {"{\"a\":\"1e3\"}", "no number"},
        {"{\"a\":\"0b1\"}", "no number"},
        {"{\"a\":\"12g\"}", "no number"},
        {"{\"a\":null}", "signal a: null"},
        {"{\"a\":{\"x\":1}}", "signal a: an object"},
        {"{\"a\":[1,[2,{}]]}", "signal a: an object"},
        {"{\"a\":1,\"a\":2}", "set before"},
        {"{\"a b\":1}", "none that circom allows"},
        {"{\"a\":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}", "nested deeper than 16"},
        {"{\"a\":1} x", "malformed"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pm_input in;
        CHECK_MSG(parse(&in, rows[i][0]) == PM_FORMAT, "%s", rows[i][0]);
        CHECK_MSG(strstr(err.text, rows[i][1]) != NULL, "%s: %s", rows[i][0], err.text);
        CHECK(in.request == NULL && in.json == NULL && in.names == NULL);
        pm_input_fini(&in);
    }
}

PM_TEST(digits_have_an_end)
{
    static char json[6000];
    struct pm_input in;
    for (int digits = 4096; digits <= 4097; digits++) {
        snprintf(json, sizeof json, "{\"a\":\"%0*d\"}", digits, 7);
        CHECK_U64(parse(&in, json), digits == 4096 ? PM_OK : PM_FORMAT);
        pm_input_fini(&in);
    }
}

/* An error tells where the text breaks, never what stood there: it may be a secret. */
PM_TEST(errors_do_not_quote_values)
{
    struct pm_input in;
    static const char *const texts[] = {"{\"a\":\"hunter2\"}", "{\"a\":hunter2}", "{\"a\":\"1\",hunter2}",
                                        "{\"a\":[\"1\",\"hunter2\"]}"};
    for (int i = 0; i < 4; i++) {
        CHECK_U64(parse(&in, texts[i]), PM_FORMAT);
        CHECK_MSG(strstr(err.text, "hunter2") == NULL, "%s", err.text);
    }
}

/* Mutated text never crashes, and what is accepted is well-formed: its lengths add up. */
PM_TEST(mutations)
{
    static const char text[] =
        "{\"domain\":\"12345678901234567890\",\"m\":[[1,-2,\"0xff\"],[4,5.0,true]],\"k\":[]}";
    for (int round = 0; round < 20000; round++) {
        char copy[sizeof text];
        size_t len = sizeof text - 1;
        memcpy(copy, text, sizeof text);
        for (uint64_t n = 1 + test_random() % 3; n > 0; n--) copy[test_random() % len] = (char)test_random();
        if (round % 4 == 0) len = test_random() % len;
        struct pm_input in;
        if (pm_input_parse(&in, &small, copy, len, NULL) == PM_OK) {
            size_t at = 12;
            for (uint32_t i = 0; i < in.n_signals; i++)
                at += 12 + 4 * (size_t)pm_load_le32(in.request + at + 8);
            CHECK_U64(at, in.len);
            CHECK_U64(in.len, 12 + 12 * (size_t)in.n_signals + 4 * (size_t)in.n_values);
        }
        pm_input_fini(&in);
    }
}
