"""Random tables, rows and edits, and what changed by plain comparison of `SELECT *`: what Belay's verdicts are held against."""
from collections import Counter

from belay.database.mysql import literal
from belay.text import readable

_TEXTS = ["", "a", "A", "a ", ",", "1,a", "N", "-1", "0", "5,hello", "hello,5", "1,", "🎈", "é", "\\", "'", "\0", "\x01", "null", "2,ab,1", "a,1,b", "\n"]
_LATIN = ["", "a", "é", "ÿ", ",", "1,é", "-1"]
_BYTES = [b"", b"\0", b"\0\0", b"\xff", b",", b"\xff,\xfe", b"1,a", b"-1", bytes(range(20))]
_LONG = [*_TEXTS, "x" * 65535, "x" * 65536, "x" * 65535 + "y", "é" * 40000]
_WHOLE = ["0", "1", "-1", "127", "10", "100"]
#: Type in DDL -> values as SQL.
TYPES = {
    "INT": [*_WHOLE, "2147483647", "-2147483648"],
    "BIGINT UNSIGNED": ["0", "1", "18446744073709551615", "9223372036854775808"],
    "INT(6) UNSIGNED ZEROFILL": ["0", "1", "123456"],
    "TINYINT(1)": ["0", "1", "2"],
    "DECIMAL(20,5)": ["0", "0.00001", "-1.5", "123456789012345.12345"],
    "FLOAT": ["0", "0.5", "-1.25", "1e10"],
    "DOUBLE": ["0", "0.1", "0.1 + 2e-17", "-1e300"],
    "BIT(9)": ["b'0'", "b'1'", "b'101010101'"],
    "YEAR": ["0", "2000", "1999"],
    "DATE": ["'0000-00-00'", "'2020-00-01'", "'2020-01-01'"],
    "DATETIME(3)": ["'0000-00-00'", "'2020-01-01 00:00:00.001'", "'2020-01-01'"],
    "TIMESTAMP NULL": ["'2020-01-01 00:00:01'", "'2038-01-01'"],
    "TIME(2)": ["'-838:59:59'", "'00:00:00.01'", "'00:00'"],
    "CHAR(10)": list(map(literal, _TEXTS)),
    "VARCHAR(50)": list(map(literal, _TEXTS)),
    "VARCHAR(50) CHARACTER SET latin1": ["_utf8mb4 " + literal(text) if text else "''" for text in _LATIN],
    "VARCHAR(50) CHARACTER SET cp932": ["''", "'a'", "_binary X'8790'", "_binary X'81E0'", "_binary X'FA4A'", "_binary X'8754'"],
    "VARCHAR(50) CHARACTER SET utf16": ["''", "'a'", "_utf8mb4 " + literal("🎈")],
    "VARCHAR(20) CHARACTER SET ascii": ["''", "'a'", "','", "'1,a'"],
    "TEXT": list(map(literal, _TEXTS)),
    "MEDIUMTEXT": list(map(literal, _LONG)),
    "LONGTEXT CHARACTER SET latin1": ["''", "'a'", "REPEAT('x', 70000)", "REPEAT('x', 70001)"],
    "BINARY(4)": ["X'00'", "X'FF'", "'a'"],
    "VARBINARY(30)": list(map(literal, _BYTES)),
    "BLOB": list(map(literal, _BYTES)),
    "LONGBLOB": [*map(literal, _BYTES), "REPEAT('x', 65536)", "REPEAT('x', 65537)"],
    "ENUM('', 'a', 'b,1')": ["''", "'a'", "'b,1'"],
    "SET('a', 'b')": ["''", "'a'", "'a,b'"],
    "JSON": ["'{}'", "'null'", "'{\"a\": 1}'", "'[]'"],
    "POINT": ["POINT(1, 2)", "POINT(2, 1)"],
    "UUID": ["'00000000-0000-0000-0000-000000000000'", "'123e4567-e89b-12d3-a456-426655440000'"],
    "INET6": ["'::'", "'::ffff:1.2.3.4'"],
}
KEYS = {
    "dense": "id INT NOT NULL, PRIMARY KEY (id)",
    "unsigned": "id BIGINT UNSIGNED NOT NULL, PRIMARY KEY (id)",
    "signed": "id BIGINT NOT NULL, PRIMARY KEY (id)",
    "number and text": "id INT NOT NULL, part VARCHAR(20) COLLATE utf8mb4_bin NOT NULL, PRIMARY KEY (id, part)",
    "number and beginning": "id INT NOT NULL, part VARCHAR(20) COLLATE utf8mb4_general_ci NOT NULL, PRIMARY KEY (id, part(3))",
    "backwards": "id INT NOT NULL, PRIMARY KEY (id DESC)",
    "text backwards": "part VARCHAR(20) COLLATE utf8mb4_bin NOT NULL, id INT NOT NULL, PRIMARY KEY (part DESC, id DESC)",
    "both ways": "part VARCHAR(20) COLLATE utf8mb4_bin NOT NULL, id INT NOT NULL, PRIMARY KEY (part, id DESC)",
    "beginning": "part VARCHAR(20) COLLATE utf8mb4_bin NOT NULL, PRIMARY KEY (part(4))",
    "text and number": "part VARCHAR(20) COLLATE utf8mb4_bin NOT NULL, id INT NOT NULL, PRIMARY KEY (part, id)",
    "text": "part VARCHAR(20) COLLATE utf8mb4_general_ci NOT NULL, PRIMARY KEY (part)",
    "bytes": "part VARBINARY(20) NOT NULL, PRIMARY KEY (part)",
    "padded bytes": "part BINARY(9) NOT NULL, PRIMARY KEY (part)",
    "text in cp932": "part VARCHAR(20) CHARACTER SET cp932 NOT NULL, id INT NOT NULL, PRIMARY KEY (part, id)",
    "text in utf16": "part VARCHAR(20) CHARACTER SET utf16 NOT NULL, PRIMARY KEY (part)",
    "time": "id DATETIME(3) NOT NULL, PRIMARY KEY (id)",
    "short time": "id TIME NOT NULL, PRIMARY KEY (id)",
    "stamp": "id TIMESTAMP(2) NOT NULL, PRIMARY KEY (id)",
    "decimal": "id DECIMAL(20,4) NOT NULL, PRIMARY KEY (id)",
    "double": "id DOUBLE NOT NULL, PRIMARY KEY (id)",
    "float": "id FLOAT NOT NULL, PRIMARY KEY (id)",
    "listed": "part ENUM('z', 'é3', 'k1', 'k2', 'k3', '', 'a') NOT NULL, id INT NOT NULL, PRIMARY KEY (part, id)",
    "text and listed": "part VARCHAR(20) COLLATE utf8mb4_bin NOT NULL, id ENUM('3', '2', '1') NOT NULL, PRIMARY KEY (part, id)",
    "uuid": "id UUID NOT NULL, PRIMARY KEY (id)",
    "unique text": "part VARCHAR(20) NOT NULL, id INT NOT NULL, UNIQUE KEY other (part, id), KEY beside (id)",
    "unique": "id INT NOT NULL, UNIQUE KEY other (id)",
    "none": "id INT NOT NULL",
}


