"""Interprets the PTX that nvcc emits: enough of it for the field and point kernels, one thread at a time.

Not a simulator: no shared memory, no barriers, no timing. What it does not know, and every register, carry or byte of
memory that is read before it was written, is an error. ptx_kernels.py runs the kernels with it.
"""
import re

SIZES = {"u8": 1, "b8": 1, "s8": 1, "u16": 2, "b16": 2, "s16": 2, "u32": 4, "b32": 4, "s32": 4, "u64": 8, "b64": 8, "s64": 8}
COMPARE = {
    "eq": lambda a, b: a == b, "ne": lambda a, b: a != b, "lt": lambda a, b: a < b, "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b,
}
BITWISE = {"and": lambda a, b: a & b, "or": lambda a, b: a | b, "xor": lambda a, b: a ^ b}


class PtxError(Exception):
    pass


class Function:
    def __init__(self, name, result, params, body):
        self.name, self.result, self.params = name, result, params  # result: the name of what it returns, or None
        self.code, self.labels, self.local, self.arrays = [], {}, {}, {}
        for statement in body.split(";"):
            self._add(statement.strip())

    def _add(self, text):
        while True:
            text = text.lstrip("{} \t\n")
            label = re.match(r"(\$\w+):", text)
            if not label:
                break
            self.labels[label.group(1)] = len(self.code)
            text = text[label.end():]
        text = " ".join(text.split())
        if not text or text.startswith((".reg", ".pragma")):
            return
        if text.startswith((".local", ".param")):
            found = re.match(r"\.(local|param) (?:\.align \d+ )?\.(\w+) (\w+)(?:\[(\d+)\])?$", text)
            if not found:
                raise PtxError(f"{self.name}: cannot read \"{text}\"")
            space, kind, name, count = found.groups()
            self.arrays[name] = (space, SIZES[kind] * int(count or 1))
            return
        guard = None
        found = re.match(r"@(!?)(%\w+) (.*)", text)
        if found:
            guard = (found.group(2), found.group(1) == "")
            text = found.group(3)
        opcode, _, rest = text.partition(" ")
        if opcode.startswith("call"):
            found = re.match(r"(?:\((\w+)\), ?)?(\w+), ?\(([^)]*)\)$", rest)
            if not found:
                raise PtxError(f"{self.name}: cannot read call \"{rest}\"")
            operands = [found.group(2), found.group(1)] + [x.strip() for x in found.group(3).split(",") if x.strip()]
        else:
            operands = [x.strip() for x in re.findall(r"\{[^}]*\}|\[[^\]]*\]|[^,\s]+", rest)]
        self.code.append((guard, opcode.split("."), operands))


def parse(text):
    """All functions of a PTX text by name."""
    text = re.sub(r"//[^\n]*", "", text)
    functions = {}
    pattern = r"^(?:\.visible |\.weak )?\.(?:entry|func) +(?:\(([^)]*)\) *)?(\w+)\s*\(([^)]*)\)[^{;]*?^\{\n(.*?)^\}"
    for result, name, params, body in re.findall(pattern, text, re.M | re.S):
        result, names = (re.findall(r"(\w+)(?:\[\d+\])?\s*(?:,|$)", x.strip()) for x in (result, params))
        functions[name] = Function(name, result[0] if result else None, names, body)
    return functions


class Machine:
    """One thread with its memory. memory: bytes from address `base` on; what was never written is None."""

    def __init__(self, functions, special=None):
        self.functions = functions
        self.special = {"%tid.x": 0, "%ntid.x": 1, "%ctaid.x": 0, "%nctaid.x": 1, **(special or {})}
        self.memory = {}
        self.next_address = 0x1000
        self.executed = 0
        self.carry = None  # (kind, 0 or 1)

    def allocate(self, size):
        address = self.next_address
        self.next_address += (size + 255) // 256 * 256 + 256
        return address

    def store(self, memory, address, data):
        for i, byte in enumerate(data):
            memory[address + i] = byte

    def load(self, memory, address, size):
        try:
            return bytes(memory[address + i] for i in range(size))
        except KeyError:
            raise PtxError(f"reads {size} bytes at {address:#x}, which were never written") from None

    def launch(self, name, args):
        function = self.functions[name]
        self.run(function, {function.params[0]: dict(enumerate(args))})

    def run(self, function, params):
        frame = Frame(self, function, params)
        at = 0
        while at is not None:
            guard, opcode, operands = function.code[at]
            self.executed += 1
            if self.executed > 20_000_000:
                raise PtxError("runs forever")
            if guard and frame.value(guard[0], 0) != guard[1]:
                at += 1
                continue
            try:
                at = frame.step(at, opcode, operands)
            except PtxError as error:
                raise PtxError(f"{function.name}: {'.'.join(opcode)} {', '.join(operands)}: {error}") from None


