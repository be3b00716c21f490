/* Multi-scalar multiplications from a curve's launchers: included once by emu_curves.c and once by
 * cuda_curves.cu. No kernels. gpu_curve.h has the contracts. */
#include "kernels/gpu_curve.h"

#include <string.h>

static void *msm_at(const struct gpu_msm_in *in, size_t offset) { return (uint8_t *)in->memory + offset; }

/* Before every piece but the first, and at the end. */
static enum pm_status msm_fence(struct gpu_device *dev, gpu_stream stream, const struct gpu_msm_in *in,
                                struct pm_error *err)
{
    const struct gpu_msm_plan *p = in->plan;
    const size_t behind[] = {p->keys[0],        p->keys[1],      p->values[0],
                             p->values[1],      p->sort,         p->group[0].buckets,
                             p->group[0].carry, p->group[0].out, p->group[1].buckets,
                             p->group[1].carry, p->group[1].out, p->bytes};
    if (p->gap == 0) return PM_OK;
    for (size_t i = 0; i < sizeof behind / sizeof *behind; i++)
        if (behind[i]) PM_TRY(gpu_fence(dev, stream, msm_at(in, behind[i] - p->gap), p->gap, true, err));
    return PM_OK;
}

enum pm_status GPU_FN(msm_clear)(struct gpu_device *dev, gpu_stream stream, const struct gpu_msm_in *in,
                                 unsigned g, struct pm_error *err)
{
    const struct gpu_msm_plan *p = in->plan;
    if (g == 0) PM_TRY(msm_fence(dev, stream, in, err));
    return gpu_fill(dev, stream, msm_at(in, p->group[g].buckets), 0,
                    p->n_buckets * p->size.group[g]->point_bytes, err);
}

enum pm_status GPU_FN(msm_sort)(struct gpu_device *dev, gpu_stream stream, struct gpu_msm_sorted *out,
                                const struct gpu_msm_in *in, const struct gpu_msm_part *part,
                                struct pm_error *err)
{
    const struct gpu_msm_plan *p = in->plan;
    struct k_digits_in d;
    struct gpu_pairs pairs;
    memset(&d, 0, sizeof d);
    memset(out, 0, sizeof *out);
    d.base_from = part->base_from;
    d.base_to = part->base_to;
    d.c = p->c;
    d.window_from = part->window_from;
    d.window_to =
        p->windows - part->window_from < p->group_windows ? p->windows : part->window_from + p->group_windows;
    for (unsigned half = 0; half < 2; half++) {
        pairs.key[half] = (uint32_t *)msm_at(in, p->keys[half]);
        pairs.value[half] = (uint32_t *)msm_at(in, p->values[half]);
    }
    pairs.current = 0;
    d.keys = pairs.key[0];
    d.values = pairs.value[0];
    d.cursor = (uint32_t *)msm_at(in, p->cursor);
    d.capacity = gpu_msm_entries(p, part->window_from, part->base_to - part->base_from);
    if (d.capacity > p->n_entries)
        return pm_fail(err, PM_INTERNAL, "%u entries are planned for, not %u", p->n_entries, d.capacity);
    if (d.capacity == 0) return PM_OK;
    /* Places that stay free have the largest key, whatever number of its bits is sorted by. */
    PM_TRY(gpu_fill(dev, stream, d.keys, 0xff, d.capacity * sizeof(uint32_t), err));
    PM_TRY(gpu_fill(dev, stream, d.cursor, 0, sizeof(uint32_t), err));
    for (unsigned i = 0; i < in->n_sources; i++) {
        d.scalars = in->sources[i];
        PM_TRY(in->curve->digits(dev, stream, &d, err));
    }
    unsigned bits = 0;
    while ((uint64_t)(d.window_to - d.window_from) << (p->c - 1) >> bits) bits++;
    PM_TRY(gpu_sort_pairs(dev, stream, &pairs, d.capacity, bits, msm_at(in, p->sort), p->sort_bytes, err));
    out->keys = pairs.key[pairs.current];
    out->values = pairs.value[pairs.current];
    out->n = d.capacity;
    return PM_OK;
}

enum pm_status GPU_FN(msm_add)(struct gpu_device *dev, gpu_stream stream, const struct gpu_msm_in *in,
                               unsigned g, const void *bases, const struct gpu_msm_part *part,
                               const struct gpu_msm_sorted *sorted, struct pm_error *err)
{
    const struct gpu_msm_plan *p = in->plan;
    const struct gpu_group *group = p->size.group[g];
    struct k_accumulate_in a;
    size_t first = (size_t)part->window_from << (p->c - 1);
    memset(&a, 0, sizeof a);
    a.keys = sorted->keys;
    a.values = sorted->values;
    a.n = sorted->n;
    a.bases = bases;
    a.buckets = (uint8_t *)msm_at(in, p->group[g].buckets) + first * group->point_bytes;
    a.n_buckets = p->n_buckets - (uint32_t)first;
    if (a.n_buckets > p->group_windows << (p->c - 1)) a.n_buckets = p->group_windows << (p->c - 1);
    a.run = gpu_msm_run(sorted->n);
    a.scratch = msm_at(in, p->group[g].carry);
    return group->accumulate(dev, stream, &a, err);
}

enum pm_status GPU_FN(msm_reduce)(struct gpu_device *dev, gpu_stream stream, const struct gpu_msm_in *in,
                                  unsigned g, struct pm_error *err)
{
    const struct gpu_msm_plan *p = in->plan;
    struct k_reduce_in r;
    r.buckets = msm_at(in, p->group[g].buckets);
    r.c = p->c;
    r.windows = p->windows;
    r.out = msm_at(in, p->group[g].out);
    return p->size.group[g]->reduce(dev, stream, &r, err);
}

enum pm_status GPU_FN(msm)(struct gpu_device *dev, gpu_stream stream, const struct gpu_msm_in *in,
                           const void *const bases[2], uint32_t n_bases, struct pm_error *err)
{
    const struct gpu_msm_plan *p = in->plan;
    struct gpu_msm_part part;
    struct gpu_msm_sorted sorted;
    part.base_from = 0;
    part.base_to = n_bases;
    for (unsigned g = 0; g < 2; g++)
        if (p->size.group[g]) PM_TRY(GPU_FN(msm_clear)(dev, stream, in, g, err));
    for (part.window_from = 0; part.window_from < p->windows; part.window_from += p->group_windows) {
        PM_TRY(GPU_FN(msm_sort)(dev, stream, &sorted, in, &part, err));
        for (unsigned g = 0; g < 2; g++)
            if (p->size.group[g]) PM_TRY(GPU_FN(msm_add)(dev, stream, in, g, bases[g], &part, &sorted, err));
    }
    for (unsigned g = 0; g < 2; g++)
        if (p->size.group[g]) PM_TRY(GPU_FN(msm_reduce)(dev, stream, in, g, err));
    return PM_OK;
}
