"""The table: what is wrong with a model, and what sluice-compile must say.

A case is (what, golden, change, code, sentence). `change` damages a Model;
`sentence` is a regular expression that some line of standard error must match.
"""
import json, os

from model import Shard

PLAIN, RELEASED, RUNTIME = "v4-plain-bf16", "v4-released", "v4-runtime"
BAD = 3  # the exit code of a damaged file
CASES = []


def case(what, golden, change, sentence, code=BAD):
    CASES.append((what, golden, change, code, sentence))


# --- the header of a safetensors file


def header(what, text, sentence, **more):
    def change(m):
        m.shard.text = text(json.dumps(m.shard.entries)) if callable(text) else text
        for key, value in more.items():
            setattr(m.shard, key, value)
    case(what, PLAIN, change, r"model\.safetensors: .*" + sentence)


def whole_file(what, data, sentence):
    def change(m):
        m.shards.clear()
        m.files["model.safetensors"] = data
    case(what, PLAIN, change, sentence)


whole_file("empty file", b"", r"found 0 bytes in all")
whole_file("seven bytes", b"1234567", r"found 7 bytes in all")
whole_file("a GGUF file", b"GGUF" + b"\3\0\0\0" * 40, r"at most 100000000 bytes, found a length of")
whole_file("a zip file", b"\x50\0\0\0\0\0\0\0PK\3\4" + b"x" * 100, r"no safetensors file")
whole_file("a directory", os.mkdir, r"model\.safetensors.*(director|regular)")
whole_file("a dangling link", lambda p: os.symlink("/nonexistent/w", p), r"model\.safetensors.*No such file")
whole_file("a pipe nobody writes to", os.mkfifo, r"model\.safetensors.*regular file")
header("length past the end", lambda t: t, r"the file is cut", length=10**7)
header("length of 64 ones", lambda t: t, r"found a length of 18446744073709551615", length=2**64 - 1)
header("cut JSON", lambda t: t[: len(t) // 2], r"expected JSON")
header("a list", "[1, 2]", r"begin with '\{'")
header("deep JSON", '{"a":' + "[" * 100000 + "]" * 100000 + "}", r"(nested|expected JSON)")
header("invalid UTF-8", b'{"\xc3\x28": {}}', r"expected JSON in UTF-8")
header("lone surrogate", r'{"\ud800": {}}', r"expected JSON")
header("a NUL", lambda t: t[:-1] + "\0}", r"expected JSON")
header("a name twice", lambda t: t[:-1] + ", " + t[1 : t.index("}") + 1] + "}", r"found \".*\" twice")
header("a name of 10,000 letters", lambda t: t[:-1] + ', "' + "x" * 10000 +
       '": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]}}', r"at most 512 bytes, found 10000")
header("metadata that is a list", lambda t: t[:-1] + ', "__metadata__": [1]}', r"__metadata__")
header("cut by one byte", lambda t: t, r"the file is cut or damaged", extra=-1)
header("a byte too many", lambda t: t, r"cover the file, found 1 bytes after the last one", extra=1)

# --- one entry of it

NORM = "norm.weight"  # BF16 [128]


def entry(what, sentence, **values):
    def change(m):
        m.entry(NORM).update(values)
        for key in [k for k, v in values.items() if v is None]:
            del m.entry(NORM)[key]
    case(what, PLAIN, change, r'model\.safetensors: "norm\.weight.*' + sentence)


def at(place):
    """A change: the two offsets that `place` makes of the right ones."""
    def change(m):
        m.entry(NORM)["data_offsets"] = place(*m.entry(NORM)["data_offsets"])
    return change


entry("unknown type", r'expected one of .*, found "F8_E3M4"', dtype="F8_E3M4")
entry("type missing", r'expected a key "dtype"', dtype=None)
entry("type a number", r"expected a string, found 7", dtype=7)
entry("shape missing", r'expected a key "shape"', shape=None)
entry("shape a number", r"expected a list, found 128", shape=128)
entry("nine dimensions", r"at most 8 dimensions", shape=[1] * 8 + [128])
entry("negative dimension", r"expected an integer from 0 .*found -128", shape=[-128])
entry("half a dimension", r"expected an integer from 0 .*found 1\.5", shape=[1.5])
case("a dimension of 2^64", PLAIN, lambda m: m.entry(NORM).update(shape=[2**64]), r"expected JSON.*parsing a number")
entry("a size that wraps to the right one", r"size that fits 64 bits", shape=[2**63 - 1, 2**63 - 1, 128])
entry("a size of zero that hides an overflow", r"size that fits 64 bits", shape=[2**62, 2**62, 0])
entry("offsets missing", r'expected a key "data_offsets"', data_offsets=None)
entry("three offsets", r"a list \[begin, end\]", data_offsets=[0, 1, 2])
case("reversed offsets", PLAIN, at(lambda a, b: [b, a]), r"not before the begin")
case("negative offset", PLAIN, at(lambda a, b: [-1, b]), r"expected an integer from 0 .*found -1")
case("an offset past the end", PLAIN, at(lambda a, b: [a + 10**12, b + 10**12]), r"within the \d+ bytes of data")
case("an offset of 2^63 - 1", PLAIN, at(lambda a, b: [2**63 - 257, 2**63 - 1]), r"within the \d+ bytes of data")
case("more bytes than the shape has", PLAIN, at(lambda a, b: [a, b - 2]), r"expected 256 bytes for .*which is 254")
case("overlap", PLAIN, at(lambda a, b: [a - 256, b - 256]), r"overlap")
case("an entry that is a list", PLAIN, lambda m: setattr(m.shard, "text", '{"norm.weight": [1]}'), r"expected an object")

# --- shards and their index

W = "layers.0.attn.wq_a.weight"


def move(m, name, copy):
    """The tensor `name` also, or only, in the other shard."""
    source = m.find(name)
    target = next(s for s in m.shards.values() if s is not source)
    target.entries[name] = dict(source.entries[name])
    if not copy:
        del source.entries[name]
    source.layout(), target.layout()


def without_index_key(m):
    del m.index["weight_map"]


case("missing shard", RELEASED, lambda m: m.shards.popitem(), r"index\.json names a shard.*No such file")
case("a tensor in two shards", RELEASED, lambda m: move(m, W, True), r"every tensor once, found \"layers\.0\.attn\.wq_a")
case("a tensor in another shard than the index says", RELEASED, lambda m: move(m, W, False), r"expected \"layers.0.attn.wq_a.weight\" in .*found it in")
case("a tensor the index does not name", RELEASED, lambda m: m.index["weight_map"].pop(W), r"found none named \"layers\.0\.attn\.wq_a")
case("an index that names more", RELEASED, lambda m: m.index["weight_map"].update({"more": next(iter(m.shards))}), r"expected \"more\" in .*found no such tensor")
case("an index without a map", RELEASED, without_index_key, r'expected a key "weight_map"')
case("an index with a map of numbers", RELEASED, lambda m: m.index["weight_map"].update({W: 1}), r"weight_map\.layers\.0.*expected a string")
case("an index that leaves the folder", RELEASED, lambda m: m.index["weight_map"].update({W: "../x.safetensors"}), r"\.\./x")
case("an index with an absolute path", RELEASED, lambda m: m.index["weight_map"].update({W: "/etc/passwd"}), r"/etc/passwd")
case("an index cut short", RELEASED, lambda m: setattr(m, "index_text", json.dumps(m.index)[:500]), r"index\.json: .*expected JSON")
case("an index 100,000 deep", RELEASED, lambda m: setattr(m, "index_text", "[" * 100000), r"index\.json: .*(nested|expected JSON)")
case("an empty index", RELEASED, lambda m: setattr(m, "index_text", ""), r"index\.json: .*expected JSON")
case("no weights", PLAIN, lambda m: m.shards.clear(), r"expected model\.safetensors or model\.safetensors\.index\.json, found neither")

# --- config.json


def config(what, sentence, code=BAD, **values):
    def change(m):
        for key, value in values.items():
            if value is None:
                m.config.pop(key, None)
            else:
                m.config[key] = value
    case(what, PLAIN, change, r"config\.json: .*" + sentence, code)


def config_text(what, text, sentence):
    case(what, PLAIN, lambda m: setattr(m, "config_text", text), r"config\.json.*" + sentence)


config_text("no config", False, r"No such file")
config_text("empty config", "", r"expected JSON")
config_text("config of words", "hello", r"expected JSON")
config_text("config that is a list", "[]", r"expected an object, found a list of 0")
config_text("deep config", "[" * 100000, r"(nested|expected JSON)")
config_text("deep value", '{"a":' + "[" * 900 + "]" * 900 + "}", r"at most 32 nested")
config_text("huge config", '{"a": "' + "x" * (2 << 20) + '"}', r"at most 1048576 bytes")
config_text("config in UTF-16", '{"model_type": "deepseek_v4"}'.encode("utf-16"), r"expected JSON")
config_text("a key twice", '{"model_type": "deepseek_v4", "model_type": "llama"}', r'found "model_type" twice')
config_text("config without keys", "{}", r'expected a key "model_type"')
config("another architecture", r'expected .*deepseek_v4.*found "llama"', model_type="llama")
config("an older one", r'expected .*deepseek_v4.*found "deepseek_v3"', model_type="deepseek_v3", architectures=["DeepseekV3ForCausalLM"])
config("no hidden size", r'expected a key "hidden_size"', hidden_size=None)
config("a hidden size of zero", r'"hidden_size": expected an integer from', hidden_size=0)
config("a hidden size of 2^62", r'"hidden_size": expected an integer from', hidden_size=2**62)
config("a hidden size in words", r'"hidden_size": expected an integer .*found "many"', hidden_size="many")
config("heads that no group divides", r'multiple of "o_groups"', o_groups=3)
config("more experts a token than there are", r'"num_experts_per_tok" to be at most', num_experts_per_tok=9)
config("a billion layers", r'"num_hidden_layers": expected an integer from', num_hidden_layers=10**9)
config("a schedule of another length", r"compress_ratios", compress_ratios=[0, 4])
config("a rope we do not know", r'rope_scaling.*found "longrope"', rope_scaling={"type": "longrope", "rope_type": "longrope", "factor": 4})
config("a quantization we do not know", r'quantization_config\.quant_method.*found "awq"', quantization_config={"quant_method": "awq"})
config("a scoring we do not know", r'scoring_func.*found "argmax"', scoring_func="argmax")

# --- tensors and config that do not belong together

case("tensors of another model", PLAIN,
     lambda m: m.shards.update({"model.safetensors": Shard({"model.layers.0.self_attn.q_proj.weight": {"dtype": "F32", "shape": [1]}}).layout()}),
     r"named in one of the three ways of DeepSeek-V4.*found 1 tensors such as")


def drop(name):
    def change(m):
        shard = m.find(name)
        del shard.entries[name]
        shard.layout()
        if m.index:
            del m.index["weight_map"][name]
    return change


def alter(name, **values):
    def change(m):
        m.entry(name).update(values)
        m.find(name).layout()
    return change


case("missing tensor", PLAIN, drop(NORM), r'has no tensor "norm\.weight"')
case("missing expert", RELEASED, drop("layers.1.ffn.experts.5.w2.weight"), r'has no tensor "layers\.1\.ffn\.experts\.5\.w2\.weight"')
case("missing scale", RELEASED, drop("layers.0.attn.wkv.scale"), r'is FP8 and needs its scales, but .*"layers\.0\.attn\.wkv\.scale"')
case("wrong shape", PLAIN, alter(NORM, shape=[64]), r'"norm\.weight": expected the shape \[128\], found \[64\]')
case("wrong type", PLAIN, alter(NORM, dtype="I64"), r'"norm\.weight": expected F32 or BF16, found I64')
case("scales of another shape", RELEASED, alter("layers.0.attn.wq_b.scale", shape=[2, 2]), r"expected the shape \[4, 1\], one scale for each 128x128 block")
case("stacked experts of another width", RUNTIME, alter("model.layers.0.mlp.experts.gate_up_proj", shape=[8, 32, 64]), r"expected the shape \[8, 64, 64\], found \[8, 32, 64\]")
case("a config of more layers", PLAIN, lambda m: m.config.update(num_hidden_layers=60, compress_ratios=[0] * 61), r"and \d+ more faults of this kind")
case("a config of another size", PLAIN, lambda m: m.config.update(hidden_size=256), r"expected the shape \[151, 256\], found \[151, 128\]")

# --- tokenizer.json


def tokenizer(what, text, sentence):
    case(what, PLAIN, lambda m: m.files.update({"tokenizer.json": text}), r"tokenizer\.json: .*" + sentence)


def sparse(path):
    with open(path, "wb") as file:
        file.truncate(300 << 20)


tokenizer("empty tokenizer", "", r"expected JSON")
tokenizer("deep tokenizer", "[" * 100000, r"(nested|expected JSON)")
tokenizer("tokenizer of another kind", '{"model": {"type": "Unigram", "vocab": []}}', r'expected')
tokenizer("tokenizer of 300 MiB", sparse, r"expected at most 268435456 bytes")
