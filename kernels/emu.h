/* The emulated device: the names of gpu.h on a CPU, one fiber for each CUDA thread, blocks one after another.
 * Orders are drawn by a seed: of threads between barriers, of blocks, of streams, and the shape of a grid.
 * What a device would let pass or answer with garbage aborts here, with kernel, block and thread: a barrier
 * that some threads do not reach, a shuffle with missing lanes, an undefined carry, writes past shared
 * memory, work on freed buffers, leaks. AddressSanitizer sees overruns, ThreadSanitizer a missing barrier. It
 * cannot show memory ordering, occupancy or the compiler's own faults. Include gpu.h, which documents the
 * names.
 *
 * emu_block.c runs blocks, emu_fiber.c switches stacks, emu_memory.c holds buffers, emu_queue.c streams,
 * emu_fault.c makes it fail. */
#ifndef PM_KERNELS_EMU_H
#define PM_KERNELS_EMU_H

#ifndef PM_KERNELS_GPU_H
#error "include kernels/gpu.h"
#endif

/* One CUDA thread as kernels see it; emu_block.c keeps the rest. */
struct emu_thread {
    uint32_t thread, threads, block_x, block_y, blocks_x, blocks_y;
};

#define EMU_THREAD_LOCAL _Thread_local __attribute__((tls_model("initial-exec")))
extern EMU_THREAD_LOCAL struct emu_thread *emu_self; /* NULL outside kernels */

/* Carry flag of ptx.h: 0 or 1 of an addition, 2 or 3 (borrow 0 or 1) of a subtraction, or undefined. */
enum { EMU_CC_ADD = 0, EMU_CC_SUB = 2, EMU_CC_UNDEFINED = 4 };
extern EMU_THREAD_LOCAL unsigned char emu_cc;

/* "emulated device: kernel K, block (x, y), thread t: text", then abort(). */
_Noreturn void emu_die(const char *fmt, ...) PM_PRINTF(1, 2);
/* The same for our own faults, but not after the device gave wrong bits (emu_fault.c): what a real one does.
 */
void emu_own_fault(const char *file, int line, const char *text);
#define GPU_DIE(text) emu_own_fault(__FILE__, __LINE__, text)

#define GPU_DEVICE      static inline __attribute__((unused))
#define GPU_DEVICE_CALL static __attribute__((unused, noinline))
#define GPU_UNROLL
#define GPU_ALIGN(bytes)              __attribute__((aligned(bytes)))
#define GPU_STATIC_ASSERT(cond, text) _Static_assert(cond, text)
#define GPU_ON_DEVICE                 1

GPU_DEVICE uint32_t gpu_thread(void) { return emu_self->thread; }
GPU_DEVICE uint32_t gpu_threads(void) { return emu_self->threads; }
GPU_DEVICE uint32_t gpu_block(void) { return emu_self->block_x; }
GPU_DEVICE uint32_t gpu_block_y(void) { return emu_self->block_y; }
GPU_DEVICE uint32_t gpu_blocks(void) { return emu_self->blocks_x; }
GPU_DEVICE uint32_t gpu_lane(void) { return emu_self->thread % GPU_WARP; }
GPU_DEVICE uint32_t gpu_popcount(uint32_t v) { return (uint32_t)__builtin_popcount(v); }

