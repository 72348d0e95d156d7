#!/usr/bin/env python3
"""Write seed inputs for a fuzz target.

usage: make_seeds.py safetensors|config|tokenizer|ptx OUT_DIR
"""
import json, pathlib, struct, sys

TEST = pathlib.Path(__file__).resolve().parent.parent


def safetensors(tensors, metadata=None):
    """A file of zeros. tensors: (name, dtype, element bytes, shape)."""
    header, at = ({"__metadata__": metadata} if metadata else {}), 0
    for name, dtype, width, shape in tensors:
        size = width
        for dim in shape:
            size *= dim
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(at)


def safetensors_seeds():
    some = [("a", "F32", 4, [2]), ("b.weight", "BF16", 2, [2, 3]), ("s", "F8_E8M0", 1, [])]
    yield "empty", safetensors([])
    yield "one", safetensors(some[:1])
    yield "some", safetensors(some, {"format": "pt"})
    yield "zero", safetensors([("z", "I64", 8, [0, 4]), ("u", "U8", 1, [3])])
    yield "header", safetensors(some)[8:].rstrip(b"\0")
    yield "index", json.dumps({"metadata": {"total_size": 4}, "weight_map": {
        "a": "m-1.safetensors", "b": "m-2.safetensors"}}).encode()


def config_seeds():
    for path in sorted(TEST.glob("golden/*/config.json")) + [TEST / "models/tiny-v4/config.json"]:
        config = json.loads(path.read_text())
        yield path.parent.name, json.dumps(config).encode()
    config.pop("rope_scaling")
    yield "no-yarn", json.dumps(config).encode()
    config["rope_parameters"] = {"main": {"rope_theta": 5000}, "compress": {
        "type": "yarn", "factor": 2, "original_max_position_embeddings": 64, "mscale": 1, "mscale_all_dim": 2}}
    config["eos_token_id"] = [1, 2]
    config["compress_rate_csa"] = 3
    yield "nested", json.dumps(config).encode()


def byte_letters():
    """The letters that stand for the bytes, as GPT-2 chose them."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in plain]
    return {b: chr(b) if b in plain else chr(0x100 + others.index(b)) for b in range(256)}


def tokenizer_seeds():
    vocabulary = {letter: byte for byte, letter in byte_letters().items()} | {"ab": 256, "abc": 257}
    split = lambda regex: {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False}
    bytelevel = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    tokenizer = {
        "version": "1.0", "truncation": None, "padding": None, "normalizer": None, "post_processor": None,
        "added_tokens": [{"id": 258, "content": "<s>", "single_word": False, "lstrip": False, "rstrip": False,
                          "normalized": False, "special": True}],
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split(r"\p{N}{1,3}"), split("[a-z]+"), bytelevel]},
        "decoder": dict(bytelevel, add_prefix_space=True, use_regex=True),
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": vocabulary, "merges": [["a", "b"], ["ab", "c"]]}}
    text = "abcab <s>12345 \u00e9\u65e5\U0001f600".encode()
    yield "small", json.dumps(tokenizer).encode() + b"\0" + text
    tokenizer["model"]["merges"] = ["a b", "ab c"]
    yield "merges-as-text", json.dumps(tokenizer).encode() + b"\0" + text
    yield "tables", b"T\0" + text
    yield "changed-tables", b"T" + bytes([9, 0, 2]) + b"\0" + text


def ptx_seeds():
    """The corpus of the simulator, and declarations that it has none of."""
    for file in sorted((TEST / "runtime/device/sim/corpus/ptx/clang").glob("*.sm_80.ptx")):
        yield file.stem, file.read_bytes()
    yield "declarations", b""".version 8.0
.target sm_80
.address_size 64
.global .align 8 .u64 table[3] = {other, 7, other+4};
.global .align 4 .f32 other[2] = {0f3F800000, 1.5};
.const .b8 text[4] = {104, 105};
.func (.param .b32 r) twice(.param .b32 x) { .reg .b32 %r<3>; ld.param.u32 %r1, [x];
  add.u32 %r2, %r1, %r1; st.param.b32 [r], %r2; ret; }
.visible .entry k(.param .u64 p, .param .align 8 .b8 s[16]) .maxntid 64 {
  .reg .pred %p<2>; .reg .b32 %r<9>; .local .b8 l[8]; .shared .align 16 .b8 t[64];
  mov.u32 %r1, %tid.x; { .param .b32 a; .param .b32 b; st.param.b32 [a], %r1;
  call.uni (b), twice, (a); ld.param.b32 %r2, [b]; } setp.lt.s32 %p1, %r2, 9; @%p1 bra L; bar.sync 0;
L: st.shared.b32 [t], %r2; brx.idx %r3, T; T: .branchtargets L, M; M: ret; }
"""


def main():
    kind, out = sys.argv[1], pathlib.Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    for name, data in {"safetensors": safetensors_seeds, "config": config_seeds, "tokenizer": tokenizer_seeds,
                       "ptx": ptx_seeds}[kind]():
        (out / name).write_bytes(data)


if __name__ == "__main__":
    main()
