/* Multi-scalar multiplications on the emulated device, or on CUDA's (GPU_HOST_OF_CUDA), against host/math,
 * for every kind of scalars and bases that makes a difference: counts, digits, sort, accumulation with
 * carries, reduction, and the way to affine points. */
#include "curve_here.h"

#include "emu_world.h"

enum { MOST = 1000, FR = 32, FP = CURVE_FP_BYTES, G1 = 2 * FP, G2 = 4 * FP, POOL = 64 };

static const uint64_t fp_one[] = CURVE_FP_ONE;
static const struct pm_curve *host;
static const struct gpu_curve *device_curve;

/* -- Points and scalars -- */

static size_t affine_bytes(int group) { return group == 1 ? host->g1_bytes : host->g2_bytes; }

/* Random multiples of the generator, made once; a scene takes its bases from them. */
static uint8_t points_of[3][POOL * G2];
static void make_points(void)
{
    if (host) return;
    host = pm_curve_by_name(CURVE_NAME);
    device_curve = GPU_FN(curve_by_name)(CURVE_NAME);
    for (int i = 0; i < POOL; i++) {
        struct pm_point1 p1;
        struct pm_point2 p2;
        uint8_t k[FR] = {0};
        test_random_bytes(k, FR - 1);
        host->g1_from_affine(&p1, host->g1_generator);
        host->g2_from_affine(&p2, host->g2_generator);
        host->g1_mul(&p1, &p1, k);
        host->g2_mul(&p2, &p2, k);
        host->g1_to_affine(points_of[1] + (size_t)i * host->g1_bytes, &p1);
        host->g2_to_affine(points_of[2] + (size_t)i * host->g2_bytes, &p2);
    }
}

static void negate(uint8_t *affine, int group)
{
    struct pm_point2 p;
    if (group == 1) {
        host->g1_affine_neg(affine, affine);
        return;
    }
    host->g2_from_affine(&p, affine);
    host->g2_neg(&p, &p);
    host->g2_to_affine(affine, &p);
}

enum bases { ANY, EQUAL, OPPOSITE, SOME_INFINITE, BASES };
static void pick_base(uint8_t *out, int group, enum bases kind, size_t i)
{
    size_t bytes = affine_bytes(group), which = kind == EQUAL ? 0 : test_random() % POOL;
    if (kind == OPPOSITE) which = i / 2 % POOL;
    memcpy(out, points_of[group] + which * bytes, bytes);
    if (kind == OPPOSITE && i % 2 == 1) negate(out, group);
    if (kind == SOME_INFINITE && test_random() % 3 == 0) memset(out, 0, bytes);
}

enum scalars { FULL, ZERO, ONE, MINUS_ONE, HALF, SHORT, SAME, POWERS, WITNESS, SCALARS };

/* (r - 1) / 2 */
static void half(uint8_t *out)
{
    unsigned low = 0;
    for (int i = FR; i-- > 0;) {
        out[i] = (uint8_t)(host->fr_modulus[i] >> 1 | low << 7);
        low = host->fr_modulus[i] & 1;
    }
}
static void pick_scalar(uint8_t *out, enum scalars kind, size_t i, const uint8_t *same)
{
    static const uint8_t zero[FR], one[FR] = {1};
    uint8_t t[FR] = {(uint8_t)(test_random() % 4)};
    uint64_t draw = test_random();
    if (kind == WITNESS) kind = draw % 8 < 4 ? ZERO : draw % 8 == 4 ? ONE : draw % 8 == 5 ? SHORT : FULL;
    memset(out, 0, FR);
    switch (kind) {
    case FULL:
        do {
            test_random_bytes(out, FR);
            out[FR - 1] &= 0x7f;
        } while (!host->fr_is_canonical(out));
        break;
    case ZERO:
        break;
    case ONE:
        out[0] = 1;
        break;
    case MINUS_ONE:
        host->fr_sub(out, zero, one);
        break;
    case HALF: /* (r - 1) / 2 - 1 .. + 2 */
        half(out);
        host->fr_sub(out, out, one);
        host->fr_add(out, out, t);
        break;
    case SHORT: /* below 2^64, of any length, or r less that; 2^64 - 1 */
        memcpy(out, &draw, 8);
        for (unsigned cut = (unsigned)(test_random() % 8); cut > 0; cut--) out[8 - cut] = 0;
        if (i % 16 == 3) memset(out, 0xff, 8);
        if (i % 2) host->fr_sub(out, zero, out);
        break;
    case SAME:
        memcpy(out, same, FR);
        break;
    case POWERS: { /* 2^k and 2^k - 1: digits at their bounds, long carries */
        unsigned k = (unsigned)(i % 253);
        out[k / 8] = (uint8_t)(1u << k % 8);
        if (draw & 1) host->fr_sub(out, out, one);
        break;
    }
    case WITNESS:
    case SCALARS:
        break;
    }
}