class RandomTable:
    """A table `wp_t` of a random shape; `rules` are the row rules of its class, if any."""

    def __init__(self, random, sql):
        self.random, self._sql = random, sql
        self.key = random.choice(list(KEYS))
        self.types = [random.choice(list(TYPES)) for _ in range(random.randint(1, 6))]
        if random.random() < 0.5:
            self.types += ["VARCHAR(50)", "VARCHAR(50)"]
        columns = [f"c{n} {kind}{self._nullable(kind)}" for n, kind in enumerate(self.types)]
        columns += ["made INT AS (1 + 1) STORED"] if random.random() < 0.2 else []
        columns += ["mark VARCHAR(5) NOT NULL DEFAULT ''"]
        sql(f"DROP TABLE IF EXISTS wp_t; CREATE TABLE wp_t ({KEYS[self.key]}, {', '.join(columns)}) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4")
        self.rules = [{"class": "noise", "match": {"mark": {"in": ["n"]}}}, {"class": "live", "match": {"mark": {"like": ["l%"]}}}] if random.random() < 0.5 else []

    def _nullable(self, kind):
        return " NOT NULL" if self.random.random() < 0.5 and "NULL" not in kind else " NULL"

    def _key_values(self):
        random = self.random
        number = {
            "unsigned": lambda: random.choice([random.randrange(3000), random.randrange(1 << 64), (1 << 64) - 1 - random.randrange(2000)]),
            "signed": lambda: random.choice([random.randrange(-3000, 3000), random.randrange(-(1 << 63), 1 << 63)]),
            "number and text": lambda: random.choice([7, random.randrange(-5000, 5000)]),
            "number and beginning": lambda: random.choice([7, random.randrange(2000)]),
            "time": lambda: "'2020-01-0%d 00:00:00.%03d'" % (random.randrange(3), random.randrange(1000)),
            "short time": lambda: "'%d:00:%02d'" % (random.randrange(-800, 800), random.randrange(60)),
            "stamp": lambda: "'2020-01-01 00:%02d:00.%02d'" % (random.randrange(60), random.randrange(100)),
            "decimal": lambda: "'%d.%04d'" % (random.randrange(-9, 9) * 10**14, random.randrange(10000)),
            "double": lambda: "%d / 7e0" % random.randrange(-99, 99),
            "float": lambda: "%d / 7e0" % random.randrange(-99, 99),
            "text and listed": lambda: "'%d'" % random.randint(1, 3),
            "uuid": lambda: "'123e4567-e89b-12d3-a456-4266554400%02x'" % random.randrange(256),
        }.get(self.key, lambda: random.randrange(4000))()
        text = random.choice(["k%d" % random.randrange(50), "k,%d" % random.randrange(5), "\\%d" % random.randrange(5), "é%d" % random.randrange(3)])
        return {"id": str(number), "part": literal(text)}

    def fill(self, rows):
        for _ in range(rows):
            self.insert()

    def insert(self):
        named = {name: value for name, value in self._key_values().items() if f"{name} " in KEYS[self.key]}
        for n, kind in enumerate(self.types):
            named[f"c{n}"] = self.random.choice(TYPES[kind])
        named["mark"] = literal(self.random.choice(["", "n", "l1", "L", "N"]))
        # A column that may hold no such value, or a key that is there already, makes no row.
        self._sql(f"INSERT IGNORE INTO wp_t ({', '.join(named)}) VALUES ({', '.join(named.values())})")

    def edit(self):
        """One random edit, or a pair of edits that checks without positions do not see."""
        one = f"ORDER BY MD5(CONCAT({self.random.random()}, {KEYS[self.key].split(' ')[0]})) LIMIT"
        n = self.random.randrange(len(self.types))
        kind, value = self.types[n], self.random.choice(TYPES[self.types[n]])
        same = [m for m, other in enumerate(self.types) if other == kind and m != n]
        self.random.choice([
            lambda: self.insert(),
            lambda: self._sql(f"DELETE FROM wp_t {one} 1"),
            lambda: self._sql(f"UPDATE IGNORE wp_t SET c{n} = {value} {one} {self.random.choice([1, 2, 2, 5])}"),
            lambda: kind == "POINT" or self._sql(f"UPDATE IGNORE wp_t SET c{n} = NULL {one} 1"),
            lambda: self._sql(f"UPDATE IGNORE wp_t SET mark = {literal(self.random.choice(['', 'n', 'l', 'L']))} {one} 2"),
            lambda: same and self._sql(f"UPDATE IGNORE wp_t SET c{n} = (@kept := c{n}), c{n} = c{same[0]}, c{same[0]} = @kept {one} 1"),
            lambda: same and "VARCHAR(50)" == kind and self._sql(f"UPDATE IGNORE wp_t SET c{n} = CONCAT(c{n}, ',', c{same[0]}), c{same[0]} = '' {one} 1"),
        ])()


