"""Do the kernels' tests notice a fault? Each mutation here is one, put into a copy of the tree; the test named with it must
fail, under each of three seeds. One that survives is a test that is missing, or code that does nothing.

  ./mill mutations [NAME...]   every mutation, or those named: builds each, some minutes in all
  mutations.py --check         only sees that each still applies: its text stands in its file exactly once
"""
import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
SEEDS = (1, 2, 3)

# name, file, what stands there, what stands there instead, test. A test is kernels_NAME of CMakeLists.txt beside this file;
# "tsan NAME": that, built with ThreadSanitizer, which is asked once; or "ptx UNIT": that unit's PTX, interpreted, which
# needs nvcc.
MUTATIONS = [
    # PTX, as a device and as its C twin
    ("ptx-carry-out", "kernels/ptx.def", '"madc.hi.cc.u32"', '"madc.hi.u32"', "ptx bls12_381_fr"),
    ("ptx-operands", "kernels/ptx.h", 'asm volatile(text " %0, %1, %2;"', 'asm volatile(text " %0, %2, %1;"', "ptx bn254_fr"),
    ("twin-addend", "kernels/ptx.def", "ADD, ADD, (a * b >> 32) + c", "ADD, ADD, a * b >> 32", "ptx_functions"),
    # Fields
    ("lost-carry", "kernels/fd_tmpl.h", "*top = ptx_addc(*top, 0);", "(void)ptx_addc(*top, 0);", "algebra_381"),
    ("lost-carry-device", "kernels/fd_tmpl.h", "*top = ptx_addc(*top, 0);", "(void)ptx_addc(*top, 0);", "ptx bls12_381_fr"),
    ("sum-subtracts-p", "kernels/fd_tmpl.h", "FD t = FN(raw_sub)(a, FN(bound)(), &borrow);",
     "FD t = FN(raw_sub)(a, FN(modulus)(), &borrow);", "algebra_254"),
    ("difference-adds-p", "kernels/fd_tmpl.h", "back = FN(bound)();", "back = FN(modulus)();", "algebra_254"),
    ("product-not-canonical", "kernels/fd_tmpl.h", "    FD r = FN(raw_mul)(a, b);\n    if (FD_BOUND == 1) r = FN(canon)(r);\n",
     "    FD r = FN(raw_mul)(a, b);\n", "algebra_381"),
    ("p-is-not-zero", "kernels/fd_tmpl.h", "FD_BOUND == 2 && p == 0", "FD_BOUND == 3 && p == 0", "algebra_381"),
    ("square-carry", "kernels/fd_tmpl.h", "acc[2 * n] = ptx_addc(0, 0);", "acc[2 * n] = ptx_addc(0, 0) & 0;", "algebra_381"),
    ("square-not-doubled", "kernels/fd_tmpl.h", "sum[k] << 1 | sum[k - 1] >> 31", "sum[k] << 1", "algebra_254"),
    ("pair-lost-product", "kernels/fd_tmpl.h", "FN(row_odd)(odd, c.limb + 1, d);", "FN(row_odd)(odd, c.limb + 1, b);", "algebra_254"),
    ("pair-minus-p", "kernels/fd_tmpl.h", "FN(raw_sub)(FN(bound)(), c, &borrow), d)", "FN(raw_sub)(FN(modulus)(), c, &borrow), d)",
     "algebra_381"),
    ("fp2-product-sign", "kernels/fd2_tmpl.h", "B(mul_sub)(a.c0, b.c0, a.c1, b.c1)", "B(mul_add)(a.c0, b.c0, a.c1, b.c1)",
     "algebra_254"),
    ("fp2-square", "kernels/fd2_tmpl.h", "B(mul)(B(dbl)(a.c0), a.c1)", "B(mul)(a.c0, a.c1)", "algebra_381"),
    # Points
    ("point-formula", "kernels/ed_tmpl.h", "F(dbl)(q)", "q", "algebra_254"),
    ("equal-points", "kernels/ed_tmpl.h", "FN(dbl_rare)(out, a);", "*out = *a;", "algebra_254"),
    ("equal-points-mixed", "kernels/ed_tmpl.h", "FN(dbl_rare)(acc, acc);", "(void)acc;", "algebra_381"),
    ("opposite-points", "kernels/ed_tmpl.h", "*out = FN(infinity)();", "*out = *a;", "algebra_254"),
    ("opposite-points-mixed", "kernels/ed_tmpl.h", "*acc = FN(infinity)();", "(void)acc;", "msm_254"),
    ("plus-infinity", "kernels/ed_tmpl.h", "if (FN(is_infinity)(b)) {", "if (false) {", "algebra_381"),
    ("plus-infinity-mixed", "kernels/ed_tmpl.h", "if (FN(affine_is_infinity)(b)) return;", "", "msm_381"),
    ("x-zero-is-finite", "kernels/ed_tmpl.h", "F(is_zero)(a->x) && F(is_zero)(a->y)", "F(is_zero)(a->x) || F(is_zero)(a->y)",
     "algebra_381"),
    # Transforms
    ("root-order", "kernels/k_ntt.h", "i < K_TWO_ADICITY", "i <= K_TWO_ADICITY", "ntt_381"),
    ("twiddle-block", "kernels/k_ntt.h", "<< t) + block;", "<< t);", "ntt_254"),
    ("twiddle-inverse", "kernels/k_ntt.h", "return F(neg)(table[3 * top - 1 - k]);", "return table[3 * top - 1 - k];", "ntt_381"),
    ("coset-left-out", "kernels/k_ntt.h", "v.coset = v.scaled ? v.table : NULL;", "v.coset = NULL;", "ntt_254"),
    ("tile-barrier", "kernels/k_ntt.h", "tile_data[p.slot] = data[p.at];\n        }\n        gpu_sync();",
     "tile_data[p.slot] = data[p.at];\n        }", "ntt_254"),
    # Digits
    ("digit-sign", "kernels/k_digits.h", "minus != opposite ? K_MINUS : 0", "minus ? K_MINUS : 0", "msm_254"),
    ("digit-carry", "kernels/k_digits.h", "w->carry = *minus;", "w->carry = 0;", "msm_381"),
    ("scalar-class", "kernels/k_digits.h", "for (int i = 2; i < N; i++) high |= s.limb[i];",
     "for (int i = 3; i < N; i++) high |= s.limb[i];", "msm_254"),
    ("wild-scalars", "kernels/k_digits.h", "if (below == 0) *s = F(zero)();", "", "msm_381"),
    # Buckets
    ("carry-kept", "kernels/k_msm.h", "                v.carry_keys[t] = key;\n                v.carries[t] = sum;\n            } else {",
     "                G(add_to)(&v.buckets[key], &sum);\n            } else {", "tsan msm_254"),  # two threads of a block add to a bucket
    ("carry-one-level", "kernels/k_msm.h", "level = 0; parts > 1; level++", "level = 0; level < 1 && parts > 1; level++", "msm_381"),
    ("carry-neighbour", "kernels/k_msm.h", "                    v.carry_keys[t] = key;\n", "", "msm_381"),
    ("reduce-place", "kernels/k_msm.h", "(i == 0 ? 0 : 1u << (i - 1))", "(i == 0 ? 0 : 1u << i)", "msm_254"),
    ("reduce-last", "kernels/k_msm.h", "if (i == 0) G(add_to)(&row[1], &row[0]);", "", "msm_254"),
    ("reduce-barrier", "kernels/k_msm.h", "            gpu_sync();\n", "", "msm_254"),
    # Rows
    ("row-odd-term", "kernels/k_spmv.h", "    if (n > 0) sum =", "    if (n > 1) sum =", "rows_254"),
    ("row-fold", "kernels/k_spmv.h", "i < n; i++) sum = F(add)(sum, partial[first + i]);",
     "i + 1 < n; i++) sum = F(add)(sum, partial[first + i]);", "rows_381"),
    ("quotient-sign", "kernels/k_spmv.h", "F(sub)(F(mul)(v.a[i], v.b[i]), v.c[i])", "F(add)(F(mul)(v.a[i], v.b[i]), v.c[i])",
     "rows_254"),
    # Streams
    ("wait-for-witness", "kernels/backend_prove.h", "    PM_TRY(gpu_event_wait(&w->dev, on, w->event[UPLOADED], err));\n", "",
     "backend"),
    ("wait-for-counts", "kernels/backend_prove.h", "    PM_TRY(gpu_event_sync(&w->dev, w->event[COUNTED], err));\n", "", "backend"),
    ("wait-for-sort", "kernels/backend_prove.h", "            PM_TRY(gpu_event_wait(&w->dev, on[1], w->event[SORTED], err));\n", "",
     "backend"),
    ("wait-for-second-group", "kernels/backend_prove.h",
     "            PM_TRY(gpu_event_wait(&w->dev, on[0], w->event[ADDED], err));\n", "", "backend"),
    ("wait-for-quotient", "kernels/backend_prove.h",
     "    PM_TRY(gpu_event_wait(&w->dev, w->stream[ON_WITNESS], w->event[QUOTIENT_MADE], err));\n", "",
     "backend_sums"),
    ("wait-for-chunk", "kernels/backend_prove.h", "        PM_TRY(gpu_event_wait(&w->dev, on[0], w->event[FILLED + half], err));\n",
     "", "backend"),
    ("wait-for-room", "kernels/backend_prove.h", "        PM_TRY(gpu_event_sync(&w->dev, w->event[FREED + half], err));\n", "",
     "backend"),
]