/* -- A scene: what one MSM gets, and what it should give -- */

struct scene {
    int group;                /* 1, 2, or 3: both with one sort */
    size_t n, n_bases, split; /* split: scalars from here on are a source of their own, without a map */
    unsigned c, group_windows;
    uint32_t chunk; /* bases on the device at a time; 0: all */
    uint8_t scalars[MOST * FR];
    uint32_t base[MOST];
    uint8_t bases[3][MOST * G2];
    struct k_counts counts;
};

/* What class_of of k_digits.h should say, by the host's arithmetic. */
static void count_scalar(struct k_counts *counts, const uint8_t *scalar)
{
    uint8_t zero[FR] = {0}, negative[FR], low[FR] = {0};
    const uint8_t *s = scalar;
    if (!host->fr_is_canonical(scalar)) {
        counts->wild++;
        return;
    }
    if (memcmp(scalar, zero, FR) == 0) return;
    host->fr_sub(negative, zero, scalar);
    for (int i = FR; i-- > 0;)
        if (negative[i] != scalar[i]) {
            if (negative[i] < scalar[i]) s = negative;
            break;
        }
    memcpy(low, s, 8);
    if (memcmp(low, s, FR) != 0)
        counts->fulls++;
    else if (low[0] == 1 && memcmp(low + 1, zero, FR - 1) == 0)
        counts->ones++;
    else
        counts->shorts++;
}

static void scene_make(struct scene *s, int group, size_t n, enum scalars scalars, enum bases bases)
{
    uint8_t same[FR];
    make_points();
    memset(s, 0, sizeof *s);
    s->group = group;
    s->n = s->split = n;
    pick_scalar(same, FULL, 0, NULL);
    for (size_t i = 0; i < n; i++) pick_scalar(s->scalars + i * FR, scalars, i, same);
    for (size_t i = 0; i < n; i++) {
        s->base[i] = n > 2 && test_random() % 8 == 0 ? K_NO_BASE : (uint32_t)s->n_bases++;
        if (s->base[i] == K_NO_BASE) continue;
        for (int g = 1; g <= 2; g++)
            if (group & g) pick_base(s->bases[g] + s->base[i] * affine_bytes(g), g, bases, s->base[i]);
    }
    for (size_t i = 0; i < n; i++)
        if (s->base[i] != K_NO_BASE) count_scalar(&s->counts, s->scalars + i * FR);
}

