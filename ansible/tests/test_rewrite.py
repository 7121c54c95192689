"""Addresses and folders in every form, and PHP as the judge of rewritten serialised values."""
import base64
import json
import random
import subprocess
import unittest

from belay.bundle.phpserialize import Malformed, split, join, looks_serialized
from belay.bundle.rewrite import Rewriter, Unrewritable

OLD, NEW = "https://acme.example", "https://staging.acme-shop.example"


def rewrite(text, pairs=((OLD, NEW),)):
    return Rewriter(pairs).value(text.encode()).decode()


class Forms(unittest.TestCase):
    def check(self, before, after, pairs=((OLD, NEW),)):
        self.assertEqual(rewrite(before, pairs), after)
        self.assertEqual(rewrite(after, [(new, old) for old, new in pairs]), before, "and back")

    def test_plain(self):
        self.check('<a href="https://acme.example/x">', '<a href="https://staging.acme-shop.example/x">')
        self.check("https://acme.example", "https://staging.acme-shop.example")
        self.check("see https://acme.example.", "see https://staging.acme-shop.example.")

    def test_other_scheme_and_none(self):
        self.check("http://acme.example/", "http://staging.acme-shop.example/")
        self.check("src='//acme.example/a.js'", "src='//staging.acme-shop.example/a.js'")
        self.assertEqual(rewrite("http://acme.example/", [(OLD, "http://127.0.0.1:8082")]), "http://127.0.0.1:8082/")
        self.assertEqual(rewrite("https://acme.example:443/", [(OLD, NEW)]), NEW + "/")
        self.assertEqual(rewrite("HTTPS://Acme.Example/", [(OLD, NEW)]), "HTTPS://staging.acme-shop.example/")

    def test_json_at_any_depth(self):
        self.check(r"https:\/\/acme.example\/x", r"https:\/\/staging.acme-shop.example\/x")
        self.check(r"https:\\\/\\\/acme.example\\\/x", r"https:\\\/\\\/staging.acme-shop.example\\\/x")
        pairs = (("http://127.0.0.1:8081/a", "http://127.0.0.1:8082/b/c"),)
        self.check(r'{"u":"http:\/\/127.0.0.1:8081\/a\/x"}', r'{"u":"http:\/\/127.0.0.1:8082\/b\/c\/x"}', pairs)

    def test_percent_encoded_at_any_depth(self):
        pairs = (("http://127.0.0.1:8081/a", "http://127.0.0.1:8082/b/c"),)
        self.check("u=http%3A%2F%2F127.0.0.1%3A8081%2Fa%2Fx&y", "u=http%3A%2F%2F127.0.0.1%3A8082%2Fb%2Fc%2Fx&y", pairs)
        self.check("u=http%253a%252f%252f127.0.0.1%253a8081%252fa", "u=http%253a%252f%252f127.0.0.1%253a8082%252fb%252fc", pairs)

    def test_dashes_of_block_attributes(self):
        pairs = (("https://xn--old.example", "https://xn--new--er.example"),)
        self.check(
            r'<!-- wp:a {"u":"https://xn\u002d\u002dold.example/"} --><a href="https://xn--old.example/">',
            r'<!-- wp:a {"u":"https://xn\u002d\u002dnew\u002d\u002der.example/"} --><a href="https://xn--new--er.example/">',
            pairs,
        )

    def test_dashes_only_in_the_new_host_are_escaped_inside_a_block_comment(self):
        before = '<!-- wp:a {"u":"https://acme.example/?a\\u0026b"} /--> https://acme.example'
        after = '<!-- wp:a {"u":"https://xn\\u002d\\u002da.example/?a\\u0026b"} /--> https://xn--a.example'
        self.assertEqual(rewrite(before, [(OLD, "https://xn--a.example")]), after)

    def test_another_host_port_or_folder_is_left_alone(self):
        for text in (
            "https://acme.example.org", "https://acme.example-shop.com", "https://acme.example:8081/", "https://acme.examples",
            "https://www.acme.example/", "https%3A%2F%2Facme.example%3A8081", "mail@acme.example", "https://acme.example@evil.example",
            r"https://acme.example\u002dshop.com", "/acme.example/x",
        ):
            self.assertEqual(rewrite(text), text)
        pairs = [("http://127.0.0.1:18081/blog", "http://127.0.0.1:1")]
        for text in ("http://127.0.0.1:8081/blog", "http://127.0.0.1:180811/blog", "http://127.0.0.1:18081/blog2", "http://127.0.0.1:18081/blog-x",
                     "http://127.0.0.1:18081/blogé", "http://127.0.0.1:18081/blog%C3%A9", "http://127.0.0.1:18081/"):
            self.assertEqual(rewrite(text, pairs), text)

    def test_one_pass_even_when_the_new_address_holds_the_old_one(self):
        self.assertEqual(rewrite(OLD + "/a " + OLD + "/b", [(OLD, OLD + "/next")]), OLD + "/next/a " + OLD + "/next/b")
        swapped = [("https://a.example", "https://b.example"), ("https://b.example", "https://a.example")]
        self.assertEqual(rewrite("https://a.example https://b.example", swapped), "https://b.example https://a.example")

    def test_folders(self):
        pairs = ((OLD, NEW), ("/srv/shop", "/srv/shop-staging/site"))
        self.check("/srv/shop/shared/x", "/srv/shop-staging/site/shared/x", pairs)
        self.check(r'{"d":"\/srv\/shop\/x"}', r'{"d":"\/srv\/shop-staging\/site\/x"}', pairs)
        for text in ("/srv/shop2", "/srv/shop-staging", "/mnt/srv/shop", "https://acme.org/srv/shop"):
            self.assertEqual(rewrite(text, [("/srv/shop", "/x")]), text)

    def test_equal_sides_and_wrong_addresses(self):
        self.assertEqual(rewrite(OLD, [(OLD, OLD + "/")]), OLD)
        with self.assertRaises(ValueError):
            Rewriter([("ftp://x", OLD)])


