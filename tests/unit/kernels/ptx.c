/* Every function of ptx.h by itself, on the emulated device or on a CUDA device (TEST_CUDA), against what the
 * PTX ISA says of the instruction that it is named after, worked out here from the instruction's text. */
#include "kernels/ops.h"

#include "emu_world.h"

enum { N = 4096 };

#ifdef TEST_CUDA
#define RUN cuda_ops_run
__attribute__((constructor(101))) static void skip_without_device(void)
{
    if (cuda_ops_devices() > 0) return;
    fprintf(stderr, "skipped: there is no CUDA device here\n");
    exit(77);
}
#else
#define RUN emu_ops_run
#endif

/* What it leaves: "NONE", "ADD", "SUB". */
static const struct {
    const char *text, *leaves;
} functions[] = {
#define PTX(name, text, operands, reads, writes, value) {text, #writes},
#include "kernels/ptx.def"
#undef PTX
};

/* Bits 0 to 31: the result; bit 32: the carry, or borrow, out. */
static uint64_t expected(const char *text, uint64_t a, uint64_t b, uint64_t c, uint64_t carry)
{
    bool multiplies = text[0] == 'm', adds = strncmp(text, "mul", 3) != 0;
    bool with_carry = text[3] == 'c';
    uint64_t product = strstr(text, ".hi") ? a * b >> 32 : (uint32_t)(a * b);
    uint64_t x = multiplies ? product : a, y = multiplies ? (adds ? c : 0) : b;
    if (strncmp(text, "sub", 3) == 0) return (x - y - (with_carry ? carry : 0)) & 0x1ffffffffu;
    return x + y + (with_carry ? carry : 0);
}

static uint32_t word(void)
{
    static const uint32_t odd[] = {0, 1, 2, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0x10000, 0xffff};
    uint64_t r = test_random();
    return r % 3 ? (uint32_t)(r >> 32) : odd[(r >> 8) % (sizeof odd / sizeof *odd)];
}

PM_TEST(every_function)
{
    static uint32_t in[4][N], out[2 * N];
    CHECK_U64(sizeof functions / sizeof *functions, K_PTX_FUNCTIONS);
    for (int f = 0; f < K_PTX_FUNCTIONS; f++) {
        struct pm_error err = {0};
        struct ops_call call = {.what = OPS_PTX, .op = f, .out = out, .out_bytes = 8, .n = N, .alias = -1};
        for (int k = 0; k < 4; k++) {
            for (int i = 0; i < N; i++) in[k][i] = k < 3 ? word() : (uint32_t)(test_random() & 1);
            call.in[k] = in[k];
            call.in_bytes[k] = 4;
        }
        call.seed = test_random();
        CHECK_OK(RUN(&call, &err), err);
        for (int i = 0; i < N; i++) {
            const char *text = functions[f].text;
            bool leaves = strcmp(functions[f].leaves, "NONE") != 0;
            uint64_t want = expected(text, in[0][i], in[1][i], in[2][i], in[3][i]);
            CHECK_MSG(out[2 * i] == (uint32_t)want && (!leaves || out[2 * i + 1] == want >> 32),
                      "%s of %#x, %#x, %#x, carry %u: %#x and %u", text, in[0][i], in[1][i], in[2][i],
                      in[3][i], out[2 * i], out[2 * i + 1]);
        }
    }
}

/* The test's own reading of an instruction, at a few points. */
PM_TEST(reading)
{
    CHECK_U64(expected("mad.hi.cc.u32", 0xffffffff, 0xffffffff, 3, 1), 0x100000001u);
    CHECK_U64(expected("madc.lo.cc.u32", 3, 5, 0xffffffff, 1), 0x10000000fu);
    CHECK_U64(expected("subc.cc.u32", 0, 0, 9, 1), 0x1ffffffffu);
    CHECK_U64(expected("addc.u32", 0xffffffff, 0, 9, 1), 0x100000000u);
    CHECK_U64(expected("mul.hi.u32", 0x80000000, 6, 9, 1), 3);
}