/* The host's sum over the scalars below r. */
static void expect(uint8_t *out, const struct scene *s, int group)
{
    static uint8_t bases[MOST * G2], scalars[MOST * FR];
    size_t n = 0, bytes = affine_bytes(group);
    for (size_t i = 0; i < s->n; i++) {
        if (s->base[i] == K_NO_BASE || !host->fr_is_canonical(s->scalars + i * FR)) continue;
        memcpy(bases + n * bytes, s->bases[group] + s->base[i] * bytes, bytes);
        memcpy(scalars + n++ * FR, s->scalars + i * FR, FR);
    }
    void *scratch = NULL;
    size_t need =
        group == 1 ? pm_msm_one_scratch(host->msm_g1, n, 1) : pm_msm_one_scratch(host->msm_g2, n, 1);
    CHECK(posix_memalign(&scratch, 64, need + 64) == 0);
    struct pm_point1 p1;
    struct pm_point2 p2;
    if (group == 1) {
        pm_msm_one_var(host->msm_g1, NULL, &p1, bases, scalars, n, scratch);
        host->g1_to_affine(out, &p1);
    } else {
        pm_msm_one_var(host->msm_g2, NULL, &p2, bases, scalars, n, scratch);
        host->g2_to_affine(out, &p2);
    }
    free(scratch);
}

/* out = the sum of 2^(w c + i) points[w (c-1) + i], by Horner's rule from the top bit */
static void combine(uint8_t *out, const uint8_t *affine, const struct gpu_msm_plan *p, int group)
{
    struct pm_point1 sum1, t1;
    struct pm_point2 sum2, t2;
    static const uint8_t infinity[G2];
    host->g1_from_affine(&sum1, infinity);
    host->g2_from_affine(&sum2, infinity);
    for (unsigned bit = p->windows * p->c; bit-- > 0;) {
        const uint8_t *at = affine + (bit / p->c * (p->c - 1) + bit % p->c) * affine_bytes(group);
        if (group == 1) {
            host->g1_add(&sum1, &sum1, &sum1);
            host->g1_from_affine(&t1, bit % p->c < p->c - 1 ? at : infinity);
            host->g1_add(&sum1, &sum1, &t1);
        } else {
            host->g2_add(&sum2, &sum2, &sum2);
            host->g2_from_affine(&t2, bit % p->c < p->c - 1 ? at : infinity);
            host->g2_add(&sum2, &sum2, &t2);
        }
    }
    if (group == 1)
        host->g1_to_affine(out, &sum1);
    else
        host->g2_to_affine(out, &sum2);
}

/* -- Running it -- */

struct run {
    struct world w;
    struct gpu_buffer scalars, base, counts, memory, bases[3];
    struct k_scalars sources[2];
    struct gpu_msm_plan plan;
    struct gpu_msm_in in;
};

static void check_counts(struct run *r, const struct scene *s)
{
    struct k_counts counts[2];
    struct k_count_in in = {.scalars = r->scalars.ptr, .n = (uint32_t)s->n, .families = 2};
    in.base[0] = r->base.ptr; /* and family 1: all of them */
    in.counts = r->counts.ptr;
    CHECK_OK(gpu_fill(&r->w.dev, r->w.stream, r->counts.ptr, 0, sizeof counts, &r->w.err), r->w.err);
    CHECK_OK(device_curve->count(&r->w.dev, r->w.stream, &in, &r->w.err), r->w.err);
    world_get(&r->w, counts, &r->counts, sizeof counts);
    CHECK_MSG(memcmp(&counts[0], &s->counts, sizeof s->counts) == 0,
              "%u ones, %u shorts, %u fulls, %u wild instead of %u, %u, %u, %u", counts[0].ones,
              counts[0].shorts, counts[0].fulls, counts[0].wild, s->counts.ones, s->counts.shorts,
              s->counts.fulls, s->counts.wild);
    struct k_counts all = {0};
    for (size_t i = 0; i < s->n; i++) count_scalar(&all, s->scalars + i * FR);
    CHECK(memcmp(&counts[1], &all, sizeof all) == 0);
}

