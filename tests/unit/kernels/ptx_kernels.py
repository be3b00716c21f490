"""What nvcc makes of a curve's field and point kernels, interpreted and compared with Python's integers.

The emulated device runs the C twins of our PTX; this closes the gap: every operation of ptx.def, and everything around
it, as the compiler really emits it. Needs nvcc for the PTX; exits 77 (skipped) where there is none. Standard library only.
"""
import argparse
import os
import random
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ptx_interp

draw = random.Random()
failures = 0
counts = {}


def check(ok, text):
    global failures
    if not ok:
        failures += 1
        print(f"FAIL {text}")


class Prime:
    """Elements are plain numbers below p; on the device Montgomery, below bound * p."""

    zero, one = 0, 1

    def __init__(self, p, size):
        self.p, self.size, self.R = p, size, 1 << 8 * size
        self.bound = 2 if 5 * p < self.R else 1  # fd_tmpl.h's FD_BOUND
        self.R_inverse = pow(self.R, -1, p)

    def pick(self):
        """What lies in memory is 0, 1, 2, or p less that, or limbs of ones and zeros, or anything."""
        kind = draw.randrange(6)
        if kind == 0:
            a = draw.randrange(3)
        elif kind == 1:
            a = self.p - 1 - draw.randrange(3)
        elif kind == 2:
            a = sum(draw.choice([0, 0xffffffff]) << 32 * i for i in range(self.size // 4)) % self.p
        else:
            a = draw.randrange(self.p)
        return a * self.R_inverse % self.p

    def pack(self, a):
        return (a * self.R % self.p + draw.randrange(self.bound) * self.p).to_bytes(self.size, "little")

    def unpack(self, data, lazy=False):
        a = int.from_bytes(data, "little")
        check(a < (self.bound if lazy else 1) * self.p, "a result is not canonical, or out of bounds")
        return a * self.R_inverse % self.p

    def add(self, a, b): return (a + b) % self.p
    def sub(self, a, b): return (a - b) % self.p
    def mul(self, a, b): return a * b % self.p
    def inv(self, a): return pow(a, -1, self.p)


class Quadratic:
    zero, one = (0, 0), (1, 0)

    def __init__(self, base):
        self.f, self.size = base, 2 * base.size

    def pick(self): return self.f.pick(), self.f.pick()
    def pack(self, a): return self.f.pack(a[0]) + self.f.pack(a[1])

    def unpack(self, data, lazy=False):
        return self.f.unpack(data[:self.f.size], lazy), self.f.unpack(data[self.f.size:], lazy)

    def add(self, a, b): return tuple(self.f.add(x, y) for x, y in zip(a, b))
    def sub(self, a, b): return tuple(self.f.sub(x, y) for x, y in zip(a, b))

    def mul(self, a, b):
        return (a[0] * b[0] - a[1] * b[1]) % self.f.p, (a[0] * b[1] + a[1] * b[0]) % self.f.p

    def inv(self, a):
        norm = self.f.inv((a[0] * a[0] + a[1] * a[1]) % self.f.p)
        return a[0] * norm % self.f.p, -a[1] * norm % self.f.p


def run(functions, kernel, inputs, out_size, n):
    """Launches with one thread over n items; inputs are bytes, or None for a pointer that is not used."""
    machine = ptx_interp.Machine(functions)
    out = machine.allocate(out_size * n)
    pointers = [out]
    for data in inputs:
        pointers.append(machine.allocate(len(data)) if data else 0)
        machine.store(machine.memory, pointers[-1], data or b"")
    machine.launch(kernel, struct.pack(f"<{len(pointers)}QQ", *pointers, n))
    counts[kernel] = max(counts.get(kernel, 0), machine.executed // n)
    data = machine.load(machine.memory, out, out_size * n)
    return [data[i * out_size:(i + 1) * out_size] for i in range(n)]


def check_field(functions, name, f, rounds):
    n = 3
    operations = {
        "add": lambda a, b, c, d: f.add(a, b), "sub": lambda a, b, c, d: f.sub(a, b), "mul": lambda a, b, c, d: f.mul(a, b),
        "sqr": lambda a, b, c, d: f.mul(a, a), "mul_add": lambda a, b, c, d: f.add(f.mul(a, b), f.mul(c, d)),
        "mul_sub": lambda a, b, c, d: f.sub(f.mul(a, b), f.mul(c, d)),
    }
    for op, expected in operations.items():
        for _ in range(rounds):
            items = [[f.pick() for _ in range(n)] for _ in range(4)]
            got = run(functions, f"k_{name}_{op}", [b"".join(map(f.pack, v)) for v in items], f.size, n)
            for i in range(n):
                check(f.unpack(got[i]) == expected(*(v[i] for v in items)), f"{name} {op} of {[v[i] for v in items]}")
    if isinstance(f, Quadratic):
        return
    for _ in range(rounds):
        plain = draw.choice([draw.randrange(f.R), f.R - 1, 0, f.p])
        got = run(functions, f"k_{name}_to_mont", [plain.to_bytes(f.size, "little"), None, None, None], f.size, 1)
        check(int.from_bytes(got[0], "little") == plain * f.R % f.p, f"{name} to_mont of {plain}")
        a = f.pick()
        got = run(functions, f"k_{name}_from_mont", [f.pack(a), None, None, None], f.size, 1)
        check(int.from_bytes(got[0], "little") == a, f"{name} from_mont of {a}")


class Curve:
    """Affine points, None for infinity; the curve's b does not occur in its additions."""

    def __init__(self, f):
        self.f = f

    def add(self, a, b):
        f = self.f
        if a is None or b is None:
            return b if a is None else a
        if a[0] == b[0]:
            if f.add(a[1], b[1]) == f.zero:
                return None
            xx = f.mul(a[0], a[0])
            slope = f.mul(f.add(f.add(xx, xx), xx), f.inv(f.add(a[1], a[1])))
        else:
            slope = f.mul(f.sub(b[1], a[1]), f.inv(f.sub(b[0], a[0])))
        x = f.sub(f.sub(f.mul(slope, slope), a[0]), b[0])
        return x, f.sub(f.mul(slope, f.sub(a[0], x)), a[1])

    def neg(self, a):
        return a and (a[0], self.f.sub(self.f.zero, a[1]))

    def pick(self):
        """Any point with y not zero lies on y^2 = x^3 + b for some b; pairs are made from one such point."""
        a = draw.choice([self.f.zero] + [self.f.pick() for _ in range(4)]), self.f.pick()
        return a if a[1] != self.f.zero else self.pick()

    def pack(self, a):
        f = self.f
        if a is None:
            return f.pack(f.pick()) + f.pack(f.pick()) + f.pack(f.zero) + f.pack(f.zero)
        z = draw.choice([f.one, self.pick()[1]])
        zz = f.mul(z, z)
        zzz = f.mul(zz, z)
        return f.pack(f.mul(a[0], zz)) + f.pack(f.mul(a[1], zzz)) + f.pack(zz) + f.pack(zzz)

    def pack_affine(self, a):
        return self.f.pack(a[0] if a else self.f.zero) + self.f.pack(a[1] if a else self.f.zero)

    def unpack(self, data, lazy=False):
        f, size = self.f, self.f.size
        x, y, zz, zzz = (f.unpack(data[i * size:(i + 1) * size], lazy) for i in range(4))
        check(f.mul(f.mul(zz, zz), zz) == f.mul(zzz, zzz), "ZZ^3 differs from ZZZ^2")
        return None if zz == f.zero else (f.mul(x, f.inv(zz)), f.mul(y, f.inv(zzz)))


def check_group(functions, name, curve, rounds):
    size = curve.f.size
    for turn in range(rounds * 6):
        g = curve.pick()
        twice = curve.add(g, g)
        a, b = [(g, twice), (g, g), (g, curve.neg(g)), (None, g), (twice, None), (None, None)][turn % 6]
        case = ["two points", "a point twice", "a point and its opposite", "infinity first", "infinity second",
                "infinity twice"][turn % 6]
        xyzz, affine = curve.pack(a), curve.pack_affine(b)
        got = run(functions, f"k_{name}_add", [xyzz, curve.pack(b), None], 4 * size, 1)
        check(curve.unpack(got[0]) == curve.add(a, b), f"{name} add: {case}")
        got = run(functions, f"k_{name}_add_affine", [xyzz, None, affine], 4 * size, 1)
        check(curve.unpack(got[0]) == curve.add(a, b), f"{name} add_affine: {case}")
    for a in (curve.pick(), curve.pick(), None):
        got = run(functions, f"k_{name}_dbl", [curve.pack(a), None, None], 4 * size, 1)
        check(curve.unpack(got[0]) == curve.add(a, a), f"{name} dbl")
        got = run(functions, f"k_{name}_neg", [curve.pack(a), None, None], 4 * size, 1)
        check(curve.unpack(got[0]) == curve.neg(a), f"{name} neg")


def launch(machine, kernel, *args):
    """Numbers from 2^32 on do not occur: pointers are bytes, made by the caller; the rest are 32 bits."""
    machine.launch(kernel, b"".join(a if isinstance(a, bytes) else struct.pack("<I", a) for a in args))


def check_msm(functions, name, curve, rounds):
    """Entries into buckets through two levels of carries, and rows of buckets halved."""
    size, run, carry_run, buckets, none = curve.f.size, 2, 8, 4, 0xffffffff
    minus = 1 << 31

    def points(machine, at, n):
        data = machine.load(machine.memory, at, 4 * size * n)
        return [curve.unpack(data[i * 4 * size:(i + 1) * 4 * size], lazy=True) for i in range(n)]

    for turn in range(rounds):
        machine = ptx_interp.Machine(functions)

        def put(data):
            at = machine.allocate(len(data))
            machine.store(machine.memory, at, data)
            return at

        def pointer(at):
            return struct.pack("<Q", at)

        bases = [curve.pick()]
        for _ in range(3):
            bases.append(curve.add(bases[-1], bases[0]))
        bases.append(None)
        n = [21, 1, 40][turn % 3]
        keys = sorted(draw.choice([0, 2, 2, 2, 2, 3, buckets]) for _ in range(n))  # key `buckets`: no entry
        values = [draw.randrange(len(bases)) | draw.choice([0, minus]) for _ in range(n)]
        want = [bases[0]] + [None] * (buckets - 1)  # what is there already
        for key, value in zip(keys, values):
            if key < buckets:
                base = bases[value & ~minus]
                want[key] = curve.add(want[key], curve.neg(base) if value & minus else base)
        start = curve.pack(bases[0]) + bytes(4 * size * (buckets - 1))
        rows = put(start)
        level = [(put(struct.pack(f"<{64}I", *[none] * 64)), put(bytes(4 * size * 64))) for _ in range(2)]
        parts = -(-n // run)
        launch(machine, f"k_{name}_accumulate", pointer(put(struct.pack(f"<{n}I", *keys))),
               pointer(put(struct.pack(f"<{n}I", *values))), pointer(put(b"".join(map(curve.pack_affine, bases)))),
               pointer(rows), pointer(level[0][0]), pointer(level[0][1]), n, buckets, run, parts)
        while parts > 1:
            launch(machine, f"k_{name}_carry", pointer(level[0][0]), pointer(level[0][1]), pointer(rows),
                   pointer(level[1][0]), pointer(level[1][1]), parts, buckets, -(-parts // carry_run))
            parts = -(-parts // carry_run)
            level.reverse()
        check(points(machine, rows, buckets) == want, f"{name}: buckets of keys {keys}, values {values}")
        for step in range(2):  # one row of four
            launch(machine, f"k_{name}_halve", pointer(rows), pointer(0), 2, 1, step)
        low, high = curve.add(want[0], want[1]), curve.add(want[2], want[3])
        got = points(machine, rows, 3)
        check(got == [curve.add(low, high), curve.add(want[1], want[3]), high], f"{name}: a row of buckets, halved")


def check_rows(functions, name, f):
    """Two slices of rows, of which one holds the pieces of a long row; folds, the long row's end, the quotient."""
    lanes, n_rows, none, n_vars = 32, 33, 0xffffffff, 9
    slices = [(0, 3, 2), (5, 2, 0)]  # first term, terms of A, terms of B
    machine = ptx_interp.Machine(functions)

    def put(data):
        at = machine.allocate(len(data))
        machine.store(machine.memory, at, data)
        return at

    def words(*values):
        return put(struct.pack(f"<{len(values)}I", *values))

    def vector(at, n):
        data = machine.load(machine.memory, at, 32 * n)
        return [f.unpack(data[32 * i:32 * i + 32]) for i in range(n)]

    def pointers(*values):
        return struct.pack(f"<{len(values)}Q", *values)

    witness = [f.pick() for _ in range(n_vars)]
    terms = [(f.pick(), draw.randrange(n_vars)) for _ in range(7 * lanes)]
    rows = draw.sample(range(lanes), lanes)
    target = rows + [n_rows + i for i in range(10)] + [none] * (lanes - 10)
    coefficients = put(b"".join((c * f.R * f.R % f.p).to_bytes(32, "little") for c, _ in terms))
    values = put(b"".join(w.to_bytes(32, "little") for w in witness))
    columns, targets = words(*[v for _, v in terms]), words(*target)
    slice_at = put(b"".join(struct.pack("<IHH", *s) for s in slices))
    a, b, c, partial = (machine.allocate(32 * n) for n in (n_rows, n_rows, n_rows, 12))
    for lane in range(lanes):  # nothing passes between them
        machine.special.update({"%tid.x": lane, "%ntid.x": lanes})
        launch(machine, f"k_{name}_rows", pointers(coefficients, values, columns, targets, slice_at, a, b, c, partial),
               n_rows, len(slices))
    machine.special.update({"%tid.x": 0, "%ntid.x": 1})
    launch(machine, f"k_{name}_rows_fold", pointers(partial, words(10, 0, 5, 11, 5, 3)), 2)
    launch(machine, f"k_{name}_rows_end", pointers(a, b, c, partial, words(32, 10, 2, 8, 2)), 1)

    def total(lane, first, n):
        return sum(k * witness[v] for k, v in (terms[(first + i) * lanes + lane] for i in range(n))) % f.p

    want_a, want_b = [0] * n_rows, [0] * n_rows
    for lane in range(lanes):
        want_a[rows[lane]], want_b[rows[lane]] = total(lane, 0, 3), total(lane, 3, 2)
    want_a[32] = sum(total(lane, 5, 2) for lane in range(8)) % f.p
    want_b[32] = sum(total(lane, 5, 2) for lane in (8, 9)) % f.p
    check(vector(a, n_rows) == want_a and vector(b, n_rows) == want_b, f"{name}: rows")
    check(vector(c, n_rows) == [x * y % f.p for x, y in zip(want_a, want_b)], f"{name}: products of rows")
    third = put(b"".join(map(f.pack, want_a)))
    machine.launch(f"k_{name}_quotient", pointers(a, a, b, third, n_rows))
    check([int.from_bytes(machine.load(machine.memory, a + 32 * i, 32), "little") for i in range(n_rows)] ==
          [(x * y - x) % f.p for x, y in zip(want_a, want_b)], f"{name}: the quotient")


def check_table(functions, name, f, two_adicity):
    """Roots of unity: snarkjs' are powers of the smallest non-residue, 5 in both fields."""
    for log2_n in (0, 1, 4):
        bits = max(0, log2_n - 1)
        machine = ptx_interp.Machine(functions)
        table = machine.allocate(f.size << bits)
        machine.launch(f"k_{name}_ntt_table", struct.pack("<QI", table, log2_n))
        data = machine.load(machine.memory, table, f.size << bits)
        w = pow(pow(5, f.p >> two_adicity, f.p), 1 << (two_adicity - log2_n), f.p)
        for k in range(1 << bits):
            exponent = int(f"{k:0{bits}b}"[::-1], 2) if bits else 0
            check(f.unpack(data[f.size * k:f.size * (k + 1)]) == pow(w, exponent, f.p), f"{name}: root {k} of 2^{log2_n}")


def bn254():
    x = 4965661367192848881
    order = 36 * x**4 + 36 * x**3 + 18 * x**2 + 6 * x + 1
    return Prime(order, 32), Prime(order + 6 * x**2, 32), 28


def bls12_381():
    x = -0xd201000000010000
    order = x**4 - x**2 + 1
    return Prime(order, 32), Prime((x - 1)**2 * order // 3 + x, 48), 32


CURVES = {"bn254": bn254, "bls12_381": bls12_381}  # the scalar field, the base field, the two-adicity of the former


def load(args, unit):
    """The functions of a unit's PTX."""
    subprocess.run([os.path.join(args.root, "kernels", "ptx.sh"), args.nvcc, args.arch, args.ptx, unit], check=True)
    with open(os.path.join(args.ptx, f"{unit}.{args.arch}.ptx"), encoding="ascii") as file:
        return ptx_interp.parse(file.read())


def check_interpreter():
    """The interpreter refuses what it must: it is the judge here."""
    wrong = {
        "undefined register": "add.u32 %r1, %r2, 1;\n",
        "carry": "addc.u32 %r1, 1, 1;\n",
        "of the other kind": "sub.cc.u32 %r1, 1, 2;\naddc.u32 %r1, 1, 1;\n",
        "never written": "mov.u64 %rd1, 4096;\nld.global.u32 %r1, [%rd1];\n",
        "unknown": "frob.u32 %r1, 1, 2;\n",
    }
    for what, body in wrong.items():
        functions = ptx_interp.parse(f".visible .entry k(\n\t.param .u64 k_param_0\n)\n{{\n{body}ret;\n}}\n")
        try:
            ptx_interp.Machine(functions).launch("k", b"")
        except ptx_interp.PtxError:
            continue
        check(False, f"the interpreter lets pass: {what}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--curve", choices=CURVES, required=True)
    parser.add_argument("--part", choices=["fr", "g1", "g2"], help="one unit alone")
    parser.add_argument("--nvcc", default="nvcc")
    parser.add_argument("--root", required=True, help="the repository")
    parser.add_argument("--ptx", required=True, help="a folder for PTX (kernels/ptx.sh)")
    parser.add_argument("--arch", default="90")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--rounds", type=int, default=6)
    args = parser.parse_args()
    draw.seed(args.seed)
    print(f"seed {args.seed}")
    check_interpreter()
    try:
        subprocess.run([args.nvcc, "--version"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        print("skipped: there is no nvcc here")
        return 1 if failures else 77
    fr, fp, two_adicity = CURVES[args.curve]()
    name = args.curve
    if args.part in (None, "fr"):
        functions = load(args, f"{name}_fr")
        check_field(functions, f"{name}_fr", fr, args.rounds)
        check_rows(functions, f"{name}_fr", fr)
        check_table(functions, f"{name}_fr", fr, two_adicity)
    if args.part in (None, "g1"):
        functions = load(args, f"{name}_g1")
        check_field(functions, f"{name}_fp", fp, args.rounds)
        check_group(functions, f"{name}_g1", Curve(fp), args.rounds)
        check_msm(functions, f"{name}_g1", Curve(fp), max(1, args.rounds // 2))
    if args.part in (None, "g2"):
        functions = load(args, f"{name}_g2")
        check_field(functions, f"{name}_fp2", Quadratic(fp), args.rounds)
        check_group(functions, f"{name}_g2", Curve(Quadratic(fp)), max(1, args.rounds // 3))
        check_msm(functions, f"{name}_g2", Curve(Quadratic(fp)), 1)
    for kernel, executed in counts.items():
        print(f"{kernel}: {executed} instructions at most")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
