/* What a sandboxed child may ask of the kernel. See sandbox_filter.h; sandbox.c loads it. */
#include "witness/sandbox_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct scmp_arg_cmp equal(unsigned arg, uint64_t value)
{
    return (struct scmp_arg_cmp){.arg = arg, .op = SCMP_CMP_EQ, .datum_a = value};
}

static struct scmp_arg_cmp masked(unsigned arg, uint64_t mask, uint64_t value)
{
    return (struct scmp_arg_cmp){.arg = arg, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

static int allow_if(scmp_filter_ctx ctx, int call, struct scmp_arg_cmp a, const struct scmp_arg_cmp *b)
{
    struct scmp_arg_cmp both[2] = {a};
    if (b) both[1] = *b;
    return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, call, b ? 2 : 1, both);
}

/* Native circuit code: read 0, write 1 and 2, memory without PROT_EXEC, exit; and the one exec that starts
 * it. */
static int allow_code(scmp_filter_ctx ctx)
{
    static const int plain[] = {
        SCMP_SYS(munmap),
        SCMP_SYS(mremap),
        SCMP_SYS(madvise),
        SCMP_SYS(brk),
        SCMP_SYS(exit),
        SCMP_SYS(exit_group),
        SCMP_SYS(rt_sigaction),
        SCMP_SYS(rt_sigprocmask),
        SCMP_SYS(rt_sigreturn),
        SCMP_SYS(sigaltstack),
        SCMP_SYS(set_tid_address),
        SCMP_SYS(set_robust_list),
        SCMP_SYS(rseq),
        SCMP_SYS(arch_prctl),
        SCMP_SYS(getrandom),
        SCMP_SYS(futex),
        SCMP_SYS(clock_gettime),
        SCMP_SYS(restart_syscall),
    };
    /* A C library's start asks these and does well without an answer. */
    static const int refused[] = {SCMP_SYS(prlimit64), SCMP_SYS(readlink),   SCMP_SYS(readlinkat),
                                  SCMP_SYS(fstat),     SCMP_SYS(newfstatat), SCMP_SYS(ioctl)};
    int bad = 0;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        bad |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, plain[i], 0);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        bad |= seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
    bad |= allow_if(ctx, SCMP_SYS(read), equal(0, 0), NULL);
    bad |= allow_if(ctx, SCMP_SYS(write), equal(0, 1), NULL);
    bad |= allow_if(ctx, SCMP_SYS(write), equal(0, 2), NULL);
    struct scmp_arg_cmp anonymous = masked(3, MAP_ANONYMOUS, MAP_ANONYMOUS), path = equal(4, AT_EMPTY_PATH);
    bad |= allow_if(ctx, SCMP_SYS(mmap), masked(2, PROT_EXEC, 0), &anonymous);
    bad |= allow_if(ctx, SCMP_SYS(mprotect), masked(2, PROT_EXEC, 0), NULL);
    /* It may add filters to itself (the driver then forbids the exec below as well). */
    bad |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(seccomp), 0);
    bad |= allow_if(ctx, SCMP_SYS(execveat), equal(0, PM_SANDBOX_EXEC_FD), &path);
    return bad;
}

/* Compilers need most of the file calls and children; they need no network and no power over anything
 * outside. */