static void run_open(struct run *r, const struct scene *s)
{
    memset(r, 0, sizeof *r);
    world_open(&r->w, test_random());
    r->scalars = world_put(&r->w, s->scalars, s->n * FR);
    r->base = world_put(&r->w, s->base, s->n * sizeof *s->base);
    r->counts = world_put(&r->w, NULL, 2 * sizeof(struct k_counts));
    check_counts(r, s);
    struct gpu_msm_size size = {
        .counts = s->counts, .n_chunk = s->chunk, .scalar_bits = device_curve->scalar_bits};
    size.group[0] = s->group & 1 ? &device_curve->g1 : &device_curve->g2;
    size.group[1] = s->group == 3 ? &device_curve->g2 : NULL;
    size.c = s->c;
    size.group_windows = s->group_windows;
    CHECK_OK(gpu_msm_plan(&r->plan, &size, SIZE_MAX, &r->w.err), r->w.err);
    r->memory = world_put(&r->w, NULL, r->plan.bytes);
    r->sources[0] = (struct k_scalars){r->scalars.ptr, (uint32_t)s->split, r->base.ptr, 0};
    if (s->split < s->n)
        r->sources[1] = (struct k_scalars){(uint8_t *)r->scalars.ptr + s->split * FR,
                                           (uint32_t)(s->n - s->split), NULL, s->base[s->split]};
    r->in = (struct gpu_msm_in){device_curve, &r->plan, r->sources, s->split < s->n ? 2 : 1, r->memory.ptr};
}

/* Whole, or chunk by chunk with only one chunk of bases in a buffer at a time. */
static void run_sums(struct run *r, const struct scene *s)
{
    struct gpu_device *dev = &r->w.dev;
    struct pm_error *err = &r->w.err;
    int first = s->group & 1 ? 1 : 2;
    if (s->chunk == 0) {
        for (int g = 1; g <= 2; g++)
            r->bases[g] = world_put(&r->w, s->bases[g], s->n_bases * affine_bytes(g));
        const void *bases[2] = {r->bases[first].ptr, r->bases[2].ptr};
        CHECK_OK(GPU_FN(msm)(dev, r->w.stream, &r->in, bases, (uint32_t)s->n_bases, err), r->w.err);
        return;
    }
    CHECK(s->group != 3);
    r->bases[first] = world_put(&r->w, NULL, s->chunk * affine_bytes(first));
    CHECK_OK(GPU_FN(msm_clear)(dev, r->w.stream, &r->in, 0, err), r->w.err);
    for (uint32_t from = 0; from < s->n_bases; from += s->chunk) {
        struct gpu_msm_part part = {0, from,
                                    from + s->chunk < s->n_bases ? from + s->chunk : (uint32_t)s->n_bases};
        struct gpu_msm_sorted sorted;
        CHECK_OK(gpu_upload(dev, r->w.stream, r->bases[first].ptr,
                            s->bases[first] + from * affine_bytes(first),
                            (part.base_to - from) * affine_bytes(first), err),
                 r->w.err);
        for (; part.window_from < r->plan.windows; part.window_from += r->plan.group_windows) {
            CHECK_OK(GPU_FN(msm_sort)(dev, r->w.stream, &sorted, &r->in, &part, err), r->w.err);
            CHECK_OK(GPU_FN(msm_add)(dev, r->w.stream, &r->in, 0, r->bases[first].ptr, &part, &sorted, err),
                     r->w.err);
        }
    }
    CHECK_OK(GPU_FN(msm_reduce)(dev, r->w.stream, &r->in, 0, err), r->w.err);
}

