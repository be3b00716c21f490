/* The names of gpu.h under nvcc: CUDA's own. Include gpu.h, which documents them. Compiled by nvcc for every
 * listed architecture; what could go wrong on the host is an error with CUDA's text. */
#ifndef PM_KERNELS_GPU_CUDA_H
#define PM_KERNELS_GPU_CUDA_H

#ifndef PM_KERNELS_GPU_H
#error "include kernels/gpu.h"
#endif

#include <cuda_runtime.h>
#include <stdio.h>
#include <string.h>

#define GPU_DEVICE                    static __device__ __forceinline__
#define GPU_DEVICE_CALL               static __device__ __noinline__
#define GPU_UNROLL                    _Pragma("unroll")
#define GPU_ALIGN(bytes)              __align__(bytes)
#define GPU_STATIC_ASSERT(cond, text) static_assert(cond, text)
#define GPU_DIE(text)                 ((void)0)
#ifdef __CUDA_ARCH__
#define GPU_ON_DEVICE 1
#else
#define GPU_ON_DEVICE 0
#endif

/* -- In kernels -- */

GPU_DEVICE uint32_t gpu_thread(void) { return threadIdx.x; }
GPU_DEVICE uint32_t gpu_threads(void) { return blockDim.x; }
GPU_DEVICE uint32_t gpu_block(void) { return blockIdx.x; }
GPU_DEVICE uint32_t gpu_block_y(void) { return blockIdx.y; }
GPU_DEVICE uint32_t gpu_blocks(void) { return gridDim.x; }
GPU_DEVICE uint32_t gpu_lane(void) { return threadIdx.x % GPU_WARP; }
GPU_DEVICE uint32_t gpu_popcount(uint32_t v) { return (uint32_t)__popc(v); }

#define GPU_SHARED(type, name, count) __shared__ type name[count]
#define GPU_SHARED_DYNAMIC(type, name)                                                                       \
    extern __shared__ __align__(16) unsigned char gpu_dynamic_shared[];                                      \
    type *const name = reinterpret_cast<type *>(gpu_dynamic_shared)

#define gpu_sync()                    __syncthreads()
#define gpu_sync_warp(mask)           __syncwarp(mask)
#define gpu_shfl(mask, v, lane)       __shfl_sync(mask, (uint32_t)(v), lane)
#define gpu_shfl_up(mask, v, by)      __shfl_up_sync(mask, (uint32_t)(v), by)
#define gpu_shfl_down(mask, v, by)    __shfl_down_sync(mask, (uint32_t)(v), by)
#define gpu_shfl_xor(mask, v, bits)   __shfl_xor_sync(mask, (uint32_t)(v), bits)
#define gpu_ballot(mask, flag)        __ballot_sync(mask, flag)
#define gpu_atomic_add32(p, v)        atomicAdd((uint32_t *)(p), (uint32_t)(v))
#define gpu_atomic_add64(p, v)        atomicAdd((unsigned long long *)(p), (unsigned long long)(v))
#define gpu_atomic_or32(p, v)         atomicOr((uint32_t *)(p), (uint32_t)(v))
#define gpu_atomic_max32(p, v)        atomicMax((uint32_t *)(p), (uint32_t)(v))
#define gpu_atomic_min32(p, v)        atomicMin((uint32_t *)(p), (uint32_t)(v))
#define gpu_atomic_exchange32(p, v)   atomicExch((uint32_t *)(p), (uint32_t)(v))
#define gpu_atomic_cas32(p, old, now) atomicCAS((uint32_t *)(p), (uint32_t)(old), (uint32_t)(now))
#define gpu_atomic_cas64(p, old, now)                                                                        \
    atomicCAS((unsigned long long *)(p), (unsigned long long)(old), (unsigned long long)(now))

/* C linkage, so that a kernel's name in PTX and in kernels/resources.txt is its name here. The address of
 * each that is linked into a program stands in its section gpu_kernels: cuda_local_bytes asks them all. */
#define GPU_KERNEL(name, threads, args_type, a) CUDA_KERNEL_(name, threads, args_type, a)
#define CUDA_KERNEL_(name, threads, args_type, a)                                                            \
    extern "C" __global__ void __launch_bounds__(threads) name(const args_type a);                           \
    extern "C" const void *const name##_listed __attribute__((used, section("gpu_kernels"))) =               \
        reinterpret_cast<const void *>(name);                                                                \
    extern "C" __global__ void __launch_bounds__(threads) name(const args_type a)