class Places(unittest.TestCase):
    def test_starting_near_the_needles_finds_what_reading_everything_finds(self):
        source = random.Random(11)
        parts = ["https:", "//", r"\/\/", "acme.example", "/srv/shop", "shop", r"\/srv", r"\/", "%2F%2F", "https%3A", " ", "x", ".", "acme", ":443", "é" * 200]
        rewriter = Rewriter([(OLD, NEW), ("/srv/shop", "/srv/other")])
        found = 0
        for _ in range(3000):
            text = "".join(source.choice(parts) for _ in range(source.randrange(1, 30))).encode()
            wanted = [match.span() for match in rewriter._pattern.finditer(text)]
            self.assertEqual([match.span() for match in rewriter._matches(text)], wanted, text)
            found += len(wanted)
        self.assertGreater(found, 500)


class Structures(unittest.TestCase):
    def test_serialised_in_serialised_in_json(self):
        inner = 's:%d:"%s";' % (len(OLD), OLD)
        outer = 'a:1:{s:1:"x";s:%d:"%s";}' % (len(inner), inner)
        text = json.dumps({"k": outer, "é": OLD}, ensure_ascii=False)
        new_inner = 's:%d:"%s";' % (len(NEW), NEW)
        new_outer = 'a:1:{s:1:"x";s:%d:"%s";}' % (len(new_inner), new_inner)
        self.assertEqual(json.loads(rewrite(text)), {"k": new_outer, "é": NEW})

    def test_broken_serialised_value_is_refused_whole(self):
        for text in ('a:1:{s:1:"x";s:3:"%s";}' % OLD, 'a:2:{s:1:"x";s:20:"%s";}' % OLD, r'a:1:{s:1:\"x\";s:20:\"%s\";}' % OLD,
                     'C:3:"Foo":%d:{!%s}' % (len(OLD) + 1, OLD)):
            with self.assertRaises(Unrewritable):
                rewrite(text)
        self.assertEqual(rewrite('a:1:{s:1:"x";s:3:"nothing of ours";}'), 'a:1:{s:1:"x";s:3:"nothing of ours";}')

    def test_keys_that_would_become_one(self):
        text = 'a:2:{s:%d:"%s";i:1;s:%d:"%s";i:2;}' % (len(OLD), OLD, len(NEW), NEW)
        with self.assertRaises(Unrewritable):
            rewrite(text)

    def test_looks_serialised_as_wordpress_says(self):
        for text in (b"N;", b"b:1;", b"i:-5;", b"d:0.5;", b's:1:"x";', b"a:0:{}", b' O:8:"stdClass":0:{}\n', b'E:3:"A:B";'):
            self.assertTrue(looks_serialized(text), text)
        for text in (b"", b"s:x", b"hello", b'{"a":1}', b"https://a.example", b"a:b}"):
            self.assertFalse(looks_serialized(text), text)

    def test_not_one_value(self):
        for text in (b"", b"i:1;i:2;", b"a:1:{i:0;}", b"a:1:{b:1;i:0;}", b's:5:"abc";', b"a:1:{i:0;i:1;", b"x"):
            with self.assertRaises(Malformed):
                split(text)


