/* What messages and tasks say: ids against values made with cast (abi-encode, keccak), numbers at their
 * limits, inputs and public signals, mutated messages. */
#include "project_fixture.h"

#include "coordinator/project/binding.h"

/* cast keccak 0x0000000000000007$(printf '{"meter":1}' | xxd -p), and so on; see each line. */
PM_TEST(ids_equal_those_of_cast)
{
    static const uint8_t app[20] = {0x5F, 0xbD, 0xB2, 0x31, 0x56, 0x78, 0xaf, 0xec, 0xb3, 0x67,
                                    0xf0, 0x32, 0xd9, 0x3F, 0x64, 0x2f, 0x64, 0x18, 0x0a, 0xa3};
    uint8_t ids[2][32], out[32], expected[32];
    char text[120];
    pm_message_id(ids[0], 7, "{\"meter\":1}", 11);
    CHECK(pm_hex_decode(expected, 32, "0x1c2b0e732ce3a1dce9fb330e423e7c8f2b833fa26da5d02a7ebe1fa492ae8dbe"));
    CHECK_MEM(ids[0], expected, 32);
    pm_message_id(ids[1], 7, "{\"meter\":2}", 11);
    CHECK(pm_hex_decode(expected, 32, "0x8e41158161d176ba54fca3d1ec1d2d42ddd18cb97bd2f4a2e5371e51ba26086d"));
    CHECK_MEM(ids[1], expected, 32);
    /* abi-encode "f(uint256,address,uint256,bytes32,bytes32)" 31337 app 7 keccak("1.0") keccak(ids) */
    pm_task_id(out, 31337, app, 7, "1.0", (const uint8_t(*)[32])ids, 2);
    CHECK(pm_hex_decode(expected, 32, "0x9822771778c6834e2f7c0a910979321d33630eb4b8b785d1f1d0e95e9dd08d39"));
    CHECK_MEM(out, expected, 32);
    /* The same with the task's id last: 0x12e08ffa..0ca8c5, shifted by 8 bits. */
    pm_task_domain(out, 31337, app, 7, "1.0", expected);
    pm_json_decimal(text, out, 32);
    CHECK_STR(text, "33353119951091169379805285265047918282060518772480042094828877090027474088");
    /* 2^64 - 1, ff.., 2^64 - 2, no version, no messages */
    uint8_t ones[20];
    memset(ones, 0xff, sizeof ones);
    pm_task_id(out, UINT64_MAX, ones, UINT64_MAX - 1, "", (const uint8_t(*)[32])ids, 0);
    CHECK(pm_hex_decode(expected, 32, "0x94205f34f73cd7c3690842f26ec0ad5a05c80f9092dcfe4ca77bf62ee5d4d60b"));
    CHECK_MEM(out, expected, 32);
}

PM_TEST(every_part_of_a_task_is_in_its_id)
{
    uint8_t app[20] = {1}, ids[2][32] = {{1}, {2}}, swapped[2][32] = {{2}, {1}}, base[32], out[32];
    pm_task_id(base, 1, app, 2, "3", (const uint8_t(*)[32])ids, 2);
    pm_task_id(out, 9, app, 2, "3", (const uint8_t(*)[32])ids, 2);
    CHECK(memcmp(out, base, 32) != 0);
    pm_task_id(out, 1, app, 9, "3", (const uint8_t(*)[32])ids, 2);
    CHECK(memcmp(out, base, 32) != 0);
    pm_task_id(out, 1, app, 2, "9", (const uint8_t(*)[32])ids, 2);
    CHECK(memcmp(out, base, 32) != 0);
    pm_task_id(out, 1, app, 2, "3", (const uint8_t(*)[32])swapped, 2);
    CHECK(memcmp(out, base, 32) != 0);
    app[0] = 9;
    pm_task_id(out, 1, app, 2, "3", (const uint8_t(*)[32])ids, 2);
    CHECK(memcmp(out, base, 32) != 0);
}

