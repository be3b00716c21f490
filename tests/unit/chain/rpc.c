/* The JSON-RPC client against a server that answers what each test scripts: well, malformed, late, too much,
 * or not at all. */
#include "test.h"

#include "base/clock.h"
#include "coordinator/chain/eth.h"
#include "coordinator/chain/rpc.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

struct server {
    int fd, port;
    pthread_t thread;
    const char *answer; /* whole HTTP answer; NULL: none at all */
    size_t answer_len;
    unsigned delay_ms;
    size_t flood; /* further bytes of '1' */
    char request[4096];
};

static void read_request(struct server *s, int fd)
{
    size_t len = 0;
    while (len < sizeof s->request - 1) {
        ssize_t got = recv(fd, s->request + len, sizeof s->request - 1 - len, 0);
        if (got <= 0) break;
        len += (size_t)got;
        s->request[len] = '\0';
        const char *body = strstr(s->request, "\r\n\r\n"), *cl = strstr(s->request, "Content-Length: ");
        if (body && cl && strlen(body + 4) >= (size_t)atoi(cl + 16)) break;
    }
}

static void *serve(void *user)
{
    struct server *s = user;
    int fd = accept(s->fd, NULL, NULL);
    if (fd < 0) return NULL;
    read_request(s, fd);
    if (s->delay_ms) pm_clock_sleep_ms(s->delay_ms);
    if (s->answer) (void)!send(fd, s->answer, s->answer_len, MSG_NOSIGNAL);
    char ones[4096];
    memset(ones, '1', sizeof ones);
    for (size_t sent = 0; sent < s->flood; sent += sizeof ones)
        if (send(fd, ones, sizeof ones, MSG_NOSIGNAL) < 0) break;
    close(fd);
    return NULL;
}

static void start(struct server *s)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(s->fd, (struct sockaddr *)&address, len) == 0 && listen(s->fd, 1) == 0);
    getsockname(s->fd, (struct sockaddr *)&address, &len);
    s->port = ntohs(address.sin_port);
    pthread_create(&s->thread, NULL, serve, s);
}

static void stop(struct server *s)
{
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->fd);
}

/* One call against one raw answer. *rpc is left open for pm_rpc_last; the text of the error in err. */
static enum pm_status call_raw(struct server *s, struct pm_rpc **rpc, json_t **result, struct pm_error *err)
{
    char url[128];
    struct pm_rpc_options options = {.timeout_ms = 700, .max_bytes = 5000};
    start(s);
    snprintf(url, sizeof url, "http://user:pa55@127.0.0.1:%d/v3/S3CRET", s->port);
    CHECK_OK(pm_rpc_new(rpc, url, &options, err), *err);
    err->text[0] = '\0';
    enum pm_status status = pm_rpc_call(*rpc, result, "eth_test", json_pack("[s]", "x"), err);
    stop(s);
    return status;
}

static enum pm_status call(const char *http, const char *body, struct pm_rpc_error *last, char *said,
                           struct pm_error *err)
{
    char answer[9000];
    struct pm_rpc *rpc;
    json_t *result;
    int len = snprintf(answer, sizeof answer,
                       "HTTP/1.1 %s\r\nContent-Length: %zu\r\nLocation: http://127.0.0.1:1/\r\n\r\n%s", http,
                       strlen(body), body);
    struct server s = {.answer = answer, .answer_len = (size_t)len};
    enum pm_status status = call_raw(&s, &rpc, &result, err);
    *last = *pm_rpc_last(rpc);
    if (said) {
        char *text = result ? json_dumps(result, JSON_ENCODE_ANY) : NULL;
        strcpy(said, text ? text : "");
        free(text);
    }
    json_decref(result);
    pm_rpc_free(&rpc);
    if (status != PM_OK) {
        CHECK_MSG(strstr(err->text, "http://127.0.0.1:") && !strstr(err->text, "S3CRET") &&
                      !strstr(err->text, "pa55"),
                  "%s", err->text);
    }
    return status;
}

