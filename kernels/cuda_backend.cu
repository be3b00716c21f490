/* The backend "cuda": NVIDIA GPUs. The CUDA runtime is linked in and opens the driver's library when it is
 * first asked; without a driver there are no devices, and nothing else changes. */
extern "C" {
#include "prove/backend.h"
}

#include "kernels/backend_plan.h"

#include <dlfcn.h>
#include <stdio.h>

/* What CUDA the driver does, times 1000; 0: there is none. The runtime does not tell one from the other. */
static int driver_version(void)
{
    int version = 0;
    void *library = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
    if (!library) return 0;
    int (*ask)(int *) = reinterpret_cast<int (*)(int *)>(dlsym(library, "cuDriverGetVersion"));
    if (ask && ask(&version) != 0) version = 0;
    (void)dlclose(library);
    return version;
}

/* PM_NOT_FOUND with the reason where there is no such device, PM_UNSUPPORTED where it or its driver is too
 * old. */
static enum pm_status find_device(struct cudaDeviceProp *prop, unsigned index, struct pm_error *err)
{
    int n = 0, runtime = 0;
    cudaError_t e = cudaGetDeviceCount(&n);
    int driver = e == cudaSuccess ? 0 : driver_version();
    (void)cudaRuntimeGetVersion(&runtime);
    if (e == cudaErrorInsufficientDriver && driver > 0)
        return pm_fail(err, PM_UNSUPPORTED,
                       "device cuda:%u: the NVIDIA driver is too old: it does CUDA %d.%d, this program needs "
                       "%d.%d; install a newer driver",
                       index, driver / 1000, driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10);
    if (e != cudaSuccess && driver == 0)
        return pm_fail(err, PM_NOT_FOUND,
                       "device cuda:%u: there is no NVIDIA driver on this machine (libcuda.so.1 is missing)",
                       index);
    if (e != cudaSuccess && e != cudaErrorNoDevice) return cuda_check(e, "looking for GPUs", err);
    if (e == cudaErrorNoDevice || index >= (unsigned)n)
        return pm_fail(err, PM_NOT_FOUND, "device cuda:%u: this machine has %d NVIDIA GPUs", index, n);
    PM_TRY(cuda_check(cudaGetDeviceProperties(prop, (int)index), "asking for the GPU's properties", err));
    return cuda_check_capability(prop, err);
}

/* As nvidia-smi -L prints it. */
static void uuid_text(char out[41], const cudaUUID_t *uuid)
{
    size_t at = (size_t)snprintf(out, 41, "GPU-");
    for (int i = 0; i < 16; i++)
        at += (size_t)snprintf(out + at, 41 - at, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
                               (unsigned)(unsigned char)uuid->bytes[i]);
}

/* 0 where this process has no context on the device: asking would make one, which takes memory and time. */
static uint64_t free_bytes(unsigned index)
{
    unsigned flags;
    int active = 0, before = 0;
    size_t free_now = 0, all;
    void *library = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
    if (!library) return 0;
    int (*ask)(int, unsigned *, int *) =
        reinterpret_cast<int (*)(int, unsigned *, int *)>(dlsym(library, "cuDevicePrimaryCtxGetState"));
    if (ask && ask((int)index, &flags, &active) != 0) active = 0;
    (void)dlclose(library);
    if (!active || cudaGetDevice(&before) != cudaSuccess || cudaSetDevice((int)index) != cudaSuccess)
        return 0;
    if (cudaMemGetInfo(&free_now, &all) != cudaSuccess) free_now = 0;
    (void)cudaSetDevice(before);
    return free_now;
}

static enum pm_status backend_describe(struct pm_backend_device *out, unsigned index, struct pm_error *err)
{
    struct cudaDeviceProp prop;
    char uuid[41];
    int driver = 0;
    PM_TRY(find_device(&prop, index, err));
    (void)cudaDriverGetVersion(&driver);
    uuid_text(uuid, &prop.uuid);
    out->memory_bytes = prop.totalGlobalMem;
    out->free_bytes = free_bytes(index);
    (void)snprintf(out->text, sizeof out->text, "%.40s, %d.%d, %u MiB, driver for CUDA %d.%d, %s", prop.name,
                   prop.major, prop.minor, (unsigned)(prop.totalGlobalMem >> 20), driver / 1000,
                   driver % 1000 / 10, uuid);
    return PM_OK;
}

static enum pm_status backend_find(unsigned *device, const char *text, struct pm_error *err)
{
    struct cudaDeviceProp prop;
    char uuid[41];
    unsigned n = cuda_device_count();
    if (strncmp(text, "GPU-", 4) != 0)
        return pm_fail(err, PM_USAGE,
                       "device \"cuda:%.60s\": expected a number, or GPU-... as nvidia-smi -L prints it",
                       text);
    if (n == 0) return find_device(&prop, 0, err);
    for (unsigned i = 0; i < n; i++) {
        PM_TRY(cuda_check(cudaGetDeviceProperties(&prop, (int)i), "asking for a GPU's properties", err));
        uuid_text(uuid, &prop.uuid);
        *device = i;
        if (strcmp(uuid, text) == 0) return cuda_check_capability(&prop, err);
    }
    return pm_fail(err, PM_NOT_FOUND, "device \"cuda:%.60s\": none of this machine's %u NVIDIA GPUs", text,
                   n);
}

/* All kernels of this program: gpu_cuda.h lists them, the linker sets the bounds. */
extern "C" {
extern const void *const __start_gpu_kernels[] __attribute__((visibility("hidden")));
extern const void *const __stop_gpu_kernels[] __attribute__((visibility("hidden")));
}

/* What the driver will take of free memory: local memory for the kernel that has most of it (CUB's have
 * none), and code when it is first used. */
static enum pm_status cuda_reserve(size_t *out, const struct gpu_device *dev, struct pm_error *err)
{
    int threads = 0;
    size_t local = 0;
    PM_TRY(
        cuda_check(cudaDeviceGetAttribute(&threads, cudaDevAttrMaxThreadsPerMultiProcessor, (int)dev->index),
                   "asking how many threads the GPU holds", err));
    for (const void *const *kernel = __start_gpu_kernels; kernel < __stop_gpu_kernels; kernel++) {
        struct cudaFuncAttributes attributes;
        PM_TRY(cuda_check(cudaFuncGetAttributes(&attributes, *kernel), "asking for a kernel's memory", err));
        if (attributes.localSizeBytes > local) local = attributes.localSizeBytes;
    }
    *out = gpu_reserve_bytes(local, (unsigned)threads, dev->multiprocessors);
    return PM_OK;
}

/* BACKEND_CONTEXT is an assumption until it is measured on a device (gpu_check has a row for it). */
#define BACKEND         pm_backend_cuda
#define BACKEND_NAME    "cuda"
#define BACKEND_CONTEXT ((size_t)512 << 20)
#define BACKEND_RESERVE cuda_reserve
#define BACKEND_SHARED  true
#define BACKEND_STAGE   ((size_t)4 << 20)
#define BACKEND_FIND    backend_find
#include "kernels/backend_gpu.h"
