/* One HTTP request to a coordinator's API, through libcurl: JSON in, JSON out. */
#ifndef PM_CLI_HTTP_H
#define PM_CLI_HTTP_H

#include "cli/cli.h"

/* GET (body NULL) or POST of `path` below the coordinator's URL. An answer that is no JSON or names an error
 * becomes a status with the server's own text. *out: a new reference. */
PM_MUST_USE enum pm_status cli_http(json_t **out, struct pm_cli *cli, const char *path, const char *body);

#endif