PM_TEST(pointers)
{
    json_t *doc = json_loads("{\"a\":{\"b/c\":[10,[20]],\"~\":3,\"\":4},\"0\":5}", 0, NULL);
    static const struct {
        const char *pointer;
        int value; /* -1: nothing there */
    } rows[] = {{"/a/b~1c/0", 10}, {"/a/b~1c/1/0", 20}, {"/a/~0", 3},      {"/a/", 4},
                {"/0", 5},         {"/b", -1},          {"/a/b~1c/2", -1}, {"/a/b~1c/00", -1},
                {"/a/b~1c/-", -1}, {"/a/b~1c/x", -1},   {"/0/0", -1},      {"/a/b~1c/9999999", -1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const json_t *value = pm_pointer_find(doc, rows[i].pointer);
        CHECK(pm_pointer_is_valid(rows[i].pointer));
        CHECK_MSG(value ? json_integer_value(value) == rows[i].value : rows[i].value == -1, "%s",
                  rows[i].pointer);
    }
    char longest[PM_POINTER_MAX + 2];
    memset(longest, 'x', sizeof longest);
    longest[0] = '/';
    longest[PM_POINTER_MAX + 1] = 0;
    CHECK(!pm_pointer_is_valid(longest));
    longest[PM_POINTER_MAX] = 0;
    CHECK(pm_pointer_is_valid(longest) && !pm_pointer_find(doc, longest));
    CHECK(!pm_pointer_is_valid("") && !pm_pointer_is_valid("/") && !pm_pointer_is_valid("a") &&
          !pm_pointer_is_valid("/~"));
    json_decref(doc);
}

#define R254        "21888242871839275222246405745257275088548364400416034343698204186575808495617"
#define R254_LESS_1 "21888242871839275222246405745257275088548364400416034343698204186575808495616"
#define QUARTER                                                                                              \
    "5472060717959818805561601436314318772137091100104008585924551046643952123904" /* (r - 1) / 4 */
#define QUARTER_AND1 "5472060717959818805561601436314318772137091100104008585924551046643952123905"

/* Bodies as a device writes them; S may be large, wh is summed over four messages. */
static enum pm_status check(const struct pm_project_version *v, const char *body, char **group,
                            struct pm_error *err)
{
    return pm_message_check(v, body, strlen(body), group, err);
}

PM_TEST(messages_are_checked_when_they_come)
{
    static const struct {
        const char *body;
        bool good;
        const char *text; /* the group of a good one, a part of the error of a bad one */
    } rows[] = {
        {"{\"meter\":1,\"wh\":2,\"sig\":{\"S\":\"3\"},\"more\":null}", true, "1"},
        {"{\"meter\":\"12\",\"wh\":\"0\",\"sig\":{\"S\":\"" R254_LESS_1 "\"}}", true, "12"},
        {"{\"meter\":1,\"wh\":\"" QUARTER "\",\"sig\":{\"S\":3}}", true, "1"},
        {"{\"meter\":1,\"wh\":\"" QUARTER_AND1 "\",\"sig\":{\"S\":3}}", false, "/wh: too large: 4 of it"},
        {"{\"meter\":1,\"wh\":2,\"sig\":{\"S\":\"" R254 "\"}}", false, "/sig/S: expected an integer"},
        {"{\"meter\":9223372036854775807,\"wh\":2,\"sig\":{\"S\":3}}", true, "9223372036854775807"},
        {"{\"meter\":9223372036854775808,\"wh\":2,\"sig\":{\"S\":3}}", false, "numbers above 2^63 as texts"},
        {"{\"meter\":1,\"wh\":2,\"sig\":{}}", false, "/sig/S: expected a number for sigS, found nothing"},
        {"{\"meter\":1,\"wh\":-2,\"sig\":{\"S\":3}}", false, "/wh: expected an integer from 0"},
        {"{\"meter\":1,\"wh\":2.0,\"sig\":{\"S\":3}}", false, "found 2.0"},
        {"{\"meter\":1,\"wh\":\"02\",\"sig\":{\"S\":3}}", false, "found \"02\""},
        {"{\"meter\":1,\"wh\":\"0x2\",\"sig\":{\"S\":3}}", false, "found \"0x2\""},
        {"{\"meter\":1,\"wh\":\"\",\"sig\":{\"S\":3}}", false, "/wh"},
        {"{\"meter\":1,\"wh\":[2],\"sig\":{\"S\":3}}", false, "/wh"},
        {"{\"meter\":1,\"wh\":true,\"sig\":{\"S\":3}}", false, "/wh"},
        {"{\"meter\":1,\"wh\":2,\"wh\":3,\"sig\":{\"S\":3}}", false, "duplicate"},
        {"{\"meter\":1,\"wh\":2,\"sig\":{\"S\":3}} x", false, "expected a JSON object"},
        {"[1]", false, "expected a JSON object, found an array"},
        {"", false, "expected a JSON object"},
        {"17", false, "expected a JSON object"},
        {"{\"meter\":1,\"wh\":2,\"sig\":{\"S\":\"\\u0000\"}}", false, "expected a JSON object"},
        {"{\"meter\":1,\"wh\":2,\"sig\":{\"S\":\"3\xff\"}}", false, "unable to decode"},
    };
    struct project_fixture f;
    project_open(&f);
    struct pm_project *p = project_load(&f);
    const struct pm_project_version *v = pm_project_find(p, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *group;
        enum pm_status status = check(v, rows[i].body, &group, &f.err);
        CHECK_MSG((status == PM_OK) == rows[i].good, "%s: %s", rows[i].body,
                  status == PM_OK ? "accepted" : f.err.text);
        if (status == PM_OK && rows[i].good) CHECK_STR(group, rows[i].text);
        if (status != PM_OK) {
            CHECK(status == PM_FORMAT && !group);
            CHECK_MSG(strstr(f.err.text, rows[i].text), "%s: \"%s\"", rows[i].body, f.err.text);
        }
        free(group);
    }
    static char big[PM_MESSAGE_MAX + 100];
    char *group;
    memset(big, ' ', sizeof big);
    memcpy(big, rows[0].body, strlen(rows[0].body));
    CHECK_OK(pm_message_check(v, big, PM_MESSAGE_MAX, &group, &f.err), f.err);
    free(group);
    CHECK(pm_message_check(v, big, PM_MESSAGE_MAX + 1, &group, &f.err) == PM_FORMAT && !group);
    CHECK_MSG(strstr(f.err.text, "at most 65536 bytes"), "%s", f.err.text);
    pm_project_free(&p);
    project_close(&f);
}

PM_TEST(groups)
{
    struct project_fixture f;
    struct pm_error err;
    char *group, body[400];
    project_open(&f);
    char *text = replaced(f.good, "\"groupBy\": \"/meter\"", "\"groupBy\": \"/site\"");
    temp_text(&f.temp, "project.json", text);
    struct pm_project *p = project_load(&f);
    static const struct {
        const char *site;
        bool good;
    } rows[] = {{"\"north\"", true}, {"5", true},     {"-5", true},  {"\"\"", false},
                {"5.5", false},      {"null", false}, {"{}", false}, {"[]", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(body, sizeof body, "{\"meter\":1,\"wh\":2,\"sig\":{\"S\":\"3\"},\"site\":%s}", rows[i].site);
        CHECK_MSG((check(pm_project_find(p, NULL), body, &group, &err) == PM_OK) == rows[i].good, "%s",
                  rows[i].site);
        if (rows[i].good) CHECK(strstr(rows[i].site, group));
        free(group);
    }
    for (size_t len = 128; len <= 129; len++) {
        char site[130] = {0};
        memset(site, 's', len);
        snprintf(body, sizeof body, "{\"meter\":1,\"wh\":2,\"sig\":{\"S\":\"3\"},\"site\":\"%s\"}", site);
        CHECK((check(pm_project_find(p, NULL), body, &group, &err) == PM_OK) == (len == 128));
        free(group);
    }
    pm_project_free(&p);
    free(text);
    text = replaced(f.good, ", \"groupBy\": \"/meter\"", "");
    temp_text(&f.temp, "project.json", text);
    p = project_load(&f);
    CHECK_OK(check(pm_project_find(p, NULL), "{\"meter\":1,\"wh\":2,\"sig\":{\"S\":\"3\"}}", &group, &err),
             err);
    CHECK_STR(group, "");
    free(group);
    pm_project_free(&p);
    free(text);
    project_close(&f);
}

static enum pm_status derive(const struct pm_project_version *v, char **input, uint8_t **publics,
                             const char *const *bodies, size_t n, struct pm_error *err)
{
    uint8_t domain[32] = {0x39, 0x30};
    size_t lens[8];
    for (size_t i = 0; i < n; i++) lens[i] = strlen(bodies[i]);
    return pm_task_derive(input, publics, v, domain, bodies, lens, n, err);
}

PM_TEST(input_and_publics)
{
    static const char *const bodies[] = {
        "{\"meter\":8,\"wh\":1,\"sig\":{\"S\":\"11\"}}", "{\"meter\":\"8\",\"wh\":\"20\",\"sig\":{\"S\":12}}",
        "{\"meter\":8,\"wh\":300,\"sig\":{\"S\":13}}",
        "{\"meter\":8,\"wh\":18446744073709551616,\"sig\":{\"S\":\"" R254_LESS_1 "\"}}"};
    const char *const large[] = {
        bodies[0], bodies[1], bodies[2],
        "{\"meter\":8,\"wh\":\"18446744073709551616\",\"sig\":{\"S\":\"" R254_LESS_1 "\"}}"};
    struct project_fixture f;
    char *input, decimal[120];
    uint8_t *publics;
    project_open(&f);
    struct pm_project *p = project_load(&f);
    const struct pm_project_version *v = pm_project_find(p, NULL);
    CHECK(derive(v, &input, &publics, bodies, 4, &f.err) == PM_FORMAT && !input && !publics);
    CHECK_MSG(strstr(f.err.text, "message 4 of 4"), "%s", f.err.text);
    CHECK_OK(derive(v, &input, &publics, large, 4, &f.err), f.err);
    CHECK_STR(input,
              "{\"domain\":\"12345\",\"meter\":\"8\",\"wh\":[\"1\",\"20\",\"300\",\"18446744073709551616\"],"
              "\"sigS\":\"" R254_LESS_1 "\",\"seven\":\"7\",\"n\":\"4\",\"total\":\"18446744073709551937\"}");
    static const char *const expected[] = {"18446744073709551937", "12345", "8"};
    for (int i = 0; i < 3; i++) {
        pm_json_decimal(decimal, publics + 32 * i, 32);
        CHECK_STR(decimal, expected[i]);
    }
    free(input);
    free(publics);
    CHECK(derive(v, &input, &publics, large, 3, &f.err) == PM_USAGE && !input);
    CHECK(derive(v, &input, &publics, large, 0, &f.err) == PM_USAGE);

    /* The largest sum: four times (r - 1) / 4 is r - 1. */
    static const char quarter[] = "{\"meter\":8,\"wh\":\"" QUARTER "\",\"sig\":{\"S\":1}}";
    const char *const four[] = {quarter, quarter, quarter, quarter};
    CHECK_OK(derive(v, &input, &publics, four, 4, &f.err), f.err);
    pm_json_decimal(decimal, publics, 32);
    CHECK_STR(decimal, R254_LESS_1);
    free(input);
    free(publics);
    static const char over[] = "{\"meter\":8,\"wh\":\"" QUARTER_AND1 "\",\"sig\":{\"S\":1}}";
    const char *const five[] = {quarter, quarter, quarter, over};
    CHECK(derive(v, &input, &publics, five, 4, &f.err) == PM_FORMAT);
    CHECK_MSG(strstr(f.err.text, "message 4 of 4: /wh: too large"), "%s", f.err.text);
    pm_project_free(&p);
    project_close(&f);
}

/* What pm_message_check accepts can always be derived: otherwise a message could block its group for ever. */
PM_TEST(mutated_messages)
{
    static const char good[] =
        "{\"meter\":8,\"wh\":\"123456789\",\"sig\":{\"S\":13},\"x\":[1,2,{\"y\":null}]}";
    struct project_fixture f;
    size_t accepted = 0;
    project_open(&f);
    struct pm_project *p = project_load(&f);
    const struct pm_project_version *v = pm_project_find(p, NULL);
    for (int i = 0; i < 20000; i++) {
        char body[sizeof good], *group, *input;
        uint8_t *publics;
        size_t len = sizeof good - 1;
        memcpy(body, good, sizeof good);
        for (int k = 0; k <= i % 3; k++) {
            size_t at = test_random() % len;
            if (test_random() % 3)
                body[at] = "0123456789{}[]\",:-.e\\tnu "[test_random() % 25];
            else
                body[at] = (char)(test_random() % 255 + 1);
        }
        if (i % 50 == 0) len = test_random() % len;
        body[len] = 0;
        enum pm_status status = pm_message_check(v, body, len, &group, &f.err);
        CHECK((status == PM_OK) == (group != NULL));
        free(group);
        const char *const bodies[] = {body, body, body, body};
        enum pm_status derived = derive(v, &input, &publics, bodies, 4, &f.err);
        CHECK_MSG(status != PM_OK || derived == PM_OK, "%s: %s", body, f.err.text);
        CHECK((derived == PM_OK) == (input && publics));
        if (derived == PM_OK) {
            json_t *json = json_loads(input, JSON_REJECT_DUPLICATES, NULL);
            CHECK_MSG(json, "%s", input);
            json_decref(json);
        }
        free(input);
        free(publics);
        accepted += status == PM_OK;
    }
    CHECK(accepted > 100);
    pm_project_free(&p);
    project_close(&f);
}
