/* A small HTTP server on loopback for the worker's tests: it serves bytes by path, and misbehaves as told. */
#ifndef TEST_WEB_H
#define TEST_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct web;

struct web_page {
    char path[100];
    const uint8_t *data;
    size_t len;
    unsigned status;      /* 0: 200 or 206 */
    const char *location; /* with 302 */
    bool no_ranges;       /* always from the beginning */
    unsigned cut_times;   /* so many answers end after cut_after bytes, with a broken connection */
    size_t cut_after;
    unsigned fail_times;       /* so many answers are 503 */
    bool hold;                 /* answers wait for web_release */
    unsigned requests, ranged; /* seen so far */
};

struct web *web_start(void);
void web_stop(struct web **web);
unsigned web_port(const struct web *web);
/* Adds a page (copied; data is not). */
void web_add(struct web *web, const struct web_page *page);
void web_change(struct web *web, const char *path, const struct web_page *page);
void web_release(struct web *web, const char *path); /* held answers go on, and later ones are not held */
struct web_page web_look(struct web *web, const char *path);
/* "http://127.0.0.1:PORT/path" */
void web_url(const struct web *web, char out[512], const char *path);

#endif
