/* Pieces of one buffer, with fences between them: what runs over from a piece into its neighbour is caught,
 * with the kernel's name. The suites of whole proofs (conformance, kernels_backend_sums) have such fences,
 * too, so here it is shown that fences stand where kernels would meet them, and that right ones are left
 * alone. */
#include "kernels/backend_plan.h"

#include "emu_world.h"

enum { PIECE = 1024, GAP = 256, WORDS = PIECE / 4, BASES = 40 };

struct piece_args {
    uint32_t *out;
    uint32_t from, to;
};

GPU_KERNEL(fills_piece, 64, struct piece_args, a)
{
    for (uint32_t i = a.from + gpu_global(); i < a.to; i += gpu_global_count()) a.out[i] = i;
}

/* Writes words [from, to) of the second of three pieces. */
static void write_words(uint64_t seed, uint32_t from, uint32_t to)
{
    struct world w;
    world_open(&w, seed);
    struct gpu_buffer b = world_put(&w, NULL, 3 * PIECE + 2 * GAP);
    uint8_t *at = b.ptr;
    for (int i = 0; i < 2; i++)
        CHECK_OK(gpu_fence(&w.dev, w.stream, at + PIECE + i * (PIECE + GAP), GAP, true, &w.err), w.err);
    struct piece_args args = {(uint32_t *)(void *)(at + PIECE + GAP), from, to};
    CHECK_OK(GPU_LAUNCH(&w.dev, fills_piece, gpu_shape_1d(2, 64, 0), w.stream, args, &w.err), w.err);
    CHECK_OK(gpu_fill(&w.dev, w.stream, b.ptr, 0, b.bytes, &w.err), w.err); /* takes them down */
    CHECK_OK(gpu_stream_sync(&w.dev, w.stream, &w.err), w.err);
    CHECK(at[PIECE] == 0 && at[2 * PIECE + GAP] == 0);
    gpu_free(&w.dev, &b);
    world_close(&w);
}
static void one_too_far(uint64_t seed) { write_words(seed, 0, WORDS + 1); }

PM_TEST(a_piece_too_far)
{
    static const char said[] = "fills_piece wrote between two pieces of buffer test, at byte ";
    write_words(test_seed, 0, WORDS);
    if (WORLD_TSAN) return;
    expect_death(one_too_far, test_seed, said, "use-after-poison");
}

/* A sum of no scalars that are known, laid out as `wrong` says. */
static void sum(uint64_t seed, bool wrong)
{
    const struct gpu_curve *curve = emu_curve_by_name("bn128");
    struct gpu_msm_size size = {
        .counts = {.fulls = BASES}, .group = {&curve->g1}, .scalar_bits = curve->scalar_bits, .c = 4};
    struct gpu_msm_plan plan;
    struct world w;
    world_open(&w, seed);
    CHECK_OK(gpu_msm_plan(&plan, &size, SIZE_MAX, &w.err), w.err);
    CHECK_U64(plan.gap, GAP);
    CHECK(plan.n_entries * sizeof(uint32_t) > 1024);
    if (wrong) plan.values[0] -= 2 * GAP; /* so that the keys before them reach over the fence */
    struct gpu_buffer memory = world_put(&w, NULL, plan.bytes), scalars = world_put(&w, NULL, BASES * 32),
                      bases = world_put(&w, NULL, BASES * curve->g1.affine_bytes);
    CHECK_OK(gpu_fill(&w.dev, w.stream, scalars.ptr, 0x11, scalars.bytes, &w.err), w.err);
    CHECK_OK(gpu_fill(&w.dev, w.stream, bases.ptr, 0, bases.bytes, &w.err), w.err);
    const struct k_scalars source = {.scalars = scalars.ptr, .n = BASES};
    const struct gpu_msm_in in = {
        .curve = curve, .plan = &plan, .sources = &source, .n_sources = 1, .memory = memory.ptr};
    const void *const on_device[2] = {bases.ptr, NULL};
    CHECK_OK(emu_msm(&w.dev, w.stream, &in, on_device, BASES, &w.err), w.err);
    CHECK_OK(gpu_stream_sync(&w.dev, w.stream, &w.err), w.err);
    gpu_free(&w.dev, &memory);
    gpu_free(&w.dev, &scalars);
    gpu_free(&w.dev, &bases);
    world_close(&w);
}
static void wrong_sum(uint64_t seed) { sum(seed, true); }

PM_TEST(a_plan_that_is_wrong)
{
    sum(test_seed, false);
    expect_death(wrong_sum, test_seed, "wrote between two pieces of buffer test", "use-after-poison");
}