PM_TEST(answers)
{
    struct pm_error err;
    struct pm_rpc_error last;
    char said[9000];
    CHECK_OK(call("200 OK", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x10\"}", &last, said, &err), err);
    CHECK_STR(said, "\"0x10\"");
    CHECK_OK(call("200 OK", "{\"id\":1,\"result\":null,\"error\":null}", &last, said, &err), err);
    CHECK_STR(said, "null");
    CHECK_OK(call("200 OK", "{\"id\":1,\"result\":{\"a\":[1,2]}}", &last, said, &err), err);
}

PM_TEST(refusals)
{
    struct pm_error err;
    struct pm_rpc_error last;
    CHECK(call("200 OK",
               "{\"id\":1,\"error\":{\"code\":3,\"message\":\"execution reverted\",\"data\":\"0xdeadbeef\"}}",
               &last, NULL, &err) == PM_CHAIN);
    CHECK(last.code == 3 && last.data_len == 4 && last.data[3] == 0xef);
    CHECK(strstr(err.text, "execution reverted") && strstr(err.text, "eth_test"));
    /* Some clients answer errors under 400, or put the bytes one level deeper. */
    CHECK(
        call("400 Bad Request",
             "{\"id\":1,\"error\":{\"code\":-32602,\"message\":\"bad\\u0007\",\"data\":{\"data\":\"0x01\"}}}",
             &last, NULL, &err) == PM_CHAIN);
    CHECK(last.data_len == 1);
    CHECK_STR(last.message, "bad?");
    CHECK(call("200 OK", "{\"id\":null,\"error\":{\"code\":-32700,\"message\":\"parse error\"}}", &last, NULL,
               &err) == PM_CHAIN);
    /* Overload is no answer to the question. */
    CHECK(call("200 OK", "{\"id\":1,\"error\":{\"code\":-32005,\"message\":\"limit\"}}", &last, NULL, &err) ==
          PM_NETWORK);
    CHECK(call("429 Too Many Requests", "{}", &last, NULL, &err) == PM_NETWORK);
    /* A NUL in a text that a contract chose. */
    CHECK(call("200 OK", "{\"id\":1,\"error\":{\"code\":3,\"message\":\"a\\u0000b\",\"data\":\"0x01\"}}",
               &last, NULL, &err) == PM_CHAIN);
    CHECK(last.code == 3 && last.data_len == 1);
    /* More data than is kept. */
    char body[9000] = "{\"id\":1,\"error\":{\"code\":3,\"message\":\"m\",\"data\":\"0x";
    size_t n = strlen(body);
    memset(body + n, 'a', 4200);
    strcpy(body + n + 4200, "\"}}");
    CHECK(call("200 OK", body, &last, NULL, &err) == PM_CHAIN);
    CHECK_U64(last.data_len, sizeof last.data);
}

PM_TEST(malformed)
{
    static const char *const bodies[] = {"",
                                         "hello",
                                         "[]",
                                         "1",
                                         "null",
                                         "{",
                                         "{}",
                                         "{\"id\":1}",
                                         "{\"result\":1}",
                                         "{\"id\":2,\"result\":1}",
                                         "{\"id\":\"1\",\"result\":1}",
                                         "{\"id\":1.0,\"result\":1}",
                                         "{\"id\":null,\"result\":1}",
                                         "{\"id\":1,\"error\":\"no\"}",
                                         "{\"id\":1,\"error\":{}}",
                                         "{\"id\":1,\"error\":{\"code\":\"3\",\"message\":\"x\"}}",
                                         "{\"id\":1,\"id\":1,\"result\":1}",
                                         "{\"id\":1,\"result\":1} trailing"};
    struct pm_error err;
    struct pm_rpc_error last;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        CHECK_MSG(call("200 OK", bodies[i], &last, NULL, &err) == PM_NETWORK, "%s", bodies[i]);
    static const char *const statuses[] = {"204 No Content", "301 Moved", "302 Found", "401 Unauthorized",
                                           "404 Not Found",  "500 Oops",  "503 Busy"};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        CHECK_MSG(call(statuses[i], "{\"id\":1,\"result\":1}", &last, NULL, &err) == PM_NETWORK, "%s",
                  statuses[i]);
}

