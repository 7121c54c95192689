"""Writes the files of a data set: make_files.py FOLDER COPY NUMBER BYTES. The same arguments make the same files.

FOLDER gets NUMBER files of BYTES altogether in folders by year and month, as WordPress keeps uploads; most are small, a few are
large. COPY gets the same files as hard links, for tools that compare two folders.
"""
import hashlib
import os
import random
import sys

_SEED = 20240229
_BLOCK = 1 << 23


def main(folder, copy, number, size):
    rng = random.Random(_SEED)
    block = rng.getrandbits(_BLOCK * 8).to_bytes(_BLOCK, "little")
    for index, length in enumerate(_sizes(rng, number, size)):
        name = "%d/%02d/image-%06d.jpg" % (2010 + index % 14, 1 + index // 14 % 12, index)
        _write(os.path.join(folder, name), index, length, block)
        os.makedirs(os.path.dirname(os.path.join(copy, name)), exist_ok=True)
        os.link(os.path.join(folder, name), os.path.join(copy, name))


def _sizes(rng, number, size):
    """Lengths as they are spread among photographs and their thumbnails; their sum is exact."""
    weights = [rng.lognormvariate(0, 1.2) for _ in range(number)]
    scale = size / sum(weights)
    lengths = [int(weight * scale) for weight in weights]
    lengths[-1] += size - sum(lengths)
    return lengths


def _write(path, index, length, block):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    view = memoryview(block)
    with open(path, "wb", buffering=0) as out:
        out.write(hashlib.sha256(b"%d" % index).digest()[:length])
        left = max(0, length - 32)
        at = index * 7919 % _BLOCK
        while left:
            left -= out.write(view[at:at + left])
            at = 0


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
