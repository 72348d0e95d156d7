"""A Hugging Face model directory in memory, to be damaged and written out.

Tensor data is a hole in the file: the compiler reads headers only.
"""
import copy, json, os, pathlib, struct

ROOT = pathlib.Path(__file__).resolve().parents[3]
WIDTH = {"BF16": 2, "F32": 4, "I64": 8, "F8_E4M3": 1, "F8_E8M0": 1, "I8": 1, "U8": 1}


class Shard:
    """One safetensors file: `entries` is its header, in the order of its data."""

    def __init__(self, entries):
        self.entries = entries     # name -> {"dtype", "shape", "data_offsets"}
        self.text = None           # the header's text, in place of `entries`
        self.length = None         # what the file says the header's length is
        self.end = 0               # of the data, by the last layout
        self.extra = 0             # bytes of data more, or fewer, than that

    def layout(self):
        """Offsets, for what the entries are now."""
        end = 0
        for entry in self.entries.values():
            size = WIDTH[entry["dtype"]]
            for dim in entry["shape"]:
                size *= dim
            entry["data_offsets"] = [end, end + size]
            end += size
        self.end = end
        return self

    def write(self, path):
        header = self.text
        if header is None:
            header = json.dumps(self.entries)
        if isinstance(header, str):
            header = header.encode()
        length = len(header) if self.length is None else self.length
        with open(path, "wb") as file:
            file.write(struct.pack("<Q", length) + header)
            file.truncate(8 + len(header) + self.end + self.extra)


class Model:
    """`config` and `shards` are what is written; `files` are more files, as
    bytes, or as a function that makes the file at a path."""

    def __init__(self, golden):
        folder = ROOT / "test/golden" / golden
        self.config = json.loads((folder / "config.json").read_text())
        self.config_text = None
        self.shards, self.files = {}, {}
        for path in sorted(folder.glob("model*.safetensors")):
            with open(path, "rb") as file:
                length, = struct.unpack("<Q", file.read(8))
                entries = json.loads(file.read(length))
            entries.pop("__metadata__", None)
            by_place = sorted(entries.items(), key=lambda e: e[1]["data_offsets"])
            self.shards[path.name] = Shard(dict(by_place)).layout()
        index = folder / "model.safetensors.index.json"
        self.index = json.loads(index.read_text()) if index.exists() else None
        self.index_text = None

    def copy(self):
        return copy.deepcopy(self)

    @property
    def shard(self):
        """The only, or the first, shard."""
        return next(iter(self.shards.values()))

    def find(self, name):
        """The shard that has the tensor `name`."""
        return next(s for s in self.shards.values() if name in s.entries)

    def entry(self, name):
        return self.find(name).entries[name]

    def write(self, folder):
        os.makedirs(folder)
        text = self.config_text
        if text is None:
            text = json.dumps(self.config)
        if text is not False:
            put(folder, "config.json", text)
        for name, shard in self.shards.items():
            shard.write(os.path.join(folder, name))
        if self.index_text is not None:
            put(folder, "model.safetensors.index.json", self.index_text)
        elif self.index is not None:
            put(folder, "model.safetensors.index.json", json.dumps(self.index))
        for name, make in self.files.items():
            path = os.path.join(folder, name)
            make(path) if callable(make) else put(folder, name, make)


def put(folder, name, text):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(text.encode() if isinstance(text, str) else text)
