/* Fibers: one stack for each CUDA thread, switched by a dozen instructions on x86-64 and AArch64 and by
 * ucontext elsewhere (or where EMU_UCONTEXT is defined). Sanitizers are told of every switch. Which fiber
 * runs next is decided in emu_block.c. */
#include "kernels/emu_inner.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#if !defined(EMU_UCONTEXT) && !defined(__x86_64__) && !defined(__aarch64__)
#define EMU_UCONTEXT 1
#endif
#ifdef EMU_UCONTEXT
#include <ucontext.h>
#endif
#if EMU_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

/* Unoptimised and instrumented code has large frames. Pages that are never touched cost nothing. */
enum { STACK_BYTES = EMU_ASAN ? 1 << 20 : 1 << 18 };

#ifndef EMU_UCONTEXT

/* Saves the registers that a callee keeps on the current stack and its pointer in *save, then goes on from
 * `to`, which an earlier save or emu_fiber_prepare left. */
void emu_context_switch(void **save, void *to);
void emu_context_start(void);

#ifdef __x86_64__
__asm__(".text\n"
        ".globl emu_context_switch\n.hidden emu_context_switch\n.type emu_context_switch, @function\n"
        "emu_context_switch:\n"
        "  pushq %rbp\n  pushq %rbx\n  pushq %r12\n  pushq %r13\n  pushq %r14\n  pushq %r15\n"
        "  movq %rsp, (%rdi)\n"
        "  movq %rsi, %rsp\n"
        "  popq %r15\n  popq %r14\n  popq %r13\n  popq %r12\n  popq %rbx\n  popq %rbp\n"
        "  ret\n"
        ".size emu_context_switch, .-emu_context_switch\n"
        ".globl emu_context_start\n.hidden emu_context_start\n.type emu_context_start, @function\n"
        "emu_context_start:\n"
        "  movq %r12, %rdi\n"
        "  callq *%r13\n"
        "  ud2\n"
        ".size emu_context_start, .-emu_context_start\n");

/* r15, r14, r13 = function, r12 = argument, rbx, rbp, return address; the stack is aligned after that `ret`.
 */
static void *context_make(uint8_t *top, void (*run)(void *), void *argument)
{
    uintptr_t *sp = (uintptr_t *)(void *)top - 9;
    sp[0] = sp[1] = sp[4] = sp[5] = sp[7] = sp[8] = 0;
    sp[2] = (uintptr_t)run;
    sp[3] = (uintptr_t)argument;
    sp[6] = (uintptr_t)emu_context_start;
    return sp;
}

#else /* AArch64: x19-x30 and the lower halves of v8-v15 belong to the caller */
__asm__(".text\n"
        ".globl emu_context_switch\n.hidden emu_context_switch\n.type emu_context_switch, %function\n"
        "emu_context_switch:\n"
        "  sub sp, sp, #160\n"
        "  stp x19, x20, [sp, #0]\n  stp x21, x22, [sp, #16]\n  stp x23, x24, [sp, #32]\n"
        "  stp x25, x26, [sp, #48]\n  stp x27, x28, [sp, #64]\n  stp x29, x30, [sp, #80]\n"
        "  stp d8, d9, [sp, #96]\n  stp d10, d11, [sp, #112]\n"
        "  stp d12, d13, [sp, #128]\n  stp d14, d15, [sp, #144]\n"
        "  mov x9, sp\n  str x9, [x0]\n  mov sp, x1\n"
        "  ldp x19, x20, [sp, #0]\n  ldp x21, x22, [sp, #16]\n  ldp x23, x24, [sp, #32]\n"
        "  ldp x25, x26, [sp, #48]\n  ldp x27, x28, [sp, #64]\n  ldp x29, x30, [sp, #80]\n"
        "  ldp d8, d9, [sp, #96]\n  ldp d10, d11, [sp, #112]\n"
        "  ldp d12, d13, [sp, #128]\n  ldp d14, d15, [sp, #144]\n"
        "  add sp, sp, #160\n"
        "  ret\n"
        ".size emu_context_switch, .-emu_context_switch\n"
        ".globl emu_context_start\n.hidden emu_context_start\n.type emu_context_start, %function\n"
        "emu_context_start:\n"
        "  mov x0, x19\n"
        "  blr x20\n"
        "  brk #1\n"
        ".size emu_context_start, .-emu_context_start\n");

