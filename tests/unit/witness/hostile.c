/* A program that does what a sandboxed one must not: the first letter of its input says what. Statically
 * linked, as a circuit's program is; for the tests of sandbox.c. Exits with 0 where nobody stopped it. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void echo(void)
{
    static char chunk[65536];
    for (ssize_t n; (n = read(0, chunk, sizeof chunk)) > 0;)
        for (ssize_t at = 0; at < n;) {
            ssize_t w = write(1, chunk + at, (size_t)(n - at));
            if (w <= 0) _exit(2);
            at += w;
        }
}

static void spin(void)
{
    for (volatile unsigned i = 0;; i++) {}
}

static void flood(int fd)
{
    static const char text[4096] = "flood";
    while (write(fd, text, sizeof text) > 0) {}
}

static void greed(void)
{
    for (size_t step = 1 << 20;;) {
        char *p = mmap(NULL, step, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED) _exit(12);
        memset(p, 1, step);
    }
}

static void other_exec(void)
{
    char *argv[] = {(char *)"sh", NULL};
    syscall(SYS_execveat, 3, "/bin/sh", argv, argv + 1, AT_EMPTY_PATH);
}

static int deed(char what)
{
    static char stack[65536];
    char *argv[] = {(char *)"sh", NULL};
    switch (what) {
    case 'c':
        echo();
        return 0;
    case 'e':
        return 7;
    case 'l':
        spin();
        return 0;
    case 'w':
        flood(1);
        return 0;
    case 'W':
        flood(2);
        return 0;
    case 'm':
        greed();
        return 0;
    case 'a':
        abort();
    case 'd':
        sleep(30);
        return 0; /* asleep: only the wall clock ends it */
    case 'o':
        return open("/etc/passwd", O_RDONLY) < 0;
    case 's':
        return socket(AF_INET, SOCK_STREAM, 0) < 0;
    case 'f':
        return fork() < 0;
    case 't':
        return syscall(SYS_clone, CLONE_VM | SIGCHLD, stack + sizeof stack, 0, 0, 0) < 0;
    case 'x':
        return execve("/bin/sh", argv, argv + 1);
    case 'X':
        other_exec();
        return 1;
    case 'k':
        return kill(getppid(), 0);
    case 'p':
        return ptrace(PTRACE_TRACEME, 0, 0, 0) < 0;
    case 'j':
        return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
    case 'J':
        return mprotect(stack, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
    case 'D':
        return dup(0) < 0;
    case '3':
        return (int)write(5, "x", 1) < 0;
    case 'F':
        return creat("left-behind", 0600) < 0;
    case 'O':
        return creat("/tmp/pm-sandbox-left-behind", 0600) < 0;
    case 'R':
        return open("/etc/passwd", O_RDONLY) < 0;
    case 'S':
        return setsid() < 0;
    case 'E':
        puts(getenv("PM_TEST_SECRET") ? "secret" : "empty");
        return 0;
    default:
        return 9;
    }
}

int main(void)
{
    char what;
    if (read(0, &what, 1) != 1) return 8;
    int code = deed(what);
    fflush(stdout);
    return code;
}
