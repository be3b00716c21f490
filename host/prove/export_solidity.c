/* Writes the contract described in export_solidity.h: constants from the key, then one function over the
 * precompiles. alpha, gamma and delta are negated here, so that the contract computes nothing but the sum
 * over the public signals and one pairing product. Next: a Solidity compiler. */
#include "prove/export_solidity.h"
#include "prove/coord.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_identifier(const char *name)
{
    size_t i = 0;
    for (; name[i]; i++) {
        char c = name[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
        if (!letter && !(i > 0 && c >= '0' && c <= '9')) return false;
    }
    return i > 0 && i <= 128;
}

/* One coordinate, plain, as a constant. suffix may be empty. */
static void put_constant(FILE *out, const struct pm_curve *curve, const char *name, const char *suffix,
                         const uint8_t *mont)
{
    uint8_t plain[PM_FP_MAX_BYTES];
    pm_coord_to_plain(curve, plain, mont);
    fprintf(out, "    uint256 private constant %s_%s = 0x", name, suffix);
    for (unsigned i = curve->fp_bytes; i-- > 0;) fprintf(out, "%02x", plain[i]);
    fputs(";\n", out);
}

static void put_g1(FILE *out, const struct pm_curve *curve, const char *name, const uint8_t *affine)
{
    put_constant(out, curve, name, "X", affine);
    put_constant(out, curve, name, "Y", affine + curve->fp_bytes);
}

/* Imaginary parts first, as EIP-197 orders them. */
static void put_g2(FILE *out, const struct pm_curve *curve, const char *name, const uint8_t *affine)
{
    put_constant(out, curve, name, "X1", affine + curve->fp_bytes);
    put_constant(out, curve, name, "X0", affine);
    put_constant(out, curve, name, "Y1", affine + 3 * curve->fp_bytes);
    put_constant(out, curve, name, "Y0", affine + 2 * curve->fp_bytes);
}

static void negate1(const struct pm_curve *curve, uint8_t *out, const uint8_t *affine)
{
    struct pm_point1 p;
    curve->g1_from_affine(&p, affine);
    curve->g1_neg(&p, &p);
    curve->g1_to_affine(out, &p);
}

static void negate2(const struct pm_curve *curve, uint8_t *out, const uint8_t *affine)
{
    struct pm_point2 p;
    curve->g2_from_affine(&p, affine);
    curve->g2_neg(&p, &p);
    curve->g2_to_affine(out, &p);
}

static void put_head(FILE *out, const char *name, bool local)
{
    if (local)
        fputs("// FOR LOCAL TEST CHAINS ONLY: made with a key that is unfit for production (or asked to be "
              "local); the\n"
              "// constructor reverts on every chain but 31337 and 1337.\n",
              out);
    fputs("// SPDX-License-Identifier: Apache-2.0\n"
          "pragma solidity ^0.8.20;\n"
          "\n"
          "/// Groth16 verifier over BN254 for one verification key, written by proofmill.\n"
          "///\n"
          "/// A proof (A, B, C) of the public signals x holds when\n"
          "///   e(A, B) e(-alpha, beta) e(IC_0 + x_1 IC_1 + ... + x_N IC_N, -gamma) e(C, -delta) = 1.\n"
          "/// The constants hold alpha, gamma and delta already negated; _X1 and _Y1 are imaginary parts "
          "(EIP-197).\n",
          out);
    fprintf(out, "contract %s {\n", name);
}

static void put_constants(FILE *out, const struct pm_vk *vk)
{
    const struct pm_curve *curve = vk->curve;
    uint8_t p1[PM_G1_MAX_BYTES], p2[PM_G2_MAX_BYTES];
    char name[32];
    fputs("    /// The order of the groups: public signals are below it.\n"
          "    uint256 private constant R = 0x",
          out);
    for (unsigned i = curve->fr_bytes; i-- > 0;) fprintf(out, "%02x", curve->fr_modulus[i]);
    fputs(";\n\n", out);
    negate1(curve, p1, vk->alpha1);
    put_g1(out, curve, "MINUS_ALPHA", p1);
    put_g2(out, curve, "BETA", vk->beta2);
    negate2(curve, p2, vk->gamma2);
    put_g2(out, curve, "MINUS_GAMMA", p2);
    negate2(curve, p2, vk->delta2);
    put_g2(out, curve, "MINUS_DELTA", p2);
    fputc('\n', out);
    for (uint32_t i = 0; i <= vk->n_public; i++) {
        (void)snprintf(name, sizeof name, "IC%u", i);
        put_g1(out, curve, name, vk->ic + (size_t)i * curve->g1_bytes);
    }
}

static void put_constructor(FILE *out)
{
    fputs(
        "\n"
        "    error LocalChainOnly(uint256 chainId);\n"
        "\n"
        "    constructor() {\n"
        "        if (block.chainid != 31337 && block.chainid != 1337) revert LocalChainOnly(block.chainid);\n"
        "    }\n",
        out);
}

static void put_signature(FILE *out, uint32_t n_public)
{
    fputs("\n"
          "    /// Whether the proof holds for the public signals. False, never a revert, for signals that "
          "are not below\n"
          "    /// R and for points that are not on the curve or not of order R (the precompiles refuse "
          "those).\n"
          "    function verifyProof(\n"
          "        uint256[2] calldata a,\n"
          "        uint256[2][2] calldata b,\n",
          out);
    if (n_public == 0)
        fputs("        uint256[2] calldata c\n", out);
    else
        fprintf(out, "        uint256[2] calldata c,\n        uint256[%u] calldata publicSignals\n",
                n_public);
    fputs("    ) external view returns (bool valid) {\n", out);
}

/* Memory from the free pointer on, none of it kept: 24 words that the pairing takes (m), then the sum and one
 * term (t). */
static void put_body(FILE *out, uint32_t n_public)
{
    fputs("        assembly (\"memory-safe\") {\n"
          "            // The point at t += s * (x, y). A call to a chain's missing precompile succeeds and "
          "returns\n"
          "            // nothing, hence the checks of returndatasize().\n"
          "            function addTerm(t, x, y, s) -> ok {\n"
          "                let term := add(t, 0x40)\n"
          "                mstore(term, x)\n"
          "                mstore(add(term, 0x20), y)\n"
          "                mstore(add(term, 0x40), s)\n"
          "                ok := lt(s, R)\n"
          "                ok := and(ok, staticcall(gas(), 7, term, 0x60, term, 0x40))\n"
          "                ok := and(ok, eq(returndatasize(), 0x40))\n"
          "                ok := and(ok, staticcall(gas(), 6, t, 0x80, t, 0x40))\n"
          "                ok := and(ok, eq(returndatasize(), 0x40))\n"
          "            }\n"
          "\n"
          "            let m := mload(0x40)\n"
          "            let t := add(m, 0x300)\n"
          "            let ok := 1\n"
          "\n"
          "            mstore(t, IC0_X)\n"
          "            mstore(add(t, 0x20), IC0_Y)\n",
          out);
    for (uint32_t i = 1; i <= n_public; i++)
        fprintf(out,
                "            ok := and(ok, addTerm(t, IC%u_X, IC%u_Y, calldataload(add(publicSignals, "
                "0x%llx))))\n",
                i, i, 32ull * (i - 1));
    fputs("\n"
          "            calldatacopy(m, a, 0x40)\n"
          "            calldatacopy(add(m, 0x40), b, 0x80)\n"
          "\n"
          "            mstore(add(m, 0xc0), MINUS_ALPHA_X)\n"
          "            mstore(add(m, 0xe0), MINUS_ALPHA_Y)\n"
          "            mstore(add(m, 0x100), BETA_X1)\n"
          "            mstore(add(m, 0x120), BETA_X0)\n"
          "            mstore(add(m, 0x140), BETA_Y1)\n"
          "            mstore(add(m, 0x160), BETA_Y0)\n"
          "\n"
          "            mstore(add(m, 0x180), mload(t))\n"
          "            mstore(add(m, 0x1a0), mload(add(t, 0x20)))\n"
          "            mstore(add(m, 0x1c0), MINUS_GAMMA_X1)\n"
          "            mstore(add(m, 0x1e0), MINUS_GAMMA_X0)\n"
          "            mstore(add(m, 0x200), MINUS_GAMMA_Y1)\n"
          "            mstore(add(m, 0x220), MINUS_GAMMA_Y0)\n"
          "\n"
          "            calldatacopy(add(m, 0x240), c, 0x40)\n"
          "            mstore(add(m, 0x280), MINUS_DELTA_X1)\n"
          "            mstore(add(m, 0x2a0), MINUS_DELTA_X0)\n"
          "            mstore(add(m, 0x2c0), MINUS_DELTA_Y1)\n"
          "            mstore(add(m, 0x2e0), MINUS_DELTA_Y0)\n"
          "\n"
          "            mstore(t, 0)\n"
          "            ok := and(ok, staticcall(gas(), 8, m, 0x300, t, 0x20))\n"
          "            ok := and(ok, eq(returndatasize(), 0x20))\n"
          "            valid := and(ok, eq(mload(t), 1))\n"
          "        }\n"
          "    }\n"
          "}\n",
          out);
}

enum pm_status pm_export_solidity(char **out_text, const struct pm_vk *vk, const char *contract_name,
                                  bool local_chain_only, struct pm_error *err)
{
    *out_text = NULL;
    if (strcmp(vk->curve->name, "bn128") != 0)
        return pm_fail(err, PM_UNSUPPORTED,
                       "a Solidity verifier exists for curve bn128 only, this key is over %s",
                       vk->curve->name);
    if (!is_identifier(contract_name))
        return pm_fail(err, PM_USAGE, "\"%.140s\" cannot be the name of a Solidity contract", contract_name);
    if (!local_chain_only) PM_TRY(pm_vk_production_check(vk, err));

    size_t size;
    FILE *out = open_memstream(out_text, &size);
    if (!out) return pm_fail(err, PM_NO_MEMORY, "no memory for a contract");
    put_head(out, contract_name, local_chain_only);
    put_constants(out, vk);
    if (local_chain_only) put_constructor(out);
    put_signature(out, vk->n_public);
    put_body(out, vk->n_public);
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(*out_text);
        *out_text = NULL;
        return pm_fail(err, PM_NO_MEMORY, "no memory for a contract");
    }
    return PM_OK;
}