#define GPU_LAUNCH(dev, kernel, shape, stream, args, err) CUDA_LAUNCH_(dev, kernel, shape, stream, args, err)
#define CUDA_LAUNCH_(dev, kernel, shape, stream, args, err)                                                  \
    (kernel<<<dim3((shape).blocks_x, (shape).blocks_y), (shape).threads, (shape).shared_bytes, stream>>>(    \
         args),                                                                                              \
     cuda_check(cudaGetLastError(), "launching " #kernel, err))

/* -- On the host -- */

#define CUDA_LOCAL static inline __attribute__((unused))

typedef cudaStream_t gpu_stream;
typedef cudaEvent_t gpu_event;

/* Whose fault an error is. What is neither want of memory, nor a device that is not there for us, nor a call
 * that we made wrongly is the device's: lost, uncorrectable memory, a kernel that did not end well. */
CUDA_LOCAL enum pm_status cuda_status(cudaError_t e)
{
    switch (e) {
    case cudaSuccess:
        return PM_OK;
    case cudaErrorMemoryAllocation:
        return PM_NO_MEMORY;
    case cudaErrorNoDevice:
    case cudaErrorInvalidDevice:
    case cudaErrorDevicesUnavailable: /* another process has it to itself */
        return PM_NOT_FOUND;
    case cudaErrorInsufficientDriver:
    case cudaErrorSystemDriverMismatch:
    case cudaErrorCompatNotSupportedOnDevice:
    case cudaErrorNoKernelImageForDevice:
    case cudaErrorUnsupportedPtxVersion:
        return PM_UNSUPPORTED;
    case cudaErrorInvalidValue:
    case cudaErrorInvalidConfiguration:
    case cudaErrorInvalidSymbol:
    case cudaErrorInvalidDevicePointer:
    case cudaErrorInvalidMemcpyDirection:
    case cudaErrorInvalidDeviceFunction:
    case cudaErrorInvalidResourceHandle:
    case cudaErrorInvalidPtx:
    case cudaErrorLaunchOutOfResources:
        return PM_INTERNAL;
    default:
        return PM_DEVICE;
    }
}

CUDA_LOCAL enum pm_status cuda_check(cudaError_t e, const char *what, struct pm_error *err)
{
    if (e == cudaSuccess) return PM_OK;
    return pm_fail(err, cuda_status(e), "%s: CUDA says \"%s\" (%s)", what, cudaGetErrorString(e),
                   cudaGetErrorName(e));
}

CUDA_LOCAL unsigned cuda_device_count(void)
{
    int n = 0;
    return cudaGetDeviceCount(&n) == cudaSuccess && n > 0 ? (unsigned)n : 0;
}

/* The oldest architecture that the code was compiled for, times ten; its PTX serves all newer ones. */
#ifndef PM_CUDA_MIN_CAPABILITY
#define PM_CUDA_MIN_CAPABILITY 75
#endif

CUDA_LOCAL enum pm_status cuda_check_capability(const struct cudaDeviceProp *prop, struct pm_error *err)
{
    if (10 * prop->major + prop->minor >= PM_CUDA_MIN_CAPABILITY) return PM_OK;
    return pm_fail(err, PM_UNSUPPORTED,
                   "%.96s has compute capability %d.%d; this program needs %d.%d or more", prop->name,
                   prop->major, prop->minor, PM_CUDA_MIN_CAPABILITY / 10, PM_CUDA_MIN_CAPABILITY % 10);
}

CUDA_LOCAL enum pm_status cuda_device_open(struct gpu_device *out, unsigned index, struct pm_error *err)
{
    struct cudaDeviceProp prop;
    size_t free_bytes, all_bytes;
    memset(out, 0, sizeof *out);
    PM_TRY(cuda_check(cudaSetDevice((int)index), "opening the GPU", err));
    PM_TRY(cuda_check(cudaGetDeviceProperties(&prop, (int)index), "asking for the GPU's properties", err));
    PM_TRY(cuda_check_capability(&prop, err));
    PM_TRY(cuda_check(cudaMemGetInfo(&free_bytes, &all_bytes), "asking for the GPU's memory", err));
    out->index = index;
    out->multiprocessors = (unsigned)prop.multiProcessorCount;
    out->max_threads = (unsigned)prop.maxThreadsPerBlock;
    out->shared_bytes = prop.sharedMemPerBlock;
    out->memory_bytes = all_bytes;
    out->budget_bytes = free_bytes;
    snprintf(out->name, sizeof out->name, "%.96s, %u.%u", prop.name, (unsigned)prop.major,
             (unsigned)prop.minor);
    return PM_OK;
}

CUDA_LOCAL enum pm_status cuda_device_use(struct gpu_device *dev, struct pm_error *err)
{
    return cuda_check(cudaSetDevice((int)dev->index), "using the GPU", err);
}

CUDA_LOCAL void cuda_device_close(struct gpu_device *dev) { memset(dev, 0, sizeof *dev); }

CUDA_LOCAL unsigned cuda_blocks_for(struct gpu_device *dev, size_t items, unsigned threads)
{
    size_t enough = items / threads + (items % threads != 0), most = (size_t)dev->multiprocessors * 16;
    if (enough > most) enough = most;
    return enough ? (unsigned)enough : 1;
}

CUDA_LOCAL enum pm_status cuda_alloc(struct gpu_device *dev, struct gpu_buffer *out, size_t bytes,
                                     const char *label, struct pm_error *err)
{
    memset(out, 0, sizeof *out);
    if (bytes == 0) return PM_OK;
    if (bytes > dev->budget_bytes || dev->used_bytes > dev->budget_bytes - bytes)
        return pm_fail(err, PM_NO_MEMORY, "%s needs %zu bytes of device memory: %zu of %zu are in use", label,
                       bytes, dev->used_bytes, dev->budget_bytes);
    PM_TRY(cuda_check(cudaMalloc(&out->ptr, bytes), label, err));
    out->bytes = bytes;
    dev->used_bytes += bytes;
    if (dev->used_bytes > dev->peak_bytes) dev->peak_bytes = dev->used_bytes;
    return PM_OK;
}

CUDA_LOCAL void cuda_free(struct gpu_device *dev, struct gpu_buffer *buffer)
{
    if (!buffer->ptr) return;
    (void)cudaFree(buffer->ptr);
    dev->used_bytes -= buffer->bytes;
    memset(buffer, 0, sizeof *buffer);
}

CUDA_LOCAL enum pm_status cuda_pin_alloc(struct gpu_device *, struct gpu_buffer *out, size_t bytes,
                                         const char *label, struct pm_error *err)
{
    memset(out, 0, sizeof *out);
    if (bytes == 0) return PM_OK;
    PM_TRY(cuda_check(cudaMallocHost(&out->ptr, bytes), label, err));
    out->bytes = bytes;
    return PM_OK;
}

CUDA_LOCAL void cuda_pin_free(struct gpu_device *, struct gpu_buffer *buffer)
{
    if (buffer->ptr) (void)cudaFreeHost(buffer->ptr);
    memset(buffer, 0, sizeof *buffer);
}

CUDA_LOCAL enum pm_status cuda_stream_new(struct gpu_device *, gpu_stream *out, struct pm_error *err)
{
    return cuda_check(cudaStreamCreateWithFlags(out, cudaStreamNonBlocking), "making a stream", err);
}
CUDA_LOCAL void cuda_stream_free(struct gpu_device *, gpu_stream *stream)
{
    if (*stream) (void)cudaStreamDestroy(*stream);
    *stream = NULL;
}
CUDA_LOCAL enum pm_status cuda_stream_sync(struct gpu_device *, gpu_stream stream, struct pm_error *err)
{
    return cuda_check(cudaStreamSynchronize(stream), "waiting for the GPU", err);
}

CUDA_LOCAL enum pm_status cuda_event_new(struct gpu_device *, gpu_event *out, struct pm_error *err)
{
    return cuda_check(cudaEventCreateWithFlags(out, cudaEventDisableTiming), "making an event", err);
}
CUDA_LOCAL void cuda_event_free(struct gpu_device *, gpu_event *event)
{
    if (*event) (void)cudaEventDestroy(*event);
    *event = NULL;
}
CUDA_LOCAL enum pm_status cuda_event_record(struct gpu_device *, gpu_event event, gpu_stream stream,
                                            struct pm_error *err)
{
    return cuda_check(cudaEventRecord(event, stream), "recording an event", err);
}
CUDA_LOCAL enum pm_status cuda_event_wait(struct gpu_device *, gpu_stream stream, gpu_event event,
                                          struct pm_error *err)
{
    return cuda_check(cudaStreamWaitEvent(stream, event, 0), "waiting for an event", err);
}
CUDA_LOCAL enum pm_status cuda_event_sync(struct gpu_device *, gpu_event event, struct pm_error *err)
{
    return cuda_check(cudaEventSynchronize(event), "waiting for the GPU", err);
}

CUDA_LOCAL enum pm_status cuda_fence(struct gpu_device *, gpu_stream, void *, size_t, bool, struct pm_error *)
{
    return PM_OK;
}

CUDA_LOCAL enum pm_status cuda_upload(struct gpu_device *, gpu_stream stream, void *to_device,
                                      const void *from_host, size_t bytes, struct pm_error *err)
{
    return cuda_check(cudaMemcpyAsync(to_device, from_host, bytes, cudaMemcpyHostToDevice, stream),
                      "copying to the GPU", err);
}
CUDA_LOCAL enum pm_status cuda_download(struct gpu_device *, gpu_stream stream, void *to_host,
                                        const void *from_device, size_t bytes, struct pm_error *err)
{
    return cuda_check(cudaMemcpyAsync(to_host, from_device, bytes, cudaMemcpyDeviceToHost, stream),
                      "copying from the GPU", err);
}
CUDA_LOCAL enum pm_status cuda_move(struct gpu_device *, gpu_stream stream, void *to_device,
                                    const void *from_device, size_t bytes, struct pm_error *err)
{
    return cuda_check(cudaMemcpyAsync(to_device, from_device, bytes, cudaMemcpyDeviceToDevice, stream),
                      "copying on the GPU", err);
}
CUDA_LOCAL enum pm_status cuda_fill(struct gpu_device *, gpu_stream stream, void *to_device, uint8_t byte,
                                    size_t bytes, struct pm_error *err)
{
    return cuda_check(cudaMemsetAsync(to_device, byte, bytes, stream), "filling on the GPU", err);
}

#endif