static void check_sum(struct run *r, const struct scene *s, unsigned g, int group)
{
    static uint8_t points[270 * 2 * G2], affine[270 * G2];
    static uint64_t scratch[270 * 2 * FP / 8];
    uint8_t sum[G2] = {0}, expected[G2] = {0};
    CHECK(r->plan.n_out <= 270);
    struct gpu_buffer out = {(uint8_t *)r->memory.ptr + r->plan.group[g].out, 0};
    world_get(&r->w, points, &out, r->plan.n_out * 2 * affine_bytes(group));
    gpu_points_to_affine_var(affine, points, r->plan.n_out, device_curve, (unsigned)group, scratch);
    unsigned finite = 0;
    for (unsigned i = 0; i < r->plan.n_out; i++) {
        static const uint8_t zero[G2];
        finite += memcmp(affine + i * affine_bytes(group), zero, affine_bytes(group)) != 0;
    }
    CHECK(finite <= device_curve->scalar_bits);
    combine(sum, affine, &r->plan, group);
    expect(expected, s, group);
    CHECK_MSG(memcmp(sum, expected, affine_bytes(group)) == 0,
              "G%d, %zu scalars, windows of %u bits, %u of %u at a time, chunks of %u", group, s->n,
              r->plan.c, r->plan.group_windows, r->plan.windows, s->chunk);
}

static void scene_run(const struct scene *s)
{
    struct run r;
    run_open(&r, s);
    run_sums(&r, s);
    check_sum(&r, s, 0, s->group & 1 ? 1 : 2);
    if (s->group == 3) check_sum(&r, s, 1, 2);
    for (int g = 1; g <= 2; g++) gpu_free(&r.w.dev, &r.bases[g]);
    gpu_free(&r.w.dev, &r.scalars);
    gpu_free(&r.w.dev, &r.base);
    gpu_free(&r.w.dev, &r.counts);
    gpu_free(&r.w.dev, &r.memory);
    world_close(&r.w);
}

static struct scene scene; /* large */

/* Every kind of scalars with every kind of bases. */
PM_TEST(kinds)
{
    static const size_t sizes[] = {1, 2, 31, 33};
    for (int scalars = 0; scalars < SCALARS; scalars++)
        for (int bases = 0; bases < BASES; bases++)
            for (int group = 1; group <= 2; group++) {
                if (WORLD_TSAN && (scalars % 3 || bases != scalars % BASES || group == 2)) continue;
                size_t n = sizes[test_random() % 4];
                if (bases == OPPOSITE || bases == EQUAL) n = 33; /* pairs must meet */
                if (group == 2 || WORLD_TSAN) n = n < 12 ? n : 12;
                scene_make(&scene, group, n, (enum scalars)scalars, (enum bases)bases);
                scene.c = 3 + (unsigned)(test_random() % 4);
                scene_run(&scene);
            }
}

PM_TEST(sizes)
{
    static const size_t sizes[] = {0, 1, 2, 31, 33};
    for (size_t i = 0; i < (WORLD_TSAN ? 1 : sizeof sizes / sizeof *sizes); i++) {
        scene_make(&scene, 1, sizes[i], FULL, ANY);
        scene_run(&scene);
    }
    scene_make(&scene, 2, 0, FULL, ANY);
    scene_run(&scene);
    for (int group = 1; group <= (WORLD_TSAN ? 1 : 2); group++) {
        scene_make(&scene, group, WORLD_TSAN ? 40 : MOST, group == 1 ? FULL : WITNESS, SOME_INFINITE);
        scene_run(&scene);
    }
}

/* All scalars equal: a bucket of each window has everything, and carries go through several levels. */
PM_TEST(skew)
{
    for (int bases = 0; bases < (WORLD_TSAN ? 1 : BASES); bases++) {
        scene_make(&scene, 1, WORLD_TSAN ? 40 : 400, bases == EQUAL ? ONE : SHORT, (enum bases)bases);
        for (size_t i = 0; i < scene.n; i++) memcpy(scene.scalars + i * FR, scene.scalars, FR);
        memset(&scene.counts, 0, sizeof scene.counts);
        for (size_t i = 0; i < scene.n; i++)
            if (scene.base[i] != K_NO_BASE) count_scalar(&scene.counts, scene.scalars + i * FR);
        scene.c = 7;
        scene_run(&scene);
    }
}

/* All widths that fit the emulated device's time; from 12 bits on the first levels are launches of their own.
 */