static void fails(struct server *s, enum pm_status status, const char *expected)
{
    struct pm_rpc *rpc;
    json_t *result;
    struct pm_error err;
    uint64_t begin = pm_clock_ms();
    CHECK(call_raw(s, &rpc, &result, &err) == status && result == NULL);
    CHECK_MSG(strstr(err.text, expected), "%s", err.text);
    CHECK(pm_clock_ms() - begin < 3000);
    pm_rpc_free(&rpc);
}

PM_TEST(late_too_long_or_nothing)
{
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"id\":1,\"result\":1}";
    struct server late = {.answer = ok, .answer_len = sizeof ok - 1, .delay_ms = 1200};
    fails(&late, PM_NETWORK, "imeout");
    struct server none = {.answer = NULL};
    fails(&none, PM_NETWORK, "eth_test");
    static const char begin[] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"id\":1,\"result\":";
    struct server flood = {.answer = begin, .answer_len = sizeof begin - 1, .flood = 10 << 20};
    fails(&flood, PM_CHAIN, "more than 5000 bytes");
    static const char cut[] = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"id\":1,\"result\":1}";
    struct server shorter = {.answer = cut, .answer_len = sizeof cut - 1};
    fails(&shorter, PM_NETWORK, "eth_test");
    static const char noise[] = "\x01\x02\x03 not http at all\r\n\r\n";
    struct server garbage = {.answer = noise, .answer_len = sizeof noise - 1};
    fails(&garbage, PM_NETWORK, "eth_test");
}

PM_TEST(mutated_answers)
{
    static const char body[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":3,\"message\":\"reverted\","
                               "\"data\":\"0x08c379a0\"}}";
    struct pm_error err;
    struct pm_rpc_error last;
    for (int i = 0; i < 300; i++) {
        char copy[sizeof body];
        memcpy(copy, body, sizeof body);
        copy[test_random() % (sizeof body - 1)] = (char)(1 + test_random() % 255);
        enum pm_status status = call("200 OK", copy, &last, NULL, &err);
        CHECK(status == PM_CHAIN || status == PM_NETWORK);
    }
}

PM_TEST(endpoints)
{
    struct pm_rpc *rpc;
    struct pm_error err;
    json_t *result;
    static const char *const bad[] = {"",        "file:///etc/passwd", "ftp://host/", "host:8545",
                                      "http://", "gopher://x/",        "://"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_MSG(pm_rpc_new(&rpc, bad[i], NULL, &err) == PM_USAGE && !rpc, "%s", bad[i]);
    CHECK_OK(pm_rpc_new(&rpc, "https://u:p@example.org/v3/KEY", NULL, &err), err);
    CHECK_STR(pm_rpc_name(rpc), "https://example.org:443");
    pm_rpc_free(&rpc);
    CHECK_OK(pm_rpc_new(&rpc, "http://127.0.0.1:1/", NULL, &err), err);
    CHECK(pm_rpc_call(rpc, &result, "eth_chainId", json_array(), &err) == PM_NETWORK);
    CHECK(pm_rpc_call(rpc, &result, "eth_chainId", NULL, &err) == PM_NO_MEMORY);
    pm_rpc_free(&rpc);
    uint64_t v;
    json_t *text = json_string("0xffffffffffffffff");
    CHECK(pm_eth_parse_u64(&v, text) && v == UINT64_MAX);
    json_decref(text);
    static const char *const quantities[] = {"0x10000000000000000", "10", "0x", "", "0xg", "-0x1"};
    for (size_t i = 0; i < sizeof quantities / sizeof *quantities; i++) {
        text = json_string(quantities[i]);
        CHECK_MSG(!pm_eth_parse_u64(&v, text), "%s", quantities[i]);
        json_decref(text);
    }
    CHECK(!pm_eth_parse_u64(&v, NULL));
}
