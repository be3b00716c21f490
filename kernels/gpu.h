/* The seam: all that a kernel and its launcher may know of the machine they run on. Under nvcc these names
 * are CUDA (gpu_cuda.h); under a C compiler they are the emulator (emu.h). One source, in the common subset
 * of C11 and C++, is compiled by both. Not here: the PTX instructions of long arithmetic (ptx.h).
 *
 * A kernel takes one argument struct by value, which holds device pointers and plain numbers:
 *
 *     struct fill_args { uint32_t *out; uint32_t n; };
 *     GPU_KERNEL(fill, 256, struct fill_args, a)      // 256: the most threads a block of it has
 *     {
 *         for (uint32_t i = gpu_global(); i < a.n; i += gpu_global_count()) a.out[i] = i;
 *     }
 *     status = GPU_LAUNCH(dev, fill, gpu_shape_1d(grid, 256, 0), stream, args, err);
 *
 * In kernels (threads of a block along x; grids along x and y)
 *   gpu_thread() gpu_threads() gpu_block() gpu_block_y() gpu_blocks() gpu_lane()
 *   GPU_SHARED(type, name, count)         static shared memory; uninitialised
 *   GPU_SHARED_DYNAMIC(type, name)        the launch's shared_bytes, aligned to 16
 *   gpu_sync()                            all threads of the block, none of which may have left, from one
 * place gpu_sync_warp(mask)                   the lanes of mask, likewise; masks are always stated
 *   gpu_shfl(mask, v, lane) gpu_shfl_up(mask, v, by) gpu_shfl_down(mask, v, by) gpu_shfl_xor(mask, v, bits)
 *                                         32 bits; up and down give v itself where there is no such lane
 *   gpu_ballot(mask, flag) gpu_popcount(v)
 *   gpu_atomic_add32/_add64/_max32/_min32/_or32/_exchange32/_cas32/_cas64   relaxed; the old value
 *   GPU_DEVICE, GPU_DEVICE_CALL           qualifiers of functions for kernels: inlined, never inlined
 *   GPU_UNROLL                            before a loop with constant bounds
 *   GPU_DIE(text)                         our own fault: the emulator aborts; nothing under nvcc
 *
 * On the host: what follows. Nothing waits but gpu_stream_sync, gpu_event_sync and gpu_free; copies read
 * their source when they run, not when they are queued. A stream is first in, first out; streams have no
 * order among each other but by events. One thread uses a device. */
#ifndef PM_KERNELS_GPU_H
#define PM_KERNELS_GPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#include "base/status.h"
#ifdef __cplusplus
}
#endif

#define GPU_CAT_(a, b) a##b
#define GPU_CAT(a, b)  GPU_CAT_(a, b)

enum { GPU_WARP = 32 };
#define GPU_ALL_LANES 0xffffffffu

struct gpu_device {
    char name[128];
    unsigned index, multiprocessors, max_threads; /* max_threads: of a block */
    size_t shared_bytes;                          /* of a block */
    size_t memory_bytes;
    size_t budget_bytes; /* what gpu_alloc may take in all; the caller may lower it */
    size_t used_bytes, peak_bytes;
    void *impl;
};

struct gpu_buffer {
    void *ptr; /* aligned to 256 bytes */
    size_t bytes;
};

struct gpu_shape {
    unsigned blocks_x, blocks_y, threads;
    size_t shared_bytes; /* dynamic */
};

static inline struct gpu_shape gpu_shape_1d(unsigned blocks, unsigned threads, size_t shared_bytes)
{
    struct gpu_shape s = {blocks, 1, threads, shared_bytes};
    return s;
}

/* The same functions on both sides, so that one program can hold both. */
#if defined __CUDACC__ || defined GPU_HOST_OF_CUDA
#define GPU_FN(name) GPU_CAT(cuda_, name)
#else
#define GPU_FN(name) GPU_CAT(emu_, name)
#endif

/* open(out, index, err): PM_NOT_FOUND without such a device or driver. close(dev): everything was freed.
 * use(dev, err): by whichever thread uses the device next. */
#define gpu_device_count GPU_FN(device_count)
#define gpu_device_use   GPU_FN(device_use)
#define gpu_device_open  GPU_FN(device_open)
#define gpu_device_close GPU_FN(device_close)

/* alloc(dev, buffer out, bytes, label, err): PM_NO_MEMORY names label, budget and use; 0 bytes give ptr NULL.
 * free(dev, buffer): nulls; no queued work may still use it. pin_*: host memory for copies. */
#define gpu_alloc     GPU_FN(alloc)
#define gpu_free      GPU_FN(free)
#define gpu_pin_alloc GPU_FN(pin_alloc)
#define gpu_pin_free  GPU_FN(pin_free)

/* stream_new(dev, out, err), stream_free(dev, stream *), stream_sync(dev, stream, err); event_new, event_free
 * likewise; event_record(dev, event, stream, err), event_wait(dev, stream, event, err): the stream waits for
 * the latest record; event_sync(dev, event, err): the host waits. */
#define gpu_stream_new   GPU_FN(stream_new)
#define gpu_stream_free  GPU_FN(stream_free)
#define gpu_stream_sync  GPU_FN(stream_sync)
#define gpu_event_new    GPU_FN(event_new)
#define gpu_event_free   GPU_FN(event_free)
#define gpu_event_record GPU_FN(event_record)
#define gpu_event_wait   GPU_FN(event_wait)
#define gpu_event_sync   GPU_FN(event_sync)

/* upload(dev, stream, device, host, bytes, err), download(dev, stream, host, device, bytes, err),
 * move(dev, stream, device, device, bytes, err), fill(dev, stream, device, byte, bytes, err). */
/* fence(dev, stream, device, bytes, up, err): for the emulator. From when the stream gets there on, nothing
 * may touch these bytes, which lie between pieces of a buffer; up false: checked once more and free again, as
 * all fences of a buffer are when it is filled whole. Nothing under nvcc, where plans leave no bytes for it.
 */
#define gpu_fence    GPU_FN(fence)
#define gpu_upload   GPU_FN(upload)
#define gpu_download GPU_FN(download)
#define gpu_move     GPU_FN(move)
#define gpu_fill     GPU_FN(fill)

/* blocks_for(dev, items, threads): how many blocks a kernel that strides over its items gets; at least 1. */
#define gpu_blocks_for GPU_FN(blocks_for)

#ifdef __CUDACC__
#include "kernels/gpu_cuda.h"
#else
#include "kernels/emu.h"
#ifdef GPU_HOST_OF_CUDA
#include "kernels/gpu_cuda_host.h"
#endif
#endif

/* Index of this thread along x over the whole grid, and how many there are. */
GPU_DEVICE uint32_t gpu_global(void) { return gpu_block() * gpu_threads() + gpu_thread(); }
GPU_DEVICE uint32_t gpu_global_count(void) { return gpu_blocks() * gpu_threads(); }

#endif