# PHP makes values from random programs, and says what a rewritten one has become: the same program with the other address.
PHP = r"""<?php
class Shop { public $url; protected $list; private $self; function __construct($u, $l) { $this->url = $u; $this->list = $l; $this->self = $this; } }
class Custom extends ArrayObject {}
enum Mode: string { case Live = 'live'; }
function make($n, $host) { mt_srand($n); return value($host, 0); }
function text($host) {
  $t = ["$host/", "$host/a?b=c", "x", "", "ü $host ä", json_encode(["u" => "$host/x"]), urlencode($host), "\0$host\0", '";}' . $host, $host . '";s:1:"', "//" . substr($host, 8)];
  return $t[mt_rand(0, count($t) - 1)];
}
function value($host, $depth) {
  switch (mt_rand(0, $depth > 4 ? 5 : 12)) {
    case 0: return mt_rand(-9, 99); case 1: return mt_rand(0, 1) == 1; case 2: return null; case 3: return mt_rand() / 7;
    case 4: case 5: return text($host);
    case 6: return serialize(value($host, $depth + 1));
    case 7: return new Shop(text($host), value($host, $depth + 1));
    case 8: $o = new stdClass; $o->{'k' . mt_rand()} = value($host, $depth + 1); return [$o, $o];
    case 9: $v = value($host, $depth + 1); $a = [&$v, &$v]; return $a;
    case 10: return new Custom([text($host), value($host, $depth + 1)]);
    case 11: return Mode::Live;
    default: $a = []; for ($i = mt_rand(0, 4); $i > 0; $i--) { $k = mt_rand(0, 1) ? mt_rand() : text($host) . "#$i"; $a[$k] = value($host, $depth + 1); } return $a;
  }
}
[$from, $to, $count] = [$argv[1], $argv[2], (int) $argv[3]];
for ($n = 0; $n < $count; $n++) echo base64_encode(serialize(make($n, $from))), "\n";
for ($n = 0; $n < $count; $n++) {
  $read = base64_decode(trim(fgets(STDIN)));
  $wanted = serialize(make($n, $to));
  $again = @unserialize($read);
  if ($again === false && $wanted !== 'b:0;') { echo "$n: not unserialised\n"; continue; }
  echo serialize($again) === $wanted ? "same\n" : "$n: " . base64_encode($wanted) . "\n";
}
"""


class ProvenByPhp(unittest.TestCase):
    COUNT = 400

    def test_random_values_become_what_php_would_have_made(self):
        command = ["php", "-r", PHP.replace("<?php", "", 1), "--", OLD, NEW, str(self.COUNT)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as php:
            values = [base64.b64decode(php.stdout.readline()) for _ in range(self.COUNT)]
            rewriter = Rewriter([(OLD, NEW)])
            changed = [rewriter.value(value) for value in values]
            php.stdin.write(b"".join(base64.b64encode(value) + b"\n" for value in changed))
            php.stdin.close()
            verdicts = php.stdout.read().decode().split("\n")[:-1]
        self.assertEqual(verdicts, ["same"] * self.COUNT)
        self.assertGreater(sum(old != new for old, new in zip(values, changed)), self.COUNT // 4)
        for value in values:
            self.assertEqual(join(split(value)), value)

    def test_random_damage_is_refused_or_left_but_never_cut(self):
        source = random.Random(7)
        whole = 'a:2:{s:3:"url";s:%d:"%s";s:1:"y";a:1:{i:0;s:2:"ok";}}' % (len(OLD), OLD)
        rewriter = Rewriter([(OLD, NEW)])
        for _ in range(300):
            place = source.randrange(len(whole))
            broken = (whole[:place] + whole[place + 1 + source.randrange(3) :]).encode()
            try:
                result = rewriter.value(broken)
            except Unrewritable:
                continue
            self.assertTrue(result == broken or not looks_serialized(broken) or split(result), broken)


if __name__ == "__main__":
    unittest.main()