static void *context_make(uint8_t *top, void (*run)(void *), void *argument)
{
    uintptr_t *sp = (uintptr_t *)(void *)top - 20;
    for (int i = 0; i < 20; i++) sp[i] = 0;
    sp[0] = (uintptr_t)argument;
    sp[1] = (uintptr_t)run;
    sp[11] = (uintptr_t)emu_context_start;
    return sp;
}
#endif

#endif /* EMU_UCONTEXT */

bool emu_fiber_map(struct emu_fiber *fiber)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    *fiber = (struct emu_fiber){0};
    fiber->stack_bytes = STACK_BYTES + page;
    void *p = mmap(NULL, fiber->stack_bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) return false;
    if (mprotect(p, page, PROT_NONE) != 0) {
        munmap(p, fiber->stack_bytes);
        return false;
    }
    fiber->stack = p;
    fiber->asan_bottom = (uint8_t *)p + page;
    fiber->asan_bytes = STACK_BYTES;
    return true;
}

void emu_fiber_unmap(struct emu_fiber *fiber)
{
#ifdef EMU_UCONTEXT
    free(fiber->context);
#endif
#if EMU_TSAN
    if (fiber->tsan) __tsan_destroy_fiber(fiber->tsan);
#endif
    munmap(fiber->stack, fiber->stack_bytes);
    *fiber = (struct emu_fiber){0};
}

/* After a switch, on the new stack; learns where the old one lies (nobody else knows that of the host's). */
static void arrived(struct emu_fiber *self)
{
#if EMU_ASAN
    struct emu_fiber *old = self->came_from;
    __sanitizer_finish_switch_fiber(self->asan_fake_stack, &old->asan_bottom, &old->asan_bytes);
#else
    (void)self;
#endif
}

static void fiber_main(void *p)
{
    struct emu_fiber *self = p;
    arrived(self);
    self->entry(self->argument);
    abort(); /* entries end with emu_fiber_leave */
}

#ifdef EMU_UCONTEXT
static void fiber_main_split(unsigned high, unsigned low)
{
    fiber_main((void *)((uintptr_t)high << 16 << 16 | low));
}
#endif

void emu_fiber_prepare(struct emu_fiber *fiber, void (*entry)(void *), void *argument)
{
    fiber->entry = entry;
    fiber->argument = argument;
    fiber->asan_fake_stack = NULL;
    fiber->last_switch = false;
#ifdef EMU_UCONTEXT
    uintptr_t p = (uintptr_t)fiber;
    if (!fiber->context && !(fiber->context = malloc(sizeof(ucontext_t)))) emu_die("no memory for a fiber");
    ucontext_t *context = fiber->context;
    if (getcontext(context) != 0) emu_die("getcontext failed");
    context->uc_stack.ss_sp = (uint8_t *)fiber->stack + (fiber->stack_bytes - STACK_BYTES);
    context->uc_stack.ss_size = STACK_BYTES;
    context->uc_link = NULL;
    makecontext(context, (void (*)(void))fiber_main_split, 2, (unsigned)(p >> 16 >> 16), (unsigned)p);
#else
    fiber->context = context_make((uint8_t *)fiber->stack + fiber->stack_bytes, fiber_main, fiber);
#endif
}

static void switch_stacks(struct emu_fiber *from, struct emu_fiber *to)
{
#ifdef EMU_UCONTEXT
    ucontext_t own; /* of the host's stack, which stays while its fibers run */
    if (!from->context) from->context = &own;
    if (swapcontext(from->context, to->context) != 0) emu_die("swapcontext failed");
    if (from->context == &own) from->context = NULL;
#else
    emu_context_switch(&from->context, to->context);
#endif
}

void emu_fiber_switch(struct emu_fiber *from, struct emu_fiber *to)
{
    to->came_from = from;
#if EMU_ASAN
    __sanitizer_start_switch_fiber(from->last_switch ? NULL : &from->asan_fake_stack, to->asan_bottom,
                                   to->asan_bytes);
#endif
#if EMU_TSAN
    __tsan_switch_to_fiber(to->tsan, 1);
#endif
    switch_stacks(from, to);
    arrived(from);
}

void emu_fiber_leave(struct emu_fiber *from, struct emu_fiber *to)
{
    from->last_switch = true;
    emu_fiber_switch(from, to);
    abort();
}