class Frame:
    def __init__(self, machine, function, params):
        self.m, self.f, self.params, self.r = machine, function, dict(params), {}
        self.local = {}
        for name, (space, size) in function.arrays.items():
            if space == "local":
                self.local[name] = machine.allocate(size)
            else:
                self.params[name] = {}

    def value(self, operand, size):
        """An operand as an unsigned number of `size` bytes (0: a predicate)."""
        if operand in self.m.special:
            return self.m.special[operand]
        if operand.startswith("%"):
            if operand not in self.r:
                raise PtxError(f"register {operand} is undefined")
            return self.r[operand]
        if operand in self.local:
            return self.local[operand]
        return int(operand, 0) & ((1 << 8 * size) - 1)

    def signed(self, operand, size):
        value = self.value(operand, size)
        return value - (1 << 8 * size) if value >> (8 * size - 1) else value

    def set(self, operand, value, size):
        self.r[operand] = value & ((1 << 8 * size) - 1)

    def address(self, operand):
        """The memory and the offset in it that [name+offset] means."""
        base, _, offset = operand.strip("[]").partition("+")
        offset = int(offset or "0", 0)
        if base in self.params:
            return self.params[base], offset
        return self.m.memory, self.value(base, 8) + offset

    def step(self, at, op, x):
        name, kind = op[0], op[-1]
        size = SIZES.get(kind, 0)
        if name == "bra":
            return self.f.labels[x[0]]
        if name == "ret":
            return None
        if name == "call":
            callee = self.m.functions[x[0]]
            self.m.carry = None
            params = dict(zip(callee.params, (self.params[p] for p in x[2:])))
            if callee.result:
                params[callee.result] = self.params[x[1]] = {}
            self.m.run(callee, params)
            self.m.carry = None
        elif name in ("ld", "st"):
            self.memory_access(name, size, x)
        elif name == "setp":
            read = self.signed if kind[0] == "s" and op[1] not in ("eq", "ne") else self.value
            self.r[x[0]] = COMPARE[op[1]](read(x[1], size), read(x[2], size))
        elif name == "selp":
            self.set(x[0], self.value(x[1] if self.value(x[3], 0) else x[2], size), size)
        elif name in BITWISE and kind == "pred":
            self.r[x[0]] = BITWISE[name](self.value(x[1], 0), self.value(x[2], 0))
        elif name == "not" and kind == "pred":
            self.r[x[0]] = not self.value(x[1], 0)
        elif name in BITWISE:
            self.set(x[0], BITWISE[name](self.value(x[1], size), self.value(x[2], size)), size)
        elif name == "not":
            self.set(x[0], ~self.value(x[1], size), size)
        elif name in ("mov", "cvta"):
            self.set(x[0], self.value(x[1], size), size)
        elif name == "cvt":
            read = self.signed if kind[0] == "s" else self.value
            self.set(x[0], read(x[1], size), SIZES[op[-2]])
        elif name in ("shl", "shr"):
            self.shift(name, kind, size, x)
        elif name == "div" and kind[0] == "u":
            self.set(x[0], self.value(x[1], size) // self.value(x[2], size), size)
        elif name in ("min", "max") and kind[0] == "u":
            self.set(x[0], (min if name == "min" else max)(self.value(x[1], size), self.value(x[2], size)), size)
        elif name == "shf":
            both = self.value(x[2], 4) << 32 | self.value(x[1], 4)
            by = self.value(x[3], 4)
            by = by % 32 if op[2] == "wrap" else min(by, 32)
            self.set(x[0], both >> by if op[1] == "r" else both << by >> 32, 4)
        else:
            self.arithmetic(op, size, x)
        return at + 1

    def memory_access(self, name, size, x):
        target, registers = (x[1], x[0]) if name == "ld" else (x[0], x[1])
        memory, address = self.address(target)
        for i, register in enumerate(re.findall(r"[^{},\s]+", registers)):
            where = address + i * size
            if name == "ld":
                self.r[register] = int.from_bytes(self.m.load(memory, where, size), "little")
            else:
                self.m.store(memory, where, (self.value(register, size) & ((1 << 8 * size) - 1)).to_bytes(size, "little"))

    def shift(self, name, kind, size, x):
        by = min(self.value(x[2], 4), 8 * size)
        if name == "shl":
            self.set(x[0], self.value(x[1], size) << by, size)
        else:
            read = self.signed if kind[0] == "s" else self.value
            self.set(x[0], read(x[1], size) >> by, size)

    def take(self, kind):
        if self.m.carry is None or self.m.carry[0] != kind:
            raise PtxError("reads a carry that is undefined or of the other kind")
        return self.m.carry[1]

    def arithmetic(self, op, size, x):
        """add, sub, mul and mad, with .lo .hi .wide, reading (addc subc madc) and writing (.cc) the carry."""
        name = op[0]
        if name not in ("add", "addc", "sub", "subc", "mul", "mad", "madc"):
            raise PtxError("unknown instruction")
        bits = 8 * size
        kind = "sub" if name.startswith("sub") else "add"
        if "cc" in op and size != 4:
            raise PtxError("a carry of another width")
        if name in ("add", "addc", "sub", "subc"):
            a, b = self.value(x[1], size), self.value(x[2], size)
            t = a - b if kind == "sub" else a + b
        else:
            read = self.signed if op[-1][0] == "s" and ("hi" in op or "wide" in op) else self.value
            product = read(x[1], size) * read(x[2], size)
            if "wide" in op:
                size, bits = 2 * size, 2 * bits
                t = product
            else:
                t = product >> bits if "hi" in op else product & ((1 << bits) - 1)
            if name != "mul":
                t += self.value(x[3], size)
        if name in ("addc", "madc"):
            t += self.take("add")
        elif name == "subc":
            t -= self.take("sub")
        if "cc" in op:
            self.m.carry = (kind, t >> bits & 1)
        elif name in ("addc", "subc", "madc"):
            self.m.carry = None  # PTX keeps it; our chains end here
        self.set(x[0], t, size)