def wrong_entries():
    """What keeps entries of the table from applying to this tree."""
    wrong = []
    for name, file, old, new, _ in MUTATIONS:
        found = (ROOT / file).read_text(encoding="utf-8").count(old)
        if found != 1:
            wrong.append(f"{name}: {file} holds {found} times, not once: {old!r}; bring tests/unit/kernels/mutations.py up to date")
        if old == new:
            wrong.append(f"{name}: changes nothing")
    if len({m[0] for m in MUTATIONS}) != len(MUTATIONS):
        wrong.append("a name stands twice")
    return wrong


class Test:
    def __init__(self, text):
        kind, _, name = text.rpartition(" ")
        self.text, self.kind, self.name = text, kind or "plain", name
        self.seeds = SEEDS[:1] if kind == "tsan" else SEEDS


class Tree:
    """A copy of the repository that is mutated, built once for each sanitizer, and tested."""

    def __init__(self, folder, nvcc):
        self.root, self.folder, self.nvcc = folder / "tree", folder, nvcc
        top = {str(ROOT): {".git", "build"}, str(ROOT / "tests"): {"node_modules"}}
        shutil.copytree(ROOT, self.root, symlinks=True, ignore=lambda at, names: top.get(at, set()).intersection(names))

    def sh(self, *command, timeout=None):
        """Runs it; what it says is kept for the error."""
        return subprocess.run([str(x) for x in command], check=True, timeout=timeout, cwd=self.root / "tests",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")

    def compile(self, tests):
        for kind in {t.kind for t in tests} - {"ptx"}:
            build = self.folder / f"build-{kind}"
            if not build.exists():
                self.sh("cmake", "-S", self.root, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                        "-DCMAKE_C_FLAGS_RELEASE=-O1", "-DPROOFMILL_SERVICE=OFF",
                        "-DPROOFMILL_SANITIZE=" + ("thread" if kind == "tsan" else ""))
            self.sh("ninja", "-C", build, *(f"test_kernels_{t.name}" for t in tests if t.kind == kind))

    def run(self, test, seed):
        """None where the test passes, else a line of what it says."""
        if test.kind == "ptx":
            curve, _, part = test.name.rpartition("_")
            command = [sys.executable, self.root / "tests/unit/kernels/ptx_kernels.py", "--nvcc", self.nvcc, "--root", self.root,
                       "--ptx", self.folder / "ptx", "--curve", curve, "--part", part, "--seed", seed]
        else:
            command = [self.folder / f"build-{test.kind}/tests/test_kernels_{test.name}", "--seed", seed]
        try:
            self.sh(*command, timeout=300)
        except subprocess.TimeoutExpired:
            return "runs forever"
        except subprocess.CalledProcessError as error:
            telling = ("failed", "FAIL", "emulated device", "Error", "data race", "Sanitizer")
            lines = [x for x in error.stdout.splitlines() if x[:1] != " " and any(word in x for word in telling)]
            said = (lines or [f"exit {error.returncode}"])[0]
            return said.replace(f"{self.root}/", "")[:140]
        return None

    def mutate(self, mutation):
        """What is wrong with the mutation or its test, or None; says how it was noticed."""
        name, file, old, new, test = mutation
        test = Test(test)
        path = self.root / file
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(old, new), encoding="utf-8")
        began = time.monotonic()
        try:
            self.compile([test])
            said = [self.run(test, seed) for seed in test.seeds]
        except subprocess.CalledProcessError as error:
            return f"{name}: does not compile:\n{error.stdout}"
        finally:
            path.write_text(text, encoding="utf-8")
        lucky = [str(seed) for seed, line in zip(test.seeds, said) if line is None]
        if lucky:
            return f"{name}: SURVIVES {test.text} under seed {', '.join(lucky)}: {file}: {old!r} -> {new!r}"
        print(f"{name}: noticed by {test.text} in {time.monotonic() - began:.0f} s: {said[0]}", flush=True)
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only see that every mutation applies")
    parser.add_argument("--nvcc", default=shutil.which("nvcc") or "/usr/local/cuda/bin/nvcc")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which; all without one")
    args = parser.parse_args()
    wrong = wrong_entries()
    unknown = set(args.names) - {m[0] for m in MUTATIONS}
    wrong += [f"there is no mutation {name}" for name in sorted(unknown)]
    if wrong or args.check:
        print("\n".join(wrong) or f"{len(MUTATIONS)} mutations apply")
        return 1 if wrong else 0
    chosen = [m for m in MUTATIONS if m[0] in args.names or not args.names]
    if not shutil.which(args.nvcc):
        left_out = [m[0] for m in chosen if m[4].startswith("ptx ")]
        chosen = [m for m in chosen if m[0] not in left_out]
        if left_out:
            print(f"left out, there is no nvcc here: {' '.join(left_out)}", flush=True)
    with tempfile.TemporaryDirectory(prefix="proofmill-mutations-") as folder:
        tree = Tree(pathlib.Path(folder), args.nvcc)
        tests = [Test(text) for text in sorted({m[4] for m in chosen})]
        tree.compile(tests)
        for test in tests:
            for seed in test.seeds:
                said = tree.run(test, seed)
                if said:
                    print(f"{test.text} fails without any mutation, under seed {seed}: {said}")
                    return 1
        wrong = []
        for mutation in chosen:
            problem = tree.mutate(mutation)
            if problem:
                wrong.append(problem)
                print(problem, flush=True)
    print(f"{len(chosen) - len(wrong)} of {len(chosen)} mutations noticed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
