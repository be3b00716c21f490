/* Places and fetching: resolution against paths and URLs, private addresses, and a real HTTP server on
 * loopback that redirects, talks too much or breaks off. */
#include "project_fixture.h"

#include "coordinator/project/place.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/wait.h>

PM_TEST(resolution)
{
    static const struct {
        const char *base, *reference, *place; /* NULL: refused */
        enum pm_status status;
    } rows[] = {
        {"/a/b/p.json", "c", "/a/b/c", PM_OK},
        {"/a/b/p.json", "../c", "/a/b/../c", PM_OK},
        {"/a/b/p.json", "/c", "/c", PM_OK},
        {"/p.json", "c", "/c", PM_OK},
        {"/a/b/p.json", "file:///c", "/c", PM_OK},
        {"/a/b/p.json", "file://c", "/a/b/c", PM_OK},
        {"/a/b/p.json", "https://h.example/c", "https://h.example/c", PM_OK},
        {"https://h.example/x/p.json?v=1", "c", "https://h.example/x/c", PM_OK},
        {"https://h.example/x/p.json", "../c", "https://h.example/c", PM_OK},
        {"https://h.example/x/p.json", "http://g.example/c", "http://g.example/c", PM_OK},
        {"https://h.example/x/p.json", "/c", NULL, PM_AUTH},
        {"https://h.example/x/p.json", "file:///c", NULL, PM_AUTH},
        {"https://h.example/x/p.json", "ftp://h.example/c", NULL, PM_UNSUPPORTED},
        {"/p.json", "ipfs://Qm", NULL, PM_UNSUPPORTED},
        {"/p.json", "", NULL, PM_FORMAT},
        {"/p.json", "http://", NULL, PM_FORMAT},
        {"/p.json", "http://user@h.example/", NULL, PM_UNSUPPORTED},
    };
    struct pm_error err;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *place;
        enum pm_status status = pm_place_resolve(&place, rows[i].base, rows[i].reference, &err);
        CHECK_MSG(status == rows[i].status && (place != NULL) == (rows[i].place != NULL), "%s: %s: %s",
                  rows[i].reference, pm_status_name(status), place ? place : err.text);
        if (place && rows[i].place) CHECK_STR(place, rows[i].place);
        free(place);
    }
    char overlong[1100], *place;
    memset(overlong, 'x', sizeof overlong);
    overlong[1024] = 0;
    CHECK(pm_place_resolve(&place, "/p", overlong, &err) == PM_FORMAT && !place);
    CHECK(pm_place_same_origin("http://h.example/a", "http://H.example:80/b?c"));
    CHECK(!pm_place_same_origin("http://h.example/a", "https://h.example/a"));
    CHECK(!pm_place_same_origin("http://h.example/a", "http://h.example:81/a"));
    CHECK(!pm_place_same_origin("http://h.example/a", "http://g.example/a"));
    CHECK(!pm_place_same_origin("/a", "/a"));
}

PM_TEST(private_addresses)
{
    static const char *const closed[] = {"0.0.0.0",
                                         "10.1.2.3",
                                         "100.64.0.1",
                                         "100.127.255.255",
                                         "127.0.0.1",
                                         "127.255.0.9",
                                         "169.254.169.254",
                                         "172.16.0.1",
                                         "172.31.255.255",
                                         "192.0.0.8",
                                         "192.168.1.1",
                                         "198.18.0.1",
                                         "224.0.0.1",
                                         "240.0.0.1",
                                         "255.255.255.255",
                                         "::",
                                         "::1",
                                         "::127.0.0.1",
                                         "::ffff:10.0.0.1",
                                         "64:ff9b::a00:1",
                                         "2002:a00:1::",
                                         "2001:0:1::",
                                         "fc00::1",
                                         "fd12::1",
                                         "fe80::1",
                                         "ff02::1"};
    static const char *const open[] = {
        "1.1.1.1",    "8.8.8.8",          "100.63.255.255", "100.128.0.0",     "172.15.255.255",
        "172.32.0.0", "192.167.0.1",      "198.20.0.1",     "223.255.255.255", "2606:4700::1111",
        "2a00::1",    "64:ff9b::808:808", "::ffff:8.8.8.8", "2002:808:808::"};
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < (k ? sizeof open / sizeof *open : sizeof closed / sizeof *closed); i++) {
            const char *text = k ? open[i] : closed[i];
            struct sockaddr_in v4 = {.sin_family = AF_INET};
            struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
            bool six = strchr(text, ':') != NULL;
            CHECK(inet_pton(six ? AF_INET6 : AF_INET, text,
                            six ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr) == 1);
            CHECK_MSG(pm_address_is_private(six ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4) == !k,
                      "%s", text);
        }
    struct sockaddr other = {.sa_family = AF_UNIX};
    CHECK(pm_address_is_private(&other));
}

