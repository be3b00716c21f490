/* Join strings, good and bad. */
#include "test.h"

#include "wire/identity.h"

#define KEY "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"

PM_TEST(good_ones)
{
    struct pm_join join;
    struct pm_error err = {0};
    char text[360];
    CHECK_OK(pm_join_parse(&join, "proofmill://" KEY "@pool.example.org:7700", &err), err);
    CHECK_STR(join.host, "pool.example.org");
    CHECK_U64(join.port, 7700);
    CHECK_U64(join.server_public[0], 0);
    CHECK_U64(join.server_public[31], 0xff);
    CHECK_OK(pm_join_parse(&join, "proofmill://" KEY "@[2001:db8::1]:1", &err), err);
    CHECK_STR(join.host, "2001:db8::1");
    CHECK_U64(join.port, 1);
    CHECK_OK(pm_join_parse(&join, "proofmill://" KEY "@127.0.0.1:65535", &err), err);
    pm_join_format(text, &join);
    CHECK_STR(text,
              "proofmill://00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff@127.0.0.1:65535");
}

PM_TEST(format_and_parse_agree)
{
    static const char *const hosts[] = {"a", "::1", "fe80::1:2", "node-7.mills_eu.example", "10.0.0.1"};
    for (size_t i = 0; i < 5; i++) {
        struct pm_join join = {.port = 1 + (unsigned)(test_random() % 65535)}, back;
        struct pm_error err = {0};
        char text[360];
        test_random_bytes(join.server_public, 32);
        strcpy(join.host, hosts[i]);
        pm_join_format(text, &join);
        CHECK_OK(pm_join_parse(&back, text, &err), err);
        CHECK_MEM(join.server_public, back.server_public, 32);
        CHECK_STR(back.host, join.host);
        CHECK_U64(back.port, join.port);
    }
    struct pm_join longest = {.port = 65535}, back;
    char text[360];
    memset(longest.host, 'h', 255);
    pm_join_format(text, &longest);
    CHECK(pm_join_parse(&back, text, NULL) == PM_OK);
    CHECK_U64(strlen(back.host), 255);
}

PM_TEST(bad_ones)
{
    static const char *const bad[] = {
        "",
        "proofmill://",
        "http://" KEY "@h:1",
        "proofmill:/" KEY "@h:1",
        KEY "@h:1",
        "proofmill://" KEY "@",
        "proofmill://" KEY "@h",
        "proofmill://" KEY "@h:",
        "proofmill://" KEY "@:1",
        "proofmill://" KEY "@h:0",
        "proofmill://" KEY "@h:65536",
        "proofmill://" KEY "@h:123456",
        "proofmill://" KEY "@h:7x",
        "proofmill://" KEY "@h:-1",
        "proofmill://" KEY "@h:+1",
        "proofmill://" KEY "@h: 1",
        "proofmill://" KEY "@h:1 ",
        "proofmill://" KEY "@::1:7700",
        "proofmill://" KEY "@[::1]",
        "proofmill://" KEY "@[::1:7",
        "proofmill://" KEY "@[]:7",
        "proofmill://" KEY "@[host]:7",
        "proofmill://" KEY "@[::1]x:7",
        "proofmill://" KEY "@h/p:7",
        "proofmill://" KEY "@a;b:7",
        "proofmill://" KEY "@*:7",
        "proofmill://" KEY "@a b:7",
        "proofmill://" KEY "@-x:7",
        "proofmill://" KEY "0@h:1",
        "proofmill://0" KEY "@h:1",
        "proofmill://0x" KEY "@h:1",
        "proofmill://0x112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF@h:1",
        "proofmill://g0112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF@h:1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct pm_join join;
        struct pm_error err = {0};
        CHECK_MSG(pm_join_parse(&join, bad[i], &err) == PM_USAGE, "%s", bad[i]);
        CHECK(strstr(err.text, "expected"));
    }
    char text[1000], host[400];
    struct pm_join join;
    memset(host, 'h', sizeof host);
    host[256] = 0;
    snprintf(text, sizeof text, "proofmill://" KEY "@%s:1", host);
    CHECK(pm_join_parse(&join, text, NULL) == PM_USAGE);
}

PM_TEST(random_texts_never_do_more_than_fail)
{
    static const char alphabet[] = "proofmill://0123456789abcdef@[]:.-x";
    for (int i = 0; i < 5000; i++) {
        char text[120];
        struct pm_join join;
        size_t len = (size_t)(test_random() % (sizeof text - 1));
        for (size_t j = 0; j < len; j++) text[j] = alphabet[test_random() % (sizeof alphabet - 1)];
        text[len] = 0;
        if (test_random() % 2 && len > 90) memcpy(text, "proofmill://" KEY "@", 77);
        if (pm_join_parse(&join, text, NULL) == PM_OK) CHECK(pm_host_is_plain(join.host));
    }
}
