"""libsluice.so through ctypes, for tests that choose their own steps
(runtime/include/sluice.h says what each call does)."""
import ctypes

import numpy as np

U32, SIZE = ctypes.c_uint32, ctypes.c_size_t
IDS = ctypes.POINTER(ctypes.c_int32)


class Error(ctypes.Structure):
    _fields_ = [("message", ctypes.c_char * 1024)]


class ModelInfo(ctypes.Structure):
    _fields_ = [("size", SIZE), ("architecture", ctypes.c_char_p), ("max_context", ctypes.c_uint64),
                ("page_multiple", ctypes.c_uint64), ("weight_bytes", ctypes.c_uint64), ("plan_bytes", ctypes.c_uint64),
                ("vocabulary", U32), ("bos", ctypes.c_int32), ("eos", ctypes.c_int32)]


class Options(ctypes.Structure):
    _fields_ = [("size", SIZE), ("memory_limit", ctypes.c_uint64), ("target", ctypes.c_char_p),
                *((name, U32) for name in ("max_rows", "max_sequences", "max_logit_rows", "max_context", "slots",
                                           "page_tokens", "threads", "poison"))]


class Step(ctypes.Structure):
    _fields_ = [("size", SIZE), ("row_count", SIZE), ("sequence_count", SIZE), ("logit_row_count", SIZE),
                *((name, IDS) for name in ("ids", "pos", "slot", "rows", "logit_rows"))]


def sized(kind, **values):
    return kind(size=ctypes.sizeof(kind), **values)


class Context:
    """A plan with its model, and memory for `options` (names as in Options)."""

    def __init__(self, build_folder, plan, **options):
        self.library = ctypes.CDLL(str(build_folder / "lib" / "libsluice.so"))
        self.model, self.context = ctypes.c_void_p(), ctypes.c_void_p()
        self.call("model_open", str(plan).encode(), None, ctypes.byref(self.model))
        info = sized(ModelInfo)
        self.call("model_get_info", self.model, ctypes.byref(info))
        self.vocabulary, self.page_multiple = info.vocabulary, info.page_multiple
        self.call("context_create", self.model, ctypes.byref(sized(Options, **options)), ctypes.byref(self.context))
        self.kept = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.library.sluice_context_close(self.context)
        self.library.sluice_model_close(self.model)

    def call(self, name, *arguments):
        error = Error()
        code = getattr(self.library, f"sluice_{name}")(*arguments, ctypes.byref(error))
        assert code == 0, f"sluice_{name}: code {code}: {error.message.decode()}"

    def step(self, parts):
        """Runs the next tokens of some sequences, [(slot, ids)], and returns the
        logits of every token, [tokens, vocabulary] a sequence."""
        ids = np.concatenate([np.asarray(part, np.int32) for _, part in parts])
        starts = [self.kept.get(slot, 0) for slot, _ in parts]
        lengths = [len(part) for _, part in parts]
        pos = np.concatenate([np.arange(s, s + n, dtype=np.int32) for s, n in zip(starts, lengths)])
        slots = np.repeat(np.array([slot for slot, _ in parts], np.int32), lengths)
        rows = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        wanted = np.arange(len(ids), dtype=np.int32)
        lists = {name: array.ctypes.data_as(IDS) for name, array in (
            ("ids", ids), ("pos", pos), ("slot", slots), ("rows", rows), ("logit_rows", wanted))}
        self.call("context_step", self.context, ctypes.byref(sized(
            Step, row_count=len(ids), sequence_count=len(parts), logit_row_count=len(ids), **lists)))
        data, count = ctypes.POINTER(ctypes.c_float)(), SIZE()
        self.call("context_logits", self.context, ctypes.byref(data), ctypes.byref(count))
        assert count.value == len(ids) * self.vocabulary
        for (slot, _), start, length in zip(parts, starts, lengths):
            self.kept[slot] = start + length
        found = np.ctypeslib.as_array(data, (len(ids), self.vocabulary)).copy()
        return np.split(found, rows[1:-1])

    def reset(self, slot):
        self.call("context_reset", self.context, U32(slot))
        self.kept.pop(slot, None)
