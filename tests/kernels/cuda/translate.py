"""PTX, as Numba's compiler writes it, put into C: each instruction a statement, each thread of the device a struct of registers.

`translate` knows the instructions that the kernels use, and fails at another.  A thread runs until it meets a barrier
or looks whether other blocks have come; then it returns, and goes on there when it is called again.  What an instruction does is
told in "PTX ISA" of NVIDIA, chapter 9.
"""

import re
from functools import partialmethod

REGISTERS = {"pred": "uint8_t", "b16": "uint16_t", "b32": "uint32_t", "b64": "uint64_t", "f32": "float", "f64": "double"}
SPECIAL = {
    "%tid.x": "t->thread",
    "%ntid.x": "g->threads",
    "%ctaid.x": "b->block",
    "%nctaid.x": "g->blocks",
    "%dynamic_smem_size": "g->shared",
}
TYPES = {"f32": "float", "f64": "double", "pred": "uint8_t"} | {
    f"{letter}{bits}": f"{name}{bits}_t"
    for letter, name in (("s", "int"), ("u", "uint"), ("b", "uint"))
    for bits in (8, 16, 32, 64)
}
INFIX = {"add": "+", "sub": "-", "and": "&", "or": "|", "xor": "^", "rem": "%"}
COMPARED = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "=="}
OPPOSITE = {"ltu": ">=", "leu": ">", "gtu": "<=", "geu": "<"}  # true of NaN
ROUNDED = {"rni": "rint", "rzi": "trunc", "rpi": "ceil"}
FUNCTIONS = {"ex2": "exp2", "sqrt": "sqrt", "abs": "fabs", "copysign": "copysign"}