PM_TEST(files)
{
    struct temp t;
    struct pm_error err;
    char *text;
    size_t len;
    uint8_t hash[32], expected[32];
    uint64_t size;
    temp_open(&t);
    temp_text(&t, "abc", "abc");
    CHECK_OK(pm_fetch(&text, &len, temp_path(&t, "abc"), false, 3, &err), err);
    CHECK(len == 3 && strcmp(text, "abc") == 0);
    free(text);
    CHECK(pm_fetch(&text, &len, temp_path(&t, "abc"), false, 2, &err) == PM_FORMAT && !text);
    CHECK(pm_fetch(&text, &len, temp_path(&t, "none"), false, 2, &err) == PM_NOT_FOUND && !text);
    CHECK(pm_fetch(&text, &len, "/dev/zero", true, 100, &err) == PM_IO && !text);
    /* FIPS 180-2, appendix B.1 */
    CHECK(pm_hex_decode(expected, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    pm_sha256(hash, "abc", 3);
    CHECK_MEM(hash, expected, 32);
    CHECK_OK(pm_sha256_file(hash, &size, temp_path(&t, "abc"), &err), err);
    CHECK_MEM(hash, expected, 32);
    CHECK_U64(size, 3);
    CHECK(pm_sha256_file(hash, &size, t.path, &err) == PM_IO);
    size_t big = 200001; /* more than one read */
    char *data = malloc(big);
    test_random_bytes(data, big);
    temp_write(&t, "big", "w", data, big);
    pm_sha256(expected, data, big);
    CHECK_OK(pm_sha256_file(hash, &size, temp_path(&t, "big"), &err), err);
    CHECK_MEM(hash, expected, 32);
    CHECK_U64(size, big);
    free(data);
    temp_close(&t);
}

/* -- a server on loopback: answers each request by its path, from a child process -- */

struct server {
    pid_t pid;
    int port;
};

static void answer(int fd, const char *folder)
{
    char request[2048], path[400], header[200];
    static char body[300000];
    size_t len = 0, n;
    ssize_t got = read(fd, request, sizeof request - 1);
    if (got <= 0) return;
    request[got] = 0;
    if (sscanf(request, "GET /%199[^ ]", header) != 1) return;
    snprintf(path, sizeof path, "%s/%s", folder, header);
    FILE *f = fopen(path, "r");
    if (f) {
        while ((n = fread(body + len, 1, sizeof body - len, f)) > 0) len += n;
        fclose(f);
    }
    if (strcmp(header, "redirect") == 0)
        snprintf(header, sizeof header, "HTTP/1.1 302 Found\r\nLocation: /abc\r\nContent-Length: 0\r\n\r\n");
    else if (strcmp(header, "broken") == 0)
        snprintf(header, sizeof header, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    else
        snprintf(header, sizeof header, "HTTP/1.1 %s\r\nConnection: close\r\n\r\n",
                 f ? "200 OK" : "404 Not Found");
    if (write(fd, header, strlen(header)) < 0 || (len && write(fd, body, len) < 0)) return;
}

static struct server server_start(const char *folder)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    struct server s = {0};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 8) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        exit(1);
    s.port = ntohs(address.sin_port);
    s.pid = fork();
    if (s.pid == 0) {
        signal(SIGPIPE, SIG_IGN);
        for (;;) {
            int peer = accept(fd, NULL, NULL);
            if (peer < 0) continue;
            answer(peer, folder);
            close(peer);
        }
    }
    close(fd);
    return s;
}

static void server_stop(const struct server *s)
{
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
}

static const char *url(const struct server *s, const char *path)
{
    static char text[300];
    snprintf(text, sizeof text, "http://127.0.0.1:%d/%s", s->port, path);
    return text;
}

PM_TEST(urls)
{
    struct temp t;
    struct pm_error err;
    char *text;
    size_t len;
    temp_open(&t);
    temp_text(&t, "abc", "abc");
    temp_text(&t, "empty", "");
    char *big = calloc(1, 250001);
    memset(big, 'x', 250000);
    temp_text(&t, "big", big);
    struct server s = server_start(t.path);
    CHECK_OK(pm_fetch(&text, &len, url(&s, "abc"), true, 3, &err), err);
    CHECK(len == 3 && strcmp(text, "abc") == 0);
    free(text);
    CHECK_OK(pm_fetch(&text, &len, url(&s, "empty"), true, 3, &err), err);
    CHECK(len == 0 && text && text[0] == 0);
    free(text);
    CHECK_OK(pm_fetch(&text, &len, url(&s, "big"), true, 250000, &err), err);
    CHECK(len == 250000 && strcmp(text, big) == 0);
    free(text);
    CHECK(pm_fetch(&text, &len, url(&s, "big"), true, 249999, &err) == PM_FORMAT && !text);
    CHECK_MSG(strstr(err.text, "at most 249999 bytes"), "%s", err.text);
    CHECK(pm_fetch(&text, &len, url(&s, "abc"), false, 3, &err) == PM_AUTH && !text);
    CHECK(pm_fetch(&text, &len, url(&s, "none"), true, 3, &err) == PM_NOT_FOUND);
    CHECK(pm_fetch(&text, &len, url(&s, "redirect"), true, 3, &err) == PM_NETWORK);
    CHECK_MSG(strstr(err.text, "302") && strstr(err.text, "redirects"), "%s", err.text);
    CHECK(pm_fetch(&text, &len, url(&s, "broken"), true, 3000, &err) == PM_NETWORK && !text);
    server_stop(&s);
    CHECK(pm_fetch(&text, &len, url(&s, "abc"), true, 3, &err) == PM_NETWORK);
    free(big);
    temp_close(&t);
}

/* A project file at a URL: what it names beside itself is fetched, its large artifacts are left to the
 * workers. */
PM_TEST(a_project_at_a_url)
{
    struct project_fixture f;
    struct pm_project *p;
    char expected[400];
    project_open(&f);
    struct server s = server_start(f.temp.path), other = server_start(f.temp.path);
    CHECK(pm_project_load(&p, 7, url(&s, "project.json"), NULL, &f.err) ==
          PM_UNSUPPORTED); /* it names a local folder */
    CHECK_MSG(strstr(f.err.text, "$.sources[0]"), "%s", f.err.text);

    char *text = replaced(f.good, "{\"type\": \"file\", \"path\": \"readings\"}, ", "");
    temp_text(&f.temp, "remote.json", text);
    CHECK_OK(pm_project_load(&p, 7, url(&s, "remote.json"), NULL, &f.err), f.err);
    if (p) {
        snprintf(expected, sizeof expected, "http://127.0.0.1:%d/c.wasm", s.port);
        CHECK_STR(p->version[0].wasm.uri, expected);
        CHECK_U64(p->version[0].wasm.size_bytes, 0);
    }
    pm_project_free(&p);

    /* Another origin on a private address is none of this file's business. */
    snprintf(expected, sizeof expected, "\"uri\": \"%s\"", url(&other, "vk.json"));
    char *away = replaced(text, "\"uri\": \"vk.json\"", expected);
    temp_text(&f.temp, "away.json", away);
    CHECK(pm_project_load(&p, 7, url(&s, "away.json"), NULL, &f.err) == PM_AUTH && !p);
    CHECK_MSG(strstr(f.err.text, "verificationKey: ") && strstr(f.err.text, "private"), "%s", f.err.text);
    char *local = replaced(text, "\"uri\": \"c.zkey\"", "\"uri\": \"/etc/passwd\"");
    temp_text(&f.temp, "local.json", local);
    CHECK(pm_project_load(&p, 7, url(&s, "local.json"), NULL, &f.err) == PM_AUTH && !p);
    CHECK_MSG(strstr(f.err.text, "zkey: ") && strstr(f.err.text, "/etc/passwd"), "%s", f.err.text);
    free(text);
    free(away);
    free(local);
    server_stop(&s);
    server_stop(&other);
    project_close(&f);
}