PM_TEST(widths)
{
    for (unsigned c = K_MSM_MIN_C; c <= (WORLD_TSAN ? 2 : 13); c++)
        for (int group = 1; group <= ((c < 8 || c == 12) && !WORLD_TSAN ? 2 : 1); group++) {
            scene_make(&scene, group, group == 1 ? (c == 9 ? 200 : 12) : 5, c % 2 ? POWERS : HALF, ANY);
            scene.c = c;
            scene_run(&scene);
        }
}

/* Rows full of points, through launches of single levels and the last one: bucket b of window w counts b + 1
 * times 2^(w c). */
PM_TEST(reduces)
{
    enum { C = 12, WINDOWS = 3, ROW = 1 << (C - 1), N = WINDOWS * ROW };
    static uint8_t buckets[N * 2 * G1], bases[N * G1], scalars[N * FR], points[WINDOWS * C * 2 * G1],
        affine[WINDOWS * C * G1];
    static uint64_t scratch[WINDOWS * C * FP / 8];
    const struct gpu_msm_plan plan = {.c = C, .windows = WINDOWS};
    struct world w;
    struct pm_point1 p;
    uint8_t sum[G2], expected[G2];
    const unsigned windows = WORLD_TSAN ? 1 : WINDOWS, n = windows * ROW;
    make_points();
    memset(affine, 0, sizeof affine);
    for (unsigned i = 0; i < n; i++) {
        uint8_t *point = buckets + (size_t)i * 2 * G1;
        uint64_t weight = (uint64_t)(i % ROW + 1) << i / ROW * C;
        pick_base(bases + (size_t)i * G1, 1, i % 5 ? ANY : SOME_INFINITE, i);
        memcpy(scalars + (size_t)i * FR, &weight, sizeof weight);
        memcpy(point, bases + (size_t)i * G1, G1);
        memset(point + G1, 0, G1);
        bool infinite = memcmp(point, point + G1, G1) == 0;
        for (int k = G1; k < 2 * G1 && !infinite; k += FP) memcpy(point + k, fp_one, FP);
    }
    world_open(&w, test_random());
    struct gpu_buffer b = world_put(&w, buckets, (size_t)n * 2 * G1),
                      out = world_put(&w, NULL, sizeof points);
    struct k_reduce_in in = {.buckets = b.ptr, .c = C, .windows = windows, .out = out.ptr};
    CHECK_OK(device_curve->g1.reduce(&w.dev, w.stream, &in, &w.err), w.err);
    world_get(&w, points, &out, (size_t)windows * (C - 1) * 2 * G1);
    gpu_points_to_affine_var(affine, points, (size_t)windows * (C - 1), device_curve, 1, scratch);
    combine(sum, affine, &plan, 1);
    void *memory = NULL;
    CHECK(posix_memalign(&memory, 64, pm_msm_one_scratch(host->msm_g1, n, 1)) == 0);
    pm_msm_one_var(host->msm_g1, NULL, &p, bases, scalars, n, memory);
    host->g1_to_affine(expected, &p);
    CHECK(memcmp(sum, expected, G1) == 0);
    free(memory);
    gpu_free(&w.dev, &b);
    gpu_free(&w.dev, &out);
    world_close(&w);
}

/* Groups of windows, chunks of bases, both; the sums of one chunk meet those of the one before in their
 * buckets. */
PM_TEST(parts)
{
    for (int i = 0; i < (WORLD_TSAN ? 1 : 8); i++) {
        scene_make(&scene, i == 7 ? 2 : 1, i == 7 ? 15 : 40, i % 2 ? WITNESS : FULL, (enum bases)(i % BASES));
        scene.c = 4 + (unsigned)(test_random() % 3);
        scene.group_windows = i % 3 == 0 ? 0 : 1 + (unsigned)(test_random() % 20);
        scene.chunk = i % 4 == 1 ? 0 : 1 + (uint32_t)(test_random() % 30);
        scene_run(&scene);
    }
}

