/* verify, export: proofs against keys, and keys for others to verify with. */
#include "cli/cli.h"
#include "file/zkey.h"
#include "json/json.h"
#include "prove/export_solidity.h"
#include "prove/prover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { max_vk_bytes = 256 << 20, max_proof_bytes = 1 << 20, max_public_bytes = 64 << 20 };

enum pm_status cmd_verify(struct pm_cli *cli, json_t **result)
{
    struct pm_vk vk = {0};
    struct pm_proof proof;
    char *vk_text = NULL, *public_text = NULL, *proof_text = NULL;
    uint8_t *signals = NULL;
    size_t vk_len, public_len, proof_len;
    uint32_t n_public;
    enum pm_status status;
    PM_GOTO(pm_json_load(&vk_text, &vk_len, cli->arg[0], max_vk_bytes, &cli->err));
    PM_GOTO(pm_json_load(&public_text, &public_len, cli->arg[1], max_public_bytes, &cli->err));
    PM_GOTO(pm_json_load(&proof_text, &proof_len, cli->arg[2], max_proof_bytes, &cli->err));
    PM_GOTO(pm_json_read_vk(&vk, cli->arg[0], vk_text, vk_len, &cli->err));
    PM_GOTO(
        pm_json_read_public(&signals, &n_public, vk.curve, cli->arg[1], public_text, public_len, &cli->err));
    PM_GOTO(pm_json_read_proof(&proof, cli->arg[2], proof_text, proof_len, &cli->err));
    PM_GOTO(pm_verify(&vk, &proof, signals, n_public, &cli->err));
    *result =
        json_pack("{s:b, s:i, s:b}", "valid", 1, "public_signals", (int)n_public, "development_key", vk.dev);
out:
    pm_vk_fini(&vk);
    free(signals);
    free(vk_text);
    free(public_text);
    free(proof_text);
    return status;
}

void show_verify(json_t *result)
{
    printf("OK: the proof holds%s\n", json_is_true(json_object_get(result, "development_key"))
                                          ? " (development key: worth nothing in production)"
                                          : "");
}

static enum pm_status export_text(char **text, struct pm_cli *cli, const struct pm_vk *vk)
{
    if (strcmp(cli->arg[0], "solidity") == 0)
        return pm_export_solidity(text, vk, cli->name, cli->local, &cli->err);
    *text = pm_json_write_vk(vk);
    return *text ? PM_OK : pm_fail(&cli->err, PM_NO_MEMORY, "no memory for the key's text");
}

enum pm_status cmd_export(struct pm_cli *cli, json_t **result)
{
    if (strcmp(cli->arg[0], "verificationkey") != 0 && strcmp(cli->arg[0], "solidity") != 0)
        return pm_fail(&cli->err, PM_USAGE, "export writes a \"verificationkey\" or \"solidity\", not \"%s\"",
                       cli->arg[0]);
    struct pm_zkey zkey = {0};
    struct pm_vk vk = {0};
    char *text = NULL;
    enum pm_status status;
    PM_GOTO(pm_zkey_open(&zkey, cli->arg[1], PM_CHECK_SHAPE, NULL, &cli->err));
    PM_GOTO(pm_vk_from_zkey(&vk, &zkey, &cli->err));
    PM_GOTO(export_text(&text, cli, &vk));
    PM_GOTO(cli_write(cli->arg[2], text, &cli->err));
    if (strcmp(cli->arg[2], "-") != 0)
        *result = json_pack("{s:s, s:s, s:i, s:b}", "kind", cli->arg[0], "output", cli->arg[2],
                            "public_signals", (int)vk.n_public, "development_key", vk.dev);
out:
    free(text);
    pm_vk_fini(&vk);
    pm_zkey_close(&zkey);
    return status;
}