void *emu_shared(const char *site, size_t bytes);
void *emu_shared_dynamic(void);
#define GPU_SHARED(type, name, count)                                                                        \
    static const char name##_site[] = #name;                                                                 \
    type *const name = (type *)emu_shared(name##_site, sizeof(type) * (count))
#define GPU_SHARED_DYNAMIC(type, name) type *const name = (type *)emu_shared_dynamic()

enum emu_warp_op { EMU_SYNC_WARP, EMU_SHFL, EMU_SHFL_UP, EMU_SHFL_DOWN, EMU_SHFL_XOR, EMU_BALLOT };
void emu_sync(const char *file, int line);
uint32_t emu_warp(enum emu_warp_op op, uint32_t mask, uint32_t value, uint32_t argument, const char *file,
                  int line);
#define gpu_sync()                  emu_sync(__FILE__, __LINE__)
#define gpu_sync_warp(mask)         ((void)emu_warp(EMU_SYNC_WARP, mask, 0, 0, __FILE__, __LINE__))
#define gpu_shfl(mask, v, lane)     emu_warp(EMU_SHFL, mask, v, lane, __FILE__, __LINE__)
#define gpu_shfl_up(mask, v, by)    emu_warp(EMU_SHFL_UP, mask, v, by, __FILE__, __LINE__)
#define gpu_shfl_down(mask, v, by)  emu_warp(EMU_SHFL_DOWN, mask, v, by, __FILE__, __LINE__)
#define gpu_shfl_xor(mask, v, bits) emu_warp(EMU_SHFL_XOR, mask, v, bits, __FILE__, __LINE__)
#define gpu_ballot(mask, flag)      emu_warp(EMU_BALLOT, mask, (flag) ? 1 : 0, 0, __FILE__, __LINE__)

#define gpu_atomic_add32(p, v)      __atomic_fetch_add((uint32_t *)(p), (uint32_t)(v), __ATOMIC_RELAXED)
#define gpu_atomic_add64(p, v)      __atomic_fetch_add((uint64_t *)(p), (uint64_t)(v), __ATOMIC_RELAXED)
#define gpu_atomic_or32(p, v)       __atomic_fetch_or((uint32_t *)(p), (uint32_t)(v), __ATOMIC_RELAXED)
#define gpu_atomic_exchange32(p, v) __atomic_exchange_n((uint32_t *)(p), (uint32_t)(v), __ATOMIC_RELAXED)
GPU_DEVICE uint32_t gpu_atomic_cas32(uint32_t *p, uint32_t expected, uint32_t desired)
{
    __atomic_compare_exchange_n(p, &expected, desired, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    return expected;
}
GPU_DEVICE uint64_t gpu_atomic_cas64(uint64_t *p, uint64_t expected, uint64_t desired)
{
    __atomic_compare_exchange_n(p, &expected, desired, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    return expected;
}
GPU_DEVICE uint32_t gpu_atomic_max32(uint32_t *p, uint32_t v)
{
    uint32_t old = __atomic_load_n(p, __ATOMIC_RELAXED), seen;
    while (old < v && (seen = gpu_atomic_cas32(p, old, v)) != old) old = seen;
    return old;
}
GPU_DEVICE uint32_t gpu_atomic_min32(uint32_t *p, uint32_t v)
{
    uint32_t old = __atomic_load_n(p, __ATOMIC_RELAXED), seen;
    while (old > v && (seen = gpu_atomic_cas32(p, old, v)) != old) old = seen;
    return old;
}

/* -- Kernels and launches -- */

struct emu_kernel {
    const char *name;
    void (*entry)(const void *args);
    size_t args_bytes;
    unsigned max_threads;
};

#define GPU_KERNEL(name, threads, args_type, a) EMU_KERNEL_(name, threads, args_type, a)
#define EMU_KERNEL_(kernel, threads, args_type, a)                                                           \
    static void kernel##_body(args_type a);                                                                  \
    static void kernel##_entry(const void *args) { kernel##_body(*(const args_type *)args); }                \
    static const struct emu_kernel kernel                                                                    \
        __attribute__((unused)) = {#kernel, kernel##_entry, sizeof(args_type), threads};                     \
    static void kernel##_body(args_type a)

/* args: an lvalue of the kernel's struct; it is copied. */
#define GPU_LAUNCH(dev, kernel, shape, stream, args, err)                                                    \
    emu_launch(dev, &(kernel), shape, stream, &(args), sizeof(args), err)

struct emu_stream;
struct emu_event;
typedef struct emu_stream *gpu_stream;
typedef struct emu_event *gpu_event;

PM_MUST_USE enum pm_status emu_launch(struct gpu_device *dev, const struct emu_kernel *kernel,
                                      struct gpu_shape shape, gpu_stream stream, const void *args,
                                      size_t args_bytes, struct pm_error *err);

/* -- The host's side; gpu.h says what each does -- */

/* Draws everything from `seed` from here on; before any stream or buffer was made. A device opens with the
 * seed in the environment's PROOFMILL_EMU_SEED, 1 where there is none. For tests of what a device may be
 * like, in bytes: PROOFMILL_EMU_TAKEN of its memory are not free, PROOFMILL_EMU_SORT_MORE are what its sort
 * takes beyond its due, PROOFMILL_EMU_RESERVE what the backend leaves to a driver. To the file
 * PROOFMILL_EMU_LAUNCHED it adds the names of the kernels that it ran, when it is closed. */
void emu_device_seed(struct gpu_device *dev, uint64_t seed);

unsigned emu_device_count(void);
PM_MUST_USE enum pm_status emu_device_open(struct gpu_device *out, unsigned index, struct pm_error *err);
PM_MUST_USE enum pm_status emu_device_use(struct gpu_device *dev, struct pm_error *err);
void emu_device_close(struct gpu_device *dev);
unsigned emu_blocks_for(struct gpu_device *dev, size_t items, unsigned threads);

PM_MUST_USE enum pm_status emu_alloc(struct gpu_device *dev, struct gpu_buffer *out, size_t bytes,
                                     const char *label, struct pm_error *err);
void emu_free(struct gpu_device *dev, struct gpu_buffer *buffer);
PM_MUST_USE enum pm_status emu_pin_alloc(struct gpu_device *dev, struct gpu_buffer *out, size_t bytes,
                                         const char *label, struct pm_error *err);
void emu_pin_free(struct gpu_device *dev, struct gpu_buffer *buffer);

PM_MUST_USE enum pm_status emu_stream_new(struct gpu_device *dev, gpu_stream *out, struct pm_error *err);
void emu_stream_free(struct gpu_device *dev, gpu_stream *stream);
PM_MUST_USE enum pm_status emu_stream_sync(struct gpu_device *dev, gpu_stream stream, struct pm_error *err);
PM_MUST_USE enum pm_status emu_event_new(struct gpu_device *dev, gpu_event *out, struct pm_error *err);
void emu_event_free(struct gpu_device *dev, gpu_event *event);
PM_MUST_USE enum pm_status emu_event_record(struct gpu_device *dev, gpu_event event, gpu_stream stream,
                                            struct pm_error *err);
PM_MUST_USE enum pm_status emu_event_wait(struct gpu_device *dev, gpu_stream stream, gpu_event event,
                                          struct pm_error *err);
PM_MUST_USE enum pm_status emu_event_sync(struct gpu_device *dev, gpu_event event, struct pm_error *err);

PM_MUST_USE enum pm_status emu_fence(struct gpu_device *dev, gpu_stream stream, void *device, size_t bytes,
                                     bool up, struct pm_error *err);
PM_MUST_USE enum pm_status emu_upload(struct gpu_device *dev, gpu_stream stream, void *to_device,
                                      const void *from_host, size_t bytes, struct pm_error *err);
PM_MUST_USE enum pm_status emu_download(struct gpu_device *dev, gpu_stream stream, void *to_host,
                                        const void *from_device, size_t bytes, struct pm_error *err);
PM_MUST_USE enum pm_status emu_move(struct gpu_device *dev, gpu_stream stream, void *to_device,
                                    const void *from_device, size_t bytes, struct pm_error *err);
PM_MUST_USE enum pm_status emu_fill(struct gpu_device *dev, gpu_stream stream, void *to_device, uint8_t byte,
                                    size_t bytes, struct pm_error *err);

/* -- Faults, for tests (emu_fault.c): of the one device that all who open it share -- */

struct emu_faults {
    /* Every operation from this one on, counted from 1, fails with PM_DEVICE, and what is queued is
     * forgotten; 0: none. An operation is whatever may fail of a real device: opening and using it,
     * allocations of its memory and of pinned memory, streams, events and waiting for them, launches, sorts,
     * copies, fills. */
    uint64_t fail_from;
    uint64_t flip_download, flip_bit; /* in that download, from 1, one bit is wrong; 0: in none */
    /* Looked for, at multiples of 4, in all memory that is freed, pinned and the device's unless it is lost;
     * stays the caller's. */
    const uint8_t *secret;
    size_t secret_bytes;
};
struct emu_fault_counts {
    uint64_t operations, downloads, secrets; /* secrets: how often one was found */
};

/* Counts anew and sets faults, NULL for none; no device is at work meanwhile. Until it is called the
 * environment's PROOFMILL_EMU_FAIL_FROM, PROOFMILL_EMU_FLIP_DOWNLOAD and PROOFMILL_EMU_FLIP_BIT say them. */
void emu_set_faults(const struct emu_faults *faults);
struct emu_fault_counts emu_fault_counts(void);

#endif
