/* What the emulator's files share among themselves. Nothing else includes this. */
#ifndef PM_KERNELS_EMU_INNER_H
#define PM_KERNELS_EMU_INNER_H

#include "kernels/gpu.h"

/* -- Sanitizers: these files are compiled without ThreadSanitizer's instrumentation, EMU_TSAN says that the
 * program has it (see CMakeLists.txt) -- */

#ifndef EMU_TSAN
#define EMU_TSAN 0
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EMU_ASAN 1
#endif
#endif
#if !defined(EMU_ASAN) && defined(__SANITIZE_ADDRESS__)
#define EMU_ASAN 1
#endif
#ifndef EMU_ASAN
#define EMU_ASAN 0
#endif

#if EMU_TSAN
void *__tsan_create_fiber(unsigned flags);
void __tsan_destroy_fiber(void *fiber);
void *__tsan_get_current_fiber(void);
void __tsan_switch_to_fiber(void *fiber, unsigned flags); /* flag 1: orders nothing */
void __tsan_acquire(void *address);
void __tsan_release(void *address);
#define EMU_ACQUIRE(address) __tsan_acquire(address)
#define EMU_RELEASE(address) __tsan_release(address)
#else
#define EMU_ACQUIRE(address) ((void)(address))
#define EMU_RELEASE(address) ((void)(address))
#endif

/* -- Random draws: splitmix64 -- */

static inline uint64_t emu_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* -- Fibers: a stack and where it stopped. Not started until emu_fiber_switch first goes there. -- */

struct emu_fiber {
    void *stack, *context; /* stack: NULL for the host's own */
    size_t stack_bytes;
    void *asan_fake_stack;
    const void *asan_bottom;
    size_t asan_bytes;
    void *tsan;
    bool last_switch; /* it never comes back */
    struct emu_fiber *came_from;
    void (*entry)(void *argument);
    void *argument;
};

/* Maps a stack with a guard page below. False without memory. */
bool emu_fiber_map(struct emu_fiber *fiber);
void emu_fiber_unmap(struct emu_fiber *fiber);
/* entry(argument) runs on the next switch; it never returns but ends with emu_fiber_leave. */
void emu_fiber_prepare(struct emu_fiber *fiber, void (*entry)(void *), void *argument);
void emu_fiber_switch(struct emu_fiber *from, struct emu_fiber *to);
_Noreturn void emu_fiber_leave(struct emu_fiber *from, struct emu_fiber *to);

/* -- A device's state -- */

struct emu_allocation {
    uint8_t *base;
    size_t bytes, whole_bytes; /* with the guard behind */
    const char *label;
    bool on_device, live;
    struct emu_allocation *next;
};

/* Bytes between two pieces of a buffer. */
struct emu_fence {
    uint8_t *at;
    size_t bytes;
};

enum { EMU_FENCES = 128, EMU_KERNELS = 256 };
struct emu {
    struct gpu_device *device;
    uint64_t random;
    struct emu_allocation
        *allocations; /* live ones, and freed ones whose addresses are not given out again */
    size_t freed_bytes;
    const struct emu_kernel *launched[EMU_KERNELS]; /* each once */
    unsigned n_launched;
    struct emu_fence fence[EMU_FENCES];
    unsigned fences;
    struct emu_stream *streams, *last;               /* last: whose operation ran last */
    enum { EMU_ANY, EMU_GO_ON, EMU_BY_RANK } manner; /* whose turn it is among streams */
    struct emu_event *events;
    struct emu_fiber *fibers; /* stacks, made as needed */
    size_t n_fibers;
};

struct emu_launch {
    const struct emu_kernel *kernel;
    struct gpu_shape shape;
    const void *args;
};

/* Runs all blocks. */
void emu_run_grid(struct emu *emu, const struct emu_launch *launch);
void emu_fibers_free(struct emu *emu);

/* Dies unless [p, p + bytes) lies in one live buffer of the device; `what` begins the sentence. */
void emu_check_device_range(const struct emu *emu, const void *p, size_t bytes, const char *what);
/* Dies where host memory is a device buffer or pinned memory that was freed. */
void emu_check_host_range(const struct emu *emu, const void *p, size_t bytes, const char *what);
/* Dies where an aligned word of a kernel's arguments points into a freed buffer. */
void emu_check_args(const struct emu *emu, const struct emu_launch *launch);
/* Puts up a fence; takes those within [p, p + bytes) down. */
void emu_fence_up(struct emu *emu, void *p, size_t bytes);
void emu_fences_down(struct emu *emu, const void *p, size_t bytes);
/* Whether that is all of a buffer. */
bool emu_is_buffer(const struct emu *emu, const void *p, size_t bytes);
/* Dies where a fence was written to; `who` begins the sentence. */
void emu_check_fences(const struct emu *emu, const char *who);
/* Dies naming what was not freed; then releases the rest. */
void emu_memory_close(struct emu *emu);
void emu_queue_close(struct emu *emu);

/* -- Faults -- */

void emu_faults_of_environment(void); /* unless a test has said them */
/* Counts an operation, named as an error begins; PM_DEVICE once the device is lost. */
PM_MUST_USE enum pm_status emu_operation(const char *what, struct pm_error *err);
bool emu_is_lost(void);
void emu_downloaded(void *bytes, size_t n);  /* may flip a bit */
void emu_freed(const void *bytes, size_t n); /* looks for the secret */

#endif