def contents(session, table):
    """{class: {key: row}}, and {class: Counter of rows} without a key, of a RandomTable by `SELECT *`."""
    keys = [] if table.key == "none" else [name for name in ("part", "id") if f"{name} " in KEYS[table.key]]
    if table.key.startswith("number and"):
        keys = ["id", "part"]
    # A FLOAT is named by all that it has.
    rows = session.query(f"SELECT {'id + 0e0 AS id, ' if table.key == 'float' else ''}wp_t.* FROM wp_t")
    columns = session.columns
    found = {}
    for row in rows:
        mark = row[columns.index("mark")]
        kind = "config" if not table.rules else "noise" if mark == b"n" else "live" if mark[:1] == b"l" else "config"
        if keys:
            name = ",".join(readable(row[columns.index(key)]).replace(",", "\\,") for key in keys)
            found.setdefault(kind, {})[name] = row
        else:
            found.setdefault(kind, Counter())[row] += 1
    return found


def compared(before, after):
    """{class: (added, changed, removed)}: sets of keys, or numbers without a key; only classes in which something changed."""
    result = {}
    for kind in {*before, *after}:
        old, new = before.get(kind), after.get(kind)
        if isinstance(old if old is not None else new, Counter):
            old, new = old or Counter(), new or Counter()
            change = (sum((new - old).values()), 0, sum((old - new).values()))
        else:
            old, new = old or {}, new or {}
            change = (new.keys() - old.keys(), {key for key in old.keys() & new.keys() if old[key] != new[key]}, old.keys() - new.keys())
        if any(change):
            result[kind] = change
    return result
