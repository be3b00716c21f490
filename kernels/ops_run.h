/* emu_ops_run and cuda_ops_run of ops.h: included once by emu_ops.c and once by cuda_ops.cu. */
#include "kernels/ops.h"

#include <string.h>

typedef enum pm_status ops_vec_fn(struct gpu_device *dev, gpu_stream stream, enum k_vec_op op, void *out,
                                  const struct k_vec_in *in, size_t n, struct pm_error *err);
typedef enum pm_status ops_points_fn(struct gpu_device *dev, gpu_stream stream, enum k_points_op op,
                                     void *out, const struct k_points_in *in, size_t n, struct pm_error *err);
static ops_vec_fn *const vec_fns[][3] = {
    {GPU_FN(bn254_fr_vec), GPU_FN(bn254_fp_vec), GPU_FN(bn254_fp2_vec)},
    {GPU_FN(bls12_381_fr_vec), GPU_FN(bls12_381_fp_vec), GPU_FN(bls12_381_fp2_vec)}};
static ops_points_fn *const points_fns[][2] = {{GPU_FN(bn254_g1_points), GPU_FN(bn254_g2_points)},
                                               {GPU_FN(bls12_381_g1_points), GPU_FN(bls12_381_g2_points)}};

static enum pm_status launch(struct gpu_device *dev, gpu_stream stream, const struct ops_call *c,
                             const struct gpu_buffer *b, void *out, struct pm_error *err)
{
    struct k_vec_in v;
    struct k_points_in p;
    v.a = p.a = b[0].ptr;
    v.b = p.b = b[1].ptr;
    v.c = p.affine = b[2].ptr;
    v.d = b[3].ptr;
    if (c->what == OPS_PTX) return GPU_FN(ptx)(dev, stream, (enum k_ptx_function)c->op, out, &v, c->n, err);
    if (c->what < OPS_G1)
        return vec_fns[c->curve][c->what](dev, stream, (enum k_vec_op)c->op, out, &v, c->n, err);
    return points_fns[c->curve][c->what - OPS_G1](dev, stream, (enum k_points_op)c->op, out, &p, c->n, err);
}

static enum pm_status copy_and_launch(struct gpu_device *dev, gpu_stream stream, const struct ops_call *c,
                                      struct gpu_buffer *b, struct pm_error *err)
{
    struct gpu_buffer *out = c->alias < 0 ? &b[4] : &b[c->alias];
    for (int i = 0; i < 4; i++) {
        PM_TRY(gpu_alloc(dev, &b[i], c->n * c->in_bytes[i], "input", err));
        if (b[i].bytes) PM_TRY(gpu_upload(dev, stream, b[i].ptr, c->in[i], b[i].bytes, err));
    }
    PM_TRY(gpu_alloc(dev, &b[4], c->n * c->out_bytes, "result", err));
    PM_TRY(launch(dev, stream, c, b, out->ptr, err));
    if (c->n) PM_TRY(gpu_download(dev, stream, c->out, out->ptr, c->n * c->out_bytes, err));
    return gpu_stream_sync(dev, stream, err);
}

enum pm_status GPU_FN(ops_run)(const struct ops_call *c, struct pm_error *err)
{
    struct gpu_device dev;
    struct gpu_buffer b[5];
    gpu_stream stream;
    memset(b, 0, sizeof b);
    PM_TRY(gpu_device_open(&dev, 0, err));
#ifndef __CUDACC__
    emu_device_seed(&dev, c->seed);
#endif
    enum pm_status status = gpu_stream_new(&dev, &stream, err);
    if (status == PM_OK) {
        status = copy_and_launch(&dev, stream, c, b, err);
        if (status != PM_OK && gpu_stream_sync(&dev, stream, NULL) != PM_OK) status = PM_INTERNAL;
        for (int i = 0; i < 5; i++) gpu_free(&dev, &b[i]);
        gpu_stream_free(&dev, &stream);
    }
    gpu_device_close(&dev);
    return status;
}

#ifdef __CUDACC__
unsigned cuda_ops_devices(void) { return gpu_device_count(); }
#endif