def translate(ptx: str) -> tuple[str, int]:
    """The one kernel in a module: C of its struct Thread and its function `step`, and how many bytes of shared memory it has."""
    text = re.sub(r"//.*|\.pragma .*;", "", ptx)
    shared, places = 0, {}
    for name, size in re.findall(r"\.shared \.align \d+ \.b8 (\w+)\[(\d*)\]", text):
        places[name] = "b->shared" if not size else f"(b->own_shared + {shared})"
        shared += -(-int(size or 0) // 16) * 16
    bodies = re.findall(r"(\.visible \.entry|\.func[^;{]*?)\s(\w+)\s*\(([^)]*)\)\s*\{(.*?)\n\}", text, re.DOTALL)
    parts = []
    for kind, name, parameters, body in sorted(bodies):  # functions before the kernel, which calls them
        names = re.findall(r"\.param \.\w+ (\w+)", parameters)
        parts.append(_entry(body, names, places) if "entry" in kind else _function(name, names, body, places))
    return "\n".join(parts), shared


def _declared(body):
    """C of the registers that a body declares outside of its scopes."""
    for kind, name, n in re.findall(r"\.reg \.(\w+)\s+%(\w+)<(\d+)>;", body):
        yield f"{REGISTERS[kind]} {name}[{n}];"


def _entry(body, parameters, places):
    slots = {name: f"g->arguments[{i}]" for i, name in enumerate(parameters)}
    statements = _Body(slots, places, "t->").statements(body)
    return "\n".join([
        "struct Thread { int at, thread;", *_declared(body), "};",
        "static int step(struct Thread *restrict t, const struct Block *b, const struct Grid *g) {",
        "switch (t->at) { case 0:;", *statements, "} return LEFT; }",
    ])  # fmt: skip


def _function(name, parameters, body, places):
    """A function within the module: numbers in, one number out, no barrier."""
    slots = {parameter: parameter for parameter in parameters} | {"func_retval0": "result"}
    arguments = ", ".join(f"uint64_t {parameter}" for parameter in parameters)
    statements = _Body(slots, places, "l.").statements(body)
    return "\n".join([
        f"static uint64_t {name}({arguments}) {{ uint64_t result; struct {{", *_declared(body), "} l;",
        *(statement.replace("return LEFT;", "return result;") for statement in statements), "}",
    ])  # fmt: skip


class _Body:
    """One function on its way to C.  slots: where its parameters are; places: names of shared memory; own: before a register."""

    def __init__(self, slots, places, own):
        self._slots, self._places, self._own, self._resumed = dict(slots), places, own, 0

    def statements(self, body):
        body = re.sub(r"\.reg \.\w+\s+%\w+<\d+>;", "", body)
        for text in re.findall(r"\$[\w]+:|[{}](?![^;]*\}\s*,|[^;{]*\}\s*;)|[^;{}:]*(?:\{[^;]*\}[^;]*)?;", body):
            if text := " ".join(text.split()):
                yield self._statement(text)

    def _statement(self, text):
        if text in "{}":
            return text
        if label := re.fullmatch(r"\$(\w+):", text):
            return f"{label[1]}:;"
        if declared := re.fullmatch(r"\.(?:reg|param) \.(\w+) %?(\w+);", text):
            return self._declare(*declared.groups())
        guard, name, operands = re.fullmatch(r"(?:@(!?%p\d+) )?([a-z][\w.:]*)\s*(.*);", text).groups()
        split = [x.strip() for x in re.findall(r"\([^)]*\)|\{[^}]*\}|\[[^]]*\]|[^,\s][^,]*", operands)]
        statement = self._instruction(name, split)
        if guard:
            return f"if ({'!' * guard.startswith('!')}{self._value(guard.lstrip('!'), 'pred')}) {{ {statement} }}"
        return statement

    def _declare(self, kind, name):
        self._slots[name] = name
        return f"{REGISTERS[kind]} {name};"

    def _register(self, word):
        """A register, or a name declared in a scope."""
        if word[1:] in self._slots:
            return word[1:]
        letters, number = re.fullmatch(r"%([a-z]+)(\d+)", word).groups()
        return f"{self._own}{letters}[{number}]"

    def _value(self, word, kind):
        """C of an operand, read as `kind`."""
        c_type = TYPES[kind]
        if word in SPECIAL:
            return f"(({c_type}){SPECIAL[word]})"
        if word.startswith("%"):
            return f"(({c_type}){self._register(word)})"
        if number := re.fullmatch(r"0([fd])([0-9A-F]+)", word):
            return f"{'float' if number[1] == 'f' else 'double'}_of(0x{number[2]}u{'ll' * (number[1] == 'd')})"
        if word in self._places:
            return f"((uint64_t){self._places[word]})"
        return f"(({c_type}){word}{'ull' if c_type.startswith('u') else 'll'})" if re.match(r"-?\d", word) else _fail(word)

    def _slot(self, word):
        """Where a parameter stands: [name] or [name+0]."""
        return self._slots[word.strip("[]").removesuffix("+0")]

    def _pointer(self, word, kind, space, n=1):
        """C of `p`, which points to n numbers."""
        base, offset = re.fullmatch(r"\[(%?\w+)(?:\+(-?\w+))?\]", word).groups()
        place = f"AT({self._value(base, 'u64')} + ({offset or 0}), {int(kind[1:]) // 8 * n}, {int(space == 'shared')})"
        return f"{TYPES[kind]} *p = ({TYPES[kind]} *){place};"

    def _set(self, word, value):
        return f"{self._register(word)} = {value};"

    def _instruction(self, name, operands):
        operation, *modifiers = name.split(".")
        method = getattr(self, f"_{operation}", None)
        if method:
            return method(modifiers, operands)
        target, *sources = operands
        kind = modifiers[-1]
        values = [self._value(source, kind) for source in sources]
        suffix = "f" if kind == "f32" else ""
        if operation in INFIX:
            return self._set(target, f"({TYPES[kind]})({values[0]} {INFIX[operation]} {values[1]})")
        if operation in FUNCTIONS:
            values = values[::-1] if operation == "copysign" else values  # PTX names the sign first
            return self._set(target, f"{FUNCTIONS[operation]}{suffix}({', '.join(values)})")
        return _fail(name)

    def _mul(self, modifiers, operands):
        kind, (a, b) = modifiers[-1], (self._value(x, modifiers[-1]) for x in operands[1:])
        if modifiers[0] == "wide":
            wide = TYPES[kind].replace("32", "64")
            return self._set(operands[0], f"({wide}){a} * ({wide}){b}")
        if modifiers[0] == "hi":
            return self._set(operands[0], f"(uint64_t)(((__int128){a} * {b}) >> 64)")
        unsigned = TYPES[kind].replace("int", "uint") if kind[0] == "s" else TYPES[kind]
        return self._set(operands[0], f"({unsigned}){a} * ({unsigned}){b}")

    def _div(self, modifiers, operands):
        a, b = (self._value(x, modifiers[-1]) for x in operands[1:])
        return self._set(operands[0], f"quick_ratio({a}, {b})" if "approx" in modifiers else f"{a} / {b}")

    def _rcp(self, modifiers, operands):
        value = self._value(operands[1], modifiers[-1])
        return self._set(operands[0], f"quick_inverse({value})" if modifiers[0] == "approx" else f"1 / {value}")

    def _fma(self, modifiers, operands):
        kind = modifiers[-1]
        values = ", ".join(self._value(x, kind) for x in operands[1:])
        return self._set(operands[0], f"{'fmaf' if kind == 'f32' else 'fma'}({values})")

    def _extreme(self, sign, modifiers, operands):
        kind, (a, b) = modifiers[-1], (self._value(x, modifiers[-1]) for x in operands[1:])
        if kind.startswith("f"):
            return self._set(operands[0], f"f{'min' if sign == '<' else 'max'}({a}, {b})")
        return self._set(operands[0], f"{a} {sign} {b} ? {a} : {b}")

    _min, _max = partialmethod(_extreme, "<"), partialmethod(_extreme, ">")

    def _neg(self, modifiers, operands):
        return self._set(operands[0], f"-{self._value(operands[1], modifiers[-1])}")

    def _not(self, modifiers, operands):
        sign = "!" if modifiers[-1] == "pred" else "~"
        return self._set(operands[0], f"{sign}{self._value(operands[1], modifiers[-1])}")

    def _shift(self, sign, modifiers, operands):
        kind = modifiers[-1]
        value, by, bits = self._value(operands[1], kind), self._value(operands[2], "u32"), int(kind[1:])
        beyond = f"({value} < 0 ? -1 : 0)" if kind[0] == "s" else "0"
        return self._set(operands[0], f"{by} < {bits} ? ({TYPES[kind]})({value} {sign} {by}) : {beyond}")

    _shl, _shr = partialmethod(_shift, "<<"), partialmethod(_shift, ">>")

    def _setp(self, modifiers, operands):
        sign, kind = modifiers[0], modifiers[-1]
        a, b = (self._value(x, kind) for x in operands[1:])
        if sign in OPPOSITE:
            return self._set(operands[0], f"!({a} {OPPOSITE[sign]} {b})")
        if sign == "neu" or (sign == "ne" and kind[0] != "f"):
            return self._set(operands[0], f"{a} != {b}")
        return self._set(operands[0], f"{a} {COMPARED[sign]} {b}")

    def _selp(self, modifiers, operands):
        target, a, b, chosen = operands
        values = (self._value(x, modifiers[-1]) for x in (a, b))
        return self._set(target, f"{self._value(chosen, 'pred')} ? {' : '.join(values)}")

    def _cvt(self, modifiers, operands):
        *how, to, source = modifiers
        value = self._value(operands[1], source)
        for word in how:
            if word in ROUNDED and source[0] == "f":
                value = f"{ROUNDED[word]}({value})"
        return self._set(operands[0], f"({TYPES[to]}){value}")

    def _cvta(self, modifiers, operands):
        return self._set(operands[0], self._value(operands[1], "u64"))

    def _mov(self, modifiers, operands):
        (target, source), kind = operands, modifiers[-1]
        if source.startswith("{"):
            low, high = map(self._register, _listed(source))
            return f"COPY({self._register(target)}, ((uint64_t){high} << 32 | {low}));"
        if target.startswith("{"):
            low, high = map(self._register, _listed(target))
            return f"{{ uint64_t whole; COPY(whole, {self._register(source)}); {low} = whole; {high} = whole >> 32; }}"
        if source.startswith("%") and source not in SPECIAL and kind[0] == "b":
            return f"COPY({self._register(target)}, {self._register(source)});"
        return self._set(target, self._value(source, kind))

    def _ld(self, modifiers, operands):
        space, kind, (target, source) = modifiers[0], modifiers[-1], operands
        if space == "param":
            return f"PARAMETER({self._register(target)}, {TYPES[kind]}, {self._slot(source)});"
        pause = self._pause("LOOKS") if space == "acquire" else ""  # others may have to go on before what is waited for is there
        read = (f"{self._register(x)} = p[{i}];" for i, x in enumerate(_listed(target)))
        return f"{pause} {{ {self._pointer(source, kind, space, len(_listed(target)))} {' '.join(read)} }}"

    def _st(self, modifiers, operands):
        space, kind, (target, source) = modifiers[0], modifiers[-1], operands
        if space == "param":
            return f"COPY({self._slot(target)}, {self._register(source)});"
        written = (f"p[{i}] = {self._value(x, kind)};" for i, x in enumerate(_listed(source)))
        return f"{{ {self._pointer(target, kind, space, len(_listed(source)))} {' '.join(written)} }}"

    def _atom(self, modifiers, operands):
        kind, (*target, address, value) = modifiers[-1], operands  # `red` has no target
        assert modifiers[-2] == "add"
        kept = "".join(self._set(word, "*p") for word in target)
        return f"{{ {self._pointer(address, kind, 'global')} {kept} *p += {self._value(value, kind)}; }}"

    _red = _atom

    def _prefetch(self, modifiers, operands):
        return f"{{ {self._pointer(operands[0], 'b8', 'global')} }}"

    def _bar(self, modifiers, operands):
        return self._pause("MEETS")

    def _pause(self, why):
        """Back to who called `step`, to go on from here."""
        self._resumed += 1
        return f"t->at = {self._resumed}; return {why}; case {self._resumed}:;"

    def _bra(self, modifiers, operands):
        return f"goto {operands[0][1:]};"

    def _call(self, modifiers, operands):
        result, name, arguments = operands
        return f"{result.strip('() ')} = {name}({arguments.strip('() ')});"

    def _ret(self, modifiers, operands):
        return "return LEFT;"


def _listed(word):
    """The registers of {%r1, %r2}, or of %r1."""
    return word.strip("{ }").replace(" ", "").split(",")


def _fail(word):
    raise ValueError(f"{word} has no translation")
