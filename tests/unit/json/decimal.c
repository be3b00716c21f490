/* Decimal text of large numbers. */
#include "json/json.h"
#include "test.h"

PM_TEST(known_numbers)
{
    char text[160];
    uint8_t x[32] = {0};
    pm_json_decimal(text, x, 32);
    CHECK_STR(text, "0");
    x[0] = 10;
    pm_json_decimal(text, x, 32);
    CHECK_STR(text, "10");
    memset(x, 0xff, 32);
    pm_json_decimal(text, x, 32);
    CHECK_STR(text, "115792089237316195423570985008687907853269984665640564039457584007913129639935");
    pm_json_decimal(text, pm_curve_by_name("bn128")->fr_modulus, 32);
    CHECK_STR(text, "21888242871839275222246405745257275088548364400416034343698204186575808495617");
    pm_json_decimal(text, x, 0);
    CHECK_STR(text, "0");
}

PM_TEST(round_trip)
{
    for (int i = 0; i < 2000; i++) {
        uint8_t x[48], back[48];
        char text[160];
        size_t len = 1 + test_random() % 48;
        test_random_bytes(x, len);
        if (i % 4 == 0) memset(x + len / 2, 0, len - len / 2);
        pm_json_decimal(text, x, len);
        CHECK(pm_json_parse_decimal(back, len, text));
        CHECK_MEM(back, x, len);
    }
}

PM_TEST(refused)
{
    static const char *const bad[] = {"",    "00", "01", "-1",  "+1",  " 1", "1 ",       "1.0", "1e3",
                                      "0x1", "a",  "1a", "\n1", "1\n", "1,", "\xd9\xa1", "256"};
    uint8_t x[1];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_MSG(!pm_json_parse_decimal(x, 1, bad[i]), "\"%s\"", bad[i]);
    CHECK(pm_json_parse_decimal(x, 1, "255"));
    CHECK_U64(x[0], 255);
    CHECK(pm_json_parse_decimal(x, 1, "0"));
    uint8_t wide[32];
    CHECK(!pm_json_parse_decimal(
        wide, 32, "115792089237316195423570985008687907853269984665640564039457584007913129639936"));
}