static int deny_tool(scmp_filter_ctx ctx)
{
    static const int denied[] = {
        SCMP_SYS(socket),
        SCMP_SYS(socketpair),
        SCMP_SYS(connect),
        SCMP_SYS(bind),
        SCMP_SYS(listen),
        SCMP_SYS(accept),
        SCMP_SYS(accept4),
        SCMP_SYS(io_uring_setup),
        SCMP_SYS(io_uring_enter),
        SCMP_SYS(io_uring_register),
        SCMP_SYS(ptrace),
        SCMP_SYS(process_vm_readv),
        SCMP_SYS(process_vm_writev),
        SCMP_SYS(pidfd_open),
        SCMP_SYS(pidfd_getfd),
        SCMP_SYS(pidfd_send_signal),
        SCMP_SYS(mount),
        SCMP_SYS(umount2),
        SCMP_SYS(pivot_root),
        SCMP_SYS(chroot),
        SCMP_SYS(fsopen),
        SCMP_SYS(fsmount),
        SCMP_SYS(move_mount),
        SCMP_SYS(open_tree),
        SCMP_SYS(unshare),
        SCMP_SYS(setns),
        SCMP_SYS(bpf),
        SCMP_SYS(perf_event_open),
        SCMP_SYS(keyctl),
        SCMP_SYS(add_key),
        SCMP_SYS(request_key),
        SCMP_SYS(userfaultfd),
        SCMP_SYS(kexec_load),
        SCMP_SYS(kexec_file_load),
        SCMP_SYS(init_module),
        SCMP_SYS(finit_module),
        SCMP_SYS(delete_module),
        SCMP_SYS(reboot),
        SCMP_SYS(swapon),
        SCMP_SYS(swapoff),
        SCMP_SYS(acct),
        SCMP_SYS(syslog),
        SCMP_SYS(quotactl),
        SCMP_SYS(settimeofday),
        SCMP_SYS(clock_settime),
        SCMP_SYS(clock_adjtime),
        SCMP_SYS(adjtimex),
        SCMP_SYS(sethostname),
        SCMP_SYS(setdomainname),
        SCMP_SYS(open_by_handle_at),
        SCMP_SYS(name_to_handle_at),
        SCMP_SYS(setsid),
        SCMP_SYS(setpgid),
        SCMP_SYS(mknod),
        SCMP_SYS(mknodat),
        SCMP_SYS(tkill),
        SCMP_SYS(kill),
    };
    int bad = 0;
    for (size_t i = 0; i < sizeof denied / sizeof *denied; i++)
        bad |= seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), denied[i], 0);
    struct scmp_arg_cmp new_user = masked(0, CLONE_NEWUSER, CLONE_NEWUSER);
    bad |= seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1, &new_user);
    /* Its flags stand in memory, where no filter sees them; the C library then falls back on clone. */
    bad |= seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    return bad;
}

static enum pm_status export_program(struct sock_fprog *out, scmp_filter_ctx ctx, struct pm_error *err)
{
    enum pm_status status = PM_SANDBOX;
    int fd = memfd_create("seccomp", MFD_CLOEXEC);
    off_t size = 0;
    if (fd >= 0 && seccomp_export_bpf(ctx, fd) == 0) size = lseek(fd, 0, SEEK_END);
    if (size <= 0 || size % (off_t)sizeof *out->filter != 0 ||
        size / (off_t)sizeof *out->filter > BPF_MAXINSNS) {
        pm_fail(err, PM_SANDBOX, "the system call filter cannot be made: %s", strerror(errno));
        goto out;
    }
    out->filter = malloc((size_t)size);
    if (!out->filter || pread(fd, out->filter, (size_t)size, 0) != size) {
        free(out->filter);
        pm_fail(err, PM_SANDBOX, "the system call filter cannot be read back");
        goto out;
    }
    out->len = (unsigned short)((size_t)size / sizeof *out->filter);
    status = PM_OK;
out:
    if (fd >= 0) close(fd);
    return status;
}

enum pm_status pm_sandbox_filter(struct sock_fprog *out, enum pm_sandbox_kind kind, struct pm_error *err)
{
    *out = (struct sock_fprog){0};
    bool code = kind == PM_SANDBOX_CODE;
    scmp_filter_ctx ctx = seccomp_init(code ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ALLOW);
    if (!ctx) return pm_fail(err, PM_NO_MEMORY, "no memory for a system call filter");
    enum pm_status status;
    if ((code ? allow_code(ctx) : deny_tool(ctx)) != 0)
        status = pm_fail(err, PM_SANDBOX, "libseccomp refuses a rule of the sandbox");
    else
        status = export_program(out, ctx, err);
    seccomp_release(ctx);
    return status;
}

enum {
    read_rights = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
    write_rights = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                   LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG,
    other_rights = LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                   LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM,
};

/* A path that does not exist grants nothing, and a path that is no folder only what a file can have. */
static void grant(int ruleset, const char *path, unsigned rights)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = rights};
    rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0) return;
    syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(rule.parent_fd);
}

int pm_sandbox_landlock(const char *dir)
{
    struct landlock_ruleset_attr attr = {.handled_access_fs = read_rights | write_rights | other_rights};
    long fd = syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (fd < 0) return -1;
    static const char *const readable[] = {"/usr", "/lib", "/lib32", "/lib64", "/bin"};
    for (size_t i = 0; i < sizeof readable / sizeof *readable; i++) grant((int)fd, readable[i], read_rights);
    grant((int)fd, "/etc/ld.so.cache", LANDLOCK_ACCESS_FS_READ_FILE);
    grant((int)fd, "/dev/null", LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE);
    if (dir) grant((int)fd, dir, read_rights | write_rights);
    return (int)fd;
}