/* One sort for two groups; two sources for one sum. */
PM_TEST(together)
{
    scene_make(&scene, 3, 20, WITNESS, SOME_INFINITE);
    scene.c = 4;
    scene_run(&scene);
    scene_make(&scene, 1, 60, FULL, ANY);
    for (scene.split = 25; scene.base[scene.split] == K_NO_BASE;) scene.split++;
    /* The second source has a base for each scalar: number them anew. */
    uint32_t next = scene.base[scene.split];
    memset(&scene.counts, 0, sizeof scene.counts);
    for (size_t i = scene.split; i < scene.n; i++, next++) {
        scene.base[i] = next;
        pick_base(scene.bases[1] + next * affine_bytes(1), 1, ANY, next);
    }
    scene.n_bases = next;
    for (size_t i = 0; i < scene.n; i++)
        if (scene.base[i] != K_NO_BASE) count_scalar(&scene.counts, scene.scalars + i * FR);
    scene_run(&scene);
}

/* Scalars from r on, up to 2^256 - 1, are counted as wild and left out. */
PM_TEST(wild)
{
    uint8_t one[FR] = {1};
    scene_make(&scene, 1, 33, FULL, ANY);
    for (size_t i = 0; i < scene.n; i += 3) {
        uint8_t *s = scene.scalars + i * FR;
        memcpy(s, host->fr_modulus, FR);
        if (i % 2) memset(s, 0xff, FR);
        if (i % 4 == 0) s[0] = (uint8_t)(s[0] + one[0]);
    }
    memset(&scene.counts, 0, sizeof scene.counts);
    for (size_t i = 0; i < scene.n; i++)
        if (scene.base[i] != K_NO_BASE) count_scalar(&scene.counts, scene.scalars + i * FR);
    CHECK(scene.counts.wild > 0);
    scene.c = 5;
    scene_run(&scene);
}

static void too_small(uint64_t seed)
{
    struct world w;
    uint8_t scalars[4 * FR];
    memset(scalars, 0x11, sizeof scalars);
    make_points();
    world_open(&w, seed);
    struct gpu_buffer b = world_put(&w, scalars, sizeof scalars), keys = world_put(&w, NULL, 40),
                      values = world_put(&w, NULL, 40), cursor = world_put(&w, "\0\0\0", 4);
    struct k_digits_in in = {
        .scalars = {b.ptr, 4, NULL, 0}, .base_to = 4, .c = 5, .window_to = 3, .capacity = 10};
    in.keys = keys.ptr;
    in.values = values.ptr;
    in.cursor = cursor.ptr;
    CHECK_OK(device_curve->digits(&w.dev, w.stream, &in, &w.err), w.err);
    world_close(&w);
}

PM_TEST(refused)
{
    struct world w;
    make_points();
    world_open(&w, test_random());
    struct k_digits_in d = {.c = 5, .window_from = 3, .window_to = 52};
    CHECK(device_curve->digits(&w.dev, w.stream, &d, &w.err) == PM_INTERNAL); /* 253 bits are 51 windows */
    d.c = 1;
    CHECK(device_curve->digits(&w.dev, w.stream, &d, &w.err) == PM_INTERNAL);
    struct k_count_in n = {.families = K_FAMILIES + 1};
    CHECK(device_curve->count(&w.dev, w.stream, &n, &w.err) == PM_INTERNAL);
    struct k_accumulate_in a = {.run = 1};
    CHECK(device_curve->g1.accumulate(&w.dev, w.stream, &a, &w.err) == PM_INTERNAL);
    struct k_reduce_in r = {.c = 22, .windows = 2000};
    CHECK(device_curve->g2.reduce(&w.dev, w.stream, &r, &w.err) == PM_INTERNAL);
    CHECK(GPU_FN(curve_by_name)("tiny") == NULL);
    world_close(&w);
    if (!WORLD_CUDA) expect_death(too_small, test_random(), "more entries than there is room for", NULL);
}
